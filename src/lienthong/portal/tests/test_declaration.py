"""Putting a declaration together: what registers hold, what was typed, and each difference beside its field."""

from datetime import timedelta
from typing import Any

import pytest

from lienthong.casework.declaration import Declaration, Given, put_together
from lienthong.catalogue.messages import MESSAGES
from lienthong.portal.tests.people import CATALOGUE, FATHER, FORM, MOTHER, NOTICE, TODAY, TYPED, found, person

BORN = {
    "birth_date": "2026-11-12",
    "gender": "male",
    "birth_at": "facility",
    "birth_place": "68009",
    "birth_count": "1",
}


def declared(known: dict[str, Any] | None = None, **typed: Any) -> Declaration:
    """The declaration with these changes to what registers hold and to what is typed."""
    meant = {**TYPED, **typed}
    return put_together(Given(FORM, CATALOGUE.terms, found(typed=meant, **(known or {})), meant), TODAY)


def test_what_registers_hold_is_declared_without_being_typed() -> None:
    it = declared()
    assert it.errors == {}
    assert (it.silent, it.absent) == (set(), {"requester_phone"})
    assert it.declared["mother_name"] == "Ka Wẽn"
    assert it.declared["birth_date"] == "2026-11-12"  # the day of the notice's moment
    assert it.declared["household"] == "HK-1"
    assert "child_name" not in it.held


def test_a_birth_belongs_to_the_day_it_was_in_vietnam() -> None:
    late = NOTICE | {"born_at": "2026-11-11T20:20:00+00:00"}
    assert declared({"notice": [late]}).declared["birth_date"] == "2026-11-12"


@pytest.mark.parametrize("typed", ["Ka Wen", "Ka Wẽn Khác", "x"])
def test_a_typed_value_that_differs_from_the_registers_is_told_and_not_taken(typed: str) -> None:
    it = declared(mother_name=typed)
    assert it.errors == {"mother_name": "differs-from-register"}
    assert it.declared["mother_name"] == "Ka Wẽn"


@pytest.mark.parametrize("typed", ["Ka Wẽn", "ka wẽn", "  Ka   Wẽn ", "Ka We\u0303n", ""])
def test_case_spaces_and_the_encoding_of_accents_are_no_difference(typed: str) -> None:
    assert declared(mother_name=typed).errors == {}


def test_a_silent_source_opens_its_fields_and_what_is_typed_counts() -> None:
    it = declared({"notice": ...})
    assert {"birth_date", "gender", "birth_at", "notice_number", "birth_count"} == it.silent
    wanted = {"birth_date": "required", "gender": "required", "birth_at": "required", "birth_count": "required"}
    assert it.errors == wanted
    typed = declared({"notice": ...}, **BORN)
    assert typed.errors == {}
    assert typed.declared["birth_date"] == "2026-11-12"
    assert "birth_date" not in typed.held


ALONE: dict[str, Any] = {"married_to": None, "marriage": None}


def test_what_a_register_was_asked_for_and_does_not_hold_is_absent_and_not_silent() -> None:
    it = declared(ALONE, hometown="mother", parents="mother", surname_after="mother")
    assert {"marriage_number", "parents"} <= it.absent
    assert (it.silent, it.errors) == (set(), {})
    assert {"father_number", "father_name", "father_papers"} <= it.skipped


def test_a_father_whom_the_form_does_not_ask_for_is_not_taken() -> None:
    alone = {"hometown": "mother", "parents": "mother", "surname_after": "mother"}
    it = declared(ALONE, **alone, father_number="068092004321", father_name="X")
    assert it.errors == {}
    assert not {"father_number", "father_name"} & set(it.declared)


@pytest.mark.parametrize("name", ["surname_after", "ethnicity", "lives_with"])
def test_a_child_cannot_follow_a_father_who_is_not_known(name: str) -> None:
    alone = {"hometown": "mother", "parents": "mother", "surname_after": "mother", name: "father"}
    assert declared(ALONE, **alone).errors == {name: "no-such-parent"}


def test_a_birth_in_the_future_is_told() -> None:
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    assert declared({"notice": ...}, **{**BORN, "birth_date": tomorrow}).errors == {"birth_date": "in-the-future"}


def test_a_mother_who_died_before_the_birth_is_told() -> None:
    known = {"me": person(MOTHER, FATHER) | {"died_on": "2026-11-01"}}
    assert declared(known).errors == {"mother_number": "dead-parent"}


# which notice


SECOND = NOTICE | {"number": "GCS.2", "gender": "female", "birth_order": 2}


def test_with_several_notices_one_must_be_chosen_and_its_facts_follow() -> None:
    twins = {"notice": [NOTICE, SECOND]}
    undecided = declared(twins)
    assert undecided.errors["notice_number"] == "required"
    assert [row["number"] for row in undecided.choices] == ["GCS.1", "GCS.2"]
    assert "notice_number" not in undecided.absent | undecided.later  # it is asked; what hangs on it is not yet
    assert {"birth_date", "gender", "birth_at"} <= undecided.later
    chosen = declared(twins, notice_number="GCS.2")
    assert chosen.errors == {}
    assert (chosen.declared["notice_number"], chosen.declared["gender"]) == ("GCS.2", "female")


def test_a_notice_already_registered_is_told_and_no_choice() -> None:
    used = {"notice": [NOTICE, SECOND], "registered": [{"notice": "GCS.1", "child_name": "x"}]}
    assert declared(used, notice_number="GCS.1").errors["notice_number"] == "already-registered"
    only = declared(used)
    assert only.errors == {}
    assert only.declared["notice_number"] == "GCS.2"


def test_a_strangers_notice_is_not_in_the_list() -> None:
    assert declared(notice_number="GCS.999").errors["notice_number"] == "not-in-list"


def test_a_birth_without_a_notice_may_be_declared() -> None:
    it = declared({"notice": []}, **BORN)
    assert it.errors == {}
    assert "notice_number" not in it.declared


def test_every_error_has_words() -> None:
    it = declared({"notice": ...}, child_name="2", ethnicity="x", pledge=False)
    assert it.errors
    assert set(it.errors.values()) <= set(MESSAGES)
    assert {"child_name": "not-a-name", "ethnicity": "not-in-list", "pledge": "required"}.items() <= it.errors.items()


def test_nothing_typed_is_taken_that_the_form_does_not_ask() -> None:
    it = declared(child_number="068226000001", status="10")
    assert not {"child_number", "status"} & set(it.declared)


# every family


NAMED = {"father_papers": "number", "father_number": FATHER.number, "father_name": "K' Brèo"}
UNMARRIED = {"parents": "unmarried", **NAMED}


def test_parents_who_are_not_married_name_the_father_and_registers_answer_for_the_rest() -> None:
    known = {**ALONE, "named_father": person(FATHER, None)}
    it = declared(known, **UNMARRIED)
    assert it.errors == {}
    assert it.declared["father_birth_date"] == FATHER.birth_date.isoformat()
    assert {"father_birth_date", "father_ethnicity", "father_nationality"} <= it.held
    assert {"father_number", "father_name", "parents"}.isdisjoint(it.held)


def test_before_the_father_is_named_nothing_else_about_him_is_asked() -> None:
    it = declared({**ALONE, "named_father": None}, parents="unmarried", father_papers="number")
    assert it.errors == {"father_number": "required", "father_name": "required", "hometown": "no-such-parent"}
    assert {"father_birth_date", "father_ethnicity", "father_nationality"} <= it.later


def test_somebody_of_another_name_is_told_and_nothing_of_them_is_shown() -> None:
    known = {**ALONE, "named_father": person(FATHER, None)}
    it = declared(known, **{**UNMARRIED, "father_name": "K’ Khác"})
    assert it.errors == {"father_number": "no-such-person", "hometown": "no-such-parent"}
    assert "father_birth_date" not in it.declared


def test_a_foreign_father_is_declared_by_his_passport() -> None:
    foreign = {
        "parents": "unmarried", "father_papers": "passport", "father_name": "John O'Neill", "hometown": "mother",
        "father_birth_date": "1990-01-02", "father_nationality": "US", "father_document": "C1234567",
    }  # fmt: skip
    it = declared(ALONE, **foreign)
    assert it.errors == {}
    assert {"father_number", "father_ethnicity"} <= it.skipped
    assert declared(ALONE, **{**foreign, "father_document": "?"}).errors == {"father_document": "not-a-passport"}


def test_a_birth_at_home_asks_who_confirms_it_and_for_the_paper() -> None:
    at_home = {**BORN, "birth_at": "home", "birth_place_text": "Thôn Păng Dung", "proof": "witness"}
    it = declared({"notice": []}, **at_home)
    assert it.errors == {"witness_name": "required", "witness_statement": "required"}
    assert {"birth_place", "village_statement"} <= it.skipped
    pledged = declared({"notice": []}, **{**at_home, "proof": "declaration"})
    assert (pledged.errors, "birth_place" in pledged.declared) == ({}, False)


def test_parents_who_live_apart_are_asked_whose_commune_registers_the_birth() -> None:
    apart = {"spouse_household": {"code": "HK-2", "unit": "24781", "address": "Phố", "householder": FATHER.number}}
    it = declared(apart, lives_with="father", registered_at="father")
    assert it.errors == {}
    assert (it.declared["household"], it.declared["residence_unit"]) == ("HK-2", "24781")
    assert it.declared["birth_unit"] == "24781"
    assert declared(apart).declared["birth_unit"] == "25000"
    assert "registered_at" in declared(lives_with="father", registered_at="father").skipped


def test_another_household_is_found_by_somebody_of_it() -> None:
    grandmother = {"number": "068165009999", "full_name": "Ka Mẽo"}
    known = {
        "host": grandmother,
        "host_home": {"person": grandmother["number"], "household": "HK-9", "relation": "householder"},
        "host_household": {"code": "HK-9", "unit": "25000", "address": "Thôn 9", "householder": grandmother["number"]},
        "host_householder": grandmother,
    }
    there = {"lives_with": "other", "host_number": grandmother["number"], "host_name": "Ka Mẽo"}
    it = declared(known, **there)
    assert it.errors == {"relation": "required"}
    whole = declared(known, **there, relation="grandchild")
    assert (whole.errors, whole.declared["household"]) == ({}, "HK-9")
    assert declared({"host": None}, **there, relation="other").errors == {"host_number": "no-such-person"}


def test_the_relation_to_the_householder_follows_from_the_parents() -> None:
    with_elders = {"home": {"person": MOTHER.number, "household": "HK-1", "relation": "child"}}
    assert declared(with_elders).declared["relation"] == "grandchild"
    assert declared().declared["relation"] == "child"
