"""A hundred thousand random cases of working time against an oracle that walks day by day and opening by opening.

The oracle reads the same yearly notices and shares no code with what it judges: no tables, no indexes, no arithmetic
over more than one span of office hours at a time.
"""

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from lienthong.config.state import HOME
from lienthong.kit.worktime import NoCalendar, OwnDay, WorkCalendar, Year

CASES, UNITS = 100_000, 60
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
NOTICES = yaml.safe_load((HOME / "catalogue/calendars/vietnam.yaml").read_text("utf-8"))
KNOWN = [said["year"] for said in NOTICES["years"]]
FIRST, LAST = date(min(KNOWN), 1, 1), date(max(KNOWN), 12, 31)
ONE = timedelta(days=1)


class Unknown(Exception):
    """The oracle does not know a year."""


class Oracle:
    """What the rules say, read as a clerk would: this day, then the next."""

    def __init__(self, own: list[tuple[date, date, str]]) -> None:
        self.off = {day for year in NOTICES["years"] for day, *_ in year["days_off"]}
        self.made_up = {day for year in NOTICES["years"] for day, *_ in year.get("working_days", [])}
        self.own, self.known = own, dict[date, list[tuple[datetime, datetime]]]()

    def closed(self, day: date, what: str) -> bool:
        return any(first <= day <= last and closed == what for first, last, closed in self.own)

    def openings(self, day: date) -> list[tuple[datetime, datetime]]:
        if day not in self.known:
            self.known[day] = list(self._openings(day))
        return self.known[day]

    def _openings(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        if day.year not in KNOWN:
            raise Unknown(day.year)
        if day not in self.made_up and (day.isoweekday() > 5 or day in self.off):
            return
        morning, afternoon = (
            tuple(datetime.combine(day, time.fromisoformat(text), HANOI) for text in span) for span in NOTICES["hours"]
        )
        if self.closed(day, "day"):
            return
        if not self.closed(day, "morning"):
            yield morning
        if not self.closed(day, "afternoon"):
            yield afternoon

    def next_day(self, day: date) -> date:
        day += ONE
        while not self.openings(day):
            day += ONE
        return day

    def first_day(self, received: datetime) -> date:
        day, today = received.date(), self.openings(received.date())
        in_time = time.fromisoformat(NOTICES["cut_off"])
        if today and received.time() <= in_time and received <= today[-1][1]:
            return day
        return self.next_day(day)

    def due(self, received: datetime, days: int) -> datetime:
        day = self.first_day(received)
        for _ in range(days):
            day = self.next_day(day)
        return self.openings(day)[-1][1]

    def is_shut(self, moment: datetime) -> bool:
        half = "morning" if moment.hour < 12 else "afternoon"
        return not self.openings(moment.date()) or self.closed(moment.date(), half)

    def due_hours(self, received: datetime, hours: int) -> datetime:
        day = self.first_day(received)
        late = day != received.date() or self.is_shut(received)
        moment = self.openings(day)[0][0] if late else received
        while hours >= 24:  # a working day is worth twenty-four hours, whatever lies between
            moment, hours = datetime.combine(self.next_day(moment.date()), moment.timetz()), hours - 24
        moment += timedelta(hours=hours)
        while self.is_shut(moment):
            moment += ONE
        return moment

    def after_hours(self, start: datetime, hours: float) -> datetime:
        left, day = timedelta(hours=hours), start.date()
        while True:
            for opens, closes in self.openings(day):
                begin = max(opens, start)
                if begin < closes and begin + left <= closes:
                    return begin + left
                left -= max(timedelta(), closes - begin)
            day += ONE

    def hours_between(self, start: datetime, end: datetime) -> float:
        if end < start:
            return -self.hours_between(end, start)
        self.openings(end.date())
        total, day = timedelta(), start.date()
        while day <= end.date():
            for opens, closes in self.openings(day):
                total += max(timedelta(), min(closes, end) - max(opens, start))
            day += ONE
        return total / timedelta(hours=1)

    def days_before(self, moment: datetime, days: int) -> datetime:
        day = moment.date()
        self.openings(day)
        for _ in range(days):
            day -= ONE
            while not self.openings(day):
                day -= ONE
        if not self.openings(day):  # none at all, from a day off: the next working day stands for it
            day = self.next_day(day)
        return min(datetime.combine(day, moment.timetz()), self.openings(day)[-1][1])

    def paused(self, received: datetime, days: int, since: datetime, until: datetime) -> datetime:
        """A limit in working days whose clock stood still for a while."""
        return self.after_hours(self.due(received, days), self.hours_between(since, until))


def product_of(own: list[tuple[date, date, str]]) -> WorkCalendar:
    days = [OwnDay(first, "", "", "", last, closed) for first, last, closed in own]  # type: ignore[arg-type]
    years = [Year(**said) for said in NOTICES["years"]]
    hours = [(opens, closes) for opens, closes in NOTICES["hours"]]
    return WorkCalendar(hours, NOTICES["cut_off"], years).with_own(days)


def paused(calendar: WorkCalendar, received: datetime, days: int, since: datetime, until: datetime) -> datetime:
    return calendar.after_hours(calendar.due(received, days), calendar.hours_between(since, until))


def some_moment(draw: random.Random) -> datetime:
    """Any moment; more of them about the cut-off, office hours, Tết and the ends of years than chance would give."""
    anywhere = FIRST + ONE * draw.randrange((LAST - FIRST).days + 1)
    near = [
        date(anywhere.year, 12, 24),
        date(anywhere.year, 1, 25),
        date(anywhere.year, 4, 24),
        date(anywhere.year, 8, 20),
    ]
    day = draw.choice([anywhere, anywhere, min(LAST, draw.choice(near) + ONE * draw.randrange(18))])
    second = draw.choice([
        draw.randrange(86_400), draw.randrange(7 * 3600, 18 * 3600), 15 * 3600 + draw.randrange(-2, 3),
        draw.choice([7.5, 11.5, 12, 13.5, 17]) * 3600 + draw.randrange(-1, 2),
    ])  # fmt: skip
    return datetime.combine(day, time(), HANOI) + timedelta(seconds=second)


def some_own_days(draw: random.Random) -> list[tuple[date, date, str]]:
    found = []
    for _ in range(draw.randrange(40)):
        first = FIRST + ONE * draw.randrange((LAST - FIRST).days)
        found.append((first, first + ONE * draw.choice([0, 0, 0, 1, 4]), draw.choice(["day", "morning", "afternoon"])))
    return found


Case = tuple[str, tuple[Any, ...]]


def some_case(draw: random.Random) -> Case:
    start = some_moment(draw)
    match draw.choice(["due", "due", "due_hours", "after_hours", "hours_between", "days_before", "paused"]):
        case "due":
            return "due", (start, draw.choice([0, 1, 2, 3, 5, draw.randrange(40)]))
        case "due_hours":
            return "due_hours", (start, draw.choice([24, 24, 48, draw.randrange(1, 120)]))
        case "after_hours":
            return "after_hours", (start, draw.choice([0, 7.5, draw.randrange(6000) / 60]))
        case "days_before":
            return "days_before", (start, draw.randrange(5))
        case "hours_between":
            return "hours_between", (start, start + timedelta(seconds=draw.randrange(-864_000, 864_000)))
        case _:
            since = start + timedelta(seconds=draw.randrange(4 * 86_400))
            return "paused", (start, draw.randrange(1, 8), since, since + timedelta(seconds=draw.randrange(9 * 86_400)))


def outcome(count: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    try:
        return count(*arguments)
    except (Unknown, NoCalendar):
        return "no calendar"


def test_a_hundred_thousand_cases_are_counted_as_a_clerk_would_count_them() -> None:
    draw = random.Random(20261122)
    units = [(Oracle(own), product_of(own)) for own in [[], *(some_own_days(draw) for _ in range(UNITS))]]
    unknown = 0
    for _ in range(CASES):
        oracle, calendar = draw.choice(units)
        name, arguments = some_case(draw)
        expected = outcome(getattr(oracle, name), arguments)
        counted = outcome(
            paused if name == "paused" else getattr(calendar, name), (calendar,) * (name == "paused") + arguments
        )
        assert counted == expected, f"{name}{tuple(map(str, arguments))} of a unit with {oracle.own}"
        unknown += expected == "no calendar"
    assert 100 < unknown < CASES / 20  # the years' ends are among them, and do not hide the rest


def test_many_at_once_are_counted_as_one_by_one() -> None:
    draw = random.Random(7)
    moments = [moment for moment in (some_moment(draw) for _ in range(5_000)) if moment.year < LAST.year]
    calendar = product_of(some_own_days(draw))
    assert calendar.due_many(moments, 3) == [calendar.due(moment, 3) for moment in moments]


@pytest.mark.parametrize("moment", [FIRST - ONE, LAST + ONE])
def test_a_day_of_a_year_without_a_notice_is_never_guessed(moment: date) -> None:
    calendar, noon = product_of([]), datetime.combine(moment, time(12), HANOI)
    for count in (
        lambda: calendar.is_worked(moment), lambda: calendar.counted_from(noon), lambda: calendar.due(noon, 1),
        lambda: calendar.due_hours(noon, 24), lambda: calendar.after_hours(noon, 1),
        lambda: calendar.hours_between(noon, noon + ONE), lambda: calendar.next_worked(moment),
    ):  # fmt: skip
        with pytest.raises(NoCalendar) as raised:
            count()
        assert raised.value.year == moment.year
