"""Feeds: numbers of one register's entries without gaps, from any point, and only what is sealed."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from lienthong.journal import feeds, sealer
from lienthong.journal.entries import append
from lienthong.journal.sealer import seal_ready, verify_seals
from lienthong.kit import clock
from lienthong.kit.storage import Database, Tx


@pytest.fixture
def database(node_database: Callable[[str], Any]) -> Iterator[Database]:
    """An empty journal."""
    with psycopg.connect(node_database("H36").owner) as owner:
        owner.execute("TRUNCATE journal_entry, seal, seal_feed RESTART IDENTITY")
    made = Database(node_database("H36").run, size=4)
    yield made
    made.close()


def change(tx: Tx, register: str, key: int) -> None:
    append(tx, f"{register}/{key}", "change", {"key": key}, at=clock.now())


def seal(database: Database) -> int:
    with database.transaction() as tx:
        return seal_ready(tx)


def read(database: Database, feed: str, after: int = 0, limit: int = 500) -> list[tuple[int, str]]:
    with database.transaction() as tx:
        return [(sequence, row.stream) for sequence, row in feeds.page(tx, feed, after, limit)]


def test_each_feed_counts_its_own_entries_through_all_seals(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealer, "LARGEST_SEAL", 7)
    for turn in range(20):
        with database.transaction() as tx:
            change(tx, "persons", 2 * turn)
            append(tx, f"read/{turn}", "read", {}, at=clock.now())
            change(tx, "births", turn)
            change(tx, "persons", 2 * turn + 1)
        if turn % 6 == 5:
            seal(database)
    seal(database)
    with database.transaction() as tx:
        append(tx, "load/persons/x", feeds.LOAD, {}, at=clock.now())
        append(tx, "publication/rights", "publication", {}, at=clock.now())
        change(tx, "persons", 99)
        assert feeds.lasts(tx, ["persons", "births", "publications", "nothing"]) == {
            "persons": 40, "births": 20, "publications": 0, "nothing": 0,
        }  # fmt: skip
    seal(database)
    whole = [f"persons/{key}" for key in range(40)] + ["load/persons/x", "persons/99"]
    assert read(database, "persons") == list(enumerate(whole, start=1))
    assert read(database, "publications") == [(1, "publication/rights")]
    for after in range(43):  # from any point, in pages of any size
        page = read(database, "persons", after, limit=5)
        assert page == list(enumerate(whole, start=1))[after : after + 5]
    with database.transaction() as tx:
        assert verify_seals(tx) == 20 * 4 + 3
        positions = [row.position for _, row in feeds.page(tx, "births", 0)]
        assert positions == [position for position, row in sealer.follow(tx, 0) if row.stream.startswith("births/")]


def test_what_is_not_sealed_is_in_no_feed(database: Database) -> None:
    with database.transaction() as tx:
        change(tx, "persons", 1)
    assert read(database, "persons") == []
    seal(database)
    assert read(database, "persons") == [(1, "persons/1")]


def test_much_work_at_once_is_sealed_in_small_windows(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer, "WINDOW", 3)
    monkeypatch.setattr(sealer, "MOST", 4)
    for turn in range(9):
        with database.transaction() as tx:
            change(tx, "persons", turn)
    with database.transaction() as tx:
        assert seal_ready(tx, most=4) == 6
    assert seal(database) == 3
    with database.transaction() as tx:
        assert tx.value("SELECT max(count) FROM seal") == 3
        assert verify_seals(tx) == 9


@pytest.mark.parametrize(
    "change_",
    ["UPDATE seal_feed SET first = first + 1", "DELETE FROM seal_feed", "UPDATE seal_feed SET feed = 'births'"],
)
def test_a_feed_numbered_otherwise_is_found(
    database: Database, node_database: Callable[[str], Any], change_: str
) -> None:
    with database.transaction() as tx:
        change(tx, "persons", 1)
    seal(database)
    with psycopg.connect(node_database("H36").owner) as owner:
        owner.execute(change_.encode())
    with database.transaction() as tx, pytest.raises(ValueError, match="numbers"):
        verify_seals(tx)
