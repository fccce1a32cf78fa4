"""Measures of a register at scale, on a database of its own: how fast it loads, and how much room a person takes."""

import itertools
import random
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg

from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import Catalogue
from lienthong.catalogue.catalogue import load as read_catalogue
from lienthong.config import databases, schema
from lienthong.config.postgres import Cluster
from lienthong.config.state import HOME, State
from lienthong.demo import rows as demo_rows
from lienthong.demo.names import Names
from lienthong.demo.plan import Plan
from lienthong.demo.population import Commune
from lienthong.journal import sealer
from lienthong.kit import clock
from lienthong.kit.storage import Database, Tx
from lienthong.registers import loading, records
from lienthong.territory.units import Territory

NODE, REGISTER = "G01", "persons"
SAMPLE = 20_000  # people of the demo whose rows are drawn from: names, homes and parents as long as in life
BLOCK = 2_000  # lines handed to COPY at once
AMENDED = 5  # one person in five has a past version
AT_ONCE = 500  # amendments in one transaction
LOAD_ROUNDS = 3
LOAD_ROWS, SIZE_ROWS, ENOUGH_ROWS = 300_000, 200_000, 2_000_000
COUNTRY = 100_000_000
_COLUMNS = demo_rows.COLUMNS[NODE, REGISTER]
_SIZES = """
SELECT relname, pg_total_relation_size(oid) AS size, pg_indexes_size(oid) AS indexes FROM pg_class
WHERE relname = ANY(%s) AND relkind = 'r'
"""


@dataclass(frozen=True)
class Office:
    """A population authority's database, empty but for its definitions, through both its roles."""

    owner: str
    run: Database
    catalogue: Catalogue

    def sealed(self) -> None:
        while self._seal():
            pass

    def _seal(self) -> int:
        with self.run.transaction() as tx:
            return sealer.seal_ready(tx)

    def emptied(self) -> None:
        with psycopg.connect(self.owner, autocommit=True) as link:
            link.execute(f"TRUNCATE {REGISTER}, {REGISTER}_past, journal_entry, seal, seal_feed")


@contextmanager
def office(name: str = NODE) -> Iterator[Office]:
    """A server of its own with one node's database; removed at the end."""
    root = Path(tempfile.mkdtemp(prefix="lienthong-office-"))
    root.chmod(0o711)
    state = State(root)
    for folder in (state.keys, state.log):
        folder.mkdir()
    cluster = Cluster(state)
    try:
        cluster.ensure()
        cluster.start()
        cluster.wait()
        node = databases.ensure_databases(cluster, [name])[name]
        owner = node.conninfo(cluster, "owner")
        schema.migrate(name, owner)
        databases.grant_runtime(owner)
        run = Database(node.conninfo(cluster, "run"), size=2)
        yield Office(owner, run, read_catalogue(HOME / "catalogue", name, source_hashes()))
        run.close()
    finally:
        cluster.stop()
        shutil.rmtree(root)
        shutil.rmtree(state.short, ignore_errors=True)


# ---------------------------------------------------------------------- people


def people(count: int, tail: str) -> Iterator[str]:
    """So many people in order of number, as COPY's text, in blocks."""
    chance = random.Random(6)  # noqa: S311 - a repeatable measure, no secret
    alike: dict[str, list[Sequence[Any]]] = defaultdict(list)
    for row in _sample():
        alike[row[0][:6]].append(row)
    lines: list[str] = []
    whole = sum(map(len, alike.values()))
    reached = given = 0
    for prefix in sorted(alike):
        reached += len(alike[prefix])
        wanted = count * reached // whole - given
        given += wanted
        numbers = sorted(chance.sample(range(1_000_000), wanted))
        for last, row in zip(numbers, itertools.cycle(alike[prefix]), strict=False):
            lines.append(loading.line((f"{prefix}{last:06d}", *row[1:]), tail))
            if len(lines) == BLOCK:
                yield "".join(lines)
                lines = []
    yield "".join(lines)


def _sample() -> Iterator[Sequence[Any]]:
    territory = Territory.load(HOME / "catalogue" / "territory")
    plan = Plan(people=SAMPLE, seed=6, today=clock.today(), territory=territory, names=Names.load())
    for place, unit, share in plan.shares():
        commune = Commune(plan, place, unit)
        facility = territory.nearest_facility(unit.code)
        for batch in commune.batches(share):
            yield from demo_rows.rows(batch, commune=commune, facility=facility, sign=None)[NODE, REGISTER]


# ---------------------------------------------------------------------- register.load


@dataclass(frozen=True)
class Loads:
    """Rows a second, round by round: the product's load, and bare COPY into the same table."""

    product: list[float]
    floor: list[float]


def load(count: int) -> Loads:
    """Load so many people with feed and seals, and by COPY alone, in turns, into the emptied table with its indexes."""
    at = clock.now()
    blocks = list(people(count, loading.tail("bench", at)))
    product, floor = [], []
    with office() as place:
        for _ in range(LOAD_ROUNDS):
            place.emptied()
            floor.append(count / _seconds(lambda: _bare(place, blocks)))
            place.emptied()
            product.append(count / _seconds(lambda: _loaded(place, blocks, at)))
            with place.run.transaction() as tx:
                assert tx.value("SELECT count(*) FROM seal_feed WHERE feed = %s", (REGISTER,)) >= 1
    return Loads(product, floor)


def _seconds(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _bare(place: Office, blocks: Sequence[str]) -> None:
    with place.run.transaction() as tx:
        loading.copy_in(tx, place.catalogue.owned[REGISTER], _COLUMNS, blocks)


def _loaded(place: Office, blocks: Sequence[str], at: datetime) -> None:
    register, terms = place.catalogue.owned[REGISTER], place.catalogue.terms
    with place.run.transaction() as tx:
        loading.copy_in(tx, register, _COLUMNS, blocks)
        loading.write_down(tx, register, terms, "bench", at=at)
    place.sealed()


# ---------------------------------------------------------------------- population.size


@dataclass(frozen=True)
class Room:
    """Bytes a person: the register with its indexes, its past, and the feed (journal and seals)."""

    people: int
    amended: int
    table: float
    indexes: float
    past: float
    feed: float
    seconds: float

    @property
    def whole(self) -> float:
        return self.table + self.indexes + self.past + self.feed


def size(count: int) -> Room:
    """Load so many people, amend one in five through the register's own verb, seal, and weigh what lies there."""
    began = time.perf_counter()
    at = clock.now()
    with office() as place:
        register, terms = place.catalogue.owned[REGISTER], place.catalogue.terms
        with place.run.transaction() as tx:
            loading.copy_in(tx, register, _COLUMNS, people(count, loading.tail("bench", at)))
            loading.write_down(tx, register, terms, "bench", at=at)
        place.sealed()
        amended = _amended(place, at)
        place.sealed()
        with psycopg.connect(place.owner, autocommit=True) as link:
            link.execute(f"VACUUM ANALYZE {REGISTER}")
        with place.run.transaction() as tx:
            weighed = _weighed(tx)
    each = {name: size / count for name, size in weighed.items()}
    return Room(count, amended, **each, seconds=time.perf_counter() - began)


def _amended(place: Office, at: datetime) -> int:
    """Every fifth person moves their telephone, or corrects their name: one past version each."""
    register = place.catalogue.owned[REGISTER]
    with place.run.transaction() as tx:
        keys = [row.number for row in tx.all(f"SELECT number FROM {REGISTER} ORDER BY number")][::AMENDED]
    random.Random(6).shuffle(keys)  # noqa: S311
    for begin in range(0, len(keys), AT_ONCE):
        with place.run.transaction() as tx:
            for turn, key in enumerate(keys[begin : begin + AT_ONCE]):
                changes = {"phone": "0912345678"} if turn % 2 else {"full_name": "Nguyễn Thị Thanh Hương"}
                by = "01890a5d-ac96-774b-bcce-b302099a8057"  # a message's id is what a change mostly follows from
                records.amend(tx, register, key, changes, at=at, valid_from=date(2026, 11, 1), by=by)
    return len(keys)


def _weighed(tx: Tx) -> dict[str, float]:
    names = [REGISTER, f"{REGISTER}_past", "journal_entry", "seal", "seal_feed"]
    sizes = {row.relname: row for row in tx.all(_SIZES, (names,))}
    table = sizes[REGISTER]
    return {
        "table": table.size - table.indexes,
        "indexes": table.indexes,
        "past": sizes[f"{REGISTER}_past"].size,
        "feed": sum(sizes[name].size for name in names[2:]),
    }
