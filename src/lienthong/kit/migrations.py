"""Numbered SQL files, applied once each, in order, by the owner role.

    0001_journal.sql    a readable file per change; never edited once released: its hash is kept and compared

A lock time-out keeps a migration from queueing behind live traffic; an advisory lock keeps two from running at once.

What follows from a declaration rather than from a file is worked out from the database itself, under the same lock.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psycopg

_LEDGER = """
CREATE TABLE IF NOT EXISTS migration (
    name text PRIMARY KEY,
    hash text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
_LOCK = 7_260_101


class MigrationChanged(Exception):
    """A migration already applied here has other text now: write a new one instead."""


@dataclass(frozen=True)
class Migration:
    name: str
    sql: str

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read(folder: Path, room: str) -> list[Migration]:
    """The migrations of one room, in order of their numbers."""
    return [Migration(f"{room}/{path.stem}", path.read_text()) for path in sorted(folder.glob("*.sql"))]


Derive = Callable[[psycopg.Connection], Iterable[Migration]]


def apply(conninfo: str, migrations: Iterable[Migration], derive: Derive = lambda _: ()) -> list[str]:
    """Apply what is missing, each in a transaction of its own. Returns the names applied now.

    `derive` says what else is missing once the numbered files stand, by looking at the database. Raises
    MigrationChanged when one applied earlier has been edited since.
    """
    applied = []
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        connection.execute("SET lock_timeout = '5s'")
        connection.execute(_LEDGER)
        known: dict[str, str] = dict(connection.execute("SELECT name, hash FROM migration").fetchall())
        for migration in migrations:
            if known.get(migration.name, migration.hash) != migration.hash:
                raise MigrationChanged(migration.name)
            if migration.name not in known:
                _apply(connection, migration)
                applied.append(migration.name)
        for migration in derive(connection):
            _apply(connection, migration)
            applied.append(migration.name)
    return applied


def count(connection: psycopg.Connection, prefix: str) -> int:
    """How many migrations of this name, or below it, were applied."""
    row = connection.execute(
        "SELECT count(*) FROM migration WHERE name = %s OR starts_with(name, %s)", (prefix, f"{prefix}/")
    ).fetchone()
    return int(row[0]) if row else 0


def _apply(connection: psycopg.Connection, migration: Migration) -> None:
    with connection.transaction():
        connection.execute(migration.sql.encode())
        connection.execute("INSERT INTO migration (name, hash) VALUES (%s, %s)", (migration.name, migration.hash))
