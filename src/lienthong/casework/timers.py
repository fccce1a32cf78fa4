"""What happens when nobody acts: limits that run out, news that does not come. Runs in the worker of every node.

    supplement not given, consent not answered   the dossier stops, with the reason
    a promised time will not be kept             an apology is drafted in time for who signs it (form 04)
    a year's calendar is missing, or there       an alert; what waited for it is counted
    opinion not given                            silence has the effect that was said
    a run to another revision has begun          some of its dossiers move
    a kind of message is late                    an alert: a task for the operators of the node, once
    a courier's bag is late                      an alert: a task for the reception point that packed it
(Decree 63/2024/NĐ-CP as amended by 301/2026/NĐ-CP: interlinked procedures.)
"""

import itertools
import logging
from collections.abc import Callable
from threading import Event

from lienthong.casework import bags, drafting, moving_revisions, opinions, pauses, synchronising, uncounted
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
SELECT code, waiting FROM dossier WHERE waiting IN ('applicant', 'consent', 'opinion') AND due <= %s
ORDER BY due LIMIT 100
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
    done = sum(_stopped(node, row.code, row.waiting) for row in expired) + moving_revisions.work(node)
    done += synchronising.send_due(node)
    looks = (deadlines.look, bags.look, drafting.look, drafting.outlived) if late else ()
    return done + sum(_in_one(node, look) for look in looks) + (_calendar(node) if late else 0)


def _calendar(node: Node) -> int:
    """Count what a year's calendar was missing for; tell of a year that is missing."""
    with node.database.transaction() as tx:
        codes = uncounted.waiting(tx)
    done = 0
    for code in codes:
        with node.database.transaction() as tx:
            done += uncounted.count(node, tx, code)
    return done + _in_one(node, uncounted.look)


def _stopped(node: Node, code: str, waiting: str) -> bool:
    if waiting == "opinion":
        with node.database.transaction() as tx:
            opinions.silent(node, tx, code)
        return True
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
