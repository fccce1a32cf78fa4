"""A calendar as tables: looked up instead of walked through. Made once a calendar, of every day of its years."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

from lienthong.kit.clock import ZONE

if TYPE_CHECKING:
    from lienthong.kit.worktime import WorkCalendar

MICROSECOND = timedelta(microseconds=1)
NOON = timedelta(hours=12) // MICROSECOND

Spans = Sequence[tuple[int, int]]  # when a unit opens and closes, in microseconds from midnight


@dataclass(frozen=True, slots=True)
class Tables:
    """By day, from the ordinal `first` on: its `spans`, which `halves` are worked, the `cut_off` after which it does
    not count, the working time `passed` before it, and which working day is the first from it on (`nth`, one more than
    there are days, as `passed`). By working day: when it `ends`."""

    first: int
    spans: list[Spans]
    halves: list[tuple[bool, bool]]
    cut_off: list[time]
    passed: list[int]
    nth: list[int]
    ends: list[datetime]


def table_of(calendar: "WorkCalendar") -> Tables:
    first, last = date(calendar.years[0].year, 1, 1), date(calendar.years[-1].year, 12, 31)
    whole, closed = [_span(*hours) for hours in calendar.hours], _closed(calendar)
    worked, off = _by_name(calendar, "working_days"), _by_name(calendar, "days_off")
    spans: list[Spans] = []
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        is_worked = day in worked or (day.weekday() < 5 and day not in off)
        spans.append(_without(whole, closed.get(day, frozenset())) if is_worked else ())
    worked_at = [place for place, today in enumerate(spans) if today]
    return Tables(
        first=first.toordinal(),
        spans=spans,
        halves=[_halves(bool(today), closed.get(first + timedelta(days=at), ())) for at, today in enumerate(spans)],
        cut_off=[_last_reception(calendar.cut_off, today) for today in spans],
        passed=[0, *accumulate(sum(closes - opens for opens, closes in today) for today in spans)],
        nth=[0, *accumulate(bool(today) for today in spans)],
        ends=[midnight(first.toordinal() + at) + spans[at][-1][1] * MICROSECOND for at in worked_at],
    )


def midnight(ordinal: int) -> datetime:
    return datetime.combine(date.fromordinal(ordinal), time(tzinfo=ZONE))


def into_day(moment: datetime | time) -> int:
    """Microseconds since midnight."""
    seconds = (moment.hour * 60 + moment.minute) * 60 + moment.second
    return seconds * 1_000_000 + moment.microsecond


def passed_today(spans: Spans, moment: datetime) -> int:
    """The part of a day's working time that lies before a moment of it."""
    passed, into = 0, into_day(moment)
    for opens, closes in spans:
        if into > opens:
            passed += min(closes, into) - opens
    return passed


def _span(opens: str, closes: str) -> tuple[int, int]:
    return into_day(time.fromisoformat(opens)), into_day(time.fromisoformat(closes))


def _closed(calendar: "WorkCalendar") -> Mapping[date, frozenset[str]]:
    """What a unit is closed for by day: the whole of it, or halves."""
    found: dict[date, frozenset[str]] = {}
    for own in calendar.own:
        for day in own.days():
            found[day] = found.get(day, frozenset()) | {own.closed}
    return found


def _by_name(calendar: "WorkCalendar", name: str) -> frozenset[date]:
    return frozenset(day for year in calendar.years for day, *_ in getattr(year, name))


def _without(spans: Spans, closed: frozenset[str]) -> Spans:
    """A day's hours without those in which the unit is closed."""
    begin = NOON if "morning" in closed else 0
    end = NOON if "afternoon" in closed else 2 * NOON
    left = ((max(opens, begin), min(closes, end)) for opens, closes in spans)
    return () if "day" in closed else tuple((opens, closes) for opens, closes in left if opens < closes)


def _halves(is_worked: bool, closed: Iterable[str]) -> tuple[bool, bool]:
    return is_worked and "morning" not in closed, is_worked and "afternoon" not in closed


def _last_reception(cut_off: str, spans: Spans) -> time:
    """The last moment of a day that still counts for it; of a day off any, it counts for the next anyway."""
    if not spans:
        return time.max
    closes = (midnight(1) + spans[-1][1] * MICROSECOND).time()
    return min(time.fromisoformat(cut_off), closes)
