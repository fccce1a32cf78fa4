"""A promise that was not kept is told by the platform itself, once: nobody has to admit it first.

Decree 63/2024/NĐ-CP: the late agency apologises and sets a new date. That is an officer's act and follows as such.
"""

from lienthong.casework.states import SUPPLEMENT
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.portal import notifying, status

_LOCK = 7_260_121
_LATE = """
SELECT d.code, d.applicant FROM dossier d
WHERE d.parent IS NULL AND d.waiting <> '' AND d.status <> %(paused)s AND d.deadline < %(now)s
    AND NOT EXISTS (
        SELECT FROM notice n
        WHERE n.reader = d.applicant AND n.dossier = d.code AND n.kind = 'late' AND n.at > d.deadline)
ORDER BY d.deadline LIMIT 200
"""


def watch(node: Node) -> int:
    """One round: tell whose dossier passed its promised time, forget look-ups of yesterday; how many are late."""
    with node.database.transaction() as tx:
        if not tx.value("SELECT pg_try_advisory_xact_lock(%s)", (_LOCK,)):
            return 0
        late = tx.all(_LATE, {"paused": SUPPLEMENT, "now": clock.now()})
        for row in late:
            notifying.tell(tx, row.applicant, row.code, "late", {})
        status.tidy(tx)
    return len(late)
