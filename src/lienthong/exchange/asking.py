"""Asking other nodes without being held by them.

Every partner has its own small crew of threads and a breaker: a partner that hangs costs its callers the deadline a
few times, then nothing, and never a thread that other pages need. A silent partner is a normal answer (None).
"""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import msgspec
import urllib3

from lienthong.exchange import envelopes
from lienthong.exchange.directory import Directory
from lienthong.exchange.envelopes import Envelope, Header, Message, Refused
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.signatures import SigningKey

AT_ONCE = 4
OPENS_AFTER = 3
STAYS_OPEN = 5.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Question:
    """What is asked of whom, for which case and purpose."""

    recipient: str
    service: str
    body: dict[str, Any]
    purpose: str
    case: str
    officer: str = ""


@dataclass
class _Partner:
    crew: ThreadPoolExecutor
    waiting: int = 0
    failures: int = 0
    open_until: float = 0.0
    lock: Lock = field(default_factory=Lock)

    def admits(self) -> bool:
        """Whether another question may go: the breaker is closed and the crew has a hand free."""
        with self.lock:
            if time.monotonic() < self.open_until or self.waiting >= AT_ONCE:
                return False
            self.waiting += 1
            return True

    def heard(self, answered: bool) -> None:
        with self.lock:
            self.waiting -= 1
            self.failures = 0 if answered else self.failures + 1
            if self.failures >= OPENS_AFTER:
                self.open_until = time.monotonic() + STAYS_OPEN


class Asker:
    """Asks on behalf of one node. Threads start at the first question, so that a forked process owns its own."""

    def __init__(self, name: str, key: SigningKey, directory: Directory) -> None:
        self._name, self._key, self._directory = name, key, directory
        self._partners: dict[str, _Partner] = {}
        self._lock = Lock()
        self._http = urllib3.PoolManager(num_pools=64, maxsize=AT_ONCE, retries=False)

    def ask_all(self, questions: Sequence[Question], within: float = 2.0) -> list[Message | None]:
        """All questions at once; each answer, or None where the partner was silent, refused or answered rubbish."""
        deadline = time.monotonic() + within
        pending = [self._start(question, deadline) for question in questions]
        return [_collect(future, deadline) for future in pending]

    def ask(self, question: Question, within: float = 2.0) -> Message | None:
        return self.ask_all([question], within)[0]

    def _start(self, question: Question, deadline: float) -> "Future[Message | None] | None":
        partner = self._partner(question.recipient)
        if not partner.admits():
            return None
        return partner.crew.submit(self._ask, partner, question, deadline)

    def _partner(self, node: str) -> _Partner:
        with self._lock:
            if node not in self._partners:
                crew = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"ask-{node}")
                self._partners[node] = _Partner(crew)
            return self._partners[node]

    def _ask(self, partner: _Partner, question: Question, deadline: float) -> Message | None:
        answer = None
        try:
            answer = self._exchange(question, deadline)
        except (urllib3.exceptions.HTTPError, Refused) as error:
            _log.warning("%s did not answer %s: %s", question.recipient, question.service, error)
        finally:
            partner.heard(answer is not None)
        return answer

    def _exchange(self, question: Question, deadline: float) -> Message:
        entry = self._directory.entry(question.recipient)
        request = self._sign(question)
        left = max(0.05, deadline - time.monotonic())
        response = self._http.request(
            "POST",
            f"{entry.address}/exchange/ask",
            body=msgspec.json.encode(request),
            headers={"Content-Type": "application/json"},
            timeout=urllib3.Timeout(total=left),
        )
        if response.status != 200:
            raise Refused("not-answered", f"status {response.status}")
        answer = envelopes.open_envelope(
            envelopes.decode(response.data), self._directory, recipient=self._name, at=clock.now()
        )
        if answer.header.sender != question.recipient or answer.header.answers != request.hash:
            raise Refused("wrong-answer", "the answer belongs to another question")
        return answer

    def _sign(self, question: Question) -> Envelope:
        body = msgspec.json.encode(question.body)
        at = clock.now()
        header = Header(
            id=new_id(),
            sender=self._name,
            recipient=question.recipient,
            service=question.service,
            purpose=question.purpose,
            case=question.case,
            issued=at,
            expires=at + envelopes.MOMENT,
            body_hash=envelopes.digest(body),
            officer=question.officer,
        )
        return envelopes.close(header, body, self._key)


def _collect(future: "Future[Message | None] | None", deadline: float) -> Message | None:
    if future is None:
        return None
    try:
        return future.result(timeout=max(0.0, deadline - time.monotonic()))
    except NotInTime:
        return None
