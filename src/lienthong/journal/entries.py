"""Writing and verifying entries."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from lienthong.kit.storage import Tx

_APPEND = """
INSERT INTO journal_entry (stream, number, kind, subject, at, payload, digest, chain)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""


_BEGIN = """
INSERT INTO journal_entry (stream, number, kind, at, payload, digest, chain)
SELECT stream, 1, kind, at, payload, digest, chain FROM json_to_recordset(%s)
    AS begun (stream text, kind text, at timestamptz, payload text, digest bytea, chain bytea)
ON CONFLICT (stream, number) DO NOTHING
"""


class ChainBroken(Exception):
    """An entry does not follow from the one before it. The message names the stream and the number."""


def first_link(stream: str) -> bytes:
    """What the first entry of a stream chains to."""
    return hashlib.sha256(stream.encode()).digest()


def next_link(previous: bytes, digest: bytes) -> bytes:
    return hashlib.sha256(previous + digest).digest()


def append(
    tx: Tx,
    stream: str,
    kind: str,
    content: dict[str, Any],
    *,
    at: datetime,
    number: int = 1,
    previous: bytes = b"",
    subject: str | None = None,
) -> bytes:
    """Write one entry; returns its chain, which the record keeps as its head.

    A number already taken in the stream raises psycopg.errors.UniqueViolation: two writers met.
    """
    payload = msgspec.json.encode(content)
    digest = hashlib.sha256(payload).digest()
    chain = next_link(previous or first_link(stream), digest)
    tx.run(_APPEND, (stream, number, kind, subject, at, payload.decode(), digest, chain))
    return chain


def begin(tx: Tx, stream: str, kind: str, content: dict[str, Any], *, at: datetime) -> bytes:
    """Write a record's first entry, together with others'; a record that has one keeps it. Returns its chain."""
    payload = msgspec.json.encode(content)
    digest = hashlib.sha256(payload).digest()
    chain = next_link(first_link(stream), digest)
    hashes = {"digest": f"\\x{digest.hex()}", "chain": f"\\x{chain.hex()}"}
    tx.put(_BEGIN, {"stream": stream, "kind": kind, "at": at, "payload": payload.decode(), **hashes})
    return chain


def append_all(
    tx: Tx, stream: str, kind: str, contents: Sequence[tuple[datetime, dict[str, Any]]], *, first: int, previous: bytes
) -> bytes:
    """Write several entries of one record, numbered from `first`; the chain of the last."""
    for number, (at, content) in enumerate(contents, start=first):
        previous = append(tx, stream, kind, content, at=at, number=number, previous=previous)
    return previous


def append_reads(tx: Tx, stream: str, reads: Sequence[tuple[str | None, dict[str, Any]]], at: datetime) -> None:
    """One entry for each person whose data an answer opens: (subject, content); None where it opens nobody's."""
    chain = first_link(stream)
    for number, (subject, content) in enumerate(reads, start=1):
        chain = append(tx, stream, "read", content, at=at, number=number, previous=chain, subject=subject)


def verify_stream(tx: Tx, stream: str, head: bytes | None = None) -> int:
    """Recompute a record's chain from its first entry; the number of entries.

    Raises ChainBroken at the first entry that does not follow. Erased payloads count by their digest. A record that a
    bulk load brought in has its first entry at version 2. With `head`, the record's own copy is compared too.
    """
    chain, count = first_link(stream), 0
    rows = tx.all(
        "SELECT number, payload, digest, chain FROM journal_entry WHERE stream = %s ORDER BY number", (stream,)
    )
    for count, row in enumerate(rows, start=1):
        chain = next_link(chain, bytes(row.digest))
        unaltered = row.payload is None or hashlib.sha256(row.payload.encode()).digest() == bytes(row.digest)
        if row.number != rows[0].number + count - 1 or not unaltered or chain != bytes(row.chain):
            raise ChainBroken(f"{stream} #{row.number}")
    if head is not None and head != (chain if count else b""):
        raise ChainBroken(f"{stream}: the record's head differs from its journal")
    return count
