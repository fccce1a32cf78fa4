"""Telling a citizen that a dossier moved: a row of their inbox, in the transaction of the act it tells of.

`told` hears every act of the portal's dossiers (`Node.on_act`). It only writes: who is to be reached where is looked
up by the worker, which spreads the row to e-mail and SMS (`sending`).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import RETURNED, Act
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx
from lienthong.portal.kinds import KINDS

_PUT = "INSERT INTO notice (id, reader, dossier, kind, detail, at, spread) VALUES (%s, %s, %s, %s, %s, %s, %s)"

# What one step forward tells, the weightiest first: a branch that was received and decided at once is told once.
_BY_VERB = {
    "annulled": "annulled",
    "annul": "annulled",
    "correct": "corrected",
    "issue": "issued",
    "refuse": "refused",
    "stop": "stopped",
    "withdraw": "withdrawn",
    "supplement": "supplement",
    "ask_consent": "consent",
    "extend": "promised_again",
    "verify": "extended",
    "receive": "received",
}
_BY_STATE = frozenset({"refused", "stopped", "withdrawn", "annulled"})


def told(node: Node, tx: Tx, dossier: Dossier, act: Act) -> None:
    """Write what the applicant is to hear of one act, if anything. `dossier` stands as the act left it."""
    if dossier.identity.parent:
        return
    if act.verb == "submit":
        _write(tx, dossier, "submitted", {"until": dossier.state.deadline})
    elif act.verb == "progress":
        if kind := _moved(dossier, act):
            _write(tx, dossier, kind, _about(dossier, act, kind))
    elif act.verb in ("withdraw", "stop"):
        _write(tx, dossier, _BY_VERB[act.verb], {"branch": act.branch, "reason": act.reason})


def tell(tx: Tx, reader: str, dossier: str, kind: str, detail: Mapping[str, Any]) -> None:
    """Write one message. What has no short form stays in the inbox."""
    text, inside = msgspec.json.encode(dict(detail)).decode(), not KINDS[kind].short.vi
    tx.run(_PUT, (new_id(), reader, dossier, kind, text, clock.now(), inside))


def _write(tx: Tx, dossier: Dossier, kind: str, detail: Mapping[str, Any]) -> None:
    tell(tx, dossier.identity.applicant, dossier.identity.code, kind, detail)


def _moved(dossier: Dossier, act: Act) -> str:
    """The kind that a branch's news amounts to; empty when it is nobody's news but the agency's."""
    verbs = {done.get("verb") for done in act.detail.get("acts", [])}
    kind = next((kind for verb, kind in _BY_VERB.items() if verb in verbs), "")
    state = act.outlook.get("state", "")
    if not kind and state in _BY_STATE:
        return str(state)
    if kind == "issued" and dossier.state.status == RETURNED:
        return "finished"
    return kind


def _about(dossier: Dossier, act: Act, kind: str) -> dict[str, Any]:
    branch, outlook = dossier.state.branches[act.branch], act.outlook
    asked = outlook.get("asks") or {}
    until = asked.get("until") if kind in ("supplement", "consent") else outlook.get("deadline") or outlook.get("due")
    dated = kind in ("supplement", "consent", "received", "extended", "promised_again")
    return {
        "branch": act.branch,
        "service": branch.service,
        "node": branch.node,
        "reason": outlook.get("reason", "") if kind in _BY_STATE else "",
        "until": until if dated else None,
    }
