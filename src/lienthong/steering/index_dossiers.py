"""The dossiers behind a figure: those whose movements make it up, by their acts as they were known then."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

import msgspec

from lienthong.exchange.node import Node
from lienthong.kit.clock import ZONE
from lienthong.kit.storage import Tx
from lienthong.steering import index_store
from lienthong.steering.index_asked import Asked
from lienthong.steering.index_facts import PLACE, SHARES, STOCKS, Act, Fact, Fold, day_of
from lienthong.steering.index_store import Identity

MOST: Final = 100  # shown at a time
_LOOKED_AT: Final = 400  # folded at a time
_LONGEST: Final = 20_000  # candidates looked at before a page gives up
_ENDINGS: Final = frozenset({
    "early", "on_time", "late", "results", "refused", "stopped", "withdrawn", "minutes", "not_received"})  # fmt: skip
_OF_RECEPTION: Final = frozenset({*SHARES, "received", "online", "counter", "post"})

_CANDIDATES = """
SELECT f.code, f.service, d.revision, f.unit, f.channel, f.filed_by, f.stored_late
FROM index_fact f JOIN dossier d USING (code)
WHERE f.generation = (SELECT generation FROM index_state) AND {which}
  AND (%(unit)s = '' OR f.unit = %(unit)s) AND (%(service)s = '' OR f.service = %(service)s)
  AND (%(sector)s = '' OR f.service LIKE %(sector)s || '/%%') AND f.code > %(after)s
ORDER BY f.code LIMIT %(limit)s
"""
_ENDED = "f.ended_at >= %(since)s AND f.ended_at < %(until)s"
_RECEIVED = "f.received_at >= %(since)s AND f.received_at < %(until)s"
_ALIVE = "f.came_at < %(until)s AND (f.ended_at IS NULL OR f.ended_at >= %(since)s)"
_STANDING = "f.received_at < %(until)s AND (f.ended_at IS NULL OR f.ended_at >= %(until)s)"
_LATE = f"{_STANDING} AND (least(f.due, f.first_due) < %(until)s OR f.supplements > 1)"
_STORED_LATE = "f.stored_late > 0 AND f.came_at < %(until)s"  # it was another one, as known then
_ACTS = """
SELECT stream, number, payload, xid::text FROM journal_entry
WHERE stream = ANY(%s) AND payload IS NOT NULL ORDER BY 1, 2
"""
_SEALED = """
SELECT min(at) FROM seal WHERE window_from <= %(xid)s::xid8 AND window_to > %(xid)s::xid8
  AND NOT EXISTS (SELECT FROM index_lived WHERE %(xid)s::xid8 BETWEEN first_xid AND last_xid)
"""


@dataclass(frozen=True)
class Found:
    """A dossier that a figure counts, as it was then."""

    identity: Identity
    fact: Fact


def behind(node: Node, tx: Tx, asked: Asked, measures: Sequence[str], after: str = "") -> tuple[list[Found], str]:
    """Dossiers that one of the measures counts, in order of their codes, from the code `after` on; and where the next
    page goes on, empty after the last."""
    found, looked_at = list[Found](), 0
    which = " OR ".join(f"({one})" for one in sorted({_which(name) for name in measures} | {_STORED_LATE}))
    while looked_at < _LONGEST:
        rows = tx.all(_CANDIDATES.format(which=f"({which})"), {**_params(asked), "after": after, "limit": _LOOKED_AT})
        for one in _counted(node, tx, asked, measures, rows):
            if len(found) == MOST:
                return found, found[-1].identity.code
            found.append(one)
        looked_at += len(rows)
        if len(rows) < _LOOKED_AT:
            return found, ""
        after = rows[-1].code
    return found, after


def _which(measure: str) -> str:
    """Which dossiers a measure can count at all."""
    if measure in STOCKS:
        return _LATE if measure in ("late_open", "overdue") else _STANDING
    if measure in _ENDINGS:
        return _ENDED
    return _RECEIVED if measure in _OF_RECEPTION else _ALIVE


def _params(asked: Asked) -> dict[str, Any]:
    day = timedelta(days=1)
    return {
        "since": datetime.combine(asked.since, time(), ZONE),
        "until": datetime.combine(asked.until + day, time(), ZONE),
        "unit": asked.unit,
        "service": asked.service,
        "sector": asked.sector,
    }


def _counted(node: Node, tx: Tx, asked: Asked, measures: Sequence[str], rows: Sequence[Any]) -> Iterator[Found]:
    codes = [row.code for row in rows]
    acts, papers = _acts(tx, rows), index_store.components(tx, codes)
    places = [PLACE[name] for name in measures]
    for row in rows:
        identity = Identity(row.code, row.service, row.revision, row.unit, row.channel, row.filed_by)
        fact, counts = _as_known(node, asked, identity, acts.get(row.code, []), papers.get(row.code, []))
        if any(counts[place] for place in places) and not _not_yet(asked, fact, measures):
            yield Found(identity, fact)


def _as_known(
    node: Node, asked: Asked, identity: Identity, acts: list[Any], papers: list[Any]
) -> tuple[Fact, list[int]]:
    """A dossier folded as far as it was known then, and what of it counts in the period."""
    since, until, known = (index_store.number_of(day) for day in (asked.since, asked.until, asked.known))
    counts = [0] * len(PLACE)

    def emit(measure: int, day: int, posted: int, count: int) -> None:
        if posted <= known and day <= until and (measure < len(STOCKS) or day >= since):
            counts[measure] += count

    fold, held = Fold(index_store.kind_of(node, identity), emit), list(papers)
    for act, stored in acts:
        if max(stored, day_of(act.at)) > known:
            continue
        while held and held[0].at <= act.at:
            fold.hold([held.pop(0)])
        fold.add(act, stored)
    return fold.fact, counts


def _not_yet(asked: Asked, fact: Fact, measures: Sequence[str]) -> bool:
    """Due later today: counted at the day's end only."""
    is_late_by_the_clock = set(measures) <= {"late", "late_open", "overdue"} and fact.ended_at is None
    return bool(asked.now and is_late_by_the_clock and fact.supplements < 2 and fact.due and fact.due > asked.now)


def _acts(tx: Tx, rows: Sequence[Any]) -> dict[str, list[tuple[Act, int]]]:
    """Acts by dossier, with the day on which each was stored where that may be a later one."""
    late = {row.code for row in rows if row.stored_late}
    found: dict[str, list[tuple[Act, int]]] = {}
    for row in tx.all(_ACTS, ([f"dossier/{row.code}" for row in rows],)):
        code = row.stream.removeprefix("dossier/")
        sealed = tx.value(_SEALED, {"xid": row.xid}) if code in late else None
        act = msgspec.json.decode(row.payload, type=Act)
        found.setdefault(code, []).append((act, day_of(sealed) if sealed else 0))
    return found
