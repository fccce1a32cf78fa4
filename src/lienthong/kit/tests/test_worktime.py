"""Working time under the Government's calendar of 2026: Decree 63/2024/NĐ-CP, Art. 7, and the yearly notices."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.catalogue.files import of_folder, raw
from lienthong.config.state import HOME
from lienthong.kit.clock import ZONE
from lienthong.kit.worktime import OwnDay, WorkCalendar, Year

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


OWN = [
    OwnDay(date(2026, 12, 3), "chuyển trụ sở", "moving", "QĐ 1", until=date(2026, 12, 4)),
    OwnDay(date(2026, 12, 9), "diễn tập", "drill", "QĐ 2", closed="afternoon"),
    OwnDay(date(2026, 12, 10), "sửa điện", "power cut", "QĐ 3", closed="morning"),
]
UNIT = CALENDAR.with_own(OWN)


def test_a_units_closure_moves_limits_in_days_and_in_hours() -> None:
    wednesday = at("2026-12-02T09:00:00")
    assert CALENDAR.due(wednesday, 1) == at("2026-12-03T17:00:00")
    assert UNIT.due(wednesday, 1) == at("2026-12-07T17:00:00")
    assert UNIT.due_hours(wednesday, 24) == at("2026-12-07T09:00:00")
    assert UNIT.after_hours(at("2026-12-02T16:00:00"), 2) == at("2026-12-07T08:30:00")


def test_a_half_day_is_a_working_day_that_ends_when_the_unit_closes() -> None:
    assert UNIT.due(at("2026-12-08T09:00:00"), 1) == at("2026-12-09T11:30:00")
    assert UNIT.counted_from(at("2026-12-09T11:31:00")) == date(2026, 12, 10)  # before 15:00, but nobody is there
    assert UNIT.due_hours(at("2026-12-08T14:00:00"), 24) == at("2026-12-10T14:00:00")  # the 9th at 14:00 is closed
    assert UNIT.due_hours(at("2026-12-10T09:00:00"), 24) == at("2026-12-11T13:30:00")  # begins when the unit opens
    assert UNIT.hours_between(at("2026-12-09T07:30:00"), at("2026-12-10T17:00:00")) == 7.5


def test_what_a_limit_passes_over_is_told_with_its_reason() -> None:
    found = UNIT.skipped(at("2026-11-20T15:30:00"), at("2026-12-10T17:00:00"))
    assert [(one.first.day, one.last.day, one.why) for one in found] == [
        (20, 20, "cut-off"), (21, 22, "weekend"), (24, 24, "holiday"), (28, 29, "weekend"), (3, 4, "day"),
        (5, 6, "weekend"), (9, 9, "afternoon"), (10, 10, "morning"),
    ]  # fmt: skip
    assert [(one.en, one.basis) for one in found if one.why in ("holiday", "day")] == [
        ("Vietnamese Culture Day", CALENDAR.years[-2].notice), ("moving", "QĐ 1"),
    ]  # fmt: skip
    assert UNIT.skipped(at("2026-11-19T09:00:00"), at("2026-11-20T17:00:00")) == []


@pytest.mark.parametrize("years", [[], [2026, 2028], [2027, 2026]])
def test_years_with_a_gap_are_no_calendar(years: list[int]) -> None:
    with pytest.raises(ValueError, match="follow one another"):
        WorkCalendar(CALENDAR.hours, CALENDAR.cut_off, [Year(year, "", []) for year in years])


def test_a_day_stands_under_its_own_year() -> None:
    with pytest.raises(ValueError, match="2025-01-01"):
        WorkCalendar(CALENDAR.hours, CALENDAR.cut_off, [Year(2026, "", [(date(2025, 1, 1), "", "")])])
