"""Case evidence: what shows, beyond an asker's word, that a person stands behind a question.

Purpose and case are the asker's claim; whoever breaks into one agency could claim any. So a right may demand evidence:
short statements under the seal of a node other than the asker, carried in an ask's body as `evidence`.

session     e-identity: this person signed in at this node. What it proves is no more: what they did there is not in it.
mandate     e-identity: this person may act for that one, today
submission  the portal: this person submitted this case, and names these people in it. Counts with the session in which
            it was made, so that a portal cannot submit for who never signed in there.
consent     e-identity: this person agrees to this in this case (agreements.consents)
reach       a register's owner: starting from the person of this case, its records led to these people. With it the next
            owner answers about a spouse without taking the asker's word that there is a marriage.

Statements go by the machine's clock, as sessions do. People other than whom a session names are told as digests bound
to the case: whoever does not know the number does not learn it by reading.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from lienthong.exchange import envelopes
from lienthong.exchange.envelopes import Header, Message, Refused
from lienthong.exchange.node import Node
from lienthong.exchange.validity import CLOCK_SKEW
from lienthong.identity import validity
from lienthong.kit import clock

SESSION, MANDATE, SUBMISSION, REACH = "evidence.session", "evidence.mandate", "evidence.submission", "evidence.reach"
CONSENT = "consent.token"
PURPOSE = "evidence"
MOST = 8
SESSION_LASTS = timedelta(seconds=validity.AT_RELYING_PARTY + 300)
DOSSIER_LASTS = timedelta(days=400)

Kind = Literal["session", "submission", "consent"]
# How a question leads to a person: `own` from who stands behind it, `named` by two matching attributes.
Way = Literal["own", "named"]


@dataclass(frozen=True)
class Reached:
    """How a question leads to a person, and over how many others."""

    way: Way
    hops: int = 0

    @property
    def rank(self) -> tuple[bool, int]:
        """The better of two ways is the larger."""
        return self.way == "own", -self.hops


@dataclass(frozen=True)
class Proof:
    """What the evidence of one question shows: which kinds, which people, by which statements (their ids)."""

    kinds: frozenset[Kind] = frozenset()
    people: frozenset[str] = frozenset()
    others: Mapping[str, Reached] = field(default_factory=dict)
    case: str = ""
    ids: tuple[str, ...] = ()

    def reaches(self, person: str) -> Reached | None:
        """How the evidence leads to a person, if it does."""
        if person in self.people:
            return Reached("own")
        return self.others.get(_digest(self.case, person)) if self.others and person else None


NONE: Final = Proof()


# ---------------------------------------------------------------------- made


def of_session(node: Node, person: str, client: str) -> str:
    """E-identity's word that a person signed in at a node."""
    return _sealed(node, SESSION, "", {"person": person, "node": client}, SESSION_LASTS)


def of_mandate(node: Node, number: str, grantor: str, grantee: str) -> str:
    """E-identity's word that somebody may act for another."""
    body = {"mandate": number, "person": grantor, "grantee": grantee}
    return _sealed(node, MANDATE, "", body, SESSION_LASTS)


def of_submission(node: Node, case: str, person: str, people: Iterable[str], proofs: Sequence[str]) -> list[str]:
    """What goes with a dossier: the portal's word that a person submitted it, after the proofs of their session. Empty
    where there is no session to show: a portal's word alone proves nothing."""
    if not proofs:
        return []
    named = sorted({_digest(case, other) for other in people if other and other != person})
    return [*proofs, _sealed(node, SUBMISSION, case, {"person": person, "people": named}, DOSSIER_LASTS)]


def of_reach(node: Node, case: str, reached: Mapping[str, Reached]) -> str:
    """An owner's word whom its records led to in this case."""
    people = {_digest(case, person): [how.way, how.hops] for person, how in sorted(reached.items())}
    return _sealed(node, REACH, case, {"people": people}, SESSION_LASTS)


def _sealed(node: Node, service: str, case: str, body: dict[str, Any], lasts: timedelta) -> str:
    return envelopes.sealed(node.name, service, PURPOSE, case, body, node.seal, validity.moment(), lasts)


def _digest(case: str, person: str) -> str:
    return hashlib.sha256(f"{case}\0{person}".encode()).hexdigest()


# ---------------------------------------------------------------------- believed


def prove(node: Node, message: Message) -> Proof:
    """What the evidence in an ask's body shows about its case. Raises Refused (bad-evidence) when any of it does not
    hold: forged, too old, of another case, of another node, or the asker's own word about itself."""
    texts = message.body.get("evidence")
    if not texts:
        return NONE
    if not isinstance(texts, list) or len(texts) > MOST or not all(isinstance(text, str) for text in texts):
        raise _bad("a list of statements")
    try:
        return _Weighing(node, message.header, [_open(node, text) for text in texts]).proof()
    except (KeyError, TypeError, ValueError) as error:
        raise _bad("a statement that does not read") from error


def about(node: Node, message: Message, person: str) -> Proof:
    """The proof that an ask about one person brings, where its right demands one. Raises Refused: bad-evidence,
    no-evidence when it brings none, or one of somebody else."""
    header = message.header
    rights = node.catalogue.granted(header.sender, header.service, header.purpose, clock.today())
    proof = prove(node, message)
    demanded = {right.evidence for right in rights}
    if "" in demanded or (demanded & proof.kinds and person in proof.people):
        return proof
    raise Refused("no-evidence", f"{header.service} for {header.purpose} must prove its case")


def _open(node: Node, text: str) -> Message:
    try:
        envelope = envelopes.decode(text.encode())
        return envelopes.open_envelope(envelope, node.directory, recipient="", at=None, purpose="seal")
    except Refused as refused:
        raise _bad(refused.code) from refused


def _bad(why: str) -> Refused:
    return Refused("bad-evidence", why)


class _Weighing:
    """The statements of one question, set against its header and against each other."""

    def __init__(self, node: Node, header: Header, statements: list[Message]) -> None:
        self._node, self._header, self._now = node, header, validity.moment()
        self._by_service: dict[str, list[Message]] = {}
        for statement in statements:
            self._by_service.setdefault(statement.header.service, []).append(statement)
        self._ids = tuple(statement.header.id for statement in statements)

    def proof(self) -> Proof:
        known = {SESSION, MANDATE, SUBMISSION, CONSENT, REACH}
        if self._by_service.keys() - known:
            raise _bad("a statement of no known kind")
        consents = {self._consenting(one) for one in self._of(CONSENT)}
        submission = self._submission()
        people = self._signed_in(submission)
        kinds: set[Kind] = {"consent"} if consents else set()
        others: dict[str, Reached] = {}
        if submission:
            if submission.body.get("person") not in people:
                raise _bad("submitted by somebody else than who signed in")
            people = {str(submission.body["person"])}
            kinds.add("submission")
            if submission.header.sender != self._header.sender:  # nobody vouches for what they ask themselves
                others = {str(one): Reached("own") for one in submission.body.get("people", [])}
        elif people:
            kinds.add("session")
        if kinds:
            others |= self._reached()
        return Proof(frozenset(kinds), frozenset(people | consents), others, self._header.case, self._ids)

    def _of(self, service: str) -> list[Message]:
        return self._by_service.get(service, [])

    def _submission(self) -> Message | None:
        found = self._of(SUBMISSION)
        if len(found) > 1:
            raise _bad("one submission a case")
        if found:
            self._in_case(found[0])
            self._within(found[0], self._now)
        return found[0] if found else None

    def _signed_in(self, submission: Message | None) -> set[str]:
        """Who signed in where the case was begun, and whom they may act for: now, or when it was submitted."""
        place = submission.header.sender if submission else self._header.sender
        moment = submission.header.issued if submission else self._now
        sessions = self._of(SESSION)
        if len(sessions) > 1 or (not sessions and (submission or self._of(MANDATE))):
            raise _bad("one session a case")
        people: set[str] = set()
        for session in sessions:
            self._by_identity(session)
            self._within(session, moment)
            if session.body.get("node") != place:
                raise _bad("signed in elsewhere")
            people.add(str(session.body["person"]))
        for mandate in self._of(MANDATE):
            self._by_identity(mandate)
            self._within(mandate, moment)
            if mandate.body.get("grantee") not in people:
                raise _bad("a mandate of somebody else")
            people.add(str(mandate.body["person"]))
        return people

    def _consenting(self, consent: Message) -> str:
        self._by_identity(consent)
        self._in_case(consent)
        if consent.body.get("given") is not True or self._now > consent.header.issued + DOSSIER_LASTS:
            raise _bad("no consent")
        return str(consent.body.get("of"))

    def _reached(self) -> dict[str, Reached]:
        found: dict[str, Reached] = {}
        for statement in self._of(REACH):
            self._in_case(statement)
            self._within(statement, self._now)
            if statement.header.sender == self._header.sender:
                raise _bad("the asker's own word")
            for digest, (way, hops) in statement.body["people"].items():
                how = Reached(way, hops)
                if digest not in found or how.rank > found[digest].rank:
                    found[digest] = how
        return found

    def _by_identity(self, statement: Message) -> None:
        card = self._node.catalogue.nodes.get(statement.header.sender)
        if card is None or "eid" not in card.faces:
            raise _bad("not e-identity's word")

    def _in_case(self, statement: Message) -> None:
        if statement.header.case != self._header.case:
            raise _bad("of another case")

    @staticmethod
    def _within(statement: Message, moment: datetime) -> None:
        header = statement.header
        if not header.issued - CLOCK_SKEW <= moment <= header.expires:
            raise _bad("outside its time window")
