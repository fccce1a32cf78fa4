"""Seals committed entries: gapless positions, a hash tree per seal, a chain over the seals.

A follower that polls `id > last` loses rows that commit out of order. The sealer therefore closes *windows of
transactions*: every transaction below the snapshot's horizon has ended, so a closed window can never gain a row.
Inside a window entries stand in order of id, which for one record is the order of its writers (they wait for each
other on its row). A writer that began early may come to a record late: a window ends before any entry whose
predecessor lies beyond it.
"""

import hashlib
import logging
from collections.abc import Sequence
from threading import Event
from typing import Any

from lienthong.kit import clock
from lienthong.kit.storage import Database, Tx

LARGEST_SEAL = 1000
_LOCK = 7_260_102
_log = logging.getLogger(__name__)

_LAST = "SELECT number, first_position, count, window_to, chain FROM seal ORDER BY number DESC LIMIT 1"
_HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xid"
_OVERTAKING = """
SELECT later.xid FROM journal_entry later
WHERE later.xid >= %s::xid8 AND later.xid < %s::xid8 AND later.number > 1
  AND (SELECT earlier.xid FROM journal_entry earlier
       WHERE earlier.stream = later.stream AND earlier.number = later.number - 1) >= %s::xid8
ORDER BY later.xid LIMIT 1
"""
_WINDOW = """
SELECT id, chain FROM journal_entry
WHERE xid >= %s::xid8 AND xid < %s::xid8 AND id > %s ORDER BY id LIMIT %s
"""
_SEAL = """
INSERT INTO seal (number, first_position, count, window_from, window_to, after_id, at, root, chain)
VALUES (%s, %s, %s, %s::xid8, %s::xid8, %s, %s, %s, %s)
"""


def tree_root(links: Sequence[bytes]) -> bytes:
    """Root of a binary hash tree over the entries' chains; a prefix tells leaves from nodes (RFC 6962 §2.1)."""
    level = [hashlib.sha256(b"\x00" + link).digest() for link in links]
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + (level[-1:] if len(level) % 2 else [])
    return level[0]


def seal_ready(tx: Tx) -> int:
    """Seal everything that is certainly complete; the number of entries sealed."""
    tx.run("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    last = tx.one(_LAST)
    window_from = str(last.window_to) if last else "0"
    window_to = _window_end(tx, window_from)
    number, position = (last.number + 1, last.first_position + last.count) if last else (1, 1)
    chain = bytes(last.chain) if last else hashlib.sha256(b"journal").digest()
    after_id, sealed = 0, 0
    while rows := tx.all(_WINDOW, (window_from, window_to, after_id, LARGEST_SEAL)):
        root = tree_root([bytes(row.chain) for row in rows])
        chain = hashlib.sha256(chain + root).digest()
        window = (window_from, window_to, after_id)
        tx.run(_SEAL, (number, position + sealed, len(rows), *window, clock.now(), root, chain))
        number, after_id, sealed = number + 1, rows[-1].id, sealed + len(rows)
    return sealed


def _window_end(tx: Tx, window_from: str) -> str:
    """Every transaction below it has ended, and no entry below it follows one above it."""
    end = str(tx.value(_HORIZON))
    while overtaking := tx.value(_OVERTAKING, (window_from, end, end)):
        end = str(overtaking)
    return end


def verify_seals(tx: Tx) -> int:
    """Recompute every seal from the entries; the number of entries covered.

    Raises ValueError at the first bad seal, or when a closed window holds an entry that no seal covers.
    """
    chain, position, closed = hashlib.sha256(b"journal").digest(), 1, "0"
    for seal in tx.all("SELECT * FROM seal ORDER BY number"):
        rows = tx.all(_WINDOW, (str(seal.window_from), str(seal.window_to), seal.after_id, seal.count))
        chain = hashlib.sha256(chain + (tree_root([bytes(r.chain) for r in rows]) if rows else b"")).digest()
        if len(rows) != seal.count or seal.first_position != position or chain != bytes(seal.chain):
            raise ValueError(f"seal {seal.number} does not follow from the journal")
        position, closed = position + seal.count, str(seal.window_to)
    if tx.value("SELECT count(*) FROM journal_entry WHERE xid < %s::xid8", (closed,)) != position - 1:
        raise ValueError(f"an entry below transaction {closed} is under no seal")
    return position - 1


def run(database: Database, stop: Event, pause: float = 1.0) -> None:
    """Seal once a second until told to stop; a database that is away is tried again."""
    while not stop.wait(pause):
        try:
            with database.transaction() as tx:
                seal_ready(tx)
        except Exception:
            _log.exception("sealing failed; trying again")


def follow(tx: Tx, after: int, limit: int = 1000) -> list[tuple[int, Any]]:
    """Sealed entries with positions above `after`, in order, as (position, row)."""
    found: list[tuple[int, Any]] = []
    seals = tx.all("SELECT * FROM seal WHERE first_position + count > %s ORDER BY number LIMIT %s", (after + 1, limit))
    for seal in seals:
        rows = tx.all(
            "SELECT id, stream, number, kind, at, payload FROM journal_entry"
            " WHERE xid >= %s::xid8 AND xid < %s::xid8 AND id > %s ORDER BY id LIMIT %s",
            (str(seal.window_from), str(seal.window_to), seal.after_id, seal.count),
        )
        found += [(p, row) for p, row in enumerate(rows, start=seal.first_position) if p > after]
        if len(found) >= limit:
            break
    return found[:limit]
