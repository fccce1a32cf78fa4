"""What became of messages that were sent: settled with a receipt, to be tried again, or parked for an operator.

A batch is settled in one transaction; when any receipt of it fails, each has a savepoint and its failure concerns it
alone. A parked message holds up its key and nothing else; it is a task of the node's operators until it is resolved.
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from lienthong.exchange import contact, envelopes, validity
from lienthong.exchange.envelopes import Envelope, Refused
from lienthong.exchange.inbox import inform
from lienthong.exchange.node import Alert, Done, Node, Outcome, Refusal, Stored
from lienthong.exchange.outbox import dead, outcome_of
from lienthong.kit import clock
from lienthong.kit.storage import Tx, is_away

OPERATOR = "operator"
ATTEMPTS = 12  # as `outbox.parks_at` begins
_STATES: dict[type[Outcome], str] = {Done: "done", Stored: "stored", Refusal: "refused"}
_log = logging.getLogger(__name__)

Pair = tuple[Any, Envelope | None]  # a row of the outbox, and the recipient's word on it

_STILL_WAITING = "SELECT id FROM outbox WHERE id = ANY(%s) AND state = 'waiting' ORDER BY id FOR UPDATE"
_SETTLE = """
UPDATE outbox SET state = s.state, receipt = s.receipt, problem = s.problem, settled_at = %s
FROM json_to_recordset(%s) AS s (id bigint, state text, receipt text, problem text)
WHERE outbox.id = s.id
"""
_RETRY = """
UPDATE outbox SET attempts = attempts + 1, problem = %(problem)s,
    state = CASE WHEN attempts + 1 >= parks_at THEN 'parked' ELSE 'waiting' END,
    parked_at = CASE WHEN attempts + 1 >= parks_at THEN %(at)s ELSE parked_at END,
    next_at = clock_timestamp() + interval '0.2 second' * power(2, least(attempts, 10)) * (0.75 + random() / 2)
WHERE id = %(id)s
RETURNING state, attempts, message, recipient, service, case_code, created_at
"""


def believed(node: Node, recipient: str, pairs: Sequence[Pair]) -> dict[int, Outcome]:
    """What the receipts of a batch say, by row, if all of them count; else nothing: each is then looked at alone."""
    try:
        return {row.id: _believe(node, recipient, row, receipt) for row, receipt in pairs}
    except Exception as error:
        if is_away(error):
            raise
        return {}


def settle(node: Node, recipient: str, pairs: Sequence[Pair], known: Mapping[int, Outcome]) -> None:
    """Write down what became of a batch, the receipts of one case together. `known` are outcomes believed already."""
    in_order = sorted(pairs, key=lambda pair: pair[0].case_code)
    try:
        with node.database.transaction() as tx:
            _settle(node, tx, recipient, _open(tx, in_order), known)
    except Exception as error:
        if is_away(error):
            raise
        _log.warning("receipts of %s are settled one by one: %s", recipient, type(error).__name__)
        _settle_carefully(node, recipient, in_order, known)


def _settle_carefully(node: Node, recipient: str, pairs: Sequence[Pair], known: Mapping[int, Outcome]) -> None:
    with node.database.transaction() as tx:
        for pair in _without_those_behind(_open(tx, pairs)):
            try:
                with tx.savepoint():
                    _settle(node, tx, recipient, [pair], known)
            except Exception as error:
                if is_away(error):
                    raise
                if not isinstance(error, Refused):
                    _log.exception("receipt for %s could not be used", pair[0].message)
                _try_again(node, tx, pair[0].id, str(error) if isinstance(error, Refused) else type(error).__name__)


def _without_those_behind(pairs: Sequence[Pair]) -> list[Pair]:
    """Without those not handled because an earlier message of their key was not: they wait for it, at no attempt."""
    first: dict[str, int] = {}
    for row, receipt in pairs:
        if receipt is None:
            first[row.key] = min(row.id, first.get(row.key, row.id))
    return [(row, receipt) for row, receipt in pairs if receipt is not None or first[row.key] == row.id]


def _open(tx: Tx, pairs: Sequence[Pair]) -> list[Pair]:
    """Without those on which a later word came first, through the inbox; the others locked."""
    waiting = {row.id for row in tx.all(_STILL_WAITING, ([row.id for row, _ in pairs],))}
    return [pair for pair in pairs if pair[0].id in waiting]


def _settle(node: Node, tx: Tx, recipient: str, pairs: Sequence[Pair], known: Mapping[int, Outcome]) -> None:
    """Raises Refused at the first receipt that is missing or not our partner's on this message."""
    heard = [
        (row, receipt, known[row.id] if row.id in known else _believe(node, recipient, row, receipt))
        for row, receipt in pairs
    ]
    settled = [_settled(row, receipt, outcome) for row, receipt, outcome in heard]
    tx.touch(_SETTLE, (clock.now(), msgspec.json.encode(settled).decode()))
    for row, _, outcome in heard:
        if not isinstance(outcome, Stored):
            inform(node, tx, row, outcome)


def _settled(row: Any, receipt: Envelope | None, outcome: Outcome) -> dict[str, Any]:
    problem = f"{outcome.code}: {outcome.reason}" if isinstance(outcome, Refusal) else None
    text = msgspec.json.encode(receipt).decode()
    return {"id": row.id, "state": _STATES[type(outcome)], "receipt": text, "problem": problem}


def _believe(node: Node, recipient: str, row: Any, receipt: Envelope | None) -> Outcome:
    """The receipt's outcome, once it is certain that our partner gave it for this very message."""
    if receipt is None:
        raise Refused("failed-there", f"{recipient} could not handle it yet")
    addressed = msgspec.json.decode(receipt.header).get("recipient", "")
    message = envelopes.open_envelope(receipt, node.directory, recipient=addressed, at=None)
    if message.header.sender != recipient or message.header.answers != envelopes.digest(row.header.encode()):
        raise Refused("wrong-receipt", "the receipt belongs to another message")
    with suppress(Refused):  # what it found out stands; this receipt is for our message all the same
        contact.look(node, message)
    outcome = outcome_of(message.body)
    if isinstance(outcome, Refusal) and outcome.code in validity.OF_KEYS:
        raise Refused(outcome.code, f"{recipient} does not know our key yet, or any longer")
    return outcome


def _try_again(node: Node, tx: Tx, message: int, problem: str) -> None:
    row = tx.one(_RETRY, {"id": message, "problem": problem, "at": clock.now()})
    if row.state == "parked":
        detail = {"message": row.message, "recipient": row.recipient, "service": row.service,
                  "since": row.created_at.isoformat(), "attempts": row.attempts, "problem": problem}  # fmt: skip
        alert = Alert("dead_letter", dead(row.message), row.service, OPERATOR, detail, case=row.case_code)
        node.on_alert(node, tx, alert)
