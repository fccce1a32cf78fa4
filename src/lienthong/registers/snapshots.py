"""A register as it stood under one seal, by key, in pages that may be read hours apart.

A page is read from the table as it stands. Records that changed since that seal (the journal says which, sealed or not
yet) are put back: their version of then lies in the past, and those that came later are left out.

A joined register has no past here: its rows are given as they stand, so a copy may be newer than its position, never
older, and the changes that follow say what it says already.
"""

from typing import Any

import msgspec

from lienthong.catalogue.holdings import Register
from lienthong.journal import feeds
from lienthong.kit.storage import Tx
from lienthong.registers import loading
from lienthong.registers.tables import quoted

_LAST_SEAL = "SELECT number, window_to FROM seal ORDER BY number DESC LIMIT 1"
_SEAL = "SELECT number, window_to FROM seal WHERE number = %s"
_POSITION = "SELECT first + count - 1 FROM seal_feed WHERE feed = %s AND seal <= %s ORDER BY first DESC LIMIT 1"
_CHANGED = """
SELECT key, min(number) AS first FROM (
    SELECT substr(stream, %(cut)s::integer) AS key, number FROM journal_entry
    WHERE xid >= %(since)s::xid8 AND kind = 'change' AND starts_with(stream, %(prefix)s)
) changed
WHERE key > %(after)s AND (%(to)s::text IS NULL OR key <= %(to)s) GROUP BY key
"""
_LOADED = f"""
SELECT DISTINCT split_part(stream, '/', 3) AS load FROM journal_entry
WHERE xid >= %s::xid8 AND kind = '{feeds.LOAD}' AND starts_with(stream, %s)
"""


class Page(msgspec.Struct, frozen=True):
    """Rows in order of key; `reached` is where the next page begins, `position` the feed's number under the seal."""

    rows: list[dict[str, Any]]
    seal: int
    position: int
    reached: str
    more: bool


def page(tx: Tx, register: Register, after: str, seal: int, limit: int) -> Page:
    """The records with keys above `after`, as they stood under a seal; 0 is the last one. Raises LookupError."""
    under = tx.one(_SEAL, (seal,)) if seal else tx.one(_LAST_SEAL)
    if under is None and seal:
        raise LookupError(f"there is no seal {seal}")
    since = str(under.window_to) if under else "0"
    # first the table, then what changed, then the past: what changes between two of these is seen by the later one
    standing = _standing(tx, register, after, limit)
    more = len(standing) == limit
    reached = str(standing[-1][register.key]) if more else ""
    if register.joined:
        return _as_it_stands(tx, register, standing, under, reached)
    changed = _changed(tx, register, since, after, reached or None)
    rows = [row for row in standing if row[register.key] not in changed] + _as_they_were(tx, register, changed)
    loads = _loaded(tx, register, since)
    rows = sorted((row for row in rows if row.pop("recorded_by") not in loads), key=lambda row: str(row[register.key]))
    number = under.number if under else 0
    return Page(rows, number, tx.value(_POSITION, (register.register, number)) or 0, reached, more)


def _as_it_stands(tx: Tx, register: Register, rows: list[dict[str, Any]], under: Any, reached: str) -> Page:
    number = under.number if under else 0
    found = [{name: value for name, value in row.items() if name != "recorded_by"} for row in rows]
    return Page(found, number, tx.value(_POSITION, (register.register, number)) or 0, reached, bool(reached))


def _standing(tx: Tx, register: Register, after: str, limit: int) -> list[dict[str, Any]]:
    key = quoted(register.key)
    rows = tx.all(f"{_select(register, '')} WHERE {key} > %s ORDER BY {key} LIMIT %s", (after, limit))
    return [msgspec.to_builtins(row._asdict()) for row in rows]


def _changed(tx: Tx, register: Register, since: str, after: str, to: str | None) -> dict[str, int]:
    """The first version after the seal, of each record in the range that changed."""
    prefix = f"{register.register}/"
    about = {"since": since, "prefix": prefix, "cut": len(prefix) + 1, "after": after, "to": to}
    return {row.key: row.first for row in tx.all(_CHANGED, about)}


def _as_they_were(tx: Tx, register: Register, changed: dict[str, int]) -> list[dict[str, Any]]:
    """The versions before those; a record that was withdrawn or had never been entered has none."""
    if not changed:
        return []
    before = "unnest(%s::text[], %s::integer[]) AS before (key, first)"
    match = f"past.{quoted(register.key)} = before.key AND past.version = before.first - 1"
    rows = tx.all(
        f"{_select(register, '_past')} past JOIN {before} ON {match}", (list(changed), list(changed.values()))
    )
    return [msgspec.to_builtins(row._asdict()) for row in rows]


def _loaded(tx: Tx, register: Register, since: str) -> set[str]:
    """`recorded_by` of the loads after the seal."""
    prefix = loading.stream(register.register, "")
    return {loading.by(row.load) for row in tx.all(_LOADED, (since, prefix))}


def _select(register: Register, suffix: str) -> str:
    names = ", ".join(map(quoted, (*register.fields, "recorded_by")))
    return f"SELECT {names} FROM {quoted(register.register + suffix)}"
