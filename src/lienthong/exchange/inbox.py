"""Receiving: each message once in effect, whatever is sent twice, lost half-way or altered.

A batch is one transaction; every message in it has its own savepoint. The receipt is kept with the message, so a
sender who never saw it gets the same one again.
"""

import logging
from typing import Any

import msgspec

from lienthong.exchange import envelopes
from lienthong.exchange.envelopes import Envelope, Header, Message, Refused
from lienthong.exchange.node import Done, Node, Outcome, Refusal, Sent
from lienthong.exchange.outbox import RECEIPT, describe, outcome_of
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx

LARGEST_BATCH = 50
_log = logging.getLogger(__name__)

_KEEP = """
INSERT INTO inbox (message, sender, service, case_code, header, body, signature, received_at, receipt)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    envelopes: list[Envelope]


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Receipts in the order of the batch; None where the message failed here and should be sent again."""

    receipts: list[Envelope | None]


def receive(node: Node, raw: bytes) -> bytes:
    """Take in a batch; returns the encoded Reply. Raises Refused when it is no batch at all."""
    if len(raw) > LARGEST_BATCH * envelopes.LARGEST:
        raise Refused("too-large", "the batch is too large")
    try:
        batch = msgspec.json.decode(raw, type=Batch)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused("malformed", "not a batch of envelopes") from error
    if len(batch.envelopes) > LARGEST_BATCH:
        raise Refused("too-large", f"a batch holds at most {LARGEST_BATCH} messages")
    opened = [_open(node, envelope) for envelope in batch.envelopes]
    with node.database.transaction() as tx:
        known = _known(tx, [m.header.id for m in opened if isinstance(m, Message)])
        failed: set[str] = set()
        receipts: dict[int, Envelope | None] = {}
        for place in sorted(range(len(opened)), key=lambda i: _case(opened[i])):
            receipts[place] = _take_in(node, tx, opened[place], known, failed)
    return msgspec.json.encode(Reply([receipts[place] for place in range(len(opened))]))


def _open(node: Node, envelope: Envelope) -> Message | tuple[Envelope, Refused]:
    try:
        if len(envelope.header) + len(envelope.body) > envelopes.LARGEST:
            raise Refused("too-large", f"an envelope holds at most {envelopes.LARGEST} bytes")
        return envelopes.open_envelope(envelope, node.directory, recipient=node.name, at=clock.now())
    except Refused as refused:
        return envelope, refused


def _case(message: Message | tuple[Envelope, Refused]) -> str:
    """Batches lock their cases in one order, so that two of them never wait for each other."""
    return message.header.case if isinstance(message, Message) else ""


def _known(tx: Tx, ids: list[str]) -> dict[str, tuple[str, str]]:
    rows = tx.all("SELECT message, header, receipt FROM inbox WHERE message = ANY(%s)", (ids,))
    return {row.message: (row.header, row.receipt) for row in rows}


def _take_in(
    node: Node,
    tx: Tx,
    message: Message | tuple[Envelope, Refused],
    known: dict[str, tuple[str, str]],
    failed: set[str],
) -> Envelope | None:
    """The receipt for one message; None when it, or an earlier one of the same key, could not be handled now."""
    if not isinstance(message, Message):
        envelope, refused = message
        log_refusal(tx, envelope, refused)
        return _receipt(node, envelope.hash, "", Refusal(refused.code, refused.reason))
    header = message.header
    if header.id in known:
        kept, receipt = known[header.id]
        if kept.encode() != bytes(message.envelope.header):
            return _receipt(node, message.envelope.hash, header.sender, Refusal("replayed", "this id was used before"))
        return msgspec.json.decode(receipt, type=Envelope)
    if header.key in failed:
        return None
    try:
        with tx.savepoint():
            outcome = _handle(node, tx, message)
            receipt_envelope = _receipt(node, message.envelope.hash, header.sender, outcome)
            _keep(tx, message, receipt_envelope)
    except Exception:
        _log.exception("message %s (%s) failed here; its sender will send it again", header.id, header.service)
        failed.add(header.key)
        return None
    known[header.id] = (bytes(message.envelope.header).decode(), msgspec.json.encode(receipt_envelope).decode())
    return receipt_envelope


def _handle(node: Node, tx: Tx, message: Message) -> Outcome:
    """Who may do what is checked here, before any handler sees the message: default deny."""
    header = message.header
    if header.service == RECEIPT:
        return _hear_receipt(node, tx, message)
    handler = node.handlers.get(header.service)
    if handler is None:
        return Refusal("unknown-service", header.service)
    if not node.catalogue.permits(header.sender, header.service, header.purpose, clock.today()):
        log_refusal(tx, message.envelope, Refused("no-right", f"{header.sender} has no right to {header.service}"))
        return Refusal("no-right", f"{header.sender} may not call {header.service} for {header.purpose}")
    try:
        with tx.savepoint():
            return handler(node, tx, message)
    except Refused as refused:
        return Refusal(refused.code, refused.reason)


def _hear_receipt(node: Node, tx: Tx, message: Message) -> Outcome:
    """A later word on something we sent: only its recipient can say it, and only once."""
    body = dict(message.body)
    sent = tx.one(
        "UPDATE outbox SET state = %(state)s, receipt = %(receipt)s, settled_at = %(at)s"
        " WHERE message = %(message)s AND recipient = %(sender)s AND state = 'stored'"
        " RETURNING message, recipient, service, case_code, body",
        {
            "message": body.pop("message", None),
            "sender": message.header.sender,
            "state": "done" if isinstance(outcome := outcome_of(body), Done) else "refused",
            "receipt": msgspec.json.encode(message.envelope).decode(),
            "at": clock.now(),
        },
    )
    if sent is None:
        return Refusal("not-waiting", "no message of ours waits for this receipt")
    inform(node, tx, sent, outcome)
    return Done()


def inform(node: Node, tx: Tx, row: Any, outcome: Outcome) -> None:
    """Tell the room that sent a message (an outbox row) how it ended."""
    settler = node.settlers.get(row.service)
    if settler is not None:
        sent = Sent(row.message, row.recipient, row.service, row.case_code, msgspec.json.decode(row.body))
        settler(node, tx, sent, outcome)


def _keep(tx: Tx, message: Message, receipt: Envelope) -> None:
    header, envelope = message.header, message.envelope
    text = (bytes(envelope.header).decode(), bytes(envelope.body).decode(), envelope.signature)
    at, kept = clock.now(), msgspec.json.encode(receipt).decode()
    tx.run(_KEEP, (header.id, header.sender, header.service, header.case, *text, at, kept))


def _receipt(node: Node, answers: str, recipient: str, outcome: Outcome) -> Envelope:
    body = msgspec.json.encode(describe(outcome))
    at = clock.now()
    header = Header(
        id=new_id(),
        sender=node.name,
        recipient=recipient,
        service=RECEIPT,
        purpose="receipt",
        case="",
        issued=at,
        expires=at + envelopes.PATIENCE,
        body_hash=envelopes.digest(body),
        answers=answers,
    )
    return envelopes.close(header, body, node.key)


def log_refusal(tx: Tx, envelope: Envelope, refused: Refused) -> None:
    """Keep what was refused and why: an attack leaves a trace, a mistake a clue. Nothing of the body is kept."""
    content = {"header": bytes(envelope.header).decode(errors="replace")[:4000], "code": refused.code}
    entries.append(tx, f"refusal/{new_id()}", "refusal", {**content, "reason": refused.reason}, at=clock.now())
