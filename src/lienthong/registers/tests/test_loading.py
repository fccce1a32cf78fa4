"""Bulk loads: every row once, described in the journal by set, and given out again as it was loaded."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import psycopg
import pytest

from lienthong.exchange.node import Node
from lienthong.journal import feeds
from lienthong.journal.entries import verify_stream
from lienthong.journal.sealer import seal_ready
from lienthong.kit import clock
from lienthong.registers import loading, records
from lienthong.registers.tests.offices import in_node, owned

COLUMNS = ("number", "full_name", "birth_date", "gender", "ethnicity", "nationality", "hometown", "valid_from")
MANY = 2_300


@pytest.fixture(scope="module")
def g01(office: Callable[[str], Node]) -> Node:
    return office("G01")


def number(place: int) -> str:
    return f"068195{place:06d}"


def people(count: int, first: int = 0) -> list[tuple[Any, ...]]:
    """Not in order of key; one name is what COPY's text must escape."""
    born = date(1995, 4, 2)
    names = {0: "Ka \\N\tWẽn\n", 1: "K’ Brèo"}
    facts = (born, "female", "16", "VN", None, born)
    found = [(number(first + n), names.get(n, f"Trần Thị {n}"), *facts) for n in range(count)]
    return found[1::2] + found[0::2]


def load(place: Node, rows: list[tuple[Any, ...]], name: str) -> int:
    def work(tx: Any) -> int:
        return loading.load(tx, owned(place, "persons"), place.catalogue.terms, name, COLUMNS, rows, at=clock.now())

    return int(in_node(place, work))


def sets(place: Node, name: str) -> list[loading.Set]:
    in_node(place, seal_ready)
    pages = in_node(place, lambda tx: feeds.page(tx, "persons", 0))
    found = [row for _, row in pages if row.kind == feeds.LOAD and row.stream == f"load/persons/{name}"]
    return [msgspec.json.decode(row.payload, type=loading.Set) for row in found]


def rows(place: Node, found: loading.Set, wanted: tuple[str, ...] = ("number", "full_name", "birth_date")) -> list[Any]:
    persons, terms = owned(place, "persons"), place.catalogue.terms
    return list(in_node(place, lambda tx: loading.rows(tx, persons, terms, found, wanted)))


def test_a_load_is_in_the_feed_by_sets_and_given_out_as_it_was(g01: Node) -> None:
    wanted = people(MANY)
    assert load(g01, wanted, "first") == MANY
    found = sets(g01, "first")
    assert [one.count for one in found] == [1000, 1000, 300]
    assert in_node(g01, lambda tx: verify_stream(tx, "load/persons/first")) == 3
    records_ = [row for one in found for row in rows(g01, one)]
    told = sorted((number, name, born.isoformat()) for number, name, born, *_ in wanted)
    assert [(row["number"], row["full_name"], row["birth_date"]) for row in records_] == told
    assert set(rows(g01, found[0], ("gender", "died_on"))[0].items()) == {("gender", "female"), ("died_on", None)}


def test_later_changes_do_not_change_what_was_loaded(g01: Node) -> None:
    load(g01, people(5, first=10_000), "changed")
    persons, at = owned(g01, "persons"), clock.now()
    in_node(g01, lambda tx: records.amend(
        tx, persons, number(10_001), {"full_name": "Tên Khác"}, at=at, valid_from=at.date(), by="decision 7"
    ))  # fmt: skip
    in_node(g01, lambda tx: records.withdraw(tx, persons, number(10_002), at=at, by="decision 8", reason="-"))
    (found,) = sets(g01, "changed")
    assert [row["full_name"] for row in rows(g01, found)][1:] == ["K’ Brèo", "Trần Thị 2", "Trần Thị 3", "Trần Thị 4"]


def test_rows_that_somebody_changed_behind_the_journal_are_not_given_out(
    g01: Node, node_database: Callable[[str], Any]
) -> None:
    load(g01, people(3, first=20_000), "tampered")
    (found,) = sets(g01, "tampered")
    with psycopg.connect(node_database("G01").owner) as owner:
        owner.execute("UPDATE persons SET full_name = 'Ai Đó' WHERE number = %s", (number(20_001),))
    with pytest.raises(loading.Altered, match="tampered"):
        rows(g01, found)


def test_a_load_with_a_key_that_stands_leaves_nothing(g01: Node) -> None:
    load(g01, people(2, first=30_000), "stands")
    with pytest.raises(psycopg.errors.UniqueViolation):
        load(g01, people(3, first=30_001), "again")
    assert sets(g01, "again") == []
    assert in_node(g01, lambda tx: records.one(tx, owned(g01, "persons"), number(30_002))) is None


def test_moments_and_numbers_come_back_as_the_register_gives_them(office: Callable[[str], Node]) -> None:
    g18 = office("G18")
    notices = owned(g18, "birth_notices")
    born = datetime(2026, 11, 12, 3, 20, tzinfo=UTC)
    values = {
        "number": "GCS.68009.2026.000001", "facility": "68009", "mother": number(1), "mother_name": "Ka Wẽn",
        "mother_birth_date": date(1995, 4, 2), "born_at": born, "gender": "male", "weight": 3100, "birth_order": 1,
        "birth_count": 1, "attendant": "Trần Thị Đỡ", "issued_on": date(2026, 11, 12), "seal": "-",
        "valid_from": date(2026, 11, 12),
    }  # fmt: skip

    def work(tx: Any) -> list[dict[str, Any]]:
        loading.load(tx, notices, g18.catalogue.terms, "x", tuple(values), [tuple(values.values())], at=clock.now())
        payload = tx.value("SELECT payload FROM journal_entry WHERE stream = 'load/birth_notices/x'")
        tx.run("SET LOCAL timezone = 'Asia/Ho_Chi_Minh'")
        found = msgspec.json.decode(payload, type=loading.Set)
        return loading.rows(tx, notices, g18.catalogue.terms, found, ("weight", "born_at", "father_name"))

    (row,) = in_node(g18, work)
    assert (row["weight"], row["father_name"], datetime.fromisoformat(row["born_at"])) == (3100, None, born)
