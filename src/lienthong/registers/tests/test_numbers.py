"""Numbers that registers give, and who can be a parent."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.catalogue.catalogue import read_registers
from lienthong.config.state import HOME
from lienthong.registers.numbers import RULES, personal_number
from lienthong.registers.parents import why_no_parent
from lienthong.territory.units import Territory

TERRITORY = Territory.load(HOME / "catalogue" / "territory")


@pytest.mark.parametrize(
    ("year", "gender", "digit"),
    [(1900, "male", "0"), (1999, "female", "1"), (2000, "male", "2"), (2026, "female", "3"), (2100, "male", "4")],
)
def test_the_fourth_digit_tells_century_and_gender(year: int, gender: str, digit: str) -> None:
    """Law 26/2023/QH15, Art. 12; Decree 137/2015/NĐ-CP, Art. 13."""
    number = personal_number("068", date(year, 5, 6), gender, 42)
    assert number == f"068{digit}{year % 100:02d}000042"


@settings(deadline=None, max_examples=100, database=None)
@given(
    born=st.dates(date(1900, 1, 1), date(2099, 12, 31)),
    gender=st.sampled_from(["male", "female"]),
    serial=st.integers(0, 999_999),
)
def test_a_personal_number_has_twelve_digits_and_says_year_and_gender(born: date, gender: str, serial: int) -> None:
    number = personal_number("060", born, gender, serial)
    assert len(number) == 12
    assert number.isdigit()
    assert int(number[3]) % 2 == (gender == "female")
    assert (19 + int(number[3]) // 2) * 100 + int(number[4:6]) == born.year


class _Nobody:
    """A register without anybody in it."""

    def one(self, *_: Any) -> None:
        return None


def test_inside_a_number_the_province_is_the_one_before_july_2025() -> None:
    seen = set()
    for unit in TERRITORY.units():
        row = {"birth_unit": unit.code, "birth_date": "2026-11-12", "gender": "female"}
        number = RULES["personal-number@2024-07"](_Nobody(), row, date(2026, 11, 20), TERRITORY)  # type: ignore[arg-type]
        assert number.startswith(f"{unit.former_province}326")
        seen.add(unit.former_province)
    assert seen == {"068", "067", "060"}


def test_every_rule_that_a_register_names_is_at_hand() -> None:
    named = {register.rule for register in read_registers(HOME / "catalogue") if register.rule}
    assert named == set(RULES)


BORN = "2026-11-12"


def parent(**facts: Any) -> dict[str, Any]:
    return {"birth_date": "1995-04-02", "died_on": None, **facts}


@pytest.mark.parametrize(
    ("role", "person", "problem"),
    [
        ("mother", None, "unknown-parent"),
        ("father", None, "unknown-parent"),
        ("mother", parent(gender="female"), None),
        ("mother", parent(gender="female", died_on="2026-11-11"), "dead-parent"),
        ("mother", parent(gender="female", died_on="2026-11-12"), None),  # on the day of the birth
        ("father", parent(gender="male", died_on="2026-01-16"), None),  # 300 days before it
        ("father", parent(gender="male", died_on="2026-01-15"), "dead-parent"),
        ("mother", parent(gender="male"), "wrong-gender"),
        ("father", parent(gender="female"), "wrong-gender"),
        ("father", parent(), None),  # where the gender was not granted to the asker
        ("mother", parent(gender="female", birth_date="2015-01-01"), "too-young"),
        ("mother", parent(gender="female", birth_date="2014-12-31"), None),
        ("father", {"gender": "male"}, None),
    ],
)
def test_who_can_be_a_parent(role: str, person: dict[str, Any] | None, problem: str | None) -> None:
    """Law on Marriage and Family 52/2014/QH13, Art. 88: a child born within 300 days of the end of the marriage."""
    assert why_no_parent(role, person, BORN) == problem


def test_three_hundred_days_are_counted_in_days() -> None:
    assert date.fromisoformat(BORN) - date(2026, 1, 16) == timedelta(days=300)
