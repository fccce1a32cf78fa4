"""`exchange.state`: how this node's registers and feeds stand, for the board of databases and for operators.

Of each register: records, to whom rights were given, how often it was opened in the last day, who follows its feed and
how far behind, when it was last compared with another and what differs. Of each feed followed here: how far, how fresh,
what was promised. Figures only, nothing of any person.
"""

import time
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from threading import Lock
from typing import Any

import msgspec
import psycopg

from lienthong.catalogue.catalogue import Catalogue
from lienthong.catalogue.holdings import Register
from lienthong.exchange import subscriptions
from lienthong.exchange.envelopes import Message
from lienthong.exchange.node import Answer, Node
from lienthong.journal import feeds
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers.tables import quoted

SERVICE = "exchange.state"
EXACT_UP_TO = 200_000  # records; larger tables are estimated by the database's own statistics
COUNTED_EVERY = 60.0  # seconds for which the day's reads are not counted anew
COUNTED_WITHIN = "1500ms"

_ESTIMATE = "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass"
_DAY_OF_READS = """
SELECT payload::jsonb ->> 'register' AS register, count(*) AS reads FROM journal_entry
WHERE kind = 'read' AND payload IS NOT NULL AND at >= %(since)s
  AND xid >= coalesce((SELECT window_to FROM seal WHERE at < %(since)s ORDER BY number DESC LIMIT 1), '0'::xid8)
GROUP BY 1
"""
_READERS = """
SELECT feed, node, purpose, position, asked_at,
    (SELECT s.at FROM seal_feed n JOIN seal s ON s.number = n.seal
     WHERE n.feed = r.feed AND n.first <= r.position + 1 ORDER BY n.first DESC LIMIT 1) AS next_sealed
FROM feed_reader r ORDER BY feed, node, purpose
"""
_FOLLOWED = """
SELECT s.*, (SELECT count(*) FROM parked_event p
             WHERE (p.publisher, p.feed, p.purpose) = (s.publisher, s.feed, s.purpose)) AS parked
FROM subscription s
"""
_COMPARED = """
SELECT DISTINCT ON (register) register, partner, theirs, state, rows, ended_at FROM reconciliation
WHERE ended_at IS NOT NULL ORDER BY register, id DESC
"""
_DIFFERENCES = "SELECT register, count(*) AS open FROM difference GROUP BY register"


class Reader(msgspec.Struct, frozen=True):
    """Who follows a feed of ours; `lag` in records, `seconds` since the first of them was sealed."""

    node: str
    purpose: str
    position: int
    lag: int
    seconds: float
    asked: float  # seconds since it last asked


class Compared(msgspec.Struct, frozen=True):
    partner: str
    theirs: str
    state: str
    rows: int
    differences: int
    ended: str


class Kept(msgspec.Struct, frozen=True):
    """A register of this node's. `reads` of the last 24 hours: None when they could not be counted in time."""

    register: str
    vi: str
    en: str
    records: int
    is_exact: bool
    sharers: list[str]
    purposes: int
    reads: int | None
    last: int
    readers: list[Reader]
    compared: Compared | None = None


class Followed(msgspec.Struct, frozen=True):
    """A feed followed here; everything the publisher had recorded `seconds` ago is taken in. None: not begun yet."""

    publisher: str
    feed: str
    purpose: str
    state: str
    position: int
    lag: int
    seconds: float | None
    promised: int
    parked: int
    problem: str


class State(msgspec.Struct, frozen=True):
    node: str
    at: str
    registers: list[Kept]
    followed: list[Followed]


def answer(node: Node, tx: Tx, message: Message) -> Answer:
    """How this node stands."""
    return Answer(msgspec.to_builtins(of(node, tx)))


def of(node: Node, tx: Tx) -> State:
    owned = node.catalogue.owned
    lasts, reads = feeds.lasts(tx, list(owned)), _day(node, tx)
    readers, compared = tx.all(_READERS), _compared(tx)
    kept = []
    for name, register in owned.items():
        records, is_exact = _records(tx, register)
        sharers, purposes = _shared(node.catalogue, name)
        kept.append(
            Kept(
                name, register.name.vi, register.name.en, records, is_exact, sharers, purposes,
                None if reads is None else reads[name], lasts[name],
                [_reader(row, lasts[name]) for row in readers if row.feed == name], compared.get(name),
            )
        )  # fmt: skip
    return State(node.name, clock.now().isoformat(), kept, _followed(node, tx))


def _records(tx: Tx, register: Register) -> tuple[int, bool]:
    table = quoted(register.register)
    estimate = int(tx.value(_ESTIMATE, (table,)))
    if estimate > EXACT_UP_TO:
        return estimate, False
    return int(tx.value(f"SELECT count(*) FROM {table}")), True


def _shared(catalogue: Catalogue, register: str) -> tuple[list[str], int]:
    """To which nodes the register's owner gave rights that hold today, and for how many purposes."""
    today: date = clock.today()
    rights = [
        right
        for right in catalogue.rights
        if right.grantor == catalogue.node and right.register == register and right.since <= today
        if right.until is None or today <= right.until
    ]
    return sorted({right.grantee for right in rights}), len({right.purpose for right in rights})


def _reader(row: Any, last: int) -> Reader:
    now, lag = clock.now(), max(0, last - row.position)
    behind = (now - row.next_sealed).total_seconds() if lag and row.next_sealed else 0.0
    asked = (now - row.asked_at).total_seconds()
    return Reader(row.node, row.purpose, row.position, lag, round(max(0.0, behind), 1), round(max(0.0, asked), 1))


def _compared(tx: Tx) -> dict[str, Compared]:
    differences = {row.register: row.open for row in tx.all(_DIFFERENCES)}
    return {
        row.register: Compared(
            row.partner, row.theirs, row.state, row.rows, differences.get(row.register, 0), row.ended_at.isoformat()
        )
        for row in tx.all(_COMPARED)
    }


def _followed(node: Node, tx: Tx) -> list[Followed]:
    rows = {(row.publisher, row.feed, row.purpose): row for row in tx.all(_FOLLOWED)}
    return [_follow(one, rows.get((one.publisher, one.feed, one.purpose))) for one in subscriptions.wanted(node)]


def _follow(one: subscriptions.Subscription, row: Any) -> Followed:
    about = (one.publisher, one.feed, one.purpose)
    if row is None:
        return Followed(*about, "not begun", 0, 0, None, one.fresh, 0, "")
    behind = round(max(0.0, (clock.now() - (row.as_of or row.since)).total_seconds()), 1)
    lag = max(0, row.published - row.position)
    return Followed(*about, row.state, row.position, lag, behind, one.fresh, row.parked, row.problem)


# ---------------------------------------------------------------------- reads of the last day

_counted: dict[str, tuple[float, "Counter[str] | None"]] = {}
_lock = Lock()


def _day(node: Node, tx: Tx) -> "Counter[str] | None":
    """Reads by register over the last 24 hours, as counted at most a minute ago."""
    with _lock:
        when, found = _counted.get(node.name, (0.0, None))
        if not when or time.monotonic() - when > COUNTED_EVERY:
            _counted[node.name] = (time.monotonic(), found := _count(tx))
        return found


def _count(tx: Tx) -> "Counter[str] | None":
    try:
        with tx.savepoint():
            tx.run(f"SET LOCAL statement_timeout = '{COUNTED_WITHIN}'")
            rows: Iterable[Any] = tx.all(_DAY_OF_READS, {"since": clock.now() - timedelta(days=1)})
            tx.run("SET LOCAL statement_timeout = DEFAULT")
    except psycopg.errors.QueryCanceled:
        return None
    return Counter({row.register: row.reads for row in rows})
