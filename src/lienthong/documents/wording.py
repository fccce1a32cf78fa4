"""How papers write what a register holds: dates in words, a name that only its owner recognises."""

import re
from datetime import date, datetime

from lienthong.kit.clock import ZONE

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")


def date_in_words(day: date) -> str:
    """«Ngày mười hai, tháng mười một, năm hai nghìn không trăm hai mươi sáu»."""
    month = "tư" if day.month == 4 else number_in_words(day.month)
    return f"Ngày {number_in_words(day.day)}, tháng {month}, năm {number_in_words(day.year)}"


def number_in_words(number: int) -> str:
    """0 to 9999 as people read them aloud. Raises ValueError outside."""
    if not 0 <= number <= 9999:
        raise ValueError(number)
    thousands, rest = divmod(number, 1000)
    if not thousands:
        return _hundreds(rest)
    parts = [f"{_DIGITS[thousands]} nghìn"]
    return " ".join([*parts, _hundreds(rest, full=True)] if rest else parts)


def _hundreds(number: int, *, full: bool = False) -> str:
    hundreds, rest = divmod(number, 100)
    if not (hundreds or full):
        return _tens(rest)
    head = f"{_DIGITS[hundreds]} trăm"
    if not rest:
        return head
    return f"{head} linh {_DIGITS[rest]}" if rest < 10 else f"{head} {_tens(rest)}"


def _tens(number: int) -> str:
    tens, ones = divmod(number, 10)
    if not tens:
        return _DIGITS[ones]
    head = "mười" if tens == 1 else f"{_DIGITS[tens]} mươi"
    if not ones:
        return head
    last = {1: "mốt" if tens > 1 else "một", 4: "tư" if tens > 1 else "bốn", 5: "lăm"}.get(ones, _DIGITS[ones])
    return f"{head} {last}"


def masked(name: str) -> str:
    """«Nguyễn An Nhiên» as «N***** A* N****»: who holds the paper recognises the name, who guesses learns little."""
    return " ".join(word[0] + "*" * (len(word) - 1) for word in re.split(r"\s+", name.strip()) if word)


def moment(at: datetime) -> str:
    """«10 giờ 05 phút, ngày 22 tháng 11 năm 2026», in Vietnam's time."""
    here = at.astimezone(ZONE)
    return f"{here:%H} giờ {here:%M} phút, ngày {here:%d} tháng {here:%m} năm {here:%Y}"
