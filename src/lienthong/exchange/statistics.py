"""`exchange.statistics`: how often who looked up what at this node, for which purpose; signed day by day, open to all.

    {"since": "2026-11-16", "until": "2026-11-22"}  ->  {"statements": [sealed text, …]}, one a day, the oldest first

A day is closed ten minutes after it has ended: counted from the journal and the inbox, sealed and kept, so that what
was published stays as it was. The day under way is counted anew. Counts by agency, service and purpose, no persons.
"""

import logging
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from threading import Event

import msgspec

from lienthong.exchange import envelopes
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Answer, Node
from lienthong.kit import clock
from lienthong.kit.storage import Tx

SERVICE = "exchange.statistics"
PURPOSE = "statistics"
MOST_DAYS = 62
AFTERWARDS = timedelta(minutes=10)  # what happened just before midnight is written by then
EVERY = 30.0
_log = logging.getLogger(__name__)

_LOOK_UPS = """
SELECT content ->> 'asker' AS asker, content ->> 'service' AS service, content ->> 'purpose' AS purpose,
    count(DISTINCT stream) AS questions, count(*) AS opened
FROM (SELECT stream, payload::jsonb AS content FROM journal_entry
      WHERE kind = 'read' AND subject IS NOT NULL AND payload IS NOT NULL AND at >= %s AND at < %s) r
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_REFUSED = """
SELECT payload::jsonb ->> 'code' AS code, count(*) AS times FROM journal_entry
WHERE kind = 'refusal' AND payload IS NOT NULL AND at >= %s AND at < %s GROUP BY 1 ORDER BY 1
"""
_MESSAGES = """
SELECT sender, service, count(*) AS times FROM inbox WHERE received_at >= %s AND received_at < %s
GROUP BY 1, 2 ORDER BY 1, 2
"""
_FIRST = "SELECT at FROM seal ORDER BY number LIMIT 1"
_LAST = "SELECT max(day) FROM exchange_day"
_CLOSE = "INSERT INTO exchange_day (day, closed_at, statement) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_CLOSED = "SELECT day, statement FROM exchange_day WHERE day BETWEEN %s AND %s ORDER BY day"


class LookUps(msgspec.Struct, frozen=True):
    """One asker's look-ups under one service and purpose: questions that opened data, and records opened by them."""

    asker: str
    service: str
    purpose: str
    questions: int
    opened: int


class Refusals(msgspec.Struct, frozen=True):
    code: str
    times: int


class Messages(msgspec.Struct, frozen=True):
    sender: str
    service: str
    times: int


class Statement(msgspec.Struct, frozen=True):
    """One day of one node. `closed`: it will not change any more."""

    node: str
    day: date
    closed: bool
    look_ups: list[LookUps]
    refused: list[Refusals]
    messages: list[Messages]


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    since: date
    until: date


def answer(node: Node, tx: Tx, message: Message) -> Answer:
    """The statements of some days. Raises Refused: malformed, too-many."""
    try:
        question = msgspec.convert(message.body, Question)
    except msgspec.ValidationError as error:
        raise Refused("malformed", str(error)) from error
    if not timedelta() <= question.until - question.since < timedelta(days=MOST_DAYS):
        raise Refused("too-many", f"between one day and {MOST_DAYS}")
    kept = {row.day: row.statement for row in tx.all(_CLOSED, (question.since, question.until))}
    today = clock.today()
    if question.since <= today <= question.until and today not in kept:
        kept[today] = _sealed(node, count(node, tx, today, closed=False))
    return Answer({"statements": [kept[day] for day in sorted(kept)]})


def count(node: Node, tx: Tx, day: date, *, closed: bool) -> Statement:
    """One day as the journal and the inbox have it. What was erased on legal grounds is not counted."""
    during = (_midnight(day), _midnight(day + timedelta(days=1)))
    return Statement(
        node.name,
        day,
        closed,
        [LookUps(*row) for row in tx.all(_LOOK_UPS, during)],
        [Refusals(*row) for row in tx.all(_REFUSED, during)],
        [Messages(*row) for row in tx.all(_MESSAGES, during)],
    )


def read(text: str, node: Node, publisher: str) -> Statement:
    """A statement as its publisher sealed it. Raises Refused when it is not."""
    message = envelopes.open_envelope(
        envelopes.decode(text.encode()), node.directory, recipient="", at=None, purpose="seal"
    )
    if (message.header.sender, message.header.service) != (publisher, SERVICE):
        raise Refused("wrong-answer", f"no statement of {publisher}")
    try:
        return msgspec.convert(message.body, Statement)
    except msgspec.ValidationError as error:
        raise Refused("malformed", str(error)) from error


def run(node: Node, stop: Event) -> None:
    """Close days that have ended until told to stop."""
    while not stop.wait(EVERY):
        try:
            while close(node):
                pass
        except Exception:
            _log.exception("a day of exchange could not be closed; it is tried again")


def close(node: Node) -> date | None:
    """Close the first day that has ended and is not closed; which one that was."""
    with node.database.transaction() as tx:
        day = next(_ended(tx, clock.now()), None)
        if day is not None:
            tx.run(_CLOSE, (day, clock.now(), _sealed(node, count(node, tx, day, closed=True))))
    return day


def _ended(tx: Tx, at: datetime) -> Iterator[date]:
    """Days that have ended, after the last one closed, or from the first entry that was sealed."""
    last, first = tx.value(_LAST), tx.value(_FIRST)
    if last is None and first is None:
        return
    day = last + timedelta(days=1) if last else first.astimezone(clock.ZONE).date()
    while _midnight(day + timedelta(days=1)) + AFTERWARDS <= at:
        yield day
        day += timedelta(days=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.ZONE)


def _sealed(node: Node, statement: Statement) -> str:
    body, case = msgspec.to_builtins(statement), f"{PURPOSE}/{statement.day.isoformat()}"
    return envelopes.sealed(node.name, SERVICE, PURPOSE, case, body, node.seal, clock.now())
