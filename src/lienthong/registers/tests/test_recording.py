"""`register.record`: the owner checks every field, numbers by its own rule, and waits where the law makes it wait."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Done, Node, Outcome, Refusal, Sent, Stored
from lienthong.exchange.outbox import RECEIPT
from lienthong.journal.entries import verify_stream
from lienthong.kit import clock
from lienthong.registers import recording
from lienthong.registers.tests.offices import BIRTH, DI_LINH, in_node, message, person

D_RAN = "24940"
MOTHERS = (f"0681950{n:05d}" for n in count(30_000))
FIELDS = {
    "child_name": "K’ Brêm", "birth_date": "2026-11-12", "gender": "male", "ethnicity": "16", "nationality": "VN",
    "hometown": DI_LINH, "birth_place": "68001", "mother": "068195001234", "mother_name": "Ka Wẽn", "unit": DI_LINH,
}  # fmt: skip


@pytest.fixture(scope="module")
def g15(office: Callable[[str], Node]) -> Node:
    return office("G15")


@pytest.fixture(scope="module")
def g01(office: Callable[[str], Node]) -> Node:
    place = office("G01")
    person(place, "068195001234")
    person(place, "068060000001", "K’ Brông", gender="male", birth_date="1960-01-01", died_on="2026-01-20")
    return place


def record_birth(place: Node, sender: str = "H36", **changes: Any) -> tuple[str, Outcome]:
    """Ask G15 for a birth of another mother; the request's id and what it says."""
    fields = FIELDS | {"mother": next(MOTHERS)} | changes
    request = message(sender, recording.SERVICE, BIRTH, {"register": "births", "fields": fields})
    return request.header.id, in_node(place, lambda tx: recording.record(place, tx, request))


def number_of(place: Node, request: str) -> str:
    return str(in_node(place, lambda tx: tx.value("SELECT number FROM births WHERE recorded_by = %s", (request,))))


def sent_to(place: Node, recipient: str) -> list[Any]:
    return in_node(  # type: ignore[no-any-return]
        place, lambda tx: tx.all("SELECT * FROM outbox WHERE recipient = %s ORDER BY id", (recipient,))
    )


def test_a_birth_waits_for_the_childs_number_and_asks_for_it(g15: Node) -> None:
    request, outcome = record_birth(g15, notice="GCS.10", dossier="H36-10")
    assert outcome == Stored()
    number = number_of(g15, request)
    row = in_node(g15, lambda tx: tx.one("SELECT * FROM births WHERE number = %s", (number,)))
    assert (row.state, row.child_number, row.registered_on) == ("pending", None, clock.today())
    asked = sent_to(g15, "G01")[-1]
    assert (asked.service, asked.key) == (recording.SERVICE, number)
    assert '"full_name":"K’ Brêm"' in asked.body
    assert '"birth_unit":"25000"' in asked.body
    waiting = in_node(g15, lambda tx: tx.one("SELECT * FROM pending_record WHERE key = %s", (number,)))
    assert (waiting.message, waiting.asked_by, waiting.asked_in) == (asked.message, "H36", request)


def heard(place: Node, request: str, outcome: Outcome) -> bool:
    """G01's word on the person that a birth waits for."""
    pending = in_node(place, lambda tx: tx.one("SELECT * FROM pending_record WHERE asked_in = %s", (request,)))
    sent = Sent(pending.message, "G01", recording.SERVICE, "T-1", {})
    return bool(in_node(place, lambda tx: recording.completed(place, tx, sent, outcome)))


def test_the_childs_number_completes_the_birth_and_its_asker_is_told(g15: Node) -> None:
    request, _ = record_birth(g15, notice="GCS.11")
    number = number_of(g15, request)
    assert heard(g15, request, Done({"record": {"number": "068226123456"}}))
    row = in_node(g15, lambda tx: tx.one("SELECT * FROM births WHERE number = %s", (number,)))
    assert (row.state, row.child_number, row.version) == ("registered", "068226123456", 2)
    assert in_node(g15, lambda tx: verify_stream(tx, f"births/{number}", bytes(row.chain))) == 2
    told = sent_to(g15, "H36")[-1]
    assert told.service == RECEIPT
    assert request in told.body
    assert '"child_number":"068226123456"' in told.body


def test_a_person_refused_withdraws_the_birth_and_its_asker_is_told_why(g15: Node) -> None:
    request, _ = record_birth(g15, notice="GCS.12")
    number = number_of(g15, request)
    assert heard(g15, request, Refusal("dead-parent", "the father died long before"))
    assert in_node(g15, lambda tx: tx.one("SELECT FROM births WHERE number = %s", (number,))) is None
    told = sent_to(g15, "H36")[-1]
    assert '"code":"dead-parent"' in told.body
    again, outcome = record_birth(g15, notice="GCS.12")  # the notice is free again, the number is not
    assert outcome == Stored()
    assert number_of(g15, again) != number


def test_a_word_about_something_else_is_not_ours_to_hear(g15: Node) -> None:
    sent = Sent("another message", "G01", recording.SERVICE, "T-1", {})
    assert in_node(g15, lambda tx: recording.completed(g15, tx, sent, Done())) is False


@pytest.mark.parametrize(
    ("code", "changes", "sender"),
    [
        ("no-right", {"child_number": "068226000001"}, "H36"),
        ("no-right", {"number": "KS-25000-2026-000001"}, "H36"),
        ("no-right", {"state": "registered"}, "H36"),
        ("no-right", {"chain": "x"}, "H36"),
        ("no-right", {}, "portal"),
        ("incomplete", {"child_name": ""}, "H36"),
        ("incomplete", {"birth_place": None}, "H36"),
    ],
)
def test_a_field_outside_the_right_or_a_missing_one_is_refused(
    g15: Node, code: str, changes: dict[str, Any], sender: str
) -> None:
    with pytest.raises(Refused) as refused:
        record_birth(g15, sender, **changes)
    assert refused.value.code == code


def test_a_register_that_is_not_kept_here_is_refused(g15: Node) -> None:
    for body in ({"register": "persons", "fields": {}}, {"register": "births", "fields": []}, {}):
        request = message("H36", recording.SERVICE, BIRTH, body)
        with pytest.raises(Refused, match="unknown-register"):
            in_node(g15, lambda tx, request=request: recording.record(g15, tx, request))


def test_a_notice_registered_before_is_refused_with_the_name_of_the_field(g15: Node) -> None:
    record_birth(g15, notice="GCS.13")
    with pytest.raises(Refused, match="taken-notice"):
        record_birth(g15, notice="GCS.13")


def test_each_commune_has_one_book_a_year_numbered_without_gaps(g15: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    def attempt(turn: int) -> str | None:
        try:
            request, _ = record_birth(g15, unit=D_RAN, notice=f"GCS.D{turn // 2}")  # every other one is refused
        except Refused:
            return None
        return number_of(g15, request)

    with ThreadPoolExecutor(6) as threads:
        numbers = [number for number in threads.map(attempt, range(24)) if number]
    year = clock.today().year
    assert sorted(numbers) == [f"KS-{D_RAN}-{year}-{n:06d}" for n in range(1, 13)]

    later = clock.now().replace(year=year + 1, month=1, day=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    request, _ = record_birth(g15, unit=D_RAN)
    assert number_of(g15, request) == f"KS-{D_RAN}-{year + 1}-000001"


# persons


def record_person(place: Node, **changes: Any) -> Outcome:
    fields = {
        "full_name": "K’ Brêm", "birth_date": "2026-11-12", "gender": "male", "ethnicity": "16", "nationality": "VN",
        "hometown": DI_LINH, "birth_unit": DI_LINH, "mother": "068195001234",
    }  # fmt: skip
    request = message("G15", recording.SERVICE, "births", {"register": "persons", "fields": fields | changes})
    return in_node(place, lambda tx: recording.record(place, tx, request))  # type: ignore[no-any-return]


def test_a_child_gets_a_number_of_the_province_that_registered_the_birth(g01: Node) -> None:
    outcome = record_person(g01)
    assert isinstance(outcome, Done)
    number = outcome.body["key"]
    assert number[:6] == "068226"
    assert len(number) == 12
    assert outcome.body["record"]["mother"] == "068195001234"


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("unknown-parent", {"mother": "068199999999"}),
        ("dead-parent", {"father": "068060000001", "birth_date": "2026-11-20"}),
        ("wrong-gender", {"father": "068195001234"}),
        ("wrong-gender", {"mother": "068060000001", "birth_date": "2026-01-01"}),
        ("too-young", {"birth_date": "2006-11-12"}),
        ("no-right", {"number": "068226000001"}),
        ("no-right", {"spouse": "068195001234"}),
    ],
)
def test_nobody_is_born_to_somebody_who_cannot_be_a_parent(g01: Node, code: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        record_person(g01, **changes)
    assert refused.value.code == code


def test_a_father_who_died_within_three_hundred_days_is_a_father(g01: Node) -> None:
    assert isinstance(record_person(g01, father="068060000001"), Done)
