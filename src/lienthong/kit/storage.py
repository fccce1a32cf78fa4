"""One door to PostgreSQL: a pool, transactions, plain SQL.

    with database.transaction() as tx:
        row = tx.one("SELECT code, status FROM dossier WHERE id = %s", (7,))
        tx.after_commit(bell.ring)

Rows are named tuples. A write that nobody waits for (`run`) is kept back and goes to the server together with those
that follow it, as one statement, before the next read, at the end of a savepoint or at the commit: a statement costs
more than the row it writes. An error of it comes out there. What is to happen once the work is durable goes through
`after_commit`; it is dropped with a rolled-back transaction.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import msgspec
import psycopg
from psycopg.rows import namedtuple_row
from psycopg.types.numeric import Int8Dumper
from psycopg_pool import ConnectionPool, PoolTimeout

from lienthong.kit import failpoints

MOST_PREPARED = 500
# SQLSTATE classes of a server that does not answer, stops, or has no room: the same request may succeed in a while.
_AWAY = ("08", "53", "57")
_WRITES = ("INSERT", "UPDATE", "DELETE")
_OPTIONS = "-c plan_cache_mode=force_generic_plan"  # every statement is a look-up by key or a write of a few rows

Parameters = Sequence[Any] | Mapping[str, Any] | None


def is_away(error: BaseException | None) -> bool:
    """Whether an error says that the database does not answer just now, rather than that it refused something."""
    if isinstance(error, PoolTimeout):
        return True
    return isinstance(error, psycopg.OperationalError) and (error.sqlstate or "08")[:2] in _AWAY


class Tx:
    """One open database transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self._after: list[Callable[[], None]] = []
        self._writes: list[tuple[str, Sequence[Any]]] = []
        self._rows: dict[str, list[Mapping[str, Any]]] = {}  # of what is put: they grow until the statement is sent

    def one(self, sql: str, params: Parameters = None) -> Any:
        """The first row, or None."""
        self.flush()
        return self.connection.execute(sql, params).fetchone()

    def all(self, sql: str, params: Parameters = None) -> list[Any]:
        self.flush()
        return self.connection.execute(sql, params).fetchall()

    def value(self, sql: str, params: Parameters = None) -> Any:
        """The first column of the first row, or None when there is no row."""
        row = self.one(sql, params)
        return None if row is None else row[0]

    def run(self, sql: str, params: Parameters = None) -> None:
        """Write without waiting for the outcome. Writes in a row must not touch the same record twice."""
        if isinstance(params, Mapping) or params is None or not sql.lstrip().startswith(_WRITES):
            self.flush()
            self.connection.execute(sql, params)
            return
        if any(sql == earlier for earlier, _ in self._writes):
            self.flush()
        self._writes.append((sql, params))

    def put(self, sql: str, row: Mapping[str, Any]) -> None:
        """Write a row without waiting, together with all others that are put by this statement before it is sent: its
        only parameter is the list of them as JSON (`json_to_recordset`)."""
        if sql not in self._rows:
            self._rows[sql] = []
            self._writes.append((sql, ()))
        self._rows[sql].append(row)

    def flush(self) -> None:
        """Send the writes kept back."""
        if self._writes:
            statement = _together(tuple(sql for sql, _ in self._writes))
            params = [value for sql, values in self._writes for value in self._values(sql, values)]
            self._forget()
            self.connection.execute(statement, params)

    def _values(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        return [msgspec.json.encode(self._rows[sql]).decode()] if sql in self._rows else values

    def _forget(self) -> None:
        self._writes.clear()
        self._rows.clear()

    def touch(self, sql: str, params: Parameters = None) -> int:
        """Write and wait; the number of rows touched."""
        self.flush()
        return self.connection.execute(sql, params).rowcount

    @contextmanager
    def savepoint(self) -> Generator[None]:
        """What is written inside is undone when the block raises; what the block promised for after the commit too."""
        promised = len(self._after)
        self.flush()
        try:
            with self.connection.transaction():
                yield
                self.flush()
        except BaseException:
            self._forget()
            del self._after[promised:]
            raise

    def after_commit(self, action: Callable[[], None]) -> None:
        self._after.append(action)

    def committing(self) -> None:
        if self._after:
            failpoints.here(failpoints.BEFORE_COMMIT)

    def committed(self) -> None:
        if self._after:
            failpoints.here(failpoints.AFTER_COMMIT)
        for action in self._after:
            action()


class Database:
    """A node's own database, through its runtime role.

    `size` bounds the connections of this process; a caller that finds none free waits `timeout` seconds and gets
    psycopg_pool.PoolTimeout.
    """

    def __init__(self, conninfo: str, *, size: int = 8, timeout: float = 10.0) -> None:
        self.conninfo = conninfo
        self._pool: ConnectionPool[psycopg.Connection[Any]] = ConnectionPool(
            conninfo,
            min_size=0,
            max_size=size,
            timeout=timeout,
            max_idle=60.0,
            open=False,
            kwargs={"row_factory": namedtuple_row, "autocommit": True, "prepare_threshold": 0, "options": _OPTIONS},
            configure=_configure,
        )

    @contextmanager
    def transaction(self, within: float | None = None) -> Generator[Tx]:
        """Commit at the end of the block, roll back when it raises. `within`: seconds to wait for a connection."""
        self._open()
        with self._pool.connection(within) as connection, connection.transaction():
            tx = Tx(connection)
            yield tx
            tx.flush()
            tx.committing()
        tx.committed()

    def one(self, sql: str, params: Parameters = None) -> Any:
        """The first row of a single statement, or None, without opening a transaction for it."""
        self._open()
        with self._pool.connection() as connection:
            return connection.execute(sql, params).fetchone()

    def _open(self) -> None:
        """Connections begin at first use, so that a forked process owns its own."""
        if self._pool.closed:
            self._pool.open()

    def close(self) -> None:
        self._pool.close()


def _configure(connection: psycopg.Connection[Any]) -> None:
    connection.prepared_max = MOST_PREPARED
    connection.adapters.register_dumper(int, Int8Dumper)  # one prepared statement, whatever the size of its numbers


@lru_cache(maxsize=MOST_PREPARED)
def _together(statements: tuple[str, ...]) -> str:
    """Several writes as one statement: all but the last stand in its WITH clause. They see the same snapshot."""
    *first, last = statements
    if not first:
        return last
    named = ", ".join(f"w{place} AS ({sql.strip()})" for place, sql in enumerate(first))
    return f"WITH {named} {last.strip()}"
