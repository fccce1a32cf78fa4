"""`register.change`: corrected or withdrawn by its owner alone; what another register took changes there first."""

from collections.abc import Callable
from datetime import date
from itertools import count
from typing import Any

import pytest

from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Done, Node, Outcome, Refusal, Sent, Stored
from lienthong.exchange.outbox import RECEIPT
from lienthong.journal.entries import verify_stream
from lienthong.kit import clock
from lienthong.registers import changing, recording, records
from lienthong.registers.identity_cards import valid_until
from lienthong.registers.numbers import RULES
from lienthong.registers.tests.offices import BIRTH, DI_LINH, enter, in_node, message, owned, person

BOOK = count(500_001)
MOTHERS = (f"0681950{n:05d}" for n in count(20_000))
CHILDREN = (f"0683260{n:05d}" for n in count(1))


@pytest.fixture(scope="module")
def g15(office: Callable[[str], Node]) -> Node:
    return office("G15")


@pytest.fixture(scope="module")
def g01(office: Callable[[str], Node]) -> Node:
    return office("G01")


def birth(place: Node, **changes: Any) -> str:
    number = f"KS-{DI_LINH}-2026-{next(BOOK):06d}"
    fields = {
        "child_name": "Ka Nhung", "birth_date": "2026-10-12", "gender": "female", "ethnicity": "16", "unit": DI_LINH,
        "nationality": "VN", "hometown": DI_LINH, "birth_place": "68009", "mother": next(MOTHERS),
        "mother_name": "Ka Wẽn", "registered_on": "2026-10-20", "state": "registered", "child_number": next(CHILDREN),
    }  # fmt: skip
    enter(place, "births", number=number, **(fields | changes))
    return number


def ask(
    place: Node, key: str, change: str, *, sender: str = "H36", purpose: str = BIRTH, register: str = "births",
    reason: str = "Sai sót khi ghi sổ", **fields: Any,
) -> tuple[str, Outcome]:  # fmt: skip
    body = {"register": register, "key": key, "change": change, "fields": fields, "dossier": "H36-1", "reason": reason}
    request = message(sender, changing.SERVICE, purpose, body)
    return request.header.id, in_node(place, lambda tx: changing.handle(place, tx, request))


def row(place: Node, register: str, key: str) -> dict[str, Any] | None:
    declared = owned(place, register)
    lookup = next(name for name, columns in declared.lookups.items() if columns == [declared.key])
    found = in_node(place, lambda tx: records.find(tx, declared, lookup, key))
    return found[0] if found else None


def waiting(place: Node, key: str) -> Any:
    return in_node(place, lambda tx: tx.one("SELECT * FROM pending_record WHERE key = %s", (key,)))


def heard(place: Node, key: str, outcome: Outcome) -> bool:
    sent = Sent(waiting(place, key).message, "G01", changing.SERVICE, "T-1", {})
    return bool(in_node(place, lambda tx: recording.completed(place, tx, sent, outcome)))


def last_sent(place: Node, recipient: str) -> Any:
    sql = "SELECT * FROM outbox WHERE recipient = %s ORDER BY id DESC LIMIT 1"
    return in_node(place, lambda tx: tx.one(sql, (recipient,)))


def test_what_nobody_took_is_amended_at_once_and_the_past_stays(g15: Node) -> None:
    key = birth(g15)
    _, outcome = ask(g15, key, "amend", mother_name="Ka Wĕn")
    assert isinstance(outcome, Done)
    assert outcome.body["record"]["mother_name"] == "Ka Wĕn"
    assert waiting(g15, key) is None
    [before] = in_node(g15, lambda tx: records.past(tx, owned(g15, "births"), key))
    assert (before["version"], before["mother_name"]) == (1, "Ka Wẽn")
    chain = in_node(g15, lambda tx: tx.value("SELECT chain FROM births WHERE number = %s", (key,)))
    assert in_node(g15, lambda tx: verify_stream(tx, f"births/{key}", bytes(chain))) == 2
    payload = "SELECT payload FROM journal_entry WHERE stream = %s AND number = 2"
    assert "Sai sót khi ghi sổ" in in_node(g15, lambda tx: tx.value(payload, (f"births/{key}",)))


def test_an_amendment_that_changes_nothing_makes_no_version(g15: Node) -> None:
    key = birth(g15)
    assert isinstance(ask(g15, key, "amend", child_name="Ka Nhung", father=None)[1], Done)
    assert in_node(g15, lambda tx: records.past(tx, owned(g15, "births"), key)) == []


def test_what_a_person_took_is_amended_there_first_and_here_on_its_word(g15: Node) -> None:
    key = birth(g15)
    request, outcome = ask(g15, key, "amend", child_name="Ka Nhung Ly", birth_place="68001")
    assert outcome == Stored()
    assert row(g15, "births", key)["child_name"] == "Ka Nhung"  # type: ignore[index]
    asked = last_sent(g15, "G01")
    assert asked.service == changing.SERVICE
    assert '"fields":{"full_name":"Ka Nhung Ly"}' in asked.body
    assert '"change":"amend"' in asked.body
    with pytest.raises(Refused, match="waiting"):
        ask(g15, key, "amend", mother_name="Somebody")
    assert heard(g15, key, Done({"register": "persons", "key": "x", "record": {}}))
    stands = row(g15, "births", key)
    assert stands is not None
    assert (stands["child_name"], stands["birth_place"]) == ("Ka Nhung Ly", "68001")
    told = last_sent(g15, "H36")
    assert told.service == RECEIPT
    assert request in told.body
    assert '"child_name":"Ka Nhung Ly"' in told.body


def test_a_refusal_there_leaves_the_record_as_it_was(g15: Node) -> None:
    for kind, fields in (("amend", {"child_name": "Ka Khác"}), ("withdraw", {})):
        key = birth(g15)
        assert ask(g15, key, kind, **fields)[1] == Stored()
        assert heard(g15, key, Refusal("unknown-record", "nobody"))
        assert row(g15, "births", key)["child_name"] == "Ka Nhung"  # type: ignore[index]
        assert in_node(g15, lambda tx, key=key: records.past(tx, owned(g15, "births"), key)) == []
        assert '"code":"unknown-record"' in last_sent(g15, "H36").body
        assert waiting(g15, key) is None


def test_a_birth_is_withdrawn_once_the_person_is_and_says_by_which_decision(g15: Node) -> None:
    key = birth(g15)
    assert ask(g15, key, "withdraw", reason="QĐ 15/QĐ-UBND: đăng ký trùng")[1] == Stored()
    assert '"change":"withdraw"' in last_sent(g15, "G01").body
    assert heard(g15, key, Done({"register": "persons", "key": "x", "record": {}}))
    assert row(g15, "births", key) is None
    ended = in_node(g15, lambda tx: records.withdrawn(tx, owned(g15, "births"), key))
    assert ended["withdrawn"] == "QĐ 15/QĐ-UBND: đăng ký trùng"
    assert len(in_node(g15, lambda tx: records.past(tx, owned(g15, "births"), key))) == 1
    assert '"outcome":"done"' in last_sent(g15, "H36").body
    with pytest.raises(Refused, match="unknown-record"):
        ask(g15, key, "amend", mother_name="x")


def test_an_officer_of_the_owner_is_told_like_a_node_is(g15: Node) -> None:
    key, told = birth(g15), []
    g15.settlers = {changing.SERVICE: lambda _node, _tx, sent, outcome: told.append((sent, outcome))}
    births = owned(g15, "births")
    fields = {"child_name": "Ka Nhung My"}
    outcome = in_node(
        g15, lambda tx: recording.change(g15, tx, births, key, "amend", fields, by="task-7", reason="Sai tên")
    )
    assert outcome == Stored()
    heard(g15, key, Done({"record": {}}))
    [(sent, final)] = told
    assert (sent.message, sent.service, sent.recipient) == ("task-7", changing.SERVICE, "G15")
    assert (sent.body["dossier"], sent.body["change"], sent.body["key"]) == ("task-7", "amend", key)
    assert final.body["record"]["child_name"] == "Ka Nhung My"


def test_a_birth_without_its_number_yet_waits(g15: Node) -> None:
    fields = {
        "child_name": "K’ Brêm", "birth_date": "2026-11-12", "gender": "male", "ethnicity": "16", "nationality": "VN",
        "hometown": DI_LINH, "birth_place": "68001", "mother": next(MOTHERS), "unit": DI_LINH,
    }  # fmt: skip
    request = message("H36", recording.SERVICE, BIRTH, {"register": "births", "fields": fields})
    in_node(g15, lambda tx: recording.record(g15, tx, request))
    key = in_node(g15, lambda tx: tx.value("SELECT number FROM births WHERE mother = %s", (fields["mother"],)))
    with pytest.raises(Refused, match="waiting"):
        ask(g15, key, "withdraw")


@pytest.mark.parametrize(
    ("code", "change", "fields", "who"),
    [
        ("no-right", "amend", {"state": "registered"}, {}),
        ("no-right", "amend", {"child_number": "068326000001"}, {}),
        ("no-right", "amend", {"mother_name": "x"}, {"sender": "portal"}),
        ("no-right", "withdraw", {}, {"sender": "BHXH"}),
        ("no-right", "withdraw", {}, {"purpose": "interlinked/birth-residence-card"}),
        ("invalid", "withdraw", {"mother_name": "x"}, {}),
        ("invalid", "amend", {"gender": "unknown"}, {}),
        ("invalid", "amend", {"birth_date": "2099-01-01"}, {}),
        ("invalid", "amend", {"child_name": "Ka Ly", "notice": "GCS.NEW"}, {}),
        ("incomplete", "amend", {"child_name": ""}, {}),
        ("unknown-register", "amend", {}, {"register": "persons"}),
        ("malformed", "erase", {}, {}),
    ],
)
def test_what_no_right_covers_or_does_not_fit_is_refused(
    g15: Node, code: str, change: str, fields: dict[str, Any], who: dict[str, Any]
) -> None:
    key = birth(g15)
    with pytest.raises(Refused) as refused:
        ask(g15, key, change, **who, **fields)
    assert refused.value.code == code
    assert row(g15, "births", key)["mother_name"] == "Ka Wẽn"  # type: ignore[index]


def test_an_amendment_may_not_make_it_the_same_birth_as_another(g15: Node) -> None:
    one, other = birth(g15), birth(g15)
    with pytest.raises(Refused, match="registered-before"):
        ask(g15, other, "amend", mother=row(g15, "births", one)["mother"])  # type: ignore[index]
    taken = birth(g15, notice="GCS.9.1")
    assert taken
    with pytest.raises(Refused, match="taken-notice"):
        ask(g15, other, "amend", notice="GCS.9.1")


# persons, at the population register


def test_a_person_is_amended_and_parents_are_checked_again(g01: Node) -> None:
    mother = person(g01, "068195100001")
    father = person(g01, "068092100001", "K’ Brèo", gender="male")
    child = person(g01, "068326100001", "Ka Nhung", birth_date="2026-10-12", mother=mother)
    about = {"sender": "G15", "purpose": "births", "register": "persons"}
    _, outcome = ask(g01, child, "amend", **about, full_name="Ka Nhung Ly", father=father)
    assert isinstance(outcome, Done)
    assert (outcome.body["record"]["full_name"], outcome.body["key"]) == ("Ka Nhung Ly", child)
    for code, fields in (("wrong-gender", {"father": mother}), ("unknown-parent", {"mother": "068195199999"}),
                         ("no-right", {"phone": "0900000001"}), ("no-right", {"number": "068326100009"})):  # fmt: skip
        with pytest.raises(Refused, match=code):
            ask(g01, child, "amend", **about, **fields)


def test_a_cancelled_number_is_nobodys_any_more_and_never_given_again(
    g01: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    # loaded, so the journal has no entry of its own for it yet
    sql = (
        "INSERT INTO persons (number, full_name, birth_date, gender, ethnicity, nationality, valid_from, recorded_at,"
        " recorded_by) VALUES ('068326000042', 'Ka Nhung', '2026-10-12', 'female', '16', 'VN', now(), now(), 'load')"
    )
    in_node(g01, lambda tx: tx.run(sql, ()))
    child = "068326000042"
    _, outcome = ask(g01, child, "withdraw", sender="G15", purpose="births", register="persons", reason="QĐ 15")
    assert isinstance(outcome, Done)
    assert outcome.body["record"]["full_name"] == "Ka Nhung"
    assert row(g01, "persons", child) is None
    assert in_node(g01, lambda tx: records.withdrawn(tx, owned(g01, "persons"), child))["withdrawn"] == "QĐ 15"
    drawn = iter([42, 43])
    monkeypatch.setattr("lienthong.registers.numbers.secrets.randbelow", lambda _: next(drawn))
    born = {"birth_unit": DI_LINH, "birth_date": "2026-10-12", "gender": "female"}
    rule = RULES["personal-number@2024-07"]
    number = in_node(g01, lambda tx: rule(tx, born, clock.today(), g01.territory))
    assert number == "068326000043"


def test_a_residence_withdrawn_may_be_entered_again_and_its_history_goes_on(g01: Node) -> None:
    facts = {"household": "HK-9", "relation": "child", "kind": "permanent", "since": "2026-11-01"}
    register = owned(g01, "residences")
    for turn in range(3):
        row = in_node(
            g01, lambda tx: recording.enter(g01, tx, register, {"person": "068326200001", **facts}, by="G01-1")
        )
        assert row["household"] == "HK-9"
        if turn < 2:
            in_node(
                g01,
                lambda tx: recording.change(
                    g01, tx, register, "068326200001", "withdraw", {}, by="QĐ 2", reason="annulled"
                ),
            )
    with pytest.raises(Refused, match="taken-person"):
        in_node(g01, lambda tx: recording.enter(g01, tx, register, {"person": "068326200001", **facts}, by="G01-2"))
    head = in_node(g01, lambda tx: tx.one("SELECT version, chain FROM residences WHERE person = '068326200001'"))
    assert head.version == 5
    assert in_node(g01, lambda tx: verify_stream(tx, "residences/068326200001", bytes(head.chain))) == 5


# identity cards


def test_a_card_is_for_somebody_and_holds_until_the_next_renewal(g01: Node) -> None:
    register = owned(g01, "identity_cards")
    child = person(g01, "068326300001", "Ka Nhung", birth_date="2026-10-12")
    card = in_node(
        g01, lambda tx: recording.enter(g01, tx, register, {"person": child, "dossier": "G01-9"}, by="G01-9")
    )
    assert card["number"] == "CC000000001"
    assert (card["valid_until"], card["state"], card["issued_on"]) == ("2040-10-12", "valid", clock.today().isoformat())
    for code, who in (("taken-person", child), ("unknown-person", "068326399999"), ("unknown-person", "")):
        with pytest.raises(Refused, match=code):
            in_node(g01, lambda tx, who=who: recording.enter(g01, tx, register, {"person": who}, by="G01-9"))


@pytest.mark.parametrize(
    ("born", "issued", "until"),
    [
        (date(2024, 2, 29), date(2026, 11, 22), date(2038, 2, 28)),
        (date(2013, 5, 1), date(2026, 11, 22), date(2038, 5, 1)),  # thirteen: within two years of fourteen
        (date(2000, 1, 1), date(2026, 11, 22), date(2040, 1, 1)),
        (date(1960, 1, 1), date(2026, 11, 22), None),
    ],
)
def test_until_when_a_card_holds(born: date, issued: date, until: date | None) -> None:
    """Law on Identification 26/2023/QH15, Art. 21."""
    assert valid_until(born, issued) == until
