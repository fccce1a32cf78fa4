"""`feed.read` and `feed.snapshot`: a register's sealed changes, in order and without gaps, to who has a right to them.

    feed.read     {"feed": "persons", "after": 41, "limit": 200}
    feed.snapshot {"feed": "persons", "after": "068195001234", "seal": 17, "limit": 500}

Events are CloudEvents 1.0. Each carries the seal it lies under, its position and its digest, which a verifier can hold
against the journal. Only granted fields leave; an event that holds none is given without data and without saying whose
it is, so that numbers stay dense. A set of a bulk load is one event, its rows compressed in `data_base64`.

A snapshot is the register as it stood under one seal, by key, in pages that may be hours apart: what changed since is
taken from the past. Following from its position then loses nothing and repeats nothing.
"""

import base64
import gzip
from datetime import datetime
from typing import Annotated, Any

import msgspec

from lienthong.catalogue.holdings import Register
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Answer, Node, Read
from lienthong.journal import entries, feeds
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers import loading, records, snapshots

READ, SNAPSHOT = "feed.read", "feed.snapshot"
MOST_EVENTS, MOST_ROWS = 500, 500
MOST_BYTES = 160_000  # of events in one answer, beside which an envelope has room
SEEN_EVERY = 10.0  # a follower that has nothing new is noted this often
_SOURCE = "urn:lienthong:feed"
_TYPE = "vn.lienthong"
_SEEN = """
INSERT INTO feed_reader (feed, node, purpose, position, moved_at, asked_at) VALUES (%(feed)s, %(node)s, %(purpose)s,
    %(position)s, %(at)s, %(at)s)
ON CONFLICT (feed, node, purpose) DO UPDATE SET position = excluded.position, asked_at = excluded.asked_at,
    moved_at = CASE WHEN feed_reader.position = excluded.position THEN feed_reader.moved_at ELSE excluded.moved_at END
WHERE feed_reader.position <> excluded.position
    OR feed_reader.asked_at < excluded.asked_at - make_interval(secs => %(every)s)
"""
_UNSEALED = f"""
SELECT min(at) FROM journal_entry
WHERE xid >= coalesce((SELECT window_to FROM seal ORDER BY number DESC LIMIT 1), '0'::xid8) AND {feeds.FEED} = %s
"""
Limit = Annotated[int, msgspec.Meta(ge=1, le=MOST_EVENTS)]


class _Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    feed: str
    after: Annotated[int, msgspec.Meta(ge=0)] = 0
    limit: Limit = MOST_EVENTS


class _Copy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    feed: str
    after: str = ""
    seal: int = 0
    limit: Limit = MOST_ROWS


def read(node: Node, tx: Tx, message: Message) -> Answer:
    """Events after a number, oldest first. Raises Refused: malformed, unknown-feed, no-right, altered."""
    question = _converted(message, _Question)
    fields = _granted(node, message, question.feed)
    as_of = _as_of(node, tx, question.feed)
    found, size = list[dict[str, Any]](), 0
    for sequence, row in feeds.page(tx, question.feed, question.after, question.limit):
        event = _event(node, tx, question.feed, fields, sequence, row)
        size += len(msgspec.json.encode(event))
        if found and size > MOST_BYTES:
            break
        found.append(event)
    _seen(tx, message, question.feed, question.after)
    body = {"feed": question.feed, "events": found, "last": feeds.last(tx, question.feed), "as_of": as_of.isoformat()}
    return Answer(body, _opened(node, tx, message, question.feed, fields, found), upkeep=not found)


def snapshot(node: Node, tx: Tx, message: Message) -> Answer:
    """A page of the first copy; `more` says whether to go on, from `reached`. Raises Refused: malformed, unknown-feed,
    no-right, unknown-seal."""
    question = _converted(message, _Copy)
    register = node.catalogue.owned.get(question.feed)
    fields = _granted(node, message, question.feed)
    if register is None or register.key not in fields:
        raise Refused("no-right", f"a copy of {question.feed} goes by its key")
    try:
        page = snapshots.page(tx, register, question.after, question.seal, question.limit)
    except LookupError as error:
        raise Refused("unknown-seal", str(error)) from error
    rows = [{name: value for name, value in row.items() if name in fields} for row in page.rows]
    if rows:
        _opened_in_bulk(tx, message, question.feed, fields, f"{rows[0][register.key]}…{rows[-1][register.key]}")
    return Answer({"feed": question.feed, "rows": rows, "seal": page.seal, "position": page.position,
                   "reached": page.reached, "more": page.more})  # fmt: skip


def _as_of(node: Node, tx: Tx, feed: str) -> datetime:
    """Everything recorded by then is sealed; of a joined database, everything that was there when it was looked at."""
    as_of: datetime = tx.value(_UNSEALED, (feed,)) or clock.now()
    if feed in node.catalogue.joinings:
        looked: datetime | None = tx.value("SELECT looked_at FROM joined_register WHERE register = %s", (feed,))
        return min(as_of, looked) if looked else as_of
    return as_of


def _converted(message: Message, shape: Any) -> Any:
    try:
        return msgspec.convert(message.body, shape)
    except msgspec.ValidationError as error:
        raise Refused("malformed", str(error)) from error


def _granted(node: Node, message: Message, feed: str) -> frozenset[str]:
    """The fields that leave. Publications have none: who may follow them has them whole."""
    header = message.header
    if feed == feeds.PUBLICATIONS and header.purpose == feeds.PUBLICATIONS:
        return frozenset()
    if feed not in node.catalogue.owned:
        raise Refused("unknown-feed", f"{node.name} has no feed {feed!r}")
    fields = node.catalogue.granted_fields(header.sender, header.service, header.purpose, feed, clock.today())
    if not fields:
        raise Refused("no-right", f"{header.sender} may not follow {feed} for {header.purpose}")
    return fields


# ---------------------------------------------------------------------- events


def _event(node: Node, tx: Tx, feed: str, fields: frozenset[str], sequence: int, row: Any) -> dict[str, Any]:
    event = {
        "specversion": "1.0",
        "id": str(sequence),
        "source": f"{_SOURCE}:{node.name}:{feed}",
        "type": f"{_TYPE}.{feed}.withheld",
        "time": row.at.isoformat(),
        "sequence": f"{sequence:020d}",
        "seal": str(row.seal),
        "position": str(row.position),
        "digest": bytes(row.digest).hex(),
    }
    if row.payload is None:
        return {**event, "type": f"{_TYPE}.{feed}.erased"}
    if row.kind == feeds.LOAD:
        return {**event, **_loaded(node, tx, node.catalogue.owned[feed], fields, row)}
    content = msgspec.json.decode(row.payload)
    if feed == feeds.PUBLICATIONS:
        return {**event, "type": f"{_TYPE}.publication", "subject": content["part"], **_json(content)}
    return {**event, **_changed(node.catalogue.owned[feed], fields, content)}


def _changed(register: Register, fields: frozenset[str], content: dict[str, Any]) -> dict[str, Any]:
    """A change as its reader may see it: nothing at all when it touched no field of theirs."""
    named = f"{_TYPE}.{register.register}"
    if register.key not in fields:
        return {}
    told = {"key": content["key"], "version": content["version"], "by": content["by"]}
    if "withdrawn" in content:
        return {"type": f"{named}.withdrawn", "subject": content["key"], **_json(told)}
    shown = {name: value for name, value in content["fields"].items() if name in fields}
    if not shown:
        return {}
    verb = "entered" if register.key in content["fields"] else "amended"
    return {"type": f"{named}.{verb}", "subject": content["key"], **_json({**told, "fields": shown})}


def _loaded(node: Node, tx: Tx, register: Register, fields: frozenset[str], row: Any) -> dict[str, Any]:
    """A set of a bulk load: its rows as JSON lines, compressed."""
    found = msgspec.json.decode(row.payload, type=loading.Set)
    try:
        rows = loading.rows(tx, register, node.catalogue.terms, found, fields)
    except loading.Altered as error:
        raise Refused("altered", str(error)) from error
    text = b"\n".join(msgspec.json.encode(one) for one in rows)
    return {
        "type": f"{_TYPE}.{register.register}.loaded",
        "datacontenttype": "application/gzip",
        "data_base64": base64.b64encode(gzip.compress(text, 6, mtime=0)).decode(),
    }


def _json(data: dict[str, Any]) -> dict[str, Any]:
    return {"datacontenttype": "application/json", "data": data}


# ---------------------------------------------------------------------- what is noted of it


def _seen(tx: Tx, message: Message, feed: str, position: int) -> None:
    who = {"feed": feed, "node": message.header.sender, "purpose": message.header.purpose}
    tx.touch(_SEEN, {**who, "position": position, "at": clock.now(), "every": SEEN_EVERY})


def _opened(
    node: Node, tx: Tx, message: Message, feed: str, fields: frozenset[str], events: list[dict[str, Any]]
) -> tuple[Read, ...]:
    """Each person whose data a single change opens has an entry; sets of rows have one together."""
    register = node.catalogue.owned.get(feed)
    if register is None or not register.subject:
        return ()
    if sets := [event["id"] for event in events if "data_base64" in event]:
        _opened_in_bulk(tx, message, feed, fields, f"{sets[0]}…{sets[-1]}")
    opened = [event["data"] for event in events if "fields" in event.get("data", {})]
    whom = _subjects(tx, register, [data["key"] for data in opened])
    return tuple(
        Read(person, feed, tuple(sorted(data["fields"]))) for data in opened for person in whom.get(data["key"], ())
    )


def _subjects(tx: Tx, register: Register, keys: list[str]) -> dict[str, list[str]]:
    """Whom these records are about, by key."""
    if register.subject == register.key:
        return {key: [key] for key in keys}
    rows = records.several(tx, register, keys) if keys else []
    return {row[register.key]: register.whom([row]) for row in rows}


def _opened_in_bulk(tx: Tx, message: Message, feed: str, fields: frozenset[str], what: str) -> None:
    """One entry for a page of rows: it names feed and range, not each person."""
    header = message.header
    content = {
        "asker": header.sender, "service": header.service, "purpose": header.purpose, "case": header.case,
        "request": header.id, "register": feed, "fields": sorted(fields), "range": what,
    }  # fmt: skip
    entries.append(tx, f"bulk-read/{header.id}", "read", content, at=clock.now())
