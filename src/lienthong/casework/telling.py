"""What an agency tells the parent of a branch: how it stands, what was done, and its result."""

from typing import Any

from lienthong.casework import dossiers, synchronising
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import ANNULLED, FINAL, PROCESSED, REJECTED, RETURNED, STOPPED, WITHDRAWN, Act
from lienthong.catalogue.shapes import Service
from lienthong.exchange import outbox
from lienthong.exchange.node import Node
from lienthong.kit.storage import Tx

PROGRESS = "dossier.progress"
NEWS_WAITS = 0.5  # seconds for which news that asks nothing of the parent waits for more of it; a result never waits

_INSIDE = ("take", "hand_over", "release")  # on whose desk it lies is the agency's own affair
_OUTSIDE = ("applicant", "consent", "correction", "payment", "collect")
_SAID = ("opinion", "state", "agrees", "collect", "way", "from_revision", "to_revision")  # of an act's detail
_ENDS = {REJECTED: "refused", WITHDRAWN: "withdrawn", STOPPED: "stopped", RETURNED: "done"}


def outlook(service: Service, dossier: Dossier, **more: Any) -> dict[str, Any]:
    """How a branch stands, for its parent: what was done just now, who holds it, since when, by which rule, until when,
    what it asks of others; its sealed result when there is a new one."""
    identity, state = dossier.identity, dossier.state
    step = service.process.step(state.step) if state.step else None
    return {
        "parent": identity.parent,
        "branch": identity.branch,
        "state": branch_state(dossier),
        "status": state.status,
        "code": identity.code,
        "agency": identity.agency,
        "revision": identity.revision,
        "step": state.step,
        "role": state.role,
        "rule": step.rule if step else "",
        "since": state.since,
        "due": state.due,
        "deadline": state.deadline,
        "reason": state.reason,
        "asks": state.asks,
        "paused_hours": state.paused_hours,
        "verified": state.verified,
        "acts": [told(act) for act in dossier.fresh if act.verb not in _INSIDE],
        "result": dossier.result,
        **more,
    }


def branch_state(dossier: Dossier) -> str:
    """A dossier's state as its parent names it."""
    state = dossier.state
    if state.status == PROCESSED:
        return "done"  # its paper is still to be collected, its result has left
    if state.waiting:
        return state.waiting
    return ANNULLED if state.reason == ANNULLED else _ENDS[state.status]


def told(act: Act) -> dict[str, Any]:
    """An act as other agencies and the citizen hear of it: no officer's number."""
    return {
        "verb": act.verb,
        "at": act.at,
        "actor": act.actor,
        "role": act.role,
        "agency": act.agency,
        "step": act.step,
        "rule": act.rule,
        "reason": act.reason,
        "due": act.due,
        "deadline": act.deadline,
        "asks": act.asks,
        "to": act.to,
        "desk": act.desk,
        "verified": act.detail.get("verified", []),
        "said": {name: act.detail[name] for name in _SAID if name in act.detail},
    }


def save_and_tell(node: Node, tx: Tx, service: Service, dossier: Dossier, **more: Any) -> None:
    """Store what was done and send the parent how the branch stands now, with what it has not been sent yet. Of a
    dossier without a parent the national portal is to hear."""
    told_before = dossier.acts - len(dossier.fresh)
    dossiers.save(tx, dossier)
    identity = dossier.identity
    if all(act.verb in _INSIDE for act in dossier.fresh):
        return
    if not (identity.parent_node and identity.parent):
        synchronising.wanted(node, tx, dossier)
        return
    body = outlook(service, dossier, **more)
    if told_before > 1:  # the first act went with the receipt, nothing can be held yet
        held = outbox.take_back(tx, identity.parent_node, PROGRESS, identity.code)
        body["acts"] = [act for earlier in held for act in earlier["acts"]] + body["acts"]
    hold = 0.0 if is_urgent(dossier) else NEWS_WAITS
    outbox.send(
        node, tx, identity.parent_node, PROGRESS, body, case=identity.parent, purpose=service.slug, key=identity.code,
        hold=hold,
    )  # fmt: skip


def is_urgent(dossier: Dossier) -> bool:
    """Whether the parent must act on it, or somebody is waited for."""
    return dossier.state.status in FINAL or dossier.state.waiting in _OUTSIDE
