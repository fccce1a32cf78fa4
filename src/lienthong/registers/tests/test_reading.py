"""`register.read`: only fields that a right names, each person's data logged, references between items."""

from collections.abc import Callable
from typing import Any

import pytest

from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Answer, Node, Read
from lienthong.registers import reading
from lienthong.registers.reading import MOST_ITEMS, MOST_ROWS
from lienthong.registers.tests.offices import DI_LINH, LINKED, enter, in_node, message, person, session, submission

MOTHER, FATHER, STRANGER = "068195001234", "068092004321", "068190000007"


@pytest.fixture(scope="module")
def g01(office: Callable[[str], Node]) -> Node:
    place = office("G01")
    person(place, MOTHER, spouse=FATHER, phone="0900000001")
    person(place, FATHER, "K’ Brèo", gender="male", birth_date="1992-09-17", spouse=MOTHER)
    person(place, STRANGER, "Trần Thị Lạ")
    enter(place, "households", code="HK-1", unit=DI_LINH, address="Thôn 3", householder=FATHER)
    for number, relation in ((FATHER, "householder"), (MOTHER, "spouse")):
        facts = {"relation": relation, "kind": "permanent", "since": "2020-02-14"}
        enter(place, "residences", person=number, household="HK-1", **facts)
    return place


def item(
    register: str, by: str, *, many: bool = False, match: dict[str, str] | None = None, **value: str
) -> dict[str, Any]:
    how = "is" if "literal" in value else "of"
    return {"register": register, "by": by, "value": {how: next(iter(value.values()))}, "many": many,
            "match": match or {}}  # fmt: skip


def proofs_of(sender: str, person: str = MOTHER) -> list[str]:
    """What each asker brings: the portal the person's session, the one-stop their submission."""
    return [session(person)] if sender == "portal" else submission("T-1", person)


def ask(
    place: Node,
    *,
    sender: str = "portal",
    purpose: str = LINKED,
    proofs: list[str] | None = None,
    **items: dict[str, Any],
) -> Answer:
    body = {"items": items, "evidence": proofs_of(sender) if proofs is None else proofs}
    question = message(sender, reading.SERVICE, purpose, body)
    return in_node(place, lambda tx: reading.read(place, tx, question))


def test_the_answer_holds_only_fields_that_the_right_names(g01: Node) -> None:
    me = ask(g01, me=item("persons", "number", literal=MOTHER)).body["items"]["me"]
    assert me["full_name"] == "Ka Wẽn"
    assert set(me) == {
        "number", "full_name", "birth_date", "gender", "ethnicity", "nationality", "hometown", "spouse", "died_on",
        "phone",
    }  # fmt: skip
    officer = ask(
        g01, sender="H36", purpose="civil-status/birth-registration", me=item("persons", "number", literal=MOTHER)
    )
    assert "phone" not in officer.body["items"]["me"]
    assert "spouse" not in officer.body["items"]["me"]


def test_an_item_may_go_by_an_earlier_items_field_and_each_read_is_told(g01: Node) -> None:
    answer = ask(
        g01,
        residence=item("residences", "person", literal=MOTHER),
        household=item("households", "code", reference="residence.household"),
        householder=item("persons", "number", reference="household.householder"),
    )
    assert answer.body["items"]["householder"]["full_name"] == "K’ Brèo"
    assert [(read.subject, read.register) for read in answer.reads] == [(MOTHER, "residences"), (FATHER, "persons")]
    assert answer.reads[0] == Read(MOTHER, "residences", ("household", "person", "relation"))


def test_a_field_that_is_not_granted_cannot_be_followed_either(g01: Node) -> None:
    answer = ask(
        g01,
        sender="H36",
        purpose="civil-status/birth-registration",
        me=item("persons", "number", literal=MOTHER),
        spouse=item("persons", "number", reference="me.spouse"),
    )
    assert answer.body["items"]["spouse"] is None
    assert [read.subject for read in answer.reads] == [MOTHER]


def test_what_is_not_there_is_none_and_nobodys_read(g01: Node) -> None:
    answer = ask(
        g01,
        nobody=item("persons", "number", literal="068199999999"),
        after=item("persons", "number", reference="nobody.spouse"),
        before=item("persons", "number", reference="later.spouse"),
        later=item("persons", "number", literal=""),
        all=item("persons", "number", literal="068199999999", many=True),
    )
    assert answer.body["items"] == {"nobody": None, "after": None, "before": None, "later": None, "all": []}
    assert answer.reads == ()


def test_a_many_item_gives_rows_up_to_a_limit(g01: Node) -> None:
    for turn in range(MOST_ROWS + 3):
        enter(
            g01, "residences", person=f"0681950080{turn:02}", household="HK-1", relation="other", kind="permanent",
            since="2020-02-14",
        )  # fmt: skip
    found = ask(
        g01,
        home=item("residences", "person", literal=MOTHER),
        all=item("residences", "household", reference="home.household", many=True),
    )
    assert len(found.body["items"]["all"]) == MOST_ROWS == len(found.reads) - 1


@pytest.mark.parametrize(
    ("code", "items", "sender", "purpose"),
    [
        ("no-right", {"it": item("persons", "number", literal=MOTHER)}, "BHXH", LINKED),
        ("no-right", {"it": item("persons", "number", literal=MOTHER)}, "portal", "curiosity"),
        ("no-right", {"it": item("residences", "person", literal=MOTHER)}, "H36", "civil-status/birth-registration"),
        ("unknown-register", {"it": item("births", "mother", literal=MOTHER)}, "portal", LINKED),
        ("unknown-register", {"it": item("persons", "phone", literal="0900000001")}, "portal", LINKED),
        (
            "too-many-items",
            {f"i{n}": item("persons", "number", literal=MOTHER) for n in range(MOST_ITEMS + 1)},
            "portal",
            LINKED,
        ),
        ("malformed", {"it": {"register": "persons"}}, "portal", LINKED),
        ("malformed", {"it": {**item("persons", "number", literal=MOTHER), "fields": ["*"]}}, "portal", LINKED),
        ("malformed", {"it": item("persons", "number", literal=5)}, "portal", LINKED),  # type: ignore[arg-type]
    ],
)
def test_what_no_right_covers_or_does_not_read_is_refused(
    g01: Node, code: str, items: dict[str, Any], sender: str, purpose: str
) -> None:
    with pytest.raises(Refused) as refused:
        ask(g01, sender=sender, purpose=purpose, **items)
    assert refused.value.code == code


def test_one_item_without_right_refuses_the_whole_question(g01: Node) -> None:
    with pytest.raises(Refused, match="no-right"):
        ask(
            g01,
            sender="H36",
            purpose="civil-status/birth-registration",
            mine=item("persons", "number", literal=MOTHER),
            theirs=item("households", "code", literal="HK-1"),
        )
