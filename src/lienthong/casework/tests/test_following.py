"""Registers that hold fields of another's: first a copy, then every change, in order, once, by right."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from lienthong.casework.tests.country import Country, in_node
from lienthong.exchange import following
from lienthong.exchange.asking import Question
from lienthong.exchange.node import Event, Node
from lienthong.exchange.subscriptions import Subscription, look_at_freshness
from lienthong.journal import feeds
from lienthong.journal.entries import verify_stream
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers import keeping, loading, records

CARDS = Subscription("G01", "persons", "insurance_cards")
FACTS = {"birth_date": "1995-04-02", "gender": "female"}


def person(country: Country, number: str, name: str) -> None:
    country.enter("G01", "persons", number=number, full_name=name, ethnicity="16", nationality="VN", **FACTS)


def account(country: Country, number: str, name: str) -> None:
    country.enter("G01-eid", "accounts", number=number, full_name=name, level=2, status="active", **FACTS)


def card(country: Country, number: str, name: str) -> str:
    code = f"HT3{number}"
    country.enter(
        "BHXH", "insurance_cards", number=code, person=number, full_name=name, benefit="HT3", facility="68009",
        valid_from_date="2026-01-01", **FACTS,
    )  # fmt: skip
    return code


def amend(country: Country, number: str, **fields: Any) -> None:
    place, at = country.nodes["G01"], clock.now()
    persons = place.catalogue.owned["persons"]
    in_node(place, lambda tx: records.amend(tx, persons, number, fields, at=at, valid_from=at.date(), by="decision 7"))


def record(country: Country, node: str, register: str, key: str) -> Any:
    table = country.nodes[node].catalogue.owned[register]
    return in_node(country.nodes[node], lambda tx: tx.one(f"SELECT * FROM {register} WHERE {table.key} = %s", (key,)))


def ask(country: Country, sender: str, service: str, purpose: str, **body: Any) -> dict[str, Any] | None:
    answer = country.nodes[sender].asker.ask(Question("G01", service, body, purpose, "feed/persons"))
    return answer.body if answer else None


def test_a_corrected_person_reaches_the_card_and_the_account_with_the_event_as_its_reason(country: Country) -> None:
    number = "068195000001"
    person(country, number, "Ka Wen")
    account(country, number, "Ka Wen")
    code = card(country, number, "Ka Wen")
    country.follow()
    assert record(country, "BHXH", "insurance_cards", code).version == 1
    amend(country, number, full_name="Ka Wẽn", phone="0900000001")
    amend(country, number, phone="0900000002")
    country.follow()
    for node, register, key in (("BHXH", "insurance_cards", code), ("G01-eid", "accounts", number)):
        row = record(country, node, register, key)
        assert (row.full_name, row.version) == ("Ka Wẽn", 2)
        assert row.recorded_by.startswith("G01/persons/")
        with country.nodes[node].database.transaction() as tx:
            assert verify_stream(tx, f"{register}/{key}", bytes(row.chain)) == 2


def test_a_death_ends_the_account_and_the_card(country: Country) -> None:
    number = "068195000002"
    person(country, number, "Ka Lan")
    account(country, number, "Ka Lan")
    code = card(country, number, "Ka Lan")
    country.follow()
    amend(country, number, died_on="2026-11-20")
    country.follow()
    assert record(country, "G01-eid", "accounts", number).status == "closed"
    assert record(country, "BHXH", "insurance_cards", code).valid_to_date.isoformat() == "2026-11-20"


def test_a_follower_that_begins_late_has_a_copy_and_then_the_changes(country: Country) -> None:
    g01, bhxh = country.nodes["G01"], country.nodes["BHXH"]
    numbers = [f"0681950001{place:02d}" for place in range(7)]
    for number in numbers:
        person(country, number, "Tên Cũ")
        card(country, number, "Tên Cũ")
    for number in numbers:
        amend(country, number, full_name="Tên Mới")
    in_node(bhxh, lambda tx: tx.touch("DELETE FROM subscription"))
    country.follow()
    names = {record(country, "BHXH", "insurance_cards", f"HT3{number}").full_name for number in numbers}
    assert names == {"Tên Mới"}
    row = in_node(bhxh, lambda tx: tx.one("SELECT * FROM subscription"))
    assert (row.state, row.position) == ("following", in_node(g01, lambda tx: feeds.last(tx, "persons")))


def test_a_copy_in_pages_is_the_register_under_one_seal_whatever_happens_between(country: Country) -> None:
    """Pages by key with changes of all kinds in between, then the events: a replica that is equal."""
    g01 = country.nodes["G01"]
    numbers = [f"06819501{place:04d}" for place in range(30)]
    for number in numbers:
        person(country, number, "Một")
    country.follow()
    amend(country, numbers[3], full_name="Chưa đóng dấu")  # committed, not yet sealed: after the copy's seal
    replica: dict[str, str] = {}
    reached, seal, position, turn = "", 0, 0, 0
    while True:
        page = _page(country, reached, seal)
        assert not set(replica) & {row["number"] for row in page["rows"]}
        replica |= {row["number"]: row["full_name"] for row in page["rows"]}
        reached, seal, position = page["reached"], page["seal"], page["position"]
        if not page["more"]:
            break
        amend(country, numbers[turn % 10], full_name=f"Đổi {turn}")  # behind and ahead of the page
        amend(country, numbers[29 - turn % 9], full_name=f"Đổi {turn}")
        if turn == 2:
            _stir(country, numbers[20])
        turn += 1
    assert [replica[number] for number in numbers] == ["Một"] * 30
    assert not {"068195019999", "068195019998"} & set(replica)
    country.follow()
    while found := _events(country, position):
        for event in found:
            position = event.sequence
            _replay(replica, event)
    held = in_node(g01, lambda tx: tx.all("SELECT number, full_name FROM persons"))
    assert replica == {row.number: row.full_name for row in held}


def _stir(country: Country, gone: str) -> None:
    """One record withdrawn, one entered, one loaded."""
    g01, at = country.nodes["G01"], clock.now()
    persons, terms = g01.catalogue.owned["persons"], g01.catalogue.terms
    in_node(g01, lambda tx: records.withdraw(tx, persons, gone, at=at, by="decision 8", reason="-"))
    person(country, "068195019999", "Vào sau")
    columns = ("number", "full_name", "birth_date", "gender", "ethnicity", "nationality", "valid_from")
    rows = [("068195019998", "Nạp sau", "1995-04-02", "female", "16", "VN", "1995-04-02")]
    in_node(g01, lambda tx: loading.load(tx, persons, terms, "late", columns, rows, at=at))


def _page(country: Country, after: str, seal: int) -> dict[str, Any]:
    body = {"feed": "persons", "after": after, "seal": seal, "limit": 4}
    page = ask(country, "BHXH", "feed.snapshot", "insurance_cards", **body)
    assert page is not None
    return page


def _replay(replica: dict[str, str], event: Event) -> None:
    """What a follower that keeps names does with an event."""
    told = event.data or {}
    for row in event.rows or ({"number": event.subject, **told.get("fields", {})},):
        if "full_name" in row:
            replica[row["number"]] = row["full_name"]
    if event.type.endswith("withdrawn"):
        replica.pop(event.subject)


def _events(country: Country, after: int) -> list[Event]:
    told = ask(country, "BHXH", "feed.read", "insurance_cards", feed="persons", after=after, limit=7)
    assert told is not None
    return [following._event(CARDS, event) for event in told["events"]]


def test_only_granted_fields_leave_and_the_numbers_stay_dense(country: Country) -> None:
    number = "068195000003"
    person(country, number, "Ka Hương")
    country.follow()
    before = in_node(country.nodes["G01"], lambda tx: feeds.last(tx, "persons"))
    amend(country, number, phone="0912345678")
    amend(country, number, full_name="Ka Hường", spouse="068092000001")
    country.follow()
    told = ask(country, "BHXH", "feed.read", "insurance_cards", feed="persons", after=before - 1)
    assert told is not None
    entered, withheld, amended = told["events"]
    assert [int(event["sequence"]) for event in told["events"]] == [before, before + 1, before + 2]
    assert set(entered["data"]["fields"]) == {"number", "full_name", "birth_date", "gender", "died_on"}
    assert "data" not in withheld
    assert "subject" not in withheld
    assert amended["data"]["fields"] == {"full_name": "Ka Hường"}
    assert all(secret not in msgspec.json.encode(told).decode() for secret in ("0912345678", "068092000001"))
    assert told["events"][0]["specversion"] == "1.0"
    read = in_node(country.nodes["G01"], lambda tx: tx.all(
        "SELECT payload FROM journal_entry WHERE kind = 'read' AND subject = %s ORDER BY id", (number,)
    ))  # fmt: skip
    assert [msgspec.json.decode(row.payload)["fields"] for row in read][-1] == ["full_name"]


@pytest.mark.parametrize(
    ("sender", "purpose", "feed"),
    [("G15", "births", "persons"), ("BHXH", "accounts", "persons"), ("BHXH", "insurance_cards", "households"),
     ("BHXH", "insurance_cards", "publications")],
)  # fmt: skip
def test_no_right_no_feed(country: Country, sender: str, purpose: str, feed: str) -> None:
    assert ask(country, sender, "feed.read", purpose, feed=feed) is None
    assert ask(country, sender, "feed.snapshot", purpose, feed=feed) is None


def test_a_poison_event_is_parked_with_those_of_its_record_and_taken_in_later(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    bhxh = country.nodes["BHXH"]
    sick, well = "068195000004", "068195000005"
    for number in (sick, well):
        person(country, number, "Trước")
        card(country, number, "Trước")
    country.follow()
    failing = {sick}

    def take_in(node: Node, tx: Tx, event: Event) -> None:
        keeping.take_in(node, tx, event)
        if event.subject in failing:
            raise RuntimeError("not well")

    monkeypatch.setattr(bhxh, "followers", {"persons": take_in})
    amend(country, sick, full_name="Sau một")
    amend(country, well, full_name="Sau")
    amend(country, sick, full_name="Sau hai")
    for _ in range(following.ATTEMPTS_BEFORE_PARKING):
        country.follow()
    country.follow()
    names = {number: record(country, "BHXH", "insurance_cards", f"HT3{number}").full_name for number in (sick, well)}
    assert names == {sick: "Trước", well: "Sau"}
    open_tasks = "SELECT count(*) FROM task WHERE kind = 'freshness' AND state = 'open'"
    assert in_node(bhxh, lambda tx: tx.value(open_tasks)) == 1
    failing.clear()
    in_node(bhxh, lambda tx: tx.touch("UPDATE parked_event SET next_at = now() - interval '1 day'"))
    country.follow()
    country.follow()
    row = record(country, "BHXH", "insurance_cards", f"HT3{sick}")
    assert (row.full_name, row.version) == ("Sau hai", 3)
    assert in_node(bhxh, lambda tx: tx.value("SELECT count(*) FROM parked_event")) == 0
    assert in_node(bhxh, lambda tx: tx.value(open_tasks)) == 0


def test_a_silent_publisher_is_noticed_within_the_promise_and_forgotten_when_it_speaks(
    country: Country, own_clock: None
) -> None:
    bhxh = country.nodes["BHXH"]
    country.follow()
    task = "SELECT state FROM task WHERE id = %s"
    look_at_freshness(bhxh, CARDS)
    assert in_node(bhxh, lambda tx: tx.value(task, (CARDS.alert,))) in (None, "closed")
    country.silent.add("G01")
    clock.shift(timedelta(seconds=CARDS.fresh + 5))
    assert following.advance(bhxh, CARDS) is None
    look_at_freshness(bhxh, CARDS)
    assert in_node(bhxh, lambda tx: tx.value(task, (CARDS.alert,))) == "open"
    country.silent.clear()
    country.follow()
    look_at_freshness(bhxh, CARDS)
    assert in_node(bhxh, lambda tx: tx.value(task, (CARDS.alert,))) != "open"
