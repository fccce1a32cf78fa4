"""What is measured. A measure starts a country, gets everything ready, and then lets the clock run.

Product and floor take turns in the same run, because a machine's speed swings two- or threefold between minutes.
"""

import itertools
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lienthong.bench import (
    acting,
    births,
    deadlines,
    delivery,
    exchanging,
    families,
    floor,
    indexing,
    paper_making,
    queueing,
    reconciling,
    registers,
    serving,
    submission,
)
from lienthong.bench.births import Birth, Flow
from lienthong.bench.browser import Browser, Line
from lienthong.bench.driver import Country, until
from lienthong.bench.families import Desk, Filled
from lienthong.bench.floor import Counted
from lienthong.bench.measured import NO_PGBENCH, Measured, Options, rate
from lienthong.bench.signing_in import sign_in
from lienthong.casework.states import RETURNED

ROUNDS = 3
PEOPLE_A_BIRTH = 26  # so many people hold one mother whose household fits
FEWEST_PEOPLE = 20_000
BIRTHS, SUBMISSIONS, SAMPLES, LATENCIES, PAGES = 3_000, 1_200, 30, 600, 240
PAPERS = 150
SUBMITTERS = 8


@dataclass(frozen=True)
class Ready:
    """A country with so many forms filled in and every officer at the desk."""

    country: Country
    filled: list[Filled]
    desk: Desk


# ---------------------------------------------------------------------- birth.complete


def birth_complete(options: Options) -> Measured:
    """Births a second from the first submission to the last effect, with both officers' acts by HTTP."""
    count = options.births or BIRTHS
    seconds, floors, used, footprint = 0.0, [], Counter[str](), None
    times: dict[str, list[float]] = {}
    with _ready(count, options) as ready:
        country = ready.country
        pgbench = floor.pgbench(country)
        for part in _parts(ready.filled, ROUNDS):
            before, counted = births.sizes(country), Counted.now(country)
            flow = Flow(country, ready.desk, options.clients, options.most_open, times=_joined(times))
            cpu = _processor(country)
            done = flow.run(part, patience=60 + len(part))
            used += _processor(country) - cpu
            seconds += _span(done)
            births.effects(country, done, before)
            if pgbench:
                footprint = footprint or floor.footprint(country, len(part), counted)
                floors.append(floor.commit_rows(country, pgbench, footprint, births=2 * len(part)))
            _say(options, f"{len(part) / _span(done):.1f} births/s, floor {floors[-1:]}")
    _tell_processor(options, used, count)
    shares = f"; {footprint.per_birth()}, pgbench with 4 clients a database" if footprint else f"; {NO_PGBENCH}"
    loop = f"{options.clients} clients, at most {options.most_open} births under way, think time 0"
    note = f"{count} births in {ROUNDS} rounds taking turns with the floor; {loop}; {_latencies(times)}{shares}"
    return rate("birth.complete", count / seconds, floors, note)


# ---------------------------------------------------------------------- submit.http


def submit_http(options: Options) -> Measured:
    """Submissions a second by HTTP with session, CSRF, validation and comparison; all nodes up and at work."""
    count = options.births or SUBMISSIONS
    rates, floors, times = [], [], []
    shape = NO_PGBENCH
    with _ready(count + 2, options) as ready:
        country = ready.country
        pgbench = floor.pgbench(country)
        script = submission.script(country, ready.filled[:2])
        if pgbench:
            shape = "floor: its {} statements in {} transactions, pgbench, 8 clients".format(
                *submission.statements(script)
            )
        for part in _parts(ready.filled[2:], ROUNDS):
            began = time.monotonic()
            times += _submit(country, part)
            rates.append(len(part) / (time.monotonic() - began))
            _drained(country)
            if pgbench:
                floors.append(floor.replay(country, pgbench, "portal", script, SUBMITTERS, runs=len(part)))
            _say(options, f"{rates[-1]:.1f} submissions/s, floor {floors[-1:]}")
    note = f"{count} submissions in {ROUNDS} rounds; {SUBMITTERS} clients, think time 0; {_spread(times)}; {shape}"
    return rate("submit.http", sum(rates) / len(rates), floors, note)


def _submit(country: Country, filled: Sequence[Filled]) -> list[float]:
    """Seconds of each submission, from `SUBMITTERS` clients that each keep their connection."""
    port = country.places["portal"].port

    def client(own: Sequence[Filled]) -> list[float]:
        line, taken = Line(port), []
        for one in own:
            began = time.monotonic()
            births.expected(line.send(one.request), 302)
            taken.append(time.monotonic() - began)
        line.close()
        return taken

    with ThreadPoolExecutor(SUBMITTERS) as crew:
        return [one for own in crew.map(client, _parts(filled, SUBMITTERS)) for one in own]


def _drained(country: Country) -> None:
    """Wait until every node's letters are delivered, so that the floor has the machine to itself as the product had."""
    waiting = "SELECT count(*) FROM outbox WHERE state = 'waiting'"

    def is_drained() -> bool:
        for node in country.places:
            with country.looking(node) as tx:
                if tx.value(waiting):
                    return False
        return True

    until(is_drained, 120, "an empty outbox")


# ---------------------------------------------------------------------- birth.idle


def birth_idle(options: Options) -> Measured:
    """Milliseconds in an idle country from the chair's signature to the last effect, one birth at a time."""
    count = options.births or SAMPLES
    with _ready(count, options) as ready:
        taken = [_one_birth(ready, one) for one in ready.filled]
    note = (
        f"{count} births, one after the other, from the chair's request to the parent dossier's end; {_spread(taken)}"
    )
    return Measured("birth.idle", _milliseconds(taken, 0.5), "ms", None, None, note)


def _one_birth(ready: Ready, filled: Filled) -> float:
    """Seconds from the chair's request until the portal knows of the last effect."""
    country, unit = ready.country, filled.family.unit
    lines = {node: Line(country.places[node].port) for node in ("portal", "H36")}
    code = births.expected(lines["portal"].send(filled.request), 302).location.split("/")[2]
    branch = until(lambda: _value(country, "H36", "SELECT code FROM dossier WHERE parent = %s", code), 10, "the branch")
    births.expected(lines["H36"].send(ready.desk.act("check", branch, unit, births.FIRST_VERSION)), 303)
    time.sleep(0.3)  # idle again
    began = time.monotonic()
    births.expected(lines["H36"].send(ready.desk.act("decide", branch, unit, births.FIRST_VERSION + 1)), 303)
    status = "SELECT status = %s FROM dossier WHERE code = %s"
    until(lambda: _value(country, "portal", status, RETURNED, code), 30, "the last effect", pause=0.005)
    taken = time.monotonic() - began
    for line in lines.values():
        line.close()
    return taken


def _value(country: Country, node: str, sql: str, *params: Any) -> Any:
    with country.looking(node) as tx:
        return tx.value(sql, params)


# ---------------------------------------------------------------------- page.portal


def page_portal(options: Options) -> Measured:
    """Milliseconds of the form at 16 connections: warm, with answers that lie with the draft; cold in the note."""
    count = options.births or PAGES
    with Country(max(FEWEST_PEOPLE, count * PEOPLE_A_BIRTH)) as country:
        country.up()
        cold, warm = serving.form_pages(country, families.with_notices(country, count))
    note = (
        f"{serving.CONNECTIONS} connections, think time 0; {len(warm)} pages with kept answers: {_spread(warm)}; "
        f"{len(cold)} drafts opened cold (redirect and asks of their registers' owners included): {_spread(cold)}"
    )
    return Measured("page.portal", _milliseconds(warm, 0.5), "ms", None, None, note)


# ---------------------------------------------------------------------- birth.latency


def birth_latency(options: Options) -> Measured:
    """Seconds from a birth's entry in the register to the last effect, at 20 births a second."""
    count = options.births or LATENCIES
    pause = 1 / serving.PER_SECOND
    with _ready(count, options) as ready:
        flow = Flow(ready.country, ready.desk, options.clients, options.most_open, pause=pause)
        began = time.monotonic()
        taken = serving.seconds_to_last_effect(
            ready.country, ready.filled, lambda filled: flow.run(filled, patience=120 + len(filled))
        )
        rate = count / (time.monotonic() - began)
    ordered = sorted(taken)
    note = f"{count} births, one submitted every {pause * 1000:.0f} ms ({rate:.1f}/s ended); {_spread(taken)}"
    return Measured("birth.latency", round(ordered[len(ordered) // 2], 3), "s", None, None, note)


# ---------------------------------------------------------------------- up


def up(options: Options) -> Measured:
    """Seconds of the first start, packages in place; the later start and memory are in the note."""
    with Country() as country:
        first = country.up()
        country.down()
        later = country.up()
    note = (
        f"first start, packages in place, {first['processes']} processes, {first['memory_mb']:.0f} MB with PostgreSQL; "
        f"later start {later['seconds']:.2f} s, {later['memory_mb']:.0f} MB (PSS)"
    )
    return Measured("up", round(first["seconds"], 2), "s", None, None, note)


# ---------------------------------------------------------------------- result.pdf


def result_pdf(options: Options) -> Measured:
    """Birth certificates a second: facts gathered, typeset, sealed with a time-stamp, kept; one after the other."""
    count = options.births or PAPERS
    rates, floors, times = [], [], []
    with _ready(count, options) as ready:
        country = ready.country
        Flow(country, ready.desk, options.clients, options.most_open).run(ready.filled, patience=60 + count)
        with paper_making.maker(country) as maker:
            for part in _parts(maker.dossiers, ROUNDS):
                taken = maker.make(part)
                times += taken
                rates.append(len(taken) / sum(taken))
                floors.append(maker.floor(runs=len(part)))
                _say(options, f"{rates[-1]:.1f} papers/s, floor {floors[-1]:.1f}")
            shape = maker.shape
    note = f"{len(times)} papers in {ROUNDS} rounds, one thread; {_spread(times)}; {shape}"
    return rate("result.pdf", sum(rates) / len(rates), floors, note)


# ---------------------------------------------------------------------- reconcile


def reconcile(options: Options) -> Measured:
    """Seconds to compare two registers that differ in ten rows, all sums made anew; from kept sums in the note."""
    rows = options.rows or reconciling.ROWS
    found = reconciling.measure(rows)
    cold, kept, first = found.cold, found.kept, found.first
    note = (
        f"{cold.rows:,} rows in {cold.buckets:,} buckets, every planted difference found and nothing else; exchanged "
        f"{cold.bytes:,} bytes ({cold.opened} buckets opened); from kept sums {kept.seconds:.2f} s and {kept.bytes:,} "
        f"bytes; at first contact, once (which records the follower holds), {first.seconds:.1f} s and {first.bytes:,} "
        "bytes; all without the waiting for the feed before a difference counts (with it "
        f"cold {cold.whole:.0f} s, kept {kept.whole:.0f} s)"
    )
    return Measured("reconcile", round(cold.seconds, 2), "s", None, None, note)


# ---------------------------------------------------------------------- registers


def register_load(options: Options) -> Measured:
    """Rows a second of a bulk load, feed and seals included; floor: COPY into the same indexed table."""
    rows = options.rows or registers.LOAD_ROWS
    took = registers.load(rows)
    note = (
        f"{rows:,} people in order of number into persons with its index, {registers.LOAD_ROUNDS} rounds taking turns"
        " with bare COPY of the same text; product: COPY, a thousand rows a set with digest in the journal, seals"
    )
    return rate("register.load", sum(took.product) / len(took.product), took.floor, note)


def population_size(options: Options) -> Measured:
    """Bytes a person of the population register: rows, indexes, history of one in five, feed."""
    rows = options.rows or registers.SIZE_ROWS
    room = registers.size(rows)
    note = (
        f"{rows:,} people loaded, {room.amended:,} amended once one by one, sealed: table {room.table:.0f}, "
        f"indexes {room.indexes:.0f}, past {room.past:.0f}, journal and seals {room.feed:.0f} bytes a person; "
        f"100 million: {room.whole * registers.COUNTRY / 1e9:.0f} GB; {room.seconds:.0f} s"
        + ("" if rows >= registers.ENOUGH_ROWS else f"; for the extrapolation use --rows {registers.ENOUGH_ROWS}")
    )
    return Measured("population.size", round(room.whole, 1), "bytes", None, None, note)


MEASURES: dict[str, Callable[[Options], Measured]] = {
    "birth.complete": birth_complete,
    "submit.http": submit_http,
    "birth.idle": birth_idle,
    "birth.latency": birth_latency,
    "page.portal": page_portal,
    "result.pdf": result_pdf,
    "reconcile": reconcile,
    "up": up,
    "exchange.ask": exchanging.exchange_ask,
    "register.read": exchanging.register_read,
    "exchange.send": delivery.exchange_send,
    "exchange.catchup": delivery.exchange_catchup,
    "register.load": register_load,
    "population.size": population_size,
    "queue.page": queueing.queue_page,
    "act.http": acting.act_http,
    "deadline": deadlines.deadline,
    "index766": indexing.index766,
}


# ---------------------------------------------------------------------- getting ready


@contextmanager
def _ready(count: int, options: Options) -> Iterator[Ready]:
    with Country(max(FEWEST_PEOPLE, count * PEOPLE_A_BIRTH)) as country:
        country.up()
        found = families.with_notices(country, count)
        with Browser() as browser:
            sign_in(country, browser, "portal", found[0].mother)  # once for real; the others' sessions are laid down
        began = time.monotonic()
        filled = families.fill_in(country, found)
        _say(options, f"{count} forms filled in, {(time.monotonic() - began) / count * 1000:.0f} ms each")
        ready = Ready(country, filled, families.open_desk(country, {family.unit for family in found}))
        try:
            yield ready
        except TimeoutError as late:
            raise TimeoutError(f"{late}; lienthong stuck says:\n{country.command('stuck')}") from late


def _parts(filled: Sequence[Any], count: int) -> list[Sequence[Any]]:
    ends = [len(filled) * number // count for number in range(count + 1)]
    return [filled[begin:end] for begin, end in itertools.pairwise(ends) if end > begin]


# ---------------------------------------------------------------------- figures


def _span(done: Sequence[Birth]) -> float:
    """Seconds from the first submission to the last effect."""
    return max(birth.ended for birth in done) - min(birth.submitted for birth in done)


def _milliseconds(taken: Sequence[float], quantile: float) -> float:
    ordered = sorted(taken)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * quantile))] * 1000, 1)


def _spread(taken: Sequence[float]) -> str:
    return " ".join(f"p{int(q * 100)} {_milliseconds(taken, q):.0f} ms" for q in (0.5, 0.95, 0.99))


def _latencies(times: dict[str, list[float]]) -> str:
    return ", ".join(f"{what} {_spread(taken)}" for what, taken in times.items())


def _joined(times: dict[str, list[float]]) -> Any:
    for what in ("submit", "check", "decide"):
        times.setdefault(what, [])
    return times


def _processor(country: Country) -> "Counter[str]":
    return country.processor_seconds() + Counter({"load": time.process_time()})


def _tell_processor(options: Options, used: "Counter[str]", count: int) -> None:
    for what, seconds in used.most_common():
        _say(options, f"{what:<20} {seconds / count * 1000:6.1f} ms of processor a birth")


def _say(options: Options, line: str) -> None:
    if options.is_verbose:
        print(line, file=sys.stderr, flush=True)
