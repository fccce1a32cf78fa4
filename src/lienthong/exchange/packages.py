"""Signed bulk packages: hundreds of thousands of rows handed over in files, for what messages are too small for.

A package is a folder: `manifest.json`, sealed by the sender, names every chunk with its rows and SHA-256; a chunk is a
file of JSON lines, one row of a table each. All parts are read from one snapshot. The recipient answers with a sealed
`receipt.json`; the sender keeps it (`countersign`). Files may travel by any road: what was altered is not believed.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import psycopg
from psycopg import sql

from lienthong.exchange import envelopes
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Node
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id

MANIFEST, RECEIPT = "manifest.json", "receipt.json"
SERVICE, RECEIPT_SERVICE, PURPOSE = "package", "package.receipt", "hand-over"
ROWS_A_CHUNK = 20_000
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Part:
    """Rows of one table: which (`where`, with %(name)s of what the package is about), and the columns that name a row.

    `columns` empty: all. Rows whose history is in the journal have a `stream`: its prefix, followed by the key.
    """

    table: str
    key: tuple[str, ...]
    where: str
    columns: tuple[str, ...] = ()
    stream: str = ""


@dataclass(frozen=True)
class Kind:
    """What a kind of package holds, at the sender as at the recipient. `starts_at_one`: every stream is whole."""

    parts: Sequence[Part]
    starts_at_one: bool = True


class Chunk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    file: str
    rows: int
    sha256: str


class Packed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One part as it was written."""

    table: str
    chunks: list[Chunk]

    @property
    def rows(self) -> int:
        return sum(chunk.rows for chunk in self.chunks)


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    kind: str
    recipient: str
    about: dict[str, str]
    made_at: datetime
    parts: list[Packed]


@dataclass
class _Writing:
    """Chunks of one part on their way out, never more than one row in memory."""

    folder: Path
    table: str
    chunks: list[Chunk] = field(default_factory=list)
    _out: BinaryIO | None = None
    _hash: Any = None
    _rows: int = 0

    def write(self, line: bytes) -> None:
        if self._out is None:
            self._out, self._hash, self._rows = self._path().open("xb"), hashlib.sha256(), 0
        self._out.write(line)
        self._hash.update(line)
        self._rows += 1
        if self._rows == ROWS_A_CHUNK:
            self.end()

    def end(self) -> None:
        if self._out is not None:
            self._out.close()
            self.chunks.append(Chunk(self._path().name, self._rows, self._hash.hexdigest()))
            self._out = None

    def _path(self) -> Path:
        return self.folder / f"{self.table}-{len(self.chunks) + 1:05}.jsonl"


def export(node: Node, recipient: str, name: str, kind: Kind, about: Mapping[str, str], folder: Path) -> Manifest:
    """Write a package into a new folder, and note it. Raises FileExistsError, OSError, LookupError (no such node)."""
    node.directory.entry(recipient)
    folder.mkdir(mode=0o700)
    with psycopg.connect(node.database.conninfo) as link:
        link.isolation_level, link.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
        parts = [_pack(link, part, about, folder) for part in kind.parts]
    manifest = Manifest(new_id(), name, recipient, dict(about), clock.now(), parts)
    body = msgspec.to_builtins(manifest)
    sealed = envelopes.sealed(node.name, SERVICE, PURPOSE, manifest.id, body, node.seal, manifest.made_at)
    with node.database.transaction() as tx:
        tx.run(
            "INSERT INTO package (id, direction, kind, partner, about, manifest, state, at)"
            " VALUES (%s, 'out', %s, %s, %s, %s, 'made', %s)",
            (manifest.id, name, recipient, msgspec.json.encode(dict(about)).decode(), sealed, manifest.made_at),
        )
        rows = {part.table: part.rows for part in parts}
        content = {"verb": "packed", "to": recipient, "kind": name, "rows": rows, "manifest": hash_of(sealed)}
        entries.append(tx, f"package/{manifest.id}", "act", content, at=manifest.made_at)
    (folder / MANIFEST).write_text(sealed)
    return manifest


def _pack(link: psycopg.Connection[Any], part: Part, about: Mapping[str, str], folder: Path) -> Packed:
    columns = sql.SQL(", ").join(map(sql.Identifier, part.columns)) if part.columns else sql.SQL("*")
    # JSON holds no raw control character: with these as quote and delimiter every line is the JSON as it is
    query = sql.SQL(
        "COPY (SELECT row_to_json(r) FROM (SELECT {} FROM {} WHERE " + part.where + ") r)"
        " TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"
    ).format(columns, sql.Identifier(part.table))
    writing = _Writing(folder, part.table)
    with link.cursor() as cursor, cursor.copy(query, about) as rows:
        for row in rows:
            writing.write(bytes(row))
    writing.end()
    return Packed(part.table, writing.chunks)


def read(node: Node, folder: Path) -> tuple[Manifest, str]:
    """A package's manifest and its sealed text, once it is certain who made it and that it is for us.

    Raises Refused: as open_envelope does, and misdirected, malformed.
    """
    sealed = (folder / MANIFEST).read_text()
    message = opened(node, sealed, SERVICE)
    try:
        manifest = msgspec.convert(message.body, Manifest)
    except msgspec.ValidationError as error:
        raise Refused("malformed", "not a manifest") from error
    if manifest.recipient != node.name:
        raise Refused("misdirected", f"meant for {manifest.recipient}")
    if any(Path(chunk.file).name != chunk.file for part in manifest.parts for chunk in part.chunks):
        raise Refused("malformed", "a chunk lies outside the package")
    return manifest, sealed


def opened(node: Node, sealed: str, service: str) -> Message:
    """A sealed word of another node about a package. Raises Refused."""
    envelope = envelopes.decode(sealed.encode())
    message = envelopes.open_envelope(envelope, node.directory, recipient="", at=clock.now(), purpose="seal")
    if message.header.service != service:
        raise Refused("malformed", f"a {message.header.service} is no {service}")
    return message


def sender_of(sealed: str) -> str:
    return str(msgspec.json.decode(envelopes.decode(sealed.encode()).header)["sender"])


def hash_of(sealed: str) -> str:
    """What names a sealed word in another."""
    return envelopes.decode(sealed.encode()).hash


def lines(folder: Path, chunk: Chunk) -> Iterator[bytes]:
    """The rows of a chunk. Raises Refused("altered") when the file is missing or not the one that was sealed."""
    path, found = folder / chunk.file, hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                found.update(block)
    except FileNotFoundError as missing:
        raise Refused("altered", f"{chunk.file} is missing") from missing
    if found.hexdigest() != chunk.sha256:
        raise Refused("altered", f"{chunk.file} is not the one that was sealed")
    with path.open("rb") as file:
        yield from file


def countersign(node: Node, folder: Path) -> tuple[str, dict[str, Any]]:
    """Keep the recipient's word on a package of ours: its outcome (taken, refused) and the receipt's body.

    Raises Refused, LookupError for a package we did not make.
    """
    sealed = (folder / RECEIPT).read_text()
    message = opened(node, sealed, RECEIPT_SERVICE)
    body = message.body
    with node.database.transaction() as tx:
        row = tx.one(
            "SELECT * FROM package WHERE id = %s AND direction = 'out' FOR UPDATE", (str(body.get("package")),)
        )
        if row is None:
            raise LookupError(str(body.get("package")))
        if message.header.sender != row.partner or body.get("manifest") != hash_of(row.manifest):
            raise Refused("wrong-receipt", "the receipt belongs to another package")
        outcome = str(body["outcome"])
        if row.state == "made":
            tx.run(
                "UPDATE package SET state = %s, receipt = %s, ended_at = %s WHERE id = %s AND direction = 'out'",
                (outcome, sealed, clock.now(), row.id),
            )
            content = {"verb": "countersigned", "outcome": outcome, "by": row.partner, "receipt": hash_of(sealed)}
            previous = tx.value("SELECT chain FROM journal_entry WHERE stream = %s", (f"package/{row.id}",))
            entries.append(
                tx, f"package/{row.id}", "act", content, at=clock.now(), number=2, previous=bytes(previous)
            )  # fmt: skip
    return outcome, body
