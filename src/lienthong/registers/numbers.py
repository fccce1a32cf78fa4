"""Numbers that registers give: named, dated rules, never edited once published."""

import secrets
from collections.abc import Callable
from datetime import date
from typing import Any

from lienthong.kit.series import next_number, reached
from lienthong.kit.storage import Tx
from lienthong.territory.units import Territory

_GIVEN = """
SELECT FROM persons WHERE number = %s
UNION ALL SELECT FROM persons_past WHERE number = %s
LIMIT 1
"""
NumberRule = Callable[[Tx, dict[str, Any], date, Territory], str]


def personal_number(province: str, birth_date: date, gender: str, serial: int) -> str:
    """The twelve digits of Law 26/2023/QH15, Art. 12: province of birth registration (the 63 codes before July 2025
    stay in use inside numbers), century and gender, year of birth, six digits at random. No check digit.

    The province is that of the unit that registers the birth, wherever the child was born and however late."""
    century_and_gender = (birth_date.year // 100 - 19) * 2 + (gender == "female")
    return f"{province}{century_and_gender}{birth_date.year % 100:02d}{serial:06d}"


def _personal_number_2024_07(tx: Tx, row: dict[str, Any], today: date, territory: Territory) -> str:
    """One that nobody has and nobody had: a cancelled number is never given again (Art. 12)."""
    province = territory.unit(row["birth_unit"]).former_province
    while True:
        birth_date = date.fromisoformat(row["birth_date"])
        number = personal_number(province, birth_date, row["gender"], secrets.randbelow(1_000_000))
        if tx.one(_GIVEN, (number, number)) is None:
            return number


def _civil_status_book_2016_01(tx: Tx, row: dict[str, Any], today: date, territory: Territory) -> str:
    """One book a commune and year, numbered from 1 without gaps (Decree 123/2015/NĐ-CP; Circular 04/2020/TT-BTP)."""
    book = f"{row['unit']}-{today.year}"
    return f"KS-{book}-{next_number(tx, f'births/{book}'):06d}"


def _insurance_number_2021_04(tx: Tx, row: dict[str, Any], today: date, territory: Territory) -> str:
    """Ten digits, running (Decision 346/QĐ-BHXH: the insurance number), after the benefit code on the card."""
    return f"{row['benefit']}68{next_number(tx, 'insurance_cards'):08d}"


def _identity_card_2024_07(tx: Tx, row: dict[str, Any], today: date, territory: Territory) -> str:
    """The card's own running number; the number printed on it is its holder's (Law 26/2023/QH15, Art. 18)."""
    return f"CC{next_number(tx, 'identity_cards'):09d}"


RULES: dict[str, NumberRule] = {
    "personal-number@2024-07": _personal_number_2024_07,
    "civil-status-book@2016-01": _civil_status_book_2016_01,
    "insurance-number@2021-04": _insurance_number_2021_04,
    "identity-card@2024-07": _identity_card_2024_07,
}


def remember(tx: Tx, rule: str, key: str) -> None:
    """A number that was given before: its series goes on above it. Personal numbers are drawn, not counted."""
    match rule.partition("@")[0]:
        case "civil-status-book":
            book, _, number = key.removeprefix("KS-").rpartition("-")
            reached(tx, f"births/{book}", int(number))
        case "insurance-number":
            reached(tx, "insurance_cards", int(key[-8:]))
        case "identity-card":
            reached(tx, "identity_cards", int(key.removeprefix("CC")))
