"""Side paths of the law, the same for any procedure: a supplement, on-the-spot verification, an earlier result in
doubt, a stop. And what a parent tells a branch after it was filed."""

from typing import Any

import msgspec

from lienthong.agreements.consents import ASK
from lienthong.casework import (
    consents,
    consulting,
    counting,
    digitisation,
    dossiers,
    journey,
    limits,
    results,
    revisions,
)
from lienthong.casework.desks import act_of, at_desk, demand_reason, holds, locked, signed_by
from lienthong.casework.dossiers import Content, Dossier
from lienthong.casework.effects import outstanding
from lienthong.casework.states import FINAL, MACHINE, STOPPED, Act, NotPossible
from lienthong.casework.telling import save_and_tell
from lienthong.catalogue import forms
from lienthong.catalogue.shapes import Service
from lienthong.documents import attachments
from lienthong.exchange import outbox
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Alert, Done, Node, Outcome, Refusal, Sent
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx

RECEPTION, STOP_RULE = "reception_officer", "Thông tư 03/2025/TT-VPCP, Điều 7, mẫu số 05"
NOT_SUPPLIED, NO_CONSENT, WITHDRAWN, BEFORE_ANNULLED = "not-supplemented", "no-consent", "withdrawn", "before-annulled"


class Item(msgspec.Struct, frozen=True):
    """One thing that is missing or unclear: a field of the form to declare anew, a paper to attach, or both."""

    field: str = ""
    paper: str = ""
    text: str = ""


# an officer


def supplement(node: Node, tx: Tx, code: str, officer: Officer, items: list[Item], reason: str) -> Dossier:
    """Ask the applicant once, fully, for what is missing (form 02). The clock stands; after seven working days without
    an answer the dossier stops.

    A second one is possible and counts as late. Raises ValueError for no item, no reason, or a field the form has not;
    NotPossible the third time; as `journey.check` else.
    """
    demand_reason(reason)
    dossier, service, step = at_desk(node, tx, code, officer)
    unknown = [item.field for item in items if item.field and item.field not in service.form.fields]
    if unknown or not items or not all(item.field or item.paper for item in items):
        raise ValueError(f"no such field: {', '.join(unknown)}" if unknown else "required")
    at = clock.now()
    until = limits.counted(limits.competent(node, dossier).due, at, limits.SUPPLEMENT_DAYS)
    asks = {"kind": "supplement", "items": [msgspec.to_builtins(item) for item in items], "until": limits.iso(until)}
    dossiers.add(
        service,
        dossier,
        act_of(
            "supplement", officer, dossier, step, at, due=until, reason=reason, asks=asks, rule=limits.SUPPLEMENT_RULE
        ),
    )
    save_and_tell(node, tx, service, dossier)
    return dossier


def verify(node: Node, tx: Tx, code: str, officer: Officer, reason: str) -> Dossier:
    """Something must be verified on the spot: the longer limit of the service holds. Once."""
    demand_reason(reason)
    dossier, service, step = at_desk(node, tx, code, officer)
    if dossier.state.verified or not service.card.limit.verified_days:
        raise NotPossible("the limit is the longer one already, or there is none")
    acts = dossiers.acts(tx, code)
    deadline = limits.counted(counting.deadline, limits.competent(node, dossier), service, acts, verified=True)
    act = act_of("verify", officer, dossier, step, clock.now(), due=deadline, deadline=deadline, reason=reason)
    dossiers.add(service, dossier, act)
    save_and_tell(node, tx, service, dossier)
    return dossier


def dispute(node: Node, tx: Tx, code: str, officer: Officer, branch: str, field: str, says: str, note: str) -> Dossier:
    """A result that was handed to us is wrong: it goes back to its agency, ours waits for the corrected one.

    Raises ValueError without grounds, or when no such result or field was handed on.
    """
    demand_reason(note)
    dossier, service, step = at_desk(node, tx, code, officer)
    if branch not in service.card.takes:
        raise ValueError(f"no result of {branch!r} was handed on")
    asks = {"kind": "dispute", "branch": branch, "field": field, "says": says, "note": note}
    act = act_of("dispute", officer, dossier, step, clock.now(), reason="result-in-doubt", asks=asks)
    dossiers.add(service, dossier, act)
    save_and_tell(node, tx, service, dossier)
    return dossier


def withdraw(node: Node, tx: Tx, code: str, officer: Officer, reason: str) -> Dossier:
    """The applicant asks at the counter to have it stopped (form 05): possible while nothing is decided (Circular
    03/2025/TT-VPCP, Art. 7). Raises LookupError, PermissionError, NotPossible, ValueError without a reason."""
    demand_reason(reason)
    dossier, service = locked(node, tx, code)
    if not holds(officer, RECEPTION, dossier):
        raise PermissionError(f"{RECEPTION} of {dossier.desk or 'this agency'} acts here")
    if dossier.state.waiting in ("pending", "collect", ""):
        raise NotPossible("it is decided")
    _call_off(node, tx, service, dossier)
    agency, step = dossier.identity.agency, dossier.state.step
    detail = signed_by(officer, RECEPTION, dossier)
    act = Act("withdraw", clock.now(), officer.name, RECEPTION, agency, step, STOP_RULE, reason, detail=detail)
    dossiers.add(service, dossier, act)
    save_and_tell(node, tx, service, dossier)
    return dossier


# a person who must agree


def consent_answered(node: Node, tx: Tx, message: Message) -> Outcome:
    """Handle `consent.answer`."""
    return consents.answered(node, tx, message, journey.go_on)


def consent_asked(node: Node, tx: Tx, sent: Sent, outcome: Outcome) -> None:
    """The receipt for a question about consent."""
    consents.asked(node, tx, sent, outcome, journey.go_on)


# time


def stop(node: Node, tx: Tx, code: str, reason: str) -> Dossier:
    """End a dossier whose applicant, or whose consenting person, did not answer in time. Raises NotPossible."""
    dossier, service = locked(node, tx, code)
    state, at = dossier.state, clock.now()
    if state.waiting not in ("applicant", "consent") or state.due is None or state.due > at:
        raise NotPossible("nothing has run out")
    rule = limits.SUPPLEMENT_RULE if state.waiting == "applicant" else "Nghị định 63/2024/NĐ-CP, Điều 4"
    _call_off(node, tx, service, dossier)
    _end(service, dossier, "stop", reason, rule)
    save_and_tell(node, tx, service, dossier)
    return dossier


def _end(service: Service, dossier: Dossier, verb: Any, reason: str, rule: str = "") -> None:
    agency, step = dossier.identity.agency, dossier.state.step
    dossiers.add(service, dossier, Act(verb, clock.now(), MACHINE, "", agency, step, rule, reason))


def _call_off(node: Node, tx: Tx, service: Service, dossier: Dossier) -> None:
    """Nobody need answer any more: neither on e-identity nor who was asked for an opinion."""
    consulting.call_off(node, tx, outstanding(dossier.state), {"ended": True})
    code = dossier.identity.code
    for name, state in dossier.state.consents.items():
        if state == "asked":
            body: dict[str, Any] = {"id": f"{code}/{name}", "dossier": code, "cancel": True}
            case, purpose = dossier.identity.case, service.slug
            outbox.send(node, tx, consents.EID, ASK, body, case=case, purpose=purpose, key=body["id"])


# the parent


def followed_up(node: Node, tx: Tx, message: Message) -> Outcome:
    """Handle `dossier.follow_up`: what concerns a branch after it was filed.

    Raises Refused: unknown-dossier, not-asked, invalid, unknown-verb.
    """
    body = message.body
    dossier = _of_branch(node, tx, message)
    service = node.catalogue.service(dossier.identity.service, dossier.identity.revision)
    match body.get("verb"):
        case "supply":
            _supplied(node, tx, service, dossier, message)
        case "resume":
            _resumed(node, tx, service, dossier, body)
        case "withdraw":
            return _withdrawn(node, tx, service, dossier, body)
        case "annul":
            return _before_annulled(node, tx, service, dossier)
        case "dispute":
            revisions.disputed(node, tx, service, dossier, body)
            return Done()
        case verb:
            raise Refused("unknown-verb", f"{verb!r}")
    save_and_tell(node, tx, service, dossier)
    return Done()


def follow_up_settled(node: Node, tx: Tx, sent: Sent, outcome: Outcome) -> None:
    """A branch that could not be told stays as its agency last said; the agency's own news corrects the picture. Where
    that will not come by itself, an operator is told."""
    if isinstance(outcome, Refusal) and outcome.code not in ("not-asked", "ended"):
        about = {"message": sent.message, "recipient": sent.recipient, "service": sent.service}
        about["problem"] = outcome.code
        alert = Alert("alert", f"refused/{sent.message}", sent.service, "operator", about, case=sent.case)
        node.on_alert(node, tx, alert)


def _of_branch(node: Node, tx: Tx, message: Message) -> Dossier:
    header = message.header
    row = tx.one(
        "SELECT code FROM dossier WHERE parent = %s AND branch = %s AND parent_node = %s",
        (header.case, str(message.body.get("branch")), header.sender),
    )
    if row is None:
        raise Refused("unknown-dossier", f"no branch {message.body.get('branch')!r} of {header.case} is here")
    dossier = dossiers.load(tx, row.code, lock=True)
    assert dossier is not None, "a row just read in this transaction"
    return dossier


def _supplied(node: Node, tx: Tx, service: Service, dossier: Dossier, message: Message) -> None:
    body, header = message.body, message.header
    if dossier.state.waiting != "applicant":
        raise Refused("not-asked", "nothing is asked for, or the time for it has run out")
    code, at = dossier.identity.code, clock.now()
    held = dossiers.content(tx, code)
    values = {name: value for name, value in dict(body["declared"]).items() if name in service.form.fields}
    declared = {**held.declared, **values}
    if errors := forms.check(service.form, service.terms, declared, clock.today()):
        raise Refused("invalid", ", ".join(f"{field}: {error}" for field, error in sorted(errors.items())))
    attached = [*held.attachments, *body["attachments"]]
    content = msgspec.structs.replace(held, declared=declared, attachments=attached)
    dossiers.change_content(tx, code, content)
    about = {"origin": header.sender, "case": header.case, "purpose": header.purpose, "here": node.name}
    brought = attachments.expect(tx, body["attachments"], **about, proofs=held.evidence)
    digitisation.more(tx, service, code, brought, "supplement")
    detail = {"fields": sorted(values), "papers": [paper["kind"] for paper in body["attachments"]]}
    wake(node, tx, service, dossier, content, Act("supply", at, MACHINE, "applicant", detail=detail))


def _resumed(node: Node, tx: Tx, service: Service, dossier: Dossier, body: dict[str, Any]) -> None:
    """The result that was in doubt is corrected, or stands as it was."""
    if dossier.state.waiting != "correction":
        raise Refused("not-asked", "no result is in doubt here")
    code = dossier.identity.code
    content = dossiers.content(tx, code)
    if body["results"]:
        results.opened(node, body["results"], dossier.identity.case, results.sealers(node, service))
        content = msgspec.structs.replace(content, results={**content.results, **body["results"]})
        dossiers.change_content(tx, code, content)
    reason = "corrected" if body["results"] else str(body.get("reason") or "correction-declined")
    wake(node, tx, service, dossier, content, Act("resume", clock.now(), MACHINE, reason=reason))


def wake(node: Node, tx: Tx, service: Service, dossier: Dossier, content: Content, act: Act) -> None:
    """The clock goes on from where it stood."""
    step = service.process.step(dossier.state.step)
    deadline, told = limits.resumed(node, service, dossier, act.at)
    act = msgspec.structs.replace(
        act,
        agency=dossier.identity.agency,
        step=step.step,
        due=limits.step_due(node, step, act.at, unit=dossier.desk),
        deadline=deadline,
        detail={**act.detail, **told},
    )
    dossiers.add(service, dossier, act)
    journey.go_on(node, tx, service, dossier, content)


def _withdrawn(node: Node, tx: Tx, service: Service, dossier: Dossier, body: dict[str, Any]) -> Outcome:
    if dossier.state.status in FINAL:
        return Refusal("ended", "the dossier had ended before")
    _demand_not_pending(dossier)
    _call_off(node, tx, service, dossier)
    _end(service, dossier, "withdraw", f"{WITHDRAWN}: {body['reason']}" if body.get("reason") else WITHDRAWN)
    save_and_tell(node, tx, service, dossier)
    return Done()


def _before_annulled(node: Node, tx: Tx, service: Service, dossier: Dossier) -> Outcome:
    """What this dossier rests on was annulled: stop it, or withdraw its own consequence."""
    if dossier.state.status == STOPPED:
        return Done()
    _demand_not_pending(dossier)
    if dossier.state.status in FINAL:
        revisions.withdraw_consequence(node, tx, service, dossier, BEFORE_ANNULLED)
        return Done()
    _call_off(node, tx, service, dossier)
    _end(service, dossier, "stop", BEFORE_ANNULLED)
    save_and_tell(node, tx, service, dossier)
    return Done()


def _demand_not_pending(dossier: Dossier) -> None:
    """A register is just writing: the message is taken again a little later."""
    if dossier.state.waiting == "pending":
        raise RuntimeError(f"{dossier.identity.code} waits for a register; to be tried again")
