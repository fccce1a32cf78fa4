"""A register that is in use follows its declaration: new optional fields and new look-ups, nothing else.

The declaration is compared with the columns and indexes that stand in the database; what is missing becomes a numbered
migration of its own (`registers/births/0002`), for the table and for its past. A look-up or a `unique` that was taken
back leaves its index behind.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psycopg

from lienthong.catalogue.holdings import Register
from lienthong.catalogue.shapes import Term
from lienthong.kit.migrations import Migration, count
from lienthong.registers import tables
from lienthong.registers.tables import quoted


class NotAdditive(Exception):
    """The declaration changed in a way that no table in use can follow; the message names register, field and why."""


@dataclass(frozen=True)
class Standing:
    """What stands in a database of one register: types of columns, which must be filled, key, names of indexes."""

    columns: Mapping[str, str]
    required: frozenset[str]
    key: str
    indexes: frozenset[str]


_COLUMNS = """
SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
"""
_INDEXES = """
SELECT class.relname, i.indisprimary, pg_get_indexdef(i.indexrelid, 1, true)
FROM pg_index i JOIN pg_class class ON class.oid = i.indexrelid WHERE i.indrelid = to_regclass(%s)
"""
_NAMES = {"timestamp with time zone": "timestamptz"}


def missing(connection: psycopg.Connection, register: Register, terms: Mapping[str, Term]) -> Iterator[Migration]:
    """The migration that brings the tables up to the declaration; none when they are. Raises NotAdditive."""
    here = standing(connection, register.register)
    if here is None:
        yield tables.migration(register, terms)
        return
    statements = list(additions(register, terms, here))
    if statements:
        base = f"registers/{register.register}"
        yield Migration(f"{base}/{count(connection, base) + 1:04d}", "\n".join(statements) + "\n")


def standing(connection: psycopg.Connection, name: str) -> Standing | None:
    """What stands in the database; None when the register has no table yet."""
    table = quoted(name)
    columns = connection.execute(_COLUMNS, (table,)).fetchall()
    if not columns:
        return None
    found = connection.execute(_INDEXES, (table,)).fetchall()
    return Standing(
        {name: _NAMES.get(str(written), str(written)) for name, written, _ in columns},
        frozenset(name for name, _, filled in columns if filled),
        next((column.strip('"') for _, primary, column in found if primary), ""),
        frozenset(name for name, _, _ in found),
    )


def additions(register: Register, terms: Mapping[str, Term], here: Standing) -> Iterator[str]:
    """The statements for what the declaration has and the table has not. Raises NotAdditive."""
    _must_still_fit(register, terms, here)
    name, past = quoted(register.register), quoted(f"{register.register}_past")
    new = [field for field in register.fields if field not in here.columns]
    for field in new:
        written = f"{quoted(field)} {tables.sql_type(terms[register.fields[field].term])}"
        yield f"ALTER TABLE {name} ADD COLUMN {written};"
        yield f"ALTER TABLE {past} ADD COLUMN {written};"
    for index, statement in tables.indexes(register).items():
        if index not in here.indexes:
            field = index.removeprefix(f"{register.register}_").removesuffix("_once")
            if index.endswith("_once") and field not in new:
                raise NotAdditive(f"{register.register}.{field} is declared unique now, over values that may not be")
            yield statement


def _must_still_fit(register: Register, terms: Mapping[str, Term], here: Standing) -> None:
    name = register.register
    if register.key != here.key:
        raise NotAdditive(f"{name} is declared with the key {register.key} instead of {here.key}")
    for field, column in register.fields.items():
        wanted = tables.sql_type(terms[column.term])
        if field not in here.columns:
            if not column.optional:
                raise NotAdditive(f"{name}.{field} is new and must be filled")
        elif here.columns[field] != wanted:
            raise NotAdditive(f"{name}.{field} is declared {wanted} instead of {here.columns[field]}")
        elif (field in here.required) == column.optional:
            said = "may be empty now" if column.optional else "must be filled now"
            raise NotAdditive(f"{name}.{field} {said}")
    for gone in sorted(set(here.columns) - set(register.fields) - set(tables.KEPT)):
        raise NotAdditive(f"{name}.{gone} is no longer declared")
