"""What happens when nobody acts: limits that run out, news that does not come. Runs in the worker of every node.

    supplement not given, consent not answered   the dossier stops, with the reason
    a kind of message is late                    an alert: a task for the operators of the node, once
(Decree 63/2024/NĐ-CP as amended by 301/2026/NĐ-CP: interlinked procedures.)
"""

import itertools
import logging
from collections.abc import Callable
from threading import Event

from lienthong.casework import pauses
from lienthong.casework.states import NotPossible
from lienthong.exchange import deadlines
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.storage import Tx

EVERY = 2.0  # seconds between looks
LATE_EVERY = 5  # looks: a backlog of an hour is read each time
_LOCK = 0x7131  # one timer a node

log = logging.getLogger(__name__)

_EXPIRED = """
SELECT code, waiting FROM dossier WHERE waiting IN ('applicant', 'consent') AND due <= %s ORDER BY due LIMIT 100
"""


def run(node: Node, stop: Event) -> None:
    """Look every few seconds until told to stop. What fails is tried again at the next look."""
    for look in itertools.count():
        if stop.wait(EVERY):
            return
        if node.heads.is_restored(node.name):
            continue  # what looks overdue may have been answered since the backup
        try:
            tick(node, late=look % LATE_EVERY == 0)
        except Exception:
            log.exception("a timer failed; it is tried again")


def tick(node: Node, *, late: bool = True) -> int:
    """Do what is due now, and look for late messages; how many things were done. Each is a transaction of its own."""
    node = node.at_hand()
    with node.database.transaction() as tx:
        expired = tx.all(_EXPIRED, (clock.now(),))
    done = sum(_stopped(node, row.code, row.waiting) for row in expired)
    return done + (_in_one(node, deadlines.look) if late else 0)


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
