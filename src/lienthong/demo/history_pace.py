"""How the demo province works: when dossiers arrive, how much waits where, how long an officer needs for a step.

Units differ in how many hands they have, officers in how quick they are, months in both; what arrives on a day joins
what waits. So lateness has causes that somebody who looks at the journal can learn.
"""

import math
from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate
from random import Random
from typing import Final

from lienthong.catalogue.shapes import Service
from lienthong.identity.types import Officer, Post
from lienthong.kit.clock import ZONE
from lienthong.kit.worktime import WorkCalendar
from lienthong.territory.units import Unit

# How many of a hundred dossiers are of a service, by the end of its slug; of any other so many.
_SHARES: Final = {"birth-registration": 25.0, "marital-status": 32.0, "certified-copy": 25.0, "house-permit": 18.0}
_SHARE = 8.0
_WEEKDAYS: Final = (1.25, 1.1, 1.0, 0.95, 0.9, 0.07, 0.05)
_MONTHS: Final = (0.85, 0.7, 1.15, 1.05, 1.0, 1.0, 1.1, 1.15, 1.05, 1.0, 1.0, 1.05)
_HANDS: Final = (0.9, 0.8, 1.05, 1.05, 1.0, 0.95, 0.85, 0.85, 1.0, 1.05, 1.05, 1.0)  # who is on leave in which month
_HOURS: Final = (0, 0, 0, 0, 0, 0, 0, 4, 14, 16, 12, 5, 1, 6, 13, 12, 8, 2, 1, 2, 3, 2, 1, 0)
_CLOSED: Final = 0.04  # share of a working day that arrives on a day off, online
_MOST_WAITING: Final = 6.0  # working days
_RUSH_DAYS: Final = timedelta(days=7)
_RUSH, _LEFT_OVER = 3.0, 2.5  # times as many dossiers as else; working days of work that wait
_HURRY: Final = 0.1  # by so much more is done for each day that waits
_ALL_TOLD: Final = 12.0  # dossiers a working day from which on a unit has no other work


@dataclass(frozen=True)
class Figures:
    """Which past is made: about so many dossiers that came from `since` on, as they stand at `until`; numbered each day
    from `first` on. With `rush` the last week is a busy one, and much is left of it."""

    dossiers: int
    since: date
    until: datetime
    seed: int = 6
    first: int = 1
    rush: bool = False

    @cached_property
    def days(self) -> list[date]:
        return [self.since + timedelta(days=n) for n in range((self.until.date() - self.since).days + 1)]


@dataclass(frozen=True)
class Worker:
    """An officer in one post; `pace` is the time needed, 1.0 for most."""

    officer: Officer
    pace: float


class Staff:
    """Who holds which role where. A role that nobody holds in a unit is held for the whole province, or by nobody."""

    def __init__(self, posts: Iterable[tuple[str, str, str, str]], seed: int) -> None:
        """`posts`: number, name, role, unit."""
        self._by_post: dict[Post, list[Worker]] = {}
        for number, name, role, unit in sorted(posts):
            rng = Random(f"{seed}/{number}/{role}")  # noqa: S311 - a repeatable demo, no secret
            worker = Worker(Officer(number, name, (Post(role, unit),)), rng.lognormvariate(-0.04, 0.3))
            for place in (unit, ""):
                self._by_post.setdefault(Post(role, place), []).append(worker)

    def one(self, rng: Random, role: str, unit: str) -> Worker | None:
        """Somebody who may act there."""
        held = self._by_post.get(Post(role, unit)) or self._by_post.get(Post(role, ""))
        return held[int(rng.random() * len(held))] if held else None


@dataclass(frozen=True)
class Flow:
    """One unit, day by day: arrivals of each service, the working days of work that wait, how slow its people are."""

    arrivals: Sequence[Sequence[int]]
    waiting: Sequence[float]
    pace: float

    def waits(self, day: int) -> float:
        return self.waiting[min(max(day, 0), len(self.waiting) - 1)]


def flows(
    figures: Figures, units: Sequence[Unit], services: Sequence[Service], calendar: WorkCalendar
) -> dict[str, Flow]:
    """Every unit's flow; the same whoever asks."""
    days = figures.days
    weights = [_SHARES.get(service.slug.rpartition("/")[2], _SHARE) for service in services]
    busy = figures.until.date() - _RUSH_DAYS
    factors = [_factor(day, calendar) * (_RUSH if figures.rush and day > busy else 1.0) for day in days]
    whole = sum(weights) * sum(factors) * sum(max(unit.weight, 1) for unit in units)
    made = {}
    for unit in units:
        rng = Random(f"{figures.seed}/flow/{unit.code}")  # noqa: S311 - a repeatable demo
        scale = figures.dossiers * max(unit.weight, 1) / whole
        arrivals = [[_poisson(rng, scale * factor * weight) for weight in weights] for factor in factors]
        mean = scale * sum(factors) * sum(weights) / max(sum(map(calendar.is_worked, days)), 1)
        waiting = _waiting(rng, days, arrivals, mean, calendar)
        if figures.rush:
            waiting = [max(w, _LEFT_OVER if day > busy else w) for day, w in zip(days, waiting, strict=True)]
        made[unit.code] = Flow(arrivals, waiting, rng.lognormvariate(0.0, 0.25))
    return made


def _factor(day: date, calendar: WorkCalendar) -> float:
    if not calendar.is_worked(day):
        return _CLOSED * _MONTHS[day.month - 1]
    return max(_WEEKDAYS[day.weekday()], 0.8) * _MONTHS[day.month - 1]


def _waiting(
    rng: Random, days: Sequence[date], arrivals: Sequence[Sequence[int]], mean: float, calendar: WorkCalendar
) -> list[float]:
    """Working days of work that wait on each day: what came and was not done yet. The fewer dossiers are told of, the
    more of the work is something else."""
    hands, left, other, found = 1.0 + rng.random() * 0.4, 0.0, 0.0, []
    told = min(1.0, mean / _ALL_TOLD)
    for day, came in zip(days, arrivals, strict=True):
        if calendar.is_worked(day):
            other = 0.8 * other + rng.gauss(0.0, 0.1)
            left += (1.0 - told) * _factor(day, calendar) * math.exp(other)
            left = max(0.0, left - hands * _HANDS[day.month - 1] * (1.0 + _HURRY * left))
        left = min(left + (told * sum(came) / mean if mean else 0.0), _MOST_WAITING)
        found.append(max(0.0, left - 0.25 - 0.4 * told))
    return found


def _poisson(rng: Random, mean: float) -> int:
    if mean > 30.0:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    threshold, count, product = math.exp(-mean), 0, rng.random()
    while product > threshold:
        count += 1
        product *= rng.random()
    return count


_BY_HOUR: Final = list(accumulate(_HOURS))


def moment(rng: Random, day: date, *, at_the_counter: bool) -> datetime:
    """When in the day somebody files: at the counter within office hours."""
    hour = bisect(_BY_HOUR, rng.random() * _BY_HOUR[-1])
    if at_the_counter:
        hour = min(max(hour, 8), 16)
        hour = 14 if hour in (11, 12, 13) else hour
    return datetime.combine(day, time(hour, int(rng.random() * 60), int(rng.random() * 60)), ZONE)


def share(weights: Mapping[str, float], drawn: float) -> str:
    """The name under which a number from 0 to 1 falls; "" beyond them all."""
    for name, weight in weights.items():
        drawn -= weight
        if drawn < 0:
            return name
    return ""
