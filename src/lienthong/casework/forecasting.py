"""Keeping the forecast (casework.forecast): learned from the node's own acts once a day, read by unit."""

import logging
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from threading import Event
from typing import Any, Final

import msgspec

from lienthong.casework import forecast
from lienthong.casework.acts import Act
from lienthong.casework.dossiers import Dossier
from lienthong.casework.forecast import RUNNING, Curve, Known, Model, Past, Risk
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.storage import Tx

EVERY: Final = timedelta(days=1)
LOOKS: Final = 300.0  # seconds between looks whether a day has gone
SOON: Final = 10.0
MOST: Final = 60_000  # dossiers learned from, the latest
AT_ONCE: Final = 500

_DUE: Final = "SELECT max(learned_at) FROM forecast"
_CODES: Final = """
SELECT code, service, revision, coalesce(unit, '') AS unit FROM dossier
WHERE since >= %s AND branches = '{}' ORDER BY since DESC LIMIT %s
"""
_ACTS: Final = """
SELECT stream, payload FROM journal_entry WHERE stream = ANY (%s) AND payload IS NOT NULL ORDER BY stream, number
"""
_STORE: Final = """
INSERT INTO forecast (service, step, took, needed, stretch, learned_at) VALUES (%s, %s, %s, %s, %s, %s)
"""
_PACES: Final = "INSERT INTO forecast_pace SELECT * FROM unnest(%s::text[], %s::double precision[])"
_OTHERS: Final = """
SELECT desk, role, count(*) AS n FROM dossier WHERE waiting = 'open' AND (desk = ANY (%s) OR role = ANY (%s))
GROUP BY desk, role
"""
_log = logging.getLogger(__name__)


def run(node: Node, stop: Event) -> None:
    """Learn when a day has gone, until told to stop; what fails is tried again."""
    pause = SOON
    while not stop.wait(pause):
        pause = LOOKS if learned(node) else SOON


def learned(node: Node) -> bool:
    """Learn where it is time; False when that failed."""
    try:
        node, now = node.at_hand(), clock.now()
        with node.database.transaction() as tx:
            last = tx.value(_DUE)
        if last is None or last + EVERY <= now or last > now:
            model = learn(node, now)
            with node.database.transaction() as tx:
                store(tx, model)
    except Exception:
        _log.exception("the forecast could not be learned; it is tried again")
        return False
    return True


def learn(node: Node, at: datetime) -> Model:
    """From the dossiers that moved lately, a few hundred at a time."""
    with node.database.transaction() as tx:
        rows = tx.all(_CODES, (at - forecast.LEARNED_FROM, MOST))
    return forecast.learn(_pasts(node, rows), lambda unit: node.catalogue.calendar_of(unit or None), at)


def _pasts(node: Node, rows: list[Any]) -> Iterator[Past]:
    for begin in range(0, len(rows), AT_ONCE):
        some = {f"dossier/{row.code}": row for row in rows[begin : begin + AT_ONCE]}
        acts: dict[str, list[Act]] = {}
        with node.database.transaction() as tx:
            for entry in tx.all(_ACTS, (list(some),)):
                acts.setdefault(entry.stream, []).append(msgspec.json.decode(entry.payload, type=Act))
        for stream, found in acts.items():
            row = some[stream]
            yield Past(node.catalogue.shown(row.service, row.revision), row.unit, found)


def store(tx: Tx, model: Model) -> None:
    """In place of what was known before."""
    tx.touch("DELETE FROM forecast")
    tx.touch("DELETE FROM forecast_pace")
    for (service, step), known in model.known.items():
        took, needed = (msgspec.json.encode(forecast.as_text(one)).decode() for one in (known.took, known.needed))
        tx.run(_STORE, (service, step, took, needed, model.stretch.get((service, step), 0.0), model.at))
    tx.run(_PACES, (list(model.pace), list(model.pace.values())))


def load(tx: Tx) -> Model | None:
    """What is known; None before anything was learned."""
    rows = tx.all("SELECT * FROM forecast")
    if not rows:
        return None
    model = Model(rows[0].learned_at)
    for row in rows:
        took, needed = (msgspec.json.decode(text, type=Curve) for text in (row.took, row.needed))
        model.known[row.service, row.step] = Known(took, needed)
        model.stretch[row.service, row.step] = row.stretch
    model.pace = {row.unit: row.pace for row in tx.all("SELECT * FROM forecast_pace")}
    return model


def lying(tx: Tx, units: Collection[str], roles: Collection[str] = ()) -> dict[tuple[str, str], int]:
    """How many dossiers lie open in some units, and of some roles everywhere, by unit and role."""
    return {(row.desk, row.role): row.n for row in tx.all(_OTHERS, (list(units), list(roles)))}


def risk(node: Node, model: Model, dossier: Dossier, others: int, at: datetime) -> Risk | None:
    """The chance of one running dossier; None where nothing is promised or known. While somebody outside is waited for
    the clock stands: it will begin its step anew."""
    state, identity = dossier.state, dossier.identity
    if state.deadline is None or not state.step:
        return None
    calendar = node.catalogue.calendar_of(identity.unit)
    begun, now = (state.since, at) if state.waiting in RUNNING else (state.paused_at or at, state.paused_at or at)
    spent, left = calendar.hours_between(begun, now), calendar.hours_between(now, state.deadline)
    return model.risk(identity.service, state.step, dossier.desk, spent, left, others)
