"""Receiving: each message once in effect, whatever is sent twice, lost half-way or altered.

A batch is one transaction. It is taken in without savepoints first; when any message of it fails, everything is undone
and taken in once more with a savepoint for each message. The receipt is kept with the message, so a sender who never
saw it gets the same one again.
"""

import logging
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import msgspec

from lienthong.exchange import envelopes
from lienthong.exchange.envelopes import Envelope, Header, Message, Refused
from lienthong.exchange.node import Done, Node, Outcome, Refusal, Sent, Stored
from lienthong.exchange.outbox import RECEIPT, describe, outcome_of
from lienthong.journal import entries
from lienthong.kit import clock, failpoints
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
    except (ValueError, RecursionError) as error:
        raise Refused("malformed", "not a batch of envelopes") from error
    if len(batch.envelopes) > LARGEST_BATCH:
        raise Refused("too-large", f"a batch holds at most {LARGEST_BATCH} messages")
    opened = [_open(node, envelope) for envelope in batch.envelopes]
    try:
        receipts = _take_all(node, opened, careful=False)
    except Exception as error:
        _log.warning("a batch of %d is taken in one by one: %s", len(opened), type(error).__name__)
        receipts = _take_all(node, opened, careful=True)
    failpoints.here(failpoints.AFTER_HANDLING)
    return msgspec.json.encode(Reply(receipts))


def _take_all(node: Node, opened: list[Message | tuple[Envelope, Refused]], *, careful: bool) -> list[Envelope | None]:
    receipts: dict[int, Envelope | None] = {}
    with node.database.transaction() as tx:
        taking = _Taking(node, tx, careful, _known(tx, [m.header.id for m in opened if isinstance(m, Message)]))
        for place in _in_order(opened):
            receipts[place] = taking.take_in(opened[place])
    return [receipts[place] for place in range(len(opened))]


def _open(node: Node, envelope: Envelope) -> Message | tuple[Envelope, Refused]:
    try:
        if len(envelope.header) + len(envelope.body) > envelopes.LARGEST:
            raise Refused("too-large", f"an envelope holds at most {envelopes.LARGEST} bytes")
        return envelopes.open_envelope(envelope, node.directory, recipient=node.name, at=clock.now())
    except Refused as refused:
        return envelope, refused


def _in_order(opened: list[Message | tuple[Envelope, Refused]]) -> list[int]:
    """Places in the batch, by case: two batches that lock their cases in one order never wait for each other. Messages
    of one key stay as they were sent."""
    latest: dict[str, str] = {}
    turns = []
    for place, message in enumerate(opened):
        case = ""
        if isinstance(message, Message):
            case = latest[message.header.key] = max(message.header.case, latest.get(message.header.key, ""))
        turns.append((case, place))
    return [place for _, place in sorted(turns)]


def _known(tx: Tx, ids: list[str]) -> dict[str, tuple[str, str]]:
    rows = tx.all("SELECT message, header, receipt FROM inbox WHERE message = ANY(%s)", (ids,))
    return {row.message: (row.header, row.receipt) for row in rows}


class _Taking:
    """One pass over a batch. Careful, it gives each message a savepoint and goes on after a failure; otherwise the
    first failure ends it."""

    def __init__(self, node: Node, tx: Tx, careful: bool, known: dict[str, tuple[str, str]]) -> None:
        self._node, self._tx, self._careful, self._known = node, tx, careful, known
        self._failed: set[str] = set()

    def take_in(self, message: Message | tuple[Envelope, Refused]) -> Envelope | None:
        """The receipt for one message; None when it, or an earlier one of the same key, could not be handled now."""
        if not isinstance(message, Message):
            envelope, refused = message
            log_refusal(self._tx, envelope, refused)
            return _receipt(self._node, envelope.hash, "", Refusal(refused.code, refused.reason))
        header = message.header
        if header.id in self._known:
            return self._again(message)
        if header.key in self._failed:
            return None
        try:
            with self._savepoint():
                outcome = self._handle(message)
                receipt = _receipt(self._node, message.envelope.hash, header.sender, outcome)
                _keep(self._tx, message, receipt)
        except Exception:
            if not self._careful:
                raise
            _log.exception("message %s (%s) failed here; its sender will send it again", header.id, header.service)
            self._failed.add(header.key)
            return None
        text = msgspec.json.encode(receipt).decode()
        self._known[header.id] = (bytes(message.envelope.header).decode(), text)
        return receipt

    def _again(self, message: Message) -> Envelope:
        """A message we have: the same receipt; the same id with other content is refused."""
        kept, receipt = self._known[message.header.id]
        if kept.encode() != bytes(message.envelope.header):
            refusal = _deny(self._tx, message, "replayed", "used before")
            return _receipt(self._node, message.envelope.hash, message.header.sender, refusal)
        return msgspec.json.decode(receipt, type=Envelope)

    def _handle(self, message: Message) -> Outcome:
        """Who may do what is checked here, before any handler sees the message: default deny."""
        node, tx, header = self._node, self._tx, message.header
        handler = _hear_receipt if header.service == RECEIPT else node.handlers.get(header.service)
        if handler is None:
            return _deny(tx, message, "unknown-service", header.service)
        if header.service != RECEIPT and not node.catalogue.permits(
            header.sender, header.service, header.purpose, clock.today()
        ):
            return _deny(tx, message, "no-right", f"{header.sender} may not call {header.service} for {header.purpose}")
        try:
            with self._savepoint():
                return handler(node, tx, message)
        except Refused as refused:
            if not self._careful:
                raise
            return Refusal(refused.code, refused.reason)

    def _savepoint(self) -> AbstractContextManager[None]:
        return self._tx.savepoint() if self._careful else nullcontext()


def _deny(tx: Tx, message: Message, code: str, reason: str) -> Refusal:
    log_refusal(tx, message.envelope, Refused(code, reason))
    return Refusal(code, reason)


def _hear_receipt(node: Node, tx: Tx, message: Message) -> Outcome:
    """A later word on something we sent: only its recipient has it, and only once. It may overtake the first one."""
    outcome = outcome_of(message.body)
    if isinstance(outcome, Stored):
        raise Refused("malformed", "a later word says how it ended")
    sent = tx.one(
        "UPDATE outbox SET state = %(state)s, receipt = %(receipt)s, settled_at = %(at)s"
        " WHERE message = %(message)s AND recipient = %(sender)s AND state IN ('waiting', 'stored', 'parked')"
        " RETURNING message, recipient, service, case_code, body",
        {
            "message": str(message.body.get("message")),
            "sender": message.header.sender,
            "state": "done" if isinstance(outcome, Done) else "refused",
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
