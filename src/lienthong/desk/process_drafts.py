"""Drafts of process tables as stored: one a service, saved only over the version that its writer saw."""

from datetime import datetime

import msgspec

from lienthong.desk.process_table import Table
from lienthong.identity.types import Officer
from lienthong.kit.storage import Tx

_BEGIN = """
INSERT INTO process_draft (service, based_on, content, authors, changed_at, changed_by) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (service) DO NOTHING
"""
_SAVE = """
UPDATE process_draft SET content = %s, version = version + 1, authors = %s, changed_at = %s, changed_by = %s
WHERE service = %s AND version = %s
"""
_FIELDS = "service, based_on, content, version, authors, changed_at, changed_by"


class Draft(msgspec.Struct, frozen=True):
    """`authors` are all who wrote on it, name by personal number; `based_on` the revision it began with."""

    service: str
    based_on: str
    table: Table
    version: int
    authors: dict[str, str]
    changed_at: datetime
    changed_by: str


class Overtaken(Exception):
    """Somebody saved the draft after the page was opened."""


def load(tx: Tx, service: str) -> Draft | None:
    row = tx.one(f"SELECT {_FIELDS} FROM process_draft WHERE service = %s", (service,))
    return None if row is None else _from_row(row)


def every(tx: Tx) -> dict[str, Draft]:
    """All drafts by service."""
    return {row.service: _from_row(row) for row in tx.all(f"SELECT {_FIELDS} FROM process_draft")}


def begin(tx: Tx, service: str, revision: str, table: Table, officer: Officer, at: datetime) -> None:
    """A draft to write on; one that is there already stays."""
    authors = msgspec.json.encode({officer.number: officer.name}).decode()
    tx.touch(_BEGIN, (service, revision, _text(table), authors, at, officer.name))


def save(tx: Tx, draft: Draft, table: Table, officer: Officer, at: datetime) -> None:
    """Raises Overtaken when the draft is another version by now, or gone."""
    authors = msgspec.json.encode({**draft.authors, officer.number: officer.name}).decode()
    if not tx.touch(_SAVE, (_text(table), authors, at, officer.name, draft.service, draft.version)):
        raise Overtaken(draft.service)


def drop(tx: Tx, service: str) -> None:
    tx.touch("DELETE FROM process_draft WHERE service = %s", (service,))


def _text(table: Table) -> str:
    return msgspec.json.encode(table).decode()


def _from_row(row: object) -> Draft:
    values = row._asdict()  # type: ignore[attr-defined]
    table = msgspec.json.decode(values.pop("content"), type=Table)
    return Draft(**{**values, "table": table, "authors": msgspec.json.decode(values["authors"])})
