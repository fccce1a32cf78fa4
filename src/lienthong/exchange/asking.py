"""Asking other nodes without being held by them.

Every partner has its own small crew of threads and a breaker: a partner that hangs costs its callers the deadline a
few times, then nothing, and never a thread that other pages need. A silent partner is a normal answer (None), and so is
one that says «too many, later»: it is not asked that again before its time, and other purposes go on.

What was asked, and what was answered, is in our journal, both as they were signed, before anybody sees the answer.
"""

import logging
import time
from collections.abc import Callable, Sequence
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
from lienthong.exchange.lines import Lines
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Database

AT_ONCE = 4
OPENS_AFTER = 3
STAYS_OPEN = 5.0
LONGEST_REST = 120.0
EVIDENCE_SINCE = 2  # of the wire: an earlier partner does not read it
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Question:
    """What is asked of whom, for which case and purpose; `evidence` are the statements that prove the case.
    `upkeep` is the exchange's own, asked all the time: not put down here, its owner logs what it opens."""

    recipient: str
    service: str
    body: dict[str, Any]
    purpose: str
    case: str
    officer: str = ""
    evidence: tuple[str, ...] = ()
    upkeep: bool = False


class _Later(Exception):
    """The partner has no room for such questions for so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:.0f} s")
        self.seconds = seconds


@dataclass
class _Partner:
    crew: ThreadPoolExecutor
    waiting: int = 0
    failures: int = 0
    open_until: float = 0.0
    resting: dict[tuple[str, str], float] = field(default_factory=dict)  # until when, by service and purpose
    lock: Lock = field(default_factory=Lock)

    def admits(self, question: Question) -> bool:
        """Whether another question may go: the breaker is closed, the crew has a hand free, its kind is not resting."""
        with self.lock:
            now = time.monotonic()
            rest = self.resting.get((question.service, question.purpose), 0.0)
            if now < max(self.open_until, rest) or self.waiting >= AT_ONCE:
                return False
            self.waiting += 1
            return True

    def heard(self, answered: bool) -> None:
        with self.lock:
            self.waiting -= 1
            self.failures = 0 if answered else self.failures + 1
            if self.failures >= OPENS_AFTER:
                self.open_until = time.monotonic() + STAYS_OPEN

    def rest(self, question: Question, seconds: float) -> None:
        with self.lock:
            self.resting[question.service, question.purpose] = time.monotonic() + min(seconds, LONGEST_REST)


@dataclass(frozen=True)
class _Asked:
    """A question on its way: as it was signed, and what becomes of it."""

    question: Question
    request: Envelope
    id: str
    future: "Future[Message | str]"


class Asker:
    """Asks on behalf of one node. Threads start at the first question, so that a forked process owns its own.

    `database` is where the node's journal is; without one (a command line's questions) nothing is put down here.
    """

    def __init__(
        self, name: str, key: SigningKey, directory: Directory, database: Database | None = None,
        lines: Lines | None = None,
    ) -> None:  # fmt: skip
        self._name, self._key, self._directory, self._database = name, key, directory, database
        self.lines = lines or Lines(directory)
        self.head: Callable[[], str] = lambda: ""  # as `Node.head`
        self.seen: Callable[[str], str] = lambda partner: ""  # as `Node.seen`
        self.heard: Callable[[Message], None] = lambda answer: None  # looks at every answer; may raise Refused
        self._partners: dict[str, _Partner] = {}
        self._lock = Lock()

    def ask_all(self, questions: Sequence[Question], within: float = 2.0) -> list[Message | None]:
        """All questions at once; each answer, or None where the partner was silent, refused or answered rubbish."""
        deadline = time.monotonic() + within
        asked = [self._start(question, deadline) for question in questions]
        outcomes = [_collect(one, deadline) for one in asked]
        self._put_down([(one, outcome) for one, outcome in zip(asked, outcomes, strict=True) if one is not None])
        return [outcome if isinstance(outcome, Message) else None for outcome in outcomes]

    def ask(self, question: Question, within: float = 2.0) -> Message | None:
        return self.ask_all([question], within)[0]

    def _start(self, question: Question, deadline: float) -> _Asked | None:
        partner = self._partner(question.recipient)
        if not partner.admits(question):
            return None
        try:
            request = self._sign(question)
            future = partner.crew.submit(self._ask, partner, question, request, deadline)
        except BaseException:
            partner.heard(False)
            raise
        return _Asked(question, request, msgspec.json.decode(request.header, type=_Id).id, future)

    def _partner(self, node: str) -> _Partner:
        with self._lock:
            if node not in self._partners:
                crew = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"ask-{node}")
                self._partners[node] = _Partner(crew)
            return self._partners[node]

    def _ask(self, partner: _Partner, question: Question, request: Envelope, deadline: float) -> Message | str:
        """The answer, or why there is none as a code."""
        answered = False
        try:
            answer = self._exchange(question, request, deadline)
            answered = True
            return answer
        except _Later as later:
            answered = True  # it is there, and well
            partner.rest(question, later.seconds)
            _log.warning(
                "%s answers no more %s for %s: %s", question.recipient, question.service, question.purpose, later
            )
            return "too-many"
        except (urllib3.exceptions.HTTPError, Refused) as error:
            _log.warning("%s did not answer %s: %s", question.recipient, question.service, error)
            return error.code if isinstance(error, Refused) else "silent"
        finally:
            partner.heard(answered)

    def _exchange(self, question: Question, request: Envelope, deadline: float) -> Message:
        answer = envelopes.open_envelope(
            self._post(question.recipient, request, deadline), self._directory, recipient=self._name, at=clock.now()
        )
        if answer.header.sender != question.recipient or answer.header.answers != request.hash:
            raise Refused("wrong-answer", "the answer belongs to another question")
        self.heard(answer)
        return answer

    def fetch(self, question: Question, within: float) -> Envelope:
        """What came back, as it is: for what proves itself. Raises Refused, HTTPError, UnknownNode."""
        try:
            return self._post(question.recipient, self._sign(question), time.monotonic() + within)
        except _Later as later:
            raise Refused("too-many", str(later)) from later

    def _post(self, recipient: str, request: Envelope, deadline: float) -> Envelope:
        left = max(0.05, deadline - time.monotonic())
        response = self.lines.to(recipient).request(
            "POST",
            f"{self._directory.entry(recipient).address}/exchange/ask",
            body=msgspec.json.encode(request),
            headers={"Content-Type": "application/json"},
            timeout=urllib3.Timeout(total=left),
        )
        if response.status == 429:
            raise _Later(_seconds(response.headers.get("Retry-After", "")))
        if response.status != 200:
            raise Refused("not-answered", f"status {response.status}")
        return envelopes.decode(response.data)

    def _sign(self, question: Question) -> Envelope:
        entry = self._directory.entry(question.recipient)
        proven = question.evidence and entry.wire >= EVIDENCE_SINCE
        body = msgspec.json.encode({**question.body, "evidence": question.evidence} if proven else question.body)
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
            **envelopes.wire_fields(self._directory, question.recipient, self.head, self.seen),
        )
        return envelopes.close(header, body, self._key)

    def _put_down(self, asked: Sequence[tuple[_Asked, Message | str]]) -> None:
        """Into our journal, in one transaction: each question with its answer, or with why there is none."""
        asked = [(one, outcome) for one, outcome in asked if not one.question.upkeep]
        if self._database is None or not asked:
            return
        with self._database.transaction() as tx:
            for one, outcome in asked:
                entries.append(tx, f"asked/{one.id}", "asked", _described(one, outcome), at=clock.now())


class _Id(msgspec.Struct):
    id: str


def _described(asked: _Asked, outcome: Message | str) -> dict[str, Any]:
    question = asked.question
    about = {"asked": question.recipient, "service": question.service, "purpose": question.purpose}
    answer = {"answer": _signed(outcome.envelope)} if isinstance(outcome, Message) else {"problem": outcome}
    return {**about, "case": question.case, "request": _signed(asked.request), **answer}


def _signed(envelope: Envelope) -> dict[str, str]:
    """What proves that something was said, without what it said: the header holds the body's hash."""
    return {"header": bytes(envelope.header).decode(), "signature": envelope.signature}


def _seconds(text: str) -> float:
    return float(text) if text.isdigit() else 1.0


def _collect(asked: _Asked | None, deadline: float) -> Message | str:
    if asked is None:
        return "not-asked"
    try:
        return asked.future.result(timeout=max(0.0, deadline - time.monotonic()))
    except NotInTime:
        return "silent"
