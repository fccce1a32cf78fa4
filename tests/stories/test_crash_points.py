"""Every named crash point, hit again and again: afterwards every effect stands exactly once.

A trap is laid at one point of one node, a birth is declared and carried through, the process dies there and comes back.
The supervisor, and PostgreSQL, are killed too.
"""

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.stories.test_kill import all_is_sealed, verify_journals
from tests.stories.waiting import known_cases, waits

from lienthong.bench import births, families
from lienthong.bench.driver import Country, until
from lienthong.kit import failpoints

pytestmark = pytest.mark.long

PEOPLE = 8_000
TIMES = 3
# Where each point lies on the way of a birth: nodes that pass it. G01 and BHXH send nothing: their word is the receipt.
PLACES = {
    failpoints.BEFORE_COMMIT: ("portal", "H36", "G15"),
    failpoints.AFTER_COMMIT: ("portal", "H36", "G15"),
    failpoints.BEFORE_SEND: ("portal", "H36", "G15"),
    failpoints.AFTER_HANDLING: ("portal", "H36", "G15", "G01", "BHXH"),
    failpoints.BEFORE_SETTLING: ("portal", "H36", "G15"),
    failpoints.BETWEEN_RECORD_AND_NUMBER: ("G15",),
}
ROUNDS = [(point, node) for point, nodes in PLACES.items() for node in nodes for _ in range(TIMES)]
SERVERS, SIGNINGS = 3, 3
SIGNING = f"{failpoints.SIGNING}@H36"
_CERTIFICATES = (
    "SELECT count(*) AS papers, count(DISTINCT dossier) AS births FROM document WHERE name = 'birth-certificate'"
)


@pytest.fixture(scope="module")
def country() -> Iterator[Country]:
    with Country(PEOPLE) as made:
        traps(made).mkdir(mode=0o777)
        traps(made).chmod(0o777)
        made.up()
        yield made


def traps(country: Country) -> Path:
    return country.state.root / "failpoints"


def hits(country: Country) -> Counter[str]:
    found = traps(country) / "hits"
    return Counter(found.read_text().split()) if found.exists() else Counter()


def kill(country: Country, kind: str) -> None:
    victim = next(process for process in country.processes() if process.kind == kind)
    os.kill(victim.pid, signal.SIGKILL)


def certificates(country: Country) -> tuple[int, int]:
    """Birth certificates that were made, and for how many births."""
    with country.looking("H36") as tx:
        row = tx.one(_CERTIFICATES)
    return row.papers, row.births


def answers(country: Country) -> bool:
    """Whether every node's database answers, after the connections that died with it are gone."""
    try:
        for node in country.places:
            with country.looking(node) as tx:
                tx.value("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def test_every_crash_point_leaves_every_effect_exactly_once(country: Country) -> None:
    found = families.with_notices(country, len(ROUNDS) + SIGNINGS + 2 * SERVERS)
    desk = families.open_desk(country, {family.unit for family in found})
    filled = families.fill_in(country, found)
    before, known, done = births.sizes(country), known_cases(country), []
    for number, (point, node) in enumerate(ROUNDS):
        (traps(country) / f"{point}@{node}").touch(mode=0o666)
        done += births.Flow(country, desk, clients=1, most_open=1, retry=True).run(filled[number : number + 1], 60)
        until(lambda node=node, point=point: not (traps(country) / f"{point}@{node}").exists(), 10, point, pause=0.05)
    for number in range(SIGNINGS):
        (traps(country) / SIGNING).touch(mode=0o666)
        one = filled[len(ROUNDS) + number : len(ROUNDS) + number + 1]
        done += births.Flow(country, desk, clients=1, most_open=1, retry=True).run(one, 60)
        until(lambda: not (traps(country) / SIGNING).exists(), 40, "a paper made in idle time", pause=0.2)
    rest = filled[len(ROUNDS) + SIGNINGS :]
    for number in range(SERVERS):
        killer = threading.Timer(0.1, kill, (country, "postgres"))
        killer.start()
        done += births.Flow(country, desk, clients=1, most_open=1, retry=True).run(
            rest[2 * number : 2 * number + 1], 90
        )
        killer.join()
        until(lambda: answers(country), 30, "the database", pause=0.2)
        kill(country, "supervisor")
        until(lambda: not country.processes(), 20, "the end of every child", pause=0.2)
        country.down()  # our own connections died with it
        country.up()
        desk = families.open_desk(country, {family.unit for family in found})
        done += births.Flow(country, desk, clients=1, most_open=1, retry=True).run(
            rest[2 * number + 1 : 2 * number + 2], 90
        )
    counted = births.effects(country, done, before)
    until(lambda: all_is_sealed(country), 30, "a seal over the last entry", pause=0.5)
    sealed = verify_journals(country)
    until(lambda: certificates(country) == (len(done), len(done)), 60, "a certificate for every birth, once", pause=1.0)
    hit = hits(country)
    assert hit[SIGNING] == SIGNINGS
    assert all(hit[f"{point}@{node}"] == TIMES for point, node in ROUNDS), hit
    assert waits(country, known) == []
    report = ", ".join(f"{place} {count}" for place, count in sorted(hit.items()))
    print(
        f"\n{sum(hit.values())} hits ({report}), PostgreSQL {SERVERS}, supervisor {SERVERS}: {counted}; {sealed} sealed"
    )
