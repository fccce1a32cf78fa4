"""A year without a calendar is an alarm, never a guess.

    from 1 October, while the next year's notice is missing    an operator is told
    a promised time that needs a day of an unknown year        none is promised, an operator is told at once
    the notice is there                                        what waited for it is counted, by an act ("count")

Nothing is lost meanwhile: dossiers are taken in, decided and returned; only their promised time is not known yet.
"""

from datetime import datetime

from lienthong.casework import counting, dossiers, limits
from lienthong.casework.desks import locked
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import MACHINE, Act
from lienthong.casework.telling import save_and_tell
from lienthong.catalogue.shapes import Service, Words
from lienthong.exchange.node import Alert, Node
from lienthong.kit import clock
from lienthong.kit.storage import Tx

ALARM_MONTH, MOST = 10, 100
OPERATOR, RULE = "operator", "Bộ luật Lao động, Điều 111 và 112; thông báo hằng năm về lịch nghỉ"
_WAITING = """
SELECT code FROM dossier
WHERE waiting NOT IN ('', 'collect') AND (deadline IS NULL OR (due IS NULL AND waiting IN ('applicant', 'consent')))
ORDER BY received_at LIMIT %s
"""
_OPEN_ALARMS = "SELECT id FROM task WHERE kind = 'alert' AND id LIKE 'calendar/%%' AND NOT cause_gone"


def look(node: Node, tx: Tx) -> int:
    """Raise the alarm for a year that is missing now, or soon will be, and end it for one that is there; how many."""
    missing = _missing(node, tx)
    for year in missing:
        alarm(node, tx, year)
    for row in tx.all(_OPEN_ALARMS):
        if node.catalogue.calendar.covers(int(row.id.rpartition("/")[2])):
            node.on_alert_over(node, tx, row.id, "the year's calendar is there")
    return len(missing)


def _missing(node: Node, tx: Tx) -> set[int]:
    today, calendar = clock.today(), node.catalogue.calendar
    needed = {today.year} | ({today.year + 1} if today.month >= ALARM_MONTH else set())
    if waiting(tx, 1):
        needed.add(calendar.years[-1].year + 1)
    return {year for year in needed if not calendar.covers(year)}


def alarm(node: Node, tx: Tx, year: int) -> None:
    """Tell the operators that a year's calendar is missing; once, while it is."""
    title = Words(f"Chưa có lịch làm việc năm {year}", f"There is no calendar of working days for {year}")
    detail = {"year": year, "part": "calendars/vietnam"}
    node.on_alert(node, tx, Alert("alert", f"calendar/{year}", title, OPERATOR, detail))


def waiting(tx: Tx, most: int = MOST) -> list[str]:
    """Codes of dossiers whose promised time is not known."""
    return [row.code for row in tx.all(_WAITING, (most,))]


def count(node: Node, tx: Tx, code: str) -> bool:
    """Set a promised time that could not be counted before; whether it could now. Raises LookupError."""
    dossier, service = locked(node, tx, code)
    state = dossier.state
    deadline = state.deadline or limits.counted(_deadline, node, tx, service, dossier)
    due = state.due or _due(node, service, dossier, deadline)
    if not state.waiting or (deadline, due) == (state.deadline, state.due):
        return False
    act = Act("count", clock.now(), MACHINE, "", dossier.identity.agency, state.step, RULE, state.reason, due, deadline)
    dossiers.add(service, dossier, act)
    save_and_tell(node, tx, service, dossier)
    return True


def _deadline(node: Node, tx: Tx, service: Service, dossier: Dossier) -> datetime | None:
    """Raises NoCalendar."""
    state, acts = dossier.state, dossiers.acts(tx, dossier.identity.code)
    if state.branches:
        return limits.whole(node, tx, service, dossier, state.branches)
    return counting.deadline(limits.competent(node, dossier), service, acts, verified=state.verified)


def _due(node: Node, service: Service, dossier: Dossier, deadline: datetime | None) -> datetime | None:
    """What else could not be counted: the term of what is waited for, or the step's own hours."""
    state, calendar = dossier.state, limits.competent(node, dossier)
    if state.waiting == "applicant":
        return limits.counted(calendar.due, state.since, limits.SUPPLEMENT_DAYS)
    if state.waiting == "consent":
        asked = [one.days for one in service.process.consents if one.consent in state.asks.get("ids", [])]
        return limits.counted(calendar.due, state.since, min(asked, default=0))
    if state.waiting != "open":
        return None
    return limits.step_due(node, service.process.step(state.step), state.since, deadline, dossier.desk)
