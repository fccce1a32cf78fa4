"""What the citizen hears of a result on paper: it was sent by post, it came back, it still lies at the counter."""

from typing import Final

from lienthong.casework import dossiers
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Done, Node, Outcome
from lienthong.kit.storage import Tx
from lienthong.portal import notifying

_KINDS: Final = {"sent": "result_sent", "came-back": "result_back", "reminded": "result_waits"}


def heard(node: Node, tx: Tx, message: Message) -> Outcome:
    """Handle `result.news` of the agency that decided. Raises Refused: malformed, unknown-dossier."""
    body, header = message.body, message.header
    parent = dossiers.load(tx, header.case)
    branch = parent.state.branches.get(str(body.get("branch"))) if parent else None
    if parent is None or branch is None or (branch.node, branch.code) != (header.sender, body.get("dossier")):
        raise Refused("unknown-dossier", "no such branch of theirs")
    kind = _KINDS.get(str(body.get("news")))
    if kind is None:
        raise Refused("malformed", "which news?")
    detail = {
        "branch": body["branch"],
        "service": branch.service,
        "node": branch.node,
        "unit": str(body.get("unit") or ""),
        "tracking": str(body.get("tracking") or "")[:60],
        "reason": str(body.get("reason") or ""),
    }
    notifying.tell(tx, parent.identity.applicant, parent.identity.code, kind, detail)
    return Done()
