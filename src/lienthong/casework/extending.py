"""One new promised time, with an apology (form 04), drafted at the latest a working day before the old one ends.

Decree 61/2018/NĐ-CP, Art. 19, as kept by Decree 118/2025/NĐ-CP: the agency says why and until when, once.
"""

from datetime import datetime
from typing import Final

from lienthong.casework import dossiers, limits, tasks
from lienthong.casework.desks import demand_reason, holds, locked, signed_by
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import Act, NotPossible
from lienthong.casework.telling import save_and_tell
from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx

RULE = "Nghị định 61/2018/NĐ-CP, Điều 19; Thông tư 03/2025/TT-VPCP, mẫu số 04"
REASONS: Final = ("opinion-late", "verification-long", "many-dossiers", "officer-away", "line-down", "disaster")
KIND = "extension"


def extend(node: Node, tx: Tx, code: str, officer: Officer, until: datetime, reason: str) -> Dossier:
    """Who decides apologises and promises another time. One drafted too late says so.

    Raises ValueError without a reason, when `until` is not after the promised time or further off than the limit
    itself is long; NotPossible the second time and while nothing is promised; else as every act.
    """
    demand_reason(reason)
    dossier, service = locked(node, tx, code)
    role = signer(service)
    if not holds(officer, role, dossier):
        raise PermissionError(f"{role} of {dossier.desk or 'this agency'} signs this")
    state, at = dossier.state, clock.now()
    if state.deadline is None or not can_move(dossier):
        raise NotPossible("no promised time is running, or it was moved before")
    if until <= state.deadline:
        raise ValueError("not-later")
    if until > choices(node, service, dossier)[-1]:
        raise ValueError("beyond-limit")
    step = service.process.step(state.step)
    detail = {**signed_by(officer, role, dossier), "before": state.deadline.isoformat()}
    if limits.too_late_to_draft(node, dossier, at):
        detail["drafted"] = "late"
    act = Act(
        "extend", at, officer.name, role, dossier.identity.agency, step.step, RULE, reason, deadline=until,
        due=limits.step_due(node, step, at, until), detail=detail,
    )  # fmt: skip
    dossiers.add(service, dossier, act)
    save_and_tell(node, tx, service, dossier)
    draft = tasks.load(tx, task_of(code), lock=True)
    if draft and draft.state == "open":
        tasks.close(node, tx, draft, officer.name, "done", {"until": until.isoformat()})
    return dossier


def signer(service: Service) -> str:
    """The role that apologises: who decides."""
    return next((step.role for step in service.process.steps if step.verb == "decide"), "")


def can_move(dossier: Dossier) -> bool:
    """Whether its promised time runs and was not moved yet."""
    state = dossier.state
    return state.deadline is not None and state.waiting in ("open", "opinion") and not state.extended


def choices(node: Node, service: Service, dossier: Dossier) -> list[datetime]:
    """The times that may be promised instead: closes of the working days after the promised one, at most as many as the
    limit is long. Raises NoCalendar."""
    limit, deadline = service.card.limit, dossier.state.deadline
    assert deadline is not None, "asked for where a time is promised"
    days = (dossier.state.verified and limit.verified_days) or limit.working_days or -(-limit.hours // 24)
    calendar = limits.competent(node, dossier)
    morning = deadline.replace(hour=0, minute=0)  # whatever the hour of the promise, its own day is day nought
    return [calendar.due(morning, day) for day in range(1, max(days, 1) + 1)]


def proposed(node: Node, service: Service, dossier: Dossier) -> datetime:
    """What is laid before who signs: half as long again. Raises NoCalendar."""
    ends = choices(node, service, dossier)
    return ends[(len(ends) - 1) // 2]


def task_of(code: str) -> str:
    return f"{KIND}/{code}"
