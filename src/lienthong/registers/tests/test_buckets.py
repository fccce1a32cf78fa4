"""Sums of buckets are the same in SQL and in Python, whatever the rows, their order and their encoding."""

import unicodedata
from collections.abc import Callable, Iterator
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.kit.storage import Database, Tx
from lienthong.registers import buckets
from lienthong.registers.buckets import Row, Shape, Table

SHAPE = Shape(b"0123456789abcdef0123456789abcdef", 4)
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs", "Cn", "Co")), max_size=12)
ROWS = st.lists(
    st.tuples(st.text("0123456789", min_size=1, max_size=12), st.none() | TEXT, st.none() | st.dates(date(1900, 1, 1))),
    max_size=20,
)


@pytest.fixture(scope="module")
def tx(node_database: Callable[[str], Any]) -> Iterator[Tx]:
    database = Database(node_database("G01").owner, size=1)
    with database.transaction() as opened:
        opened.run("CREATE TEMPORARY TABLE legacy (ma_so text, ho_ten text, ngay_sinh date)")
        yield opened
    database.close()


TABLE = Table("legacy", "ma_so", (buckets.text_of("ho_ten", "text"), buckets.text_of("ngay_sinh", "date")))
Rows = list[tuple[str, str | None, date | None]]


def fill(tx: Tx, rows: Rows) -> None:
    tx.run("DELETE FROM legacy WHERE %s", (True,))
    for row in rows:
        tx.touch("INSERT INTO legacy VALUES (%s, %s, %s)", row)


def expected(rows: Rows) -> dict[int, bytes]:
    hashes: dict[int, list[bytes]] = {}
    for key, *values in rows:
        plain = [buckets.canonical(value) for value in values]
        hashes.setdefault(buckets.bucket(key, SHAPE), []).append(buckets.row_hash(SHAPE, key, plain))
    return {bucket: buckets.total(found) for bucket, found in hashes.items()}


@given(rows=ROWS, seed=st.integers(0, 9))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sql_and_python_sum_alike(tx: Tx, rows: Rows, seed: int) -> None:
    fill(tx, Random(seed).sample(rows, len(rows)))
    wanted = expected(rows)
    assert dict(TABLE.sums(tx, SHAPE)) == wanted
    assert dict(TABLE.sums(tx, SHAPE, range(SHAPE.count))) == wanted
    opened = list(TABLE.opened(tx, SHAPE, range(SHAPE.count)))
    assert sorted(opened, key=repr) == sorted(
        (Row(buckets.bucket(k, SHAPE), k, (buckets.canonical(n), buckets.canonical(d))) for k, n, d in rows), key=repr
    )


def test_a_row_that_stands_twice_counts_twice_and_nothing_is_nothing(tx: Tx) -> None:
    born = date(1995, 4, 2)
    once: Rows = [("068195000001", "Ka Wẽn", born)]
    fill(tx, once * 2)
    assert dict(TABLE.sums(tx, SHAPE)) != expected(once)
    for nothing in (None, ""):
        fill(tx, [("1", nothing, born)])
        assert dict(TABLE.sums(tx, SHAPE)) == expected([("1", None, born)])
    fill(tx, [("", "nobody's key", born)])
    assert dict(TABLE.sums(tx, SHAPE)) == {}


def test_forms_of_unicode_are_one_and_fields_do_not_run_together(tx: Tx) -> None:
    for form in ("NFC", "NFD"):
        fill(tx, [("1", unicodedata.normalize(form, "Nguyễn Thị Hồng"), None)])  # type: ignore[arg-type]
        assert dict(TABLE.sums(tx, SHAPE)) == expected([("1", "Nguyễn Thị Hồng", None)])
    assert expected([("1", "a\x1f1995-04-02", None)]) != expected([("1", "a", date(1995, 4, 2))])


def test_a_bucket_has_about_a_hundred_rows() -> None:
    assert [buckets.bits_for(rows) for rows in (0, 20_000, 10_000_000, 100_000_000)] == [4, 8, 17, 18]
    found = [0] * SHAPE.count
    for n in range(8_000):
        found[buckets.bucket(f"068195{n:06d}", SHAPE)] += 1
    assert 400 < min(found) <= max(found) < 600
