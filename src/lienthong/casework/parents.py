"""The parent of an interlinked service, at the portal: one declaration, branches at other agencies, one story.

submit            open it and file the branches that wait for nothing
branch_moved      a branch has told how it stands: keep its result, file what comes after it
supply, withdraw  the citizen answers a branch's question, or takes back what is not decided yet
corrected         a register's owner has answered «this is wrong»: file what waited for it
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from lienthong.casework import dossiers, limits, results, tasks
from lienthong.casework.dossiers import Content, Dossier, Identity
from lienthong.casework.journey import FILE
from lienthong.casework.states import ANNULLED, ENDED, FINAL, UNCOUNTED, Act, BranchState, NotPossible
from lienthong.catalogue import forms
from lienthong.catalogue.shapes import Branch, Service
from lienthong.exchange import outbox
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Done, Node, Outcome, Refusal, Sent
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx

FOLLOW_UP = "dossier.follow_up"
CORRECTION_DAYS = 2
_SEEN = (
    "state", "status", "code", "agency", "step", "role", "rule", "since", "due", "deadline", "reason", "asks",
    "paused_hours", "verified", "revision",
)  # fmt: skip


def submit(
    node: Node,
    tx: Tx,
    service: Service,
    *,
    code: str,
    applicant: str,
    content: Content,
    corrections: list[dict[str, Any]] | None = None,
    filed_by: str = "",
    channel: str = "online",
) -> Dossier:
    """Open the parent dossier, file the branches that wait for nothing, and send what is said to be wrong to the
    registers' owners. A branch whose form uses such a value is held until they have answered; the others go on.

    `corrections`: {"field", "register", "owner", "key", "column", "held", "says", "note"} each. `filed_by` is who typed
    it for the applicant. Raises psycopg.errors.UniqueViolation when another open dossier is about the same notice.
    """
    at = clock.now()
    identity = Identity(
        code=code,
        service=service.slug,
        revision=service.revision,
        agency=node.catalogue.card.agency,
        applicant=applicant,
        received_at=at,
        unit=content.declared.get(service.card.unit),
        subject=content.declared.get(service.card.subject, ""),
        about=content.declared.get(service.card.about) or None,
        channel=channel,
        filed_by=filed_by,
    )
    wrong = {new_id(): correction for correction in corrections or []}
    first, detail = _plan(node, service, content, wrong)
    deadline = limits.of_whole(node, service, at, detail["nodes"], content.declared)
    act = Act(
        "submit", at, applicant, "applicant", identity.agency, deadline=deadline, files=_names(first),
        detail={**detail, **({"filed_by": filed_by} if filed_by else {})},
    )  # fmt: skip
    dossier = dossiers.begin(service, identity, content, act)
    _save(node, tx, dossier)
    for branch in first:
        file_branch(node, tx, dossier, branch, content)
    for task, correction in wrong.items():
        _ask_to_correct(node, tx, dossier, task, correction)
    return dossier


def _plan(
    node: Node, service: Service, content: Content, wrong: Mapping[str, Mapping[str, Any]]
) -> tuple[list[Branch], dict[str, Any]]:
    """The branches to file at once; and for the first act, which branches there are, where, and what holds them."""
    branches = [b for b in service.branches if not b.when or forms.holds(b.when, content.declared)]
    held = {b.branch: _waits_for(node, b, wrong) for b in branches}
    services = {b.branch: node.catalogue.service(b.service) for b in branches}
    where = {"nodes": {name: wanted.card.handled_by for name, wanted in services.items()},
             "revisions": {name: wanted.revision for name, wanted in services.items()}}  # fmt: skip
    first = [b for b in branches if not b.after and not held[b.branch]]
    return first, {**where, **({"held": held, "corrections": dict(wrong)} if wrong else {})}


def _waits_for(node: Node, branch: Branch, wrong: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The corrections that concern what a branch's own form says."""
    fields = node.catalogue.service(branch.service).form.fields
    return [task for task, correction in wrong.items() if correction["field"] in fields]


def _ask_to_correct(node: Node, tx: Tx, dossier: Dossier, task: str, correction: Mapping[str, Any]) -> None:
    identity = dossier.identity
    body = {
        "id": task,
        "kind": "correction",
        "role": tasks.STEWARD,
        "title": identity.subject,
        "detail": dict(correction),
        "due": limits.counted(node.catalogue.calendar.due, clock.now(), CORRECTION_DAYS),
    }
    owner = str(correction["owner"])
    outbox.send(node, tx, owner, tasks.OPEN, body, case=identity.code, purpose=identity.service, key=task)


def file_branch(node: Node, tx: Tx, parent: Dossier, branch: Branch, content: Content) -> None:
    """Send a branch to its agency: what its form asks for, with registers' answers or the result it comes after."""
    wanted = _branch_service(node, parent, branch)
    declared = {name: content.declared[name] for name in wanted.form.fields if name in content.declared}
    identity = parent.identity
    body = {
        "parent": identity.code,
        "branch": branch.branch,
        "revision": wanted.revision,
        "unit": content.declared.get(branch.unit) if branch.unit else None,
        "applicant": identity.applicant,
        "subject": identity.subject,
        "submitted_at": identity.received_at,
        "declared": declared,
        "sources": content.sources,
        "results": content.results,
        "attachments": [paper for paper in content.attachments if paper["kind"] in wanted.form.fields],
        "channel": identity.channel,
        "filed_by": identity.filed_by,
        "evidence": content.evidence,
        "contact": content.contact,
    }
    outbox.send(node, tx, wanted.card.handled_by, FILE, body, case=identity.code, purpose=branch.service)


def _names(branches: list[Branch]) -> list[str]:
    return [branch.branch for branch in branches]


def _save(node: Node, tx: Tx, parent: Dossier) -> None:
    """Store what was done, and let those hear of it who tell the citizen."""
    dossiers.save(tx, parent)
    for act in parent.fresh:
        for hear in node.on_act:
            hear(node, tx, parent, act)


# a branch tells


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
    """Write down how a branch stands, keep its result, and pass on what others wait for.

    Raises Refused when the branch is not the sender's, or its result is not what it claims to be.
    """
    parent = dossiers.load(tx, str(told.get("parent")), lock=True)
    name = str(told.get("branch"))
    if parent is None or name not in parent.state.branches or parent.state.branches[name].node != sender:
        raise Refused("unknown-branch", f"no branch {name!r} of {told.get('parent')!r} is with {sender}")
    before, service = parent.state.branches[name], _service(node, parent)
    view = {key: told[key] for key in _SEEN if told.get(key) is not None}
    if before.state in ENDED and view["state"] not in ("done", "pending", ANNULLED):
        return
    if longer := limits.extended(node, before, told["acts"]):
        view["extended_hours"] = before.extended_hours + longer
    done = view["state"] == "done"
    following = [b for b in _ready(service, parent, name) if done] if before.state not in ENDED else []
    deadline, uncounted = _promised(node, tx, service, parent, name, view)
    detail = {"acts": told["acts"], **uncounted}
    act = Act(
        "progress", clock.now(), sender, branch=name, outlook=view, deadline=deadline, files=_names(following),
        detail=detail,
    )  # fmt: skip
    dossiers.add(service, parent, act)
    _save(node, tx, parent)
    _pass_on(node, tx, parent, name, before, told, following)


def _ready(service: Service, parent: Dossier, after: str) -> list[Branch]:
    """The branches that come after one and wait for nothing else."""
    branches = parent.state.branches
    return [
        b
        for b in service.branches
        if b.after == after
        and b.branch in branches
        and branches[b.branch].state == "waiting"
        and not branches[b.branch].held
    ]


def _pass_on(
    node: Node,
    tx: Tx,
    parent: Dossier,
    name: str,
    before: BranchState,
    told: Mapping[str, Any],
    following: list[Branch],
) -> None:
    """What the others must have of it: a result, a corrected one, an error found, an annulment."""
    code, now = parent.identity.code, parent.state.branches[name]
    if now.state == "done" and told["result"]:
        result = str(told["result"])
        results.opened(node, {name: result}, code, {name: now.node})
        dossiers.keep_result(tx, code, name, result, corrected=before.state == "done")
        _hand_on(node, tx, parent, name, result, following)
    if now.state == "done" and before.state == "done":
        again = {"results": {name: told["result"]} if told["result"] else {}, "reason": told.get("answer", "")}
        _tell_those_after(node, tx, parent, name, {"correction"}, {"verb": "resume", **again})
    if now.state == ANNULLED:
        _tell_those_after(node, tx, parent, name, None, {"verb": "annul", "reason": now.reason})
    if now.state == "correction" and before.state != "correction":
        disputed = now.asks["branch"]
        follow_up(node, tx, parent, disputed, {"verb": "dispute", "asks": now.asks, "by": now.node})


def _hand_on(node: Node, tx: Tx, parent: Dossier, name: str, result: str, following: list[Branch]) -> None:
    """A result goes at once with the branches that come after it to their agencies."""
    if not following:
        return
    held = dossiers.content(tx, parent.identity.code)
    kept = dossiers.kept_results(tx, parent.identity.code)
    for branch in following:
        takes = _branch_service(node, parent, branch).card.takes
        file_branch(node, tx, parent, branch, _with_results(held, {**kept, name: result}, takes))


def _with_results(content: Content, kept: Mapping[str, str], takes: Mapping[str, str]) -> Content:
    handed = {name: kept[name] for name in takes if name in kept}
    return msgspec.structs.replace(content, results=handed, sources=[], evidence=[])


def _tell_those_after(
    node: Node, tx: Tx, parent: Dossier, name: str, states: set[str] | None, body: dict[str, Any]
) -> None:
    """Follow-ups to the branches that came after one: those in some states, or all that were begun."""
    begun = {"open", "pending", "applicant", "consent", "correction", "filed", "done"}
    for other, branch in parent.state.branches.items():
        if branch.after == name and branch.state in (states or begun):
            follow_up(node, tx, parent, other, body)


def follow_up(node: Node, tx: Tx, parent: Dossier, branch: str, body: dict[str, Any]) -> None:
    """Send a branch what concerns it after it was filed."""
    state, code = parent.state.branches[branch], parent.identity.code
    message = {"parent": code, "branch": branch, **body}
    outbox.send(node, tx, state.node, FOLLOW_UP, message, case=code, purpose=state.service, key=code)


def _promised(
    node: Node, tx: Tx, service: Service, parent: Dossier, name: str, view: Mapping[str, Any]
) -> tuple[datetime | None, dict[str, Any]]:
    """The whole's promised time, where what a branch says moves it; and whether no calendar counts it yet."""
    old = parent.state.branches[name]
    told = {name: view[name] for name in ("paused_hours", "verified", "extended_hours") if name in view}
    now = msgspec.structs.replace(old, **told)
    if now == old:
        return None, {}
    deadline = limits.whole(node, tx, service, parent, {**parent.state.branches, name: now})
    return deadline, {} if deadline else {UNCOUNTED: True}


# the citizen


def supply(
    node: Node,
    tx: Tx,
    code: str,
    branch: str,
    applicant: str,
    values: Mapping[str, Any],
    attachments: list[dict[str, Any]],
    *,
    filed_by: str = "",
) -> Dossier:
    """Send a branch what it asked for. What was declared before stays, with these values and papers. `filed_by` is who
    answers for the applicant.

    Raises LookupError when it is not the applicant's, NotPossible when nothing is asked for.
    """
    parent, service = _own(node, tx, code, applicant)
    detail = {"values": dict(values), "attachments": attachments, **({"filed_by": filed_by} if filed_by else {})}
    dossiers.add(service, parent, Act("supply", clock.now(), applicant, "applicant", branch=branch, detail=detail))
    held = dossiers.content(tx, code)
    dossiers.change_content(tx, code, _supplied(held, values, attachments))
    _save(node, tx, parent)
    follow_up(node, tx, parent, branch, {"verb": "supply", "declared": dict(values), "attachments": attachments})
    return parent


def _supplied(content: Content, values: Mapping[str, Any], attachments: list[dict[str, Any]]) -> Content:
    attached = [*content.attachments, *attachments]
    declared = {**content.declared, **values}
    return msgspec.structs.replace(content, declared=declared, attachments=attached)


def withdraw(node: Node, tx: Tx, code: str, applicant: str, reason: str) -> Dossier:
    """Take back what is not decided yet; results that were issued stand. Raises LookupError, NotPossible."""
    parent, service = _own(node, tx, code, applicant)
    open_ones = [n for n, b in parent.state.branches.items() if b.state not in ENDED and b.state != "waiting"]
    dossiers.add(service, parent, Act("withdraw", clock.now(), applicant, "applicant", reason=reason))
    _save(node, tx, parent)
    for name in open_ones:
        follow_up(node, tx, parent, name, {"verb": "withdraw", "reason": reason})
    return parent


def _own(node: Node, tx: Tx, code: str, applicant: str) -> tuple[Dossier, Service]:
    parent = dossiers.load(tx, code, lock=True)
    if parent is None or parent.identity.applicant != applicant:
        raise LookupError(code)
    if parent.state.status in FINAL:
        raise NotPossible("the dossier has ended")
    return parent, _service(node, parent)


# a register's owner


def corrected(node: Node, tx: Tx, body: Mapping[str, Any]) -> None:
    """A correction has ended: with the value it gave, or without, file the branches that waited for it.

    Which value it is about is what we asked, not what the answer says. Raises Refused for a correction that this sender
    was not asked for.
    """
    parent = dossiers.load(tx, str(body["case"]), lock=True)
    task = str(body["id"])
    detail = _asked_corrections(tx, parent).get(task) if parent else None
    if parent is None or detail is None or detail["owner"] != body["from"]:
        raise Refused("unknown-task", f"{body['from']} was not asked for {task!r}")
    if parent.state.status in FINAL:
        return
    service = _service(node, parent)
    accepted, value = body["state"] == "done", body["outcome"].get("value")
    content = dossiers.content(tx, parent.identity.code)
    if accepted:
        content = _supplied(content, {detail["field"]: value}, [])
        dossiers.change_content(tx, parent.identity.code, content)
    state = parent.state
    free = [
        b
        for b in service.branches
        if b.branch in state.branches
        and state.branches[b.branch].state == "waiting"
        and state.branches[b.branch].held == [task]
        and (not b.after or state.branches[b.after].state == "done")
    ]
    outcome = {
        "correction": task,
        "field": detail["field"],
        "accepted": accepted,
        "note": body["outcome"].get("note", ""),
    }
    reason = "corrected" if accepted else "correction-declined"
    act = Act("correct", clock.now(), detail["owner"], reason=reason, files=_names(free), detail=outcome)
    dossiers.add(service, parent, act)
    _save(node, tx, parent)
    kept = dossiers.kept_results(tx, parent.identity.code)
    for branch in free:
        takes = _branch_service(node, parent, branch).card.takes
        file_branch(node, tx, parent, branch, _with_results(content, kept, takes) if takes else content)


def _asked_corrections(tx: Tx, parent: Dossier) -> dict[str, Any]:
    """The corrections that were asked for with the submission, by task."""
    asked: dict[str, Any] = dossiers.acts(tx, parent.identity.code)[0].detail.get("corrections", {})
    return asked


def _branch_service(node: Node, parent: Dossier, branch: Branch) -> Service:
    """A branch's service as it was when the parent was submitted."""
    return node.catalogue.service(branch.service, parent.state.branches[branch.branch].revision)


def _service(node: Node, parent: Dossier) -> Service:
    return node.catalogue.service(parent.identity.service, parent.identity.revision)
