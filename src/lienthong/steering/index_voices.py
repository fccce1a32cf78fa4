"""Measures of what people say and of what the national portal was told: feedback answered in time and to their content,
ratings, dossiers in step. Every one is of a day: what was done after the end of that day is not known on it."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any, Final

from lienthong.casework import synchronising
from lienthong.casework.ratings import DISLIKED
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.clock import ZONE
from lienthong.kit.storage import Tx
from lienthong.steering.index_sums import Grid, Period

Takes = Callable[[str, str], bool]

# Late is an act after its own limit, or an answer that was due and had not been given.
_FEEDBACK = """
SELECT stood.unit, f.service, count(*) AS feedback, count(*) FILTER (WHERE NOT late) AS feedback_in_time,
    count(*) FILTER (WHERE NOT late AND NOT discontent) AS feedback_content
FROM feedback f
CROSS JOIN LATERAL (SELECT unit, due FROM feedback_act WHERE feedback = f.id AND at < %(known)s
    ORDER BY number DESC LIMIT 1) stood
CROSS JOIN LATERAL (SELECT coalesce(bool_or(at > until), false) OR coalesce(stood.due < %(known)s, false) AS late,
    coalesce(bool_or(NOT content), false) AS discontent FROM feedback_act WHERE feedback = f.id AND at < %(known)s) done
WHERE f.asked_at >= %(since)s AND f.asked_at < %(until)s GROUP BY 1, 2
"""
_LAST_RATED = """
SELECT DISTINCT ON (dossier) dossier, unit, service, overall, at FROM dossier_rating
WHERE at >= %(since)s AND at < %(known)s ORDER BY dossier, at DESC
"""
_RATED = f"""
SELECT unit, service, count(*) AS rated, count(*) FILTER (WHERE overall > {DISLIKED}) AS rated_content
FROM ({_LAST_RATED}) last WHERE at < %(until)s GROUP BY 1, 2
"""
_COMPLAINED = f"""
SELECT coalesce(d.unit, '') AS unit, d.service, count(*) AS complained FROM (
    SELECT dossier FROM feedback WHERE asked_at >= %(since)s AND asked_at < least(%(until)s, %(known)s)
    UNION SELECT dossier FROM ({_LAST_RATED}) last WHERE at < %(until)s AND overall <= {DISLIKED}
) bad JOIN dossier d ON d.code = bad.dossier GROUP BY 1, 2
"""
# What was filed at the portal is there; of the others those it was told of. Online are all filed there, and counted.
_TOLD = """
SELECT f.unit, f.service, count(*) AS synced FROM (
    SELECT code FROM national_sync WHERE first_sent < %(known)s
    UNION ALL SELECT code FROM dossier WHERE filed_by <> '' AND parent_node IS NOT NULL AND channel <> 'online'
) there JOIN index_fact f ON f.code = there.code AND f.generation = (SELECT generation FROM index_state)
WHERE f.received_at >= %(since)s AND f.received_at < %(until)s AND f.channel <> 'online' GROUP BY 1, 2
"""
_ASKED: Final = (
    (_FEEDBACK, ("feedback", "feedback_in_time", "feedback_content")),
    (_RATED, ("rated", "rated_content")),
    (_COMPLAINED, ("complained",)),
)


def values(node: Node, tx: Tx, period: Period, grid: Grid, takes: Takes) -> dict[str, int]:
    """By name, of the units and services that `takes` says are asked for."""
    day = timedelta(days=1)
    since, until, known = (
        datetime.combine(one, time(), ZONE) for one in (period.since, period.until + day, period.known + day)
    )
    params = {"since": since, "until": until, "known": min(known, clock.now())}
    found: dict[str, int] = {}
    for sql, names in _ASKED:
        found |= _summed(tx.all(sql, params), names, takes)
    if synchronising.recipients(node):
        total, told = grid.total, _summed(tx.all(_TOLD, params), ("synced",), takes)["synced"]
        found |= {"to_sync": total["received"], "synced": total["online"] + told}
    return found


def _summed(rows: list[Any], names: tuple[str, ...], takes: Takes) -> dict[str, int]:
    mine = [row for row in rows if takes(row.unit, row.service)]
    return {name: sum(int(getattr(row, name)) for row in mine) for name in names}
