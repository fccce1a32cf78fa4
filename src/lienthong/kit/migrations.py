"""Numbered SQL files, applied once each, in order, by the owner role.

    0001_journal.sql    a readable file per change; never edited once released: its hash is kept and compared

A lock time-out keeps a migration from queueing behind live traffic; an advisory lock keeps two from running at once.
"""

import hashlib
from collections.abc import Iterable
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


def apply(conninfo: str, migrations: Iterable[Migration]) -> list[str]:
    """Apply what is missing, each in a transaction of its own. Returns the names applied now.

    Raises MigrationChanged when one applied earlier has been edited since.
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
            if migration.name in known:
                continue
            with connection.transaction():
                connection.execute(migration.sql)
                connection.execute(
                    "INSERT INTO migration (name, hash) VALUES (%s, %s)", (migration.name, migration.hash)
                )
            applied.append(migration.name)
    return applied
