"""Delivers the outbox. One courier a node, one lane a recipient: whoever is away holds up nobody else.

A lane reads what waits (oldest first, skipping keys that are blocked), posts it as one batch, and settles the
receipts in one transaction. While much waits and nothing fails its batches grow, and one is
settled while the next is on its way: only once every receipt of it was believed, so that the next overtakes nothing.
Killed anywhere it starts again from the outbox; the recipient knows what it already has.
A partner that cannot be reached costs no message an attempt: its lane rests, longer each time, until the rest is over
or the partner is heard here.
"""

import logging
import time
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Any

import msgspec
import psycopg
import urllib3

from lienthong.exchange import contact, resigning, settling
from lienthong.exchange.envelopes import Envelope, Refused
from lienthong.exchange.inbox import LARGEST_BATCH, LARGEST_BATCH_NOW, LARGEST_POST, Batch, Reply
from lienthong.exchange.node import Node
from lienthong.exchange.pacing import Pacing
from lienthong.kit import failpoints
from lienthong.kit.doorbell import Porch
from lienthong.kit.storage import is_away

LOOK_ANYWAY = 0.5
PATIENCE = 10.0
QUICK = 1.0  # seconds within which a batch was taken in, for the next one to be larger
_FRAME = 256  # bytes of an envelope beside its header and body, at most
_LOCK = 7_260_103
_log = logging.getLogger(__name__)

_RECIPIENTS = "SELECT DISTINCT recipient FROM outbox WHERE state = 'waiting' AND next_at <= clock_timestamp()"
_WAITING = """
SELECT id, message, recipient, key, service, case_code, header, body, signature, signer, parked_at
FROM outbox o
WHERE recipient = %(recipient)s AND state = 'waiting' AND next_at <= clock_timestamp()
  AND o.id <> ALL (%(in_hand)s)
  AND NOT EXISTS (
    SELECT FROM outbox b
    WHERE b.recipient = o.recipient AND b.key = o.key AND b.id < o.id AND b.attempts > 0
      AND (b.state = 'parked' OR (b.state = 'waiting' AND b.next_at > clock_timestamp())))
ORDER BY id LIMIT %(limit)s
"""


def run(node: Node, stop: Event, porch: Porch) -> None:
    """Deliver until told to stop. Waits for the node's courier lock first: there is one courier at a time."""
    while not stop.is_set():
        try:
            with psycopg.connect(node.database.conninfo, autocommit=True) as guard:
                _deliver_under(node, stop, porch, guard)
        except psycopg.OperationalError as error:
            _log.warning("the database is away: %s", error)
            stop.wait(1.0)


def _deliver_under(node: Node, stop: Event, porch: Porch, guard: psycopg.Connection[Any]) -> None:
    while not guard.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()[0]:  # type: ignore[index]
        if stop.wait(0.2):
            return
    over = Event()  # of these lanes: another guard has lanes of its own
    lanes: dict[str, Lane] = {}

    def lane(recipient: str) -> Lane | None:
        """The lane to a partner: one that came into the directory while we run has one too."""
        if recipient not in lanes and recipient != node.name and recipient in node.directory.nodes:
            lanes[recipient] = Lane(node, recipient, over)
        return lanes.get(recipient)

    try:
        _wake_lanes(lane, stop, porch, guard)
    finally:
        over.set()
        for each in lanes.values():
            each.wake(reachable=True)


def _wake_lanes(
    lane: "Callable[[str], Lane | None]", stop: Event, porch: Porch, guard: psycopg.Connection[Any]
) -> None:
    looked = 0.0
    while not stop.is_set():
        whom, heard = contact.read(porch.wait(LOOK_ANYWAY))
        if rung := lane(whom):
            rung.wake(reachable=heard)
        if time.monotonic() - looked >= LOOK_ANYWAY:
            looked = time.monotonic()
            for (recipient,) in guard.execute(_RECIPIENTS).fetchall():
                if waiting := lane(recipient):
                    waiting.wake()


class _Declined(Refused):
    """The recipient does not read this batch."""


class _Settling:
    """What becomes of one batch, written down while its lane posts the next."""

    def __init__(self) -> None:
        self.messages: list[int] = []
        self._thread: Thread | None = None
        self._error: BaseException | None = None

    def begin(self, work: Callable[[], None], messages: list[int]) -> None:
        def settle() -> None:
            try:
                work()
            except BaseException as error:
                self._error = error

        self.messages, self._error = messages, None
        self._thread = Thread(target=settle, name="settling", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Wait until it is done; raises what it raised."""
        if self._thread is not None:
            self._thread.join()
        error, self.messages, self._thread, self._error = self._error, [], None, None
        if error is not None:
            raise error


class Lane:
    """Delivery to one recipient, on a thread of its own that starts with the first message."""

    def __init__(self, node: Node, recipient: str, stop: Event) -> None:
        self._node, self._recipient, self._stop = node, recipient, stop
        self._bell, self._heard = Event(), Event()
        self._thread: Thread | None = None
        self._pacing = Pacing()
        self._size, self._settling = LARGEST_BATCH, _Settling()

    def wake(self, *, reachable: bool = False) -> None:
        """Something may wait. `reachable`: and the partner was heard just now, so that a rest ends."""
        if reachable:
            self._heard.set()
        if self._thread is None:
            self._thread = Thread(target=self._work, name=f"lane-{self._recipient}", daemon=True)
            self._thread.start()
        self._bell.set()

    def _work(self) -> None:
        while not self._stop.is_set():
            self._bell.wait()
            self._bell.clear()
            try:
                while not self._stop.is_set() and self.deliver():
                    self._pacing.succeeded()
            except (urllib3.exceptions.HTTPError, Refused) as error:
                self._rest(f"{self._recipient} cannot be reached: {error}")
            except Exception as error:
                if not is_away(error):
                    _log.exception("delivery to %s failed", self._recipient)
                self._rest("our database is away" if is_away(error) else "delivery failed")

    def _rest(self, why: str) -> None:
        self._heard.clear()
        self._size = LARGEST_BATCH
        seconds = self._pacing.failed()
        if self._pacing.failures in (1, 10, 100, 1000):
            _log.warning("%s", why)
        self._heard.wait(seconds)
        self._bell.set()

    def deliver(self) -> int:
        """Deliver one batch; how many messages it held. A node that was restored says nothing until it has rejoined."""
        if self._node.heads.is_restored(self._node.name):
            return 0
        try:
            rows, more = self._waiting()
            if not rows:
                return 0
            failpoints.here(failpoints.BEFORE_SEND)
            began = time.monotonic()
            pairs = list(zip(rows, self._offer(rows), strict=True))
            quick = time.monotonic() - began < QUICK
            believed = settling.believed(self._node, self._recipient, pairs)
        finally:
            self._settling.end()
        failpoints.here(failpoints.BEFORE_SETTLING)
        self._settling.begin(
            lambda: settling.settle(self._node.at_hand(), self._recipient, pairs, believed), [row.id for row in rows]
        )
        if not more or not believed:
            self._settling.end()
        self._size = 2 * len(rows) if more and believed and quick else LARGEST_BATCH
        return len(rows)

    def _waiting(self) -> tuple[list[Any], bool]:
        """The next batch, signed with the key in use, and whether more may wait behind it."""
        wire = self._node.directory.entry(self._recipient).wire
        limit = max(LARGEST_BATCH, min(self._size, LARGEST_BATCH if wire == 1 else LARGEST_BATCH_NOW))
        told = {"recipient": self._recipient, "limit": limit, "in_hand": self._settling.messages}
        with self._node.database.transaction() as tx:
            rows = tx.all(_WAITING, told)
        return resigning.renewed(self._node, _fitting(rows)), len(rows) == limit

    def _offer(self, rows: Sequence[Any]) -> list[Envelope | None]:
        """Receipts for a batch. One declined as a whole is offered message by message: the one at fault fails."""
        try:
            return self._post(rows)
        except _Declined:
            return [None] if len(rows) == 1 else [self._offer([row])[0] for row in rows]

    def _post(self, rows: Sequence[Any]) -> list[Envelope | None]:
        batch = Batch(
            [Envelope(msgspec.Raw(r.header.encode()), msgspec.Raw(r.body.encode()), r.signature) for r in rows]
        )
        response = self._node.asker.lines.to(self._recipient).request(
            "POST",
            f"{self._node.directory.entry(self._recipient).address}/exchange/send",
            body=msgspec.json.encode(batch),
            headers={"Content-Type": "application/json"},
            timeout=PATIENCE,
        )
        if response.status in (400, 413):
            raise _Declined("not-delivered", f"status {response.status}")
        if response.status != 200:
            raise Refused("not-delivered", f"status {response.status}")
        try:
            receipts = msgspec.json.decode(response.data, type=Reply).receipts
        except (ValueError, RecursionError) as error:
            raise Refused("malformed", "the reply does not read") from error
        if len(receipts) != len(rows):
            raise Refused("malformed", "the reply does not match the batch")
        return receipts


def _fitting(rows: list[Any]) -> list[Any]:
    """As many of them, from the first, as one post may hold."""
    size = 0
    for place, row in enumerate(rows):
        size += len(row.header.encode()) + len(row.body.encode()) + _FRAME
        if size > LARGEST_POST and place:
            return rows[:place]
    return rows
