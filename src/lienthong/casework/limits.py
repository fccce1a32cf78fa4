"""How long things may take: promised times, a step's limit, and the clock that stands while others are waited for.

A limit is counted by the calendar of a unit: a promised time by that of the competent one, a step's hours by that of
the one where the dossier lies. Where that calendar does not reach, nothing is promised yet: the limit is None, and
uncounted.py counts it as soon as the year's notice is there.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ParamSpec

from lienthong.casework import dossiers
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import UNCOUNTED, BranchState
from lienthong.catalogue.shapes import Limit, Service, Step
from lienthong.exchange.node import Node
from lienthong.kit.storage import Tx
from lienthong.kit.worktime import NoCalendar, WorkCalendar

SUPPLEMENT_DAYS = 7  # working days for what is missing, else the dossier stops (Decree 63/2024/NĐ-CP, Art. 7)
SUPPLEMENT_RULE = "Nghị định 63/2024/NĐ-CP, Điều 7; Thông tư 03/2025/TT-VPCP, mẫu số 02"
DRAFTED_BEFORE = 1  # working days before the promised time in which another one is drafted

P = ParamSpec("P")


def counted(count: Callable[P, datetime | None], *args: P.args, **kwargs: P.kwargs) -> datetime | None:
    """A moment that working time leads to; None where no calendar does."""
    try:
        return count(*args, **kwargs)
    except NoCalendar:
        return None


def iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def competent(node: Node, dossier: Dossier) -> WorkCalendar:
    """Working time of the unit that decides."""
    return node.catalogue.calendar_of(dossier.identity.unit)


def promised(
    node: Node, service: Service, start: datetime, unit: str | None = None, *, verified: bool = False
) -> datetime | None:
    """When the result of a unit is promised, counted from a complete dossier."""
    return counted(end_of, node.catalogue.calendar_of(unit), service.card.limit, start, verified=verified)


def of_whole(
    node: Node,
    service: Service,
    start: datetime,
    nodes: Mapping[str, str],
    declared: Mapping[str, Any],
    *,
    verified: bool = False,
    paused: float = 0.0,
) -> datetime | None:
    """When the last result of an interlinked dossier is promised: by the calendar of the slowest of the units that
    decide its branches (`nodes` says where each is), after `paused` working hours more."""
    fields = {branch.branch: branch.unit for branch in service.branches}
    calendars = [node.catalogue.calendar_of(declared.get(fields.get(name, "")), where) for name, where in nodes.items()]
    try:
        ends = [(calendar, end_of(calendar, service.card.limit, start, verified=verified)) for calendar in calendars]
        return max(calendar.after_hours(end, paused) if paused else end for calendar, end in ends)
    except NoCalendar:
        return None


def whole(
    node: Node, tx: Tx, service: Service, parent: Dossier, branches: Mapping[str, BranchState]
) -> datetime | None:
    """The promised time of all branches: longer when one verifies on the spot, and by the time others were waited for
    along the longest way."""
    identity, where = parent.identity, {name: branch.node for name, branch in branches.items()}
    verified = any(branch.verified for branch in branches.values())
    paused = max(_along(name, branches) for name in branches)
    declared = dossiers.content(tx, identity.code).declared
    return of_whole(node, service, identity.received_at, where, declared, verified=verified, paused=paused)


def _along(name: str, branches: Mapping[str, BranchState]) -> float:
    """Working hours that a branch and those before it stood still, or were promised more."""
    branch = branches[name]
    own = branch.paused_hours + branch.extended_hours
    return own + (_along(branch.after, branches) if branch.after in branches else 0.0)


def extended(node: Node, before: BranchState, acts: Sequence[Mapping[str, Any]]) -> float:
    """Working hours by which what a branch tells moves its promised time to another one, with an apology."""
    until = next((act["deadline"] for act in acts if act["verb"] == "extend" and act["deadline"]), None)
    if until is None or before.deadline is None:
        return 0.0
    until = until if isinstance(until, datetime) else datetime.fromisoformat(until)
    try:
        return max(0.0, node.catalogue.calendar.hours_between(before.deadline, until))
    except NoCalendar:
        return 0.0


def end_of(calendar: WorkCalendar, limit: Limit, start: datetime, *, verified: bool = False) -> datetime:
    """The end of a service's limit. Raises NoCalendar."""
    if limit.hours and not (verified and limit.verified_days):
        return calendar.due_hours(start, limit.hours)
    return calendar.due(start, (verified and limit.verified_days) or limit.working_days)


def step_due(
    node: Node, step: Step, at: datetime, promised_at: datetime | None = None, unit: str | None = None
) -> datetime | None:
    """When a step's own hours end in a unit, but not after the promised time of the whole."""
    if not step.hours:
        return None
    due = counted(node.catalogue.calendar_of(unit).after_hours, at, step.hours)
    return min(due, promised_at) if due and promised_at and promised_at > at else due


def resumed(node: Node, service: Service, dossier: Dossier, at: datetime) -> tuple[datetime | None, dict[str, Any]]:
    """The promised time when a pause ends, where that moves it; and what the act says of the pause: the working hours
    it took, or that no calendar counts them yet."""
    try:
        hours = stood_still(node, dossier, at)
        return moved_on(node, service, dossier, hours), {"paused_hours": hours}
    except NoCalendar:
        return None, {UNCOUNTED: True}


def stood_still(node: Node, dossier: Dossier, until: datetime) -> float:
    """Working hours for which the clock has stood since it was last stopped. Raises NoCalendar."""
    paused = dossier.state.paused_at
    return competent(node, dossier).hours_between(paused, until) if paused else 0.0


def moved_on(node: Node, service: Service, dossier: Dossier, hours: float) -> datetime | None:
    """The promised time after a pause of so many working hours; before reception nothing was counted yet. Raises
    NoCalendar."""
    state = dossier.state
    if state.deadline is None or service.process.step(state.step).verb == "receive":
        return None
    return competent(node, dossier).after_hours(state.deadline, hours) if hours > 0 else None


def transfer_due(node: Node, dossier: Dossier, at: datetime) -> datetime | None:
    """Until when a reception point passes a dossier on: the same working day, the next after the cut-off (Decree
    61/2018/NĐ-CP, Art. 18)."""
    return counted(node.catalogue.calendar_of(dossier.desk or None).due, at, 0)


def too_late_to_draft(node: Node, dossier: Dossier, at: datetime) -> bool:
    """Whether another promised time is drafted later than a working day before the promised one."""
    deadline = dossier.state.deadline
    in_time = counted(competent(node, dossier).days_before, deadline, DRAFTED_BEFORE) if deadline else None
    return in_time is not None and at > in_time
