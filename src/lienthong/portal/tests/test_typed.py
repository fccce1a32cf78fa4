"""What a posted form says, kept as typed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.casework.controls import parts
from lienthong.casework.typed import LONGEST, typed_values
from lienthong.catalogue import forms
from lienthong.catalogue.shapes import Field, Form, Section, Words
from lienthong.portal.tests.people import CATALOGUE, FORM

TERMS = CATALOGUE.terms
ANY = Words("x", "x")
DATES = Form([Section("s", ANY, {"born": Field("birth_date")})])


def born(day: str = "", month: str = "", year: str = "") -> str:
    return str(typed_values(DATES, TERMS, {"born-day": day, "born-month": month, "born-year": year})["born"])


@pytest.mark.parametrize(
    ("boxes", "value"),
    [
        (("12", "11", "2026"), "2026-11-12"),
        (("2", "1", "2026"), "2026-01-02"),
        ((" 2 ", " 1 ", " 2026 "), "2026-01-02"),
        (("", "", ""), ""),
    ],
)
def test_three_boxes_become_a_date(boxes: tuple[str, str, str], value: str) -> None:
    assert born(*boxes) == value


@pytest.mark.parametrize(
    "boxes",
    [
        ("12", "", "2026"), ("", "11", ""), ("31", "2", "2026"), ("a", "b", "c"), ("311", "11", "2026"),
        ("12", "11", "20266"), ("12", "11", "26"), ("12", "11", "２０２６"), ("-1", "11", "2026"),
    ],
)  # fmt: skip
def test_what_is_no_date_stays_as_typed_and_is_told(boxes: tuple[str, str, str]) -> None:
    value = born(*boxes)
    assert forms.check(DATES, TERMS, {"born": value}, forms.as_day("2026-11-20")) == {"born": "not-a-date"}  # type: ignore[arg-type]
    shown = parts(value)
    for part, typed in zip(("day", "month", "year"), boxes, strict=True):
        assert "-" in typed or shown[part].lstrip("0") == typed.lstrip("0")


def test_text_is_kept_up_to_a_length_without_outer_spaces() -> None:
    typed = typed_values(FORM, TERMS, {"child_name": "  K’ Brêm ", "residence_address": "x" * 10_000})
    assert typed["child_name"] == "K’ Brêm"
    assert len(typed["residence_address"]) == LONGEST


def test_a_flag_is_set_only_by_its_word() -> None:
    for posted, value in (
        ({"pledge": "yes"}, True),
        ({"pledge": "no"}, False),
        ({}, False),
        ({"pledge": "true"}, False),
    ):
        assert typed_values(FORM, TERMS, posted)["pledge"] is value


def test_what_the_form_does_not_ask_is_left_out_and_what_was_not_posted_is_not_invented() -> None:
    assert typed_values(FORM, TERMS, {"csrfmiddlewaretoken": "x", "status": "10"}) == {"pledge": False}


@settings(deadline=None, max_examples=100, database=None)
@given(st.dictionaries(st.sampled_from([*FORM.fields, "birth_date-day", "birth_date-year"]), st.text(max_size=20)))
def test_whatever_is_posted_is_judged_and_never_an_error_of_ours(posted: dict[str, str]) -> None:
    typed = typed_values(FORM, TERMS, posted)
    errors = forms.check(FORM, TERMS, typed, forms.as_day("2026-11-20"))  # type: ignore[arg-type]
    assert set(errors) <= set(FORM.fields)
