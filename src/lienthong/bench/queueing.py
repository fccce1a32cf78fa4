"""What an officer waits for all day: the queue, a search, a dossier's page, over a province's dossiers of two years.

So many users each open one page after another with a second's thought between them. Half the rounds are officers of one
unit, half such as hold three roles in every unit: neither may be slower than the other.
"""

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from lienthong.bench import one_stop
from lienthong.bench.browser import Line
from lienthong.bench.driver import Country
from lienthong.bench.measured import Measured, Options
from lienthong.bench.one_stop import NODE, Seat
from lienthong.desk import queries
from lienthong.desk.filters import Filter
from lienthong.desk.queries import Looking
from lienthong.identity.types import Officer, Post
from lienthong.kit import clock

ROWS: Final = 50_000
PEOPLE = 20_000  # so that every unit has its officers
USERS, THINK, SECONDS, WARM = 50, 1.0, 25.0, 4.0
WIDE_ROLES: Final = ("reception_officer", "civil_status_officer", "chair")
WIDE: Final = ("068000000077", "Người có nhiều quyền")
PAGES: Final = (("queue", 0.5), ("search", 0.2), ("dossier", 0.3))
_NARROW: Final = """
SELECT o.number, o.name, o.unit FROM officer o JOIN dossier d ON d.desk = o.unit
WHERE o.role = 'civil_status_officer' GROUP BY o.number, o.name, o.unit ORDER BY count(*) DESC LIMIT %s
"""
_SOME: Final = """
SELECT code, subject, desk FROM dossier TABLESAMPLE SYSTEM (%s)
WHERE service LIKE 'civil-status/%%' AND subject <> '' LIMIT 4000
"""


@dataclass
class Known:
    """Dossiers that are looked for, by the unit where they lie."""

    by_unit: Mapping[str, Sequence[tuple[str, str]]]

    def one(self, rng: random.Random, unit: str) -> tuple[str, str]:
        """Code and name of a dossier of a unit, or of any."""
        some = self.by_unit.get(unit) or self.by_unit[rng.choice(list(self.by_unit))]
        return some[int(rng.random() * len(some))]


@dataclass
class Times:
    """Seconds by page."""

    taken: dict[str, list[float]] = field(default_factory=dict)

    def told(self) -> str:
        return ", ".join(f"{page} {_spread(taken)}" for page, taken in sorted(self.taken.items()))


def queue_page(options: Options) -> Measured:
    """Milliseconds (p95) of the queue at 50 users with 1 s of thought; search and dossier page are in the note."""
    rows = options.rows or ROWS
    with Country(PEOPLE) as country:
        country.up()
        loaded = one_stop.lay_down(country, rows)
        known = _known(country, rows)
        narrow, wide = _officers(country, known)
        _sealed(country)
        floor = _floor(country)
        by_narrow = _round(country, narrow, known)
        by_wide = _round(country, wide, known)
    value = _milliseconds(by_narrow.taken["queue"], 0.95)
    note = (
        f"{loaded.dossiers:,} dossiers with {loaded.acts:,} acts laid down in {loaded.seconds:.0f} s; {USERS} users, "
        f"{THINK:.0f} s of thought; one role in one unit: {by_narrow.told()}; "
        f"{len(WIDE_ROLES)} roles in each of 124 units: {by_wide.told()}; floor: the queue's own statements for the "
        "wide officer, one connection, median"
    )
    return Measured("queue.page", value, "ms", round(floor, 1), round(value / floor, 1) if floor else None, note)


def _known(country: Country, rows: int) -> Known:
    with country.looking(NODE) as tx:
        found = tx.all(_SOME, (min(100.0, 400_000 / max(rows, 1)),))
    by_unit: dict[str, list[tuple[str, str]]] = {}
    for row in found:
        by_unit.setdefault(row.desk, []).append((row.code, row.subject))
    return Known(by_unit)


def _officers(country: Country, known: Known) -> tuple[list[tuple[Seat, str]], list[tuple[Seat, str]]]:
    """Users with the unit they look in: of one unit each, and such as have all."""
    with country.looking(NODE) as tx:
        rows = [row for row in tx.all(_NARROW, (40,)) if row.unit in known.by_unit][:10]
        units = [row.unit for row in tx.all("SELECT DISTINCT desk AS unit FROM dossier")]
    one_stop.appoint(country, *WIDE, [(role, unit) for unit in units for role in WIDE_ROLES])
    narrow = one_stop.seated(country, [(row.number, row.name) for row in rows])
    wide = one_stop.seated(country, [WIDE] * 5)
    return list(zip(narrow, [row.unit for row in rows], strict=True)), [(seat, "") for seat in wide]


def _sealed(country: Country, patience: float = 900.0) -> None:
    """Wait until the sealer has caught up and the forecast was learned: they are not what is measured."""
    left = "SELECT count(*) FROM journal_entry WHERE xid >= (SELECT window_to FROM seal ORDER BY number DESC LIMIT 1)"
    until = time.monotonic() + patience
    while time.monotonic() < until:
        with country.looking(NODE) as tx:
            if tx.value(left) < 1_000 and tx.value("SELECT count(*) FROM forecast"):
                return
        time.sleep(2.0)


def _round(country: Country, seats: Sequence[tuple[Seat, str]], known: Known) -> Times:
    """Every user opens pages for a while; what is opened in the first seconds is not counted."""
    times, stop, lock, began = Times(), threading.Event(), threading.Lock(), time.monotonic()

    def user(place: int) -> None:
        (seat, unit), rng = seats[place % len(seats)], random.Random(place)  # noqa: S311 — a load, no secret
        line = Line(country.places[NODE].port)
        time.sleep(rng.random() * THINK)
        while not stop.is_set():
            page = rng.choices([name for name, _ in PAGES], [share for _, share in PAGES])[0]
            request = _REQUESTS[page](country, seat, known.one(rng, unit))
            at = time.monotonic()
            answer = line.send(request)
            taken = time.monotonic() - at
            if answer.status != 200:
                raise RuntimeError(f"{page} answered {answer.status}")
            if at - began > WARM:
                with lock:
                    times.taken.setdefault(page, []).append(taken)
            stop.wait(THINK)
        line.close()

    with ThreadPoolExecutor(USERS) as crew:
        running = [crew.submit(user, place) for place in range(USERS)]
        time.sleep(WARM + SECONDS)
        stop.set()
        for one in running:
            one.result()
    return times


def _queue(country: Country, seat: Seat, _found: tuple[str, str]) -> bytes:
    return seat.browser.request("GET", country.url(NODE, "/queue"))


def _search(country: Country, seat: Seat, found: tuple[str, str]) -> bytes:
    code, name = found
    asked = code if int(code[-1]) % 3 == 0 else name
    body = urlencode({"csrfmiddlewaretoken": seat.token, "q": asked}).encode()
    return seat.browser.request("POST", country.url(NODE, "/queue/search"), body)


def _dossier(country: Country, seat: Seat, found: tuple[str, str]) -> bytes:
    return seat.browser.request("GET", country.url(NODE, f"/dossiers/{found[0]}"))


_REQUESTS: Final[Mapping[str, Callable[[Country, Seat, tuple[str, str]], bytes]]] = {
    "queue": _queue,
    "search": _search,
    "dossier": _dossier,
}


def _floor(country: Country) -> float:
    """Milliseconds of the statements behind the wide officer's queue."""
    with country.looking(NODE) as tx:
        units = [row.unit for row in tx.all("SELECT DISTINCT desk AS unit FROM dossier")]
        services = [row.service for row in tx.all("SELECT DISTINCT service FROM dossier WHERE waiting <> ''")]
        officer = Officer(*WIDE, tuple(Post(role, unit) for unit in units for role in WIDE_ROLES))
        scope = frozenset((unit, service) for unit in units for service in services)
        taken = []
        for _ in range(20):
            began, looking = time.monotonic(), Looking(officer, scope, clock.now())
            queries.counts(tx, looking)
            queries.work(tx, looking, Filter())
            taken.append(time.monotonic() - began)
    return _milliseconds(taken, 0.5)


def _milliseconds(taken: Sequence[float], quantile: float) -> float:
    ordered = sorted(taken)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * quantile))] * 1000, 1)


def _spread(taken: Sequence[float]) -> str:
    return " ".join(f"p{int(q * 100)} {_milliseconds(taken, q):.0f}" for q in (0.5, 0.95, 0.99)) + " ms"
