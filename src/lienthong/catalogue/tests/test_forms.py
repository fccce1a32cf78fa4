"""Checking what was declared: every code there is, and names as people of the Highlands write them."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.catalogue import forms
from lienthong.catalogue.forms import as_day, check, clean
from lienthong.catalogue.messages import MESSAGES
from lienthong.catalogue.shapes import Field, Form, Section, Term, Words

TODAY = date(2026, 11, 20)
ANY = Words("x", "x")


def term(kind: Any, **more: Any) -> Term:
    return Term(kind, "x", "x", **more)


TERMS = {
    "full_name": term("text", name=True, most=60),
    "address": term("text", most=20),
    "birth_date": term("date", past=True),
    "day": term("date"),
    "moment": term("moment", past=True),
    "gender": term("code", codes={"male": ANY, "female": ANY}),
    "parent_choice": term("code", codes={"mother": ANY, "father": ANY}),
    "personal_number": term("person"),
    "unit": term("unit"),
    "facility": term("facility"),
    "notice": term("key"),
    "weight": term("number"),
    "pledge": term("flag"),
}


def errors(declared: dict[str, Any], **fields: Field) -> dict[str, str]:
    form = Form([Section("s", ANY, fields)])
    return check(form, TERMS, declared, TODAY)


def told(name: str, value: Any, **more: Any) -> str:
    """What is wrong with one value of a term; empty when nothing is."""
    return errors({"it": value}, it=Field(name, **more)).get("it", "")


@pytest.mark.parametrize(
    ("code", "name", "value"),
    [
        ("required", "full_name", ""),
        ("required", "full_name", None),
        ("required", "pledge", False),
        ("required", "pledge", "yes"),
        ("too-long", "full_name", "A" * 61),
        ("too-long", "address", "A" * 21),
        ("not-text", "address", 5),
        ("not-text", "address", ["Thôn 3"]),
        ("not-text", "address", "Thôn\x00 3"),
        ("not-text", "address", "Thôn \u202e3"),
        ("not-a-date", "birth_date", "2026-02-30"),
        ("not-a-date", "birth_date", "1849-12-31"),
        ("not-a-date", "birth_date", "20/11/2026"),
        ("not-a-date", "birth_date", "20261119"),
        ("not-a-date", "birth_date", "2026-W47-4"),
        ("not-a-date", "birth_date", "2026-11-12T03:20:00+07:00"),
        ("not-a-date", "birth_date", "--"),
        ("in-the-future", "birth_date", "2026-11-21"),
        ("in-the-future", "moment", "2026-11-21T00:00:00+07:00"),
        ("not-in-list", "gender", "other"),
        ("not-in-list", "gender", "Male"),
        ("not-a-number", "personal_number", "06819500123"),
        ("not-a-number", "personal_number", "0681950012345"),
        ("not-a-number", "personal_number", "06819500123a"),
        ("not-a-number", "personal_number", "٠٦٨١٩٥٠٠١٢٣٤"),
        ("not-a-number", "personal_number", "068195001234\n"),
        ("not-a-number", "unit", "2500"),
        ("not-a-number", "facility", "６８００１"),
        ("not-a-number", "notice", "GCS 68"),
        ("not-a-number", "notice", "G" * 61),
        ("not-a-number", "weight", "3.1"),
        ("not-a-number", "weight", "٣"),
        ("not-a-number", "weight", "-3"),
    ],
)
def test_every_wrong_value_has_its_code(code: str, name: str, value: Any) -> None:
    assert told(name, value) == code
    assert code in MESSAGES


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("birth_date", "2026-11-20"),
        ("birth_date", "2024-02-29"),
        ("day", "2027-01-01"),
        ("moment", "2026-11-20T23:59:00+07:00"),
        ("moment", "2026-11-20T16:59:00+00:00"),
        ("gender", "female"),
        ("personal_number", "068195001234"),
        ("unit", "25000"),
        ("facility", "68001"),
        ("notice", "GCS.68001.2026.000123"),
        ("weight", "3100"),
        ("pledge", True),
        ("address", "Thôn 3, tổ 12/4"),
    ],
)
def test_what_is_right_passes(name: str, value: Any) -> None:
    assert told(name, value) == ""


@pytest.mark.parametrize(
    "name",
    [
        "K’ Brêm", "H'Bia Niê", "Ma Thương", "K’Brèo", "Ka Wẽn", "Y Phôn Ksơr", "Nguyễn Thị Ánh-Tuyết", "Đỗ",
        "Y Blĭ Ê\u0306ban", "H’Nguôm Niê Kdăm", "Ya‘ Duck", "Kră Jăn Ha Bơ\u0306", "Ŭ",
        "Rơ Ông K'Thị", "Lơ Mu K'Thủy", "Lê Văn A.", "Nguyễn Ái Quốc".upper(), "Bùi Thị Thu Hà",
    ],
)  # fmt: skip
def test_names_of_every_people_are_names(name: str) -> None:
    assert told("full_name", clean(name)) == ""


@pytest.mark.parametrize(
    "name", ["Nguyễn An 2", "2", "’Brêm", "-", "An_Nhiên", "An\x00Nhiên", "An\nNhiên", "<b>An</b>", "An😀", "An;"]
)
def test_what_no_name_holds_is_refused(name: str) -> None:
    assert told("full_name", name) == "not-a-name"


def test_a_name_written_with_combining_accents_is_kept_in_one_form() -> None:
    decomposed = "K’ Bre\u0302m"
    assert clean(decomposed) == "K’ Brêm"
    assert told("full_name", clean(decomposed)) == ""
    assert clean("  Nguyễn \u00a0 An\t Nhiên ") == "Nguyễn An Nhiên"


def test_an_optional_field_may_stay_empty_but_not_be_wrong() -> None:
    assert told("full_name", "", optional=True) == ""
    assert told("full_name", "2", optional=True) == "not-a-name"


def test_a_field_may_allow_only_some_of_a_list() -> None:
    assert told("gender", "female", only=["male"]) == "not-in-list"
    assert told("gender", "male", only=["male"]) == ""


def test_a_field_that_the_form_does_not_ask_is_told() -> None:
    assert errors({"trick": "x"}, it=Field("address", optional=True)) == {"trick": "unknown-field"}
    assert "unknown-field" in MESSAGES


def test_a_child_follows_a_parent_who_is_known() -> None:
    fields = {
        "ethnicity": Field("parent_choice"),
        "mother_ethnicity": Field("address", optional=True),
        "father_ethnicity": Field("address", optional=True),
    }
    assert errors({"ethnicity": "father", "mother_ethnicity": "16"}, **fields) == {"ethnicity": "no-such-parent"}
    assert errors({"ethnicity": "mother", "mother_ethnicity": "16"}, **fields) == {}
    assert errors({"ethnicity": "neither"}, **fields) == {"ethnicity": "not-in-list"}


def test_a_moment_belongs_to_the_day_it_was_in_vietnam() -> None:
    assert as_day("2026-11-19T20:00:00+00:00") == date(2026, 11, 20)
    assert as_day("2026-11-12") == date(2026, 11, 12)
    assert as_day("soon") is None


@settings(deadline=None, max_examples=200, database=None)
@given(
    st.dictionaries(
        st.sampled_from([*TERMS, "unknown"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=30) | st.lists(st.text(max_size=3), max_size=2),
    )
)
def test_whatever_is_declared_is_answered_with_known_codes(declared: dict[str, Any]) -> None:
    found = errors(declared, **{name: Field(name, optional=True) for name in TERMS})
    assert set(found) <= set(declared)
    assert set(found.values()) <= set(MESSAGES)
    assert ("unknown" in declared) == ("unknown" in found)


def test_a_value_that_passes_is_what_registers_can_hold() -> None:
    """What a form lets through reaches typed columns: a date must be a date there, a number a number."""
    for value in ("2026-11-12", "2024-02-29"):
        assert told("birth_date", value) == ""
        assert date.fromisoformat(value).isoformat() == value
    assert forms.as_day("2026-11-12T00:00:00") is not None


# what applies


@pytest.mark.parametrize(
    ("when", "declared", "holds"),
    [
        ("", {}, True),
        ("at=home", {"at": "home"}, True),
        ("at=home", {"at": "facility"}, False),
        ("at=home", {}, False),
        ("at!=home", {"at": "facility"}, True),
        ("at!=home", {"at": "home"}, False),
        ("at!=home", {}, False),  # an unanswered question opens nothing
        ("at", {"at": "home"}, True),
        ("at", {}, False),
        ("at", {"at": ""}, False),
        ("at=", {}, True),
        ("at=", {"at": None}, True),
        ("at=", {"at": "home"}, False),
    ],
)
def test_a_condition_is_one_comparison(when: str, declared: dict[str, Any], holds: bool) -> None:
    assert forms.holds(when, declared) is holds


def test_what_does_not_apply_is_neither_asked_nor_accepted() -> None:
    fields = {"address": Field("address"), "notice": Field("notice", when="address=home")}
    assert errors({"address": "away"}, **fields) == {}
    assert errors({"address": "home"}, **fields) == {"notice": "required"}
    assert errors({"address": "away", "notice": "GCS.1"}, **fields) == {"notice": "not-asked"}
    assert "not-asked" in MESSAGES


def test_text_with_a_pattern_says_what_is_wrong_with_it() -> None:
    terms = {**TERMS, "phone": term("text", pattern="[0-9]{10}", problem="not-a-phone")}
    form = Form([Section("s", ANY, {"phone": Field("phone")})])
    assert check(form, terms, {"phone": "0912345678"}, TODAY) == {}
    assert check(form, terms, {"phone": "0912"}, TODAY) == {"phone": "not-a-phone"}
