"""Consents: an agency asks somebody other than the applicant to agree; the person answers on e-identity.

asked    `consent.ask` writes the request down, or takes it back; the same request again changes nothing
answer   the person agrees or declines: the word is sealed by e-identity and goes back in the same transaction
mine     `consent.mine`: what a signed-in person is asked at the moment, for the portal to point to

The agency's side (who must agree, what the sealed word is worth) is casework.consents.

Without the agreement of the householder or the owner nobody is registered into a household (Law on Residence
68/2020/QH14, Art. 20); consent is given for one purpose and can be proved (Law 91/2025/QH15, Art. 9).
"""

from datetime import datetime
from typing import Any, Literal

import msgspec

from lienthong.catalogue.shapes import Words
from lienthong.exchange import envelopes, outbox
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Answer, Done, Node, Outcome, Read
from lienthong.identity import accounts
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers import records

ASK, ANSWER, MINE, TOKEN = "consent.ask", "consent.answer", "consent.mine", "consent.token"
REGISTER, PURPOSE = "consents", "consent"
MOST_SHOWN = 50
LEVEL = 2  # of the account: what level 1 says binds nobody (Decree 69/2024/NĐ-CP, Art. 9)

State = Literal["asked", "given", "declined", "cancelled", "expired"]


class _Request(msgspec.Struct, frozen=True):
    """The body of `consent.ask`. One that takes a request back names nothing but the request."""

    id: str
    dossier: str
    of: str = ""
    says: Words = Words("", "")
    about: str = ""
    rule: str = ""
    until: datetime | None = None
    cancel: bool = False


class Consent(msgspec.Struct, frozen=True):
    """A request as it stands: `asked` is open until `until`, after which it is `expired`."""

    id: str
    person: str
    asked_by: str
    dossier: str
    purpose: str
    case: str
    says: Words
    about: str
    rule: str
    asked_at: datetime
    until: datetime
    state: State
    answered_at: datetime | None

    @property
    def open(self) -> bool:
        return self.state == "asked"


class NotOpen(Exception):
    """The request can no longer be answered so; its message is the state that stands in the way."""


def asked(node: Node, tx: Tx, message: Message) -> Outcome:
    """Handle `consent.ask`. Done tells how the request stands.

    Raises Refused: malformed, not-yours; no-account when the person cannot answer here, and somebody must see them.
    """
    request = _read(message)
    row = _locked(tx, request.id)
    if row is not None and row.asked_by != message.header.sender:
        raise Refused("not-yours", "another agency asked this")
    if request.cancel:
        if row is not None and row.state == "asked":
            _amend(node, tx, request.id, message.header.id, state="cancelled")
        return Done({"id": request.id, "state": "cancelled"})
    account = accounts.active(tx, request.of)
    if account is None or account.level < LEVEL:
        raise Refused("no-account", "this person has no electronic identity of level 2")
    if row is None:
        _enter(node, tx, request, message)
    elif row.state in ("asked", "cancelled"):
        _renew(node, tx, row, request, message)
    return Done({"id": request.id, "state": "asked" if row is None or row.state == "cancelled" else row.state})


def _read(message: Message) -> _Request:
    try:
        request = msgspec.convert(message.body, _Request)
    except msgspec.ValidationError as error:
        raise Refused("malformed", "no request for consent") from error
    if not request.id.startswith(f"{request.dossier}/") or len(request.id) > 80:
        raise Refused("malformed", "a consent is named after its dossier")
    complete = request.of and request.says.vi and request.says.en and request.until and request.until.tzinfo
    if not (request.cancel or complete):
        raise Refused("malformed", "who is asked, for what, and until when?")
    return request


def _fields(request: _Request) -> dict[str, Any]:
    return {
        "person": request.of,
        "says_vi": request.says.vi,
        "says_en": request.says.en,
        "about": request.about,
        "rule": request.rule,
        "until": request.until,
        "asked_at": clock.now(),
        "state": "asked",
        "answered_at": None,
        "token": None,
    }


def _enter(node: Node, tx: Tx, request: _Request, message: Message) -> None:
    header, at = message.header, clock.now()
    named = {"id": request.id, "dossier": request.dossier, "asked_by": header.sender}
    row = {**named, "purpose": header.purpose, "case": header.case, **_fields(request)}
    records.enter(tx, node.catalogue.owned[REGISTER], row, at=at, valid_from=at.date(), by=header.id)


def _renew(node: Node, tx: Tx, row: Any, request: _Request, message: Message) -> None:
    """Ask once more what was taken back, or ask another person or until another day."""
    changes = {"purpose": message.header.purpose, "case": message.header.case, **_fields(request)}
    if (row.state, row.person, row.until) != ("asked", request.of, request.until):
        _amend(node, tx, request.id, message.header.id, **changes)


def _locked(tx: Tx, name: str) -> Any:
    return tx.one("SELECT * FROM consents WHERE id = %s FOR UPDATE", (name,))


def _amend(node: Node, tx: Tx, name: str, by: str, **changes: Any) -> None:
    at = clock.now()
    records.amend(tx, node.catalogue.owned[REGISTER], name, changes, at=at, valid_from=at.date(), by=by)


# the person


def of(tx: Tx, person: str) -> list[Consent]:
    """What a person is and was asked, what is open first, then the latest."""
    rows = tx.all(
        "SELECT * FROM consents WHERE person = %s ORDER BY state = 'asked' DESC, asked_at DESC LIMIT %s",
        (person, MOST_SHOWN),
    )
    return sorted((_consent(row) for row in rows), key=lambda consent: not consent.open)


def find(tx: Tx, name: str, person: str) -> Consent | None:
    """A request to this person; one to somebody else is not there."""
    row = tx.one("SELECT * FROM consents WHERE id = %s AND person = %s", (name, person))
    return _consent(row) if row else None


def _consent(row: Any) -> Consent:
    expired = row.state == "asked" and row.until <= clock.now()
    values = {name: getattr(row, name) for name in Consent.__struct_fields__ if name not in ("says", "state")}
    values |= {"about": row.about or "", "rule": row.rule or ""}
    return Consent(says=Words(row.says_vi, row.says_en), state="expired" if expired else row.state, **values)


def answer(node: Node, tx: Tx, name: str, person: str, given: bool) -> Consent:
    """Write down and send back what the person says; the same word again changes nothing.

    Raises LookupError when the person was never asked this, NotOpen when it is answered otherwise, taken back or late.
    """
    row = _locked(tx, name)
    if row is None or row.person != person:
        raise LookupError(name)
    consent, word = _consent(row), "given" if given else "declined"
    if consent.state == word:
        return consent
    if not consent.open:
        raise NotOpen(consent.state)
    at = clock.now()
    token = _sealed(node, consent, given, at)
    _amend(node, tx, name, "person", state=word, answered_at=at, token=token)
    body = {"id": name, "dossier": consent.dossier, "given": given, "token": token}
    case, purpose = consent.case, consent.purpose
    outbox.send(node, tx, consent.asked_by, ANSWER, body, case=case, purpose=purpose, key=name)
    return msgspec.structs.replace(consent, state=word, answered_at=at)


def _sealed(node: Node, consent: Consent, given: bool, at: datetime) -> str:
    """The person's word under e-identity's seal: an envelope to everybody, as results are."""
    body = {"id": consent.id, "dossier": consent.dossier, "of": consent.person, "given": given, "at": at}
    return envelopes.sealed(node.name, TOKEN, consent.purpose, consent.case, body, node.seal, at)


# who asks


def mine(node: Node, tx: Tx, message: Message) -> Answer:
    """Answer `consent.mine`, body `{"person": number}`: how many requests are open, and which, without whom they are
    about. The asker vouches that it is the signed-in person who asks."""
    person = str(message.body.get("person", ""))
    waiting = [consent for consent in of(tx, person) if consent.open]
    shown = [
        {"id": c.id, "asked_by": c.asked_by, "says": {"vi": c.says.vi, "en": c.says.en}, "until": c.until}
        for c in waiting
    ]
    reads = (Read(person, REGISTER, ("asked_by", "id", "says", "until")),) if waiting else ()
    return Answer({"open": len(waiting), "requests": shown}, reads)
