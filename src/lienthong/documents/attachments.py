"""Files that go with a dossier: kept where they were handed in, filed with it, fetched by the agency that decides.

A filing carries the manifest: what each file is, and its hash. The agency keeps the manifest as files expected
(`expect`), its worker fetches them piece by piece (`fetching`), and the portal answers (`read`) only a node to which
it sent just that file in just that case: a message it signed is the evidence, not the asker's word.

A paper that its owner has already is not handed in again: its entry says where it lies (`Reused`), and the agency opens
it there (casework.store).
"""

import base64
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from lienthong.documents import contents
from lienthong.documents.contents import Content
from lienthong.documents.refusing import NotTaken
from lienthong.exchange import outbox
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Answer, Node, Read
from lienthong.kit import clock
from lienthong.kit.storage import Tx

SERVICE: Final = "attachment.read"
OPEN: Final = "store.open"  # of a paper in its owner's store
OPEN_PURPOSE: Final = "reuse"
REGISTER: Final = "attachments"  # as reads of them are logged; no declared register
MOST_FILES: Final = 10
PIECE: Final = 128 * 1024  # as base64 still well below what an envelope may hold
_KIND = r"^[a-z][a-z0-9_]{0,60}$"
NEVER: Final = datetime.max.replace(tzinfo=clock.ZONE)  # not to be fetched: it is opened where it lies
_MANIFEST = "id, kind, name, type, size, sha256, reused"
_WHOLE = f"SELECT {_MANIFEST}, case_code, origin, purpose, content, problem FROM attachment"
_KEEP = """
INSERT INTO attachment (id, case_code, holder, kind, name, type, size, sha256, content, reused, created_at, next_at)
SELECT %(id)s, %(case)s, %(holder)s, %(kind)s, %(name)s, %(type)s, %(size)s, %(sha256)s, %(content)s, %(reused)s,
    %(at)s, %(next)s
WHERE (SELECT count(*) FROM attachment WHERE case_code = %(case)s AND filed_at IS NULL) < %(most)s
"""
_EXPECT = """
INSERT INTO attachment (id, case_code, kind, name, type, size, sha256, reused, origin, purpose, proofs, created_at,
    filed_at, next_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING
"""
_ARRIVED = "SELECT id FROM attachment WHERE id = ANY(%s) AND (content IS NOT NULL OR next_at = %s)"
_OPENED = "INSERT INTO attachment_reader (attachment, node, first_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"


class Reused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A paper in its owner's store: the node that keeps it, its identifier there, whether it is a component of an
    earlier dossier or a result, its national code and what is written on it."""

    node: str
    paper: str
    origin: Literal["component", "result"]
    code: str
    title: str
    number: str = ""
    issuer: str = ""
    issued_on: str = ""
    part: int = 0


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A file as a filing names it. `kind` is the paper's name in the form, `name` what people call it; `reused` where
    it lies when it was not handed in."""

    id: str
    kind: str
    name: str
    type: str
    size: int
    sha256: str
    reused: Reused | None = None


class Kept(msgspec.Struct, frozen=True):
    """An attachment of this node's; `content` None while it has not arrived."""

    entry: Entry
    case: str
    origin: str
    purpose: str
    content: bytes | None
    problem: str


# where it was handed in


def keep(tx: Tx, file: str, case: str, holder: str, kind: str, name: str, content: Content) -> Entry:
    """Keep a checked file for a draft or an answer; the same file again is the one that is there.

    Raises NotTaken: file-too-many.
    """
    for there in of(tx, case):
        if (there.kind, there.sha256) == (kind, content.sha256):
            return there
    shown = contents.name_for(name, content.type)
    entry = Entry(file, kind, shown, content.type, len(content.data), content.sha256)
    _put(tx, entry, case, holder, content.data, clock.now())
    return entry


def refer(tx: Tx, case: str, holder: str, entry: Entry) -> Entry:
    """Name a paper that its owner has already, instead of a file; the same again is the one that is there.

    Raises NotTaken: file-too-many.
    """
    for there in of(tx, case):
        if (there.kind, there.reused) == (entry.kind, entry.reused):
            return there
    _put(tx, entry, case, holder, None, NEVER)
    return entry


def _put(tx: Tx, entry: Entry, case: str, holder: str, data: bytes | None, fetched: datetime) -> None:
    told = {**msgspec.structs.asdict(entry), "reused": _written(entry), "case": case, "holder": holder}
    if not tx.touch(_KEEP, {**told, "content": data, "at": clock.now(), "next": fetched, "most": MOST_FILES}):
        raise NotTaken("file-too-many")


def _written(entry: Entry) -> str:
    return msgspec.json.encode(entry.reused).decode() if entry.reused else ""


def _entry(*row: Any) -> Entry:
    """A row of _MANIFEST."""
    made, written = Entry(*row[:6]), row[6]
    return msgspec.structs.replace(made, reused=msgspec.json.decode(written, type=Reused)) if written else made


def of(tx: Tx, case: str) -> list[Entry]:
    """What is kept for a draft or an answer and not filed yet."""
    rows = tx.all(
        f"SELECT {_MANIFEST} FROM attachment WHERE case_code = %s AND filed_at IS NULL ORDER BY created_at, id", (case,)
    )
    return [_entry(*row) for row in rows]


def known(tx: Tx, file: str) -> Kept | None:
    """A file wherever it belongs, without its content. Who may see it is decided by its case."""
    row = tx.one(
        f"SELECT {_MANIFEST}, case_code, origin, purpose, NULL, problem FROM attachment WHERE id = %s", (file,)
    )
    return _whole(row) if row else None


def content(tx: Tx, file: str) -> bytes | None:
    found = tx.value("SELECT content FROM attachment WHERE id = %s", (file,))
    return None if found is None else bytes(found)


def remove(tx: Tx, file: str, case: str) -> None:
    """Forget a file that is not part of a dossier yet."""
    tx.run("DELETE FROM attachment WHERE id = %s AND case_code = %s AND filed_at IS NULL", (file, case))


def filed(tx: Tx, case: str, code: str) -> list[Entry]:
    """Make what was prepared under `case` part of the dossier `code`: its manifest. Nobody can change it after."""
    entries = of(tx, case)
    tx.run(
        "UPDATE attachment SET case_code = %s, filed_at = %s WHERE case_code = %s AND filed_at IS NULL",
        (code, clock.now(), case),
    )
    return entries


def find(tx: Tx, file: str, case: str) -> Kept | None:
    """An attachment of a dossier, with its content when it is here."""
    row = tx.one(f"{_WHOLE} WHERE id = %s AND case_code = %s AND filed_at IS NOT NULL", (file, case))
    return _whole(row) if row else None


def _whole(row: Any) -> Kept:
    *entry, case, origin, purpose, content, problem = row
    return Kept(_entry(*entry), case, origin, purpose, None if content is None else bytes(content), problem)


def arrived(tx: Tx, files: Iterable[str]) -> set[str]:
    """Which of these attachments are here, as files or in this node's own store."""
    rows = tx.all(_ARRIVED, (list(files), NEVER))
    return {row.id for row in rows}


# where it is needed


def expect(
    tx: Tx, manifest: Any, *, origin: str, case: str, purpose: str, proofs: Sequence[str] = (), here: str = ""
) -> list[Entry]:
    """Note the files that a filing names; the worker fetches them, each where it lies; what lies in this node's own
    store (`here` is its name) is opened there. Raises Refused: invalid."""
    entries = checked(manifest)
    at, shown = clock.now(), msgspec.json.encode(list(proofs)).decode()
    for entry in entries:
        told = (entry.id, case, entry.kind, entry.name, entry.type, entry.size, entry.sha256, _written(entry))
        where = (entry.reused.node, OPEN_PURPOSE, shown) if entry.reused else (origin, purpose, "[]")
        tx.run(_EXPECT, (*told, *where, at, at, NEVER if where[0] == here else at))
    return entries


def checked(manifest: Any) -> list[Entry]:
    """A manifest as sent by another node. Raises Refused: invalid."""
    try:
        entries = msgspec.convert(manifest, list[Entry])
    except msgspec.ValidationError as error:
        raise Refused("invalid", f"attachments: {error}") from error
    if len(entries) > MOST_FILES * 3 or not all(_sound(entry) for entry in entries):
        raise Refused("invalid", "attachments: a manifest names files of known types and sizes, each with its hash")
    return entries


def _sound(entry: Entry) -> bool:
    shapes = ((r"[0-9a-f-]{36}", entry.id), (_KIND, entry.kind), (r"[0-9a-f]{64}", entry.sha256))
    fits = all(re.fullmatch(shape, text) for shape, text in shapes) and 0 < entry.size <= contents.LARGEST_KEPT
    return fits and entry.type in contents.TYPES and entry.name == contents.name_for(entry.name, entry.type)


# the answer


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    attachment: str
    offset: int


def read(node: Node, tx: Tx, message: Message) -> Answer:
    """A piece of a file, for a node to which this one sent it. The first piece is logged as a read of its holder.

    Raises Refused: malformed, no-right, not-begun, unknown-attachment.
    """
    try:
        wanted = msgspec.convert(message.body, Wanted)
    except msgspec.ValidationError as error:
        raise Refused("malformed", str(error)) from error
    header = message.header
    if not outbox.told(tx, header.sender, header.case, "attachments", [{"id": wanted.attachment}]):
        raise Refused("no-right", f"{header.sender} was not sent this file in this case")
    row = tx.one(
        "SELECT kind, holder, size, sha256, substring(content FROM %s::int FOR %s::int) AS piece FROM attachment"
        " WHERE id = %s AND case_code = %s AND content IS NOT NULL",
        (min(max(0, wanted.offset), contents.LARGEST_KEPT) + 1, PIECE, wanted.attachment, header.case),
    )
    if row is None or not 0 <= wanted.offset < row.size:
        raise Refused("unknown-attachment", "no such file, or no such place in it")
    reads = _opened(tx, message, wanted, row)
    data = base64.b64encode(row.piece).decode()
    return Answer({"offset": wanted.offset, "size": row.size, "sha256": row.sha256, "data": data}, reads)


def _opened(tx: Tx, message: Message, wanted: Wanted, row: Any) -> tuple[Read, ...]:
    """One entry in the journal for a file, not one for each piece; no later piece before the first."""
    sender = message.header.sender
    if wanted.offset == 0:
        tx.run(_OPENED, (wanted.attachment, sender, clock.now()))
        return (Read(row.holder, REGISTER, (row.kind,)),)
    known = (wanted.attachment, sender)
    if not tx.value("SELECT true FROM attachment_reader WHERE attachment = %s AND node = %s", known):
        raise Refused("not-begun", "a file is read from its beginning")
    return ()
