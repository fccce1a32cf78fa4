"""Taking a package in: staged chunk by chunk, checked as a whole, moved to its tables in one transaction or not at all.

Interrupted, it goes on at the chunk it was at. Taken in before, it gives the receipt it gave. What is wrong with which
row stands in `refused.jsonl` beside the receipt; one refused row refuses the package, and nothing of it is kept.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from lienthong.exchange import envelopes, packages
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node
from lienthong.exchange.packages import PURPOSE, RECEIPT, RECEIPT_SERVICE, Chunk, Kind, Manifest, Part
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.storage import Tx

REFUSED, JOURNAL = "refused.jsonl", "journal_entry"
MOST_IN_RECEIPT, MOST_LISTED = 20, 100_000

_COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER' AND is_identity = 'NO'
"""
_UNKNOWN = """
SELECT DISTINCT name FROM (SELECT row FROM package_row WHERE package = %s AND part = %s LIMIT 1) r,
    jsonb_object_keys(r.row) AS name WHERE name <> ALL(%s)
"""
# a chain that does not follow: the same checks as entries.verify_stream, over all staged streams at once
_BROKEN = """
SELECT chunk, line, stream || ' #' || number AS key, 'chain-broken' AS code FROM (
    SELECT p.chunk, p.line, e.stream, e.number, e.payload, e.digest, e.chain,
        lag(e.chain) OVER w AS previous, lag(e.number) OVER w AS before
    FROM package_row p, jsonb_populate_record(NULL::journal_entry, p.row) e
    WHERE p.package = %(package)s AND p.part = 'journal_entry'
    WINDOW w AS (PARTITION BY e.stream COLLATE "C" ORDER BY e.number)
) s
WHERE chain IS DISTINCT FROM sha256(coalesce(previous, sha256(convert_to(stream, 'UTF8'))) || digest)
    OR sha256(convert_to(payload, 'UTF8')) <> digest
    OR number <> coalesce(before + 1, CASE WHEN %(whole)s THEN 1 ELSE number END)
LIMIT %(most)s
"""
_HEADS = """
WITH head AS (
    SELECT DISTINCT ON (row->>'stream' COLLATE "C") row->>'stream' AS stream, row->>'chain' AS chain
    FROM package_row WHERE package = %(package)s AND part = 'journal_entry'
    ORDER BY row->>'stream' COLLATE "C", (row->>'number')::integer DESC
), record AS (
    SELECT chunk, line, row->>{key} AS key, {prefix} || (row->>{key}) AS stream, row->>'chain' AS chain
    FROM package_row WHERE package = %(package)s AND part = {table}
)
SELECT record.chunk, record.line, record.key, 'head-differs' AS code
FROM record LEFT JOIN head ON head.stream = record.stream COLLATE "C"
WHERE record.chain <> coalesce(head.chain, '\\x') LIMIT %(most)s
"""
_STRAY = """
SELECT chunk, line, row->>'stream' AS key, 'no-record' AS code FROM package_row e
WHERE package = %(package)s AND part = 'journal_entry' AND NOT EXISTS (
    SELECT FROM package_row r WHERE r.package = %(package)s AND r.part IN ({table}, {table} || '_past')
        AND {prefix} || (r.row->>{key}) = e.row->>'stream') LIMIT %(most)s
"""
_PRESENT = """
SELECT p.chunk, p.line, {key} AS key, 'already-there' AS code
FROM package_row p, jsonb_populate_record(NULL::{table}, p.row) r
WHERE p.package = %(package)s AND p.part = {name}
    AND EXISTS (SELECT FROM {table} t WHERE ({columns_of_t}) = ({columns_of_r})) LIMIT %(most)s
"""
_MOVE = """
INSERT INTO {table} ({columns}) SELECT {read}
FROM package_row p, jsonb_populate_record(NULL::{table}, p.row) r WHERE p.package = %s AND p.part = %s {more}
"""
_PLACES = "SELECT chunk, line, row FROM package_row WHERE package = %s AND part = %s ORDER BY chunk, line"
_END = "UPDATE package SET state = %s, receipt = %s, ended_at = %s WHERE id = %s AND direction = 'in'"


@dataclass(frozen=True)
class Report:
    """What became of a package: taken or refused, its sealed receipt, rows by table, how many were refused."""

    outcome: str
    receipt: str
    rows: Mapping[str, int]
    refused: int = 0
    again: bool = False


def take_in(node: Node, folder: Path, kinds: Mapping[str, Any]) -> Report:
    """Take a package in, or say again what became of it. `kinds`: by name, what makes the Kind of (node, about).

    Raises Refused when it is not believed or not for us, OSError when it cannot be read; then nothing is noted.
    """
    manifest, sealed = packages.read(node, folder)
    if manifest.kind not in kinds:
        raise Refused("unknown-kind", manifest.kind)
    kind: Kind = kinds[manifest.kind](node, manifest.about)
    if [part.table for part in kind.parts] != [part.table for part in manifest.parts]:
        raise Refused("malformed", "its parts are not those of its kind")
    if earlier := _begin(node, manifest, sealed):
        return _again(folder, earlier)
    for part in manifest.parts:
        for number, chunk in enumerate(part.chunks, start=1):
            _stage(node, manifest.id, folder, part.table, number, chunk)
    found = list(_problems(node, manifest, kind))
    if not found:
        try:
            return _finish(node, manifest, sealed, folder, kind, [])
        except (psycopg.IntegrityError, psycopg.DataError):
            found = list(_not_writable(node, manifest, kind))
    return _finish(node, manifest, sealed, folder, kind, found)


def _begin(node: Node, manifest: Manifest, sealed: str) -> Any:
    """Note that a package is on its way in; the row of one that ended before. Raises Refused("replayed")."""
    with node.database.transaction() as tx:
        row = tx.one("SELECT manifest, state, receipt FROM package WHERE id = %s AND direction = 'in'", (manifest.id,))
        if row is None:
            about = msgspec.json.encode(manifest.about).decode()
            tx.run(
                "INSERT INTO package (id, direction, kind, partner, about, manifest, state, at)"
                " VALUES (%s, 'in', %s, %s, %s, %s, 'staging', %s)",
                (manifest.id, manifest.kind, packages.sender_of(sealed), about, sealed, clock.now()),
            )
        elif row.manifest != sealed:
            raise Refused("replayed", "another package had this id")
        return row if row and row.state != "staging" else None


def _again(folder: Path, row: Any) -> Report:
    (folder / RECEIPT).write_text(row.receipt)
    body = msgspec.json.decode(envelopes.decode(row.receipt.encode()).body)
    return Report(row.state, row.receipt, body["rows"], body["refused"], again=True)


def _stage(node: Node, package: str, folder: Path, table: str, number: int, chunk: Chunk) -> None:
    """One chunk, unless it is staged already. Raises Refused: altered, malformed."""
    with node.database.transaction() as tx:
        if tx.value("SELECT true FROM package_chunk WHERE package = %s AND file = %s", (package, chunk.file)):
            return
        prefix, count = f"{package}\x02{table}\x02{number}\x02", 0
        copy = "COPY package_row FROM STDIN (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"
        try:
            with tx.connection.cursor() as cursor, cursor.copy(copy) as rows:
                for count, line in enumerate(packages.lines(folder, chunk), start=1):
                    rows.write(f"{prefix}{count}\x02".encode() + line)
        except psycopg.DataError as error:
            raise Refused("malformed", f"{chunk.file} holds what is no row") from error
        if count != chunk.rows:
            raise Refused("malformed", f"{chunk.file} holds {count} rows, not {chunk.rows}")
        tx.touch("INSERT INTO package_chunk (package, file) VALUES (%s, %s)", (package, chunk.file))


# what may be wrong


def _problems(node: Node, manifest: Manifest, kind: Kind) -> Iterator[dict[str, Any]]:
    """Rows that cannot be taken: already-there, head-differs, no-record, chain-broken."""
    told = {"package": manifest.id, "whole": kind.starts_at_one, "most": MOST_LISTED}
    with node.database.transaction() as tx:
        tx.run("SET LOCAL enable_nestloop = off")  # of what was staged a moment ago the planner knows no figures
        for part in kind.parts:
            _demand_columns(tx, manifest.id, part)
            yield from _rows(part, tx.all(_present(tx, part), told))
            if part.stream:
                yield from _rows(part, tx.all(_query(tx, _HEADS, part), told))
                yield from _rows(part, tx.all(_query(tx, _STRAY, part), told))
            if part.table == JOURNAL:
                yield from _rows(part, tx.all(_BROKEN, told))


def _demand_columns(tx: Tx, package: str, part: Part) -> None:
    """Raises Refused("unknown-column"): the sender's table has what ours has not, and it would be lost."""
    unknown = tx.all(_UNKNOWN, (package, part.table, _columns(tx, part.table)))
    if unknown:
        names = ", ".join(sorted(row.name for row in unknown))
        raise Refused("unknown-column", f"{part.table} has no {names} here")


def _columns(tx: Tx, table: str) -> list[str]:
    return [row.column_name for row in tx.all(_COLUMNS, (table,))]


def _query(tx: Tx, query: str, part: Part) -> str:
    names = {"key": part.key[0], "prefix": part.stream, "table": part.table}
    return sql.SQL(query).format(**{name: sql.Literal(value) for name, value in names.items()}).as_string(tx.connection)


def _present(tx: Tx, part: Part) -> str:
    columns = {alias: sql.SQL(", ").join(sql.Identifier(alias, name) for name in part.key) for alias in ("t", "r")}
    return (
        sql.SQL(_PRESENT)
        .format(
            key=sql.SQL(" || ' ' || ").join(sql.SQL("{}::text").format(sql.Identifier("r", name)) for name in part.key),
            table=sql.Identifier(part.table),
            name=sql.Literal(part.table),
            columns_of_t=columns["t"],
            columns_of_r=columns["r"],
        )
        .as_string(tx.connection)
    )


def _rows(part: Part, rows: list[Any]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {"table": part.table, "chunk": row.chunk, "line": row.line, "key": row.key, "code": row.code}


def _not_writable(node: Node, manifest: Manifest, kind: Kind) -> Iterator[dict[str, Any]]:
    """Rows that the tables themselves refuse, found by writing one at a time and undoing all of it."""
    for part in kind.parts:
        with suppress(_Undone), node.database.transaction() as tx:
            query = _move(tx, part, "AND p.chunk = %s AND p.line = %s")
            places = tx.all(_PLACES, (manifest.id, part.table))
            for place in places:
                try:
                    with tx.savepoint():
                        tx.touch(query, (manifest.id, part.table, place.chunk, place.line))
                except (psycopg.IntegrityError, psycopg.DataError) as error:
                    code = f"not-writable: {error.diag.constraint_name or error.diag.column_name or error.sqlstate}"
                    key = " ".join(str(place.row.get(name)) for name in part.key)
                    yield {"table": part.table, "chunk": place.chunk, "line": place.line, "key": key, "code": code}
            raise _Undone


class _Undone(Exception):
    """What was written in a trial must not stay."""


# the end


def _finish(
    node: Node, manifest: Manifest, sealed: str, folder: Path, kind: Kind, found: list[dict[str, Any]]
) -> Report:
    """Move the rows, or say why not; sign and note it. All in one transaction, and then the folder has the receipt."""
    listing = b"".join(msgspec.json.encode(row) + b"\n" for row in found)
    outcome = "refused" if found else "taken"
    rows = {part.table: 0 if found else part.rows for part in manifest.parts}
    body = {
        "package": manifest.id, "manifest": packages.hash_of(sealed), "outcome": outcome, "rows": rows,
        "refused": len(found), "first_refused": found[:MOST_IN_RECEIPT],
        "listing": hashlib.sha256(listing).hexdigest() if found else "",
    }  # fmt: skip
    at = clock.now()
    receipt = envelopes.sealed(node.name, RECEIPT_SERVICE, PURPOSE, manifest.id, body, node.seal, at)
    with node.database.transaction() as tx:
        for part in kind.parts if not found else ():
            tx.touch(_move(tx, part), (manifest.id, part.table))
        tx.touch("DELETE FROM package_row WHERE package = %s", (manifest.id,))
        tx.touch("DELETE FROM package_chunk WHERE package = %s", (manifest.id,))
        tx.touch(_END, (outcome, receipt, at, manifest.id))
        content = {"verb": outcome, "from": packages.sender_of(sealed), "kind": manifest.kind, "rows": rows,
                   "refused": len(found), "manifest": body["manifest"]}  # fmt: skip
        entries.append(tx, f"package/{manifest.id}", "act", content, at=at)
    if found:
        (folder / REFUSED).write_bytes(listing)
    (folder / RECEIPT).write_text(receipt)
    return Report(outcome, receipt, rows, len(found))


def _move(tx: Tx, part: Part, more: str = "") -> str:
    names = [name for name in _columns(tx, part.table) if not part.columns or name in part.columns]
    query = sql.SQL(_MOVE).format(
        table=sql.Identifier(part.table),
        columns=sql.SQL(", ").join(map(sql.Identifier, names)),
        read=sql.SQL(", ").join(sql.Identifier("r", name) for name in names),
        more=sql.SQL(more),
    )
    return query.as_string(tx.connection)
