"""From a declaration to tables: a readable SQL migration for each register a node owns."""

from collections.abc import Mapping

from lienthong.catalogue.holdings import Register
from lienthong.catalogue.shapes import Term
from lienthong.kit.migrations import Migration

_TYPES = {"number": "integer", "date": "date", "moment": "timestamptz", "flag": "boolean"}
PLACES = 20  # bits of a key's place among the buckets
KEPT = ("version", "valid_from", "recorded_at", "recorded_by", "chain")

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
        f"    {quoted(field)} {sql_type(terms[column.term])}{'' if column.optional else ' NOT NULL'}"
        for field, column in register.fields.items()
    )
    past, key = quoted(f"{register.register}_past"), quoted(register.key)
    statements = [
        f"-- {register.name.en}: {register.legal_basis}",
        f"CREATE TABLE {name} (\n{columns},\n{_KEPT},\n    PRIMARY KEY ({key})\n);",
        f"CREATE TABLE {past} (\n    LIKE {name},\n{_SUPERSEDED},\n    PRIMARY KEY ({key}, version)\n);",
        *indexes(register).values(),
    ]
    return Migration(f"registers/{register.register}", "\n".join(statements) + "\n")


def indexes(register: Register) -> dict[str, str]:
    """The statement that makes each index beside the key's, by its name."""
    name = quoted(register.register)
    once = [field for field, column in register.fields.items() if column.unique]
    unique = {f"{register.register}_{field}_once": field for field in once}
    plain = {f"{register.register}_{column}": column for column in sorted(_looked_up(register))}
    placed = {f"{register.register}_buckets": register.buckets} if register.buckets else {}
    return {
        **{i: f"CREATE UNIQUE INDEX {quoted(i)} ON {name} ({quoted(field)});" for i, field in unique.items()},
        **{i: f"CREATE INDEX {quoted(i)} ON {name} ({quoted(column)});" for i, column in plain.items()},
        **{i: f"CREATE INDEX {quoted(i)} ON {name} (({place_of(quoted(c))}));" for i, c in placed.items()},
    }


def place_of(key: str) -> str:
    """Where a key lies among the buckets in which registers are compared (`registers.buckets`), as SQL."""
    return f"('x' || substr(md5({key}), 1, {PLACES // 4}))::bit({PLACES})::integer"


def sql_type(term: Term) -> str:
    """The column type of a term's values."""
    return _TYPES.get(term.type, "text")


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
