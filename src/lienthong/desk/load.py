"""How much work a unit has, where it sits, and what is likely to be late.

The forecast is a comparison anybody can redo: an open step is at risk when the working hours left until its limit are
fewer than the median working hours that this step took in the last month.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median

from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import Act
from lienthong.kit.worktime import WorkCalendar

FINISHES = frozenset({"receive", "check", "decide", "refuse", "return"})
PAUSES = frozenset({"supplement", "ask_consent", "dispute"})
DAYS_AHEAD = 5


@dataclass
class StepLoad:
    """One step's work: `median_age` of what is open and `median_time` of what was done, in working hours."""

    step: str
    role: str
    open: int = 0
    today: int = 0
    late: int = 0
    median_age: float | None = None
    median_time: float | None = None
    done_this_week: int = 0
    at_risk: list[Dossier] = field(default_factory=list)


@dataclass(frozen=True)
class DayAhead:
    day: date
    due: int
    at_risk: int


def spent(calendar: WorkCalendar, histories: Iterable[list[Act]]) -> dict[str, list[float]]:
    """Working hours that people took for each step, without the time somebody outside was waited for."""
    found: dict[str, list[float]] = {}
    for acts in histories:
        hours = 0.0
        for before, act in pairwise(acts):
            if before.verb not in PAUSES:
                hours += calendar.hours_between(before.at, act.at)
            if act.verb in FINISHES:
                if act.role:
                    found.setdefault(act.step, []).append(hours)
                hours = 0.0
    return found


def by_step(
    calendar: WorkCalendar, at: datetime, dossiers: Iterable[Dossier], histories: Mapping[str, list[Act]]
) -> list[StepLoad]:
    """The load of every step at which an officer is waited for, or was in the last month."""
    times, week = spent(calendar, histories.values()), _monday(at)
    loads: dict[str, StepLoad] = {}
    ages: dict[str, list[float]] = {}
    for dossier in dossiers:
        state = dossier.state
        if state.waiting != "open":
            continue
        load = loads.setdefault(state.step, StepLoad(state.step, state.role))
        load.open += 1
        ages.setdefault(state.step, []).append(calendar.hours_between(state.since, at))
        if state.due is not None:
            load.late += state.due < at
            load.today += at <= state.due and state.due.astimezone(at.tzinfo).date() == at.date()
            if _at_risk(calendar, at, state.due, times.get(state.step, [])):
                load.at_risk.append(dossier)
    for acts in histories.values():
        for act in acts:
            if act.verb in FINISHES and act.role and act.step:
                load = loads.setdefault(act.step, StepLoad(act.step, act.role))
                load.done_this_week += act.at >= week
    for step, load in loads.items():
        load.median_age = median(ages[step]) if step in ages else None
        load.median_time = median(times[step]) if step in times else None
    return sorted(loads.values(), key=lambda load: (-load.late, -load.open, load.step))


def _at_risk(calendar: WorkCalendar, at: datetime, due: datetime, took: list[float]) -> bool:
    return due >= at and bool(took) and calendar.hours_between(at, due) < median(took)


def ahead(
    calendar: WorkCalendar, at: datetime, dossiers: Iterable[Dossier], loads: Iterable[StepLoad]
) -> list[DayAhead]:
    """The next working days: how much is due, how much of it is at risk."""
    risky = {dossier.identity.code for load in loads for dossier in load.at_risk}
    due: Counter[date] = Counter()
    risk: Counter[date] = Counter()
    for dossier in dossiers:
        state = dossier.state
        if state.waiting == "open" and state.due is not None and state.due >= at:
            day = state.due.astimezone(at.tzinfo).date()
            due[day] += 1
            risk[day] += dossier.identity.code in risky
    days: list[DayAhead] = []
    day = at.date()
    while len(days) < DAYS_AHEAD:
        if calendar.is_worked(day):
            days.append(DayAhead(day, due[day], risk[day]))
        day += timedelta(days=1)
    return days


def done_by(at: datetime, histories: Mapping[str, list[Act]]) -> Counter[str]:
    """Acts this week by officer's number."""
    week = _monday(at)
    return Counter(
        str(act.detail["officer"])
        for acts in histories.values()
        for act in acts
        if act.at >= week and act.detail.get("officer")
    )


def waiting_elsewhere(dossiers: Iterable[Dossier]) -> Counter[str]:
    """What no officer of the unit can move now, by what it waits for."""
    return Counter(dossier.state.waiting for dossier in dossiers if dossier.state.waiting != "open")


def _monday(at: datetime) -> datetime:
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=at.weekday())
