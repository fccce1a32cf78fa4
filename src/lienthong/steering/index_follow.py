"""Keeps facts and sums up with the node's own journal: sealed entries in order, the position committed with the effect.

Acts themselves wait for nothing here. A dossier that moved is folded from its first act on, and what the new acts move
is added; so the sums are those of a computation from nothing (index_full).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import msgspec

from lienthong.exchange.node import Node
from lienthong.kit.storage import Tx
from lienthong.steering import index_store
from lienthong.steering.index_facts import Act, Fact, Fold, day_of
from lienthong.steering.index_store import Identity, Tally

ENTRIES = 2_000  # of the journal, taken in with one transaction, about
STREAM = "dossier/"
_log = logging.getLogger(__name__)

_SEALS = """
SELECT number, first_position, count, window_from, window_to, after_id, at FROM seal
WHERE first_position > %s ORDER BY number LIMIT %s
"""
_ENTRIES = """
SELECT stream, number, EXISTS (SELECT FROM index_lived WHERE sealed.xid BETWEEN first_xid AND last_xid) AS lived
FROM (SELECT stream, number, kind, id, xid FROM journal_entry WHERE xid >= %s::xid8 AND xid < %s::xid8 AND id > %s
      ORDER BY id LIMIT %s) sealed
WHERE kind = 'act' AND stream LIKE 'dossier/%%' ORDER BY id
"""
_DOSSIERS = """
SELECT code, service, revision, coalesce(unit, '') AS unit, channel, filed_by FROM dossier
WHERE code = ANY(%s) AND branches = '{}'
"""
_ACTS = "SELECT stream, number, payload FROM journal_entry WHERE stream = ANY(%s) AND payload IS NOT NULL ORDER BY 1, 2"
_COUNTED = "SELECT code, acts, stored_late FROM index_fact WHERE generation = %s AND code = ANY(%s)"


@dataclass
class Fresh:
    """Acts of one dossier that are to be counted: on which day each was known here; the highest number."""

    known: dict[int, int] = field(default_factory=dict)

    @property
    def last(self) -> int:
        return max(self.known)


def run(node: Node, stop: Event, pause: float = 1.0) -> None:
    """Follow until told to stop; a database away, or anything else, is tried again."""
    while not stop.is_set():
        try:
            moved = advance(node)
        except Exception:
            moved = 0
            _log.exception("the index stands still; trying again")
        if not moved and stop.wait(pause):
            return


def advance(node: Node, entries: int = ENTRIES) -> int:
    """Take in the next sealed entries; how many positions of the journal that was."""
    with node.database.transaction() as tx:
        state = tx.one("SELECT generation, position FROM index_state FOR UPDATE")
        position, fresh = _sealed(tx, state.position, entries)
        if position == state.position:
            return 0
        _count(node, tx, state.generation, fresh)
        tx.touch("UPDATE index_state SET position = %s", (position,))
        return int(position - state.position)


def _sealed(tx: Tx, after: int, entries: int) -> tuple[int, dict[str, Fresh]]:
    """The next seals' acts of dossiers by code, and the position after them."""
    fresh: dict[str, Fresh] = {}
    position = after
    for seal in tx.all(_SEALS, (after, max(1, entries // 10))):
        window = (str(seal.window_from), str(seal.window_to), seal.after_id, seal.count)
        for row in tx.all(_ENTRIES, window):
            known = 0 if row.lived else day_of(seal.at)
            fresh.setdefault(row.stream.removeprefix(STREAM), Fresh()).known[row.number] = known
        position = seal.first_position + seal.count - 1
        if position - after >= entries:
            break
    return position, fresh


def _count(node: Node, tx: Tx, generation: int, fresh: Mapping[str, Fresh]) -> None:
    """Fold the dossiers that moved; add what is new of them to the sums."""
    codes = list(fresh)
    if not codes:
        return
    dossiers = [_identity(row) for row in tx.all(_DOSSIERS, (codes,))]
    counted = {row.code: row for row in tx.all(_COUNTED, (generation, codes))}
    acts = _acts(tx, [one.code for one in dossiers])
    papers = index_store.components(tx, codes)
    tally, facts = Tally(), list[tuple[Identity, Fact]]()
    for one in dossiers:
        before, emit = counted.get(one.code), tally.of(one.unit, one.service)
        fold, held = Fold(index_store.kind_of(node, one)), list(papers.get(one.code, ()))
        for number, act in acts.get(one.code, ()):
            if number > fresh[one.code].last:
                break  # not sealed yet
            while held and held[0].at <= act.at:
                fold.hold([held.pop(0)])
            is_new = before is None or number > before.acts
            fold.add(act, fresh[one.code].known.get(number, 0), emit if is_new else None)
            fold.fact.acts = number
        if before is not None:
            fold.fact.stored_late = max(fold.fact.stored_late, before.stored_late)
        facts.append((one, fold.fact))
    index_store.add(tx, generation, tally.cells)
    index_store.keep(tx, generation, facts)


def _identity(row: Any) -> Identity:
    return Identity(row.code, row.service, row.revision, row.unit, row.channel, row.filed_by)


def _acts(tx: Tx, codes: list[str]) -> dict[str, list[tuple[int, Act]]]:
    found: dict[str, list[tuple[int, Act]]] = {}
    for row in tx.all(_ACTS, ([STREAM + code for code in codes],)):
        act = msgspec.json.decode(row.payload, type=Act)
        found.setdefault(row.stream.removeprefix(STREAM), []).append((row.number, act))
    return found
