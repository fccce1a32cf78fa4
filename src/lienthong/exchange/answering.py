"""Answering asks. An answer leaves only after the log of it is durable.

What was asked, by whom and for what is in the log whether it opened anything or not: an answer about nobody costs what
any other costs, and every one that was given can be counted and proved.
"""

from typing import Any

import msgspec
from psycopg.errors import UniqueViolation

from lienthong.exchange import contact, envelopes
from lienthong.exchange.envelopes import Envelope, Header, Message, Refused
from lienthong.exchange.inbox import log_refusal
from lienthong.exchange.node import Answer, Node
from lienthong.exchange.quotas import TooMany
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx


def answer(node: Node, raw: bytes) -> bytes:
    """The signed answer to one ask. Raises Refused; what was refused is in the journal first."""
    envelope = envelopes.decode(raw)
    node = node.at_hand()
    try:
        message = envelopes.open_envelope(envelope, node.directory, recipient=node.name, at=clock.now())
        contact.look(node, message)
        with node.database.transaction() as tx:
            found = _find(node, tx, message)
            _log(tx, message, found)
    except UniqueViolation as error:
        raise _refused(node, envelope, Refused("replayed", "this request was answered before")) from error
    except Refused as refused:
        raise _refused(node, envelope, refused) from refused
    return msgspec.json.encode(_sign(node, message, found))


def _refused(node: Node, envelope: Envelope, refused: Refused) -> Refused:
    if not (isinstance(refused, TooMany) and node.quotas.told(refused.right)):
        with node.database.transaction() as tx:
            log_refusal(tx, envelope, refused)
    return refused


def _find(node: Node, tx: Tx, message: Message) -> Answer:
    header = message.header
    answerer = node.answerers.get(header.service)
    if answerer is None:
        raise Refused("unknown-service", header.service)
    rights = node.catalogue.granted(header.sender, header.service, header.purpose, clock.today())
    if not rights:
        raise Refused("no-right", f"{header.sender} may not ask {header.service} for {header.purpose}")
    right = (header.sender, header.service, header.purpose)
    node.quotas.take({(right, max(right.per_minute for right in rights)): 1})
    return answerer(node, tx, message)


def _log(tx: Tx, message: Message, found: Answer) -> None:
    """One entry for each person, or one for nobody; the first holds the question as it was signed. The stream is the
    request's id, so a replayed request finds it taken. Upkeep without news leaves none."""
    if found.upkeep and not found.reads:
        return
    header, envelope = message.header, message.envelope
    about: dict[str, Any] = {
        "asker": header.sender,
        "service": header.service,
        "purpose": header.purpose,
        "case": header.case,
        "officer": header.officer,
        "request": header.id,
    }
    if found.evidence:
        about["evidence"] = found.evidence
    rows: list[tuple[str | None, dict[str, Any]]]
    rows = [(read.subject, {**about, "register": read.register, "fields": read.fields}) for read in found.reads]
    rows = rows or [(None, {**about, "register": "", "fields": []})]
    signed = {"header": bytes(envelope.header).decode(), "signature": envelope.signature}
    rows[0] = (rows[0][0], {**rows[0][1], "signed": signed})
    entries.append_reads(tx, f"read/{header.id}", rows, clock.now())


def _sign(node: Node, message: Message, found: Answer) -> Envelope:
    body = msgspec.json.encode(found.body)
    at = clock.now()
    header = Header(
        id=new_id(),
        sender=node.name,
        recipient=message.header.sender,
        service=message.header.service,
        purpose=message.header.purpose,
        case=message.header.case,
        issued=at,
        expires=at + envelopes.PATIENCE,
        body_hash=envelopes.digest(body),
        answers=message.envelope.hash,
        **node.wire_to(message.header.sender, handed_on=True),
    )
    return envelopes.close(header, body, node.key)
