"""Dates read aloud, and names only their owner recognises."""

from datetime import date

import pytest

from lienthong.documents.papers import ALPHABET, CODE_LENGTH, is_code, new_code
from lienthong.documents.wording import date_in_words, masked, number_in_words


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 11, 12), "Ngày mười hai, tháng mười một, năm hai nghìn không trăm hai mươi sáu"),
        (date(2026, 4, 4), "Ngày bốn, tháng tư, năm hai nghìn không trăm hai mươi sáu"),
        (date(2021, 1, 21), "Ngày hai mươi mốt, tháng một, năm hai nghìn không trăm hai mươi mốt"),
        (date(1999, 5, 15), "Ngày mười lăm, tháng năm, năm một nghìn chín trăm chín mươi chín"),
        (date(2005, 12, 31), "Ngày ba mươi mốt, tháng mười hai, năm hai nghìn không trăm linh năm"),
        (date(2024, 2, 24), "Ngày hai mươi tư, tháng hai, năm hai nghìn không trăm hai mươi tư"),
        (date(2000, 6, 10), "Ngày mười, tháng sáu, năm hai nghìn"),
    ],
)
def test_a_date_is_read_as_people_read_it(day: date, said: str) -> None:
    assert date_in_words(day) == said


def test_every_number_of_a_date_has_its_own_words() -> None:
    assert len({number_in_words(number) for number in range(10_000)}) == 10_000


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Nguyễn An Nhiên", "N***** A* N****"),
        ("K’ Brêm", "K* B***"),
        ("Ơ Đu", "Ơ Đ*"),
        ("  Ka   Wẽn ", "K* W**"),
        ("", ""),
    ],
)
def test_a_masked_name_keeps_first_letters_and_lengths(name: str, shown: str) -> None:
    assert masked(name) == shown


def test_a_code_cannot_be_guessed_or_misread() -> None:
    assert len(ALPHABET) ** CODE_LENGTH >= 2**128
    assert not set("iIlLoO01") & set(ALPHABET)
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert all(is_code(code) for code in codes)
    assert not any(is_code(text) for text in ("", "abc", "A" * CODE_LENGTH, "a" * (CODE_LENGTH + 1), "../" * 9))
