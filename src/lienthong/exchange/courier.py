"""Delivers the outbox. One courier a node, one lane a recipient: whoever is away holds up nobody else.

A lane reads what waits (oldest first, skipping keys that are blocked), posts it as one batch, and settles the
receipts in one transaction. Killed anywhere it starts again from the outbox; the recipient knows what it already has.
"""

import logging
import time
from collections.abc import Sequence
from contextlib import nullcontext
from threading import Event, Thread
from typing import Any

import msgspec
import psycopg
import urllib3

from lienthong.exchange import envelopes
from lienthong.exchange.envelopes import Envelope, Refused
from lienthong.exchange.inbox import LARGEST_BATCH, Batch, Reply, inform
from lienthong.exchange.node import Done, Node, Outcome, Refusal, Stored
from lienthong.exchange.outbox import outcome_of
from lienthong.kit import clock, failpoints
from lienthong.kit.doorbell import Porch
from lienthong.kit.storage import Tx

LOOK_ANYWAY = 0.5
PATIENCE = 10.0
LONGEST_PAUSE = 5.0
ATTEMPTS_BEFORE_PARKING = 12
_LOCK = 7_260_103
_STATES: dict[type[Outcome], str] = {Done: "done", Stored: "stored", Refusal: "refused"}
_log = logging.getLogger(__name__)

_RECIPIENTS = "SELECT DISTINCT recipient FROM outbox WHERE state = 'waiting' AND next_at <= clock_timestamp()"
_WAITING = """
SELECT id, message, recipient, service, case_code, header, body, signature
FROM outbox o
WHERE recipient = %(recipient)s AND state = 'waiting' AND next_at <= clock_timestamp()
  AND NOT EXISTS (
    SELECT FROM outbox b
    WHERE b.recipient = o.recipient AND b.key = o.key AND b.id < o.id AND b.attempts > 0
      AND (b.state = 'parked' OR (b.state = 'waiting' AND b.next_at > clock_timestamp())))
ORDER BY id LIMIT %(limit)s
"""
_STILL_WAITING = "SELECT id FROM outbox WHERE id = ANY(%s) AND state = 'waiting' ORDER BY id FOR UPDATE"
_SETTLE = "UPDATE outbox SET state = %s, receipt = %s, problem = %s, settled_at = %s WHERE id = %s"
_RETRY = """
UPDATE outbox SET attempts = attempts + 1, problem = %(problem)s,
    state = CASE WHEN attempts + 1 >= %(most)s THEN 'parked' ELSE 'waiting' END,
    next_at = clock_timestamp() + interval '0.2 second' * power(2, least(attempts, 10))
WHERE id = %(id)s
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
    lanes = {name: Lane(node, name, stop) for name in node.directory.nodes if name != node.name}
    looked = 0.0
    while not stop.is_set():
        whom = porch.wait(LOOK_ANYWAY)
        if whom in lanes:
            lanes[whom].wake()
        if time.monotonic() - looked >= LOOK_ANYWAY:
            looked = time.monotonic()
            for (recipient,) in guard.execute(_RECIPIENTS).fetchall():
                if recipient in lanes:
                    lanes[recipient].wake()
    for lane in lanes.values():
        lane.wake()


class Lane:
    """Delivery to one recipient, on a thread of its own that starts with the first message."""

    def __init__(self, node: Node, recipient: str, stop: Event) -> None:
        self._node, self._recipient, self._stop = node, recipient, stop
        self._bell = Event()
        self._thread: Thread | None = None
        self._failures = 0
        self._http = urllib3.PoolManager(maxsize=1, retries=False)

    def wake(self) -> None:
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
                    self._failures = 0
            except (urllib3.exceptions.HTTPError, Refused) as error:
                self._pause(f"{self._recipient} cannot be reached: {error}")
            except Exception:
                _log.exception("delivery to %s failed", self._recipient)
                self._pause("delivery failed")

    def _pause(self, why: str) -> None:
        self._failures += 1
        if self._failures in (1, 10, 100):
            _log.warning("%s", why)
        self._stop.wait(min(LONGEST_PAUSE, 0.1 * 2**self._failures))

    def deliver(self) -> int:
        """Deliver one batch; how many messages it held."""
        with self._node.database.transaction() as tx:
            rows = tx.all(_WAITING, {"recipient": self._recipient, "limit": LARGEST_BATCH})
        if rows:
            failpoints.here(failpoints.BEFORE_SEND)
            receipts = self._post(rows)
            failpoints.here(failpoints.BEFORE_SETTLING)
            pairs = sorted(zip(rows, receipts, strict=True), key=lambda pair: pair[0].case_code)
            try:
                self._settle(pairs, careful=False)
            except Exception as error:
                _log.warning("receipts of %s are settled one by one: %s", self._recipient, type(error).__name__)
                self._settle(pairs, careful=True)
        return len(rows)

    def _post(self, rows: Sequence[Any]) -> list[Envelope | None]:
        batch = Batch(
            [Envelope(msgspec.Raw(r.header.encode()), msgspec.Raw(r.body.encode()), r.signature) for r in rows]
        )
        response = self._http.request(
            "POST",
            f"{self._node.directory.entry(self._recipient).address}/exchange/send",
            body=msgspec.json.encode(batch),
            headers={"Content-Type": "application/json"},
            timeout=PATIENCE,
        )
        if response.status != 200:
            raise Refused("not-delivered", f"status {response.status}")
        try:
            receipts = msgspec.json.decode(response.data, type=Reply).receipts
        except (ValueError, RecursionError) as error:
            raise Refused("malformed", "the reply does not read") from error
        if len(receipts) != len(rows):
            raise Refused("malformed", "the reply does not match the batch")
        return receipts

    def _settle(self, pairs: Sequence[tuple[Any, Envelope | None]], *, careful: bool) -> None:
        """Write down what became of a batch. Careful, each message has a savepoint and a failure concerns it alone."""
        with self._node.database.transaction() as tx:
            rows = tx.all(_STILL_WAITING, ([row.id for row, _ in pairs],))
            waiting = {row.id for row in rows}  # a later word may have come first, through the inbox
            for row, receipt in pairs:
                if row.id not in waiting:
                    continue
                try:
                    with tx.savepoint() if careful else nullcontext():
                        self._hear(tx, row, receipt)
                except Exception as error:
                    if not careful:
                        raise
                    if not isinstance(error, Refused):
                        _log.exception("receipt for %s could not be used", row.message)
                    tx.run(_RETRY, {"id": row.id, "problem": str(error), "most": ATTEMPTS_BEFORE_PARKING})

    def _hear(self, tx: Tx, row: Any, receipt: Envelope | None) -> None:
        if receipt is None:
            raise Refused("failed-there", f"{self._recipient} could not handle it yet")
        outcome = self._believe(row, receipt)
        problem = f"{outcome.code}: {outcome.reason}" if isinstance(outcome, Refusal) else None
        text = msgspec.json.encode(receipt).decode()
        tx.run(_SETTLE, (_STATES[type(outcome)], text, problem, clock.now(), row.id))
        if not isinstance(outcome, Stored):
            inform(self._node, tx, row, outcome)

    def _believe(self, row: Any, receipt: Envelope) -> Outcome:
        """The receipt's outcome, once it is certain that our partner gave it for this very message."""
        node = self._node
        recipient = msgspec.json.decode(receipt.header).get("recipient", "")
        message = envelopes.open_envelope(receipt, node.directory, recipient=recipient, at=None)
        if message.header.sender != self._recipient or message.header.answers != envelopes.digest(row.header.encode()):
            raise Refused("wrong-receipt", "the receipt belongs to another message")
        return outcome_of(message.body)
