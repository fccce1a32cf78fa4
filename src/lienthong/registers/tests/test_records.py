"""A record's life: entered once, amended with its past kept, withdrawn without a trace lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from lienthong.exchange.node import Node
from lienthong.journal.entries import verify_stream
from lienthong.kit import clock
from lienthong.registers import records
from lienthong.registers.records import Taken
from lienthong.registers.tests.offices import DI_LINH, enter, in_node, owned, person


@pytest.fixture(scope="module")
def g01(office: Callable[[str], Node]) -> Node:
    return office("G01")


@pytest.fixture(scope="module")
def g15(office: Callable[[str], Node]) -> Node:
    return office("G15")


def amend(place: Node, register: str, key: str, **changes: Any) -> None:
    at = clock.now()
    in_node(
        place,
        lambda tx: records.amend(
            tx, owned(place, register), key, changes, at=at, valid_from=date(2026, 11, 1), by="decision 7"
        ),
    )


def birth(place: Node, number: str, **more: Any) -> None:
    facts = {
        "child_name": "K’ Brêm", "birth_date": "2026-11-12", "gender": "male", "ethnicity": "16", "nationality": "VN",
        "hometown": DI_LINH, "birth_place": "68001", "unit": DI_LINH, "registered_on": "2026-11-20", "state": "pending",
    }  # fmt: skip
    enter(place, "births", number=number, **(facts | more))


def count(place: Node, sql: str, *params: Any) -> int:
    return int(in_node(place, lambda tx: tx.value(sql, params)))


def test_an_amendment_keeps_the_past_and_goes_on_in_the_chain(g01: Node) -> None:
    number = person(g01, "068195000001")
    amend(g01, "persons", number, phone="0900000001")
    amend(g01, "persons", number, phone="0900000002", spouse="068092000001")
    row = in_node(g01, lambda tx: tx.one("SELECT * FROM persons WHERE number = %s", (number,)))
    assert (row.version, row.phone, row.spouse, row.recorded_by) == (3, "0900000002", "068092000001", "decision 7")
    assert row.valid_from == date(2026, 11, 1)
    past = in_node(g01, lambda tx: tx.all("SELECT * FROM persons_past WHERE number = %s ORDER BY version", (number,)))
    assert [(r.version, r.phone, r.recorded_by) for r in past] == [
        (1, None, "load:test"),
        (2, "0900000001", "decision 7"),
    ]
    assert all(r.superseded_at >= r.recorded_at for r in past)
    assert in_node(g01, lambda tx: verify_stream(tx, f"persons/{number}", bytes(row.chain))) == 3


def test_a_record_of_a_load_chains_from_its_first_amendment(g01: Node) -> None:
    number = "068195000002"
    sql = (
        "INSERT INTO persons (number, full_name, birth_date, gender, ethnicity, nationality, valid_from, recorded_at,"
        " recorded_by) VALUES (%s, 'Ma Thương', '1990-01-01', 'female', '36', 'VN', '1990-01-01', now(), 'load')"
    )
    in_node(g01, lambda tx: tx.run(sql, (number,)))
    amend(g01, "persons", number, phone="0900000003")
    chain = in_node(g01, lambda tx: tx.value("SELECT chain FROM persons WHERE number = %s", (number,)))
    assert in_node(g01, lambda tx: verify_stream(tx, f"persons/{number}", bytes(chain))) == 1


def test_a_withdrawn_record_is_gone_its_past_readable_and_its_number_used(g15: Node) -> None:
    birth(g15, "KS-25000-2026-000901")
    register = owned(g15, "births")

    def withdraw(tx: Any) -> None:
        records.withdraw(tx, register, "KS-25000-2026-000901", at=clock.now(), by="m-1", reason="dead-parent")

    in_node(g15, withdraw)
    assert count(g15, "SELECT count(*) FROM births WHERE number = %s", "KS-25000-2026-000901") == 0
    assert count(g15, "SELECT count(*) FROM births_past WHERE number = %s", "KS-25000-2026-000901") == 1
    assert in_node(g15, lambda tx: verify_stream(tx, "births/KS-25000-2026-000901")) == 2
    with pytest.raises(Taken) as taken:
        birth(g15, "KS-25000-2026-000901")
    assert taken.value.field == "number"
    with pytest.raises(LookupError):
        in_node(g15, withdraw)


@pytest.mark.parametrize(
    ("field", "value"),
    [("number", "KS-25000-2026-000902"), ("notice", "GCS.1"), ("child_number", "068226000001"), ("dossier", "H36-1")],
)
def test_what_may_stand_only_once_names_the_field_that_is_taken(g15: Node, field: str, value: str) -> None:
    if count(g15, "SELECT count(*) FROM births WHERE number = 'KS-25000-2026-000902'") == 0:
        birth(g15, "KS-25000-2026-000902", notice="GCS.1", child_number="068226000001", dossier="H36-1")
    number = f"KS-25000-2026-0010{len(field):02}"
    with pytest.raises(Taken) as taken:
        birth(g15, **({"number": number} | {field: value}))
    assert (taken.value.register, taken.value.field) == ("births", field)
    assert count(g15, "SELECT count(*) FROM journal_entry WHERE stream = %s", f"births/{number}") == 0


def test_an_amendment_that_is_refused_leaves_nothing_behind(g15: Node) -> None:
    birth(g15, "KS-25000-2026-000903", notice="GCS.3")
    birth(g15, "KS-25000-2026-000904", notice="GCS.4")
    register, at = owned(g15, "births"), clock.now()
    with g15.database.transaction() as tx:
        with pytest.raises(Taken) as taken:
            records.amend(
                tx, register, "KS-25000-2026-000904", {"notice": "GCS.3"}, at=at, valid_from=at.date(), by="x"
            )
        assert taken.value.field == "notice"
    chain = in_node(g15, lambda tx: tx.value("SELECT chain FROM births WHERE number = 'KS-25000-2026-000904'"))
    assert in_node(g15, lambda tx: verify_stream(tx, "births/KS-25000-2026-000904", bytes(chain))) == 1
    assert count(g15, "SELECT count(*) FROM births_past WHERE number = 'KS-25000-2026-000904'") == 0


def test_two_who_enter_the_same_at_once_are_one_record(g15: Node) -> None:
    def attempt(turn: int) -> str:
        try:
            birth(g15, f"KS-25000-2026-0005{turn:02}", notice="GCS.5")
        except Taken as taken:
            return taken.field
        return "entered"

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(attempt, range(6))) == ["entered"] + ["notice"] * 5


def test_two_amendments_at_once_both_count(g01: Node) -> None:
    number = person(g01, "068195000003")
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda n: amend(g01, "persons", number, phone=f"09000000{n:02}"), range(6)))
    row = in_node(g01, lambda tx: tx.one("SELECT version, chain FROM persons WHERE number = %s", (number,)))
    assert row.version == 7
    assert in_node(g01, lambda tx: verify_stream(tx, f"persons/{number}", bytes(row.chain))) == 7


def test_a_look_up_may_go_by_several_columns(g15: Node) -> None:
    enter(
        g15, "marriages", number="KH-1", husband="068092000009", husband_name="K’ Brèo", wife="068195000009",
        wife_name="Ka Wẽn", married_on="2020-02-14", unit=DI_LINH,
    )  # fmt: skip
    register = owned(g15, "marriages")
    for spouse in ("068092000009", "068195000009"):
        found = in_node(g15, lambda tx, spouse=spouse: records.find(tx, register, "spouse", spouse))
        assert [(row["number"], row["married_on"]) for row in found] == [("KH-1", "2020-02-14")]
    with pytest.raises(LookupError):
        in_node(g15, lambda tx: records.find(tx, register, "unit", DI_LINH))


def test_a_value_is_never_read_as_sql(g01: Node) -> None:
    register = owned(g01, "persons")
    assert in_node(g01, lambda tx: records.find(tx, register, "number", "' OR true --")) == []
