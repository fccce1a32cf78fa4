"""What desk/rules.html is given: each rule that decides without a person, and what people found when they looked."""

from datetime import datetime, timedelta
from typing import Any, Final

from lienthong.casework import automation
from lienthong.desk import pages
from lienthong.exchange.node import Node
from lienthong.kit.storage import Tx

WINDOW: Final = timedelta(days=90)


def rules_of(node: Node) -> dict[str, str]:
    """Rules of this node's own services, with the service each decides for."""
    return {
        step.straight_through: service.card.name.in_language(pages.language())
        for service in node.catalogue.services.values()
        if service.card.handled_by == node.name
        for step in service.process.steps
        if step.straight_through
    }


def listed(node: Node, tx: Tx, at: datetime) -> list[dict[str, Any]]:
    stopped = automation.stopped(tx)
    return [
        {
            "place": place,
            "rule": rule,
            "service": service,
            "stopped": stopped.get(rule),
            "measured": (found := automation.measured(tx, rule, at - WINDOW)),
            "share": _percent(found.share),
            "low": _percent(found.low),
            "high": _percent(found.high),
            "days": WINDOW.days,
        }
        for place, (rule, service) in enumerate(sorted(rules_of(node).items()), start=1)
    ]


def _percent(share: float) -> str:
    """12,3 % the Vietnamese way; English readers get a point."""
    text = f"{100 * share:.1f} %"
    return text if pages.language() == "en" else text.replace(".", ",")
