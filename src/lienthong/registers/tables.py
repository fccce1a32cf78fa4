"""From a declaration to tables: a readable SQL migration for each register a node owns."""

from collections.abc import Mapping

from lienthong.catalogue.shapes import Register, Term
from lienthong.kit.migrations import Migration

_TYPES = {"number": "integer", "date": "date", "moment": "timestamptz", "flag": "boolean"}

# What every record carries beside its declared fields: its version, since when it holds (valid time), when and by
# which message or load it was written (recorded time), and the head of its chain in the journal.
_KEPT = """\
    version integer NOT NULL DEFAULT 1,
    valid_from date NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    chain bytea NOT NULL DEFAULT ''"""
_SUPERSEDED = "    superseded_at timestamptz NOT NULL"


def migration(register: Register, terms: Mapping[str, Term]) -> Migration:
    """The tables of one register: what holds now, what held before, and an index for each look-up."""
    name = quoted(register.register)
    columns = ",\n".join(
        f"    {quoted(field)} {_TYPES.get(terms[column.term].type, 'text')}{'' if column.optional else ' NOT NULL'}"
        for field, column in register.fields.items()
    )
    past, key = quoted(f"{register.register}_past"), quoted(register.key)
    statements = [
        f"-- {register.name.en}: {register.legal_basis}",
        f"CREATE TABLE {name} (\n{columns},\n{_KEPT},\n    PRIMARY KEY ({key})\n);",
        f"CREATE TABLE {past} (\n    LIKE {name},\n{_SUPERSEDED},\n    PRIMARY KEY ({key}, version)\n);",
        *(
            f"CREATE UNIQUE INDEX {quoted(f'{register.register}_{field}_once')} ON {name} ({quoted(field)});"
            for field, column in register.fields.items()
            if column.unique
        ),
        *(
            f"CREATE INDEX {quoted(f'{register.register}_{column}')} ON {name} ({quoted(column)});"
            for column in sorted(_looked_up(register))
        ),
    ]
    return Migration(f"registers/{register.register}", "\n".join(statements) + "\n")


def quoted(identifier: str) -> str:
    """An identifier as SQL takes it. Raises ValueError for anything but the catalogue's own spelling."""
    plain = identifier.isascii() and identifier.replace("_", "a").isalnum() and identifier[0].islower()
    if not plain or len(identifier) > 63:  # PostgreSQL cuts longer ones short
        raise ValueError(f"no identifier: {identifier!r}")
    return f'"{identifier}"'


def _looked_up(register: Register) -> set[str]:
    """Columns of look-ups that no key or unique index serves already."""
    columns = {column for columns in register.lookups.values() for column in columns}
    return {c for c in columns if c != register.key and not register.fields[c].unique}
