"""How long things may take: promised times, a step's limit, and the clock that stands while others are waited for."""

from datetime import datetime

from lienthong.casework.dossiers import Dossier
from lienthong.catalogue.shapes import Service, Step
from lienthong.exchange.node import Node

SUPPLEMENT_DAYS = 7  # working days for what is missing, else the dossier stops (Decree 63/2024/NĐ-CP, Art. 7)
SUPPLEMENT_RULE = "Nghị định 63/2024/NĐ-CP, Điều 7; Thông tư 03/2025/TT-VPCP, mẫu số 02"


def promised(node: Node, service: Service, start: datetime, *, verified: bool = False) -> datetime:
    """When the result is promised, counted from a complete dossier."""
    calendar, limit = node.catalogue.calendar, service.card.limit
    if verified and limit.verified_days:
        return calendar.due(start, limit.verified_days)
    return calendar.due_hours(start, limit.hours) if limit.hours else calendar.due(start, limit.working_days)


def step_due(node: Node, step: Step, at: datetime, promised_at: datetime | None = None) -> datetime | None:
    """When a step's own hours end, but not after the promised time of the whole."""
    if not step.hours:
        return None
    due = node.catalogue.calendar.after_hours(at, step.hours)
    return min(due, promised_at) if promised_at and promised_at > at else due


def stood_still(node: Node, dossier: Dossier, until: datetime) -> float:
    """Working hours for which the clock has stood since it was last stopped."""
    paused = dossier.state.paused_at
    return node.catalogue.calendar.hours_between(paused, until) if paused else 0.0


def moved_on(node: Node, service: Service, dossier: Dossier, hours: float) -> datetime | None:
    """The promised time after a pause of so many working hours; before reception nothing was counted yet."""
    state = dossier.state
    if state.deadline is None or service.process.step(state.step).verb == "receive":
        return None
    return node.catalogue.calendar.after_hours(state.deadline, hours) if hours > 0 else None
