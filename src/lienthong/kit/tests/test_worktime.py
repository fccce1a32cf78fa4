"""Working time under the Government's calendar of 2026: Decree 63/2024/NĐ-CP, Art. 7, and the yearly notices."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.catalogue.files import of_folder, raw
from lienthong.config.state import HOME
from lienthong.kit.clock import ZONE
from lienthong.kit.worktime import WorkCalendar

CALENDAR = msgspec.convert(raw(of_folder(HOME / "catalogue"), "calendars/vietnam.yaml"), WorkCalendar)
MOMENTS = st.integers(0, 660 * 24 * 3600).map(lambda s: datetime(2026, 1, 2, tzinfo=ZONE) + timedelta(seconds=s))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("received", "counted"),
    [
        ("2026-11-19T14:59:00", "2026-11-19"),
        ("2026-11-19T15:00:00", "2026-11-19"),
        ("2026-11-19T15:01:00", "2026-11-20"),
        ("2026-11-20T16:00:00", "2026-11-23"),  # Friday afternoon
        ("2026-11-21T08:00:00", "2026-11-23"),  # Saturday
        ("2026-11-24T08:00:00", "2026-11-25"),  # a day off in the middle of the week
        ("2026-08-22T10:00:00", "2026-08-22"),  # a Saturday worked instead of 31 August
        ("2026-02-13T15:30:00", "2026-02-23"),  # the last afternoon before Tết
        ("2026-02-17T09:00:00", "2026-02-23"),  # in Tết
    ],
)
def test_what_is_received_after_fifteen_hundred_or_on_a_day_off_counts_from_the_next_working_day(
    received: str, counted: str
) -> None:
    assert CALENDAR.counted_from(at(received)) == date.fromisoformat(counted)


def test_the_cut_off_is_vietnamese_time_whatever_zone_the_moment_comes_in() -> None:
    assert CALENDAR.counted_from(datetime(2026, 11, 19, 7, 59, tzinfo=UTC)) == date(2026, 11, 19)
    assert CALENDAR.counted_from(datetime(2026, 11, 19, 8, 1, tzinfo=UTC)) == date(2026, 11, 20)
    assert CALENDAR.counted_from(datetime(2026, 11, 19, 17, 30, tzinfo=UTC)) == date(2026, 11, 20)  # 00:30 here


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [
        ("2026-11-19T14:59:00", 1, "2026-11-20T17:00:00"),
        ("2026-11-19T15:01:00", 1, "2026-11-23T17:00:00"),
        ("2026-11-20T16:00:00", 1, "2026-11-25T17:00:00"),  # counts from Monday; Tuesday the 24th is off
        ("2026-02-13T09:00:00", 3, "2026-02-25T17:00:00"),  # over Tết 2026
        ("2026-08-21T09:00:00", 1, "2026-08-22T17:00:00"),  # into the make-up Saturday
        ("2026-08-28T09:00:00", 1, "2026-09-03T17:00:00"),  # over National Day
        ("2026-11-19T09:00:00", 0, "2026-11-19T17:00:00"),
    ],
)
def test_a_limit_in_working_days_ends_with_office_hours_on_its_last_day(received: str, days: int, due: str) -> None:
    assert CALENDAR.due(at(received), days) == at(due)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-19T10:30:00", 4, "2026-11-19T16:30:00"),  # across lunch
        ("2026-11-19T10:30:00", 1, "2026-11-19T11:30:00"),  # up to lunch, not beyond it
        ("2026-11-19T12:15:00", 1, "2026-11-19T14:30:00"),  # begins at lunch
        ("2026-11-19T06:00:00", 1, "2026-11-19T08:30:00"),  # before opening
        ("2026-11-20T16:00:00", 4, "2026-11-23T10:30:00"),  # across a weekend
        ("2026-11-23T16:30:00", 1, "2026-11-25T08:00:00"),  # across a day off
        ("2026-11-21T09:00:00", 0, "2026-11-23T07:30:00"),  # nothing to do, on a Saturday
        ("2026-11-19T07:30:00", 7.5, "2026-11-19T17:00:00"),  # a whole day
        ("2026-11-19T07:30:00", 16, "2026-11-23T08:30:00"),
    ],
)
def test_working_hours_pass_only_while_offices_are_open(start: str, hours: float, end: str) -> None:
    assert CALENDAR.after_hours(at(start), hours) == at(end)


def test_hours_left_are_negative_once_the_limit_has_passed() -> None:
    assert CALENDAR.hours_between(at("2026-11-19T16:00:00"), at("2026-11-20T08:30:00")) == 2
    assert CALENDAR.hours_between(at("2026-11-20T08:30:00"), at("2026-11-19T16:00:00")) == -2
    assert CALENDAR.hours_between(at("2026-11-21T08:00:00"), at("2026-11-22T20:00:00")) == 0


@settings(deadline=None, max_examples=150, database=None)
@given(start=MOMENTS, minutes=st.integers(1, 60 * 80))
def test_the_hours_until_a_limit_are_the_hours_it_was_set_to(start: datetime, minutes: int) -> None:
    end = CALENDAR.after_hours(start, minutes / 60)
    assert CALENDAR.hours_between(start, end) == pytest.approx(minutes / 60, abs=1e-6)
    assert CALENDAR.is_worked(end.date())
    assert any(end.time() <= closes for closes in (at("2026-01-01T11:30:00").time(), at("2026-01-01T17:00:00").time()))


@settings(deadline=None, max_examples=100, database=None)
@given(received=MOMENTS, days=st.integers(0, 20))
def test_a_limit_never_ends_before_what_came_earlier(received: datetime, days: int) -> None:
    due = CALENDAR.due(received, days)
    assert CALENDAR.is_worked(due.date())
    assert CALENDAR.due(received + timedelta(hours=1), days) >= due
    assert CALENDAR.due(received, days + 1) > due
