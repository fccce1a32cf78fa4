"""After a restore from a backup: partners give back what they hold, it is done again, and the journal goes on.

    collect     from every partner: the messages it had from us and we from it, each with its receipt
    redo        what our database lacks of them, in the order of our own clock, with the numbers that were given then
    open_again  series jump ahead, a sealed statement says from which seal on our journal counts again

What left no message is lost, and the report says so: reads that we answered, acts of officers that nobody was told of.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from lienthong.exchange import forks, heads, held, inbox
from lienthong.exchange.envelopes import Refused, sealed
from lienthong.exchange.heads import Head, Standing
from lienthong.exchange.held import Piece
from lienthong.exchange.node import Done, Node, Outcome, Refusal, Stored
from lienthong.exchange.outbox import RECEIPT
from lienthong.exchange.replaying import Replay, put_back
from lienthong.journal import branches, entries
from lienthong.kit import clock, series
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx

JUMP, JUMP_OF_BOOKS, BOOKS = 100, 10, "births/%"  # of series; a book of civil status should have few gaps
SEALS_JUMP = 1000
MARGIN = timedelta(minutes=10)  # what was under way when the backup was taken
LONGEST_SEALING = 30.0
_log = logging.getLogger(__name__)

_NEWEST = """
SELECT greatest((SELECT max(received_at) FROM inbox), (SELECT max(created_at) FROM outbox),
    (SELECT min(at) FROM seal)) AS at
"""
_OPEN = "SELECT message, created_at FROM outbox WHERE state IN ('waiting', 'stored', 'parked')"
_IN_INBOX = "SELECT message FROM inbox WHERE message = ANY(%s)"
_SETTLED = "SELECT message FROM outbox WHERE message = ANY(%s) AND state IN ('done', 'refused')"
_KEEP = """
INSERT INTO inbox (message, sender, service, case_code, header, body, signature, received_at, receipt)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_ROW = "SELECT * FROM outbox WHERE message = %s"
_TAKEN_BACK = """
DELETE FROM outbox o WHERE state = 'waiting' AND attempts = 0 AND recipient = %s AND key = %s AND created_at < %s
    AND message <> ALL(%s)
RETURNING message
"""
_LAST = "SELECT number, encode(chain, 'hex') AS chain FROM seal ORDER BY number DESC LIMIT 1"
# the last seal that a partner countersigned before the loss was noticed: both branches of the journal have it
_COMMON = """
SELECT s.number, encode(s.chain, 'hex') AS chain FROM countersigned c
JOIN seal s ON s.number = c.number AND encode(s.chain, 'hex') = c.chain
WHERE c.number < %(lost)s AND c.at < (SELECT min(at) FROM standing WHERE node = %(own)s AND state = 'restored' AND id >
    (SELECT coalesce(max(id), 0) FROM standing WHERE node = %(own)s AND state = 'rejoined'))
ORDER BY s.number DESC LIMIT 1
"""


class Restorer(Protocol):
    """What a room above knows of its own messages: it puts back their effect from what they say."""

    def received(self, tx: Tx, piece: Piece) -> bool:
        """Whether the effect of a message that we received stands now, so that it need not be handled again."""

    def sent(self, tx: Tx, piece: Piece) -> None:
        """Put back what a message of ours told others that we had done."""


@dataclass
class Report:
    partners: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    received: "Counter[str]" = field(default_factory=Counter)
    sent: "Counter[str]" = field(default_factory=Counter)
    again: "Counter[str]" = field(default_factory=Counter)
    different: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    restored: Head | None = None
    first: int = 0
    series: int = 0
    readmitted: list[str] = field(default_factory=list)


@dataclass
class Gathered:
    """What our database lacks: messages to us and messages of ours."""

    received: list[Piece]
    sent: list[Piece]
    all_sent: list[Piece]


# 1 — what partners hold


def collect(node: Node, partners: Sequence[str], report: Report) -> Gathered:
    """Ask every partner; a silent one is named in the report and passed over."""
    with node.database.transaction() as tx:
        newest: datetime | None = tx.value(_NEWEST)
        unsettled = tx.all(_OPEN)
    since = min([newest or clock.now(), *(row.created_at for row in unsettled)]) - MARGIN
    ids = [row.message for row in unsettled]
    received: list[Piece] = []
    sent: list[Piece] = []
    for partner in partners:
        try:
            theirs = [*held.pieces(node, partner, "sent", since, []), *held.pieces(node, partner, "got", since, ids)]
        except Refused:
            report.silent.append(partner)
            continue
        report.partners.append(partner)
        report.left += [piece for piece in theirs if isinstance(piece, str)]
        found = [piece for piece in theirs if isinstance(piece, Piece)]
        received += [piece for piece in found if not piece.ours and piece.outcome is not None]
        sent += [piece for piece in found if piece.ours]
    with node.database.transaction() as tx:
        known = {row.message for row in tx.all(_IN_INBOX, ([piece.header.id for piece in received],))}
        settled = {row.message for row in tx.all(_SETTLED, ([piece.header.id for piece in sent],))}
    return Gathered(
        sorted((piece for piece in received if piece.header.id not in known), key=lambda piece: piece.at),
        sorted((piece for piece in sent if piece.header.id not in settled), key=lambda piece: piece.at),
        sent,
    )


# 2 — again


def redo(node: Node, gathered: Gathered, restorer: Callable[[Node, Gathered], Restorer], report: Report) -> None:
    """Put back what was received and sent, and the effects of both; whatever cannot be is named in the report."""
    with node.database.transaction() as tx:
        _drop_taken_back(tx, gathered)
        for piece in gathered.sent:
            put_back(tx, piece)
            report.sent[piece.header.service] += 1
    rooms = restorer(node, gathered)
    node.replay = Replay(gathered.sent)
    try:
        rest = [piece for piece in gathered.received if not _restored(node, rooms, piece, report)]
        for piece in gathered.sent:
            _one(node, piece, report, lambda tx, piece=piece: rooms.sent(tx, piece))  # type: ignore[misc]
        unnumbered = []
        for piece in rest:
            node.replay.number = _number(node, piece, gathered.all_sent)
            if piece.header.service == RECEIPT or not _is_numbered(node, piece) or node.replay.number:
                _one(node, piece, report, lambda tx, piece=piece: _again(node, tx, piece, report))  # type: ignore[misc]
            else:
                unnumbered.append(piece)
        node.replay.number = ""
        report.series = _jump(node)
        for piece in unnumbered:  # a number was given that nobody heard of: a new one, above the jump
            _one(node, piece, report, lambda tx, piece=piece: _again(node, tx, piece, report))  # type: ignore[misc]
        for piece in gathered.sent:
            _one(node, piece, report, lambda tx, piece=piece: _inform(node, tx, piece))  # type: ignore[misc]
    finally:
        node.replay = None


def _drop_taken_back(tx: Tx, gathered: Gathered) -> None:
    """What waited when the backup was taken and was withdrawn afterwards: its key went on without it."""
    held_there = [piece.header.id for piece in gathered.all_sent]
    for piece in gathered.sent:
        tx.touch(_TAKEN_BACK, (piece.header.recipient, piece.header.key, piece.header.issued, held_there))


def _restored(node: Node, rooms: Restorer, piece: Piece, report: Report) -> bool:
    def work(tx: Tx) -> bool:
        if not rooms.received(tx, piece):
            return False
        _keep(node, tx, piece)
        report.received[piece.header.service] += 1
        return True

    return bool(_one(node, piece, report, work, failed=True))


def _one(node: Node, piece: Piece, report: Report, work: Callable[[Tx], Any], *, failed: Any = None) -> Any:
    """One piece in a transaction of its own, at the moment when it was done first."""
    try:
        with clock.at(piece.at), node.database.transaction() as tx:
            return work(tx)
    except Exception as error:
        _log.exception("message %s (%s) could not be done again", piece.header.id, piece.header.service)
        why = f"{error.code}: {error.reason}" if isinstance(error, Refused) else type(error).__name__
        report.left.append(f"{piece.partner}: {piece.header.service} {piece.header.id}: {why}")
        return failed


def _again(node: Node, tx: Tx, piece: Piece, report: Report) -> None:
    """Handle a message as it was handled, keep the receipt that was given, settle what it caused."""
    assert node.replay is not None, "only while replaying"
    node.replay.matched.clear()
    handler = inbox.hear_receipt if piece.header.service == RECEIPT else node.handlers.get(piece.header.service)
    if handler is None:
        raise Refused("unknown-service", piece.header.service)
    outcome = _handled(node, tx, piece, handler)
    _keep(node, tx, piece)
    report.again[piece.header.service] += 1
    if type(outcome) is not type(piece.outcome) and not (isinstance(outcome, Stored) and piece.outcome):
        report.different.append(f"{piece.header.service} {piece.header.id}: then {piece.outcome}, now {outcome}"[:300])
    for caused in list(node.replay.matched):
        _inform(node, tx, caused)


def _handled(node: Node, tx: Tx, piece: Piece, handler: Callable[[Node, Tx, Any], Outcome]) -> Outcome:
    try:
        with tx.savepoint():
            return handler(node, tx, piece.message)
    except Refused as refused:
        return Refusal(refused.code, refused.reason)


def _inform(node: Node, tx: Tx, piece: Piece) -> None:
    """Tell the room that once sent a message how it ended. Hearing it twice changes nothing."""
    if piece.informed or piece.outcome is None or isinstance(piece.outcome, Stored):
        return
    row = tx.one(_ROW, (piece.header.id,))
    if row is not None:
        with clock.at(piece.answered or piece.at):
            inbox.inform(node, tx, row, piece.outcome)
        piece.informed = True


def _keep(node: Node, tx: Tx, piece: Piece) -> None:
    """Into the inbox, with the receipt that we gave; where the partner keeps only the later word, with a new one."""
    header, row = piece.header, piece.row
    receipt = row.receipt or ""
    if msgspec.json.decode(receipt)["body"].get("message") == header.id:
        given = inbox.receipt_for(node, piece.message.envelope.hash, header.sender, Stored())
        receipt = msgspec.json.encode(given).decode()
    said = (header.id, header.sender, header.service, header.case, row.header, row.body, row.signature)
    tx.run(_KEEP, (*said, piece.at, receipt))


def _is_numbered(node: Node, piece: Piece) -> bool:
    """Whether a message makes a record that its register numbers."""
    register = node.catalogue.owned.get(str(piece.body.get("register")))
    return bool(register and register.rule and "fields" in piece.body and "change" not in piece.body)


def _number(node: Node, piece: Piece, sent: Sequence[Piece]) -> str:
    """The number that a record was given: by the receipt, or by the key of the message that asked another register."""
    if not _is_numbered(node, piece):
        return ""
    if isinstance(piece.outcome, Done):
        return str(piece.outcome.body.get("key", ""))
    name = str(piece.body["register"])
    asked = (
        one.header.key
        for one in sent
        if (one.header.service, one.header.case, one.header.purpose) == (piece.header.service, piece.header.case, name)
    )
    return next(asked, "")


def _jump(node: Node) -> int:
    with node.database.transaction() as tx:
        return series.jump(tx, JUMP_OF_BOOKS, like=BOOKS) + series.jump(tx, JUMP, unlike=BOOKS)


# 3 — open again


def open_again(node: Node, known: Sequence[Head], report: Report) -> None:
    """Say under our seal from where on our journal counts, seal that, and let partners hear of it.

    `known` are the heads of ours that partners proved. Raises TimeoutError when the sealer does not come to it.
    """
    lacking = [head.number for head in known if node.heads.ours(head.number) != head.chain]
    highest = max(head.number for head in known)
    with node.database.transaction() as tx:
        last, common = tx.one(_LAST), tx.one(_COMMON, {"own": node.name, "lost": min(lacking)})
        report.restored = Head(last.number, last.chain) if last else None
        report.first = max(highest, last.number if last else 0) + SEALS_JUMP
        statement = _statement(node, common, highest, report.first)
        number = common.number if common else 0
        branches.begin(tx, report.first, number, clock.now(), statement)
        content = {"first": report.first, "statement": statement, "series": report.series, "jump": JUMP}
        entries.append(tx, f"rejoin/{new_id()}", "act", content, at=clock.now())
        heads.record(tx, Standing(node.name, "rejoined", number, report.first), statement)
        node.on_alert_over(node, tx, f"fork/{node.name}", "rejoined")
    _wait_for_seal(node, report.first)
    report.readmitted = sorted(name for name, ahead in forks.greet(node).items() if not ahead)


def _statement(node: Node, common: Any, lost: int, first: int) -> str:
    after = {"number": common.number, "chain": common.chain} if common else {"number": 0, "chain": ""}
    said = {"node": node.name, "after": after, "lost": lost, "first": first, "at": clock.now().isoformat()}
    return sealed(node.name, forks.REJOINED, forks.PURPOSE, "journal", said, node.seal, clock.now())


def _wait_for_seal(node: Node, first: int) -> None:
    deadline = time.monotonic() + LONGEST_SEALING
    while True:
        node.heads.look(now=True)
        own = node.heads.own()
        if own and Head.parse(own).number >= first:
            return
        if time.monotonic() > deadline:
            raise TimeoutError("the sealer has not sealed the statement: is the node's worker running?")
        time.sleep(0.2)
