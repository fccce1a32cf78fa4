"""The same birth a second time: caught by mother, interval and order, with twins allowed; no two at once pass."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from typing import Any

import pytest

from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node
from lienthong.registers import recording
from lienthong.registers.same_birth import DELIVERY, SHORTEST, registered_before
from lienthong.registers.tests.offices import BIRTH, DI_LINH, in_node, message

MOTHERS = (f"0681950{n:05d}" for n in count(10_000))
DAY, LATER = "2026-10-12", "2026-10-13"
FIRST, SECOND = {"birth_order": 1, "birth_count": 2}, {"birth_order": 2, "birth_count": 2}
FATHER = "068092000777"


@pytest.fixture(scope="module")
def g15(office: Callable[[str], Node]) -> Node:
    return office("G15")


def register(place: Node, **changes: Any) -> Any:
    fields = {
        "child_name": "H’ Bia", "birth_date": DAY, "gender": "female", "ethnicity": "12", "nationality": "VN",
        "hometown": DI_LINH, "birth_place": "Buôn U", "mother_name": "H’ Wen", "unit": DI_LINH, **changes,
    }  # fmt: skip
    request = message("H36", recording.SERVICE, BIRTH, {"register": "births", "fields": fields})
    return in_node(place, lambda tx: recording.record(place, tx, request))


def refused(place: Node, **changes: Any) -> str:
    with pytest.raises(Refused) as told:
        register(place, **changes)
    return told.value.code


@pytest.mark.parametrize(
    "second",
    [
        {"notice": "GCS.OTHER"},  # another notice of the same child
        {"birth_date": LATER, "notice": "GCS.OTHER"},
        {"birth_date": "2026-02-20"},  # 234 days before
        {"child_name": "Another name", "gender": "male"},
        FIRST,  # the one that stands was the only child
        {"birth_order": 2, "birth_count": 3},
    ],
)
def test_a_mothers_second_birth_within_eight_months_is_the_same_one(g15: Node, second: dict[str, Any]) -> None:
    mother = next(MOTHERS)
    register(g15, mother=mother, **(FIRST if "birth_count" in second and second != FIRST else {}))
    assert refused(g15, mother=mother, **second) == "registered-before"


def test_twins_are_two_by_their_orders_and_only_two(g15: Node) -> None:
    mother = next(MOTHERS)
    register(g15, mother=mother, notice=f"GCS.{mother}.1", **FIRST)
    assert refused(g15, mother=mother, notice=f"GCS.{mother}.1", birth_date=DAY, **FIRST) == "taken-notice"
    register(g15, mother=mother, notice=f"GCS.{mother}.2", birth_date=LATER, **SECOND)
    assert refused(g15, mother=mother, birth_date=LATER, **SECOND) == "registered-before"


def test_twins_born_at_home_are_two_by_what_is_declared(g15: Node) -> None:
    mother = next(MOTHERS)
    for order in (FIRST, SECOND):
        register(g15, mother=mother, proof="village_head", born_at=f"{DAY}T02:10:00+07:00", **order)


@pytest.mark.parametrize(
    "wrong", [{"birth_order": 3, "birth_count": 2}, {"birth_order": 0, "birth_count": 1}, {"birth_order": 1}]
)
def test_an_order_beyond_the_count_is_no_birth(g15: Node, wrong: dict[str, Any]) -> None:
    assert refused(g15, mother=next(MOTHERS), **wrong) == "invalid"


def test_a_birth_after_eight_months_is_another_and_an_earlier_one_when_the_chair_found_so(g15: Node) -> None:
    mother = next(MOTHERS)
    register(g15, mother=mother)
    register(g15, mother=mother, birth_date="2026-02-14")  # 240 days before
    near = {"mother": mother, "birth_date": "2025-08-01"}
    assert refused(g15, **near) == "registered-before"
    register(g15, **near, confirmed_distinct="Biên bản xác minh 12/BB-UBND")
    same_day = {"mother": mother, "confirmed_distinct": "không có căn cứ nào đủ"}
    assert refused(g15, **same_day) == "registered-before"


def test_a_foreign_mother_is_known_by_her_passport(g15: Node) -> None:
    foreign = {"mother_document": "M47025813", "mother_nationality": "KR", "mother_name": "Kim Min-ji"}
    register(g15, **foreign)
    assert refused(g15, **foreign) == "registered-before"
    register(g15, **(foreign | {"mother_document": "M47025814"}))


def test_without_a_mother_father_day_and_gender_tell(g15: Node) -> None:
    register(g15, father=FATHER, father_name="Y Krông", mother_name=None)
    assert refused(g15, father=FATHER, mother=next(MOTHERS)) == "registered-before"  # she appears later
    register(g15, father=FATHER, mother_name=None, gender="male")
    register(g15, father=FATHER, mother_name=None, birth_date="2026-10-15")
    mothers = next(MOTHERS), next(MOTHERS)
    for mother in mothers:  # two mothers, one father, one day: two children
        register(g15, father="068092000778", mother=mother)


def test_a_withdrawn_birth_stands_in_nobodys_way(g15: Node) -> None:
    mother = next(MOTHERS)
    register(g15, mother=mother)
    births = g15.catalogue.owned["births"]
    key = in_node(g15, lambda tx: tx.value("SELECT number FROM births WHERE mother = %s", (mother,)))
    in_node(g15, lambda tx: tx.run("DELETE FROM pending_record WHERE key = %s", (key,)))
    in_node(g15, lambda tx: recording.change(g15, tx, births, key, "withdraw", {}, by="QĐ 1", reason="twice"))
    register(g15, mother=mother)


@pytest.mark.parametrize("parent", ["mother", "father", "mother_document"])
def test_of_two_registrations_at_once_one_stands(g15: Node, parent: str) -> None:
    number = "M9900001" if parent == "mother_document" else next(MOTHERS)
    start = Barrier(4)

    def attempt(turn: int) -> str:
        start.wait(10)
        try:
            register(g15, **{parent: number}, notice=f"GCS.{parent.replace('_', '-')}.{turn}")
        except Refused as told:
            return told.code
        return "entered"

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(attempt, range(4))) == ["entered"] + ["registered-before"] * 3


def test_the_desk_can_warn_by_the_same_rule_over_what_it_may_read() -> None:
    birth = {"mother": "1", "birth_date": "2026-10-12", "gender": "male", "birth_order": "2", "birth_count": "2"}
    twin = {**birth, "number": "KS-1", "birth_order": 1}
    assert registered_before(birth, [twin]) is None
    assert registered_before({**birth, "birth_order": "1"}, [twin]) is twin
    assert registered_before({**birth, "mother": "2"}, [twin]) is None
    assert (SHORTEST, DELIVERY) == (240, 3)
