"""Index 766 computed from nothing but the acts in the journal: into a new generation, which then takes the place of the
one before. It is what the running sums must be equal to (`differing`).

Two processes share the dossiers in ranges of codes; each reads acts, folds them and writes facts and sums in bulk.
"""

import multiprocessing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import psycopg

from lienthong.exchange.node import Node
from lienthong.kit.storage import Tx
from lienthong.steering import index_store
from lienthong.steering.index_facts import MEASURES, Act, Component, Fold, Kind, Service
from lienthong.steering.index_store import FACT_COLUMNS, KEYS, Identity, Tally

PROCESSES: Final = 2
RANGE: Final = 20_000  # dossiers that are read and written at a time
_ALL = f"{', '.join(KEYS)}, {', '.join(MEASURES)}"
_SUMS = ", ".join(f"sum({name})" for name in MEASURES)
_ACTS: Final = """
COPY (SELECT d.code, d.service, d.revision, coalesce(d.unit, ''), d.channel, d.filed_by, e.last, '[' || e.acts || ']'
      FROM dossier d CROSS JOIN LATERAL (
          SELECT max(number) AS last, string_agg(payload, ',' ORDER BY number) AS acts FROM journal_entry
          WHERE stream = 'dossier/' || d.code AND xid < {until}::xid8) e
      WHERE d.branches = '{{}}' AND d.code >= {first} AND d.code < {after} AND e.acts IS NOT NULL) TO STDOUT
"""
_RANGES = "SELECT code FROM (SELECT code, row_number() OVER (ORDER BY code) AS n FROM dossier) all_of WHERE n %% %s = 1"
_LAST = "SELECT window_to::text FROM seal WHERE first_position <= %s ORDER BY number DESC LIMIT 1"
_PARTS = "SELECT dossier, kind, state, at FROM component WHERE dossier >= %s AND dossier < %s ORDER BY at, version"
# Acts stored on a later day than the one they are said to be of. The seals of one day stand for a window of
# transactions; a window that was lived elsewhere as a whole is not looked into.
_STORED_LATE = """
WITH days AS (
    SELECT day, min(number) AS first, max(number) AS last
    FROM (SELECT number, (at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day FROM seal WHERE first_position <= %s) sealed
    GROUP BY day
)
SELECT e.stream, e.number, d.day FROM days d
JOIN seal f ON f.number = d.first JOIN seal l ON l.number = d.last
CROSS JOIN LATERAL (SELECT stream, number FROM journal_entry
    WHERE xid >= f.window_from AND xid < l.window_to AND kind = 'act' AND stream LIKE 'dossier/%%'
      AND at < d.day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh'
      AND NOT EXISTS (SELECT FROM index_lived WHERE journal_entry.xid BETWEEN first_xid AND last_xid)) e
WHERE NOT EXISTS (SELECT FROM index_lived WHERE first_xid <= f.window_from AND last_xid >= l.window_to)
"""
_DIFFERING = f"""
SELECT count(*) FROM (
    SELECT posted, day, unit, service FROM {{table}} WHERE generation IN (%s, %s)
    GROUP BY posted, day, unit, service
    HAVING {" OR ".join(f"sum(CASE generation WHEN %s THEN {name} ELSE -{name} END) <> 0" for name in MEASURES)}) differ
"""


@dataclass(frozen=True)
class Job:
    """What one process is to do."""

    conninfo: str
    generation: int
    until: str
    first: str
    after: str
    kinds: Mapping[tuple[str, str], Service]
    known: Mapping[tuple[str, int], int]


@dataclass(frozen=True)
class Full:
    """A computation from nothing: what it counted up to which position."""

    generation: int
    position: int
    dossiers: int
    acts: int


def recompute(node: Node, processes: int = PROCESSES) -> Full:
    """Compute facts and sums anew into the next generation and let it take the place of this one."""
    with node.database.transaction() as tx:
        state = tx.one("SELECT generation, position FROM index_state")
        _clear(tx, "generation <> %s", state.generation)
        jobs = _jobs(node, tx, state.generation + 1, state.position)
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as crew:
        done = list(crew.map(work, jobs))
        list(crew.map(add_up, [(node.database.conninfo, state.generation + 1, table) for table in _ADDED]))
    with node.database.transaction() as tx:
        tx.one("SELECT 1 FROM index_state FOR UPDATE")
        tx.touch("UPDATE index_state SET generation = %s, position = %s", (state.generation + 1, state.position))
    acts = sum(acts for _, acts in done)
    return Full(state.generation + 1, state.position, sum(dossiers for dossiers, _ in done), acts)


def forget(node: Node) -> None:
    """Remove what earlier generations left."""
    with node.database.transaction() as tx:
        _clear(tx, "generation <> %s", tx.value("SELECT generation FROM index_state"))


def differing(tx: Tx, one: int, other: int) -> int:
    """In how many sums of days and months two generations differ."""
    params = (one, other, *[one] * len(MEASURES))
    return sum(int(tx.value(_DIFFERING.format(table=table), params)) for table in ("index_day", "index_month"))


def _clear(tx: Tx, which: str, generation: int) -> None:
    for table in ("index_fact", "index_day", "index_month", "index_part"):
        tx.touch(f"DELETE FROM {table} WHERE {which}", (generation,))


def _jobs(node: Node, tx: Tx, generation: int, position: int) -> list[Job]:
    last = tx.one(_LAST, (position,))
    if last is None:
        return []
    pairs = tx.all("SELECT DISTINCT service, revision FROM dossier")
    kinds = {(row.service, row.revision): index_store.service_of(node, row.service, row.revision) for row in pairs}
    late = tx.all(_STORED_LATE, (position,))
    known = {(row.stream.removeprefix("dossier/"), row.number): index_store.number_of(row.day) for row in late}
    starts = [row.code for row in tx.all(_RANGES, (RANGE,))]
    ends = [*starts[1:], "\U0010ffff"]
    return [
        Job(node.database.conninfo, generation, last[0], first, after, kinds, _within(known, first, after))
        for first, after in zip(starts, ends, strict=True)
    ]


def _within(known: Mapping[tuple[str, int], int], first: str, after: str) -> dict[tuple[str, int], int]:
    """By code point, which may not be the database's order: a superset is as good."""
    return dict(known) if len(known) < RANGE else {k: v for k, v in known.items() if first <= k[0] < after}


# ---------------------------------------------------------------------- in a process of its own


def work(job: Job) -> tuple[int, int]:
    """Fold the dossiers of a range; how many there were, and how many acts."""
    with (
        psycopg.connect(job.conninfo, autocommit=True) as reading,
        psycopg.connect(job.conninfo, autocommit=True) as writing,
    ):
        tally, facts, acts = Tally(), list[str](), 0
        papers = _papers(reading, job)
        for identity, last, payloads in _dossiers(reading, job):
            fold = _folded(job, identity, payloads, papers.get(identity.code, ()), tally)
            acts += fold.fact.acts
            fold.fact.acts = last
            facts.append(_line(index_store.fact_row(job.generation, identity, fold.fact)))
        _copy(writing, f"index_fact ({', '.join(FACT_COLUMNS)})", facts)
        cells = ((job.generation, *index_store.row(key), *counts) for key, counts in tally.cells.items())
        _copy(writing, f"index_part ({_ALL})", map(_line, cells))
    return len(facts), acts


def _folded(job: Job, identity: Identity, payloads: bytes, papers: Sequence[Component], tally: Tally) -> Fold:
    emit = tally.of(identity.unit, identity.service)
    fold = Fold(Kind(identity.channel, job.kinds[identity.service, identity.revision]), emit)
    held, known, code = list(papers), job.known, identity.code
    for number, act in enumerate(_DECODER.decode(payloads), start=1):
        while held and held[0].at <= act.at:
            fold.hold([held.pop(0)])
        fold.add(act, known.get((code, number), 0) if known else 0)
    return fold


_DECODER = msgspec.json.Decoder(list[Act])


def _dossiers(link: psycopg.Connection[Any], job: Job) -> Iterator[tuple[Identity, int, bytes]]:
    query = psycopg.sql.SQL(_ACTS).format(until=job.until, first=job.first, after=job.after)
    with link.cursor() as cursor:
        cursor.execute("SET plan_cache_mode = force_custom_plan")
        with cursor.copy(query) as rows:
            rest = b""
            for block in rows:
                *lines, rest = (rest + block).split(b"\n")
                yield from map(_parsed, lines)


def _parsed(line: bytes) -> tuple[Identity, int, bytes]:
    """A line of COPY's text; JSON has no tabs or line ends, only its backslashes are doubled."""
    *own, last, acts = line.split(b"\t")
    code, service, revision, unit, channel, filed_by = (part.decode() for part in own)
    return Identity(code, service, revision, unit, channel, filed_by), int(last), acts.replace(b"\\\\", b"\\")


def _papers(link: psycopg.Connection[Any], job: Job) -> dict[str, list[Component]]:
    found: dict[str, list[Component]] = {}
    for dossier, kind, state, at in link.execute(_PARTS, (job.first, job.after)):
        found.setdefault(dossier, []).append(Component(kind, state, at))
    return found


def _copy(link: psycopg.Connection[Any], table: str, lines: Iterable[str]) -> None:
    with link.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN".encode()) as target:
        target.write("".join(lines))


def _line(values: Iterable[Any]) -> str:
    return "\t".join(map(_text, values)) + "\n"


def _text(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    return value.isoformat() if isinstance(value, datetime) else str(value)


_ADDED: Final = {
    "index_day": ("posted", "day"),
    "index_month": ("date_trunc('month', posted)::date", "date_trunc('month', day)::date"),
}


def add_up(told: tuple[str, int, str]) -> None:
    """Make the sums of days, or of months, of the parts of a generation."""
    conninfo, generation, table = told
    posted, day = _ADDED[table]
    with psycopg.connect(conninfo, autocommit=True) as link:
        link.execute("SET work_mem = '256MB'")
        link.execute(
            f"INSERT INTO {table} ({_ALL}) SELECT generation, {posted}, {day}, unit, service, {_SUMS}"
            f" FROM index_part WHERE generation = %s GROUP BY 1, 2, 3, 4, 5".encode(),
            (generation,),
        )
