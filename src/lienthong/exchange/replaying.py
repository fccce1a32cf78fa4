"""Doing again what was done and lost: with the numbers that were given then, and without sending anything twice.

While a node replays, `outbox.send` finds the message it once sent, and a register the number it once gave. Nothing new
is said about what partners know already; what they do not know is sent as ever.
"""

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Any

import msgspec

from lienthong.exchange.held import Piece
from lienthong.exchange.node import Done, Refusal, Stored
from lienthong.exchange.outbox import RECEIPT
from lienthong.kit.storage import Tx

_STATES = {Done: "done", Stored: "stored", Refusal: "refused"}
_PUT = """
INSERT INTO outbox (message, recipient, key, service, case_code, header, body, signature, created_at, state, receipt,
    problem, settled_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (message) DO UPDATE SET state = excluded.state, receipt = excluded.receipt, problem = excluded.problem,
    settled_at = excluded.settled_at
WHERE outbox.state IN ('waiting', 'stored', 'parked')
"""


class Replay:
    """What partners hold of us, while it is done again. `number` is the one that the record at hand was given."""

    def __init__(self, sent: Iterable[Piece]) -> None:
        self._sent: dict[tuple[str, str, str, str], deque[Piece]] = defaultdict(deque)
        for piece in sent:
            header = piece.header
            self._sent[header.recipient, header.service, header.case, header.key].append(piece)
        self.number = ""
        self.matched: list[Piece] = []

    def message(self, recipient: str, service: str, case: str, key: str, body: dict[str, Any]) -> str:
        """The id of the message that we once sent to this end; empty when there was none."""
        waiting = self._sent.get((recipient, service, case, key))
        if not waiting:
            return ""
        wanted = msgspec.json.decode(msgspec.json.encode(body))
        found = next((piece for piece in waiting if _same(service, piece.body, wanted)), None)
        if found is None:
            return ""
        waiting.remove(found)
        self.matched.append(found)
        return found.header.id


def _same(service: str, sent: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """A later word is the same if it is about the same message; anything else if it says the same."""
    return bool(sent.get("message") == wanted.get("message")) if service == RECEIPT else sent == wanted


def put_back(tx: Tx, piece: Piece) -> None:
    """A message of ours into the outbox, settled as the partner says; one that is settled there stays."""
    header, row, outcome = piece.header, piece.row, piece.outcome
    problem = f"{outcome.code}: {outcome.reason}" if isinstance(outcome, Refusal) else None
    state = _STATES[type(outcome)] if outcome is not None else "waiting"
    said = (header.id, header.recipient, header.key, header.service, header.case, row.header, row.body, row.signature)
    tx.touch(_PUT, (*said, header.issued, state, row.receipt, problem, piece.answered))
