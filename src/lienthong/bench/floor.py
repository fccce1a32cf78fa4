"""The bare database doing the same irreducible work: pgbench on the country's own server.

`Footprint` counts what a run of the product left behind: rows by table with their stored size, and durable commits.
`commit_rows` then has pgbench insert as many rows of that size in as many commits, in the same databases. `replay`
has it run given statements. Both work in a schema of their own and touch nothing of the product's.
"""

import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import Self

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from lienthong.bench.driver import Country
from lienthong.config import databases

_COLUMNS = """
SELECT column_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s
"""
SCHEMA = "floor"
SETTLING_SECONDS = 11.0  # an idle connection tells its counts within ten seconds
LONGEST_RUN_SECONDS = 600.0
_WRITES = (
    "SELECT relname::text AS name, n_tup_ins + n_tup_upd AS rows FROM pg_stat_user_tables WHERE schemaname = 'public'"
)


def pgbench(country: Country) -> str | None:
    """The program beside the server's own, else a distribution's, else none."""
    beside = country.cluster.programs.path("pgbench")
    found = [beside, *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"), reverse=True))]
    return next((program for program in found if os.access(program, os.X_OK)), which("pgbench"))


# ---------------------------------------------------------------------- what the product wrote


@dataclass(frozen=True)
class Counted:
    """The server's counters at one moment: where its log stands, and rows written so far by node and table."""

    log_position: str
    rows: dict[tuple[str, str], int]

    @classmethod
    def now(cls, country: Country) -> Self:
        with psycopg.connect(country.cluster.superuser(), autocommit=True) as link:
            position = str(link.execute("SELECT pg_current_wal_flush_lsn()").fetchone()[0])  # type: ignore[index]
        rows: dict[tuple[str, str], int] = {}
        for node in country.places:
            with country.looking(node) as tx:
                rows |= {(node, row.name): row.rows for row in tx.all(_WRITES)}
        return cls(position, rows)


@dataclass(frozen=True)
class Footprint:
    """What so many births cost the databases: rows and stored bytes a row by node and table, durable commits in all."""

    births: int
    rows: dict[tuple[str, str], int]
    sizes: dict[tuple[str, str], int]
    commits: int

    def per_birth(self) -> str:
        return f"{sum(self.rows.values()) / self.births:.1f} rows in {self.commits / self.births:.1f} commits a birth"


def footprint(country: Country, births: int, before: Counted) -> Footprint:
    """What was written since `before`; waits until every connection has told its counts."""
    with psycopg.connect(country.cluster.superuser(), autocommit=True) as link:
        end = str(link.execute("SELECT pg_current_wal_flush_lsn()").fetchone()[0])  # type: ignore[index]
    commits = _commits(country, before.log_position, end)
    time.sleep(SETTLING_SECONDS)
    after = Counted.now(country)
    rows = {place: after.rows[place] - before.rows.get(place, 0) for place in after.rows}
    rows = {place: count for place, count in rows.items() if count}
    return Footprint(births, rows, {place: _size(country, *place) for place in rows}, commits)


def _commits(country: Country, start: str, end: str) -> int:
    """Commits that reached the log between two positions: read-only ones leave nothing there and are not counted."""
    program, log = country.cluster.programs.path("pg_waldump"), country.cluster.data / "pg_wal"
    command = [program, "--path", str(log), "--start", start, "--end", end, "--stats=record", "--rmgr=Transaction"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    return sum(int(found) for found in re.findall(r"Transaction/COMMIT\S*\s+(\d+)", told))


def _size(country: Country, node: str, table: str) -> int:
    """Bytes of a row as stored, of the latest rows."""
    with country.looking(node) as tx:
        columns = tx.all(_COLUMNS, (table,))
        whole = " + ".join(f'coalesce(pg_column_size("{column.name}"), 0)' for column in columns)
        latest = f'SELECT * FROM public."{table}" ORDER BY ctid DESC LIMIT 500'
        return int(tx.value(f"SELECT coalesce(avg({whole}), 8)::int FROM ({latest}) latest"))


# ---------------------------------------------------------------------- the same rows in as many commits


def commit_rows(country: Country, program: str, print_: Footprint, births: int, clients: int = 4) -> float:
    """Births a second when pgbench writes what so many births write, in all databases at once."""
    unit = 10  # births in one script: small enough to be fair, large enough to share rows out over commits
    whole = sum(print_.rows.values())
    scripts = {}
    for node in sorted({node for node, _ in print_.rows}):
        rows = {table: count for (owner, table), count in print_.rows.items() if owner == node}
        commits = max(1, round(print_.commits * sum(rows.values()) / whole * unit / print_.births))
        shared = {table: round(count * unit / print_.births) for table, count in rows.items()}
        sizes = {table: print_.sizes[node, table] for table in rows}
        _prepare(country, node, list(rows))
        scripts[node] = _script(shared, sizes, commits)
    runs = max(1, round(births / unit / clients))
    seconds = _run(country, program, scripts, clients, runs)
    return runs * clients * unit / seconds


def _prepare(country: Country, node: str, tables: Sequence[str]) -> None:
    with psycopg.connect(country.conninfo(node, "owner"), autocommit=True) as link:
        link.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        for table in tables:
            name = sql.Identifier(SCHEMA, table)
            link.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))
            link.execute(
                sql.SQL("CREATE TABLE {} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text)").format(name)
            )
            link.execute(sql.SQL("ALTER TABLE {} ALTER body SET STORAGE EXTERNAL").format(name))  # never compressed


def _script(rows: Mapping[str, int], sizes: Mapping[str, int], commits: int) -> str:
    """So many transactions, the rows of every table shared out evenly over them."""
    lines = []
    for number in range(commits):
        lines.append("BEGIN;")
        for table, count in rows.items():
            share = count * (number + 1) // commits - count * number // commits
            if share:
                row = f"SELECT repeat('x', {sizes[table]}) FROM generate_series(1, {share})"
                lines.append(f'INSERT INTO {SCHEMA}."{table}" (body) {row};')
        lines.append("COMMIT;")
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------------- the very statements


def replay(country: Country, program: str, node: str, script: str, clients: int, runs: int) -> float:
    """Runs of a script a second; its tables are those of the schema `floor`."""
    return runs * clients / _run(country, program, {node: script}, clients, runs)


def _run(country: Country, program: str, scripts: Mapping[str, str], clients: int, runs: int) -> float:
    """Seconds until every database has run its script `runs` times in each of `clients` connections."""
    with TemporaryDirectory() as folder:
        command = [program, "--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=1"]
        began = time.monotonic()
        running = []
        for node, script in scripts.items():
            file = Path(folder) / f"{databases.database_name(node)}.sql"
            file.write_text(script)
            running.append(
                subprocess.Popen(
                    [*command, f"--transactions={runs}", f"--file={file}"],
                    env=_environment(country, node), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                )
            )  # fmt: skip
        try:
            outputs = [one.communicate(timeout=LONGEST_RUN_SECONDS)[0] for one in running]
        finally:
            for one in running:
                one.kill()
        seconds = time.monotonic() - began
    for one, output in zip(running, outputs, strict=True):
        if one.returncode:
            raise RuntimeError(f"pgbench failed:\n{output[-2000:]}")
    return seconds


def _environment(country: Country, node: str) -> dict[str, str]:
    """How pgbench connects: as the owner, in the schema of the floor."""
    told = conninfo_to_dict(country.conninfo(node, "owner"))
    names = {"user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE", "host": "PGHOST", "port": "PGPORT"}
    connection = {variable: str(told[name]) for name, variable in names.items()}
    return {**os.environ, **connection, "PGOPTIONS": f"-c search_path={SCHEMA}"}
