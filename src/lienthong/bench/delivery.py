"""The measures of delivery: exchange.send and exchange.catchup."""

from collections.abc import Callable

from lienthong.bench import delivering, floor
from lienthong.bench.delivering import SUBSCRIBERS, TOGETHER, Publisher
from lienthong.bench.driver import Country
from lienthong.bench.floor import Counted
from lienthong.bench.measured import NO_PGBENCH, Measured, Options, rate

PEOPLE, ROUNDS = 2_000, 3
_ISOLATED = (
    "a batch of 50 to 200 is one transaction; only when one of it fails is it undone and taken in with a savepoint a "
    "message"
)


def exchange_send(options: Options) -> Measured:
    """Deliveries a second to five subscribers, each event signed, in effect there and its receipt settled here."""
    events = options.rows or delivering.EVENTS
    note = f"{events} events to {len(SUBSCRIBERS)} nodes in {ROUNDS} rounds, sent while they are delivered"
    return _measure(
        "exchange.send",
        events // ROUNDS,
        len(SUBSCRIBERS),
        lambda _, publisher, count: delivering.deliveries(publisher, count),
        note,
    )


def exchange_catchup(options: Options) -> Measured:
    """Deliveries a second to one subscriber that is 100,000 events behind."""
    behind = options.rows or delivering.BEHIND
    note = f"{behind} events that had waited for one node, in {ROUNDS} rounds"
    return _measure(
        "exchange.catchup",
        behind // ROUNDS,
        1,
        lambda country, publisher, count: delivering.caught_up(country, publisher, SUBSCRIBERS[0], count),
        note,
    )


def _measure(name: str, events: int, fold: int, run: Callable[[Country, Publisher, int], float], note: str) -> Measured:
    """Rounds of the product and of pgbench inserting the same rows in as many commits, taking turns."""
    rates, floors, footprint = [], [], None
    with Country(PEOPLE) as country:
        country.up()
        publisher, pgbench = Publisher.of(country), floor.pgbench(country)
        try:
            publisher.send(TOGETHER)
            publisher.settled()
            for _ in range(ROUNDS):
                counted, batches = Counted.now(country), max(1, events * fold // TOGETHER)
                rates.append(run(country, publisher, events))
                if pgbench:
                    footprint = footprint or floor.footprint(country, batches, counted)
                    floors.append(TOGETHER * floor.commit_rows(country, pgbench, footprint, births=batches))
            effects = delivering.effects(country, publisher)
        finally:
            publisher.close()
    shape = f"floor: pgbench, the same rows in {footprint.commits} commits" if footprint else NO_PGBENCH
    note = f"{note}; {effects:,} effects found, each once; {_ISOLATED}; {shape}"
    return rate(name, sum(rates) / len(rates), floors, note)
