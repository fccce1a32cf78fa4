"""Evidence about a message, a dossier or a read, from this node: which records of its journal concern it, and to whom
it is shown.

A partner gets its part of what lies between it and us: the messages without their bodies (it has them), the chains of
the records, and the content only of what it wrote itself or asked for. Our own operator gets all of it.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from lienthong.casework import dossiers
from lienthong.exchange import proof
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Answer, Node, Read
from lienthong.kit.storage import Tx

SERVICE = proof.SERVICE
LARGEST = 200_000

_DOSSIERS = "SELECT code, applicant FROM dossier WHERE code = ANY(%(cases)s) OR parent = ANY(%(cases)s) ORDER BY code"
_STREAM = "SELECT 1 FROM journal_entry WHERE stream = %s LIMIT 1"


class Found(msgspec.Struct, frozen=True):
    """What a node has on something: rows of messages, names of records, whose dossiers they are."""

    messages: list[Any]
    streams: list[str]
    people: list[str]

    @property
    def partners(self) -> list[str]:
        return sorted({row.partner for row in self.messages})


def find(tx: Tx, about: str, *, between: str = "") -> Found:
    """All about a message's id, a dossier's code or a read's id; `between` us and one partner only, if it is named."""
    rows = proof.messages(tx, about, between=between)
    cases = sorted({about, *(row.case_code for row in rows)})
    opened = tx.all(_DOSSIERS, {"cases": cases}) if rows or not between else []
    reads = [stream for stream in (f"read/{about}", f"asked/{about}") if tx.one(_STREAM, (stream,))]
    streams = [*(dossiers.stream_of(row.code) for row in opened), *_records(rows), *reads]
    return Found(rows, list(dict.fromkeys(streams)), sorted({row.applicant for row in opened}))


def _records(rows: Sequence[Any]) -> list[str]:
    """The registers' records that receipts name."""
    bodies = [_body(row.receipt) for row in rows if row.receipt]
    named = [body.get("body") for body in bodies if isinstance(body.get("body"), dict)]
    return [f"{one['register']}/{one['key']}" for one in named if one and {"register", "key"} <= set(one)]


def _body(envelope: str) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(envelope)["body"]
    return found


def own(tx: Tx, about: str, found: Found) -> dict[str, Any]:
    """This node's part in full, for its own operator."""
    return proof.part(tx, about, found.messages, found.streams, lambda entry: True, bodies=True)


def part(node: Node, tx: Tx, message: Message) -> Answer:
    """The answerer of `evidence.part`: body `{"about": id or code}`. Raises Refused: unknown, too-large."""
    asker, about = message.header.sender, str(message.body.get("about"))
    found = find(tx, about, between=asker)
    is_theirs = bool(found.messages) or _asked_by(tx, about, asker)
    if not is_theirs:
        raise Refused("unknown", f"nothing between {asker} and {node.name} is about this")
    sent = {row.message for row in found.messages}
    content = proof.part(tx, about, found.messages, found.streams, lambda e: _may_see(e, asker, sent), bodies=False)
    if len(msgspec.json.encode(content)) > LARGEST:
        raise Refused("too-large", "more than an answer holds: ask about a single message")
    return Answer(content, tuple(Read(person, "dossier", ("evidence",)) for person in found.people))


def _asked_by(tx: Tx, read: str, asker: str) -> bool:
    row = tx.one("SELECT payload FROM journal_entry WHERE stream = %s AND number = 1", (f"read/{read}",))
    return bool(row and row.payload) and msgspec.json.decode(row.payload).get("asker") == asker


def _may_see(entry: Any, asker: str, sent: set[str]) -> bool:
    """What followed from the partner's own messages, and what it asked."""
    content = msgspec.json.decode(entry.payload) if entry.payload else {}
    return content.get("by") in sent or (entry.kind == "read" and content.get("asker") == asker)
