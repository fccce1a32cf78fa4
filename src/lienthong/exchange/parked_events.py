"""Events that could not be taken in, and those behind them about the same record: kept, and tried again by itself."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from lienthong.exchange.node import Event, Node
from lienthong.exchange.subscriptions import KEY, Subscription, problem_of
from lienthong.kit import clock
from lienthong.kit.storage import Tx, is_away

FIRST, LONGEST = timedelta(seconds=30), timedelta(hours=1)  # until it is tried again

_PARK = """
INSERT INTO parked_event (publisher, feed, purpose, sequence, subject, event, problem, parked_at, next_at)
VALUES (%(publisher)s, %(feed)s, %(purpose)s, %(sequence)s, %(subject)s, %(event)s, %(problem)s, %(at)s, %(next)s)
"""
_HEADS = f"SELECT DISTINCT ON (subject) * FROM parked_event WHERE {KEY} ORDER BY subject, sequence"
_AGAIN = f"""
UPDATE parked_event SET attempts = %(attempts)s, next_at = %(next)s, problem = %(problem)s
WHERE {KEY} AND sequence = %(sequence)s
"""


def park(tx: Tx, event: Event, problem: str) -> None:
    """Keep an event for later; its subscription goes on."""
    at = clock.now()
    text = msgspec.json.encode(event).decode()
    about = {"publisher": event.publisher, "feed": event.feed, "purpose": event.purpose, "sequence": event.sequence}
    tx.touch(
        _PARK,
        {**about, "subject": event.subject, "event": text, "problem": problem, "at": at, "next": at + FIRST},
    )


def blocked(tx: Tx, subscription: Subscription) -> set[str]:
    """Records with an event parked."""
    rows = tx.all(f"SELECT DISTINCT subject FROM parked_event WHERE {KEY}", subscription.key)
    return {row.subject for row in rows}


def retry(node: Node, subscription: Subscription) -> None:
    """The first parked event of each record whose time has come; what was behind it follows at the next look."""
    at = clock.now()
    with node.database.transaction() as tx:
        heads = [row for row in tx.all(_HEADS, subscription.key) if row.next_at <= at]
    for head in heads:
        with node.database.transaction() as tx:
            _again(node, tx, subscription, head, at)


def _again(node: Node, tx: Tx, subscription: Subscription, head: Any, at: datetime) -> None:
    this = {**subscription.key, "sequence": head.sequence}
    event = msgspec.json.decode(head.event, type=Event)
    try:
        with tx.savepoint():
            node.followers[event.feed](node, tx, event)
    except Exception as error:
        if is_away(error):
            raise
        attempts = head.attempts + 1
        pause = min(LONGEST, FIRST * 2 ** min(attempts, 10))
        tx.touch(_AGAIN, {**this, "attempts": attempts, "next": at + pause, "problem": problem_of(error)})
        return
    tx.touch(f"DELETE FROM parked_event WHERE {KEY} AND sequence = %(sequence)s", this)
    node.on_alert_over(node, tx, alert_of(event), "taken in at a later attempt")
    freed = "UPDATE parked_event SET next_at = %(at)s WHERE " + KEY + " AND subject = %(subject)s"
    tx.touch(freed, {**this, "at": at, "subject": event.subject})


def alert_of(event: Event) -> str:
    """The task that tells of a parked event."""
    return f"parked/{event.id}/{event.purpose}"
