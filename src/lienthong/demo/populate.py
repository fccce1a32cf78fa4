"""Load the demo population into the nodes' registers: once, whole, and repeatably.

1. every node to be filled notes that a load has begun, and puts its secondary indexes aside
2. one or two processes make communes and COPY them, each in one transaction per node
3. officers and the people to sign in as are written, indexes come back, the journal is told of the rows in sets (so
   that they are in the feeds), the node notes that the load is done

A load cut short leaves nodes that began and did not finish; the next call empties exactly those and fills them again.
"""

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from multiprocessing import connection as pipes
from pathlib import Path
from typing import Any

import psycopg

from lienthong.demo import destination, rows, stories
from lienthong.demo.names import Names
from lienthong.demo.plan import Plan
from lienthong.demo.population import Commune
from lienthong.demo.rows import Sign
from lienthong.registers import loading
from lienthong.territory.units import Territory, Unit

Progress = Callable[[int, int], None]
Shares = list[tuple[int, Unit, int]]
_ALONE = 60_000  # people up to whom a second process costs more than it saves
_SERVED_SINCE = date(2025, 7, 1)


@dataclass(slots=True)
class Summary:
    """What was loaded: people, rows by register, and seconds; `nodes` are those filled by this call."""

    people: int = 0
    seconds: float = 0.0
    rows: Counter[str] = field(default_factory=Counter)
    nodes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Harvest:
    """What one process learned while loading its communes."""

    rows: Counter[str] = field(default_factory=Counter)
    posts: list[stories.Post] = field(default_factory=list)
    parents: list[stories.Parent] = field(default_factory=list)
    series: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, other: "Harvest") -> None:
        self.rows += other.rows
        self.posts += other.posts
        self.parents += other.parents
        self.reach(other.series)

    def reach(self, series: dict[tuple[str, str], int]) -> None:
        """Keep the furthest number of every series."""
        for name, last in series.items():
            self.series[name] = max(last, self.series.get(name, 0))


def populate(
    connections: dict[str, str],
    *,
    territory: Territory,
    catalogue: Path,
    today: date,
    people: int = 20_000,
    seed: int = 6,
    sign: Sign | None = None,
    progress: Progress = lambda _done, _whole: None,
) -> Summary:
    """Fill the registers of the nodes, given as owner-role connection strings by node name; others
    are passed over.

    `catalogue` is the folder that declares the registers. `sign` makes G18's seal of a birth notice from its canonical
    bytes. `progress` is told people done and people wanted. Nodes a former call has finished are left alone. Raises
    destination.NotEmpty for registers somebody else has written to, or for a finished load of other figures;
    psycopg.Error and RuntimeError leave a load to be redone.
    """
    began = time.monotonic()
    connections = {node: conninfo for node, conninfo in connections.items() if destination.tables(node)}
    open_nodes, today = destination.begin(connections, destination.Figures(people, seed, today))
    plan = Plan(people=people, seed=seed, today=today, territory=territory, names=Names.load())
    targets = {node: connections[node] for node in open_nodes}
    harvest = Harvest()
    if targets:
        work = _alone if people <= _ALONE else _together
        harvest = work(plan, targets, sign, progress)
        chosen = stories.choose(harvest.parents, harvest.posts, territory)
        for node, conninfo in targets.items():
            with psycopg.connect(conninfo) as link:
                _write_posts(link, node, [post for post in harvest.posts if post.node == node])
                _write_demo_people(link, node, chosen)
                _write_series(link, {name: last for (owner, name), last in harvest.series.items() if owner == node})
        destination.finish(targets, destination.Figures(people, seed, today), catalogue)
    return Summary(people, time.monotonic() - began, harvest.rows, list(targets))


def _alone(plan: Plan, targets: dict[str, str], sign: Sign | None, progress: Progress) -> Harvest:
    done = 0

    def tell(count: int) -> None:
        nonlocal done
        done += count
        progress(done, plan.people)

    return _load(plan, plan.shares(), targets, sign, tell)


def _together(plan: Plan, targets: dict[str, str], sign: Sign | None, progress: Progress) -> Harvest:
    """Two processes, each with half of the people; raises RuntimeError when one of them fails."""
    context = multiprocessing.get_context("fork")
    readers: list[Any] = []
    children = []
    shares = sorted(plan.shares(), key=lambda share: -share[2])
    for half in (shares[0::4] + shares[3::4], shares[1::4] + shares[2::4]):
        reader, writer = context.Pipe(duplex=False)
        child = context.Process(target=_child, args=(plan, half, targets, sign, writer), daemon=True)
        child.start()
        writer.close()
        readers.append(reader)
        children.append(child)
    try:
        return _gather(readers, lambda done: progress(done, plan.people))
    finally:
        for child in children:
            child.terminate()
            child.join()


def _gather(readers: list[Any], tell: Callable[[int], None]) -> Harvest:
    """Read what the processes say until each has handed over its harvest."""
    harvest = Harvest()
    done = 0
    while readers:
        for reader in pipes.wait(readers):
            told = _heard(reader)
            if isinstance(told, int):
                done += told
                tell(done)
                continue
            harvest.add(told)
            readers.remove(reader)
    return harvest


def _heard(reader: Any) -> Any:
    try:
        told = reader.recv()
    except EOFError:
        raise RuntimeError("a loading process ended early; call again to redo its nodes") from None
    if isinstance(told, str):
        raise RuntimeError(f"loading failed, call again to redo its nodes: {told}")
    return told


def _child(plan: Plan, shares: Shares, targets: dict[str, str], sign: Sign | None, out: Any) -> None:
    try:
        out.send(_load(plan, shares, targets, sign, out.send))
    except (psycopg.Error, OSError) as error:
        with suppress(OSError):  # the parent may be what went away
            out.send(str(error))


def _load(
    plan: Plan, shares: Shares, targets: dict[str, str], sign: Sign | None, tell: Callable[[int], None]
) -> Harvest:
    """Make communes and copy them; every node commits at the end."""
    harvest = Harvest()
    links = {node: psycopg.connect(conninfo) for node, conninfo in targets.items()}
    tail = loading.tail(destination.Figures(plan.people, plan.seed, plan.today).load, rows.recorded_at(plan.today))
    try:
        for place, unit, count in shares:
            commune = Commune(plan, place, unit)
            facility = plan.territory.nearest_facility(unit.code)
            for batch in commune.batches(count):
                made = rows.rows(batch, commune=commune, facility=facility, sign=sign)
                for (node, register), found in made.items():
                    harvest.rows[register] += len(found)
                    if node in links:
                        _copy(links[node], register, rows.COLUMNS[node, register], found, tail)
                harvest.posts += stories.posts(batch)
                harvest.parents += stories.parents(batch)
                tell(len(batch.living))
            harvest.reach(commune.numbers.used(plan.today.year))
        for link in links.values():
            link.commit()
    finally:
        for link in links.values():
            link.close()
    return harvest


def _copy(link: psycopg.Connection[Any], register: str, columns: tuple[str, ...], found: list[Any], tail: str) -> None:
    """COPY rows as text. No value holds a tab, a line end or a backslash: all come from our own tables."""
    lines = ["\t".join(["\\N" if value is None else str(value) for value in row]) + tail for row in found]
    names = ", ".join((*columns, "recorded_at", "recorded_by"))
    with link.cursor() as cursor, cursor.copy(f"COPY {register} ({names}) FROM STDIN") as copy:
        copy.write("".join(lines))


def _write_posts(link: psycopg.Connection[Any], node: str, posts: list[stories.Post]) -> None:
    if node in destination.STAFFED:
        with link.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO officer (number, name, role, unit, starts) VALUES (%s, %s, %s, %s, %s)",
                [(post.number, post.name, post.role, post.unit, _SERVED_SINCE) for post in posts],
            )


def _write_demo_people(link: psycopg.Connection[Any], node: str, chosen: list[stories.DemoPerson]) -> None:
    if node == destination.PROVIDER:
        with link.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO demo_person (number, name, why_vi, why_en, role, position) "
                "VALUES (%(number)s, %(name)s, %(why_vi)s, %(why_en)s, %(role)s, %(position)s)",
                [asdict(one) for one in chosen],
            )


def _write_series(link: psycopg.Connection[Any], series: dict[str, int]) -> None:
    """Let the registers' running numbers go on where the load ended."""
    with link.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO series (name, last) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET last = EXCLUDED.last",
            list(series.items()),
        )
