"""Transactions: what a block promised happens once it is durable, and not at all when it is undone."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from lienthong.kit.storage import Database, Tx

PUT = "INSERT INTO series (name, last) VALUES (%s, 1)"


@pytest.fixture(scope="module")
def database(node_database: Callable[[str], Any]) -> Iterator[Database]:
    made = Database(node_database("G01").run, size=3)
    yield made
    made.close()


def stands(database: Database, name: str) -> bool:
    with database.transaction() as tx:
        return tx.value("SELECT true FROM series WHERE name = %s", (name,)) is True


def test_a_promise_is_kept_only_once_the_work_is_durable(database: Database) -> None:
    seen: list[bool] = []
    with database.transaction() as tx:
        tx.run(PUT, ("kept",))
        tx.after_commit(lambda: seen.append(stands(database, "kept")))
        assert seen == []
    assert seen == [True]


def test_a_block_that_raises_leaves_nothing_and_promises_nothing(database: Database) -> None:
    kept: list[str] = []

    def fail() -> None:
        with database.transaction() as tx:
            tx.run(PUT, ("undone",))
            tx.after_commit(lambda: kept.append("promise"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert kept == []
    assert not stands(database, "undone")


def test_a_savepoint_undoes_its_own_writing_and_its_own_promises(database: Database) -> None:
    kept: list[str] = []

    def fail(tx: Tx) -> None:
        with tx.savepoint():
            tx.run(PUT, ("inner",))
            with tx.savepoint():
                tx.after_commit(lambda: kept.append("inner"))
            raise RuntimeError

    with database.transaction() as tx:
        tx.run(PUT, ("outer",))
        tx.after_commit(lambda: kept.append("outer"))
        with tx.savepoint():
            tx.after_commit(lambda: kept.append("whole"))
        with pytest.raises(RuntimeError):
            fail(tx)
        tx.after_commit(lambda: kept.append("later"))
    assert kept == ["outer", "whole", "later"]
    assert stands(database, "outer")
    assert not stands(database, "inner")


def test_an_error_of_the_database_inside_a_savepoint_leaves_the_transaction_usable(database: Database) -> None:
    with database.transaction() as tx:
        tx.run(PUT, ("first",))
        with pytest.raises(psycopg.errors.UniqueViolation), tx.savepoint():
            tx.run(PUT, ("first",))
        assert tx.value("SELECT count(*) FROM series WHERE name = 'first'") == 1


def test_rows_are_named_and_nothing_is_none(database: Database) -> None:
    with database.transaction() as tx:
        assert tx.one("SELECT 1 AS number, 'đ' AS letter") == (1, "đ")
        assert tx.one("SELECT 1 AS number").number == 1
        assert tx.one("SELECT 1 WHERE false") is None
        assert tx.value("SELECT 1 WHERE false") is None
        assert tx.all("SELECT 1 WHERE false") == []
        assert tx.value("SELECT %(name)s", {"name": "'; DROP TABLE series; --"}) == "'; DROP TABLE series; --"


def test_a_caller_who_finds_no_connection_free_is_told_in_time(node_database: Callable[[str], Any]) -> None:
    small = Database(node_database("G01").run, size=1, timeout=0.1)
    with small.transaction(), pytest.raises(PoolTimeout), small.transaction():
        pass
    small.close()


def test_a_connection_that_was_cut_does_not_harm_the_next_caller(
    database: Database, node_database: Callable[[str], Any]
) -> None:
    with pytest.raises(psycopg.OperationalError), database.transaction() as tx:
        tx.run("SELECT pg_terminate_backend(pg_backend_pid())")
    with database.transaction() as tx:
        assert tx.value("SELECT 1") == 1


def test_the_runtime_role_defines_nothing(database: Database) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction() as tx:
        tx.run("CREATE TABLE mine (id integer)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction() as tx:
        tx.run("ALTER TABLE series ADD COLUMN mine integer")


def test_rows_that_are_put_go_together_in_their_order_and_a_savepoint_undoes_its_own(database: Database) -> None:
    put = "INSERT INTO series (name, last) SELECT name, 0 FROM json_to_recordset(%s) AS r (name text)"
    with database.transaction() as tx:
        tx.put(put, {"name": "put-1"})
        tx.put(put, {"name": "put-2 “ổ” \\ \n"})
        with suppress(RuntimeError), tx.savepoint():
            tx.put(put, {"name": "put-undone"})
            raise RuntimeError
        tx.put(put, {"name": "put-3"})
        found = tx.all("SELECT name FROM series WHERE name LIKE 'put-%%'")
    assert [row.name for row in found] == ["put-1", "put-2 “ổ” \\ \n", "put-3"]
