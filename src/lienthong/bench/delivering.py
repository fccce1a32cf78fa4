"""Events from one node to five others, through the product's own processes: each a signed message with its effect.

The event is a question of a citizen about a read of their data (`task.open`): at the recipient a row in its inbox, a
task and the task's first entry in the journal. A delivery is one event settled for one recipient: the effect stands
there, and its signed receipt here.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from lienthong.bench.driver import Country, until
from lienthong.config.local_nodes import nodes_of
from lienthong.exchange import outbox
from lienthong.exchange.node import Node
from lienthong.kit.identifiers import new_id

PUBLISHER, SUBSCRIBERS = "portal", ("G01", "G15", "G18", "BHXH", "H36")
SERVICE, PURPOSE = "task.open", "my-data"
EVENTS, BEHIND, TOGETHER = 6_000, 100_000, 50
PATIENCE_SECONDS = 600.0

_OPEN = "FROM outbox WHERE state IN ('waiting', 'stored', 'parked') AND service = 'task.open'"
_UNSETTLED, _OPEN_YET = f"SELECT count(*) {_OPEN}", f"SELECT EXISTS (SELECT {_OPEN})"


@dataclass
class Publisher:
    """The portal as it sends, in this process beside its own. `sent`: ids of tasks by recipient, in order."""

    node: Node
    mark: str = field(default_factory=lambda: new_id()[-6:])
    sent: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, country: Country) -> "Publisher":
        return cls(nodes_of(country.state, PUBLISHER)[0])

    def close(self) -> None:
        self.node.database.close()
        self.node.doorbell.close()

    def send(self, events: int, to: Sequence[str] = SUBSCRIBERS, keys: int = 0) -> None:
        """So many events to each of `to`, fifty a transaction, over so many keys (none: each its own)."""
        for begin in range(0, events, TOGETHER):
            with self.node.database.transaction() as tx:
                for _ in range(begin, min(begin + TOGETHER, events)):
                    for recipient in to:
                        known = self.sent.setdefault(recipient, [])
                        task = f"bench/{self.mark}/{len(known):08}"
                        known.append(task)
                        body = {"id": task, "kind": "question", "title": "bench", "detail": {"question": "…" * 40}}
                        key = f"bench/{self.mark}/{key_of(task, keys)}" if keys else task
                        outbox.send(self.node, tx, recipient, SERVICE, body, case=task, purpose=PURPOSE, key=key)

    def settled(self, patience: float = PATIENCE_SECONDS) -> None:
        """Wait until nothing of it is open any more."""
        until(lambda: not self.node.database.one(_OPEN_YET)[0], patience, "the last receipt", pause=0.05)

    def left(self) -> int:
        row = self.node.database.one(_UNSETTLED)
        return int(row[0])


def key_of(task: str, keys: int) -> int:
    return int(task[-8:]) % keys


def deliveries(publisher: Publisher, events: int) -> float:
    """Deliveries a second to all five, sent while they are delivered."""
    began = time.monotonic()
    sending = threading.Thread(target=publisher.send, args=(events,))
    sending.start()
    sending.join()
    publisher.settled()
    return events * len(SUBSCRIBERS) / (time.monotonic() - began)


def caught_up(country: Country, publisher: Publisher, recipient: str, events: int) -> float:
    """Deliveries a second to one that is so many behind when its sender's courier begins."""
    country.hold(PUBLISHER, kinds=("worker",))
    publisher.send(events, [recipient])
    country.resume()
    began = time.monotonic()
    publisher.settled()
    return events / (time.monotonic() - began)


def effects(country: Country, publisher: Publisher, keys: int = 0) -> int:
    """How many events took effect; each once, and within each of `keys` keys in the order sent.

    Raises AssertionError when one is missing, double or before its turn.
    """
    total = 0
    for recipient, sent in publisher.sent.items():
        with country.looking(recipient) as tx:
            rows = tx.all(
                "SELECT substr(stream, 6) AS task FROM journal_entry WHERE stream LIKE %s AND number = 1 ORDER BY id",
                (f"task/bench/{publisher.mark}/%",),
            )
        found = [row.task for row in rows]
        assert sorted(found) == sorted(sent), f"{recipient}: {len(found)} effects of {len(sent)} events"
        by_key: dict[int, list[str]] = {}
        for task in found if keys else ():
            by_key.setdefault(key_of(task, keys), []).append(task)
        assert all(tasks == sorted(tasks) for tasks in by_key.values()), f"{recipient}: out of order"
        total += len(found)
    return total
