"""How many deadlines a second one process counts, by the calendar that casework counts by."""

import random
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from statistics import mean

from lienthong.bench.measured import Measured, Options, rate
from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import Catalogue, load
from lienthong.config.state import HOME
from lienthong.kit.clock import ZONE

DEADLINES, ROUNDS, DAYS = 300_000, 3, 3
CLOCK_HOURS, WORKING_HOURS = 24, 7.5


def deadline(options: Options) -> Measured:
    """Deadlines in working days a second, received at any hour, three in five in a commune with days of its own; floor:
    as many look-ups of a day in a sorted list, each with one addition of days."""
    catalogue = load(HOME / "catalogue", "H36", source_hashes())
    count = options.rows or DEADLINES
    rounds = [_round(catalogue, _received(catalogue, count, turn)) for turn in range(ROUNDS)]
    product, floors, hours, working = ([count / seconds for seconds in column] for column in zip(*rounds, strict=True))
    note = (
        f"{count:,} limits of {DAYS} working days in each of {ROUNDS} rounds, one process; limits in clock hours"
        f" {mean(hours):,.0f}/s, in working hours {mean(working):,.0f}/s"
    )
    return rate("deadline", mean(product), floors, note)


Received = Sequence[tuple[str | None, list[datetime]]]


def _received(catalogue: Catalogue, count: int, seed: int) -> Received:
    """Moments by unit: of communes without days of their own, and of those with."""
    draw = random.Random(seed)  # noqa: S311 - what is measured, not kept secret
    first = datetime(catalogue.calendar.years[0].year, 1, 2, tzinfo=ZONE)
    seconds = 350 * len(catalogue.calendar.years) * 86_400
    units = [None, None, *catalogue.own_days["H36"]]
    moments = [first + timedelta(seconds=draw.randrange(seconds)) for _ in range(count)]
    return [(unit, moments[at :: len(units)]) for at, unit in enumerate(units)]


def _counted(catalogue: Catalogue, received: Received) -> None:
    for unit, moments in received:
        catalogue.calendar_of(unit).due_many(moments, DAYS)


def _floor(catalogue: Catalogue, moments: Sequence[datetime]) -> None:
    calendar, day = catalogue.calendar, datetime(catalogue.calendar.years[0].year, 1, 1, tzinfo=ZONE)
    worked = [day + timedelta(days=n) for n in range(365 * len(calendar.years))]
    worked = [day for day in worked if calendar.is_worked(day.date())]
    days = timedelta(days=DAYS)
    for moment in moments:
        worked[bisect_left(worked, moment) % len(worked)] + days


def _round(catalogue: Catalogue, received: "Received") -> tuple[float, float, float, float]:
    """Seconds for working days, for the floor, for clock hours, for working hours."""
    moments, calendar = [moment for _, part in received for moment in part], catalogue.calendar
    return (
        _seconds(lambda: _counted(catalogue, received)),
        _seconds(lambda: _floor(catalogue, moments)),
        _seconds(lambda: [calendar.due_hours(moment, CLOCK_HOURS) for moment in moments]),
        _seconds(lambda: [calendar.after_hours(moment, WORKING_HOURS) for moment in moments]),
    )


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began
