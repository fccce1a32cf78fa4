"""Births on their way, many at once: submitted, checked and signed over HTTP, followed to the last effect.

Closed loop: a client sends its next request when the answer to the last one is there (think time 0), and no more than
`most_open` births are between submission and last effect. H36's own code of a dossier, which an officer would see in
the queue, is read from its database.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from queue import Empty, PriorityQueue

import psycopg

from lienthong.bench.browser import Answer, Line
from lienthong.bench.driver import Country
from lienthong.bench.families import Desk, Filled
from lienthong.casework.states import FINAL, RETURNED

POLL_SECONDS = 0.04
FIRST_VERSION = 2  # acts of a complete dossier at H36 when its officer sees it first: acknowledged, received
_BRANCH = "SELECT parent, code FROM dossier WHERE parent = ANY (%s)"
_ENDED = "SELECT code, status FROM dossier WHERE code = ANY (%s) AND status = ANY (%s)"


class Unexpected(Exception):
    """An answer that no birth gives on its way; the message holds its status and the page's first error."""


@dataclass
class Birth:
    """A birth on its way; moments on the monotonic clock, 0 for what has not happened."""

    filled: Filled
    code: str = ""
    branch: str = ""
    submitted: float = 0.0
    decided: float = 0.0
    ended: float = 0.0
    status: int = 0


@dataclass
class Flow:
    """`retry`: try again over connection errors, as people do while a server restarts; `pause` seconds between two
    submissions, 0 for as fast as they go."""

    country: Country
    desk: Desk
    clients: int = 16
    most_open: int = 200
    retry: bool = False
    pause: float = 0.0
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    retries: int = 0

    def run(self, filled: Sequence[Filled], patience: float) -> list[Birth]:
        """Carry every birth to its end. Raises TimeoutError after `patience` seconds, Unexpected at once."""
        births = [Birth(one) for one in filled]
        self._jobs: PriorityQueue[tuple[int, int, Callable[[_Lines], None]]] = PriorityQueue()
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._numbered = 0
        self._lock = threading.Lock()
        crew = [threading.Thread(target=self._work, daemon=True) for _ in range(self.clients)]
        for client in crew:
            client.start()
        try:
            self._conduct(births, time.monotonic() + patience)
        finally:
            self._stop.set()
            for client in crew:
                client.join(5.0)
        return births

    # ------------------------------------------------------------------ the conductor's thread

    def _conduct(self, births: Sequence[Birth], deadline: float) -> None:
        waiting = list(reversed(births))
        begun: list[Birth] = []
        next_at = time.monotonic()
        while waiting or begun:
            if self._failure is not None:
                raise self._failure
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(waiting) + len(begun)} of {len(births)} births have not ended")
            while waiting and len(begun) < self.most_open and time.monotonic() >= next_at:
                begun.append(birth := waiting.pop())
                self._put(2, partial(self._submit, birth))
                next_at += self.pause
            time.sleep(POLL_SECONDS)
            try:
                self._receive(begun)
                begun = self._unended(begun)
            except psycopg.OperationalError:  # the database was killed under us too
                if not self.retry:
                    raise
                self.retries += 1

    def _receive(self, begun: Sequence[Birth]) -> None:
        """Send the officers to the dossiers that have arrived at H36."""
        filed = {birth.code: birth for birth in begun if birth.code and not birth.branch}
        if filed:
            with self.country.looking("H36") as tx:
                found = tx.all(_BRANCH, (list(filed),))
            for row in found:
                birth = filed[row.parent]
                birth.branch = row.code
                self._put(1, partial(self._check, birth))

    def _unended(self, begun: Sequence[Birth]) -> list[Birth]:
        decided = [birth.code for birth in begun if birth.decided]
        if decided:
            with self.country.looking("portal") as tx:
                ended = {row.code: row.status for row in tx.all(_ENDED, (decided, list(FINAL)))}
            now = time.monotonic()
            for birth in begun:
                if birth.code in ended:
                    birth.ended, birth.status = now, ended[birth.code]
        return [birth for birth in begun if not birth.ended]

    def _put(self, urgency: int, job: "Callable[[_Lines], None]") -> None:
        with self._lock:
            self._numbered += 1
            self._jobs.put((urgency, self._numbered, job))

    # ------------------------------------------------------------------ the clients' threads

    def _work(self) -> None:
        lines = _Lines(self.country)
        try:
            while not self._stop.is_set():
                try:
                    _, _, job = self._jobs.get(timeout=0.1)
                except Empty:
                    continue
                job(lines)
        except BaseException as failure:
            self._failure = failure
        finally:
            lines.close()

    def _submit(self, birth: Birth, lines: "_Lines") -> None:
        birth.submitted = time.monotonic()
        answer = expected(self._send(lines, "portal", "submit", birth.filled.request), 302)
        birth.code = answer.location.split("/")[2]

    def _check(self, birth: Birth, lines: "_Lines") -> None:
        self._act(lines, birth, "check", FIRST_VERSION)
        self._put(0, partial(self._decide, birth))

    def _decide(self, birth: Birth, lines: "_Lines") -> None:
        at = time.monotonic()
        self._act(lines, birth, "decide", FIRST_VERSION + 1)
        birth.decided = at

    def _act(self, lines: "_Lines", birth: Birth, verb: str, version: int) -> None:
        request = self.desk.act(verb, birth.branch, birth.filled.family.unit, version)
        expected(self._send(lines, "H36", verb, request), 303)

    def _send(self, lines: "_Lines", node: str, what: str, request: bytes) -> Answer:
        began = time.monotonic()
        while True:
            try:
                answer = lines.send(node, request)
            except OSError:
                if not self.retry or self._stop.wait(0.1):
                    raise
                self.retries += 1
                continue
            if self.retry and answer.status == HTTPStatus.SERVICE_UNAVAILABLE and not self._stop.wait(0.2):
                self.retries += 1
                continue
            self.times[what].append(time.monotonic() - began)
            return answer


class _Lines:
    """One client's connections, by node."""

    def __init__(self, country: Country) -> None:
        self._lines = {name: Line(place.port) for name, place in country.places.items()}

    def send(self, node: str, request: bytes) -> Answer:
        return self._lines[node].send(request)

    def close(self) -> None:
        for line in self._lines.values():
            line.close()


def expected(answer: Answer, status: int) -> Answer:
    """The answer, if it is the one a birth gives on its way. Raises Unexpected, telling the page's title and errors."""
    if answer.status != status:
        marks = ('<li><a href="#f-', "<title>")
        told = [line.strip() for line in answer.text.splitlines() if any(mark in line for mark in marks)]
        raise Unexpected(f"status {answer.status} {answer.location} {' '.join(told[:6])}")
    return answer


# ---------------------------------------------------------------------- what has come of them


_REGISTERS = {
    "births": ("G15", "births", "notice"),
    "persons": ("G01", "persons", "number"),
    "residences": ("G01", "residences", "person"),
    "cards": ("BHXH", "insurance_cards", "person"),
}
_CHILDREN = "SELECT child_number FROM births WHERE notice = ANY (%s) AND state = 'registered'"


class NotExactlyOnce(Exception):
    """Births whose effects do not stand once each; the message counts them."""


def sizes(country: Country) -> dict[str, int]:
    """Rows in every register that a birth adds to."""
    counted = {}
    for name, (node, table, _) in _REGISTERS.items():
        with country.looking(node) as tx:
            counted[name] = int(tx.value(f"SELECT count(*) FROM {table}"))
    return counted


def effects(country: Country, births: Sequence[Birth], before: dict[str, int]) -> dict[str, int]:
    """How often each effect of these births stands; `excess` are rows since `before` that they do not explain.

    Raises NotExactlyOnce unless every birth ended well with exactly one of each.
    """
    notices = [birth.filled.family.notice for birth in births]
    with country.looking("G15") as tx:
        children = [row.child_number for row in tx.all(_CHILDREN, (notices,))]
    counted = {"done": sum(birth.status == RETURNED for birth in births)}
    for name, (node, table, key) in _REGISTERS.items():
        with country.looking(node) as tx:
            keys = notices if name == "births" else children
            counted[name] = len(tx.all(f"SELECT DISTINCT {key} FROM {table} WHERE {key} = ANY (%s)", (keys,)))
    after = sizes(country)
    counted["excess"] = sum(after[name] - before[name] - counted[name] for name in after)
    if counted != {**dict.fromkeys(counted, len(births)), "excess": 0}:
        raise NotExactlyOnce(f"{len(births)} births, but {counted}")
    return counted
