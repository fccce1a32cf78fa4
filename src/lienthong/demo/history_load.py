"""Bring past dossiers into a node's database: rows by COPY, the series of their codes moved on, statistics refreshed.

One process loads in one transaction, once for good. Several share the days out and commit each, so that the journal
stays in about the order of its time; a load by several that is cut short is not taken up again.
"""

import multiprocessing
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from multiprocessing.connection import Connection, wait
from typing import Any, Final, cast

import psycopg
from psycopg.rows import namedtuple_row

from lienthong.catalogue.catalogue import Catalogue
from lienthong.demo import history, history_forms, history_people, history_rows
from lienthong.demo.cases import UNITS
from lienthong.demo.history import Archive
from lienthong.demo.history_forms import People
from lienthong.demo.history_pace import Figures
from lienthong.journal import sealer
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Tx
from lienthong.territory.units import Territory

Progress = Callable[[int, int], None]
_TABLES: Final = ("dossier", "dossier_content", "dossier_name", "journal_entry", "series")
DEMO: Final = 2_000  # dossiers
_HALF_A_YEAR: Final = timedelta(days=182)
_MORE: Final = 12
_NOTED: Final = "INSERT INTO load (name, at) VALUES ('history', now()) ON CONFLICT DO NOTHING"
# Lived before it was stored: what was done counts as known on its own day (steering.index_follow).
_LIVED: Final = """
INSERT INTO index_lived (first_xid, last_xid, why)
SELECT pg_current_xact_id(), pg_current_xact_id(), 'history' ON CONFLICT DO NOTHING
"""
_SERIES: Final = """
INSERT INTO series (name, last) SELECT * FROM unnest(%s::text[], %s::bigint[])
ON CONFLICT (name) DO UPDATE SET last = greatest(series.last, excluded.last)
"""


@dataclass
class Loaded:
    """What a load brought in."""

    dossiers: int = 0
    acts: int = 0
    seconds: float = 0.0

    def add(self, dossiers: int, acts: int) -> None:
        self.dossiers, self.acts = self.dossiers + dossiers, self.acts + acts


def load(
    conninfo: str,
    archive: Archive,
    figures: Figures,
    *,
    processes: int = 1,
    progress: Progress = lambda _done, _whole: None,
) -> Loaded:
    """Make and load; `conninfo` may insert into the node's tables (its owner's role). A past that was loaded by one
    process before is left alone. Raises psycopg.Error; RuntimeError when one of several processes fails.
    """
    began, told = time.monotonic(), Loaded()
    if processes == 1:
        with psycopg.connect(conninfo) as link:
            if link.execute(_NOTED).rowcount:
                link.execute(_LIVED)
                _load(link, archive, figures, 0, 1, lambda *more: _tell(told, figures, progress, *more))
    else:
        _together(conninfo, archive, figures, processes, lambda *more: _tell(told, figures, progress, *more))
    with psycopg.connect(conninfo, autocommit=True) as link:
        for table in _TABLES:
            link.execute(f"ANALYZE {table}")
    told.seconds = time.monotonic() - began
    return told


def of_demo(
    owners: Mapping[str, str],
    catalogue: Catalogue,
    territory: Territory,
    *,
    now: datetime,
    seed: int,
    seal: SigningKey | None = None,
) -> Loaded:
    """The last half year of the demo province's one-stop, about people of its registers; more of it where the families
    of the sign-in page live. `owners` are connection texts by node, `seal` is the one-stop's."""
    since = now.date() - _HALF_A_YEAR
    known = history_people.citizens(owners["G01"])
    grown = history_forms.living_in(known, since)
    births = history_people.births(owners["G15"], catalogue.registers["births"], grown, since)
    people = People(territory, catalogue.terms, grown, births)
    units = [replace(unit, weight=unit.weight * (_MORE if unit.code in UNITS else 1)) for unit in territory.units()]
    archive = Archive(
        catalogue, territory, history_people.posts(owners[catalogue.node]), people, units=units, seal=seal
    )
    return load(owners[catalogue.node], archive, Figures(DEMO, since, now, seed, rush=True))


def seal(conninfo: str) -> int:
    """Let the sealer's own code seal everything that is there; how many entries. A node's worker does the same while
    it runs: this is for a database whose node stands still."""
    whole = 0
    with psycopg.connect(conninfo, row_factory=namedtuple_row) as link:
        while True:
            with link.transaction():
                tx = Tx(link)
                count = sealer.seal_ready(tx)
                tx.flush()
            whole += count
            if not count:
                return whole


def _tell(told: Loaded, figures: Figures, progress: Progress, dossiers: int, acts: int) -> None:
    told.add(dossiers, acts)
    progress(told.dossiers, figures.dossiers)


def _load(
    link: psycopg.Connection[Any],
    archive: Archive,
    figures: Figures,
    part: int,
    parts: int,
    tell: Callable[[int, int], None],
) -> None:
    for made in history.made(archive, figures, part, parts):
        reached, acts = history_rows.numbers(made), sum(one.acts for one in made)
        history_rows.copy(link, history_rows.rows(archive.catalogue, made))
        tx = Tx(link)
        history_rows.open_tasks(tx, made)
        tx.touch(_SERIES, (list(reached), list(reached.values())))
        if parts > 1:
            link.commit()
        tell(len(made), acts)


def _together(
    conninfo: str, archive: Archive, figures: Figures, processes: int, tell: Callable[[int, int], None]
) -> None:
    """Each process takes every so-manieth day."""
    context, readers, children = multiprocessing.get_context("fork"), list[Connection](), []
    for part in range(processes):
        reader, writer = context.Pipe(duplex=False)
        child = context.Process(target=_child, args=(conninfo, archive, figures, part, processes, writer), daemon=True)
        child.start()
        writer.close()
        readers.append(reader)
        children.append(child)
    try:
        while readers:
            for ready in wait(readers):
                reader = cast(Connection, ready)
                if (heard := _heard(reader)) is None:
                    readers.remove(reader)
                else:
                    tell(*heard)
    finally:
        for child in children:
            child.terminate()
            child.join()


def _heard(reader: Connection) -> tuple[int, int] | None:
    """Dossiers and acts of one more day, None at the end. Raises RuntimeError."""
    try:
        told: Any = reader.recv()
    except EOFError:
        raise RuntimeError("a process that loads past dossiers ended early") from None
    if isinstance(told, str):
        raise RuntimeError(f"past dossiers could not be loaded: {told}")
    return told  # type: ignore[no-any-return]


def _child(conninfo: str, archive: Archive, figures: Figures, part: int, parts: int, out: Connection) -> None:
    try:
        with psycopg.connect(conninfo) as link:
            link.execute("SET synchronous_commit = off")
            link.commit()
            _load(link, archive, figures, part, parts, lambda *more: out.send(more))
        out.send(None)
    except psycopg.Error as error:
        out.send(str(error))
