"""What e-identity has for a signed-in person: how many agencies wait for their consent. The answer is given there.

Asked at most once a minute and never for long: a page does not wait for e-identity to say this.
"""

from typing import Any

from lienthong.agreements import consents
from lienthong.exchange.asking import Question
from lienthong.exchange.node import Node
from lienthong.identity import validity
from lienthong.identity.types import Account

REMEMBERED = 60  # seconds
WITHIN = 0.4
_KEPT = "asked"


def of(node: Node, account: Account, session: Any) -> dict[str, Any] | None:
    """`open`, how many requests wait, and `url`, where to answer them; None when none does or nobody says."""
    kept: dict[str, Any] = session.get(_KEPT) or {}
    name = next(name for name, card in node.catalogue.nodes.items() if "eid" in card.faces)
    if kept.get("who") != account.number or validity.seconds() - kept["at"] >= REMEMBERED:
        question = Question(name, consents.MINE, {"person": account.number}, consents.PURPOSE, "consents")
        answer = node.asker.ask(question, within=WITHIN)
        waiting = int(answer.body.get("open", 0)) if answer else 0
        session[_KEPT] = kept = {"who": account.number, "at": validity.seconds(), "open": waiting}
    return {"open": kept["open"], "url": f"{node.directory.entry(name).site}/consents"} if kept["open"] else None
