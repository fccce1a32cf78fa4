"""Every key of every node is replaced, again and again, and the ones before revoked, while births go on: nobody stops,
nothing is lost."""

import threading

import pytest
from tests.stories.waiting import known_cases, waits

from lienthong.bench import births, families
from lienthong.bench.driver import Country, until
from lienthong.config import directories, keys
from lienthong.kit import clock
from lienthong.kit.signatures import VerifyKey

pytestmark = pytest.mark.long

PEOPLE = 2_000
BIRTHS = 30


class Rotations(threading.Thread):
    """One node after another gets a new transport key and a new seal; the key before the last one is revoked."""

    def __init__(self, country: Country) -> None:
        super().__init__(daemon=True)
        self.country, self.rounds = country, 0
        self.enough = threading.Event()
        self.failed: list[BaseException] = []
        self.before: dict[str, str] = {}

    def run(self) -> None:
        try:
            while not self.enough.is_set() or self.rounds < 2:
                for name in self.country.places:
                    self._replace(name)
                self.rounds += 1
        except BaseException as error:
            self.failed.append(error)

    def _replace(self, name: str) -> None:
        state = self.country.state
        before = self.before.get(name)
        self.before[name] = keys.rotate(state, name, "transport").old.text
        keys.rotate(state, name, "seal")
        if before:
            keys.revoke(state, name, before)
        self.enough.wait(0.5)


def of_nodes(country: Country) -> set[int]:
    """Webs and workers."""
    return {process.pid for process in country.processes() if process.node}


def test_births_go_on_while_every_key_changes(country: Country) -> None:
    found = families.with_notices(country, BIRTHS)
    desk = families.open_desk(country, {family.unit for family in found})
    filled = families.fill_in(country, found)
    before, known, processes = births.sizes(country), known_cases(country), of_nodes(country)
    rotations = Rotations(country)
    rotations.start()
    try:
        flow = births.Flow(country, desk, clients=4, most_open=BIRTHS, retry=True, pause=0.1)
        done = flow.run(filled, patience=300)
    finally:
        rotations.enough.set()
        rotations.join(60.0)
    assert rotations.failed == []
    assert rotations.rounds >= 2
    births.effects(country, done, before)
    until(lambda: not waits(country, known), 60, "nothing waits", pause=0.5)
    assert of_nodes(country) == processes, "nobody was started anew"
    directory = directories.published(country.state)
    for name, entry in directory.nodes.items():
        last = [key for key in entry.keys if key.purpose == "transport"][-1]
        counting = {key.der for key in directory.keys(name, "transport", clock.now())}
        assert VerifyKey.parse(last.public).der in counting
        assert sum(key.revoked is not None for key in entry.keys) >= rotations.rounds - 1
    print(f"\n{rotations.rounds} rounds, {directory.version} versions of the directory, {len(done)} births")
