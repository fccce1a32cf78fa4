"""Answering asks. An answer leaves only after the log of what it opens is durable."""

import msgspec
from psycopg.errors import UniqueViolation

from lienthong.exchange import envelopes
from lienthong.exchange.envelopes import Envelope, Header, Message, Refused
from lienthong.exchange.inbox import log_refusal
from lienthong.exchange.node import Answer, Node, Read
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx


def answer(node: Node, raw: bytes) -> bytes:
    """The signed answer to one ask. Raises Refused; what was refused is in the journal first."""
    envelope = envelopes.decode(raw)
    try:
        message = envelopes.open_envelope(envelope, node.directory, recipient=node.name, at=clock.now())
        with node.database.transaction() as tx:
            found = _find(node, tx, message)
            _log_reads(tx, message, found.reads)
    except UniqueViolation as error:
        raise _refused(node, envelope, Refused("replayed", "this request was answered before")) from error
    except Refused as refused:
        raise _refused(node, envelope, refused) from refused
    return msgspec.json.encode(_sign(node, message, found))


def _refused(node: Node, envelope: Envelope, refused: Refused) -> Refused:
    with node.database.transaction() as tx:
        log_refusal(tx, envelope, refused)
    return refused


def _find(node: Node, tx: Tx, message: Message) -> Answer:
    header = message.header
    answerer = node.answerers.get(header.service)
    if answerer is None:
        raise Refused("unknown-service", header.service)
    if not node.catalogue.permits(header.sender, header.service, header.purpose, clock.today()):
        raise Refused("no-right", f"{header.sender} may not ask {header.service} for {header.purpose}")
    return answerer(node, tx, message)


def _log_reads(tx: Tx, message: Message, reads: tuple[Read, ...]) -> None:
    """One entry for each person; the stream is the request's id, so a replayed request finds it taken."""
    header = message.header
    about = {
        "asker": header.sender,
        "service": header.service,
        "purpose": header.purpose,
        "case": header.case,
        "officer": header.officer,
        "request": header.id,
    }
    rows = [(r.subject, {**about, "register": r.register, "fields": r.fields}) for r in reads]
    if rows:
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
    )
    return envelopes.close(header, body, node.key)
