"""Apologies drafted in time: a dossier that will not make it lies before who signs (form 04) while there is still a
working day, once. What is left: a reason from the list, and a signature.

"Will not make it" is: not decided two working days before the promised time, and nobody outside is waited for. A limit
of less than two working days leaves no time to draft; who decides may still sign one, and it says that it is late.
"""

from datetime import timedelta
from typing import Final

from lienthong.casework import dossiers, extending, limits, tasks
from lienthong.casework.dossiers import Dossier
from lienthong.casework.tasks import Task
from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.kit.worktime import NoCalendar

AHEAD: Final = 2  # working days before the promised time in which it is drafted; one of them is the signer's
MOST: Final = 200
_LONGEST_REST: Final = timedelta(days=16)  # no run of days off is longer: what lies further ahead need not be looked at
_NEAR = """
SELECT * FROM dossier d
WHERE waiting IN ('open', 'opinion') AND NOT extended AND deadline BETWEEN %s AND %s AND status <> 1 AND branches = '{}'
    AND NOT EXISTS (SELECT FROM task t WHERE t.id = 'extension/' || d.code)
ORDER BY deadline LIMIT %s
"""


def look(node: Node, tx: Tx) -> int:
    """Draft what is to be drafted now; how many."""
    at, done = clock.now(), 0
    for row in tx.all(_NEAR, (at, at + _LONGEST_REST, MOST)):
        dossier = dossiers.from_row(row)
        service = node.catalogue.shown(dossier.identity.service, dossier.identity.revision)
        if _is_time(node, service, dossier) and (draft := _draft(node, service, dossier)):
            tasks.open_task(tx, draft)
            done += 1
    return done


def _is_time(node: Node, service: Service, dossier: Dossier) -> bool:
    deadline = dossier.state.deadline
    if deadline is None or service.card.limit.working_days < AHEAD:
        return False
    since = limits.counted(limits.competent(node, dossier).days_before, deadline, AHEAD)
    return since is not None and since <= clock.now()


def _draft(node: Node, service: Service, dossier: Dossier) -> Task | None:
    """None while no calendar reaches a later time: that is an alarm of its own (uncounted.py)."""
    identity, deadline = dossier.identity, dossier.state.deadline
    assert deadline is not None, "found by it"
    try:
        times = [limits.iso(one) for one in extending.choices(node, service, dossier)]
        until = limits.iso(extending.proposed(node, service, dossier))
        due = limits.competent(node, dossier).days_before(deadline, limits.DRAFTED_BEFORE)
    except NoCalendar:
        return None
    return Task(
        id=extending.task_of(identity.code),
        kind="extension",
        role=extending.signer(service),
        unit=dossier.desk or None,
        case=identity.case,
        title=identity.subject or identity.code,
        opened_at=clock.now(),
        detail={"dossier": identity.code, "before": limits.iso(deadline), "until": until, "choices": times},
        due=due,
    )


def outlived(node: Node, tx: Tx) -> int:
    """Close drafts that nobody needs any more: the dossier was decided, or somebody outside is waited for."""
    gone = tx.all(_OUTLIVED)
    for row in gone:
        draft = tasks.load(tx, row.id, lock=True)
        if draft and draft.state == "open":
            tasks.close(node, tx, draft, "", "declined", {"note": "no-longer-needed"})
    return len(gone)


_OUTLIVED = """
SELECT t.id FROM task t JOIN dossier d ON d.code = substr(t.id, 11)
WHERE t.kind = 'extension' AND t.state = 'open' AND d.waiting NOT IN ('open', 'opinion') LIMIT 200
"""
