"""Running numbers: no number twice, and no gap where the law wants none."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from lienthong.kit.series import Block, next_number
from lienthong.kit.storage import Database


@pytest.fixture(scope="module")
def database(node_database: Callable[[str], Any]) -> Iterator[Database]:
    made = Database(node_database("G15").run, size=10)
    yield made
    made.close()


def test_eight_writers_some_of_whom_give_up_leave_no_gap(database: Database) -> None:
    def write(seed: int) -> list[int]:
        chance, numbers = Random(seed), []
        for _ in range(20):
            try:
                with database.transaction() as tx:
                    number = next_number(tx, "book")
                    if chance.random() < 0.3:
                        raise RuntimeError
                numbers.append(number)
            except RuntimeError:
                pass
        return numbers

    with ThreadPoolExecutor(8) as threads:
        numbers = [number for found in threads.map(write, range(8)) for number in found]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_a_number_taken_by_a_transaction_that_rolled_back_is_given_again(database: Database) -> None:
    def give_up() -> None:
        with database.transaction() as tx:
            assert next_number(tx, "again") == 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        give_up()
    with database.transaction() as tx:
        assert next_number(tx, "again") == 1
        assert next_number(tx, "again", 5) == 6


def test_series_of_different_names_do_not_meet(database: Database) -> None:
    with database.transaction() as tx:
        assert [next_number(tx, f"births/{unit}-2026") for unit in ("25000", "25036", "25000")] == [1, 1, 2]


def test_numbers_taken_in_blocks_are_never_given_twice(database: Database) -> None:
    blocks = [Block(database, size=7) for _ in range(4)]  # as four processes would hold them
    with ThreadPoolExecutor(8) as threads:
        numbers = list(threads.map(lambda n: blocks[n % 4].take("codes"), range(200)))
    assert len(set(numbers)) == 200
    assert max(numbers) <= 200 + 4 * 7


def test_a_block_counts_upwards_and_starts_at_one(database: Database) -> None:
    block = Block(database, size=3)
    assert [block.take("upwards") for _ in range(7)] == [1, 2, 3, 4, 5, 6, 7]
