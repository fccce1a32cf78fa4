"""Sending: a row in the sender's own transaction, so that an act and its message stand or fall together."""

from typing import Any

import msgspec

from lienthong.exchange import deadlines, envelopes
from lienthong.exchange.envelopes import Header
from lienthong.exchange.node import Done, Node, Outcome, Refusal, Stored
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx

RECEIPT = "exchange.receipt"

_PUT = """
INSERT INTO outbox (message, recipient, key, service, case_code, header, body, signature, signer, created_at, due_at,
    next_at)
SELECT message, recipient, key, service, case_code, header, body, signature, signer, created_at, due_at,
    clock_timestamp() + hold * interval '1 second'
FROM json_to_recordset(%s) AS sent (message text, recipient text, key text, service text, case_code text, header text,
    body text, signature text, signer text, created_at timestamptz, due_at timestamptz, hold float)
"""
_TAKE_BACK = """
DELETE FROM outbox
WHERE recipient = %s AND key = %s AND service = %s AND state = 'waiting' AND attempts = 0
    AND next_at > clock_timestamp()
RETURNING id, body
"""
_TOLD = """
SELECT true FROM outbox WHERE case_code = %s AND recipient = %s AND state <> 'refused'
    AND body::jsonb -> %s::text @> %s::jsonb LIMIT 1
"""


def send(
    node: Node,
    tx: Tx,
    recipient: str,
    service: str,
    body: dict[str, Any],
    *,
    case: str,
    purpose: str,
    key: str = "",
    officer: str = "",
    hold: float = 0.0,
) -> str:
    """Store a message to be delivered once this transaction commits, or `hold` seconds later; returns its id.

    Messages with the same key reach the recipient in the order in which they were stored. Of a held message the sender
    takes care that nothing overtakes it (`take_back`).
    """
    if node.replay and (sent := node.replay.message(recipient, service, case, key or case, body)):
        return sent
    content = msgspec.json.encode(body)
    at = clock.now()
    header = Header(
        id=new_id(),
        sender=node.name,
        recipient=recipient,
        service=service,
        purpose=purpose,
        case=case,
        issued=at,
        expires=at + envelopes.PATIENCE,
        body_hash=envelopes.digest(content),
        key=key or case,
        officer=officer,
        **node.wire_to(recipient),
    )
    signing = node.key.current()
    envelope = envelopes.close(header, content, signing)
    row = {
        "message": header.id, "recipient": recipient, "key": header.key, "service": service, "case_code": case,
        "header": bytes(envelope.header).decode(), "body": content.decode(), "signature": envelope.signature,
        "signer": signing.public.fingerprint, "created_at": at, "hold": hold,
        "due_at": deadlines.due(node, recipient, service, purpose, at),
    }  # fmt: skip
    tx.put(_PUT, row)
    if not hold:
        tx.after_commit(lambda: node.doorbell.ring(recipient))
    return header.id


def take_back(tx: Tx, recipient: str, service: str, key: str) -> list[dict[str, Any]]:
    """Withdraw what is still held for a recipient under a key; the bodies, oldest first."""
    rows = sorted(tx.all(_TAKE_BACK, (recipient, key, service)))
    return [msgspec.json.decode(row.body) for row in rows]


def told(tx: Tx, recipient: str, case: str, part: str, items: list[dict[str, Any]]) -> bool:
    """Whether we sent `recipient` a message of this case, not refused by it, whose list `part` names these items."""
    wanted = msgspec.json.encode(items).decode()
    return bool(tx.value(_TOLD, (case, recipient, part, wanted)))


def settle(node: Node, tx: Tx, recipient: str, message: str, outcome: Outcome, *, case: str, purpose: str) -> None:
    """Tell the sender of a message that was only stored how it ended."""
    send(node, tx, recipient, RECEIPT, {"message": message, **describe(outcome)}, case=case, purpose=purpose)


def describe(outcome: Outcome) -> dict[str, Any]:
    """An outcome as the body of a receipt."""
    match outcome:
        case Done(body):
            return {"outcome": "done", "body": body}
        case Stored():
            return {"outcome": "stored"}
        case Refusal(code, reason):
            return {"outcome": "refused", "code": code, "reason": reason}


def outcome_of(body: dict[str, Any]) -> Outcome:
    """The reverse of `describe`. Raises envelopes.Refused when it is no receipt."""
    match body:
        case {"outcome": "done", "body": dict(result)}:
            return Done(result)
        case {"outcome": "stored"}:
            return Stored()
        case {"outcome": "refused", "code": str(code), "reason": str(reason)}:
            return Refusal(code, reason)
    raise envelopes.Refused("malformed", "not a receipt")


def dead(message: str) -> str:
    """The name of the alert about a message that was parked."""
    return f"dead/{message}"
