"""Sandbox registries: what an outside system describes and fills by itself, with the journal of our own registers.

A description is a small part of JSON Schema: the type of each property, which are required, which one is the key.
Every change and every read is an entry of the journal, as with a register that the law knows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from psycopg.errors import DataError, QueryCanceled

from lienthong.gateways.calls import Problem
from lienthong.journal import entries
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx

MOST_REGISTRIES, MOST_RECORDS = 100, 100_000
MOST_FIELDS, LONGEST_TEXT, LONGEST_PATTERN = 100, 2_000, 100
PATIENCE_MS = 500  # for a search by pattern
_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "string": lambda value: isinstance(value, str) and len(value) <= LONGEST_TEXT,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
}
Content = dict[str, Any]

_REGISTRIES = "SELECT * FROM sandbox_registry WHERE system = %s"
_MODIFY = """
INSERT INTO sandbox_registry (system, code, version, catalog, group_name, schema, modified_at)
VALUES (%(system)s, %(code)s, %(version)s, %(catalog)s, %(group)s, %(schema)s, %(at)s)
ON CONFLICT (system, code) DO UPDATE SET version = excluded.version, catalog = excluded.catalog,
    group_name = excluded.group_name, schema = excluded.schema, modified_at = excluded.modified_at
RETURNING *
"""
_ROWS = "SELECT uuid, key, content, version, chain FROM sandbox_record WHERE registry = %(registry)s"
_COUNT = "SELECT count(*) FROM sandbox_record WHERE registry = %(registry)s"
_MATCHING = " AND content @> %(content)s::jsonb"
_FOUND = (
    " AND EXISTS (SELECT FROM jsonb_each_text(content) one WHERE (%(field)s = '' OR one.key = %(field)s)"
    " AND one.value ~* %(pattern)s)"
)
_ORDER = " ORDER BY content ->> %(field)s {direction}, recorded_at, uuid LIMIT %(limit)s OFFSET %(offset)s"
_WRITE = """
INSERT INTO sandbox_record (uuid, registry, key, content, version, chain, recorded_at)
VALUES (%s, %s, %s, %s::jsonb, %s, %s, %s)
ON CONFLICT (uuid) DO UPDATE SET key = excluded.key, content = excluded.content, version = excluded.version,
    chain = excluded.chain, recorded_at = excluded.recorded_at
"""
_USAGE = """
SELECT stream, number, at, payload::json AS said FROM journal_entry
WHERE kind = 'read' AND subject = %s AND payload IS NOT NULL AND payload::json ->> 'register' = %s
ORDER BY at DESC LIMIT 100
"""


class Property(msgspec.Struct, frozen=True, rename="camel"):
    """One property of a description; what else stands there (descriptions, triggers) is kept and not judged."""

    type: str = "string"
    primary_key: bool = False


class Schema(msgspec.Struct, frozen=True):
    properties: dict[str, Property] = {}
    required: list[str] = []

    @property
    def key(self) -> str:
        """The field that names a record: the one declared so, else ID or id, else the first."""
        declared = [name for name, one in self.properties.items() if one.primary_key]
        named = [name for name in self.properties if name.lower() == "id"]
        return next(iter([*declared, *named, *self.properties]), "")


@dataclass(frozen=True)
class Registry:
    id: int
    system: str
    code: str
    version: str
    catalog: str
    group: str
    schema: Schema
    text: str
    modified_at: datetime

    @property
    def name(self) -> str:
        """The registry as the journal names it."""
        return f"sandbox/{self.code}"


@dataclass(frozen=True)
class Record:
    uuid: UUID
    key: str
    content: Content
    version: int
    chain: bytes


@dataclass(frozen=True)
class Search:
    """What a list is to hold: records with these values, a pattern in one field or any, in which order, which page."""

    content: Content
    pattern: str = ""
    field: str = ""
    descending: bool = False
    page: int = 1
    size: int = 100


# ---------------------------------------------------------------------- registries


def modify(tx: Tx, system: str, code: str, version: str, names: tuple[str, str], schema: Any, at: datetime) -> Registry:
    """Describe a registry, anew where it is there already. `names`: its group's and its own.

    Raises Problem: refused (not a description we can keep, or one more than a system may have).
    """
    text = msgspec.json.encode(schema).decode()
    described = _schema(text)
    if unknown := sorted({one.type for one in described.properties.values()} - set(_TYPES)):
        raise Problem("refused", f"no such type: {unknown[0]}")
    if not 0 < len(described.properties) <= MOST_FIELDS:
        raise Problem("refused", f"a schema has between 1 and {MOST_FIELDS} properties")
    if missing := sorted(set(described.required) - set(described.properties)):
        raise Problem("refused", f"required, but no property: {missing[0]}")
    known = {registry.code for registry in registries(tx, system)}
    if code not in known and len(known) >= MOST_REGISTRIES:
        raise Problem("refused", f"a system keeps at most {MOST_REGISTRIES} registries here")
    group, catalog = names
    row = {"system": system, "code": code, "version": version, "catalog": catalog, "group": group, "schema": text}
    return _registry(tx.one(_MODIFY, row | {"at": at}))


def registries(tx: Tx, system: str) -> list[Registry]:
    return [_registry(row) for row in tx.all(f"{_REGISTRIES} ORDER BY id", (system,))]


def registry(tx: Tx, system: str, code: str, version: str = "") -> Registry:
    """Raises Problem (not-found)."""
    row = tx.one(f"{_REGISTRIES} AND code = %s", (system, code))
    if row is None or version not in ("", row.version):
        raise Problem("not-found", "no such registry of that version")
    return _registry(row)


def by_number(tx: Tx, system: str, number: int) -> Registry:
    """Raises Problem (not-found)."""
    row = tx.one(f"{_REGISTRIES} AND id = %s", (system, number)) if number < 2**63 else None
    if row is None:
        raise Problem("not-found", "no such database")
    return _registry(row)


def drop(tx: Tx, number: int) -> None:
    """Take a registry away with its records; what the journal says of them stays."""
    tx.run("DELETE FROM sandbox_registry WHERE id = %s", (number,))


def _registry(row: Any) -> Registry:
    names = (row.id, row.system, row.code, row.version, row.catalog, row.group_name)
    return Registry(*names, _schema(row.schema), row.schema, row.modified_at)


def _schema(text: str) -> Schema:
    try:
        return msgspec.json.decode(text, type=Schema)
    except msgspec.ValidationError as error:
        raise Problem("refused", f"schema: {error}") from error


# ---------------------------------------------------------------------- records


def create(tx: Tx, at: Registry, content: Content, by: str, moment: datetime) -> Record:
    """Raises Problem: refused (not as described, or the registry is full)."""
    _check(at.schema, content)
    if tx.value(_COUNT, {"registry": at.id}) >= MOST_RECORDS:
        raise Problem("refused", f"a registry holds at most {MOST_RECORDS} records here")
    return _write(tx, at, Record(uuid4(), "", content, 0, b""), by, moment)


def amend(tx: Tx, at: Registry, found: Record, changes: Content, by: str, moment: datetime) -> Record:
    """Raises Problem (refused)."""
    content = found.content | changes
    _check(at.schema, content)
    return _write(tx, at, Record(found.uuid, "", content, found.version, found.chain), by, moment)


def remove(tx: Tx, at: Registry, found: Record, by: str, moment: datetime) -> None:
    said = {"register": at.name, "key": found.key, "withdrawn": "deleted", "by": by}
    number, stream = found.version + 1, _stream(found)
    entries.append(tx, stream, "change", said, at=moment, number=number, previous=found.chain)
    tx.run("DELETE FROM sandbox_record WHERE uuid = %s", (found.uuid,))


def search(tx: Tx, at: Registry, wanted: Search) -> tuple[int, list[Record]]:
    """How many match, and one page of them. Raises Problem (refused) for a pattern that is none or takes too long."""
    if len(wanted.pattern) > LONGEST_PATTERN:
        raise Problem("refused", f"a search has at most {LONGEST_PATTERN} characters")
    where = (_MATCHING if wanted.content else "") + (_FOUND if wanted.pattern else "")
    order = _ORDER.format(direction="DESC" if wanted.descending else "ASC")
    params = {
        "registry": at.id, "content": msgspec.json.encode(wanted.content).decode(), "pattern": wanted.pattern,
        "field": wanted.field, "limit": wanted.size, "offset": (wanted.page - 1) * wanted.size,
    }  # fmt: skip
    try:
        tx.run(f"SET LOCAL statement_timeout = {PATIENCE_MS}")
        count, rows = tx.value(_COUNT + where, params), tx.all(_ROWS + where + order, params)
        tx.run("SET LOCAL statement_timeout = 0")
    except (DataError, QueryCanceled) as error:
        raise Problem("refused", "this search cannot be done") from error
    return count, [Record(*row) for row in rows]


def matching(tx: Tx, at: Registry, content: Content, most: int = 1) -> list[Record]:
    """The first records that have all these values."""
    return search(tx, at, Search(content, size=most))[1]


def one(tx: Tx, at: Registry, uuid: UUID) -> Record:
    """Raises Problem (not-found)."""
    row = tx.one(f"{_ROWS} AND uuid = %(uuid)s", {"registry": at.id, "uuid": uuid})
    if row is None:
        raise Problem("not-found", "no record found")
    return Record(*row)


def with_key(tx: Tx, at: Registry, key: str) -> list[Record]:
    rows = tx.all(f"{_ROWS} AND key = %(key)s ORDER BY recorded_at", {"registry": at.id, "key": key})
    return [Record(*row) for row in rows]


def log(tx: Tx, at: Registry, found: Sequence[Record], reader: str, moment: datetime) -> None:
    """What was opened is in the journal before it leaves: one entry for each record with a key."""
    about = {"asker": at.system, "service": "govstack", "purpose": "sandbox", "case": "", "officer": reader}
    opened = [(one.key, {**about, "register": at.name, "fields": sorted(one.content)}) for one in found if one.key]
    if opened:
        entries.append_reads(tx, f"read/{new_id()}", opened, moment)


def usage(tx: Tx, at: Registry, key: str) -> list[Any]:
    """Who read the records under a key, the newest first: stream, number, at, said."""
    return tx.all(_USAGE, (key, at.name))


def _write(tx: Tx, at: Registry, record: Record, by: str, moment: datetime) -> Record:
    number, key = record.version + 1, str(record.content.get(at.schema.key, ""))
    said = {"register": at.name, "key": key, "version": number, "fields": record.content, "by": by}
    chain = entries.append(tx, _stream(record), "change", said, at=moment, number=number, previous=record.chain)
    tx.run(_WRITE, (record.uuid, at.id, key, msgspec.json.encode(record.content).decode(), number, chain, moment))
    return Record(record.uuid, key, record.content, number, chain)


def _stream(record: Record) -> str:
    return f"sandbox/{record.uuid}"


def _check(schema: Schema, content: Content) -> None:
    if unknown := sorted(set(content) - set(schema.properties)):
        raise Problem("refused", f"no such field: {unknown[0][:60]}")
    for name, value in content.items():
        if value is not None and not _TYPES[schema.properties[name].type](value):
            raise Problem("refused", f"{name} is no {schema.properties[name].type}")
    if missing := [name for name in schema.required if content.get(name) in (None, "")]:
        raise Problem("refused", f"{missing[0]} is missing")
