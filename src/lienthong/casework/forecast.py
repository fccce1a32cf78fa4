"""Which dossiers will be late: the chance, from what the units themselves needed before.

Of every past dossier that came to a step it is known how many working hours it still took to its end, and how many it
still needed of the promised time, without those by which the promise was moved while somebody outside was waited for.
A dossier that has stood `spent` hours in the step and has `left` hours to its promised time is late as often as those
that took more than `spent` needed more than `spent + left`.

What is new counts more than what is old. A unit's own past says how many times as long as others it needs (its pace,
over all its steps, drawn towards the province's where it has few cases), and how much longer things take when more of
them wait is learned too. Nothing here is a black box: every figure can be shown and redone.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from lienthong.casework.acts import FINAL, PROCESSED, REJECTED, RETURNED, Act, State
from lienthong.casework.states import apply
from lienthong.catalogue.shapes import Service
from lienthong.kit.worktime import WorkCalendar

LEARNED_FROM: Final = timedelta(days=120)
HALF_LIFE: Final = 10.0  # days after which a case counts half
PACE_HALF_LIFE: Final = 45.0  # the same of a unit's pace, which changes slower than the season
PROVINCE: Final = 30.0  # cases for which the province's pace counts beside a unit's own
CAUTION: Final = 10.0  # cases for which all that came to the step count beside those that stood as long
COARSE: Final = 48  # points kept of a curve
_ENDS: Final = frozenset({PROCESSED, *FINAL})
_JUDGED: Final = frozenset({PROCESSED, RETURNED, REJECTED})  # others ended because somebody outside wanted it
SHORTEST: Final = 0.05  # hours: what takes less is a machine's
RUNNING: Final = frozenset({"open", "opinion", "transit", "pending"})  # while these are waited for, the clock runs

Key = tuple[str, str]  # service, step
Cases = list[tuple[float, bool, float]]  # hours, whether it ended, weight


@dataclass(frozen=True)
class Passage:
    """A dossier that came to a step: the working hours it still took to its end (`ended`: else so far) and `needed` of
    its promised time, how many others lay there when it came, and how many days ago that was."""

    key: Key
    unit: str
    hours: float
    needed: float
    ended: bool
    others: int
    days_ago: float


@dataclass(frozen=True)
class Curve:
    """The share of cases that took longer than so many hours, as steps; from so many cases by weight."""

    hours: Sequence[float]
    share: Sequence[float]
    cases: float

    def beyond(self, hours: float) -> float:
        place = bisect_right(self.hours, hours)
        return self.share[place - 1] if place else 1.0

    @classmethod
    def of(cls, seen: Iterable[tuple[float, bool, float]]) -> "Curve":
        """From cases: the product-limit estimate, so that what is under way counts for what it shows."""
        ordered = sorted(seen)
        at_risk = whole = sum(weight for _, _, weight in ordered)
        hours, share, now = [], [], 1.0
        for took, ended, weight in ordered:
            if ended and at_risk > 0:
                now *= max(0.0, 1.0 - weight / at_risk)
                hours.append(took)
                share.append(now)
            at_risk -= weight
        return cls(hours, share, whole).coarse()

    def coarse(self) -> "Curve":
        """The same with few points."""
        if len(self.hours) <= COARSE:
            return self
        places = sorted({round(place * (len(self.hours) - 1) / (COARSE - 1)) for place in range(COARSE)})
        return Curve([self.hours[p] for p in places], [self.share[p] for p in places], self.cases)


NOTHING: Final = Curve((), (), 0.0)


@dataclass(frozen=True)
class Risk:
    """A running dossier's chance to be late: hours left, hours that such a case usually still takes, others waiting."""

    chance: float
    left: float
    usual: float
    others: int


@dataclass(frozen=True)
class Known:
    """What is known of a step: how long cases took to their end, and how much of their promised time they needed."""

    took: Curve = NOTHING
    needed: Curve = NOTHING


@dataclass
class Model:
    """What was learned until `at`: of every service and step at the province's pace and with nothing waiting, by how
    much what waits stretches it, and each unit's pace."""

    at: datetime
    known: dict[Key, Known] = field(default_factory=dict)
    stretch: dict[Key, float] = field(default_factory=dict)
    pace: dict[str, float] = field(default_factory=dict)

    def factor(self, key: Key, unit: str, others: int) -> float:
        """How many times as long as the curve says."""
        stretched: float = (1.0 + others) ** self.stretch.get(key, 0.0)
        return self.pace.get(unit, 1.0) * stretched

    def usual(self, key: Key, unit: str, others: int, spent: float = 0.0) -> float:
        """The hours that half of such cases still take."""
        known, factor = self.known[key], self.factor(key, unit, others)
        still = _weight(known.took, spent / factor)
        later = (hours for hours in known.took.hours if hours * factor > spent)
        return next((hours * factor - spent for hours in later if _weight(known.took, hours) <= still / 2), 0.0)

    def risk(self, service: str, step: str, unit: str, spent: float, left: float, others: int) -> Risk | None:
        """None where nothing is known about the step."""
        key, spent = (service, step), max(0.0, spent)
        if key not in self.known:
            return None
        known, factor = self.known[key], self.factor(key, unit, others)
        usual = self.usual(key, unit, others, spent)
        if left <= 0:
            return Risk(1.0, left, usual, others)
        prior = known.needed.beyond((spent + left) / factor)
        late = _weight(known.needed, (spent + left) / factor) + CAUTION * prior
        return Risk(min(1.0, late / (_weight(known.took, spent / factor) + CAUTION)), left, usual, others)


def _weight(curve: Curve, hours: float) -> float:
    """So many cases took longer. Nothing is certain: half a case more may take any time."""
    return curve.cases * curve.beyond(hours) + 0.5 / (1.0 + hours)


# ---------------------------------------------------------------------- learning


@dataclass(frozen=True)
class Past:
    """A dossier as it is learned from: its service, the unit that decides, its acts in order."""

    service: Service
    unit: str
    acts: Sequence[Act]


@dataclass
class _Stay:
    key: Key
    unit: str
    role: str
    came: datetime
    before: float  # counted hours of the whole dossier until then
    promised: float  # hours to the promised time, as it stood then
    left: datetime | None = None
    hours: float = 0.0
    needed: float = 0.0
    ended: bool = False


def learn(pasts: Iterable[Past], calendar: Callable[[str], WorkCalendar], at: datetime) -> Model:
    """What the past up to a moment shows; acts after it are not looked at."""
    stays = [stay for past in pasts for stay in _stays(past, calendar(past.unit), at)]
    passages = list(_passages(stays, at))
    model = Model(at, stretch=_stretches(passages))
    model.pace = _paces(passages, model.stretch)
    took, needed = dict[Key, Cases](), dict[Key, Cases]()
    for one in passages:
        factor, weight = model.factor(one.key, one.unit, one.others), 0.5 ** (one.days_ago / HALF_LIFE)
        took.setdefault(one.key, []).append((one.hours / factor, one.ended, weight))
        needed.setdefault(one.key, []).append((one.needed / factor, one.ended, weight))
    model.known = {key: Known(Curve.of(took[key]), Curve.of(needed[key])) for key in took}
    return model


def _stays(past: Past, calendar: WorkCalendar, at: datetime) -> list[_Stay]:
    """A dossier's way from step to step, as its acts make it."""
    state: State | None = None
    counted, last, stays = 0.0, at, list[_Stay]()
    for act in past.acts:
        if act.at > at or (state is not None and state.status in _ENDS):
            break  # what comes after the result is none of its steps
        if state is not None and state.waiting in RUNNING:
            counted += calendar.hours_between(last, act.at)
        before, last = state, act.at
        state = apply(past.service, state, act)
        if before is not None and (before.step, before.waiting) == (state.step, state.waiting):
            continue
        if stays and stays[-1].left is None:
            stays[-1].left = act.at
        if state.waiting in RUNNING:
            key, unit = (past.service.slug, state.step), state.moved_to or past.unit
            promised = calendar.hours_between(act.at, state.deadline) if state.deadline else 0.0
            stays.append(_Stay(key, unit, state.role, act.at, counted, promised))
    if state is not None:
        _measure(stays, state, calendar, counted, last, at)
    return stays


def _measure(
    stays: Sequence[_Stay], state: State, calendar: WorkCalendar, counted: float, last: datetime, at: datetime
) -> None:
    """How long each stay was from the dossier's end, or from now."""
    end = at if state.waiting in RUNNING else last
    whole = counted + calendar.hours_between(last, end)
    spared = calendar.hours_between(end, state.deadline) if state.deadline else 0.0
    for stay in stays:
        stay.hours, stay.ended = whole - stay.before, state.status in _JUDGED
        stay.needed = max(0.0, stay.promised - spared) if stay.ended else stay.hours


def _passages(stays: Sequence[_Stay], at: datetime) -> Iterable[Passage]:
    """With how many others lay at the same role of the same unit when each came."""
    moves = sorted(
        [(stay.came, 1, place) for place, stay in enumerate(stays)]
        + [(stay.left, 0, place) for place, stay in enumerate(stays) if stay.left is not None]
    )
    lying: dict[tuple[str, str], int] = {}
    for moment, is_arrival, place in moves:
        stay = stays[place]
        post = (stay.unit, stay.role)
        others = max(0, lying.get(post, 0))
        if is_arrival:
            days = (at - moment).total_seconds() / 86_400
            yield Passage(stay.key, stay.unit, stay.hours, stay.needed, stay.ended, others, days)
        lying[post] = lying.get(post, 0) + (1 if is_arrival else -1)


def _stretches(passages: Iterable[Passage]) -> dict[Key, float]:
    """By step, the slope of log hours over the log of what waited, drawn towards none at all where there is little."""
    sums: dict[Key, list[float]] = {}
    for one in passages:
        if one.ended:
            x, y = math.log(1.0 + one.others), math.log(max(one.hours, SHORTEST))
            found = sums.setdefault(one.key, [0.0] * 5)
            for place, value in enumerate((1.0, x, y, x * x, x * y)):
                found[place] += value
    return {key: _slope(*found) for key, found in sums.items()}


def _paces(passages: Sequence[Passage], stretch: Mapping[Key, float]) -> dict[str, float]:
    """How many times as long as the whole province each unit needs, over all its steps."""
    means: dict[Key, list[float]] = {}
    seen = []
    for one in passages:
        if one.ended:
            log = math.log(max(one.hours, SHORTEST)) - stretch.get(one.key, 0.0) * math.log(1.0 + one.others)
            weight = 0.5 ** (one.days_ago / PACE_HALF_LIFE)
            seen.append((one, log, weight))
            found = means.setdefault(one.key, [0.0, 0.0])
            found[0] += weight * log
            found[1] += weight
    units: dict[str, list[float]] = {}
    for one, log, weight in seen:
        whole, weights = means[one.key]
        found = units.setdefault(one.unit, [0.0, 0.0])
        found[0] += weight * (log - whole / weights)
        found[1] += weight
    return {unit: math.exp(whole / (weights + PROVINCE)) for unit, (whole, weights) in units.items()}


def _slope(n: float, x: float, y: float, xx: float, xy: float) -> float:
    spread = xx - x * x / n
    return max(0.0, min(1.0, (xy - x * y / n) / (spread + 20.0)))


# ---------------------------------------------------------------------- what it is measured against


def last_month(pasts: Iterable[tuple[str, str, datetime, bool]], at: datetime) -> Mapping[tuple[str, str], float]:
    """The plain guess: of (service, unit, finished, late), the share that was late in the thirty days before; under no
    unit the province's."""
    counts: dict[tuple[str, str], list[int]] = {}
    for service, unit, finished, late in pasts:
        if at - timedelta(days=30) <= finished <= at:
            for place in (unit, ""):
                found = counts.setdefault((service, place), [0, 0])
                found[0] += late
                found[1] += 1
    return {key: late / whole for key, (late, whole) in counts.items()}


def brier(told: Sequence[tuple[float, bool]]) -> float:
    """The mean square by which chances missed what came; the lower the better."""
    return sum((chance - came) ** 2 for chance, came in told) / len(told)


def as_text(curve: Curve) -> dict[str, Any]:
    """A curve as it is stored."""
    return {
        "hours": [round(one, 3) for one in curve.hours],
        "share": [round(one, 4) for one in curve.share],
        "cases": round(curve.cases, 2),
    }
