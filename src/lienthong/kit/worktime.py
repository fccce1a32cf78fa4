"""Working time: which days are worked, when a limit ends, how much of it is left.

Moments are aware datetimes in Vietnamese time; limits are whole working days, clock hours or working hours. What a day
is, a yearly notice says. A year without one is not known: whatever would need a day of it raises NoCalendar.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Literal

import msgspec

from lienthong.kit.clock import ZONE
from lienthong.kit.worktables import MICROSECOND, Tables, into_day, midnight, passed_today, table_of

Named = tuple[date, str, str]  # a day, what it is called in Vietnamese and in English
Closed = Literal["day", "morning", "afternoon"]
Why = Literal["weekend", "holiday", "day", "morning", "afternoon", "cut-off"]


class NoCalendar(Exception):
    """No notice says which days of a year are worked."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no calendar says which days of {year} are worked")
        self.year = year


class Year(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A year's notice: the weekdays off, the Saturdays worked instead."""

    year: int
    notice: str
    days_off: list[Named]
    working_days: list[Named] = []


class OwnDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day, or the days to `until`, on which one unit is closed as a whole, in the morning or in the afternoon."""

    day: date
    vi: str
    en: str
    basis: str
    until: date | None = None
    closed: Closed = "day"

    def days(self) -> Iterator[date]:
        last = (self.until or self.day).toordinal()
        return (date.fromordinal(ordinal) for ordinal in range(self.day.toordinal(), last + 1))


class Skipped(msgspec.Struct, frozen=True):
    """Days that a limit passes over for one reason, from the first to the last of them."""

    first: date
    last: date
    why: Why
    vi: str = ""
    en: str = ""
    basis: str = ""


class WorkCalendar(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Office hours, the hour after which a reception counts for the next day, the years' notices, a unit's own days.

    A half day is a working day. It ends when the unit closes, and what comes after that counts for the next day.
    """

    hours: list[tuple[str, str]]
    cut_off: str
    years: list[Year]
    own: list[OwnDay] = []

    def __post_init__(self) -> None:
        known = [said.year for said in self.years]
        if not known or known != list(range(known[0], known[-1] + 1)):
            raise ValueError("the years of a calendar follow one another")
        stray = (day for said in self.years for day, *_ in _named(said) if day.year != said.year)
        if wrong := next(stray, None):
            raise ValueError(f"{wrong} does not stand under its year")

    def with_own(self, own: list[OwnDay]) -> "WorkCalendar":
        """The calendar of a unit that closes on days of its own."""
        return msgspec.structs.replace(self, own=own) if own else self

    def covers(self, year: int) -> bool:
        return self.years[0].year <= year <= self.years[-1].year

    def is_worked(self, day: date) -> bool:
        return bool(self._tables.spans[self._at(day)])

    def next_worked(self, day: date) -> date:
        """The first working day after a day."""
        return self._day(self._tables.nth[self._at(day) + 1])

    def counted_from(self, received: datetime) -> date:
        """The day a reception counts from: its own, or the next working day after the cut-off or on a day off."""
        return self._day(self._counted(received))

    # limits

    def due(self, received: datetime, working_days: int) -> datetime:
        """The end of a limit in working days: the close of office hours on its last day."""
        try:
            return self._tables.ends[self._counted(received) + working_days]
        except IndexError:
            raise self._beyond() from None

    def due_many(self, received: Iterable[datetime], working_days: int) -> list[datetime]:
        """`due` of many."""
        due = self.due
        return [due(moment, working_days) for moment in received]

    def due_hours(self, received: datetime, hours: int) -> datetime:
        """The end of a limit in clock hours of which only those on working days count.

        What arrives after the cut-off or on a day off counts from the opening of the next working day. An end that
        falls on a day off, or in the closed half of a day, is at the same time of the next day on which it does not.
        """
        received = received.astimezone(ZONE)
        nth = self._counted(received)
        day = self._day(nth)
        is_open = day == received.date() and self._is_open(received)
        start = received.timetz() if is_open else self._opening(day)
        end = datetime.combine(self._day(nth + hours // 24), start) + timedelta(hours=hours % 24)
        while not self._is_open(end):
            end = datetime.combine(self.next_worked(end.date()), end.timetz())
        return end

    def after_hours(self, start: datetime, working_hours: float) -> datetime:
        """The moment at which so many working hours have passed since `start`."""
        start = start.astimezone(ZONE)
        tables, at = self._tables, self._at(start.date())
        passed = tables.passed[at] + passed_today(tables.spans[at], start)
        wanted = passed + timedelta(hours=working_hours) // MICROSECOND
        if wanted == passed:
            return self._next_open(start)
        at = bisect_left(tables.passed, wanted, at) - 1
        if at >= len(tables.spans):
            raise self._beyond()
        left = wanted - tables.passed[at]
        for opens, closes in tables.spans[at]:
            if closes - opens >= left:
                return midnight(tables.first + at) + timedelta(microseconds=opens + left)
            left -= closes - opens
        raise AssertionError("a day's spans are as long as the tables say")

    def days_before(self, moment: datetime, working_days: int) -> datetime:
        """The same time so many working days earlier, or the close of a day that ends before that."""
        moment = moment.astimezone(ZONE)
        nth = self._tables.nth[self._at(moment.date())] - working_days
        if nth < 0:
            raise NoCalendar(self.years[0].year - 1)
        closes = self._tables.ends[nth]
        return min(datetime.combine(closes.date(), moment.timetz()), closes)

    def hours_between(self, start: datetime, end: datetime) -> float:
        """Working hours from `start` to `end`; negative when `end` has passed."""
        passed = self._passed(end.astimezone(ZONE)) - self._passed(start.astimezone(ZONE))
        return timedelta(microseconds=passed) / timedelta(hours=1)

    # why

    def skipped(self, start: datetime, end: datetime) -> list[Skipped]:
        """What a limit from `start` to `end` passes over, day by day with the reason; neighbours with the same are one.

        Of the days at both ends only what lies within the limit is told.
        """
        start, end = start.astimezone(ZONE), end.astimezone(ZONE)
        found: list[Skipped] = []
        for ordinal in range(start.toordinal(), end.toordinal() + 1):
            day = date.fromordinal(ordinal)
            one = self._why(day)
            if one is None and day == start.date() and self._counted(start) != self._tables.nth[self._at(day)]:
                one = Skipped(day, day, "cut-off")
            if one is not None:
                found[-1:] = _joined(found[-1:], one)
        return found

    def _why(self, day: date) -> Skipped | None:
        """Why a day is not worked, or only half of it."""
        said = self.years[day.year - self.years[0].year]
        for off, vi, en in said.days_off:
            if off == day:
                return Skipped(day, day, "holiday", vi, en, said.notice)
        if day.weekday() >= 5 and not self.is_worked(day):
            return Skipped(day, day, "weekend")
        own = next((one for one in self.own if day in one.days()), None)
        return Skipped(day, day, own.closed, own.vi, own.en, own.basis) if own else None

    # the tables

    @cached_property
    def _tables(self) -> Tables:
        return table_of(self)

    def _at(self, day: date) -> int:
        """A day's place in the tables. Raises NoCalendar."""
        at = day.toordinal() - self._tables.first
        if not 0 <= at < len(self._tables.spans):
            raise NoCalendar(day.year)
        return at

    def _day(self, nth: int) -> date:
        """The nth working day. Raises NoCalendar."""
        try:
            return self._tables.ends[nth].date()
        except IndexError:
            raise self._beyond() from None

    def _beyond(self) -> NoCalendar:
        return NoCalendar(self.years[-1].year + 1)

    def _counted(self, received: datetime) -> int:
        """Which working day a reception counts from."""
        tables = self._tables
        moment = received if received.tzinfo is ZONE else received.astimezone(ZONE)
        at = moment.toordinal() - tables.first
        if at < 0:
            raise NoCalendar(moment.year)
        try:
            return tables.nth[at] + (moment.time() > tables.cut_off[at])
        except IndexError:
            raise NoCalendar(moment.year) from None

    def _passed(self, moment: datetime) -> int:
        """Working time, in microseconds, from the first day known to a moment."""
        at = self._at(moment.date())
        return self._tables.passed[at] + passed_today(self._tables.spans[at], moment)

    def _next_open(self, moment: datetime) -> datetime:
        at = self._at(moment.date())
        into = into_day(moment)
        for opens, closes in self._tables.spans[at]:
            if closes > into:
                return midnight(moment.toordinal()) + timedelta(microseconds=max(opens, into))
        day = self.next_worked(moment.date())
        return datetime.combine(day, self._opening(day))

    def _opening(self, day: date) -> time:
        opens, _ = self._tables.spans[self._at(day)][0]
        return (midnight(day.toordinal()) + timedelta(microseconds=opens)).timetz()

    def _is_open(self, moment: datetime) -> bool:
        """Whether its half of its day is worked."""
        return self._tables.halves[self._at(moment.date())][moment.hour >= 12]


def _named(year: Year) -> list[Named]:
    return [*year.days_off, *year.working_days]


def _joined(before: list[Skipped], one: Skipped) -> list[Skipped]:
    """A day after the last ones, made one with them where the reason is the same and nothing lies between."""
    if before:
        last = before[0]
        follows = one.first.toordinal() == last.last.toordinal() + 1
        if follows and (last.why, last.vi, last.basis) == (one.why, one.vi, one.basis):
            return [msgspec.structs.replace(last, last=one.last)]
    return [*before, one]
