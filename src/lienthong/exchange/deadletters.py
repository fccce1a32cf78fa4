"""Messages that were parked: listed, sent again singly or in bulk, or given up. Each deed is in the journal with who.

A parked message holds its key. Sent again it goes before what waits behind it; given up, its sender's room hears a
refusal, and what waits behind it goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lienthong.exchange.inbox import inform
from lienthong.exchange.node import Node, Refusal
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx

MORE_ATTEMPTS = 3
GIVEN_UP = "given-up"
AT_ONCE = 500
LONGEST_REASON = 500

_CHOSEN = """
state = 'parked' AND (%(messages)s::text[] IS NULL OR message = ANY(%(messages)s))
    AND %(to)s IN ('', recipient) AND %(service)s IN ('', service)
    AND parked_at <= %(now)s - %(older)s * interval '1 second'
"""
_LIST = f"""
SELECT message, recipient, service, case_code, created_at, parked_at, attempts, problem FROM outbox
WHERE {_CHOSEN} ORDER BY id LIMIT %(limit)s
"""
_RESEND = f"""
UPDATE outbox SET state = 'waiting', parks_at = attempts + {MORE_ATTEMPTS}, next_at = clock_timestamp()
WHERE id IN (SELECT id FROM outbox WHERE {_CHOSEN} ORDER BY id LIMIT %(limit)s FOR UPDATE)
RETURNING message, recipient
"""
_GIVE_UP = """
UPDATE outbox SET state = 'refused', problem = %s, settled_at = %s WHERE message = %s AND state = 'parked'
RETURNING message, recipient, service, case_code, body, parked_at
"""
_BEHIND = """
SELECT count(*) FROM outbox held JOIN outbox o ON o.recipient = held.recipient AND o.key = held.key AND o.id > held.id
WHERE held.message = %s AND o.state = 'waiting'
"""


@dataclass(frozen=True)
class Which:
    """Parked messages: these, or all; to one node, of one service, parked for so many seconds."""

    messages: Sequence[str] | None = None
    to: str = ""
    service: str = ""
    older: float = 0.0


def parked(tx: Tx, which: Which, limit: int = AT_ONCE) -> list[Any]:
    """Message, recipient, service, case_code, created_at, parked_at, attempts and problem of each, the oldest first."""
    return tx.all(_LIST, _told(which, limit))


def resend(node: Node, tx: Tx, which: Which, by: str) -> list[str]:
    """Send the oldest of them again, at most AT_ONCE; their ids. What fails again is parked after a few attempts."""
    rows = tx.all(_RESEND, _told(which, AT_ONCE))
    messages = [row.message for row in rows]
    if messages:
        _write_down(tx, {"verb": "resend", "by": by, "messages": messages})
    for recipient in {row.recipient for row in rows}:
        tx.after_commit(lambda recipient=recipient: node.doorbell.ring(recipient))  # type: ignore[misc]
    return messages


def give_up(node: Node, tx: Tx, message: str, by: str, reason: str) -> bool:
    """End a parked message; the room that sent it hears a refusal. False when it is not parked any more.

    Raises ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("required")
    row = tx.one(_GIVE_UP, (f"{GIVEN_UP}: {reason[:LONGEST_REASON]}", clock.now(), message))
    if row is None:
        return False
    _write_down(tx, {"verb": "give-up", "by": by, "messages": [message], "reason": reason[:LONGEST_REASON]})
    inform(node, tx, row, Refusal(GIVEN_UP, reason[:LONGEST_REASON]))
    tx.after_commit(lambda: node.doorbell.ring(row.recipient))
    return True


def behind(tx: Tx, message: str) -> int:
    """How many messages of the same key wait behind a parked one."""
    return int(tx.value(_BEHIND, (message,)))


def _told(which: Which, limit: int) -> dict[str, Any]:
    messages = None if which.messages is None else list(which.messages)
    return {"messages": messages, "to": which.to, "service": which.service, "older": which.older, "now": clock.now(),
            "limit": limit}  # fmt: skip


def _write_down(tx: Tx, deed: dict[str, Any]) -> None:
    entries.append(tx, f"delivery/{new_id()}", "act", deed, at=clock.now())
