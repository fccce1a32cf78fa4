"""Days, moments, money, numbers and deadlines as people write them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import translation

from lienthong.kit import clock
from lienthong.kit.web.templatetags import vietnam

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=clock.ZONE)


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch, site: Client) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON)


def test_days_and_moments_are_those_of_vietnam() -> None:
    late_evening_in_london = datetime(2026, 11, 20, 23, 5, tzinfo=UTC)
    assert vietnam.day(date(2026, 11, 21)) == vietnam.day(late_evening_in_london) == "21/11/2026"
    assert vietnam.moment(late_evening_in_london) == "06:05 ngày 21/11/2026"
    with translation.override("en"):
        assert vietnam.moment(late_evening_in_london) == "06:05 on 21/11/2026"
    assert vietnam.day(None) == vietnam.moment(None) == ""


def test_money_and_numbers_of_persons_are_grouped_for_reading() -> None:
    assert vietnam.dong(1_250_000) == "1.250.000 ₫"
    assert vietnam.dong(0) == "0 ₫"
    assert vietnam.person_number("068183001234") == "068 183 001234"
    assert vietnam.person_number("tạm-12") == "tạm-12"


@pytest.mark.parametrize(
    ("left", "words", "english", "urgency"),
    [
        (timedelta(minutes=25, seconds=59), "còn 25 phút", "25 minutes left", "soon"),
        (timedelta(hours=3, minutes=59), "còn 3 giờ", "3 hours left", "soon"),
        (timedelta(hours=47), "còn 47 giờ", "47 hours left", "calm"),
        (timedelta(days=2, hours=23), "còn 2 ngày", "2 days left", "calm"),
        (-timedelta(hours=1, minutes=5), "quá hạn 1 giờ", "1 hour late", "late"),
    ],
)
def test_a_deadline_is_told_in_whole_units(left: timedelta, words: str, english: str, urgency: str) -> None:
    assert (vietnam.remaining(NOON + left), vietnam.urgency(NOON + left)) == (words, urgency)
    with translation.override("en"):
        assert vietnam.remaining(NOON + left) == english


def test_no_deadline_is_no_words() -> None:
    assert vietnam.remaining(None) == vietnam.urgency(None) == ""
