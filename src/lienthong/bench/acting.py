"""Durable acts through the desk, over HTTP: an officer takes a dossier and passes it on, with session and form token.

The floor is the application's own statements of one such pair of acts, captured once and replayed by pgbench over
copies of the same tables: what the database alone can do. What remains is the profile of the web process.
"""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import mean
from typing import Any, Final, cast
from urllib.parse import urlencode

import msgspec
import psycopg

from lienthong.bench import floor, one_stop
from lienthong.bench.browser import Line
from lienthong.bench.driver import Country
from lienthong.bench.measured import NO_PGBENCH, Measured, Options, rate
from lienthong.bench.one_stop import NODE, Seat
from lienthong.casework import codes, desks, dossiers, limits, onward
from lienthong.casework.dossiers import Dossier, Identity
from lienthong.casework.states import MACHINE, Act, apply
from lienthong.catalogue.shapes import Process, Service
from lienthong.config.bootstrap import environment
from lienthong.config.state import HOME
from lienthong.demo import history_rows
from lienthong.demo.history import Archive
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer, Post
from lienthong.kit import clock
from lienthong.kit.storage import Tx

DOSSIERS, CLIENTS, ROUNDS = 2_400, 8, 3
SERVICE, ROLE = "civil-status/marital-status", "civil_status_officer"
VERBS: Final = ("take", "check")
OLD: Final = 60  # acts of a dossier that has seen much
_OFFICERS: Final = "SELECT number, name, unit FROM officer WHERE role = %s AND instead_of = '' ORDER BY unit LIMIT %s"


@dataclass(frozen=True)
class Prepared:
    """A dossier that waits at the check, with the officer whose turn it is."""

    code: str
    acts: int
    seat: Seat


def act_http(options: Options) -> Measured:
    """Acts a second through the desk by HTTP: each one a durable commit by an officer with session and form token."""
    count = options.births or DOSSIERS
    rates, aged, floors, taken, shape = [], list[float](), list[float](), list[float](), NO_PGBENCH
    with Country(20_000) as country:
        country.up()
        fresh, old = _prepared(country, count, 5), _prepared(country, count // 4, OLD)
        pgbench = floor.pgbench(country)
        script = _script(country, fresh[:2]) if pgbench else ""
        for part, old_part in zip(_parts(fresh[2:], ROUNDS), _parts(old, ROUNDS), strict=True):
            rates.append(_rate(country, part, taken))
            aged.append(_rate(country, old_part, []))
            if pgbench:
                floors.append(len(VERBS) * floor.replay(country, pgbench, NODE, script, CLIENTS, runs=len(part)))
        if pgbench:
            shape = f"floor: the {script.count(';')} statements of a take and a check, pgbench, {CLIENTS} clients"
    ordered = sorted(taken)
    spread = " ".join(f"p{int(q * 100)} {ordered[int(len(ordered) * q)] * 1000:.0f}" for q in (0.5, 0.95, 0.99))
    note = (
        f"{len(VERBS) * count} acts (take, check) in {ROUNDS} rounds, {CLIENTS} clients, think time 0; {spread} ms; of "
        f"dossiers with {OLD} acts {mean(aged):.0f}/s; {_by_length()}; {shape}"
    )
    return rate("act.http", mean(rates), floors, note)


# ---------------------------------------------------------------------- dossiers that wait


def _prepared(country: Country, count: int, acts: int) -> list[Prepared]:
    """So many dossiers at the check, spread over the units, each with so many acts behind it."""
    archive, at = one_stop.archive_of(country), clock.now() - timedelta(minutes=1)
    with country.looking(NODE) as tx:
        rows = tx.all(_OFFICERS, (ROLE, 40))
    seats = one_stop.seated(country, [(row.number, row.name) for row in rows])
    made, found = [], []
    for place, (row, seat) in zip(range(count), itertools.cycle(zip(rows, seats, strict=True)), strict=False):
        number = f"{acts}{place:05d}"
        officer = Officer(row.number, row.name, (Post(ROLE, row.unit),))
        dossier = _waiting(archive, officer, row.unit, number, acts, at)
        found.append(Prepared(dossier.identity.code, dossier.acts, seat))
        made.append(dossier)
    with psycopg.connect(country.conninfo(NODE, "owner")) as link:
        history_rows.copy(link, history_rows.rows(archive.catalogue, made))
        link.commit()
        for table in ("dossier", "journal_entry", "dossier_content"):
            link.execute(f"ANALYZE {table}")
    return found


def _waiting(archive: Archive, officer: Officer, unit: str, number: str, acts: int, at: datetime) -> Dossier:
    """Acknowledged, received, and taken and let go as often as it must have acts."""
    node, service = cast(Node, archive), archive.catalogue.service(SERVICE)
    agency = codes.agency_for(node, unit)
    citizen = archive.people.citizen(_random(number), unit)
    identity = Identity(
        f"{agency}-{at:%y%m%d}-{number}", SERVICE, service.revision, agency, citizen.number, at, unit, citizen.name
    )
    content = archive.people.content(_random(number), service, citizen, None, unit, at)
    deadline = limits.promised(node, service, at, unit)
    first = service.process.steps[0]
    dossier = dossiers.begin(
        service, identity, content, Act("acknowledge", at, MACHINE, "", agency, first.step, deadline=deadline)
    )
    onward_of = onward.way(node, cast(Tx, None), service, dossier, first, at)
    receive = Act("receive", at, MACHINE, "", agency, first.step, deadline=deadline, **onward_of)
    dossiers.add(service, dossier, receive)
    step = service.process.step(dossier.state.step)
    while dossier.acts < acts:
        verb = "release" if dossier.state.holder else "take"
        detail = {} if verb == "release" else {"until": at.isoformat()}
        dossiers.add(service, dossier, desks.act_of(cast(Any, verb), officer, dossier, step, at, detail=detail))
    return dossier


def _random(seed: str) -> Any:
    from random import Random  # noqa: PLC0415

    return Random(seed)  # noqa: S311 — a load, no secret


# ---------------------------------------------------------------------- acting


def _rate(country: Country, part: Sequence[Prepared], taken: list[float]) -> float:
    """Acts a second; each one's seconds are added to `taken`."""
    began = time.monotonic()
    taken += _act(country, part)
    return len(VERBS) * len(part) / (time.monotonic() - began)


def _act(country: Country, part: Sequence[Prepared]) -> list[float]:
    """Seconds of each act; every client keeps its line."""

    def client(own: Sequence[Prepared]) -> list[float]:
        line, taken = Line(country.places[NODE].port), []
        for one in own:
            for version, verb in enumerate(VERBS, start=one.acts):
                began = time.monotonic()
                answer = line.send(_request(country, one, verb, version))
                taken.append(time.monotonic() - began)
                if answer.status not in (302, 303):
                    raise RuntimeError(f"{verb} was answered {answer.status}")
        line.close()
        return taken

    with ThreadPoolExecutor(CLIENTS) as crew:
        return [one for own in crew.map(client, _parts(part, CLIENTS)) for one in own]


def _request(country: Country, one: Prepared, verb: str, version: int) -> bytes:
    body = urlencode({"csrfmiddlewaretoken": one.seat.token, "version": str(version)}).encode()
    return one.seat.browser.request("POST", country.url(NODE, f"/dossiers/{one.code}/{verb}"), body)


def _parts(whole: Sequence[Prepared], count: int) -> Iterator[Sequence[Prepared]]:
    ends = [len(whole) * number // count for number in range(count + 1)]
    return (whole[begin:end] for begin, end in itertools.pairwise(ends) if end > begin)


# ---------------------------------------------------------------------- the floor


def _script(country: Country, some: Sequence[Prepared]) -> str:
    """The statements of a take and a check, with a dossier drawn anew for each run; uses up two dossiers."""
    requests = [
        {"path": f"/dossiers/{one.code}/{verb}", "cookie": _cookie(one.seat), "body": body}
        for one in some
        for version, verb in enumerate(VERBS, start=one.acts)
        for body in [urlencode({"csrfmiddlewaretoken": one.seat.token, "version": str(version)})]
    ]
    statements, last = list[str](), some[-1]
    for request in (requests[:3], requests[2:]):
        told = subprocess.run(
            [sys.executable, "-m", "lienthong.bench.capture"], input=json.dumps(request), capture_output=True,
            text=True, check=False, timeout=60,
            env={**os.environ, "PYTHONPATH": str(HOME / "src"), **environment(country.cluster, country.places[NODE])},
        )  # fmt: skip
        if told.returncode:
            raise RuntimeError(f"an act could not be captured:\n{told.stderr[-2000:]}")
        statements += json.loads(told.stdout)["statements"]
    _copies(country, last.code)
    new, stream = "' || :n::text || E'", f"dossier/{last.code}"
    lines = [r"\set n random(100000000000, 999999999999)"]
    for statement in statements:
        is_insert = "INSERT INTO journal_entry" in statement
        lines.append((statement.replace(stream, f"{stream}{new}") if is_insert else statement) + ";")
    return "\n".join(lines) + "\n"


def _cookie(seat: Seat) -> str:
    return "; ".join(f"{name}={value}" for jar in seat.browser.cookies.values() for name, value in jar.items())


def _copies(country: Country, _code: str) -> None:
    """The node's tables with their indexes in the floor's schema: sessions, officers and dossiers as they stand."""
    with psycopg.connect(country.conninfo(NODE, "owner"), autocommit=True) as link:
        link.execute(f"DROP SCHEMA IF EXISTS {floor.SCHEMA} CASCADE")
        link.execute(f"CREATE SCHEMA {floor.SCHEMA}")
        for (table,) in link.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
            link.execute(f"CREATE TABLE {floor.SCHEMA}.{table} (LIKE public.{table} INCLUDING ALL)".encode())
        for table in ("session", "officer", "dossier", "dossier_content"):
            names = link.execute(
                "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns WHERE table_schema"
                " = 'public' AND table_name = %s AND is_generated = 'NEVER'", (table,)
            ).fetchone()  # fmt: skip
            columns = str(names[0]) if names else ""
            link.execute(
                f"INSERT INTO {floor.SCHEMA}.{table} ({columns}) SELECT {columns} FROM public.{table}".encode()
            )


# ---------------------------------------------------------------------- does the length of a process matter?


def _by_length() -> str:
    """Microseconds that an act takes to be applied in a process of three and of thirty steps."""
    return f"applied in a process of 3 steps {_applied(3):.1f} µs, of 30 steps {_applied(30):.1f} µs an act"


def _applied(steps: int) -> float:
    lines = [
        {"step": f"s{place}", "verb": "check", "role": ROLE, "name": {"vi": "Kiểm tra", "en": "Check"}}
        for place in range(steps)
    ]
    process = msgspec.convert({"steps": lines}, Process)
    service = cast(Service, type("Service", (), {"process": process, "branches": []})())
    at, taken = clock.now(), []
    for _ in range(300):
        state = apply(service, None, Act("acknowledge", at, MACHINE, step="s0"))
        began = time.perf_counter()
        for place in range(steps - 1):
            state = apply(service, state, Act("check", at, "", ROLE, step=f"s{place}"))
        taken.append((time.perf_counter() - began) / (steps - 1))
    return min(taken) * 1e6
