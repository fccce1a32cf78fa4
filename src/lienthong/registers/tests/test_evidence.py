"""What evidence opens: with it the right's fields, without it few, and to nobody whom it does not lead to."""

from collections.abc import Callable
from typing import Any

import pytest

from lienthong.exchange import evidence
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.evidence import Reached
from lienthong.exchange.node import Alert, Node
from lienthong.exchange.quotas import Quotas, TooMany
from lienthong.kit.signatures import SigningKey
from lienthong.registers.tests.offices import (
    BIRTH,
    LINKED,
    enter,
    person,
    sealer,
    session,
    submission,
)
from lienthong.registers.tests.test_reading import FATHER, MOTHER, STRANGER, ask, item

CASE = "T-1"  # of every message of these tests
NAME = {"full_name": "tran thi la"}
NARROW = {"number", "full_name", "died_on"}


@pytest.fixture(scope="module")
def g01(office: Callable[[str], Node]) -> Node:
    place = office("G01")
    person(place, MOTHER, spouse=FATHER, phone="0900000001")
    person(place, FATHER, "K’ Brèo", gender="male", birth_date="1992-09-17", spouse=MOTHER)
    person(place, STRANGER, "Trần Thị Lạ", spouse="068190000008", birth_date="1990-01-31")
    person(place, "068190000008", "Ai Đó", gender="male")
    return place


@pytest.fixture(scope="module")
def g18(office: Callable[[str], Node]) -> Node:
    place = office("G18")
    enter(
        place, "birth_notices", number="GCS.1", facility="68009", mother=MOTHER, mother_name="Ka Wẽn",
        mother_birth_date="1995-04-02", born_at="2026-11-12T03:20:00+07:00", gender="male", weight=3100, birth_order=1,
        birth_count=1, attendant="Trần Thị Đỡ", issued_on="2026-11-12", seal="-",
    )  # fmt: skip
    return place


@pytest.fixture(autouse=True)
def _full(office: Callable[[str], Node]) -> None:
    for name in ("G01", "G18"):
        office(name).quotas = Quotas()


def opened(place: Node, number: str, **how: Any) -> set[str]:
    """The fields of a person that a question about them brings; none where it is answered as if there were nobody."""
    match = how.pop("match", None)
    found = ask(place, it=item("persons", "number", literal=number, match=match), **how).body["items"]["it"]
    return set(found or ())


def test_the_persons_session_opens_what_the_right_names_and_only_to_whom_it_leads(g01: Node) -> None:
    assert "phone" in opened(g01, MOTHER)
    assert opened(g01, STRANGER) == set()
    answer = ask(
        g01,
        me=item("persons", "number", literal=MOTHER),
        spouse=item("persons", "number", reference="me.spouse"),
    )
    assert answer.body["items"]["spouse"]["full_name"] == "K’ Brèo"
    assert answer.evidence


def test_without_evidence_a_second_attribute_opens_few_fields_and_none_nothing(g01: Node) -> None:
    assert opened(g01, STRANGER, proofs=[]) == set()
    assert opened(g01, STRANGER, proofs=[], match={"full_name": "Lê Thị Khác"}) == set()
    assert opened(g01, STRANGER, proofs=[], match=NAME) == NARROW
    assert opened(g01, STRANGER, proofs=[], match={**NAME, "birth_date": "1991-01-31"}) == set()
    assert opened(g01, STRANGER, match=NAME) > NARROW  # named in the case of somebody who is there


def test_unknown_and_refused_are_one_answer(g01: Node) -> None:
    unknown = ask(g01, proofs=[], it=item("persons", "number", literal="068199999999", match=NAME))
    refused = ask(g01, proofs=[], it=item("persons", "number", literal=MOTHER, match=NAME))
    for answer in (unknown, refused):
        answer.body.pop("at")
    assert (unknown.body, unknown.reads) == (refused.body, refused.reads) == ({"items": {"it": None}}, ())
    assert g01.quotas._buckets.keys() == _uses(g01)


def _uses(g01: Node) -> set[Any]:
    right = ("portal", "register.read", LINKED, "persons")
    return {right, (*right, "narrow")}


@pytest.mark.parametrize("match", [{"gender": "female"}, {"number": MOTHER}, {"nationality": "VN"}, {"nothing": "1"}])
def test_what_half_the_country_answers_to_is_no_second_attribute(g01: Node, match: dict[str, str]) -> None:
    with pytest.raises(Refused, match="malformed"):
        opened(g01, MOTHER, proofs=[], match=match)


def test_a_submission_opens_to_the_one_stop_whom_it_names(g01: Node) -> None:
    ways = {"sender": "H36", "purpose": BIRTH}
    assert "hometown" in opened(g01, MOTHER, **ways)
    assert opened(g01, STRANGER, **ways) == set()
    assert "hometown" in opened(g01, STRANGER, proofs=submission(CASE, MOTHER, STRANGER), **ways)


def test_a_portal_does_not_vouch_for_what_it_asks_itself(g01: Node) -> None:
    proofs = submission(CASE, MOTHER, STRANGER)
    assert opened(g01, STRANGER, proofs=proofs) == set()


def test_a_mandate_opens_the_principal_to_who_acts_for_them(g01: Node) -> None:
    mandate = evidence.of_mandate(sealer("G01-eid"), "UQ-1", STRANGER, MOTHER)
    assert opened(g01, STRANGER, proofs=[session(MOTHER), mandate]) > NARROW
    with pytest.raises(Refused, match="bad-evidence"):
        opened(g01, STRANGER, proofs=[session(FATHER), mandate])


def test_one_owners_word_leads_to_the_next_owner(g01: Node, g18: Node) -> None:
    """The father applies: G01 says under its seal whom his record led to, and G18 opens his wife's notice."""
    notice = item("birth_notices", "mother", literal=MOTHER, many=True)
    assert ask(g18, proofs=[session(FATHER)], notice=notice).body["items"]["notice"] == []
    found = ask(g01, proofs=[session(FATHER)], me=item("persons", "number", literal=FATHER),
                spouse=item("persons", "number", reference="me.spouse")).body  # fmt: skip
    shown = ask(g18, proofs=[session(FATHER), found["reached"]], notice=notice).body["items"]["notice"]
    assert [row["number"] for row in shown] == ["GCS.1"]
    assert MOTHER not in found["reached"]


def test_a_look_up_leads_over_so_many_people_and_no_further(g01: Node) -> None:
    chain = {"a": item("persons", "number", literal=STRANGER, match={"full_name": "Trần Thị Lạ"})}
    chain["b"] = item("persons", "number", reference="a.spouse")
    far = [session(MOTHER), evidence.of_reach(sealer("G15"), CASE, {STRANGER: Reached("own", 2)})]
    answer = ask(g01, proofs=far, **(chain | {"a": item("persons", "number", literal=STRANGER)}))
    assert answer.body["items"]["a"] is not None
    assert answer.body["items"]["b"] is None
    assert ask(g01, **chain).body["items"]["b"] is not None


FORGED: dict[str, Callable[[], list[str]]] = {
    "of another node": lambda: [session(MOTHER, "H36")],
    "not e-identity's": lambda: [evidence.of_session(sealer("G15"), MOTHER, "portal")],
    "not sealed": lambda: [session(MOTHER).replace(MOTHER, STRANGER)],
    "by a stranger's key": lambda: [_by_a_stranger()],
    "of another case": lambda: [*submission("T-2", MOTHER)],
    "the submission alone": lambda: submission(CASE, MOTHER)[1:],
    "for who never signed in": lambda: evidence.of_submission(
        sealer("portal"), CASE, STRANGER, (), [session(MOTHER)]
    ),
    "two sessions": lambda: [session(MOTHER), session(STRANGER)],
    "the asker's own reach": lambda: [
        session(MOTHER), evidence.of_reach(sealer("portal"), CASE, {STRANGER: Reached("own")})
    ],
    "no envelope": lambda: ["{}"],
    "too many": lambda: [session(MOTHER)] * 9,
}  # fmt: skip


def _by_a_stranger() -> str:
    place = sealer("G01-eid")
    place.seal = SigningKey.generate()
    return evidence.of_session(place, MOTHER, "portal")


@pytest.mark.parametrize("name", FORGED)
def test_evidence_that_does_not_hold_refuses_the_question(g01: Node, name: str) -> None:
    with pytest.raises(Refused, match="bad-evidence"):
        opened(g01, MOTHER, proofs=FORGED[name]())


def test_evidence_ends(g01: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    old, filed = session(MOTHER), submission(CASE, MOTHER)
    later = evidence.validity.moment(evidence.SESSION_LASTS.total_seconds() + 600)
    monkeypatch.setattr(evidence.validity, "moment", lambda ahead=0.0: later)
    with pytest.raises(Refused, match="bad-evidence"):
        opened(g01, MOTHER, proofs=[old])
    assert "hometown" in opened(g01, MOTHER, sender="H36", purpose=BIRTH, proofs=filed)  # as long as a dossier lives
    much_later = later + evidence.DOSSIER_LASTS
    monkeypatch.setattr(evidence.validity, "moment", lambda ahead=0.0: much_later)
    with pytest.raises(Refused, match="bad-evidence"):
        opened(g01, MOTHER, sender="H36", purpose=BIRTH, proofs=filed)


def test_guessing_is_used_up_soon_and_the_rest_goes_on(g01: Node) -> None:
    """300 a minute, a tenth of it at the start; reads with evidence are another bucket. No time passes here."""
    g01.quotas = Quotas(lambda: 0.0)
    for _ in range(30):
        opened(g01, STRANGER, proofs=[], match=NAME)
    with pytest.raises(TooMany) as refused:
        opened(g01, STRANGER, proofs=[], match=NAME)
    assert refused.value.seconds == 1
    with pytest.raises(TooMany):
        opened(g01, "068199999999", proofs=[])
    assert "phone" in opened(g01, MOTHER)


def test_reads_without_evidence_are_drawn_for_review(g01: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[Alert] = []
    monkeypatch.setattr(g01, "on_alert", lambda node, tx, alert: raised.append(alert))
    opened(g01, STRANGER, proofs=[])
    opened(g01, MOTHER)
    assert raised == []
    opened(g01, STRANGER, proofs=[], match=NAME)
    assert [alert.kind for alert in raised[:1]] == ["review_read"]
    assert raised[0].detail["asker"] == "portal"
    assert STRANGER not in str(raised)
