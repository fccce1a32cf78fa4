"""The only writers of register tables: enter, amend, withdraw. Each writes the record and its journal entry."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import msgspec
from psycopg.errors import UniqueViolation

from lienthong.catalogue.holdings import Register
from lienthong.journal import entries
from lienthong.kit.storage import Tx
from lienthong.registers.tables import KEPT, quoted


class Taken(Exception):
    """Another record holds a value that may stand only once; `field` says which."""

    def __init__(self, register: str, field: str) -> None:
        super().__init__(f"{register}.{field}")
        self.register, self.field = register, field


def stream(register: Register, key: str) -> str:
    """Where the journal keeps a record's changes."""
    return f"{register.register}/{key}"


def enter(tx: Tx, register: Register, row: dict[str, Any], *, at: datetime, valid_from: date, by: str) -> None:
    """Write a new record. `row` holds every declared field; `by` names the message or dossier it follows from.

    A key that the register did not number itself (the person of a residence) may stand again after a withdrawal: the
    record's history goes on. Raises Taken when the key or a unique field stands in another record.
    """
    before: Any = None
    try:
        try:
            _enter(tx, register, row, at, valid_from, by, before)
        except UniqueViolation as error:
            before = None if register.rule else _withdrawn_before(tx, register, row[register.key], error)
            if before is None:
                raise
            _enter(tx, register, row, at, valid_from, by, before)
    except UniqueViolation as error:
        raise Taken(register.register, _field(register, error)) from error


def amend(
    tx: Tx,
    register: Register,
    key: str,
    changes: dict[str, Any],
    *,
    at: datetime,
    valid_from: date,
    by: str,
    reason: str = "",
) -> None:
    """Write a new version of a record; the one before stays in the past table. Raises LookupError, Taken."""
    table = register.register
    try:
        with tx.savepoint():
            before = _set_aside(tx, register, key, at)
            number, previous = before.version + 1, bytes(before.chain)
            change = {"register": table, "key": key, "version": number, "fields": changes, "by": by}
            change |= {"reason": reason} if reason else {}
            chain = entries.append(tx, stream(register, key), "change", change, at=at, number=number, previous=previous)
            values = [*changes.values(), number, valid_from, at, by, chain, key]
            tx.run(_update(table, tuple(changes), register.key), values)
    except UniqueViolation as error:
        raise Taken(table, _field(register, error)) from error


def withdraw(tx: Tx, register: Register, key: str, *, at: datetime, by: str, reason: str) -> None:
    """Take back a record that never came into force, or that a decision annulled; `reason` says why.

    Its number stays used; its past stays readable. Raises LookupError.
    """
    table = register.register
    before = _set_aside(tx, register, key, at)
    change = {"register": table, "key": key, "version": before.version + 1, "withdrawn": reason, "by": by}
    number, previous = before.version + 1, bytes(before.chain)
    entries.append(tx, stream(register, key), "change", change, at=at, number=number, previous=previous)
    tx.run(f"DELETE FROM {quoted(table)} WHERE {quoted(register.key)} = %s", (key,))


def one(tx: Tx, register: Register, key: str) -> dict[str, Any] | None:
    """The record under a key, as `find` gives it; None when it does not stand."""
    row = tx.one(_select(register.register, (register.key,), tuple(register.fields)), [key])
    return None if row is None else dict(msgspec.to_builtins(row._asdict()))


def several(tx: Tx, register: Register, keys: Sequence[str]) -> list[dict[str, Any]]:
    """The records under these keys that stand."""
    names, key = ", ".join(map(quoted, register.fields)), quoted(register.key)
    rows = tx.all(f"SELECT {names} FROM {quoted(register.register)} WHERE {key} = ANY(%s)", (list(keys),))
    return [msgspec.to_builtins(row._asdict()) for row in rows]


def find(tx: Tx, register: Register, lookup: str, value: str) -> list[dict[str, Any]]:
    """Rows of a look-up, as fields and values in plain JSON types. Raises LookupError for an unknown look-up."""
    columns = register.lookups[lookup]
    rows = tx.all(_select(register.register, tuple(columns), tuple(register.fields)), [value] * len(columns))
    return [msgspec.to_builtins(row._asdict()) for row in rows]


def withdrawn(tx: Tx, register: Register, key: str) -> dict[str, Any] | None:
    """How a record ended: `withdrawn` (the reason), `by`, `at`, `version`; None while it stands or never was."""
    last = _last(tx, register, key)
    content = msgspec.json.decode(last.payload) if last and last.payload else {}
    if "withdrawn" not in content:
        return None
    return {name: content[name] for name in ("withdrawn", "by", "version")} | {"at": last.at.isoformat()}


def past(tx: Tx, register: Register, key: str) -> list[dict[str, Any]]:
    """Earlier versions of a record, oldest first, with `version`, `valid_from`, `recorded_by`, `superseded_at`."""
    names = (*register.fields, "version", "valid_from", "recorded_by", "superseded_at")
    table, columns = quoted(f"{register.register}_past"), ", ".join(map(quoted, names))
    rows = tx.all(f"SELECT {columns} FROM {table} WHERE {quoted(register.key)} = %s ORDER BY version", (key,))
    return [msgspec.to_builtins(row._asdict()) for row in rows]


def _enter(tx: Tx, register: Register, row: dict[str, Any], at: datetime, valid_from: date, by: str, last: Any) -> None:
    """Write the record and its entry, as the first of its stream or after `last`."""
    key, number = row[register.key], last.number + 1 if last else 1
    change = {"register": register.register, "key": key, "version": number, "fields": row, "by": by}
    head = bytes(last.chain) if last else b""
    with tx.savepoint():
        chain = entries.append(tx, stream(register, key), "change", change, at=at, number=number, previous=head)
        tx.run(_insert(register.register, tuple(row)), [*row.values(), number, valid_from, at, by, chain])


def _withdrawn_before(tx: Tx, register: Register, key: str, error: UniqueViolation) -> Any:
    """The last entry of a record of this key that was withdrawn; None when the conflict is another one."""
    if error.diag.table_name != "journal_entry":
        return None
    return _last(tx, register, key) if withdrawn(tx, register, key) else None


def _last(tx: Tx, register: Register, key: str) -> Any:
    sql = "SELECT number, chain, payload, at FROM journal_entry WHERE stream = %s ORDER BY number DESC LIMIT 1"
    return tx.one(sql, (stream(register, key),))


def _set_aside(tx: Tx, register: Register, key: str, at: datetime) -> Any:
    """Lock the record and copy it to the past; its version and chain."""
    table, column = quoted(register.register), quoted(register.key)
    before = tx.one(f"SELECT version, chain FROM {table} WHERE {column} = %s FOR UPDATE", (key,))
    if before is None:
        raise LookupError(f"{register.register} holds no {key}")
    tx.run(_keep(register.register, tuple(register.fields), register.key), (at, key))
    return before


def _field(register: Register, error: UniqueViolation) -> str:
    """Which field a violated index guards, by the index's name."""
    name = error.diag.constraint_name or ""
    return name.removeprefix(f"{register.register}_").removesuffix("_once") if name.endswith("_once") else register.key


@lru_cache
def _insert(table: str, fields: tuple[str, ...]) -> str:
    columns = ", ".join(map(quoted, (*fields, *KEPT)))
    return f"INSERT INTO {quoted(table)} ({columns}) VALUES ({', '.join(['%s'] * (len(fields) + len(KEPT)))})"


@lru_cache
def _update(table: str, fields: tuple[str, ...], key: str) -> str:
    names = (*fields, *KEPT)
    return f"UPDATE {quoted(table)} SET {', '.join(f'{quoted(n)} = %s' for n in names)} WHERE {quoted(key)} = %s"


@lru_cache
def _keep(table: str, fields: tuple[str, ...], key: str) -> str:
    """Column by column: those that came later stand in another place in the past."""
    columns = ", ".join(map(quoted, (*fields, *KEPT)))
    kept = f"INSERT INTO {quoted(f'{table}_past')} ({columns}, superseded_at)"
    return f"{kept} SELECT {columns}, %s FROM {quoted(table)} WHERE {quoted(key)} = %s"


@lru_cache
def _select(table: str, columns: tuple[str, ...], fields: tuple[str, ...]) -> str:
    matches = " OR ".join(f"{quoted(column)} = %s" for column in columns)
    wanted = ", ".join(map(quoted, fields))
    return f"SELECT {wanted} FROM {quoted(table)} WHERE {matches} ORDER BY valid_from DESC, {quoted(fields[0])}"
