"""One door to PostgreSQL: a pool, transactions, plain SQL.

    with database.transaction() as tx:
        row = tx.one("SELECT code, status FROM dossier WHERE id = %s", (7,))
        tx.after_commit(bell.ring)

Rows are named tuples. Statements are pipelined: one whose rows nobody reads does not wait for its answer, so an
error of it may come out at a later statement, at the end of its savepoint or at the commit. What is to happen once the
work is durable goes through `after_commit`; it is dropped with a rolled-back transaction.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from psycopg_pool import ConnectionPool

Parameters = Sequence[Any] | Mapping[str, Any] | None


class Tx:
    """One open database transaction."""

    def __init__(self, connection: psycopg.Connection[Any], pipeline: psycopg.Pipeline) -> None:
        self.connection = connection
        self._pipeline = pipeline
        self._after: list[Callable[[], None]] = []

    def one(self, sql: str, params: Parameters = None) -> Any:
        """The first row, or None."""
        return self.connection.execute(sql, params).fetchone()

    def all(self, sql: str, params: Parameters = None) -> list[Any]:
        return self.connection.execute(sql, params).fetchall()

    def value(self, sql: str, params: Parameters = None) -> Any:
        """The first column of the first row, or None when there is no row."""
        row = self.one(sql, params)
        return None if row is None else row[0]

    def run(self, sql: str, params: Parameters = None) -> None:
        """Execute without waiting for the outcome."""
        self.connection.execute(sql, params)

    def touch(self, sql: str, params: Parameters = None) -> int:
        """Execute and wait; the number of rows touched."""
        cursor = self.connection.execute(sql, params)
        self._pipeline.sync()
        return cursor.rowcount

    @contextmanager
    def savepoint(self) -> Generator[None]:
        """What is written inside is undone when the block raises; what the block promised for after the commit too."""
        promised = len(self._after)
        try:
            with self.connection.transaction():
                yield
                self._pipeline.sync()
        except BaseException:
            del self._after[promised:]
            raise

    def after_commit(self, action: Callable[[], None]) -> None:
        self._after.append(action)

    def committed(self) -> None:
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
            kwargs={"row_factory": namedtuple_row, "autocommit": True, "prepare_threshold": 1},
        )

    @contextmanager
    def transaction(self) -> Generator[Tx]:
        """Commit at the end of the block, roll back when it raises."""
        self._open()
        with self._pool.connection() as connection, connection.pipeline() as pipeline, connection.transaction():
            tx = Tx(connection, pipeline)
            yield tx
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
