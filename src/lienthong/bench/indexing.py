"""Index 766 over the acts of a large province: computed from nothing, running, and of a past day.

On a database of its own. The lives are those of demo/history; each is laid down many times, under codes of its own.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import psycopg

from lienthong.bench.measured import Measured, Options
from lienthong.bench.registers import Office, office
from lienthong.config import wiring
from lienthong.config.state import HOME
from lienthong.demo import history_load
from lienthong.demo.history import Archive
from lienthong.demo.history_forms import People
from lienthong.demo.history_pace import Figures
from lienthong.exchange.directory import Directory
from lienthong.exchange.node import Node
from lienthong.kit.clock import ZONE
from lienthong.kit.signatures import SigningKey
from lienthong.steering import index_follow, index_full, index_sums
from lienthong.steering.index_sums import Period
from lienthong.territory.units import Territory

NODE: Final = "H36"
DOSSIERS, LIVES, ROUNDS = 1_000_000, 20_000, 5
SINCE, UNTIL = date(2025, 1, 2), datetime(2026, 11, 20, 16, tzinfo=ZONE)
RUNNING, PAST = Period.of(date(2026, 1, 1), UNTIL.date()), Period.of(date(2026, 1, 1), date(2026, 8, 19))
_COLUMNS = """
SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = ''
  AND attname <> ALL(%s)
"""
_CODE = "substring({0} from '^.*-') || (split_part({0}, '-', -1)::integer + {1} * 10000)"
_WHOLE_SEAL = """
INSERT INTO seal (number, first_position, count, window_from, window_to, after_id, at, root, chain)
SELECT 1, 1, count(*), '0', pg_current_xact_id(), 0, %s, '', '' FROM journal_entry
"""
_SCAN = "SELECT count(*), sum(length(payload)), max(number) FROM journal_entry WHERE kind = 'act'"
_SUM = "SELECT unit, service, sum(open), sum(received), sum(late) FROM index_day WHERE generation = %s GROUP BY 1, 2"


@dataclass
class Figured:
    """Seconds by what was done, and how much of it there was."""

    seconds: dict[str, float]
    dossiers: int = 0
    acts: int = 0
    followed: float = 0.0


def index766(options: Options) -> Measured:
    """Seconds for Index 766 from a million dossiers' acts, from nothing; running and for a past day in the note."""
    found = measure(options.rows or DOSSIERS)
    s = found.seconds
    note = (
        f"{found.dossiers:,} dossiers, {found.acts:,} acts; facts and sums of every day anew, two processes; floor: one"
        f" scan over the same acts; running (this year so far and the year before, by unit and procedure):"
        f" {s['running']:.3f} s (floor, three sums of every day bare: {s['sum']:.3f} s); a past day {s['past']:.3f} s;"
        f" the follower takes in {found.followed:,.0f} acts/s and comes to the same sums"
    )
    return Measured("index766", round(s["full"], 1), "s", round(s["scan"], 1), round(s["full"] / s["scan"], 2), note)


def measure(dossiers: int) -> Figured:
    with office(NODE) as place, _node(place) as node:
        lives = min(LIVES, dossiers)
        history_load.load(place.owner, _archive(node), Figures(lives, SINCE, UNTIL), processes=2)
        _as_lived(place)
        followed = _followed(place, node)
        _multiply(place, dossiers // lives)
        found = Figured({}, followed=followed)
        found.seconds["scan"] = _seconds(lambda: _one(place, _SCAN))
        found.seconds["full"] = _seconds(lambda: _full(node, found))
        _one(place, "SELECT 1; ANALYZE index_day; ANALYZE index_month; ANALYZE index_fact")
        generation = _one(place, "SELECT generation FROM index_state")[0]
        found.seconds["sum"] = _middle(lambda: _one(place, _SUM.replace("%s", str(generation))))
        found.seconds["running"] = _middle(lambda: _grids(node, RUNNING, RUNNING.year_before()))
        found.seconds["past"] = _middle(lambda: _grids(node, PAST))
        return found


# ---------------------------------------------------------------------- the province


@contextmanager
def _node(place: Office) -> Iterator[Node]:
    with TemporaryDirectory() as run:
        territory, key = Territory.load(HOME / "catalogue" / "territory"), SigningKey.generate()
        yield wiring.assemble(place.catalogue, territory, Directory({}), place.run, key=key, seal=key, run=Path(run))


def _archive(node: Node) -> Archive:
    """Every unit with one officer in each role."""
    steps = [step for one in node.catalogue.services.values() for step in one.process.steps]
    roles = sorted({role for step in steps for role in (step.role, *(one.role for one in step.asks)) if role})
    units = node.territory.units()
    posts = [
        (f"068{place:04d}{number:05d}", f"Cán bộ {number}", role, unit.code)
        for place, unit in enumerate(units)
        for number, role in enumerate(roles)
    ]
    return Archive(node.catalogue, node.territory, posts, People(node.territory, node.catalogue.terms), units=units)


def _as_lived(place: Office) -> None:
    """What was done counts as known on its own day."""
    _one(place, "INSERT INTO index_lived (first_xid, last_xid, why) SELECT '0', '9223372036854775807', 'bench'")


def _followed(place: Office, node: Node) -> float:
    """Acts a second that the follower takes in; its sums must be those of a computation from nothing."""
    history_load.seal(place.owner)
    acts = int(_one(place, "SELECT count(*) FROM journal_entry WHERE kind = 'act'")[0])
    began = time.monotonic()
    while index_follow.advance(node):
        pass
    rate = acts / (time.monotonic() - began)
    full = index_full.recompute(node)
    with node.database.transaction() as tx:
        if differing := index_full.differing(tx, full.generation - 1, full.generation):
            raise RuntimeError(f"{differing} running sums are not those of a computation from nothing")
    return rate


def _multiply(place: Office, times: int) -> None:
    """Each dossier `times` times, with its acts; then one seal over all of it."""
    with psycopg.connect(place.owner, autocommit=True) as link:
        link.execute("SET synchronous_commit = off")
        for table, key, own in (("dossier", "code", ("code", "about")), ("journal_entry", "stream", ("xid", "stream")),
                                ("component", "dossier", ("dossier",))):  # fmt: skip
            columns = link.execute(_COLUMNS, (table, list(own))).fetchone()[0]  # type: ignore[index]
            where = "WHERE stream LIKE 'dossier/%%'" if table == "journal_entry" else ""
            link.execute(f"CREATE TEMPORARY TABLE first AS SELECT * FROM {table} {where.replace('%%', '%')}".encode())
            for number in range(1, times):
                code = _CODE.format(key, number)
                link.execute(f"INSERT INTO {table} ({key}, {columns}) SELECT {code}, {columns} FROM first".encode())
            link.execute("DROP TABLE first")
        link.execute("TRUNCATE seal, seal_feed")
        link.execute(_WHOLE_SEAL, (UNTIL,))
        link.execute("UPDATE index_state SET position = (SELECT count FROM seal)")
        for table in ("dossier", "journal_entry", "component"):
            link.execute(f"VACUUM ANALYZE {table}".encode())


# ---------------------------------------------------------------------- what is timed


def _full(node: Node, found: Figured) -> None:
    full = index_full.recompute(node)
    found.dossiers, found.acts = full.dossiers, full.acts


def _grids(node: Node, *periods: Period) -> None:
    with node.database.transaction() as tx:
        for period in periods:
            if not index_sums.grid(tx, period).total["received"]:
                raise RuntimeError("nothing was received in this period")


def _one(place: Office, query: str) -> Any:
    with psycopg.connect(place.owner, autocommit=True) as link:
        last = None
        for part in query.split("; "):
            done = link.execute(part.encode())
            last = done.fetchone() if done.description else last
        return last


def _seconds(act: Callable[[], Any]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def _middle(act: Callable[[], Any]) -> float:
    return median(_seconds(act) for _ in range(ROUNDS))
