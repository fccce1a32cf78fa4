"""What a node holds of another, given back after a loss: `exchange.held`, asked page by page by who was restored.

    sent    messages that we sent to the asker, with the receipts it gave
    got     messages that the asker sent us, with the receipts we gave

Only what lies between the two, since a moment or with given ids. Every piece is signed by its author, so nobody is
believed here: what does not prove itself is left out and counted.
"""

import base64
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec

from lienthong.exchange import envelopes
from lienthong.exchange.asking import Question
from lienthong.exchange.directory import TRANSPORT, UnknownNode
from lienthong.exchange.envelopes import Envelope, Header, Message, Refused
from lienthong.exchange.node import Answer, Node, Outcome
from lienthong.exchange.outbox import outcome_of
from lienthong.kit.storage import Tx

SERVICE, PURPOSE, CASE = "exchange.held", "operation", "rejoin"
Kind = Literal["sent", "got"]
MOST = 200
LARGEST_PAGE = 150_000  # compressed
WITHIN = 20.0

_SENT = """
SELECT id::text AS place, message, header, body, signature, receipt FROM outbox
WHERE recipient = %(asker)s AND state <> 'waiting' AND id > %(after)s::bigint
  AND (created_at >= %(since)s OR message = ANY(%(ids)s))
ORDER BY id LIMIT %(limit)s
"""
_GOT = """
SELECT message AS place, message, header, body, signature, receipt FROM inbox
WHERE sender = %(asker)s AND message > %(after)s AND (received_at >= %(since)s OR message = ANY(%(ids)s))
ORDER BY message LIMIT %(limit)s
"""


class Wanted(msgspec.Struct, frozen=True):
    """The body of the question; `after` is the place of the last row of the page before."""

    kind: Kind
    since: datetime
    after: str = ""
    ids: list[str] = []


class Row(msgspec.Struct, frozen=True):
    place: str
    message: str
    header: str
    body: str
    signature: str
    receipt: str | None


@dataclass
class Piece:
    """A message between a partner and us, as both signed it. `outcome` None: no receipt yet. `at` is by our own clock:
    when we signed it, or the receipt for it."""

    partner: str
    ours: bool
    header: Header
    row: Row
    at: datetime
    outcome: Outcome | None = None
    answered: datetime | None = None
    informed: bool = field(default=False)

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.row.body)
        return found

    @property
    def message(self) -> Message:
        header, body = msgspec.Raw(self.row.header.encode()), msgspec.Raw(self.row.body.encode())
        return Message(self.header, self.body, Envelope(header, body, self.row.signature))


def answer(node: Node, tx: Tx, message: Message) -> Answer:
    """The answerer. Raises Refused: malformed, too-large."""
    try:
        wanted = msgspec.convert(message.body, Wanted)
    except msgspec.ValidationError as error:
        raise Refused("malformed", str(error)) from error
    sql, start = (_SENT, wanted.after or "0") if wanted.kind == "sent" else (_GOT, wanted.after)
    about = {"asker": message.header.sender, "since": wanted.since, "ids": wanted.ids, "after": start}
    limit = MOST
    while True:
        rows = [Row(**row._asdict()) for row in tx.all(sql, {**about, "limit": limit})]
        page = zlib.compress(msgspec.json.encode(rows), 6)
        if len(page) <= LARGEST_PAGE:
            return Answer({"rows": base64.b64encode(page).decode(), "more": len(rows) == limit})
        if limit == 1:
            raise Refused("too-large", f"message {rows[0].message} is larger than a page")
        limit = max(1, limit // 4)


def pieces(node: Node, partner: str, kind: Kind, since: datetime, ids: list[str]) -> Iterator[Piece | str]:
    """All that a partner holds; a text instead of a piece says why one is left out. Raises Refused when the partner is
    silent."""
    after, more = "", True
    while more:
        body = msgspec.to_builtins(Wanted(kind, since, after, ids))
        given = node.asker.ask(Question(partner, SERVICE, body, PURPOSE, CASE), within=WITHIN)
        if given is None:
            raise Refused("silent", f"{partner} does not give back what it holds")
        page, more = _page(given.body)
        for row in page:
            after = row.place
            try:
                yield _piece(node, partner, kind == "got", row)
            except Refused as refused:
                yield f"{partner}: message {row.message}: {refused}"


def _page(body: dict[str, Any]) -> tuple[list[Row], bool]:
    try:
        raw = zlib.decompress(base64.b64decode(body["rows"]))
        return msgspec.json.decode(raw, type=list[Row]), bool(body["more"])
    except (KeyError, ValueError, zlib.error) as error:
        raise Refused("malformed", "no page of messages") from error


def _piece(node: Node, partner: str, ours: bool, row: Row) -> Piece:
    """Raises Refused when a signature does not hold, or a receipt is for another message."""
    header = _signed(node, row.header, row.signature, node.name if ours else partner)
    if envelopes.digest(row.body.encode()) != header.body_hash or header.id != row.message:
        raise Refused("altered", "the body is not the one that was signed")
    if header.recipient != (partner if ours else node.name):
        raise Refused("misdirected", f"meant for {header.recipient}")
    piece = Piece(partner, ours, header, row, header.issued)
    if row.receipt is None:
        return piece
    receipt = envelopes.decode(row.receipt.encode())
    given = _signed(node, bytes(receipt.header).decode(), receipt.signature, partner if ours else node.name)
    body = msgspec.json.decode(receipt.body)
    if envelopes.digest(bytes(receipt.body)) != given.body_hash:
        raise Refused("altered", "the receipt is not the one that was signed")
    is_later = body.get("message") == header.id
    if not is_later and given.answers != envelopes.digest(row.header.encode()):
        raise Refused("wrong-receipt", "the receipt belongs to another message")
    piece.outcome, piece.answered = outcome_of(body), given.issued
    if not ours and not is_later:
        piece.at = given.issued
    return piece


def _signed(node: Node, text: str, signature: str, by: str) -> Header:
    try:
        header = msgspec.json.decode(text, type=Header)
        signer = node.directory.signer(by, TRANSPORT, text.encode(), signature)
    except (ValueError, UnknownNode) as error:
        raise Refused("malformed", "a header that does not read") from error
    if header.sender != by or signer is None:
        raise Refused("bad-signature", f"{by} did not sign this")
    return header
