"""The life of a dossier, in the order in which it happens.

    parents.submit            the citizen's declaration becomes a parent dossier; its first branches are filed
    receive                   another agency acknowledges a branch, and goes as far as verified data carries it
    receive_dossier, check,
    decide                    officers act; a decision asks the register's owner for the record
    effect_settled            the owner's receipt: the result leaves, or the step reopens with the reason
    parents.branch_moved      the parent hears of it, keeps the signed result and files the branches that waited for it

Side paths stand beside it: pauses.py (supplement, consent, dispute, stop), revisions.py (correction, annulment),
tasks.py (inside work). An act whose effect lies in another node is pending until the receipt. Every message about a
dossier travels under the parent's code.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lienthong.casework import (
    automation,
    codes,
    consents,
    consulting,
    delivering,
    digitisation,
    dossiers,
    issuing,
    limits,
    moving,
    results,
    store,
    values,
)
from lienthong.casework.desks import act_of, at_desk, demand_arrived, demand_done_here, demand_reason, locked
from lienthong.casework.dossiers import Content, Dossier, Identity
from lienthong.casework.facts import Facts
from lienthong.casework.onward import way
from lienthong.casework.rules import Condition
from lienthong.casework.states import MACHINE, Act
from lienthong.casework.telling import outlook, save_and_tell
from lienthong.catalogue import forms
from lienthong.catalogue.catalogue import SELF
from lienthong.catalogue.shapes import Service, Step
from lienthong.documents import attachments
from lienthong.exchange import outbox
from lienthong.exchange.envelopes import Header, Message, Refused
from lienthong.exchange.node import Done, Node, Outcome, Refusal, Sent
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers import recording

FILE = "dossier.file"
RECEPTION_RULE = "Nghị định 118/2025/NĐ-CP, Điều 17; Thông tư 03/2025/TT-VPCP, mẫu số 01"


# 1 — a branch arrives


def receive(node: Node, tx: Tx, message: Message) -> Outcome:
    """Open a dossier for a branch. Done carries how things stand, with the result where it was decided at once.

    Raises Refused: unknown-service, unknown-revision, invalid (naming the fields), and what `results.opened` refuses.
    """
    body, header = message.body, message.header
    service = _service_for(node, header.purpose, str(body.get("revision")))
    declared = dict(body["declared"])
    if errors := forms.check(service.form, service.terms, declared, clock.today()):
        raise Refused("invalid", ", ".join(f"{field}: {error}" for field, error in sorted(errors.items())))
    at, agency = clock.now(), codes.agency_for(node, body["unit"])
    own = body["branch"] == SELF  # one dossier, one code: where the parent is nothing but this, its code is ours
    code = header.case if own else codes.agency_code(tx, agency, at)
    identity, content = filed(node, tx, service, header, body, code, agency, at)
    return Done(outlook(service, open_dossier(node, tx, service, identity, content)))


def filed(
    node: Node, tx: Tx, service: Service, header: Header, body: Mapping[str, Any], code: str, agency: str, at: datetime
) -> tuple[Identity, Content]:
    """What a filing makes of a dossier; its papers are expected from where it came from."""
    identity = Identity(
        code=code,
        service=service.slug,
        revision=service.revision,
        agency=agency,
        applicant=body["applicant"],
        received_at=at,
        unit=body["unit"],
        subject=body["subject"],
        parent=body["parent"],
        parent_node=header.sender,
        branch=body["branch"],
        channel=body.get("channel", "online"),
        filed_by=body.get("filed_by", ""),
    )
    papers, proofs = body.get("attachments", []), body.get("evidence", [])
    about = {"origin": header.sender, "case": header.case, "purpose": header.purpose, "here": node.name}
    attachments.expect(tx, papers, **about, proofs=proofs)
    content = Content(dict(body["declared"]), body["sources"], body["results"], papers, proofs, body.get("contact", {}))
    return identity, content


def open_dossier(
    node: Node, tx: Tx, service: Service, identity: Identity, content: Content, *, complete: bool = True
) -> Dossier:
    """Acknowledge a dossier, receive it where no person has to, and go on as far as verified data carries it. One that
    is not `complete` is acknowledged and no more: an officer asks for the rest, or refuses it.

    Raises psycopg.errors.UniqueViolation when another open dossier is about the same.
    """
    at, first, limit = identity.received_at, service.process.steps[0], service.card.limit
    deadline = limits.promised(node, service, at, identity.unit)
    due = limits.step_due(node, first, at, deadline, identity.intake or identity.unit)
    act = Act("acknowledge", at, MACHINE, "", identity.agency, first.step, limit.rule, due=due, deadline=deadline)
    dossier = dossiers.begin(service, identity, content, act)
    digitisation.begin(tx, service, identity, content)
    if complete and first.verb != "receive":
        dossiers.add(service, dossier, _received_by_machine(node, service, dossier, first, []))
    if complete:
        go_on(node, tx, service, dossier, content)
    dossiers.save(tx, dossier)
    return dossier


def go_on(node: Node, tx: Tx, service: Service, dossier: Dossier, content: Content) -> None:
    """Do what needs no person: ask for consents and opinions, receive and decide what registers verify.

    Where a condition is not verified the dossier waits for an officer, who sees which. A decision is the last thing
    done here: what the register refuses is an officer's to look at.
    """
    if not _has_machine_work(service):
        return
    facts = Facts.of(node, tx, service, dossier, content)
    while dossier.state.waiting == "open":
        step = service.process.step(dossier.state.step)
        if step.verb == "consult":
            consulting.ask_all(facts, step)
            return
        if step.verb != "receive" and consents.ask(facts):
            return
        if not step.straight_through:
            return
        conditions = automation.conditions(facts, step)
        if not all(condition.met for condition in conditions):
            _left_to_officers(dossier, service, step, conditions)
            return
        if step.verb == "receive":
            dossiers.add(service, dossier, _received_by_machine(node, service, dossier, step, conditions))
        else:
            rule = f"{step.rule}; {step.straight_through}"
            onward = way(node, tx, service, dossier, step, clock.now())
            decision = _by_machine("decide", dossier, step, rule, detail=_listed(conditions), **onward)
            automation.remember(facts, step)
            _decided(facts, decision)
            return


def _has_machine_work(service: Service) -> bool:
    process = service.process
    return bool(process.consents) or any(step.straight_through or step.verb == "consult" for step in process.steps)


def _received_by_machine(
    node: Node, service: Service, dossier: Dossier, step: Step, conditions: list[Condition]
) -> Act:
    at = dossier.fresh[-1].at
    following = service.process.after(step.step) if step.verb == "receive" else step
    assert following is not None, "the loader refuses a process that ends with its reception"
    deadline = limits.promised(node, service, at, dossier.identity.unit)
    due = limits.step_due(node, following, at, deadline, dossier.desk)
    rule = f"{RECEPTION_RULE}; {step.straight_through}" if conditions else RECEPTION_RULE
    return _by_machine("receive", dossier, step, rule, due=due, deadline=deadline, detail=_listed(conditions))


def _left_to_officers(dossier: Dossier, service: Service, step: Step, conditions: list[Condition]) -> None:
    dossiers.add(
        service,
        dossier,
        _by_machine("examine", dossier, step, step.rule, reason="not-verified", detail=_listed(conditions)),
    )


def _by_machine(verb: Any, dossier: Dossier, step: Step, rule: str, **more: Any) -> Act:
    at = dossier.fresh[-1].at if dossier.fresh else clock.now()
    return Act(verb, at, MACHINE, "", dossier.identity.agency, step.step, rule, **more)


def _listed(conditions: list[Condition]) -> dict[str, Any]:
    return {"verified": [{"met": c.met, "vi": c.words.vi, "en": c.words.en} for c in conditions]}


# 2 — officers


def receive_dossier(
    node: Node, tx: Tx, code: str, officer: Officer, *, originals: bool = False, at: datetime | None = None
) -> Dossier:
    """Issue form 01: the dossier is complete, the promised time counts from now, or from `at`, when the person came.

    At a reception point of another unit it is passed on to the competent one, where the time begins; `originals`: with
    papers that must be carried there. Raises NotPossible, PermissionError, LookupError, as every act here.
    """
    dossier, service, step = at_desk(node, tx, code, officer, "receive")
    demand_arrived(tx, dossier)
    at = at or max(clock.now(), dossier.identity.received_at)
    deadline = limits.promised(node, service, at, dossier.identity.unit)
    onward = way(node, tx, service, dossier, step, at)
    act = act_of("receive", officer, dossier, step, at, deadline=deadline, rule=RECEPTION_RULE, **onward)
    dossiers.add(service, dossier, act)
    if moving.is_elsewhere(dossier):
        moving.pass_on(node, service, dossier, officer, originals=originals)
    if dossier.state.waiting == "open":
        go_on(node, tx, service, dossier, dossiers.content(tx, code))
    save_and_tell(node, tx, service, dossier)
    return dossier


def arrive(node: Node, tx: Tx, code: str, officer: Officer) -> Dossier:
    """What a reception point passed on is here: the time of the decision begins."""
    dossier, service = locked(node, tx, code)
    unit = dossier.identity.unit or ""
    if not officer.holds(moving.RECEPTION, unit):
        raise PermissionError(f"{moving.RECEPTION} of {unit} confirms this")
    act = moving.arrival(node, service, dossier, clock.now(), officer.name, {"officer": officer.number})
    dossiers.add(service, dossier, act)
    go_on(node, tx, service, dossier, dossiers.content(tx, code))
    save_and_tell(node, tx, service, dossier)
    return dossier


def check(node: Node, tx: Tx, code: str, officer: Officer) -> Dossier:
    """The officer finds the dossier in order and passes it on."""
    dossier, service, step = at_desk(node, tx, code, officer, "check")
    demand_done_here(service, step)
    demand_arrived(tx, dossier)
    at = clock.now()
    onward = way(node, tx, service, dossier, step, at)
    dossiers.add(service, dossier, act_of("check", officer, dossier, step, at, **onward))
    if service.process.step(dossier.state.step).verb == "consult":
        go_on(node, tx, service, dossier, dossiers.content(tx, code))
    save_and_tell(node, tx, service, dossier)
    return dossier


def decide(node: Node, tx: Tx, code: str, officer: Officer, grounds: str = "") -> Dossier:
    """The decision that the dossier asked for. Its effect is pending until the register's owner gives a receipt.

    `grounds` is why it is taken although a register would doubt it (another child within the shortest interval); it is
    written into the record where the process table asks for `$grounds`.
    """
    dossier, service, step = at_desk(node, tx, code, officer, "decide")
    facts = Facts.of(node, tx, service, dossier, dossiers.content(tx, code))
    detail, at = {"grounds": grounds} if grounds else {}, clock.now()
    onward = way(node, tx, service, dossier, step, at)
    _decided(facts, act_of("decide", officer, dossier, step, at, detail=detail, **onward))
    save_and_tell(node, tx, service, dossier)
    return dossier


def send_back(node: Node, tx: Tx, code: str, officer: Officer, reason: str, to: str = "") -> Dossier:
    """Return the dossier to its first step after reception, or to the earlier step `to`, with the reason.

    Raises ValueError without a reason, or for a step that is not before this one.
    """
    demand_reason(reason)
    dossier, service, step = at_desk(node, tx, code, officer)
    steps = [one.step for one in service.process.steps if one.verb in ("check", "decide")]
    if to and to not in steps[: steps.index(step.step)]:
        raise ValueError(f"{to!r} is not before {step.step!r}")
    at = clock.now()
    due = limits.step_due(node, service.process.step(to) if to else service.process.steps[0], at, unit=dossier.desk)
    dossiers.add(service, dossier, act_of("return", officer, dossier, step, at, due=due, reason=reason, to=to))
    save_and_tell(node, tx, service, dossier)
    return dossier


def refuse(node: Node, tx: Tx, code: str, officer: Officer, reason: str) -> Dossier:
    """Refuse the dossier, with the reason (form 03); branches that were to follow it stop at the parent.

    Raises ValueError without a reason.
    """
    demand_reason(reason)
    dossier, service, step = at_desk(node, tx, code, officer)
    dossiers.add(service, dossier, act_of("refuse", officer, dossier, step, clock.now(), reason=reason))
    save_and_tell(node, tx, service, dossier)
    return dossier


# 3 — the record, and its receipt


def _decided(facts: Facts, decision: Act) -> None:
    """Write the decision and do what follows it: another step, the result, or the record (here when the register is
    ours, else asked of its owner)."""
    node, tx, service, dossier = facts.node, facts.tx, facts.service, facts.dossier
    dossiers.add(service, dossier, decision)
    step = service.process.step(dossier.state.step)
    if step.verb == "issue":
        _settle(node, tx, service, dossier, Done(issuing.made(facts, step)))
    if step.verb != "record":
        return
    fields = values.fill(step.fields, dossier, facts.declared, facts.results, facts.today)
    register = node.catalogue.owned.get(step.register)
    if register is not None:
        outcome = _record_here(node, tx, register, fields, dossier)
        _settle(node, tx, service, dossier, outcome)
        return
    owner, code = node.catalogue.registers[step.register].owner, dossier.identity.code
    body = {"register": step.register, "fields": fields, "dossier": code}
    outbox.send(node, tx, owner, recording.SERVICE, body, case=dossier.identity.case, purpose=service.slug, key=code)


def _record_here(node: Node, tx: Tx, register: Any, fields: Mapping[str, Any], dossier: Dossier) -> Outcome:
    try:
        row = recording.enter(node, tx, register, dict(fields), by=dossier.identity.code)
    except Refused as refused:
        return Refusal(refused.code, refused.reason)
    return Done(recording.described(register, row))


def effect_settled(node: Node, tx: Tx, sent: Sent, outcome: Outcome) -> None:
    """The register's owner has spoken about a record that a dossier, or a record of ours, waits for."""
    if recording.completed(node, tx, sent, outcome):
        return
    dossier = dossiers.load(tx, sent.body["dossier"], lock=True)
    if dossier is None or dossier.state.waiting != "pending":
        return
    service = node.catalogue.service(dossier.identity.service, dossier.identity.revision)
    _settle(node, tx, service, dossier, outcome)
    save_and_tell(node, tx, service, dossier)


def _settle(node: Node, tx: Tx, service: Service, dossier: Dossier, outcome: Outcome) -> None:
    """Issue the signed result once the record stands; reopen the step with the reason where it was refused."""
    at, step = clock.now(), service.process.step(dossier.state.step)
    agency, code = dossier.identity.agency, dossier.identity.code
    if isinstance(outcome, Done):
        dossier.result = results.issue(node, dossier, outcome.body, at)
        dossiers.keep_result(tx, code, results.OWN, dossier.result)
        named = ("register", "key", "result")
        detail: dict[str, Any] = {name: outcome.body[name] for name in named if name in outcome.body}
        content = dossier.begun or dossiers.content(tx, code)
        if wished := delivering.wished(service, content):
            detail["collect"] = wished
        act = Act("issue", at, MACHINE, agency=agency, step=step.step, rule=step.rule, detail=detail)
        store.keep(node, tx, service, dossier, act)
    elif isinstance(outcome, Refusal):
        due = limits.step_due(node, service.process.step(step.refused_to), at, unit=dossier.desk)
        detail = {"said": outcome.reason}
        act = Act("reopen", at, MACHINE, "", agency, step.step, step.rule, outcome.code, due, detail=detail)
    else:
        raise ValueError("a stored record is not settled yet")
    dossiers.add(service, dossier, act)


def _service_for(node: Node, slug: str, revision: str) -> Service:
    try:
        return node.catalogue.service(slug, revision)
    except KeyError as error:
        raise Refused("unknown-service", slug) from error
    except LookupError as error:
        raise Refused("unknown-revision", str(error)) from error
