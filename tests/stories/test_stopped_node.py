"""Every node stands still in turn: what needs it waits, nothing is lost or done twice."""

import threading
import time

import pytest
from tests.stories.waiting import known_cases, waits

from lienthong.bench import births, families
from lienthong.bench.driver import Country

pytestmark = pytest.mark.long

PEOPLE = 8_000
STOPPED_SECONDS = 10.0
BETWEEN_SECONDS = 2.0
BIRTHS_A_SECOND = 2


def test_a_node_that_stands_still_delays_and_loses_nothing(country: Country) -> None:
    nodes = list(country.places)
    wanted = int(len(nodes) * (STOPPED_SECONDS + BETWEEN_SECONDS) * BIRTHS_A_SECOND)
    found = families.with_notices(country, wanted)
    desk = families.open_desk(country, {family.unit for family in found})
    filled = families.fill_in(country, found)
    before, known = births.sizes(country), known_cases(country)
    flow = births.Flow(country, desk, clients=wanted, most_open=wanted, retry=True, pause=1 / BIRTHS_A_SECOND)
    stopper = threading.Thread(target=_stop_in_turn, args=(country, nodes), daemon=True)
    stopper.start()
    done = flow.run(filled, patience=300)
    stopper.join(len(nodes) * (STOPPED_SECONDS + BETWEEN_SECONDS))
    assert not stopper.is_alive()
    counted = births.effects(country, done, before)
    assert waits(country, known) == []
    longest = max(birth.ended - birth.submitted for birth in done)
    print(
        f"\n{len(nodes)} nodes stopped {STOPPED_SECONDS:.0f} s each: {counted}; the slowest birth took {longest:.1f} s"
    )


def _stop_in_turn(country: Country, nodes: list[str]) -> None:
    for node in nodes:
        time.sleep(BETWEEN_SECONDS)
        country.hold(node)
        time.sleep(STOPPED_SECONDS)
        country.resume()
