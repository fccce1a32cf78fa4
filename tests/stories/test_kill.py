"""kill -9 anywhere: every effect once, every chain whole."""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.stories.waiting import known_cases, waits

from lienthong.bench import births, families
from lienthong.bench.driver import Country, until
from lienthong.journal import entries, sealer

pytestmark = pytest.mark.long

PEOPLE = 8_000
BIRTHS, KILLS = 200, 30
STREAMS = "SELECT DISTINCT stream FROM journal_entry WHERE stream NOT LIKE 'read/%%' AND kind <> 'refusal'"
UNSEALED = "SELECT count(*) FROM journal_entry WHERE xid >= coalesce((SELECT max(window_to) FROM seal), '0'::xid8)"


class Killer(threading.Thread):
    """Kills a random web or worker process of a random node, again and again."""

    def __init__(self, country: Country, pause: float) -> None:
        super().__init__(daemon=True)
        self.country, self.pause = country, pause
        self.killed: list[str] = []
        self.enough = threading.Event()

    def run(self) -> None:
        chance = random.Random(6)
        while not self.enough.wait(self.pause):
            living = [process for process in self.country.processes() if process.node]
            if living:
                victim = chance.choice(living)
                os.kill(victim.pid, signal.SIGKILL)
                self.killed.append(f"{victim.node} {victim.kind}")


@contextmanager
def killing(country: Country, pause: float) -> Iterator[Killer]:
    killer = Killer(country, pause)
    killer.start()
    try:
        yield killer
    finally:
        killer.enough.set()
        killer.join(5.0)


def verify_journals(country: Country) -> int:
    """Every record's chain and every seal of every node; how many entries are sealed."""
    sealed = 0
    for node in country.places:
        with country.looking(node) as tx:
            for row in tx.all(STREAMS):
                entries.verify_stream(tx, row.stream)
            heads = {row.code: bytes(row.chain) for row in tx.all("SELECT code, chain FROM dossier")}
            for code, head in heads.items():
                assert entries.verify_stream(tx, f"dossier/{code}", head) > 0
            sealed += sealer.verify_seals(tx)
    return sealed


def all_is_sealed(country: Country) -> bool:
    left = 0
    for node in country.places:
        with country.looking(node) as tx:
            left += tx.value(UNSEALED)
    return left == 0


def test_births_survive_thirty_kills(country: Country) -> None:
    found = families.with_notices(country, BIRTHS)
    desk = families.open_desk(country, {family.unit for family in found})
    filled = families.fill_in(country, found)
    before, known = births.sizes(country), known_cases(country)
    with killing(country, pause=0.5) as killer:
        flow = births.Flow(country, desk, clients=8, most_open=BIRTHS, retry=True, pause=0.1)
        done = flow.run(filled, patience=300)
        deadline = time.monotonic() + 60
        while len(killer.killed) < KILLS and time.monotonic() < deadline:
            time.sleep(0.2)
    counted = births.effects(country, done, before)
    until(lambda: all_is_sealed(country), 30, "a seal over the last entry", pause=0.5)
    sealed = verify_journals(country)
    assert len(killer.killed) >= KILLS
    assert len(set(killer.killed)) > 8  # webs and workers of many nodes
    assert waits(country, known) == []
    print(f"\n{len(killer.killed)} kills, {flow.retries} retries by clients: {counted}; {sealed} entries sealed")
