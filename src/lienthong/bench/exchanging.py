"""Measures of asking: a signed question and its signed answer, logged at both ends; reads alone, over HTTP."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import psycopg

from lienthong.bench import floor
from lienthong.bench.browser import Line
from lienthong.bench.driver import Country, is_free, until
from lienthong.bench.floor import SCHEMA
from lienthong.bench.measured import NO_PGBENCH, Measured, Options, rate
from lienthong.config import directories
from lienthong.config.bootstrap import environment
from lienthong.config.state import HOME
from lienthong.exchange import envelopes, evidence
from lienthong.exchange.envelopes import Envelope, Header
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.signatures import SigningKey
from lienthong.portal.my_data import PURPOSE
from lienthong.registers.reading import SERVICE

ROUNDS = 4
PEOPLE, ASKED, READS, READERS = 2_000, 800, 2_400, 16
WARM_UP = 20
CHECKED = 50
Person = tuple[str, str]  # number, and e-identity's word that they are here

_SOME = "SELECT number FROM persons WHERE died_on IS NULL ORDER BY number LIMIT 500"
# The same row read by its key, and one log row of the same size, in one transaction.
_FLOOR = """
\\set n random(0, 499)
BEGIN;
SELECT * FROM persons WHERE number = (SELECT number FROM people WHERE place = :n);
INSERT INTO log (stream, subject, at, payload, digest, chain) SELECT gen_random_uuid()::text, number, now(), {payload},
    sha256('x'), sha256('y') FROM people WHERE place = :n;
COMMIT;
"""
_TABLES = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
DROP TABLE IF EXISTS {SCHEMA}.persons, {SCHEMA}.people, {SCHEMA}.log;
CREATE TABLE {SCHEMA}.persons AS SELECT * FROM public.persons;
CREATE UNIQUE INDEX ON {SCHEMA}.persons (number);
CREATE TABLE {SCHEMA}.people AS
    SELECT row_number() OVER (ORDER BY number) - 1 AS place, number FROM ({_SOME}) living;
CREATE UNIQUE INDEX ON {SCHEMA}.people (place);
CREATE TABLE {SCHEMA}.log
    (stream text PRIMARY KEY, subject text, at timestamptz, payload text, digest bytea, chain bytea);
CREATE INDEX ON {SCHEMA}.log (subject, at);
ANALYZE {SCHEMA}.persons, {SCHEMA}.people
"""


# ---------------------------------------------------------------------- exchange.ask


def exchange_ask(options: Options) -> Measured:
    """Questions a second from portal to G01 over four connections; floor: the same path without signatures."""
    count = options.births or ASKED
    rates, floors, times, size = [], [], [], 0
    with Country(PEOPLE) as country:
        country.up()
        people = _people(country)
        with _without_signatures(country) as address:
            for _ in range(ROUNDS):
                signed, bare = _asked(country, people, count), _asked(country, people, count, address)
                rates.append(len(signed["times"]) / signed["seconds"])
                floors.append(len(bare["times"]) / bare["seconds"])
                times += signed["times"]
                size = signed["body"]
                _say(options, f"{rates[-1]:.0f} asks/s, without signatures {floors[-1]:.0f}")
    note = (
        f"{len(times)} asks of {size} bytes with the person's session as evidence, {ROUNDS} rounds in turns with"
        " the same path without signatures; 4 connections, think time 0; journal at both ends first;"
        f" {_spread(times)}"
    )
    return rate("exchange.ask", sum(rates) / len(rates), floors, note)


def _asked(country: Country, people: Sequence[Person], count: int, address: str = "") -> dict[str, Any]:
    told = subprocess.run(
        [sys.executable, "-m", "lienthong.bench.unsigned", "ask", address, str(count)],
        input=json.dumps(people), capture_output=True, text=True, env=_environment(country, "portal"), check=False,
        timeout=300,
    )  # fmt: skip
    if told.returncode:
        raise RuntimeError(f"the asker failed:\n{told.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(told.stdout)
    return found


@contextmanager
def _without_signatures(country: Country) -> Iterator[str]:
    """G01's web application once more, in a process where nothing is signed or verified; its address."""
    port = next(port for port in range(country.port + 40, country.port + 400) if is_free(port))
    command = [sys.executable, "-m", "lienthong.bench.unsigned", "serve", str(port)]
    server = subprocess.Popen(command, env=_environment(country, "G01"))
    try:
        until(lambda: not is_free(port), 60, "the server without signatures")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def _environment(country: Country, node: str) -> dict[str, str]:
    own = environment(country.cluster, country.places[node])
    return {**os.environ, "PYTHONPATH": str(HOME / "src"), **own}


# ---------------------------------------------------------------------- register.read


def register_read(options: Options) -> Measured:
    """Logged reads a second over HTTP; floor: the bare row and a log row in one transaction, by pgbench."""
    count = options.births or READS
    rates, floors, times = [], [], []
    with Country(PEOPLE) as country:
        country.up()
        people, pgbench = _people(country), floor.pgbench(country)
        _read(country, _requests(country, people, WARM_UP * READERS))
        if pgbench:
            _prepare_floor(country)
        for _ in range(ROUNDS):
            requests = _requests(country, people, count)
            began = time.monotonic()
            times += _read(country, requests)
            rates.append(count / (time.monotonic() - began))
            if pgbench:
                script = _FLOOR.format(payload=_payload(country))
                floors.append(floor.replay(country, pgbench, "G01", script, READERS, runs=count // READERS))
            _say(options, f"{rates[-1]:.0f} reads/s, floor {floors[-1:]}")
    note = (
        f"{len(times)} reads of a person's record with their session as evidence, signed in advance, {ROUNDS} rounds;"
        f" {READERS} connections, think time 0; {_spread(times)}"
        + ("; floor: pgbench, the same row and one log row of the same size" if floors else f"; {NO_PGBENCH}")
    )
    return rate("register.read", sum(rates) / len(rates), floors, note)


def _read(country: Country, requests: Sequence[tuple[str, bytes]]) -> list[float]:
    """Seconds of each read; the last answers are opened and looked at when the clock has stopped."""
    port = country.places["G01"].port

    def client(place: int) -> tuple[list[float], list[tuple[str, bytes]]]:
        line, taken, answers = Line(port), [], []
        for number, request in requests[place::READERS]:
            began = time.monotonic()
            answer = line.send(request)
            taken.append(time.monotonic() - began)
            if answer.status != 200:
                raise RuntimeError(f"a read was answered {answer.status}: {answer.text[:200]}")
            answers.append((number, answer.body))
        line.close()
        return taken, answers

    with ThreadPoolExecutor(READERS) as crew:
        done = list(crew.map(client, range(READERS)))
    directory = directories.published(country.state)
    for number, body in [one for _, answers in done for one in answers][-CHECKED:]:
        answer = envelopes.open_envelope(envelopes.decode(body), directory, recipient="portal", at=clock.now())
        assert answer.body["items"]["me"]["number"] == number, "another person's record came back"
    return [one for taken, _ in done for one in taken]


def _requests(country: Country, people: Sequence[Person], count: int) -> list[tuple[str, bytes]]:
    """Signed questions as they go over the line: valid for half a minute."""
    key = SigningKey.load(country.state.keys / "portal" / "transport.pem")
    found = []
    for place in range(count):
        number, proof = people[place % len(people)]
        item = {"register": "persons", "by": "number", "value": {"is": number}, "many": False}
        body = msgspec.json.encode({"items": {"me": item}, "evidence": [proof]})
        raw = msgspec.json.encode(_signed(body, key))
        head = f"POST /exchange/ask HTTP/1.1\r\nHost: g01.localhost\r\nContent-Length: {len(raw)}\r\n"
        found.append((number, f"{head}Content-Type: application/json\r\n\r\n".encode() + raw))
    return found


def _signed(body: bytes, key: SigningKey) -> Envelope:
    at = clock.now()
    header = Header(
        id=new_id(),
        sender="portal",
        recipient="G01",
        service=SERVICE,
        purpose=PURPOSE,
        case=f"{PURPOSE}/bench",
        issued=at,
        expires=at + timedelta(minutes=2),
        body_hash=envelopes.digest(body),
    )
    return envelopes.close(header, body, key)


def _prepare_floor(country: Country) -> None:
    with psycopg.connect(country.conninfo("G01", "owner"), autocommit=True) as link:
        for statement in _TABLES.split(";"):
            link.execute(statement)


def _payload(country: Country) -> str:
    """As many bytes as our log rows have."""
    with country.looking("G01") as tx:
        size = tx.value("SELECT avg(length(payload))::int FROM journal_entry WHERE kind = 'read'")
    return f"repeat('x', {size})"


# ---------------------------------------------------------------------- shared


def _people(country: Country) -> list[Person]:
    """Five hundred who live, each as if signed in at the portal."""
    seal = SigningKey.load(country.state.keys / "G01-eid" / "seal.pem")
    identity: Any = SimpleNamespace(name="G01-eid", seal=seal)
    with country.looking("G01") as tx:
        numbers = [row.number for row in tx.all(_SOME)]
    return [(number, evidence.of_session(identity, number, "portal")) for number in numbers]


def _spread(taken: Sequence[float]) -> str:
    ordered = sorted(taken)
    return " ".join(
        f"p{q} {ordered[min(len(ordered) - 1, len(ordered) * q // 100)] * 1000:.1f} ms" for q in (50, 95, 99)
    )


def _say(options: Options, line: str) -> None:
    if options.is_verbose:
        print(line, file=sys.stderr, flush=True)
