"""What happens when nobody acts: limits that run out, news that does not come. Runs in the worker of every node.

    supplement not given, consent not answered   the dossier stops, with the reason
    a branch not acknowledged in two working hours, a message not delivered in ten minutes
                                                 an alert: a task for the operators of the node, once
(Decree 63/2024/NĐ-CP as amended by 301/2026/NĐ-CP: interlinked procedures.)
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from lienthong.casework import pauses, tasks
from lienthong.casework.states import NotPossible
from lienthong.casework.tasks import Task
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.storage import Tx

EVERY = 2.0  # seconds between looks
ACKNOWLEDGED_HOURS = 2  # working hours
SYNCHRONISED = timedelta(minutes=10)
OPERATOR = "operator"
_LOCK = 0x7131  # one timer a node

log = logging.getLogger(__name__)

_EXPIRED = """
SELECT code, waiting FROM dossier WHERE waiting IN ('applicant', 'consent') AND due <= %s ORDER BY due LIMIT 100
"""
_LATE = """
SELECT message, recipient, service, case_code, created_at FROM outbox
WHERE state IN ('waiting', 'stored', 'parked') AND created_at <= %s AND NOT EXISTS (
    SELECT 1 FROM task WHERE id = 'late/' || outbox.message)
ORDER BY id LIMIT 100
"""


def run(node: Node, stop: Event) -> None:
    """Look every few seconds until told to stop. What fails is tried again at the next look."""
    while not stop.wait(EVERY):
        try:
            tick(node)
        except Exception:
            log.exception("a timer failed; it is tried again")


def tick(node: Node) -> int:
    """Do what is due now; how many things were done. Each is a transaction of its own."""
    with node.database.transaction() as tx:
        expired = tx.all(_EXPIRED, (clock.now(),))
    done = sum(_stopped(node, row.code, row.waiting) for row in expired)
    return done + _in_one(node, _alert_late_messages)


def _stopped(node: Node, code: str, waiting: str) -> bool:
    reason = pauses.NOT_SUPPLIED if waiting == "applicant" else pauses.NO_CONSENT
    try:
        with node.database.transaction() as tx:
            pauses.stop(node, tx, code, reason)
    except NotPossible:
        return False  # somebody answered in the last moment
    return True


def _in_one(node: Node, look: Callable[[Node, Tx], int]) -> int:
    with node.database.transaction() as tx:
        if not tx.value("SELECT pg_try_advisory_xact_lock(%s)", (_LOCK,)):
            return 0
        return look(node, tx)


def _alert_late_messages(node: Node, tx: Tx) -> int:
    """A message that was not taken in its time: two working hours for a filed branch, ten minutes for all others."""
    at = clock.now()
    late = [row for row in tx.all(_LATE, (at - SYNCHRONISED,)) if _is_late(node, row, at)]
    for row in late:
        detail = {"recipient": row.recipient, "service": row.service, "message": row.message}
        alert = Task(
            id=f"late/{row.message}", kind="alert", role=OPERATOR, case=row.case_code, title=row.service,
            opened_at=at, asked_by=node.name, detail=detail, due=node.catalogue.calendar.due(at, 0),
        )  # fmt: skip
        tasks.open_task(tx, alert)
    return len(late)


def _is_late(node: Node, row: Any, at: datetime) -> bool:
    if row.service != "dossier.file":
        return True
    return node.catalogue.calendar.hours_between(row.created_at, at) > ACKNOWLEDGED_HOURS
