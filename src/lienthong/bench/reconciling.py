"""Two registers of millions of rows that differ in ten: compared by the command line, over real processes and HTTP."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from subprocess import TimeoutExpired

import psycopg

from lienthong.bench.driver import Country, until
from lienthong.registers import reconcile_runs, reconciled

PEOPLE, ROWS = 2_000, 1_000_000
DIFFERENCES = 10
LONGEST_COPY, LONGEST_RUN = 120.0, 900.0
OWNER, FOLLOWER, REGISTER = "G01", "BHXH", "insurance_cards"
_NUMBER = "'9' || lpad(i::text, 11, '0')"
_SHARED = """'Nguyễn Thị Hồng ' || i %% 9973, date '1950-01-01' + (i %% 27000)::integer,
    CASE WHEN i %% 2 = 0 THEN 'female' ELSE 'male' END"""
_KEPT = "date '2020-01-01', now(), 'load:bench'"
_LOADS = {
    OWNER: f"""INSERT INTO persons (number, full_name, birth_date, gender, ethnicity, nationality, birth_unit,
        valid_from, recorded_at, recorded_by) SELECT {_NUMBER}, {_SHARED}, '01', 'VN', '24781', {_KEPT}
        FROM generate_series(1, %s) AS i""",
    FOLLOWER: f"""INSERT INTO insurance_cards (number, person, full_name, birth_date, gender, benefit, facility,
        valid_from_date, valid_from, recorded_at, recorded_by) SELECT 'DN4' || {_NUMBER}, {_NUMBER}, {_SHARED}, 'DN',
        '68009', date '2020-01-01', {_KEPT} FROM generate_series(1, %s) AS i""",
}
_TABLES = {OWNER: "persons", FOLLOWER: REGISTER}


@dataclass(frozen=True)
class Taken:
    """What one run took."""

    rows: int
    seconds: float
    bytes: int
    opened: int
    buckets: int
    whole: float


@dataclass(frozen=True)
class Figures:
    """`first`: at first contact; `cold`: all sums made from the rows; `kept`: from the sums as they were kept."""

    first: Taken
    cold: Taken
    kept: Taken
    loaded: float


def measure(rows: int) -> Figures:
    """Raises AssertionError when a run finds anything but what was planted."""
    with Country(PEOPLE) as country:
        country.up()
        until(lambda: _is_following(country), LONGEST_COPY, "the follower's first copy")
        began = time.monotonic()
        with ThreadPoolExecutor(2) as crew:
            list(crew.map(lambda node: _fill(country, node, rows), _LOADS))
        loaded = time.monotonic() - began
        first, before = _compare(country, cold=True)  # the demo's own few mistakes
        planted = _plant(country, OWNER, rows, turn=1)
        time.sleep(reconciled.BETWEEN_COLD.total_seconds())  # an owner makes all sums anew once in that time
        cold, found = _compare(country, cold=True)
        assert found - before == planted, f"{len(found - before)} found instead of the {DIFFERENCES} planted"
        more = _plant(country, FOLLOWER, rows, turn=2)
        kept, found = _compare(country)
        assert found - before == planted | more, f"{len(found - before - planted)} found instead of {DIFFERENCES}"
        return Figures(first, cold, kept, loaded)


def _is_following(country: Country) -> bool:
    """The feed's first copy is made: it would mend what is planted, or copy what is filled in."""
    with country.looking(FOLLOWER) as tx:
        sql = "SELECT state = 'following' FROM subscription WHERE publisher = %s AND purpose = %s"
        return bool(tx.value(sql, (OWNER, REGISTER)))


def _has_ended(country: Country) -> bool:
    with country.looking(FOLLOWER) as tx:
        return not tx.value("SELECT count(*) FROM reconciliation WHERE state IN ('wanted', 'running')")


def _fill(country: Country, node: str, rows: int) -> None:
    table = _TABLES[node]
    with psycopg.connect(country.conninfo(node, "owner"), autocommit=True) as link:
        made = link.execute(
            "SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE i.indrelid = %s::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = c.oid)",
            (table,),
        ).fetchall()
        for name, _ in made:
            link.execute(f'DROP INDEX "{name}"'.encode())
        link.execute(_LOADS[node].encode(), (rows,))
        link.execute("SET maintenance_work_mem = '512MB'")
        for _, definition in made:
            link.execute(str(definition).encode())
        link.execute(f"VACUUM ANALYZE {table}".encode())


def _plant(country: Country, node: str, rows: int, turn: int) -> set[str]:
    """Ten rows that say something else, spread over the register, past every feed: at the owner past the journal too,
    so that only a run over the rows themselves finds them; at the follower the journal tells of them."""
    numbers = [f"9{(rows * n // DIFFERENCES + turn):011d}" for n in range(DIFFERENCES)]
    table, key = _TABLES[node], "number" if node == OWNER else "person"
    with psycopg.connect(country.conninfo(node, "owner")) as link:
        sql = f"UPDATE {table} SET full_name = full_name || ' Khác' WHERE {key} = ANY(%s)"
        assert link.execute(sql.encode(), (numbers,)).rowcount == DIFFERENCES, "every one of them stands"
        if node == FOLLOWER:
            link.execute(
                "INSERT INTO journal_entry (stream, number, kind, at, payload, digest, chain)"
                f" SELECT '{table}/' || number, 2, 'change', now(), NULL, sha256(''), sha256('')"
                f" FROM {table} WHERE person = ANY(%s)".encode(),
                (numbers,),
            )
    return set(numbers)


def _compare(country: Country, *, cold: bool = False) -> tuple[Taken, set[str]]:
    """One run by the command line: what it took, and whose rows it found to differ."""
    began = time.monotonic()
    with suppress(RuntimeError, TimeoutExpired):  # exit code 1: something differs; the run itself may take longer
        country.command("reconcile", REGISTER, *(["--cold"] if cold else []))
    until(lambda: _has_ended(country), LONGEST_RUN, "the comparison's end")
    whole = time.monotonic() - began
    with country.looking(FOLLOWER) as tx:
        (row,) = [one for one in reconcile_runs.last_runs(tx) if one["register"] == REGISTER]
        found = {one.key for one in tx.all("SELECT key FROM difference WHERE register = %s", (REGISTER,))}
    assert row["state"] == "done", row["problem"] or "it did not end"
    return Taken(row["rows"], row["seconds"], row["bytes"], row["opened"], row["buckets"], whole), found
