"""`lienthong drill restore`: rehearse the loss of a node's database, in a country of its own that is removed again.

For each node: births are done, a backup is taken, more births are done and some are left half-way, the database is
dropped and the backup restored. Then it must be noticed, nothing may be sent or taken from the node, and after
`lienthong rejoin` every birth stands once, no number was given twice, all dossiers end, every journal is proven.
"""

import argparse
import http.client
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from lienthong.bench import births, families
from lienthong.bench.browser import Line
from lienthong.bench.driver import Country, until
from lienthong.bench.families import Desk, Family, Filled
from lienthong.casework.states import FINAL
from lienthong.config import databases

PEOPLE, BIRTHS = 6_000, 6
NOTICED_WITHIN = 60.0
PATIENCE, ATTEMPTS = 180.0, 12
REST_SECONDS = 3.0  # after which everything that was done has been told
_BRANCH = "SELECT code FROM dossier WHERE parent = %s AND branch = 'birth'"
_TWICE = {
    "G15": ("births", "number"), "G01": ("persons", "number"), "BHXH": ("insurance_cards", "number"),
    "H36": ("dossier", "code"),
}  # fmt: skip


@dataclass
class HalfWay:
    """A birth that an officer has checked and nobody decided yet."""

    filled: Filled
    code: str
    branch: str


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lienthong drill", description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["restore"])
    parser.add_argument("--nodes", default="G15,H36", help="which nodes lose their database (default G15,H36)")
    parser.add_argument(
        "--births", type=int, default=BIRTHS, help=f"births before and after the backup ({BIRTHS} each)"
    )
    told = parser.parse_args(arguments)
    with Country(PEOPLE) as country:
        country.up()
        for name in told.nodes.split(","):
            for line in restore(country, name, told.births):
                print(line, flush=True)
        print(country.command("verify"))
    return 0


def restore(country: Country, name: str, count: int) -> "Sequence[str]":
    """Rehearse it with one node; what happened, in lines. Raises AssertionError where a promise does not hold."""
    found = families.with_notices(country, 3 * count)
    desk = families.open_desk(country, {family.unit for family in found})
    before = births.sizes(country)
    done = finish(country, desk, half_way(country, desk, found[:count]))
    backup = country.state.root / f"{name}.dump"
    take_backup(country, name, backup)
    lines = [f"{name}: {count} births, backup of {backup.stat().st_size:,} bytes"]
    done += finish(country, desk, half_way(country, desk, found[count : 2 * count]))
    half = half_way(country, desk, found[2 * count :])
    time.sleep(REST_SECONDS)
    given = numbers(country, name)
    replace_database(country, name, backup)
    lines.append(f"  {count} births later and {count} half-way: database dropped, backup restored")
    lines.append(f"  noticed: {noticed(country, name)}")
    lines += [f"  {line}" for line in country.command("rejoin", name).splitlines()]
    until(lambda: is_open(country, name), NOTICED_WITHIN, f"{name} opens again")
    done += finish(country, desk, half)
    counted = births.effects(country, done, before)
    lines.append(f"  {len(done)} births, each once: {counted}")
    lines.append(f"  numbers: {same_numbers(country, name, given)}")
    return lines


# backup and loss


def take_backup(country: Country, name: str, file: Path) -> None:
    program = country.cluster.programs.path("pg_dump")
    subprocess.run([program, "-Fc", "-f", file, country.conninfo(name, "owner")], check=True)


def replace_database(country: Country, name: str, backup: Path) -> None:
    """Drop a node's database under its running processes and put the backup in its place."""
    country.forget(name)
    node = databases.credentials(country.state, name)
    country.hold(name)  # so that nobody writes into the half-restored one
    with psycopg.connect(country.cluster.superuser(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(node.database)))
    databases.ensure_databases(country.cluster, [name])
    program = country.cluster.programs.path("pg_restore")
    owner = country.conninfo(name, "owner")
    subprocess.run([program, "--no-owner", "--exit-on-error", "-d", owner, backup], check=True)
    for process in country.of(name):
        os.kill(process.pid, signal.SIGKILL)  # as after the loss of a machine; the supervisor starts them anew


def noticed(country: Country, name: str) -> str:
    """Wait until the node knows, its pages are shut and a partner has quarantined it; by whom."""
    began = time.monotonic()
    until(lambda: _standing(country, name, name) == "restored", NOTICED_WITHIN, f"{name} notices")
    took = time.monotonic() - began
    assert not is_open(country, name), "a restored node shows no pages"
    others = [other for other in country.places if other != name]
    by = until(lambda: [o for o in others if _standing(country, o, name) == "forked"], NOTICED_WITHIN, "a quarantine")
    return f"by itself after {took:.1f} s; quarantined by {', '.join(by)}"


def _standing(country: Country, at: str, of: str) -> str:
    with country.looking(at) as tx:
        return str(tx.value("SELECT state FROM standing WHERE node = %s ORDER BY id DESC LIMIT 1", (of,)) or "")


def is_open(country: Country, name: str) -> bool:
    """Whether a node shows pages."""
    place = country.places[name]
    line = http.client.HTTPConnection("127.0.0.1", place.port, timeout=10)
    try:
        line.request("GET", "/", headers={"Host": f"{place.slug}.localhost:{place.port}"})
        return line.getresponse().status < 500
    except OSError:
        return False
    finally:
        line.close()


# births half-way


def half_way(country: Country, desk: Desk, found: Sequence[Family]) -> list[HalfWay]:
    """Births that are declared and checked, and wait for the chair."""
    made = []
    for family in found:
        filled, code = declared(country, family)
        branch = until(lambda code=code: _branch(country, code), PATIENCE, f"{code} at H36")  # type: ignore[misc]
        check = desk.act("check", branch, family.unit, births.FIRST_VERSION)
        births.expected(_line(country, "H36").send(check), 303)
        made.append(HalfWay(filled, code, branch))
    return made


def declared(country: Country, family: Family) -> tuple[Filled, str]:
    """Fill in and submit; anew where a register was too slow to fill its part of the form. The dossier's code."""
    for _ in range(ATTEMPTS):
        (filled,) = families.fill_in(country, [family], clients=1)
        answer = _line(country, "portal").send(filled.request)
        if answer.status == 302:
            return filled, answer.location.split("/")[2]
    raise births.Unexpected(f"status {answer.status} after {ATTEMPTS} attempts")


def finish(country: Country, desk: Desk, half: Sequence[HalfWay]) -> list[births.Birth]:
    """Let the chair decide what was half-way, and wait for its end."""
    for one in half:
        decide = desk.act("decide", one.branch, one.filled.family.unit, births.FIRST_VERSION + 1)
        births.expected(_line(country, "H36").send(decide), 303)
    return [births.Birth(one.filled, one.code, one.branch, status=_end_of(country, one.code)) for one in half]


def _end_of(country: Country, code: str) -> int:
    return int(until(lambda: _ended(country, code), PATIENCE, f"the end of {code}"))


def _line(country: Country, name: str) -> Line:
    return Line(country.places[name].port)


def _branch(country: Country, code: str) -> str:
    with country.looking("H36") as tx:
        return str(tx.value(_BRANCH, (code,)) or "")


def _ended(country: Country, code: str) -> int:
    with country.looking("portal") as tx:
        status = int(tx.value("SELECT status FROM dossier WHERE code = %s", (code,)))
    return status if status in FINAL else 0


# numbers


def numbers(country: Country, name: str) -> set[str]:
    """The numbers that a node has given."""
    table, column = _TWICE[name]
    with country.looking(name) as tx:
        return {str(row[0]) for row in tx.all(f"SELECT {column} FROM {table}")}


def same_numbers(country: Country, name: str, given: set[str]) -> str:
    """Every number that was given before the loss stands again; the others are new."""
    now = numbers(country, name)
    missing = given - now
    assert not missing, f"{len(missing)} numbers that were given do not stand any more: {sorted(missing)[:3]}"
    return f"{len(given)} given before the loss stand again, {len(now - given)} new ones"
