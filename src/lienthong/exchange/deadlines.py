"""How long a message may take: its right says so. A kind that is late is told to its owner once, and again when it is
delivered. (Decree 63/2024/NĐ-CP as amended by 301/2026/NĐ-CP: synchronised in ten minutes, a filing in two hours.)

`10m` are minutes, `2h` hours, `2wh` hours of working days.
"""

from datetime import datetime, timedelta

from lienthong.catalogue.holdings import TEN_MINUTES, Right
from lienthong.exchange.node import Alert, Node
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.kit.worktime import NoCalendar

OPERATOR = "operator"

_LATE = """
SELECT recipient, service, count(*) AS messages, min(created_at) AS since FROM outbox
WHERE state IN ('waiting', 'stored', 'parked') AND due_at <= %s GROUP BY recipient, service
"""
_KNOWN = "SELECT recipient, service FROM late_delivery"
_KEEP = "INSERT INTO late_delivery (recipient, service, since) VALUES (%s, %s, %s)"
_FORGET = "DELETE FROM late_delivery WHERE recipient = %s AND service = %s"


def due(node: Node, recipient: str, service: str, purpose: str, at: datetime) -> datetime:
    """When a message sent now should have been taken."""
    rights = node.catalogue.rights
    within = next((r.within for r in rights if _is_about(r, node.name, recipient, service, purpose)), TEN_MINUTES)
    if within.endswith("wh"):
        return _working(node, at, int(within[:-2]))
    return at + (timedelta(minutes=int(within[:-1])) if within.endswith("m") else timedelta(hours=int(within[:-1])))


def _working(node: Node, at: datetime, hours: int) -> datetime:
    """Working hours on; where no calendar reaches so far, the hours alone: it is told of too early, and it is sent."""
    try:
        return node.catalogue.calendar.after_hours(at, hours)
    except NoCalendar:
        return at + timedelta(hours=hours)


def _is_about(right: Right, sender: str, recipient: str, service: str, purpose: str) -> bool:
    return right.is_for(service, purpose) and right.grantor in (recipient, "*") and right.grantee in (sender, "*")


def look(node: Node, tx: Tx) -> int:
    """Tell of kinds of messages that have become late, and of those that no longer are; how many became late."""
    late = {(row.recipient, row.service): row for row in tx.all(_LATE, (clock.now(),))}
    known = {(row.recipient, row.service) for row in tx.all(_KNOWN)}
    for kind in sorted(late.keys() - known):
        row = late[kind]
        tx.touch(_KEEP, (*kind, clock.now()))
        node.on_alert(node, tx, _alert(row.recipient, row.service, row.messages, row.since))
    for kind in sorted(known - late.keys()):
        tx.touch(_FORGET, kind)
        node.on_alert_over(node, tx, name(*kind), "delivered")
    return len(late.keys() - known)


def _alert(recipient: str, service: str, messages: int, since: datetime) -> Alert:
    detail = {"recipient": recipient, "service": service, "messages": messages, "since": since.isoformat()}
    return Alert("alert", name(recipient, service), service, OPERATOR, detail)


def name(recipient: str, service: str) -> str:
    """The name of the alert about a kind of message."""
    return f"late/{recipient}/{service}"
