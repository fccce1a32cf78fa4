"""Putting a declaration together: what registers hold, what was typed, and each difference beside its field."""

from datetime import timedelta
from typing import Any

import pytest

from lienthong.catalogue.messages import MESSAGES
from lienthong.portal.declaration import Declaration, put_together
from lienthong.portal.tests.people import CATALOGUE, FATHER, FORM, MOTHER, NOTICE, TODAY, TYPED, found, person


def declared(known: Any = None, **typed: Any) -> Declaration:
    return put_together(FORM, CATALOGUE.terms, known or found(), {**TYPED, **typed}, TODAY)


def test_what_registers_hold_is_declared_without_being_typed() -> None:
    it = declared()
    assert it.errors == {}
    assert (it.silent, it.absent) == (frozenset(), {"requester_phone"})
    assert it.declared["mother_name"] == "Ka Wẽn"
    assert it.declared["birth_date"] == "2026-11-12"  # the day of the notice's moment
    assert it.declared["household"] == "HK-1"
    assert "child_name" not in it.held


def test_a_birth_belongs_to_the_day_it_was_in_vietnam() -> None:
    late = NOTICE | {"born_at": "2026-11-11T20:20:00+00:00"}
    assert declared(found(notice=[late])).declared["birth_date"] == "2026-11-12"


@pytest.mark.parametrize("typed", ["Ka Wen", "Ka Wẽn Khác", "x"])
def test_a_typed_value_that_differs_from_the_registers_is_told_and_not_taken(typed: str) -> None:
    it = declared(mother_name=typed)
    assert it.errors == {"mother_name": "differs-from-register"}
    assert it.declared["mother_name"] == "Ka Wẽn"


@pytest.mark.parametrize("typed", ["Ka Wẽn", "ka wẽn", "  Ka   Wẽn ", "Ka We\u0303n", ""])
def test_case_spaces_and_the_encoding_of_accents_are_no_difference(typed: str) -> None:
    assert declared(mother_name=typed).errors == {}


def test_a_silent_source_opens_its_fields_and_what_is_typed_counts() -> None:
    silent = found(notice=...)
    it = declared(silent)
    assert {"birth_date", "gender", "birth_place", "notice_number"} == it.silent
    assert it.errors == {"birth_date": "required", "gender": "required", "birth_place": "required"}
    typed = declared(silent, birth_date="2026-11-12", gender="male", birth_place="68009")
    assert typed.errors == {}
    assert typed.declared["birth_date"] == "2026-11-12"
    assert "birth_date" not in typed.held


def test_what_a_register_was_asked_for_and_does_not_hold_is_absent_and_not_silent() -> None:
    it = declared(found(spouse=None, marriage=None), hometown="mother")
    assert {"father_number", "father_name", "marriage_number"} <= it.absent
    assert (it.silent, it.errors) == (frozenset(), {})


def test_a_father_whom_no_register_and_no_page_names_is_not_taken() -> None:
    it = declared(found(spouse=None, marriage=None), hometown="mother", father_number="068092004321", father_name="X")
    assert "father_number" not in it.declared
    assert "father_name" not in it.declared


def test_a_child_cannot_follow_a_father_who_is_not_known() -> None:
    assert declared(found(spouse=None), hometown="mother", ethnicity="father").errors == {"ethnicity": "no-such-parent"}


def test_a_birth_in_the_future_is_told() -> None:
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    assert declared(found(notice=...), birth_date=tomorrow, gender="male", birth_place="68009").errors == {
        "birth_date": "in-the-future"
    }


@pytest.mark.parametrize(
    ("mother", "problem"),
    [({"died_on": "2026-11-01"}, "dead-parent"), ({"gender": "male"}, "wrong-gender")],
)
def test_a_parent_who_cannot_be_one_is_told(mother: dict[str, str], problem: str) -> None:
    known = found(mother=person(MOTHER, FATHER) | mother)
    assert declared(known).errors == {"mother_number": problem}


# which notice


SECOND = NOTICE | {"number": "GCS.2", "gender": "female", "birth_order": 2}


def test_with_several_notices_one_must_be_chosen_and_its_facts_follow() -> None:
    twins = found(notice=[NOTICE, SECOND])
    undecided = declared(twins)
    assert undecided.errors["notice_number"] == "required"
    assert [row["number"] for row in undecided.choices] == ["GCS.1", "GCS.2"]
    chosen = declared(twins, notice_number="GCS.2")
    assert chosen.errors == {}
    assert (chosen.declared["notice_number"], chosen.declared["gender"]) == ("GCS.2", "female")


def test_a_notice_already_registered_is_told_and_no_choice() -> None:
    used = found(notice=[NOTICE, SECOND], registered=[{"notice": "GCS.1", "child_name": "x"}])
    assert declared(used, notice_number="GCS.1").errors["notice_number"] == "already-registered"
    only = declared(used)
    assert only.errors == {}
    assert only.declared["notice_number"] == "GCS.2"


def test_a_strangers_notice_is_not_in_the_list() -> None:
    assert declared(notice_number="GCS.999").errors["notice_number"] == "not-in-list"


def test_a_birth_without_a_notice_may_be_declared() -> None:
    it = declared(found(notice=[]), birth_date="2026-11-12", gender="male", birth_place="68009")
    assert it.errors == {}
    assert "notice_number" not in it.declared


def test_every_error_has_words() -> None:
    it = put_together(FORM, CATALOGUE.terms, found(notice=...), {"child_name": "2", "relation": "spouse"}, TODAY)
    assert it.errors
    assert set(it.errors.values()) <= set(MESSAGES)
    assert {"child_name": "not-a-name", "relation": "not-in-list", "pledge": "required"}.items() <= it.errors.items()


def test_nothing_typed_is_taken_that_the_form_does_not_ask() -> None:
    it = declared(child_number="068226000001", status="10")
    assert not {"child_number", "status"} & set(it.declared)
