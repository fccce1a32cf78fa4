"""`reads.mine`: who read a person's data, for that person alone; no officer's number leaves."""

from collections.abc import Callable
from typing import Any

import pytest

from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node, Read
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.registers import reads
from lienthong.registers.tests.offices import BIRTH, in_node, message, session

MOTHER, FATHER = "068195001234", "068092004321"
OFFICER = "068080000001"


@pytest.fixture(scope="module")
def g15(office: Callable[[str], Node]) -> Node:
    return office("G15")


def log(place: Node, subject: str, *registers: str, **about: str) -> str:
    """What answering logs: one stream, an entry for each register."""
    read = new_id()
    facts = {"asker": "H36", "service": "register.read", "purpose": BIRTH, "case": "H36.104-261120-0001", "officer": ""}
    opened = [(subject, {**facts, **about, "register": name, "fields": ["number"]}) for name in registers]
    in_node(place, lambda tx: entries.append_reads(tx, f"read/{read}", opened, clock.now()))
    return read


def ask(place: Node, **body: Any) -> Any:
    body.setdefault("evidence", [session(str(body.get("of")))])
    return in_node(place, lambda tx: reads.mine(place, tx, message("portal", reads.SERVICE, reads.OWN, body)))


def test_a_question_that_opened_two_registers_is_one_read(g15: Node) -> None:
    read = log(g15, MOTHER, "births", "marriages", officer=f"{OFFICER} chair civil_status_officer")
    answer = ask(g15, of=MOTHER)
    told = answer.body["reads"][0]
    assert (told["read"], told["asker"], told["purpose"], told["roles"]) == (
        read, "H36", BIRTH, ["chair", "civil_status_officer"],
    )  # fmt: skip
    assert [opened["register"] for opened in told["opened"]] == ["births", "marriages"]
    assert OFFICER not in str(answer.body)
    assert answer.reads == (Read(MOTHER, "reads", ("asker", "case", "fields", "purpose", "role")),)


def test_another_persons_reads_are_not_told_even_by_their_id(g15: Node) -> None:
    theirs = log(g15, FATHER, "births")
    assert theirs not in {read["read"] for read in ask(g15, of=MOTHER).body["reads"]}
    assert ask(g15, of=MOTHER, read=theirs).body["reads"] == []
    assert [read["read"] for read in ask(g15, of=FATHER, read=theirs).body["reads"]] == [theirs]


def test_ones_own_looks_are_told_only_when_wanted(g15: Node) -> None:
    person = "068195007777"
    look = log(g15, person, "births", asker="portal", purpose=reads.OWN)
    assert ask(g15, of=person).body["reads"] == []
    assert [read["read"] for read in ask(g15, of=person, own=True).body["reads"]] == [look]


def test_a_page_goes_on_where_the_last_one_ended(g15: Node) -> None:
    person = "068195008888"
    logged = [log(g15, person, "births", "marriages") for _ in range(reads.PAGE + 5)]
    first = ask(g15, of=person).body
    rest = ask(g15, of=person, before=first["reads"][-1]["at"].isoformat()).body
    assert (first["more"], rest["more"]) == (True, False)
    assert [read["read"] for read in (*first["reads"], *rest["reads"])] == logged[::-1]


@pytest.mark.parametrize(
    ("proof", "code"), [([], "no-evidence"), ([session(FATHER)], "no-evidence"), (["{}"], "bad-evidence")]
)
def test_nobody_else_is_told_and_nobody_without_the_persons_session(g15: Node, proof: list[str], code: str) -> None:
    with pytest.raises(Refused) as refused:
        ask(g15, of=MOTHER, evidence=proof)
    assert refused.value.code == code


@pytest.mark.parametrize("body", [{}, {"of": "1"}, {"of": MOTHER, "all": True}, {"of": MOTHER, "before": "yesterday"}])
def test_what_does_not_read_is_refused(g15: Node, body: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="malformed"):
        ask(g15, **body)


def test_a_record_about_two_people_is_logged_for_both(g15: Node) -> None:
    marriages, births = g15.catalogue.owned["marriages"], g15.catalogue.owned["births"]
    assert marriages.whom([{"husband": FATHER, "wife": MOTHER}]) == sorted([FATHER, MOTHER])
    assert births.whom([{"mother": MOTHER, "father": None, "child_number": None}]) == [MOTHER]
