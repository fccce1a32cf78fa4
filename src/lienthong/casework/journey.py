"""The life of a dossier, in the order in which it happens.

    submit            the citizen's declaration becomes a parent dossier at the portal; its first branches are filed
    receive           another agency takes a branch in and opens it, or decides it at once
    check, decide     officers act; a decision asks the register's owner for the record
    effect_settled    the owner's receipt: the result leaves, or the step reopens with the reason
    branch_moved      the parent hears of it, keeps the signed result and files the branches that waited for it

An act whose effect lies in another node is pending until the receipt. Every message about a dossier travels under
the parent's code.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lienthong.casework import codes, dossiers, results, values
from lienthong.casework.dossiers import Content, Dossier, Identity
from lienthong.casework.rules import RULES
from lienthong.casework.states import ENDED, FINAL, Act, NotPossible
from lienthong.catalogue import forms
from lienthong.catalogue.shapes import Branch, Service, Step
from lienthong.exchange import outbox
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Done, Node, Outcome, Refusal, Sent
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers import recording

FILE, PROGRESS = "dossier.file", "dossier.progress"
MACHINE = "máy"
NEWS_WAITS = 0.5  # seconds for which news that asks nothing of the parent waits for more of it; a result never waits


# 1 — the citizen


def submit(node: Node, tx: Tx, service: Service, *, code: str, applicant: str, content: Content) -> Dossier:
    """Open the parent dossier and file the branches that wait for nothing.

    Raises psycopg.errors.UniqueViolation when another open dossier is about the same notice.
    """
    at = clock.now()
    identity = Identity(
        code=code,
        service=service.slug,
        revision=service.revision,
        agency=node.catalogue.card.agency,
        applicant=applicant,
        received_at=at,
        deadline=node.catalogue.calendar.due(at, service.card.limit.working_days),
        unit=content.declared.get("residence_unit"),
        subject=content.declared.get("child_name", ""),
        about=content.declared.get(service.card.about) or None,
    )
    nodes = {b.branch: node.catalogue.service(b.service).card.handled_by for b in service.branches}
    first = [branch for branch in service.branches if not branch.after]
    act = Act("submit", at, applicant, "applicant", identity.agency, files=_names(first), detail={"nodes": nodes})
    dossier = dossiers.begin(service, identity, content, act)
    dossiers.save(tx, dossier)
    for branch in first:
        file_branch(node, tx, dossier, branch, content)
    return dossier


def file_branch(node: Node, tx: Tx, parent: Dossier, branch: Branch, content: Content) -> None:
    """Send a branch to its agency: what its form asks for, with registers' answers or the result it comes after."""
    wanted = node.catalogue.service(branch.service)
    declared = {name: content.declared[name] for name in wanted.form.fields if name in content.declared}
    body = {
        "parent": parent.identity.code,
        "branch": branch.branch,
        "revision": wanted.revision,
        "unit": content.declared.get(branch.unit) if branch.unit else None,
        "applicant": parent.identity.applicant,
        "subject": parent.identity.subject,
        "submitted_at": parent.identity.received_at,
        "declared": declared,
        "sources": content.sources,
        "results": content.results,
    }
    outbox.send(node, tx, wanted.card.handled_by, FILE, body, case=parent.identity.code, purpose=branch.service)


def _names(branches: list[Branch]) -> list[str]:
    return [branch.branch for branch in branches]


# 2 — the agency that handles a branch


def receive(node: Node, tx: Tx, message: Message) -> Outcome:
    """Open a dossier for a branch. Done carries how things stand, with the result where it was decided at once.

    Raises Refused: unknown-service, unknown-revision, invalid (naming the fields), and what `results.opened` refuses.
    """
    body, header = message.body, message.header
    service = _service_for(node, header.purpose, str(body.get("revision")))
    declared, unit = dict(body["declared"]), body["unit"]
    if errors := forms.check(service.form, node.catalogue.terms, declared, clock.today()):
        raise Refused("invalid", ", ".join(f"{field}: {error}" for field, error in sorted(errors.items())))
    at = clock.now()
    agency = codes.agency_for(node, unit)
    identity = Identity(
        code=codes.agency_code(tx, agency, at),
        service=service.slug,
        revision=service.revision,
        agency=agency,
        applicant=body["applicant"],
        received_at=at,
        deadline=node.catalogue.calendar.due(at, service.card.limit.working_days),
        unit=unit,
        subject=body["subject"],
        parent=body["parent"],
        parent_node=header.sender,
        branch=body["branch"],
    )
    content = Content(declared, body["sources"], body["results"])
    return Done(outlook(service, _open(node, tx, service, identity, content)))


def _open(node: Node, tx: Tx, service: Service, identity: Identity, content: Content) -> Dossier:
    """Open a dossier at its first step. A straight-through step whose rule finds every condition verified by registers
    is decided at once; otherwise it waits for an officer, who sees which were not."""
    at, first = identity.received_at, service.process.steps[0]
    conditions = []
    if first.straight_through:
        handed_on = results.opened(node, content.results, identity.case, results.sealers(node, service))
        conditions = RULES[first.straight_through](node, tx, content.declared, handed_on, at.date())
    listed = {"verified": [{"met": c.met, "vi": c.words.vi, "en": c.words.en} for c in conditions]}
    verified = bool(conditions) and all(condition.met for condition in conditions)
    reason = "not-verified" if conditions and not verified else ""
    due, rule = _step_due(node, first, at), service.card.limit.rule
    act = Act("receive", at, MACHINE, "", identity.agency, first.step, rule, reason, due, detail=listed)
    dossier = dossiers.begin(service, identity, content, act)
    if verified:
        decision = Act(
            "decide",
            at,
            MACHINE,
            "",
            identity.agency,
            first.step,
            f"{first.rule}; {first.straight_through}",
            detail=listed,
        )
        _decided(node, tx, service, dossier, content, decision)
    dossiers.save(tx, dossier)
    return dossier


# 3 — officers


def check(node: Node, tx: Tx, code: str, officer: Officer) -> Dossier:
    """The officer finds the dossier in order and passes it on. Raises NotPossible, PermissionError, LookupError."""
    dossier, service, step = _at_desk(node, tx, code, officer, "check")
    following = service.process.after(step.step)
    at = clock.now()
    due = _step_due(node, following, at) if following else None
    dossiers.add(service, dossier, _act("check", officer, dossier, step, at, due=due))
    _save_and_tell(node, tx, service, dossier)
    return dossier


def decide(node: Node, tx: Tx, code: str, officer: Officer) -> Dossier:
    """The decision that the dossier asked for. Its effect is pending until the register's owner gives a receipt."""
    dossier, service, step = _at_desk(node, tx, code, officer, "decide")
    content = dossiers.content(tx, code)
    _decided(node, tx, service, dossier, content, _act("decide", officer, dossier, step, clock.now()))
    _save_and_tell(node, tx, service, dossier)
    return dossier


def send_back(node: Node, tx: Tx, code: str, officer: Officer, reason: str) -> Dossier:
    """Return the dossier to its first step, with the reason."""
    dossier, service, step = _at_desk(node, tx, code, officer)
    at = clock.now()
    due = _step_due(node, service.process.steps[0], at)
    dossiers.add(service, dossier, _act("return", officer, dossier, step, at, due=due, reason=reason))
    _save_and_tell(node, tx, service, dossier)
    return dossier


def refuse(node: Node, tx: Tx, code: str, officer: Officer, reason: str) -> Dossier:
    """Refuse the dossier, with the reason; branches that were to follow it stop at the parent."""
    dossier, service, step = _at_desk(node, tx, code, officer)
    dossiers.add(service, dossier, _act("refuse", officer, dossier, step, clock.now(), reason=reason))
    _save_and_tell(node, tx, service, dossier)
    return dossier


def _at_desk(node: Node, tx: Tx, code: str, officer: Officer, verb: str = "") -> tuple[Dossier, Service, Step]:
    """The dossier, locked, at a step this officer may act in; with `verb`, at one that asks for just that.

    Raises LookupError, PermissionError, NotPossible.
    """
    dossier = dossiers.load(tx, code, lock=True)
    if dossier is None:
        raise LookupError(code)
    service = node.catalogue.service(dossier.identity.service, dossier.identity.revision)
    if dossier.state.waiting != "open":
        raise NotPossible("the dossier does not wait for an officer")
    step = service.process.step(dossier.state.step)
    unit = dossier.identity.unit
    if not (officer.holds(step.role, unit) if unit else step.role in officer.roles):
        raise PermissionError(f"{step.role} of {dossier.identity.unit} acts here")
    if verb and step.verb != verb:
        raise NotPossible(f"this step is there to {step.verb}, not to {verb}")
    return dossier, service, step


def _act(
    verb: Any,
    officer: Officer,
    dossier: Dossier,
    step: Step,
    at: datetime,
    due: datetime | None = None,
    reason: str = "",
) -> Act:
    agency, name = dossier.identity.agency, officer.name
    return Act(verb, at, name, step.role, agency, step.step, step.rule, reason, due, detail={"officer": officer.number})


# 4 — the record, and its receipt


def _decided(node: Node, tx: Tx, service: Service, dossier: Dossier, content: Content, decision: Act) -> None:
    """Write the decision and ask for the record: here when the register is ours, else of its owner."""
    dossiers.add(service, dossier, decision)
    step = service.process.step(dossier.state.step)
    handed_on = results.opened(node, content.results, dossier.identity.case, results.sealers(node, service))
    fields = values.fill(step.fields, dossier, content.declared, handed_on, clock.today())
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
    _save_and_tell(node, tx, service, dossier)


def _settle(node: Node, tx: Tx, service: Service, dossier: Dossier, outcome: Outcome) -> None:
    """Issue the signed result once the record stands; reopen the step with the reason where it was refused."""
    at, step = clock.now(), service.process.step(dossier.state.step)
    agency, code = dossier.identity.agency, dossier.identity.code
    if isinstance(outcome, Done):
        dossier.result = results.issue(node, dossier, outcome.body, at)
        dossiers.keep_result(tx, code, results.OWN, dossier.result)
        detail = {"register": outcome.body["register"], "key": outcome.body["key"]}
        act = Act("issue", at, MACHINE, agency=agency, step=step.step, rule=step.rule, detail=detail)
    elif isinstance(outcome, Refusal):
        due = _step_due(node, service.process.step(step.refused_to), at)
        detail = {"said": outcome.reason}
        act = Act("reopen", at, MACHINE, "", agency, step.step, step.rule, outcome.code, due, detail=detail)
    else:
        raise ValueError("a stored record is not settled yet")
    dossiers.add(service, dossier, act)


# 5 — the parent


def outlook(service: Service, dossier: Dossier) -> dict[str, Any]:
    """How a branch stands, for its parent: what was done just now, who holds it, since when, by which rule, until when;
    its sealed result when done."""
    identity, state = dossier.identity, dossier.state
    ended = {3: "refused", 8: "stopped", 10: "done"}.get(state.status)
    step = service.process.step(state.step) if state.step else None
    return {
        "parent": identity.parent,
        "branch": identity.branch,
        "state": ended or state.waiting,
        "code": identity.code,
        "agency": identity.agency,
        "step": state.step,
        "role": state.role,
        "rule": step.rule if step else "",
        "since": state.since,
        "due": state.due,
        "reason": state.reason,
        "acts": [_told(act) for act in dossier.fresh],
        "result": dossier.result,
    }


def _save_and_tell(node: Node, tx: Tx, service: Service, dossier: Dossier) -> None:
    """Store what was done and send the parent how the branch stands now, with what it has not been sent yet."""
    dossiers.save(tx, dossier)
    identity = dossier.identity
    if not (identity.parent_node and identity.parent):
        return
    body = outlook(service, dossier)
    if dossier.acts - len(dossier.fresh) > 1:  # the first act went with the receipt, nothing can be held yet
        held = outbox.take_back(tx, identity.parent_node, PROGRESS, identity.code)
        body["acts"] = [act for earlier in held for act in earlier["acts"]] + body["acts"]
    hold = 0.0 if dossier.state.status in FINAL else NEWS_WAITS
    case, purpose = identity.parent, service.slug
    outbox.send(
        node, tx, identity.parent_node, PROGRESS, body, case=case, purpose=purpose, key=identity.code, hold=hold
    )


def branch_opened(node: Node, tx: Tx, sent: Sent, outcome: Outcome) -> None:
    """The receipt for a branch that was filed: how it stands, or why its agency would not take it."""
    if isinstance(outcome, Done):
        branch_moved(node, tx, sent.recipient, outcome.body)
    elif isinstance(outcome, Refusal):
        refused = {"parent": sent.case, "branch": sent.body["branch"], "state": "refused", "reason": outcome.code}
        branch_moved(node, tx, sent.recipient, {**refused, "acts": []})


def hear_progress(node: Node, tx: Tx, message: Message) -> Outcome:
    """Handle `dossier.progress`."""
    branch_moved(node, tx, message.header.sender, message.body)
    return Done()


def branch_moved(node: Node, tx: Tx, sender: str, told: Mapping[str, Any]) -> None:
    """Write down how a branch stands, keep its result, file the branches that waited for it.

    Raises Refused when the branch is not the sender's, or its result is not what it claims to be.
    """
    parent = dossiers.load(tx, str(told.get("parent")), lock=True)
    name = str(told.get("branch"))
    if parent is None or name not in parent.state.branches or parent.state.branches[name].node != sender:
        raise Refused("unknown-branch", f"no branch {name!r} of {told.get('parent')!r} is with {sender}")
    if parent.state.branches[name].state in ENDED or parent.state.status in FINAL:
        return
    service = node.catalogue.service(parent.identity.service, parent.identity.revision)
    seen = ("state", "code", "agency", "step", "role", "rule", "since", "due", "reason")
    view = {key: told[key] for key in seen if told.get(key) is not None}
    done = view["state"] == "done"
    following = [branch for branch in service.branches if done and branch.after == name]
    acts = {"acts": told["acts"]}
    act = Act("progress", clock.now(), sender, branch=name, outlook=view, files=_names(following), detail=acts)
    dossiers.add(service, parent, act)
    dossiers.save(tx, parent)
    if done:
        _hand_on(node, tx, parent, name, str(told["result"]), following)


def _hand_on(node: Node, tx: Tx, parent: Dossier, name: str, result: str, following: list[Branch]) -> None:
    """A result goes at once to the parent, and with the branches that come after it to their agencies."""
    results.opened(node, {name: result}, parent.identity.code, {name: parent.state.branches[name].node})
    dossiers.keep_result(tx, parent.identity.code, name, result)
    if following:
        declared = dossiers.content(tx, parent.identity.code).declared
        content = Content(declared, results={name: result})
        for branch in following:
            file_branch(node, tx, parent, branch, content)


def _told(act: Act) -> dict[str, Any]:
    """An act as other agencies and the citizen hear of it: no officer's number."""
    kept = {"verb": act.verb, "at": act.at, "actor": act.actor, "role": act.role, "agency": act.agency}
    return {
        **kept,
        "step": act.step,
        "rule": act.rule,
        "reason": act.reason,
        "verified": act.detail.get("verified", []),
    }


def _step_due(node: Node, step: Step, at: datetime) -> datetime | None:
    return node.catalogue.calendar.after_hours(at, step.hours) if step.hours else None


def _service_for(node: Node, slug: str, revision: str) -> Service:
    try:
        return node.catalogue.service(slug, revision)
    except KeyError as error:
        raise Refused("unknown-service", slug) from error
    except LookupError as error:
        raise Refused("unknown-revision", str(error)) from error
