"""Bulk loads: many rows by COPY, and in the journal what was loaded, so that feeds and proofs do not skip it.

A load's rows have version 1 and `recorded_by` "load:<name>". Its journal stream `load/<register>/<name>` holds an entry
for each *set* of up to a thousand of them in order of key: first and last key, count, and the digest of the rows as
text. The rows stand once, in the register: whoever reads the feed is given the first versions of the set's rows, from
the table and its past, after they were checked against the digest.

A row's text is a line of PostgreSQL's COPY: the declared fields and `valid_from`, moments in UTC.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from lienthong.catalogue.holdings import Register
from lienthong.catalogue.shapes import Term
from lienthong.journal import entries, feeds
from lienthong.kit.storage import Tx
from lienthong.registers.tables import quoted, sql_type

MOST_ROWS = 1_000
MOST_BYTES = 400_000  # of a set's text: compressed, it must fit one envelope
Terms = Mapping[str, Term]
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_READERS: dict[str, Callable[[str], Any]] = {"integer": int, "boolean": "t".__eq__}
_UNESCAPES = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}


class Altered(Exception):
    """The rows of a set are not those that were loaded. The message names register, load and set."""


class Set(msgspec.Struct, frozen=True, rename={"first": "from", "last": "to"}):
    """What an entry of a load says."""

    register: str
    load: str
    first: str
    last: str
    count: int
    digest: str
    fields: list[str]


def by(load: str) -> str:
    """What a load's rows have in `recorded_by`."""
    return f"load:{load}"


def load(
    tx: Tx,
    register: Register,
    terms: Terms,
    name: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    at: datetime,
) -> int:
    """Bring in rows: `columns` name fields, and `valid_from`. In order of key it is quickest. How many there were.

    A name is used once a register: a second load of it raises psycopg.errors.UniqueViolation, and so does a key or a
    unique value that stands already; nothing of it is loaded then.
    """
    end = tail(name, at)
    copy_in(tx, register, columns, (line(row, end) for row in rows))
    return write_down(tx, register, terms, name, at=at)


def copy_in(tx: Tx, register: Register, columns: Sequence[str], text: Iterable[str]) -> None:
    """COPY text into the register, `line`s in blocks of any size. It is in no feed before `write_down`."""
    tx.flush()
    names = ", ".join(map(quoted, (*columns, "recorded_at", "recorded_by")))
    with tx.connection.cursor().copy(f"COPY {quoted(register.register)} ({names}) FROM STDIN") as copy:
        for block in text:
            copy.write(block)


def tail(name: str, at: datetime) -> str:
    """The end of every line of a load: when it was recorded, and by which load."""
    return f"\t{at.isoformat()}\t{by(name)}\n"


def line(row: Sequence[Any], end: str) -> str:
    """A row as COPY reads it; None is NULL."""
    return "\t".join(["\\N" if value is None else str(value).translate(_ESCAPES) for value in row]) + end


def write_down(tx: Tx, register: Register, terms: Terms, name: str, *, at: datetime) -> int:
    """The journal's entries of a load whose rows stand in the register; how many rows there are."""
    fields = tuple(register.fields)
    where = f"recorded_by = {_literal(by(name))} AND version = 1"
    query = f"SELECT {_text(terms, register, fields)} FROM {quoted(register.register)} WHERE {where}"
    lines = _copy_out(tx, f"{query} ORDER BY {quoted(register.key)}")
    sets = [_described(register, name, fields, found) for found in _sets(lines)]
    chain = b""
    for number, found in enumerate(sets, start=1):
        content = msgspec.to_builtins(found)
        place = stream(register.register, name)
        chain = entries.append(tx, place, feeds.LOAD, content, at=at, number=number, previous=chain)
    tx.flush()
    return sum(found.count for found in sets)


def _described(register: Register, name: str, fields: tuple[str, ...], lines: list[bytes]) -> Set:
    key = fields.index(register.key)
    first, last = (str(_fields(lines[end])[key]) for end in (0, -1))
    digest = hashlib.sha256(b"".join(lines)).hexdigest()
    return Set(register.register, name, first, last, len(lines), digest, list(fields))


def stream(register: str, name: str) -> str:
    """Where the journal keeps a load."""
    return f"{feeds.LOAD}/{register}/{name}"


def rows(tx: Tx, register: Register, terms: Terms, found: Set, wanted: Collection[str]) -> list[dict[str, Any]]:
    """The rows of a set as they were loaded, in order of key, each with the wanted fields. Raises Altered."""
    table, past = quoted(register.register), quoted(f"{register.register}_past")
    key, text = quoted(register.key), _text(terms, register, found.fields)
    where = f"version = 1 AND recorded_by = {_literal(by(found.load))} AND {key} BETWEEN %s AND %s"
    both = " UNION ALL ".join(f"SELECT {text}, {key} AS sorted_by FROM {one} WHERE {where}" for one in (table, past))
    names = ", ".join(map(quoted, (*found.fields, "valid_from")))
    query = f"SELECT {names} FROM ({both}) both_tables ORDER BY sorted_by"
    lines = list(_copy_out(tx, query, (found.first, found.last) * 2))
    if hashlib.sha256(b"".join(lines)).hexdigest() != found.digest:
        raise Altered(f"{found.register}, load {found.load}, set from {found.first}")
    kept = [(place, name, _reader(register, terms, name)) for place, name in enumerate(found.fields) if name in wanted]
    return [{name: read(values[place]) for place, name, read in kept} for values in map(_fields, lines)]


def _text(terms: Terms, register: Register, fields: Iterable[str]) -> str:
    """The columns of a row's text; moments read the same whatever the session's time zone."""
    columns = [
        f"""to_char({quoted(name)} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"') AS {quoted(name)}"""
        if _type(register, terms, name) == "timestamptz"
        else quoted(name)
        for name in fields
    ]
    return ", ".join([*columns, "valid_from"])


def _copy_out(tx: Tx, query: str, params: Sequence[Any] = ()) -> Iterator[bytes]:
    tx.flush()
    with tx.connection.cursor().copy(f"COPY ({query}) TO STDOUT", params or None) as copy:
        for block in copy:
            yield bytes(block)


def _sets(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    found: list[bytes] = []
    size = 0
    for text in lines:
        if len(found) == MOST_ROWS or size + len(text) > MOST_BYTES:
            yield found
            found, size = [], 0
        found.append(text)
        size += len(text)
    if found:
        yield found


def _fields(text: bytes) -> list[str | None]:
    """The values of a line; None where it says NULL."""
    values = text.decode().rstrip("\n").split("\t")
    return [None if value == "\\N" else _unescaped(value) for value in values]


def _unescaped(value: str) -> str:
    if "\\" not in value:
        return value
    return re.sub(r"\\(.)", lambda found: _UNESCAPES[found[1]], value)


def _reader(register: Register, terms: Terms, name: str) -> Callable[[str | None], Any]:
    """From a value's text to what JSON carries."""
    read = _READERS.get(_type(register, terms, name), str)
    return lambda value: None if value is None else read(value)


def _type(register: Register, terms: Terms, name: str) -> str:
    return sql_type(terms[register.fields[name].term])


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
