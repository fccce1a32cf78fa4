"""Receiving: each message once in effect, whatever is sent twice, lost half-way or altered.

A batch is one transaction. It is taken in without savepoints first; when any message of it fails, everything is undone
and taken in once more with a savepoint for each message. The receipt is kept with the message, so a sender who never
saw it gets the same one again.
"""

import logging
from collections.abc import Set
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import msgspec

from lienthong.exchange import contact, envelopes, resigning, validity
from lienthong.exchange.envelopes import Envelope, Header, Message, Refused
from lienthong.exchange.node import Done, Node, Outcome, Refusal, Sent, Stored
from lienthong.exchange.outbox import RECEIPT, dead, describe, outcome_of
from lienthong.journal import entries
from lienthong.kit import clock, failpoints
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx, is_away

LARGEST_BATCH = 50  # that a partner of wire 1 takes
LARGEST_BATCH_NOW = 200
LARGEST_POST = LARGEST_BATCH * envelopes.LARGEST
_log = logging.getLogger(__name__)

_KEEP = """
INSERT INTO inbox (message, sender, service, case_code, header, body, signature, received_at, receipt)
SELECT message, sender, service, case_code, header, body, signature, received_at, receipt
FROM json_to_recordset(%s) AS kept (message text, sender text, service text, case_code text, header text, body text,
    signature text, received_at timestamptz, receipt text)
"""


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    envelopes: list[Envelope]


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Receipts in the order of the batch; None where the message failed here and should be sent again."""

    receipts: list[Envelope | None]


def receive(node: Node, raw: bytes) -> bytes:
    """Take in a batch; returns the encoded Reply. Raises Refused when it is no batch at all."""
    if len(raw) > LARGEST_POST:
        raise Refused("too-large", "the batch is too large")
    try:
        batch = msgspec.json.decode(raw, type=Batch)
    except (ValueError, RecursionError) as error:
        raise Refused("malformed", "not a batch of envelopes") from error
    if len(batch.envelopes) > LARGEST_BATCH_NOW:
        raise Refused("too-large", f"a batch holds at most {LARGEST_BATCH_NOW} messages")
    opened = [_open(node, envelope) for envelope in batch.envelopes]
    for sender in {message.header.sender for message in opened if isinstance(message, Message)}:
        contact.heard(node, sender)
    for message in opened:
        if isinstance(message, Message):
            contact.look(node, message)
    absent = node.prepare(node, [message for message in opened if isinstance(message, Message)])
    node = node.at_hand()
    try:
        receipts = _take_all(node, opened, absent, careful=False)
    except Exception as error:
        if is_away(error):
            raise
        _log.warning("a batch of %d is taken in one by one: %s", len(opened), type(error).__name__)
        receipts = _take_all(node, opened, absent, careful=True)
    failpoints.here(failpoints.AFTER_HANDLING)
    return msgspec.json.encode(Reply(receipts))


def _take_all(
    node: Node, opened: list[Message | tuple[Envelope, Refused]], absent: Set[str], *, careful: bool
) -> list[Envelope | None]:
    receipts: dict[int, Envelope | None] = {}
    with node.database.transaction() as tx:
        taking = _Taking(node, tx, careful, absent, _known(tx, list(filter(None, map(_id, opened)))))
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


def _id(opened: Message | tuple[Envelope, Refused]) -> str:
    """The id of a message that is, or was once, signed as it should be; else nothing."""
    if isinstance(opened, Message):
        return opened.header.id
    envelope, refused = opened
    timely = refused.code not in validity.OUT_OF_TIME
    return "" if timely else msgspec.json.decode(envelope.header, type=Header).id


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

    def __init__(self, node: Node, tx: Tx, careful: bool, absent: Set[str], known: dict[str, tuple[str, str]]) -> None:
        self._node, self._tx, self._careful, self._absent, self._known = node, tx, careful, absent, known
        self._failed: set[str] = set()

    def take_in(self, message: Message | tuple[Envelope, Refused]) -> Envelope | None:
        """The receipt for one message; None when it, or an earlier one of the same key, could not be handled now."""
        if not isinstance(message, Message):
            envelope, refused = message
            if _id(message) in self._known:  # taken in while the key that signed it still counted
                return self._again(_id(message), envelope, "")
            log_refusal(self._tx, envelope, refused)
            return receipt_for(self._node, envelope.hash, "", Refusal(refused.code, refused.reason))
        header = message.header
        if header.id in self._known:
            return self._again(header.id, message.envelope, header.sender)
        if header.key in self._failed or header.id in self._absent:
            self._failed.add(header.key)
            return None
        try:
            with self._savepoint():
                outcome = self._handle(message)
                receipt = receipt_for(self._node, message.envelope.hash, header.sender, outcome)
                self._tx.put(_KEEP, _kept(message, receipt))
        except Exception as error:
            if not self._careful or is_away(error):
                raise
            _log.exception("message %s (%s) failed here; its sender will send it again", header.id, header.service)
            self._failed.add(header.key)
            return None
        text = msgspec.json.encode(receipt).decode()
        self._known[header.id] = (bytes(message.envelope.header).decode(), text)
        return receipt

    def _again(self, known: str, envelope: Envelope, sender: str) -> Envelope:
        """A message we have: the same receipt; the same id with other content is refused."""
        kept, receipt = self._known[known]
        if kept.encode() != bytes(envelope.header):
            refusal = Refusal("replayed", "used before")
            log_refusal(self._tx, envelope, Refused(refusal.code, refusal.reason))
            return receipt_for(self._node, envelope.hash, sender, refusal)
        return resigning.receipt(self._node, msgspec.json.decode(receipt, type=Envelope))

    def _handle(self, message: Message) -> Outcome:
        """Who may do what is checked here, before any handler sees the message: default deny."""
        node, tx, header = self._node, self._tx, message.header
        handler = hear_receipt if header.service == RECEIPT else node.handlers.get(header.service)
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


def hear_receipt(node: Node, tx: Tx, message: Message) -> Outcome:
    """A later word on something we sent: only its recipient has it, and only once. It may overtake the first one."""
    outcome = outcome_of(message.body)
    if isinstance(outcome, Stored):
        raise Refused("malformed", "a later word says how it ended")
    sent = tx.one(
        "UPDATE outbox SET state = %(state)s, receipt = %(receipt)s, settled_at = %(at)s"
        " WHERE message = %(message)s AND recipient = %(sender)s AND state IN ('waiting', 'stored', 'parked')"
        " RETURNING message, recipient, service, case_code, body, parked_at",
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
    """Tell the room that sent a message (an outbox row) how it ended, and whoever was alerted that it has."""
    if row.parked_at is not None:
        node.on_alert_over(node, tx, dead(row.message), "delivered")
    settler = node.settlers.get(row.service)
    if settler is not None:
        sent = Sent(row.message, row.recipient, row.service, row.case_code, msgspec.json.decode(row.body))
        settler(node, tx, sent, outcome)


def _kept(message: Message, receipt: Envelope) -> dict[str, Any]:
    """A row of the inbox."""
    header, envelope = message.header, message.envelope
    return {
        "message": header.id, "sender": header.sender, "service": header.service, "case_code": header.case,
        "header": bytes(envelope.header).decode(), "body": bytes(envelope.body).decode(),
        "signature": envelope.signature, "received_at": clock.now(), "receipt": msgspec.json.encode(receipt).decode(),
    }  # fmt: skip


def receipt_for(node: Node, answers: str, recipient: str, outcome: Outcome) -> Envelope:
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
        **node.wire_to(recipient),
    )
    return envelopes.close(header, body, node.key)


def log_refusal(tx: Tx, envelope: Envelope, refused: Refused) -> None:
    """Keep what was refused and why: an attack leaves a trace, a mistake a clue. Nothing of the body is kept."""
    content = {"header": bytes(envelope.header).decode(errors="replace")[:4000], "code": refused.code}
    entries.append(tx, f"refusal/{new_id()}", "refusal", {**content, "reason": refused.reason}, at=clock.now())
