"""Following other nodes' feeds: page after page, each event's effect committed together with the position after it.

Which feeds: those that a right `feed.read` was given to us for and that `Node.followers` has a taker of. A follower of
a register begins with a copy of it as it stands (`feed.snapshot`), then goes on from that copy's position. A publisher
that is silent, or an event that cannot be taken in, is tried again after growing pauses; an event that still fails is
*parked* with those behind it about the same record, and all others pass. What is parked is tried again by itself.
"""

import base64
import logging
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event as Flag
from typing import Any

import msgspec

from lienthong.catalogue.shapes import Words
from lienthong.exchange import parked_events
from lienthong.exchange.asking import Question
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Alert, Event, Node
from lienthong.exchange.subscriptions import KEY, READ, SNAPSHOT, Subscription, look_at_freshness, problem_of, wanted
from lienthong.journal.feeds import PUBLICATIONS
from lienthong.kit import clock
from lienthong.kit.storage import Tx, is_away

PAUSE = 0.2  # of the thread between two looks at what is due
EVERY = 1.0  # seconds between two questions when nothing is new …
PUBLICATIONS_EVERY = 15.0  # … and where that is the rule, after a while
LONGEST_PAUSE = 15.0
WITHIN = 5.0
ATTEMPTS_BEFORE_PARKING = 6
MOST_BYTES = 8_000_000  # of a set's rows, once unpacked
_log = logging.getLogger(__name__)

_BEGIN = """
INSERT INTO subscription (publisher, feed, purpose, state, since)
VALUES (%(publisher)s, %(feed)s, %(purpose)s, %(state)s, %(at)s) ON CONFLICT DO NOTHING
"""
_COPIED = f"""
UPDATE subscription SET state = %(state)s, copied = %(copied)s, seal = %(seal)s, position = %(position)s,
    published = greatest(published, %(position)s), heard_at = %(at)s, attempts = 0, problem = '' WHERE {KEY}
"""
_MOVED = f"""
UPDATE subscription SET position = %(position)s, published = %(published)s,
    as_of = coalesce(%(as_of)s::timestamptz, as_of), heard_at = %(at)s,
    attempts = 0, problem = '' WHERE {KEY}
"""
_NOTED = f"UPDATE subscription SET problem = %(problem)s WHERE {KEY}"
_FAILED = f"UPDATE subscription SET attempts = attempts + 1, problem = %(problem)s WHERE {KEY} RETURNING attempts"


# ---------------------------------------------------------------------- the thread


@dataclass
class _Turn:
    """When a subscription is looked at next."""

    subscription: Subscription
    next_at: float = 0.0
    failures: int = 0
    quiet: int = 0  # pages in a row that brought nothing


@dataclass
class _Turns:
    """The worker's list of them."""

    turns: dict[Subscription, _Turn] = field(default_factory=dict)

    def of(self, subscriptions: list[Subscription]) -> list[_Turn]:
        self.turns = {one: self.turns.get(one) or _Turn(one) for one in subscriptions}
        now = time.monotonic()
        return [turn for turn in self.turns.values() if turn.next_at <= now]


def run(node: Node, stop: Flag) -> None:
    """Follow until told to stop. A database that is away is tried again."""
    turns = _Turns()
    while not stop.wait(PAUSE):
        try:
            here = node.at_hand()
            due = turns.of(wanted(here))
        except Exception as error:
            _log.warning("what to follow could not be looked up: %s", problem_of(error))
            stop.wait(EVERY)
            continue
        for turn in due:
            if stop.is_set():
                return
            _take_turn(here, turn)


def _take_turn(node: Node, turn: _Turn) -> None:
    """One page; the next one at once where there is more, later where the publisher is silent or an event fails."""
    subscription = turn.subscription
    try:
        is_more = advance(node, subscription)
        look_at_freshness(node, subscription)
        turn.failures = 0 if is_more is not None else turn.failures + 1
    except Exception as error:
        _note(node, subscription, problem_of(error))
        turn.failures, is_more = turn.failures + 1, None
    turn.quiet = 0 if is_more else turn.quiet + 1
    turn.next_at = time.monotonic() + _pause(turn, is_more)


def _note(node: Node, subscription: Subscription, problem: str) -> None:
    _log.warning("following %s of %s: %s", subscription.feed, subscription.publisher, problem)
    with suppress(Exception), node.database.transaction() as tx:  # it may be the database that is away
        tx.touch(_NOTED, {**subscription.key, "problem": problem})


def _pause(turn: _Turn, is_more: bool | None) -> float:
    if is_more is None:
        return min(LONGEST_PAUSE, 0.2 * float(2 ** min(turn.failures, 10)))
    if is_more:
        return 0.0
    is_rare = turn.subscription.feed == PUBLICATIONS
    return min(PUBLICATIONS_EVERY, EVERY * float(2 ** min(turn.quiet - 1, 10))) if is_rare else EVERY


# ---------------------------------------------------------------------- one page


def advance(node: Node, subscription: Subscription) -> bool | None:
    """Ask for one page and take it in. Whether there is more at once; None where nobody answered or an event failed."""
    row = _row(node, subscription)
    if row.state == "copying":
        return _copy(node, subscription, row)
    parked_events.retry(node, subscription)
    body = {"feed": subscription.feed, "after": row.position}
    answer = node.asker.ask(_question(subscription, READ, body), within=WITHIN)
    if answer is None:
        return None
    events = [_event(subscription, told) for told in answer.body["events"]]
    return _take_in(node, subscription, row.position, events, answer.body)


def _row(node: Node, subscription: Subscription) -> Any:
    with node.database.transaction() as tx:
        find = f"SELECT * FROM subscription WHERE {KEY}"
        row = tx.one(find, subscription.key)
        if row is None:
            state = "following" if subscription.feed == PUBLICATIONS else "copying"
            tx.run(_BEGIN, {**subscription.key, "state": state, "at": clock.now()})
            row = tx.one(find, subscription.key)
        return row


def _question(subscription: Subscription, service: str, body: dict[str, Any]) -> Question:
    return Question(
        subscription.publisher, service, body, subscription.purpose, f"feed/{subscription.feed}", upkeep=True
    )


def _copy(node: Node, subscription: Subscription, row: Any) -> bool | None:
    body = {"feed": subscription.feed, "after": row.copied, "seal": row.seal}
    answer = node.asker.ask(_question(subscription, SNAPSHOT, body), within=WITHIN)
    if answer is None:
        return None
    told = answer.body
    name = f"{subscription.publisher}/{subscription.feed}/copy-{told['seal']}"
    event = Event(
        **subscription.key, sequence=told["position"], id=name, type="copy", subject="",
        time=clock.now().isoformat(), seal=told["seal"], rows=tuple(told["rows"]),
    )  # fmt: skip
    with node.database.transaction() as tx:
        if not _is_still_at(tx, subscription, "copied", row.copied):
            return True
        if event.rows:
            node.followers[subscription.feed](node, tx, event)
        state = "copying" if told["more"] else "following"
        reached = {"state": state, "copied": told["reached"], "seal": told["seal"], "position": told["position"]}
        tx.touch(_COPIED, {**subscription.key, **reached, "at": clock.now()})
    return True


def _take_in(
    node: Node, subscription: Subscription, position: int, events: list[Event], told: dict[str, Any]
) -> bool | None:
    """Every event's effect and the position after them in one transaction, up to one that fails."""
    if [event.sequence for event in events] != list(range(position + 1, position + 1 + len(events))):
        raise Refused("gap", f"{subscription.publisher} left out events of {subscription.feed} after {position}")
    if told["last"] < position:
        raise Refused("shorter", f"{subscription.publisher} has fewer events of {subscription.feed} than were taken in")
    with node.database.transaction() as tx:
        if not _is_still_at(tx, subscription, "position", position):
            return True
        done = _effects(node, tx, subscription, events)
        if done or not events:
            _moved(tx, subscription, position, events[:done], told)
        if done < len(events):
            return None
    return bool(events) and events[-1].sequence < told["last"]


def _effects(node: Node, tx: Tx, subscription: Subscription, events: list[Event]) -> int:
    """How many of the events are taken in, or parked, before one that is to be tried again."""
    blocked = parked_events.blocked(tx, subscription)
    for done, event in enumerate(events):
        if event.subject in blocked:
            parked_events.park(tx, event, "behind one that is parked")
            continue
        try:
            with tx.savepoint():
                node.followers[event.feed](node, tx, event)
        except Exception as error:
            if is_away(error):
                raise
            if not _failed(node, tx, subscription, event, error, is_first=not done):
                return done
            blocked.add(event.subject)
    return len(events)


def _failed(node: Node, tx: Tx, subscription: Subscription, event: Event, error: Exception, *, is_first: bool) -> bool:
    """Whether an event is parked now; a set of rows, or an event that says of no record, is only tried again."""
    problem = problem_of(error)
    _log.warning("%s could not be taken in: %s", event.id, problem)
    if not is_first:
        return False
    attempts = tx.value(_FAILED, {**subscription.key, "problem": problem})
    if attempts < ATTEMPTS_BEFORE_PARKING or not event.subject:
        return False
    parked_events.park(tx, event, problem)
    detail = {"event": event.id, "problem": problem}
    title = Words(f"Không nhận được thay đổi {event.id}", f"A change could not be taken in: {event.id}")
    node.on_alert(node, tx, Alert("freshness", parked_events.alert_of(event), title, "operator", detail))
    return True


def _moved(tx: Tx, subscription: Subscription, position: int, events: list[Event], told: dict[str, Any]) -> None:
    reached = events[-1].sequence if events else position
    as_of = told["as_of"] if reached >= told["last"] else events[-1].time if events else None
    facts = {"position": reached, "published": told["last"], "as_of": as_of, "at": clock.now()}
    tx.touch(_MOVED, {**subscription.key, **facts})


def _is_still_at(tx: Tx, subscription: Subscription, column: str, value: Any) -> bool:
    """Lock the subscription; False when another process has gone on with it."""
    find = f"SELECT {column} FROM subscription WHERE {KEY} FOR UPDATE"
    return bool(tx.value(find, subscription.key) == value)


def _event(subscription: Subscription, told: dict[str, Any]) -> Event:
    """A CloudEvent as takers see it. Raises KeyError, ValueError when it is none."""
    sequence = int(told["sequence"])
    rows: tuple[dict[str, Any], ...] = ()
    if text := told.get("data_base64"):
        rows = tuple(msgspec.json.decode(line) for line in _unpacked(base64.b64decode(text)).splitlines())
    return Event(
        **subscription.key, sequence=sequence, id=f"{subscription.publisher}/{subscription.feed}/{sequence}",
        type=told["type"], subject=told.get("subject", ""), time=told["time"], seal=int(told["seal"]),
        data=told.get("data"), rows=rows,
    )  # fmt: skip


def _unpacked(packed: bytes) -> bytes:
    """The text of a set's rows. Raises Refused when it is larger than a set can be."""
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
    text = reader.decompress(packed, MOST_BYTES)
    if not reader.eof:
        raise Refused("malformed", "a set of rows is cut short, or too large")
    return text
