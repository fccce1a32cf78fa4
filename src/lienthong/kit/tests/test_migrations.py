"""Migrations: each once, in order, as it was released."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lienthong.kit.migrations import Migration, MigrationChanged, apply, read

ONE = Migration("toy/0001_one", "CREATE TABLE toy_one (id integer);\nCREATE TABLE toy_also (id integer);")
TWO = Migration("toy/0002_two", "ALTER TABLE toy_one ADD COLUMN name text;")


@pytest.fixture(scope="module")
def owner(node_database: Callable[[str], Any]) -> str:
    return str(node_database("G18").owner)


def applied(owner: str) -> dict[str, str]:
    with psycopg.connect(owner) as connection:
        return dict(connection.execute("SELECT name, hash FROM migration WHERE name LIKE 'toy%%'").fetchall())


def test_what_is_missing_is_applied_once_and_remembered(owner: str) -> None:
    assert apply(owner, [ONE]) == ["toy/0001_one"]
    assert apply(owner, [ONE, TWO]) == ["toy/0002_two"]
    assert apply(owner, [ONE, TWO]) == []
    assert applied(owner) == {ONE.name: ONE.hash, TWO.name: TWO.hash}


def test_a_migration_edited_after_its_release_is_refused_and_nothing_after_it_runs(owner: str) -> None:
    apply(owner, [ONE])
    with pytest.raises(MigrationChanged, match="toy/0001_one"):
        apply(owner, [Migration(ONE.name, ONE.sql + " "), Migration("toy/9999_after", "CREATE TABLE toy_after ()")])
    assert "toy/9999_after" not in applied(owner)


def test_a_migration_that_fails_leaves_nothing_of_itself(owner: str) -> None:
    broken = Migration("toy/0003_broken", "CREATE TABLE toy_half (id integer); CREATE TABLE toy_half (id integer);")
    with pytest.raises(psycopg.errors.DuplicateTable):
        apply(owner, [Migration("toy/0003_before", "CREATE TABLE toy_before ()"), broken])
    assert "toy/0003_before" in applied(owner)
    assert "toy/0003_broken" not in applied(owner)
    with psycopg.connect(owner) as connection:
        assert connection.execute("SELECT to_regclass('toy_half')").fetchone() == (None,)


def test_two_that_start_at_once_apply_it_once(owner: str) -> None:
    many = [Migration(f"toy/01{n:02}", f"CREATE TABLE toy_race_{n} (id integer)") for n in range(10)]
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: apply(owner, many), range(4)))
    assert sorted(name for names in done for name in names) == [m.name for m in many]


def test_a_migration_does_not_queue_behind_live_traffic(owner: str) -> None:
    apply(owner, [ONE])
    with psycopg.connect(owner) as reader, psycopg.connect(owner, autocommit=True) as connection:
        reader.execute("SELECT FROM toy_one")
        connection.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            connection.execute("ALTER TABLE toy_one ADD COLUMN more text")


def test_a_rooms_files_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("0010_later.sql", "0002_second.sql", "0001_first.sql", "notes.txt"):
        (tmp_path / name).write_text("SELECT 1")
    assert [m.name for m in read(tmp_path, "toy")] == ["toy/0001_first", "toy/0002_second", "toy/0010_later"]
