"""Envelopes: what travels between nodes, and what makes it believable.

On the wire an envelope is JSON `{"header": {…}, "body": {…}, "signature": "…"}`. The signature covers the header's
bytes exactly as sent; the header holds the body's hash, so nothing is ever re-serialised to be checked. A header
binds sender, recipient, service, purpose, case, message id and time window, and in an answer the request's hash.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec

from lienthong.exchange import validity
from lienthong.exchange.directory import TRANSPORT, Directory, Instant, PublishedKey, UnknownNode
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.signatures import SigningKey

WIRE = 2  # the newest version that this program speaks; a partner's is in the directory
LARGEST = 256 * 1024
PATIENCE = timedelta(days=30)
MOMENT = timedelta(seconds=30)
READABLE = timedelta(days=36_500)


class Refused(Exception):
    """The message is not accepted, whatever is tried again: a code for machines and a sentence for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code, self.reason = code, reason


Identifier = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f-]{36}$")]


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`wire` and what stands below it are written only to partners that speak it (`Node.wire_to`)."""

    id: Identifier
    sender: str
    recipient: str
    service: str
    purpose: str
    case: str
    issued: Instant
    expires: Instant
    body_hash: str
    key: str = ""
    officer: str = ""
    answers: str = ""
    wire: int = 1
    head: str = ""
    seen: str = ""


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    header: msgspec.Raw
    body: msgspec.Raw
    signature: str

    @property
    def hash(self) -> str:
        """Names this envelope in the answer to it."""
        return digest(bytes(self.header))


class Message(msgspec.Struct, frozen=True):
    """An envelope opened and checked."""

    header: Header
    body: dict[str, Any]
    envelope: Envelope


def wire_fields(
    directory: Directory,
    recipient: str,
    head: Callable[[], str],
    seen: Callable[[str], str],
    *,
    handed_on: bool = False,
) -> dict[str, Any]:
    """What a header holds beyond wire 1 towards a partner: nothing where its entry says wire 1, or there is none.

    What its recipient may hand on, as evidence, is written for the oldest program in the directory.
    """
    entry = directory.nodes.get(recipient)
    if entry is None or (directory.oldest if handed_on else entry.wire) < WIRE:
        return {}
    return {"wire": WIRE, "head": head(), "seen": seen(recipient)}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def close(header: Header, body: bytes, key: SigningKey) -> Envelope:
    """Sign a body under a header whose `body_hash` is the body's digest."""
    encoded = msgspec.json.encode(header)
    return Envelope(msgspec.Raw(encoded), msgspec.Raw(body), key.sign(encoded))


def to_everybody(
    sender: str, service: str, purpose: str, case: str, content: bytes, key: SigningKey, at: datetime,
    lasts: timedelta = READABLE,
) -> Envelope:  # fmt: skip
    """An envelope without a recipient: what was decided, agreed or is stated, readable by whoever holds it."""
    header = Header(
        id=new_id(),
        sender=sender,
        recipient="",
        service=service,
        purpose=purpose,
        case=case,
        issued=at,
        expires=at + lasts,
        body_hash=digest(content),
    )
    return close(header, content, key)


def sealed(
    sender: str, service: str, purpose: str, case: str, body: dict[str, Any], key: SigningKey, at: datetime,
    lasts: timedelta = READABLE,
) -> str:  # fmt: skip
    """An envelope to everybody as text, under a seal."""
    content = msgspec.json.encode(body)
    return msgspec.json.encode(to_everybody(sender, service, purpose, case, content, key, at, lasts)).decode()


def decode(raw: bytes) -> Envelope:
    """Read one envelope from the wire. Raises Refused when it is too large or no envelope."""
    if len(raw) > LARGEST:
        raise Refused("too-large", f"an envelope holds at most {LARGEST} bytes")
    try:
        return msgspec.json.decode(raw, type=Envelope)
    except (ValueError, RecursionError) as error:
        raise Refused("malformed", "not an envelope") from error


def open_envelope(
    envelope: Envelope,
    directory: Directory,
    *,
    recipient: str,
    at: datetime | None,
    purpose: str = TRANSPORT,
    received: datetime | None = None,
) -> Message:
    """Check signature, key, hash, recipient and time window.

    `at` is when a message arrives. Without it the envelope is evidence, read perhaps years later: it has no window, and
    its key must have counted when we `received` it (see `validity`; not given: now).

    Raises Refused with codes malformed, unknown-sender, bad-signature, revoked-key, ended-key, early-key, altered,
    misdirected, expired.
    """
    try:
        header = msgspec.json.decode(envelope.header, type=Header)
        body = msgspec.json.decode(envelope.body)
    except (ValueError, RecursionError) as error:  # what is no JSON, or no UTF-8
        raise Refused("malformed", "header or body does not read") from error
    key = _signer(envelope, header.sender, directory, purpose)
    code = validity.problem(key, header.issued, at or received or clock.now(), live=at is not None)
    if code:
        raise Refused(code, f"a key of {header.sender} that does not count at this time made the signature")
    if digest(bytes(envelope.body)) != header.body_hash:
        raise Refused("altered", "the body is not the one that was signed")
    if header.recipient != recipient:
        raise Refused("misdirected", f"meant for {header.recipient}")
    if at is not None and not header.issued - validity.CLOCK_SKEW <= at <= header.expires:
        raise Refused("expired", "outside its time window")
    if not isinstance(body, dict):
        raise Refused("malformed", "a body is an object")
    return Message(header, body, envelope)


def _signer(envelope: Envelope, sender: str, directory: Directory, purpose: str) -> PublishedKey:
    """The key that signed. Somebody unknown, or an unknown key, may stand in a newer directory: it is fetched first."""
    while True:
        try:
            key = directory.signer(sender, purpose, bytes(envelope.header), envelope.signature)
            unknown = Refused("bad-signature", f"no key of {sender} made this signature")
        except UnknownNode:
            key, unknown = None, Refused("unknown-sender", sender)
        if key is not None:
            return key
        if not directory.renew(sender):
            raise unknown
