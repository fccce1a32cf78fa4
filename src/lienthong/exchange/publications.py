"""Signed publications: parts of the catalogue as they leave their publisher and as others take them.

A publication is a part's files under the publisher's seal, with a version number, the day from which it is in force and
the hash of what it replaces. It is named by its hash: of the sealed header, which binds all of it. The publisher writes
it into its journal, whose feed others follow (`heard`); whoever misses one asks for it by its hash (`revisions`).

Taken is what its part's publisher sealed (`catalogue/publishers.yaml`), unaltered, and newer than what is held.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import msgspec

from lienthong.catalogue import parts
from lienthong.catalogue.files import CatalogueError
from lienthong.catalogue.shapes import Words
from lienthong.exchange import envelopes
from lienthong.exchange.directory import SEAL, Directory
from lienthong.exchange.envelopes import Envelope, Message, Refused
from lienthong.exchange.node import Alert, Answer, Event, Node
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Tx

SERVICE, LIST = "publication", "publication.list"
OPERATOR = "operator"
LARGEST = envelopes.LARGEST - 16 * 1024  # it travels inside an envelope
NOT_THE_PUBLISHER = "not-the-publisher"
_LOCK = 7_260_107

_COLUMNS = "hash, part, version, publisher, since, content, envelope"
_HELD = f"SELECT {_COLUMNS} FROM publication WHERE part = %s AND version < %s ORDER BY version DESC LIMIT 1"
_SAME_VERSION = "SELECT hash FROM publication WHERE part = %s AND version = %s"
_KEEP = f"""
INSERT INTO publication ({_COLUMNS}, received_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (hash) DO NOTHING
"""
_IN_FORCE = f"""
SELECT DISTINCT ON (part) {_COLUMNS} FROM publication WHERE since <= %s ORDER BY part, version DESC
"""
_LATEST = """
SELECT DISTINCT ON (part) hash, part, version, publisher, since, content FROM publication ORDER BY part, version DESC
"""
_INSTALL = f"""
INSERT INTO publication ({_COLUMNS}, received_at)
SELECT *, %s FROM unnest(%s::text[], %s::text[], %s::integer[], %s::text[], %s::date[], %s::text[], %s::text[])
ON CONFLICT DO NOTHING
"""
_RULES = """
SELECT envelope FROM publication WHERE part = 'publishers' ORDER BY since <= %s DESC, version * (CASE WHEN since <= %s
    THEN 1 ELSE -1 END) DESC LIMIT 1
"""
_ENTRY = "SELECT number, chain FROM journal_entry WHERE stream = %s ORDER BY number DESC LIMIT 1"
_ANY_VERSION = 2**31 - 1


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the seal covers. A part without files ends on the day `since`."""

    part: str
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    since: date
    replaces: str
    files: dict[str, str]


class Publication(msgspec.Struct, frozen=True):
    """A publication opened and checked for what it is by itself; `envelope` is the text as sealed."""

    hash: str
    publisher: str
    body: Body
    envelope: str


def sealed(name: str, seal: SigningKey, body: Body, at: datetime) -> Publication:
    """Seal a part as the node called `name`. Raises Refused when it is larger than an envelope."""
    content = msgspec.to_builtins(body)
    text = envelopes.sealed(name, SERVICE, body.part, "", content, seal, at)
    if len(msgspec.json.encode(text)) > LARGEST:
        raise Refused("too-large", f"{body.part} is larger than {LARGEST // 1024} KB as others get it")
    return Publication(msgspec.json.decode(text, type=Envelope).hash, name, body, text)


def opened(text: str, directory: Directory) -> Publication:
    """Check seal and content. Raises Refused: what `open_envelope` does, malformed."""
    envelope = envelopes.decode(text.encode())
    message = envelopes.open_envelope(envelope, directory, recipient="", at=None, purpose=SEAL)
    try:
        body = msgspec.convert(message.body, Body)
        strays = [path for path in body.files if parts.part_of(path) != body.part]
    except (msgspec.ValidationError, CatalogueError) as error:
        raise Refused("malformed", f"no publication: {error}") from error
    if message.header.service != SERVICE or strays:
        raise Refused("malformed", "no publication, or files of another part")
    return Publication(envelope.hash, message.header.sender, body, text)


def body_of(text: str) -> Body:
    """What a publication says that is kept here: it was checked before."""
    return msgspec.json.decode(msgspec.json.decode(text, type=Envelope).body, type=Body)


# what is held


def in_force(tx: Tx, on: date) -> list[Any]:
    """The rows of every part as it is on a day, by part."""
    return tx.all(_IN_FORCE, (on,))


def latest(tx: Tx) -> dict[str, Any]:
    """Every part's newest version without its text, whenever it begins."""
    return {row.part: row for row in tx.all(_LATEST)}


def by_hash(tx: Tx, name: str) -> Any:
    """A row, or None."""
    return tx.one(f"SELECT {_COLUMNS} FROM publication WHERE hash = %s", (name,))


def keep(tx: Tx, found: Publication, *, at: datetime, history: bool = False) -> bool:
    """Hold a publication; False when it is held already. `history`: an older version, asked for by its hash.

    Raises Refused: not-the-publisher, older, other-content (two texts under one version), does-not-follow.
    """
    body = found.body
    if by_hash(tx, found.hash) is not None:
        return False
    if tx.one(_SAME_VERSION, (body.part, body.version)) is not None:
        raise Refused("other-content", f"{body.part} has another text under version {body.version}")
    last = tx.one(_HELD, (body.part, _ANY_VERSION))
    if last is not None and last.version > body.version and not history:
        raise Refused("older", f"{body.part} is held in version {last.version}, newer than {body.version}")
    if last is not None and last.version == body.version - 1 and last.hash != body.replaces:
        raise Refused("does-not-follow", f"{body.part} {body.version} replaces another version {last.version}")
    day = body.since if history else max(clock.today(), body.since)
    _must_be_its_publishers(tx, found, day)
    content = parts.content_hash(body.files)
    values = (found.hash, body.part, body.version, found.publisher, body.since, content, found.envelope, at)
    tx.run(_KEEP, values)
    return True


def publishers(tx: Tx, on: date) -> list[parts.Line]:
    """Who published what on a day, as this node knows it: before the first such list, as that one says."""
    text = tx.value(_RULES, (on, on))
    return parts.lines_of(body_of(text).files) if text else []


def install(tx: Tx, rows: Sequence[Any], at: datetime) -> None:
    """Hold publications as another node holds them: an installation's packaged set, unchecked."""
    columns = [[getattr(row, name) for row in rows] for name in _COLUMNS.split(", ")]
    tx.run(_INSTALL, (at, *columns))


def _must_be_its_publishers(tx: Tx, found: Publication, on: date) -> None:
    body = found.body
    before = tx.one(_HELD, (body.part, body.version))
    try:
        lines = publishers(tx, on) or parts.lines_of(body.files)  # the first list of all says itself who may
        earlier = body_of(before.envelope).files if before else None
        owner = parts.publisher(lines, body.part, body.files, earlier)
    except CatalogueError as error:
        raise Refused(NOT_THE_PUBLISHER, str(error)) from error
    if owner != found.publisher:
        raise Refused(NOT_THE_PUBLISHER, f"{body.part} is published by {owner}, not by {found.publisher}")


# at its publisher


def publish(
    tx: Tx, name: str, seal: SigningKey, part: str, files: Mapping[str, str], *, since: date, at: datetime
) -> Publication | None:
    """Seal a part's next version at the node that publishes it, into its journal; None when it says this already.

    Raises Refused as `sealed` and `keep` do.
    """
    tx.run("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    last = tx.one(_HELD, (part, _ANY_VERSION))
    if last is not None and last.content == parts.content_hash(files):
        return None
    version, replaces = (last.version + 1, last.hash) if last else (1, "")
    made = sealed(name, seal, Body(part, version, since, replaces, dict(files)), at)
    keep(tx, made, at=at)
    _write_down(tx, made, at)
    return made


def _write_down(tx: Tx, made: Publication, at: datetime) -> None:
    stream = f"{SERVICE}/{made.body.part}"
    last = tx.one(_ENTRY, (stream,))
    content = {"part": made.body.part, "hash": made.hash, "envelope": made.envelope}
    number, previous = (last.number + 1, bytes(last.chain)) if last else (1, b"")
    entries.append(tx, stream, SERVICE, content, at=at, number=number, previous=previous)


# what operators look at


def listed(node: Node, tx: Tx, message: Message) -> Answer:
    """Answer `publication.list`: every part this node holds, in which version, of whom, from when, and whether it is
    in force here."""
    standing = tx.value("SELECT parts FROM catalogue_set ORDER BY number DESC LIMIT 1")
    counts = set(msgspec.json.decode(standing, type=dict[str, str]).values()) if standing else set()
    rows = [
        {"part": row.part, "version": row.version, "publisher": row.publisher, "since": row.since, "hash": row.hash,
         "in_force": row.hash in counts}
        for row in latest(tx).values()
    ]  # fmt: skip
    return Answer({"parts": rows})


# at everybody else


def heard(node: Node, tx: Tx, event: Event) -> None:
    """Take in a publication of another node's feed. What is refused is in the journal, and an operator's to look at."""
    text = (event.data or {}).get("envelope")
    if not isinstance(text, str):
        return  # lawfully erased, or nothing of ours
    try:
        keep(tx, opened(text, node.directory), at=clock.now())
    except Refused as refused:
        _refuse(node, tx, event, refused)


def _refuse(node: Node, tx: Tx, event: Event, refused: Refused) -> None:
    about = {"event": event.id, "publisher": event.publisher, "code": refused.code, "reason": refused.reason}
    entries.append(tx, f"refusal/{new_id()}", "refusal", about, at=clock.now())
    title = Words(
        f"Bản công bố của {event.publisher} bị từ chối: {refused.code}",
        f"A publication of {event.publisher} is refused: {refused.code}",
    )
    detail = {"problem": refused.reason, "recipient": event.publisher}
    node.on_alert(node, tx, Alert("alert", f"publication/{event.id}", title, OPERATOR, detail))
