"""Rows in buckets: what two registers share, hashed so that two nodes find where they differ without showing rows.

A row's *place* is the first twenty bits of its key's MD5: only which bucket it lies in, nothing rests on it. A view of
2^n buckets takes the first n of them. A row's hash is SHA-256 over the pair's salt, the key and the values as canonical
text, and a bucket's sum is the number of its rows and the sum of their hashes in two 64-bit halves: it does not depend
on any order, and a row that stands twice counts twice. None of it leaves the node: `reconcile_wire` says what does.

Canonical text: NFC, dates and moments (UTC) in ISO 8601; what is empty and what is NULL are the same nothing.
"""

import hashlib
import struct
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lienthong.catalogue.holdings import Register
from lienthong.catalogue.shapes import Term
from lienthong.kit.storage import Tx
from lienthong.registers.tables import PLACES, place_of, quoted, sql_type

FEWEST_BITS, MOST_BITS = 4, 18
ROWS_A_BUCKET = 128
SHORT = 6  # bytes that stand for a key inside its bucket: two of a hundred meet once in fifty thousand million buckets
BETWEEN = "\x1f"
_HALF = 1 << 64
_SUM = struct.Struct(">QQQ")
NOTHING = _SUM.pack(0, 0, 0)


@dataclass(frozen=True)
class Shape:
    """How a view cuts a register: its salt, 2^bits buckets; `held_in` is the view whose partner's keys alone count."""

    salt: bytes
    bits: int
    held_in: int | None = None

    @property
    def count(self) -> int:
        return 1 << self.bits


@dataclass(frozen=True)
class Row:
    """One row as it is compared; `version` changes with every change of it, 0 where the source keeps none."""

    bucket: int
    key: str
    values: tuple[str, ...]
    version: int = 0


@dataclass(frozen=True)
class Changes:
    """Places of rows that changed since; None when all must be looked at. `upto` is from where to look next time."""

    upto: str
    places: frozenset[int] | None


class Source(Protocol):
    """Where one side's rows come from: a register's own table, or whatever is joined to the exchange as one."""

    def count(self, tx: Tx) -> int:
        """About how many rows there are."""

    def sums(self, tx: Tx, shape: Shape, only: Sequence[int] | None = None) -> Iterator[tuple[int, bytes]]:
        """Bucket and sum of every bucket with rows, or of those in `only`."""

    def opened(self, tx: Tx, shape: Shape, buckets: Sequence[int]) -> Iterator[Row]:
        """The rows of some buckets, whoever else holds them."""

    def changed(self, tx: Tx, since: str | None) -> Changes:
        """What changed since `upto` of an earlier answer."""


def bits_for(rows: int) -> int:
    """As many buckets as give each about a hundred rows."""
    return min(MOST_BITS, max(FEWEST_BITS, (max(1, rows) // ROWS_A_BUCKET).bit_length()))


def place(key: str) -> int:
    return int(hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()[: PLACES // 4], 16)


def bucket(key: str, shape: Shape) -> int:
    return place(key) >> (PLACES - shape.bits)


def canonical(value: object) -> str:
    """A text as both sides see it."""
    return "" if value is None else unicodedata.normalize("NFC", str(value)).replace(BETWEEN, "")


def row_hash(shape: Shape, key: str, values: Sequence[str]) -> bytes:
    """Of canonical values."""
    return hashlib.sha256(shape.salt + BETWEEN.join((key, *values)).encode()).digest()[:16]


def short(shape: Shape, key: str) -> bytes:
    """What stands for a key inside its bucket, for this pair of nodes alone."""
    return hashlib.sha256(shape.salt + b"key" + key.encode()).digest()[:SHORT]


def total(hashes: Sequence[bytes]) -> bytes:
    """The sum of a bucket's rows."""
    halves = [struct.unpack(">qq", one) for one in hashes]
    return packed(len(halves), sum(high for high, _ in halves), sum(low for _, low in halves))


def packed(rows: int, high: int, low: int) -> bytes:
    return _SUM.pack(rows, high % _HALF, low % _HALF)


def rows_in(summed: bytes) -> int:
    return int(_SUM.unpack(summed)[0])


# ---------------------------------------------------------------------- a register's table


def text_of(expression: str, sql: str) -> str:
    """A value of an SQL type as canonical text."""
    match sql:
        case "date":
            written = f"to_char({expression}, 'YYYY-MM-DD')"
        case "timestamptz":
            written = f"""to_char({expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
        case "text":
            plain = f"CASE WHEN {expression} IS NFC NORMALIZED THEN {expression} ELSE normalize({expression}, NFC) END"
            written = f"replace({plain}, chr({ord(BETWEEN)}), '')"
        case _:
            written = f"({expression})::text"
    return f"coalesce({written}, '')"


@dataclass(frozen=True)
class Table:
    """Rows as SQL finds them: a relation, the key (text), the values (canonical text, never NULL), the version."""

    relation: str
    key: str
    values: tuple[str, ...]
    version: str = "0"

    def count(self, tx: Tx) -> int:
        """As the server's statistics say; counted where they say nothing."""
        guess = tx.value("SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)", [self.relation])
        estimate = int(guess or 0)
        return estimate if estimate > 100_000 else int(tx.value(f"SELECT count(*) FROM {self.relation}"))

    def sums(self, tx: Tx, shape: Shape, only: Sequence[int] | None = None) -> Iterator[tuple[int, bytes]]:
        """Set-based: one pass over the table, or one look into the index of places for each bucket in `only`."""
        chosen = "" if only is None else _WANTED
        held = "" if shape.held_in is None else _HELD.format(bucket=self._bucket(), key=self.key)
        query = _SUMS.format(
            bucket=self._bucket(),
            row=f" || chr({ord(BETWEEN)}) || ".join((self.key, *self.values)),
            source=f"{chosen} {self._relation(wanted=only is not None)} {held}",
            where=self._real(),
        )
        found = self._params(shape, only or ())
        tx.run("SET LOCAL work_mem = '96MB'")
        if only is not None:
            tx.run("SET LOCAL enable_seqscan = off")
        for row in tx.all(query, found):
            yield row.bucket, packed(row.rows, int(row.high), int(row.low))

    def opened(self, tx: Tx, shape: Shape, buckets: Sequence[int]) -> Iterator[Row]:
        columns = ", ".join(f"{value} AS value{place}" for place, value in enumerate(self.values))
        query = _OPENED.format(
            bucket=self._bucket(), key=self.key, version=self.version, values=columns,
            source=f"{_WANTED} {self._relation(wanted=True)}", where=self._real(),
        )  # fmt: skip
        tx.run("SET LOCAL enable_seqscan = off")
        for row in tx.all(query, self._params(shape, buckets)):
            yield Row(row[0], row[1], tuple(row[3:]), row[2])

    def changed(self, tx: Tx, since: str | None) -> Changes:
        """A plain table keeps no account of its changes: everything is looked at."""
        return Changes("", None)

    def _bucket(self) -> str:
        return f"({place_of(self.key)} >> {_SHIFT})"

    def _relation(self, *, wanted: bool) -> str:
        """The rows, or those of each wanted bucket through the index of places."""
        if not wanted:
            return self.relation
        first, after = f"(w.bucket << {_SHIFT})", f"((w.bucket + 1) << {_SHIFT})"
        inside = f"{place_of(self.key)} >= {first} AND {place_of(self.key)} < {after}"
        return f"CROSS JOIN LATERAL (SELECT * FROM {self.relation} WHERE {inside}) r"

    def _real(self) -> str:
        return f"{self.key} <> ''"

    def _params(self, shape: Shape, only: Sequence[int]) -> dict[str, object]:
        shift = PLACES - shape.bits
        return {"shift": shift, "salt": shape.salt, "only": list(only), "view": shape.held_in}


_SHIFT = "%(shift)s::integer"
_WANTED = "unnest(%(only)s::integer[]) AS w (bucket)"
_HELD = f"""JOIN shared_held h ON h.view = %(view)s AND h.bucket = {{bucket}}
    AND position(substr(sha256(%(salt)s || 'key'::bytea || convert_to({{key}}, 'UTF8')), 1, {SHORT}) IN h.keys) > 0"""
_SUMS = """
SELECT bucket, count(*) AS rows, sum(('x' || substr(hash, 1, 16))::bit(64)::bigint) AS high,
    sum(('x' || substr(hash, 17, 16))::bit(64)::bigint) AS low
FROM (
    SELECT {bucket} AS bucket, encode(sha256(%(salt)s || convert_to({row}, 'UTF8')), 'hex') AS hash
    FROM {source} WHERE {where} OFFSET 0
) hashed
GROUP BY bucket
"""
_OPENED = "SELECT {bucket} AS bucket, {key} AS key, {version} AS version, {values} FROM {source} WHERE {where}"


@dataclass(frozen=True)
class RegisterRows(Table):
    """The rows of a register of this node, which the journal tells of every change of."""

    register: str = ""
    own_key: str = ""
    by: str = ""

    def changed(self, tx: Tx, since: str | None) -> Changes:
        """By windows of transactions, as the sealer: what is not certainly over is looked at again next time."""
        upto = str(tx.value("SELECT pg_snapshot_xmin(pg_current_snapshot())::text"))
        if since is None:
            return Changes(upto, None)
        about = {"since": since, "change": f"{self.register}/%", "load": f"load/{self.register}/%"}
        loaded = int(tx.value(_LOADED, about) or 0)
        if loaded > MOST_CHANGED or int(tx.value(_CHANGED.format("count(*)"), about)) > MOST_CHANGED:
            return Changes(upto, None)
        found = tx.all(self._places(), {**about, "skip": len(self.register) + 2})
        return Changes(upto, frozenset(row.place for row in found))

    def _places(self) -> str:
        """Where the changed records lie, and where they lay before."""
        table, past, key, by = map(quoted, (self.register, f"{self.register}_past", self.own_key, self.by))
        keys = _CHANGED.format("DISTINCT substr(stream, %(skip)s::integer) AS key")
        if self.by == self.own_key:
            return f"SELECT {place_of('key')} AS place FROM ({keys}) c UNION {_loaded_places(table, key, by)}"
        both = f"SELECT {key}, {by} FROM {table} UNION ALL SELECT {key}, {by} FROM {past}"
        changed = f"SELECT {place_of('r.' + by)} AS place FROM ({both}) r JOIN ({keys}) c ON c.key = r.{key}"
        return f"{changed} UNION {_loaded_places(table, key, by)}"


MOST_CHANGED = 100_000
_WINDOW = "journal_entry WHERE xid >= %(since)s::xid8"
_CHANGED = f"SELECT {{}} FROM {_WINDOW} AND kind = 'change' AND stream LIKE %(change)s"
_LOADED = f"SELECT sum((payload::jsonb ->> 'count')::integer) FROM {_WINDOW} AND kind = 'load' AND stream LIKE %(load)s"


def _loaded_places(table: str, key: str, by: str) -> str:
    sets = f"SELECT payload::jsonb AS set FROM {_WINDOW} AND kind = 'load' AND stream LIKE %(load)s"
    inside = f"r.{key} BETWEEN l.set ->> 'from' AND l.set ->> 'to' AND r.recorded_by = 'load:' || (l.set ->> 'load')"
    return f"SELECT {place_of('r.' + by)} FROM ({sets}) l JOIN {table} r ON {inside}"


UNACCENTED = ":unaccented"  # behind a column that both sides compare without accents, case and signs


def plain(column: str) -> str:
    """A column as the declaration names it."""
    return column.removesuffix(UNACCENTED)


def of_register(register: Register, terms: Mapping[str, Term], by: str, columns: Sequence[str]) -> RegisterRows:
    """The rows of a register by one of its columns, with some columns in this order."""
    values = tuple(_value(register, terms, column) for column in columns)
    table = quoted(register.register)
    return RegisterRows(table, quoted(by), values, "version", register.register, register.key, by)


def _value(register: Register, terms: Mapping[str, Term], column: str) -> str:
    name = plain(column)
    written = text_of(quoted(name), sql_type(terms[register.fields[name].term]))
    return written if name == column else f"unaccented({written})"
