"""Revisions of services side by side: a dossier keeps the one it was received under, for years.

A revision is a hash of what decides a case. What it is made of (the service's own part, its agency's own process and
the shared ones, each by the hash of its publication) is kept for good, so an old one loads from just that. A message
that names a revision which is not here waits until it was asked for by its hash, of the message's sender and of who
publishes the service.
"""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import msgspec
import psycopg

from lienthong.catalogue import parts
from lienthong.catalogue.catalogue import service_of
from lienthong.catalogue.files import CatalogueError
from lienthong.catalogue.internal_process import is_for
from lienthong.catalogue.shapes import Service, Words
from lienthong.exchange import publications
from lienthong.exchange.asking import Question
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Alert, Answer, Node
from lienthong.exchange.publications import Body, Publication
from lienthong.kit import clock
from lienthong.kit.storage import Database, Tx

FETCH, PURPOSE = "publication.fetch", "catalogue"
WITHIN = 2.0
PAUSE = 2.0  # between two questions for the same revision, and two looks for one that is not here
SHARED = (parts.DICTIONARY, parts.CALENDAR)
_log = logging.getLogger(__name__)

_REMEMBER = """
INSERT INTO service_revision (service, revision, parts, known_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (service, revision) DO NOTHING
"""
_PARTS = "SELECT parts FROM service_revision WHERE service = %s AND revision = %s"
_MADE_OF = """
SELECT p.envelope FROM service_revision s CROSS JOIN LATERAL json_each_text(s.parts::json) AS made (part, hash)
JOIN publication p ON p.hash = made.hash WHERE s.service = %s AND s.revision = %s
"""


class _Unobtainable(Exception):
    """A revision could not be had now; the message says why."""


def remember(
    tx: Tx, revisions: Mapping[str, str], standing: Mapping[str, str], own_processes: Mapping[str, str]
) -> None:
    """Keep what the revisions in force are made of: part → hash of the whole set; `own_processes` by service."""
    for slug, revision in revisions.items():
        own = [own_processes[slug]] if slug in own_processes else []
        made_of = {part: standing[part] for part in (f"services/{slug}", *own, *SHARED)}
        _remember(tx, slug, revision, made_of)


def _remember(tx: Tx, slug: str, revision: str, made_of: Mapping[str, str]) -> None:
    tx.touch(_REMEMBER, (slug, revision, msgspec.json.encode(made_of).decode(), clock.now()))


def fetch(node: Node, tx: Tx, message: Message) -> Answer:
    """Answer `publication.fetch`: a publication by its hash, or what a service's revision is made of. Nothing of it is
    about a person; an unknown one is an empty answer."""
    body = message.body
    if "hash" in body:
        row = publications.by_hash(tx, str(body["hash"]))
        return Answer({"envelope": row.envelope} if row else {})
    made_of = tx.value(_PARTS, (str(body.get("service")), str(body.get("revision"))))
    return Answer({"parts": msgspec.json.decode(made_of)} if made_of else {})


@dataclass(frozen=True)
class _Wanted:
    slug: str
    revision: str

    @property
    def alert(self) -> str:
        return f"revision/{self.slug}/{self.revision[:16]}"


class Revisions:
    """Those that one process has loaded. `rules` are the decision rules at hand, with the hash of each one's source."""

    def __init__(self, database: Database, rules: Mapping[str, str]) -> None:
        self._database, self._rules = database, rules
        self._loaded: dict[_Wanted, Service] = {}
        self._absent: dict[_Wanted, float] = {}
        self._asked: dict[_Wanted, float] = {}
        self._lock = Lock()

    def older(self, slug: str, revision: str) -> Service | None:
        """A revision that is not in force; None when it is not here, or not with the rules of this program."""
        wanted = _Wanted(slug, revision)
        with self._lock:
            if wanted not in self._loaded and time.monotonic() >= self._absent.get(wanted, 0.0):
                self._look_for(wanted)
            return self._loaded.get(wanted)

    def _look_for(self, wanted: _Wanted) -> None:
        # a connection of its own: whoever asks holds one of the pool's, and all of them may be asking
        with psycopg.connect(self._database.conninfo, connect_timeout=2) as connection:
            rows = connection.execute(_MADE_OF, (wanted.slug, wanted.revision)).fetchall()
        found = self._load(wanted, [publications.body_of(str(text)) for (text,) in rows]) if rows else None
        if found is not None:
            self._loaded[wanted] = found
        else:
            self._absent[wanted] = time.monotonic() + PAUSE

    def _load(self, wanted: _Wanted, bodies: Iterable[Body]) -> Service | None:
        try:
            found = service_of(parts.joined(body.files for body in bodies), wanted.slug, self._rules)
        except CatalogueError as error:
            _log.warning("a revision of %s does not load here: %s", wanted.slug, error)
            return None
        return found if found.revision == wanted.revision else None

    # messages that name one

    def prepare(self, node: Node, messages: Sequence[Message]) -> frozenset[str]:
        """Get the revisions that messages name, before they are handled; the ids of those that must wait for theirs.

        A message names a revision as `revision` in its body, of the service that is its purpose. One that nobody knows
        is its handler's to refuse.
        """
        late: set[str] = set()
        for wanted, those in _named(messages).items():
            sender = those[0].header
            if self._is_here(node, wanted) or not node.catalogue.permits(
                sender.sender, sender.service, sender.purpose, clock.today()
            ):
                continue
            problem = self._bring(node, wanted, [message.header.sender for message in those])
            if problem:
                late |= {message.header.id for message in those}
        return frozenset(late)

    def _is_here(self, node: Node, wanted: _Wanted) -> bool:
        try:
            node.catalogue.service(wanted.slug, wanted.revision)
        except LookupError:
            return False
        return True

    def _bring(self, node: Node, wanted: _Wanted, senders: Sequence[str]) -> str:
        """Ask for a revision, at most every other second; why it is not here yet, or empty."""
        if time.monotonic() < self._asked.get(wanted, 0.0):
            return "asked for a moment ago"
        self._asked[wanted] = time.monotonic() + PAUSE
        try:
            self._obtain(node, wanted, list(dict.fromkeys([*senders, *_publishers(node, wanted.slug)])))
        except (_Unobtainable, Refused) as problem:
            _log.warning("a revision of %s is not to be had now: %s", wanted.slug, problem)
            with node.database.transaction() as tx:
                node.on_alert(node, tx, _alert(wanted, str(problem)))
            return str(problem)
        with node.database.transaction() as tx:
            node.on_alert_over(node, tx, wanted.alert, "received")
        return ""

    def _obtain(self, node: Node, wanted: _Wanted, from_: Sequence[str]) -> None:
        """Ask what it is made of, fetch what is missing of that, and keep it. Nothing when all who were asked have it
        not."""
        asked = [name for name in from_ if name != node.name]
        body = {"service": wanted.slug, "revision": wanted.revision}
        answers = node.asker.ask_all([_question(name, body) for name in asked], within=WITHIN)
        for name, answer in zip(asked, answers, strict=True):
            if answer is not None and answer.body.get("parts"):
                self._take(node, wanted, name, msgspec.convert(answer.body["parts"], dict[str, str]))
                return
        if any(answer is None for answer in answers):
            silent = [name for name, answer in zip(asked, answers, strict=True) if answer is None]
            raise _Unobtainable(f"{', '.join(silent)} did not answer")

    def _take(self, node: Node, wanted: _Wanted, name: str, made_of: Mapping[str, str]) -> None:
        more = set(made_of) - {f"services/{wanted.slug}", *SHARED}
        if len(made_of) - len(more) != 1 + len(SHARED) or not all(is_for(part, wanted.slug) for part in more):
            raise _Unobtainable(f"{name} says it is made of other parts")
        with node.database.transaction() as tx:
            here = {hash_: publications.by_hash(tx, hash_) for hash_ in made_of.values()}
        absent = [hash_ for hash_, row in here.items() if row is None]
        answers = node.asker.ask_all([_question(name, {"hash": hash_}) for hash_ in absent], within=WITHIN)
        fetched = [_opened(node, hash_, answer) for hash_, answer in zip(absent, answers, strict=True)]
        bodies = [publications.body_of(row.envelope) for row in here.values() if row] + [one.body for one in fetched]
        found = self._load(wanted, bodies)
        if found is None:
            raise _Unobtainable("it does not load here: a rule that this program has not, or not the revision named")
        with node.database.transaction() as tx:
            for one in fetched:
                publications.keep(tx, one, at=clock.now(), history=True)
            _remember(tx, wanted.slug, wanted.revision, made_of)
        self._loaded[wanted] = found


def _named(messages: Iterable[Message]) -> dict[_Wanted, list[Message]]:
    wanted: dict[_Wanted, list[Message]] = {}
    for message in messages:
        revision = message.body.get("revision")
        if isinstance(revision, str) and message.header.purpose:
            wanted.setdefault(_Wanted(message.header.purpose, revision), []).append(message)
    return wanted


def _publishers(node: Node, slug: str) -> list[str]:
    """Who publishes a service, as this node knows it."""
    with node.database.transaction() as tx:
        lines = publications.publishers(tx, clock.today())
    try:
        return [parts.publisher(lines, f"services/{slug}", {})]
    except CatalogueError:
        return []


def _question(recipient: str, body: dict[str, Any]) -> Question:
    return Question(recipient, FETCH, body, PURPOSE, "catalogue")


def _opened(node: Node, hash_: str, answer: Message | None) -> Publication:
    text = answer.body.get("envelope") if answer else None
    if not isinstance(text, str):
        raise _Unobtainable("a part of it did not come")
    found = publications.opened(text, node.directory)
    if found.hash != hash_:
        raise _Unobtainable("a part of it is not the one that was asked for")
    return found


def _alert(wanted: _Wanted, problem: str) -> Alert:
    title = Words(
        f"Thiếu bản thủ tục {wanted.slug} ({wanted.revision[:12]}) mà hồ sơ gửi đến dùng",
        f"A dossier names a revision of {wanted.slug} ({wanted.revision[:12]}) that is not here",
    )
    return Alert("alert", wanted.alert, title, publications.OPERATOR, {"problem": problem})
