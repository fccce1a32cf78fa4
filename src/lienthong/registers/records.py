"""The only writers of register tables: enter, amend, withdraw. Each writes the record and its journal entry."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any

import msgspec
from psycopg.errors import UniqueViolation

from lienthong.catalogue.shapes import Register
from lienthong.journal import entries
from lienthong.kit.storage import Tx
from lienthong.registers.tables import quoted


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

    Raises Taken when the key or a unique field stands in another record.
    """
    key = row[register.key]
    change = {"register": register.register, "key": key, "version": 1, "fields": row, "by": by}
    try:
        with tx.savepoint():
            chain = entries.append(tx, stream(register, key), "change", change, at=at)
            tx.run(_insert(register.register, tuple(row)), [*row.values(), valid_from, at, by, chain])
    except UniqueViolation as error:
        raise Taken(register.register, _field(register, error)) from error


def amend(
    tx: Tx, register: Register, key: str, changes: dict[str, Any], *, at: datetime, valid_from: date, by: str
) -> None:
    """Write a new version of a record; the one before stays in the past table. Raises LookupError, Taken."""
    table = register.register
    try:
        with tx.savepoint():
            before = _set_aside(tx, register, key, at)
            number, previous = before.version + 1, bytes(before.chain)
            change = {"register": table, "key": key, "version": number, "fields": changes, "by": by}
            chain = entries.append(tx, stream(register, key), "change", change, at=at, number=number, previous=previous)
            values = [*changes.values(), number, valid_from, at, by, chain, key]
            tx.run(_update(table, tuple(changes), register.key), values)
    except UniqueViolation as error:
        raise Taken(table, _field(register, error)) from error


def withdraw(tx: Tx, register: Register, key: str, *, at: datetime, by: str, reason: str) -> None:
    """Take back a record that never came into force. Its number stays used; its past stays readable."""
    table = register.register
    before = _set_aside(tx, register, key, at)
    change = {"register": table, "key": key, "version": before.version + 1, "withdrawn": reason, "by": by}
    number, previous = before.version + 1, bytes(before.chain)
    entries.append(tx, stream(register, key), "change", change, at=at, number=number, previous=previous)
    tx.run(f"DELETE FROM {quoted(table)} WHERE {quoted(register.key)} = %s", (key,))


def find(tx: Tx, register: Register, lookup: str, value: str) -> list[dict[str, Any]]:
    """Rows of a look-up, as fields and values in plain JSON types. Raises LookupError for an unknown look-up."""
    columns = register.lookups[lookup]
    rows = tx.all(_select(register.register, tuple(columns), tuple(register.fields)), [value] * len(columns))
    return [msgspec.to_builtins(row._asdict()) for row in rows]


def _set_aside(tx: Tx, register: Register, key: str, at: datetime) -> Any:
    """Lock the record and copy it to the past; its version and chain."""
    table, column = quoted(register.register), quoted(register.key)
    before = tx.one(f"SELECT version, chain FROM {table} WHERE {column} = %s FOR UPDATE", (key,))
    if before is None:
        raise LookupError(f"{register.register} holds no {key}")
    past = quoted(f"{register.register}_past")
    tx.run(f"INSERT INTO {past} SELECT r.*, %s FROM {table} r WHERE {column} = %s", (at, key))
    return before


def _field(register: Register, error: UniqueViolation) -> str:
    """Which field a violated index guards, by the index's name."""
    name = error.diag.constraint_name or ""
    return name.removeprefix(f"{register.register}_").removesuffix("_once") if name.endswith("_once") else register.key


@lru_cache
def _insert(table: str, fields: tuple[str, ...]) -> str:
    columns = ", ".join(map(quoted, (*fields, "valid_from", "recorded_at", "recorded_by", "chain")))
    return f"INSERT INTO {quoted(table)} ({columns}) VALUES ({', '.join(['%s'] * (len(fields) + 4))})"


@lru_cache
def _update(table: str, fields: tuple[str, ...], key: str) -> str:
    names = (*fields, "version", "valid_from", "recorded_at", "recorded_by", "chain")
    return f"UPDATE {quoted(table)} SET {', '.join(f'{quoted(n)} = %s' for n in names)} WHERE {quoted(key)} = %s"


@lru_cache
def _select(table: str, columns: tuple[str, ...], fields: tuple[str, ...]) -> str:
    matches = " OR ".join(f"{quoted(column)} = %s" for column in columns)
    wanted = ", ".join(map(quoted, fields))
    return f"SELECT {wanted} FROM {quoted(table)} WHERE {matches} ORDER BY valid_from DESC, {quoted(fields[0])}"
