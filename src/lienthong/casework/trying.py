"""Trying a process table on dossiers that have ended: what would have been late?

From its acts we know how long a dossier really lay at each step, the time it waited for somebody outside left out.
Held against the hours of a table, old or new, that says who would have been late, had the work taken as long as it did.
It is a comparison anybody can redo: nothing is guessed about people working faster.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from lienthong.casework.acts import Act, State
from lienthong.casework.states import apply
from lienthong.catalogue.process_check import total_hours
from lienthong.catalogue.shapes import Process, Service, Step
from lienthong.kit.worktime import WorkCalendar

COUNTED = frozenset({"open", "opinion"})  # as it waits so, the clock of the step runs
MOST_NAMED = 50


@dataclass(frozen=True)
class Visit:
    """A dossier's stay at a step, in working hours."""

    step: str
    hours: float


@dataclass
class StepTrial:
    """A step of the new table beside the one that did its work before. `hours` are the limits, `late` the dossiers."""

    step: Step
    before: Step | None
    dossiers: int = 0
    median: float | None = None
    late_before: int = 0
    late_after: int = 0


@dataclass(frozen=True)
class Late:
    """A dossier that is late under one table and not under the other: at a step, or as a whole (no step)."""

    code: str
    step: str
    hours: float
    limit: int


@dataclass
class Trial:
    """`unmapped` are the steps in which dossiers lay that the new table has not, with how many dossiers; `untried` the
    new steps that no dossier ever had. `newly` and `no_longer` late: each dossier once, the first MOST_NAMED of them.
    """

    dossiers: int
    steps: list[StepTrial]
    unmapped: dict[str, int]
    untried: list[Step]
    total_before: int
    total_after: int
    late_before: int = 0
    late_after: int = 0
    newly: list[Late] = field(default_factory=list)
    no_longer: list[Late] = field(default_factory=list)
    newly_late: int = 0
    no_longer_late: int = 0


def visits(service: Service, acts: Sequence[Act], calendar: WorkCalendar) -> list[Visit]:
    """How long a dossier lay at each step, in order; back at a step it begins anew. Raises NotPossible for acts that
    are no dossier's of this service."""
    found: list[Visit] = []
    state: State | None = None
    at, hours = "", 0.0
    for act, following in pairwise(acts):
        state = apply(service, state, act)
        if state.step != at:
            if at:
                found.append(Visit(at, hours))
            at, hours = state.step, 0.0
        if state.waiting in COUNTED:
            hours += calendar.hours_between(act.at, following.at)
    return [*found, Visit(at, hours)] if at else found


def mapped(old: Process, new: Process) -> dict[str, str]:
    """Which step of the new table does the work of one of the old: that of the same code, else the only one left with
    the same verb and role."""
    codes = {step.step for step in new.steps}
    found = {step.step: step.step for step in old.steps if step.step in codes}
    left = [step for step in new.steps if step.step not in found]
    for step in old.steps:
        alike = [one for one in left if (one.verb, one.role) == (step.verb, step.role)]
        rivals = [o for o in old.steps if o.step not in found and (o.verb, o.role) == (step.verb, step.role)]
        if step.step not in found and len(alike) == len(rivals) == 1:
            found[step.step] = alike[0].step
    return found


def try_out(old: Process, new: Process, past: Mapping[str, Sequence[Visit]]) -> Trial:
    """The new table on past dossiers (their visits by code), beside the old."""
    way = mapped(old, new)
    source = {to: old.step(of) for of, to in way.items()}
    lines = {step.step: StepTrial(step, source.get(step.step)) for step in new.steps if step.hours}
    took: dict[str, list[float]] = {}
    trial = Trial(len(past), list(lines.values()), {}, [], total_hours(old), total_hours(new))
    for code, stays in past.items():
        longest = _longest(stays)
        for step in longest.keys() - way.keys():
            if longest[step]:
                trial.unmapped[step] = trial.unmapped.get(step, 0) + 1
        here = {way[step]: hours for step, hours in longest.items() if way.get(step) in lines}
        for step, hours in here.items():
            took.setdefault(step, []).append(hours)
        _judge(trial, lines, code, here, sum(stay.hours for stay in stays))
    for name, line in lines.items():
        line.dossiers, line.median = len(took.get(name, [])), median(took[name]) if name in took else None
    trial.untried = [line.step for line in lines.values() if line.before is None]
    return trial


def _longest(stays: Iterable[Visit]) -> dict[str, float]:
    """Each step with the longest stay in it: every stay has the step's hours anew."""
    found: dict[str, float] = {}
    for stay in stays:
        found[stay.step] = max(found.get(stay.step, 0.0), stay.hours)
    return found


def _judge(trial: Trial, lines: Mapping[str, StepTrial], code: str, here: Mapping[str, float], total: float) -> None:
    """Count one dossier at each step and as a whole; name it where the tables differ about it."""
    before, after = [], []
    for step, hours in here.items():
        line = lines[step]
        if line.before is not None and hours > line.before.hours:
            line.late_before += 1
            before.append(Late(code, step, hours, line.before.hours))
        if hours > line.step.hours:
            line.late_after += 1
            after.append(Late(code, step, hours, line.step.hours))
    if total > trial.total_before:
        before.append(Late(code, "", total, trial.total_before))
    if total > trial.total_after:
        after.append(Late(code, "", total, trial.total_after))
    trial.late_before += bool(before)
    trial.late_after += bool(after)
    if after and not before:
        trial.newly_late += 1
        trial.newly += after[: len(trial.newly) < MOST_NAMED]
    if before and not after:
        trial.no_longer_late += 1
        trial.no_longer += before[: len(trial.no_longer) < MOST_NAMED]
