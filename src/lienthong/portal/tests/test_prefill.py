"""Filling a form from registers: few questions, all at once, and a silent source is only silent."""

from typing import Any

import msgspec
import pytest

from lienthong.casework import prefill
from lienthong.exchange.envelopes import Refused
from lienthong.identity.types import Account
from lienthong.portal.tests.people import FATHER, FORM, MOTHER, Registers, home, person, portal, rows

AT_HOME = {"me", "home", "household", "householder", "spouse", "spouse_home", "spouse_household", "spouse_householder"}


def filled(registers: Registers, account: Account = MOTHER, **typed: str) -> tuple[list[str], prefill.Found]:
    node = portal(registers)
    answers = prefill.ask_registers(node, FORM, account, purpose="p", case="draft/1", typed=typed)
    return answers, prefill.read_answers(node, FORM, account, answers, typed)


def test_a_mother_s_form_needs_one_wave_with_one_question_to_each_owner() -> None:
    registers = Registers()
    answers, found = filled(registers)
    assert registers.waves == [{"G01": AT_HOME, "G15": {"marriage", "registered"}, "G18": {"notice"}}]
    assert len(answers) == 3
    assert found.rows["mother"]["full_name"] == "Ka Wẽn"
    assert found.rows["father"]["full_name"] == "K’ Brèo"
    assert prefill.silent_nodes(portal(), FORM, found) == []


def test_a_father_s_form_needs_a_second_wave_for_what_hangs_on_the_mother() -> None:
    registers = Registers(rows(FATHER, MOTHER))
    _, found = filled(registers, FATHER)
    assert registers.waves == [
        {"G01": AT_HOME, "G15": {"marriage"}},
        {"G15": {"registered"}, "G18": {"notice"}},
    ]
    assert found.rows["mother"]["full_name"] == "Ka Wẽn"
    values = {name: item["value"] for q in registers.questions for name, item in q.body["items"].items()}
    assert values["notice"] == values["registered"] == {"is": MOTHER.number}
    assert values["spouse"] == {"of": "me.spouse"}
    assert values["household"] == {"of": "home.household"}
    assert values["me"] == {"is": FATHER.number}


def test_every_question_names_the_purpose_and_the_draft_it_is_asked_for() -> None:
    registers = Registers()
    filled(registers)
    assert {(q.purpose, q.case) for q in registers.questions} == {("p", "draft/1")}


def test_an_unmarried_father_is_not_asked_for_a_mother_nobody_knows() -> None:
    registers = Registers(rows(FATHER, None))
    _, found = filled(registers, FATHER)
    assert len(registers.waves) == 1
    assert found.rows["mother"] is None
    assert prefill.silent_nodes(portal(), FORM, found) == []


@pytest.mark.parametrize(
    ("silent", "told"),
    [({"G18"}, ["G18"]), ({"G15"}, ["G15"]), ({"G01"}, ["G01"]), ({"G15", "G18"}, ["G15", "G18"])],
)
def test_a_silent_owner_is_named_and_the_others_answers_stand(silent: set[str], told: list[str]) -> None:
    answers, found = filled(Registers(silent=silent))
    assert prefill.silent_nodes(portal(), FORM, found) == told
    assert len(answers) == 3 - len(silent)


def test_when_population_is_silent_what_hangs_on_it_is_silent_too() -> None:
    registers = Registers(rows(FATHER, MOTHER), silent={"G01"})
    _, found = filled(registers, FATHER)
    assert len(registers.waves) == 1  # the mother is unknown, so nobody is asked about her
    assert prefill.silent_nodes(portal(), FORM, found) == ["G01", "G15", "G18"]
    assert prefill.is_silent(FORM, found, "mother")
    assert prefill.is_silent(FORM, found, "notice")
    assert not prefill.is_silent(FORM, found, "marriage")


def test_a_silent_owner_is_asked_once_a_page() -> None:
    registers = Registers(silent={"G01", "G15", "G18"})
    filled(registers)
    assert len(registers.waves) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("Thôn 3", "Thôn 4"),
        lambda text: text.replace('"gender":"male"', '"gender":"female"'),
        lambda text: text.replace('"case":"draft/1"', '"case":"draft/2"'),
    ],
)
def test_an_answer_that_was_tampered_with_while_it_was_kept_is_refused(spoil: Any) -> None:
    answers, _ = filled(Registers())
    spoilt = [spoil(text) for text in answers]
    assert spoilt != answers
    with pytest.raises(Refused):
        prefill.read_answers(portal(), FORM, MOTHER, spoilt, {})


def test_answers_are_kept_as_they_were_signed() -> None:
    answers, _ = filled(Registers())
    for text in answers:
        assert set(msgspec.json.decode(text)) == {"header", "body", "signature"}


# a parent no register connects with the person: named by number and name together


def test_a_named_father_is_asked_for_and_what_hangs_on_him_only_after_the_name_agrees() -> None:
    registers = Registers(rows(MOTHER, None, named_father=person(FATHER, None), named_home=home(FATHER)))
    _, found = filled(registers, MOTHER, father_number=FATHER.number, father_name="k' brèo")
    asked = [set(wave.get("G01", ())) for wave in registers.waves]
    assert f"named_father:{FATHER.number}" in asked[0]
    assert not any(item.startswith("named_home") for item in asked[0])
    assert f"named_home:{FATHER.number}" in asked[1]
    assert found.rows["the_father"]["birth_date"] == FATHER.birth_date.isoformat()


@pytest.mark.parametrize(("number", "name"), [(FATHER.number, "K’ Khác"), ("068092000000", "K’ Brèo")])
def test_a_name_that_does_not_agree_is_as_good_as_nobody(number: str, name: str) -> None:
    registers = Registers(rows(MOTHER, None, named_father=person(FATHER, None)))
    _, found = filled(registers, MOTHER, father_number=number, father_name=name)
    assert found.rows["named_father"] is None
    assert found.rows["the_father"] is None
    assert len(registers.waves) == 1


def test_what_is_typed_later_is_asked_anew() -> None:
    registers = Registers(rows(MOTHER, None, named_father=person(FATHER, None)))
    answers, _ = filled(registers, MOTHER, father_number=FATHER.number, father_name=FATHER.name)
    other = {"father_number": "068092000000", "father_name": FATHER.name}
    found = prefill.read_answers(portal(), FORM, MOTHER, answers, other)
    assert "named_father" not in found.sources
    assert prefill.named(FORM, found) == {"named_father"}


def test_nobody_is_asked_for_before_somebody_is_named() -> None:
    registers = Registers(rows(MOTHER, None))
    _, found = filled(registers, MOTHER, father_number=FATHER.number)
    assert not [item for wave in registers.waves for items in wave.values() for item in items if ":" in item]
    assert prefill.silent_nodes(portal(), FORM, found) == []
    assert {"named_father", "the_father", "host", "the_household"} <= found.later
