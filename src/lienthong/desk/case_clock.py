"""A dossier's clock as the officer reads it: what is due when, why it stands, and how the promised time was counted."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from lienthong.casework import counting, limits, words
from lienthong.catalogue.shapes import Step
from lienthong.desk.comparison import Evidence
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.worktime import NoCalendar


def clock_of(evidence: Evidence, step: Step | None) -> dict[str, Any]:
    """due, promised, rule, counted; paused_at and because, or working_left. Empty where nothing is waited for."""
    dossier, state = evidence.dossier, evidence.dossier.state
    if step is None or not state.waiting:
        return {}
    counted = []
    if state.deadline is not None:
        calendar, limit = limits.competent(evidence.node, dossier), evidence.service.card.limit
        counted = counting.lines(calendar, limit, evidence.history, state.deadline)
    told = {"due": state.due, "promised": state.deadline, "rule": words.cited(step.rule), "counted": counted}
    if state.paused_at is not None:
        return {**told, "paused_at": state.paused_at, "because": words.standing(state)}
    left = _left(evidence.node, dossier.desk, state.due) if state.due else ""
    return {**told, "working_left": left}


def _left(node: Node, unit: str, due: datetime) -> str:
    """Working hours until then, in the unit where the dossier lies; nothing where no calendar tells them."""
    try:
        hours = node.catalogue.calendar_of(unit).hours_between(clock.now(), due)
    except NoCalendar:
        return ""
    left = _("còn %(hours)s giờ làm việc") if hours >= 0 else _("quá %(hours)s giờ làm việc")
    return left % {"hours": f"{abs(hours):.0f}"}
