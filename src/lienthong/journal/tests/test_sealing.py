"""Sealed feeds: every committed entry once, in order, without a gap, whatever order commits come in."""

import hashlib
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from random import Random
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.journal import sealer
from lienthong.journal.entries import append, first_link, verify_stream
from lienthong.journal.sealer import follow, seal_ready, tree_root, verify_seals
from lienthong.kit import clock
from lienthong.kit.series import next_number
from lienthong.kit.storage import Database, Tx

WRITERS, ROUNDS, RECORDS = 8, 25, 5
SMUGGLING = """
INSERT INTO journal_entry (xid, stream, number, kind, at, payload, digest, chain)
SELECT xid, 'dossier/smuggled', 1, kind, at, payload, digest, chain FROM journal_entry WHERE number = 2
"""


@pytest.fixture
def database(node_database: Callable[[str], Any]) -> Iterator[Database]:
    """An empty journal."""
    with psycopg.connect(node_database("H36").owner) as owner:
        owner.execute("TRUNCATE journal_entry, seal, seal_feed, series RESTART IDENTITY")
    made = Database(node_database("H36").run, size=WRITERS + 4)
    yield made
    made.close()


def write(tx: Tx, record: str) -> tuple[str, int]:
    """The next entry of a record, whose row stays locked until the transaction ends."""
    number = next_number(tx, record)
    previous = tx.value("SELECT chain FROM journal_entry WHERE stream = %s AND number = %s", (record, number - 1))
    append(tx, record, "act", {"n": number}, at=clock.now(), number=number, previous=bytes(previous or b""))
    return record, number


def seal(database: Database) -> int:
    with database.transaction() as tx:
        return seal_ready(tx)


def read_feed(database: Database, after: int = 0, limit: int = 1000) -> list[tuple[int, Any]]:
    with database.transaction() as tx:
        return follow(tx, after, limit)


class Follower:
    """Polls the feed as another node would, while the sealer works."""

    def __init__(self, database: Database) -> None:
        self._database, self.got, self.done = database, list[tuple[int, Any]](), threading.Event()

    def run(self) -> None:
        last_round = False
        while not last_round:
            last_round = self.done.is_set()
            seal(self._database)
            while found := read_feed(self._database, self.got[-1][0] if self.got else 0, limit=7):
                self.got += found
            time.sleep(0.002)


def test_eight_writers_against_a_follower_lose_nothing_and_keep_each_records_order(database: Database) -> None:
    def writer(seed: int) -> list[tuple[str, int]]:
        """Each transaction writes to two records in one order; some roll back, some hold on long before they commit."""
        chance, committed = Random(seed), []
        for turn in range(ROUNDS):
            records = sorted({f"dossier/{chance.randrange(RECORDS)}", f"dossier/{chance.randrange(RECORDS)}"})
            try:
                with database.transaction() as tx:
                    append(tx, f"read/{seed}-{turn}", "read", {"turn": turn}, at=clock.now())
                    written = [(f"read/{seed}-{turn}", 1)]
                    for record in records:
                        time.sleep(chance.choice((0, 0, 0.001, 0.005)))
                        written.append(write(tx, record))
                    if chance.random() < 0.02:
                        time.sleep(0.2)
                    if chance.random() < 0.25:
                        raise RuntimeError
                committed += written
            except RuntimeError:
                pass
        return committed

    follower = Follower(database)
    with ThreadPoolExecutor(WRITERS + 1) as threads:
        following = threads.submit(follower.run)
        committed = [row for rows in threads.map(writer, range(WRITERS)) for row in rows]
        follower.done.set()
        following.result(timeout=60)

    delivered = [(row.stream, row.number) for _, row in follower.got]
    assert len(committed) > 300
    assert sorted(delivered) == sorted(committed)
    assert [position for position, _ in follower.got] == list(range(1, len(committed) + 1))
    by_record = defaultdict(list)
    for stream, number in delivered:
        by_record[stream].append(number)
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_record.values())
    with database.transaction() as tx:
        assert verify_seals(tx) == len(committed)
        assert all(verify_stream(tx, stream) for stream in by_record)


def test_an_entry_of_a_long_transaction_is_delivered_after_it_commits_and_not_lost(database: Database) -> None:
    with database.transaction() as late:
        write(late, "dossier/late")
        with database.transaction() as tx:
            write(tx, "dossier/quick")
        seal(database)
        assert read_feed(database) == []  # nothing may overtake what could still come before it
    seal(database)
    assert sorted(row.stream for _, row in read_feed(database)) == ["dossier/late", "dossier/quick"]


def test_a_later_entry_of_a_record_never_overtakes_an_earlier_one(database: Database) -> None:
    """A transaction that began first may come to a record last, while a third still holds the horizon between them."""
    with ExitStack() as between:
        with database.transaction() as first:
            write(first, "dossier/other")
            third = between.enter_context(database.transaction())
            write(third, "dossier/third")
            with database.transaction() as last:
                write(last, "dossier/shared")
            write(first, "dossier/shared")
        seal(database)
        early = [(row.stream, row.number) for _, row in read_feed(database)]
    seal(database)
    order = [(row.stream, row.number) for _, row in read_feed(database)]
    assert order[: len(early)] == early
    assert order.index(("dossier/shared", 1)) < order.index(("dossier/shared", 2))
    assert len(order) == 4


def test_sealing_goes_on_after_a_restart_where_it_stopped(database: Database) -> None:
    with database.transaction() as tx:
        write(tx, "dossier/before")
    assert seal(database) == 1
    database.close()
    again = Database(database.conninfo)
    with again.transaction() as tx:
        write(tx, "dossier/after")
    assert seal(again) == 1
    assert seal(again) == 0
    assert [(p, row.stream) for p, row in read_feed(again)] == [(1, "dossier/before"), (2, "dossier/after")]
    with again.transaction() as tx:
        assert verify_seals(tx) == 2
    again.close()


def test_two_sealers_at_once_seal_each_entry_once(database: Database) -> None:
    for turn in range(10):
        with database.transaction() as tx:
            write(tx, f"dossier/{turn}")
    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(lambda _: seal(database), range(4))) == 10
    assert [position for position, _ in read_feed(database)] == list(range(1, 11))


def test_a_window_larger_than_a_seal_is_closed_by_several(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer, "LARGEST_SEAL", 4)
    with database.transaction() as tx:
        for _ in range(10):
            write(tx, "dossier/large")
    assert seal(database) == 10
    assert [row.number for _, row in read_feed(database)] == list(range(1, 11))
    assert [row.number for _, row in read_feed(database, after=3, limit=4)] == [4, 5, 6, 7]
    with database.transaction() as tx:
        assert tx.all("SELECT first_position, count FROM seal ORDER BY number") == [(1, 4), (5, 4), (9, 2)]
        assert verify_seals(tx) == 10


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE journal_entry SET chain = sha256(chain) WHERE number = 2",
        "DELETE FROM journal_entry WHERE number = 2",
        "UPDATE seal SET root = sha256(root), chain = sha256(chain)",
        "UPDATE seal SET count = count - 1",
        SMUGGLING,
    ],
)
def test_what_is_changed_removed_or_smuggled_in_after_sealing_is_found(
    database: Database, node_database: Callable[[str], Any], change: str
) -> None:
    with database.transaction() as tx:
        for _ in range(3):
            write(tx, "dossier/sealed")
    seal(database)
    with psycopg.connect(node_database("H36").owner) as owner:
        assert owner.execute(change.encode()).rowcount
    with database.transaction() as tx, pytest.raises(ValueError, match="seal"):
        verify_seals(tx)


def test_the_sealer_keeps_working_when_the_database_was_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as tx:
        write(tx, "dossier/one")
    failures = iter([psycopg.OperationalError("away"), None])
    monkeypatch.setattr(sealer, "_log", _Silent())
    tried, stop = [], threading.Event()

    def sealing(tx: Tx) -> int:
        tried.append(1)
        if (failure := next(failures, None)) is not None:
            raise failure
        stop.set()
        return seal_ready(tx)

    monkeypatch.setattr(sealer, "seal_ready", sealing)
    sealer.run(database, stop, pause=0.001)
    assert len(tried) == 2
    assert len(read_feed(database)) == 1


class _Silent:
    def exception(self, *_: object) -> None: ...


def _rfc_6962(leaves: list[bytes]) -> bytes:
    """The tree hash as RFC 6962 §2.1 writes it down."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + _rfc_6962(leaves[:split]) + _rfc_6962(leaves[split:])).digest()


@settings(deadline=None, max_examples=60, database=None)
@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40))
def test_the_tree_is_that_of_rfc_6962(leaves: list[bytes]) -> None:
    assert tree_root(leaves) == _rfc_6962(leaves)


def test_streams_of_different_names_begin_differently() -> None:
    assert first_link("dossier/a") != first_link("dossier/b")
