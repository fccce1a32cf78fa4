"""Seals committed entries: gapless positions, a hash tree per seal, a chain over the seals.

A follower that polls `id > last` loses rows that commit out of order. The sealer therefore closes *windows of
transactions*: every transaction below the snapshot's horizon has ended, so a closed window can never gain a row.
Inside a window entries stand in order of id, which for one record is the order of its writers (they wait for each
other on its row). A writer that began early may come to a record late: a window ends before any entry whose
predecessor lies beyond it.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Sequence
from threading import Event
from typing import Any

from lienthong.journal import branches, feeds
from lienthong.kit import clock
from lienthong.kit.storage import Database, Tx

LARGEST_SEAL = 1000
WINDOW = 5_000  # entries a window should hold at most; one transaction's entries are never parted by a window
MOST = 50_000  # entries sealed in one transaction of the sealer's
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
_WINDOW = f"""
SELECT id, chain, {feeds.FEED} AS feed FROM journal_entry
WHERE xid >= %s::xid8 AND xid < %s::xid8 AND id > %s ORDER BY id LIMIT %s
"""
_WHOLE_WINDOW = f"""
SELECT id, chain, {feeds.FEED} AS feed FROM journal_entry WHERE xid >= %s::xid8 AND xid < %s::xid8 ORDER BY id
"""
_AFTER_SOME = """
SELECT xid FROM journal_entry WHERE xid >= %s::xid8 AND xid < %s::xid8 ORDER BY xid, id OFFSET %s LIMIT 1
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


def seal_ready(tx: Tx, most: int = MOST) -> int:
    """Seal what is certainly complete, up to about `most` entries; the number sealed."""
    tx.run("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    sealed = 0
    while sealed < most and (count := _seal_window(tx)):
        sealed += count
    return sealed


def _seal_window(tx: Tx) -> int:
    """Close the next window; the number of its entries, 0 when none can be closed yet."""
    last = tx.one(_LAST)
    window_from = str(last.window_to) if last else "0"
    rows, window_to = _next_window(tx, window_from)
    number, position = (last.number + 1, last.first_position + last.count) if last else (1, 1)
    number = max(number, branches.first(tx))
    chain = bytes(last.chain) if last else hashlib.sha256(b"journal").digest()
    after_id, numbered = 0, list[tuple[int, Counter[str]]]()
    for begin in range(0, len(rows), LARGEST_SEAL):
        part = rows[begin : begin + LARGEST_SEAL]
        root = tree_root([bytes(row.chain) for row in part])
        chain = hashlib.sha256(chain + root).digest()
        window = (window_from, window_to, after_id)
        tx.run(_SEAL, (number, position + begin, len(part), *window, clock.now(), root, chain))
        numbered.append((number, _by_feed(part)))
        number, after_id = number + 1, part[-1].id
    feeds.number(tx, numbered)
    return len(rows)


def _next_window(tx: Tx, window_from: str) -> tuple[list[Any], str]:
    """The entries of the next window and where it ends: a small one if it can be, for it is sorted in memory."""
    horizon = str(tx.value(_HORIZON))
    size, ends = WINDOW, ""
    while ends != horizon:
        ends = str(tx.value(_AFTER_SOME, (window_from, horizon, size)) or horizon)
        window_to = _window_end(tx, window_from, ends)
        if rows := tx.all(_WHOLE_WINDOW, (window_from, window_to)):
            return rows, window_to
        size *= 4
    return [], window_from


def _window_end(tx: Tx, window_from: str, end: str) -> str:
    """The last end up to this one that no entry below follows an entry above."""
    while overtaking := tx.value(_OVERTAKING, (window_from, end, end)):
        end = str(overtaking)
    return end


def _by_feed(rows: Sequence[Any]) -> "Counter[str]":
    return Counter(row.feed for row in rows if row.feed)


def verify_seals(tx: Tx) -> int:
    """Recompute every seal and the feeds' numbers from the entries; the number of entries covered.

    Raises ValueError at the first bad seal, or when a closed window holds an entry that no seal covers.
    """
    chain, position, closed = hashlib.sha256(b"journal").digest(), 1, "0"
    reached, numbered = Counter[str](), feeds.numbers(tx)
    for seal in tx.all("SELECT * FROM seal ORDER BY number"):
        rows = tx.all(_WINDOW, (str(seal.window_from), str(seal.window_to), seal.after_id, seal.count))
        chain = hashlib.sha256(chain + (tree_root([bytes(r.chain) for r in rows]) if rows else b"")).digest()
        if len(rows) != seal.count or seal.first_position != position or chain != bytes(seal.chain):
            raise ValueError(f"seal {seal.number} does not follow from the journal")
        for feed, count in _by_feed(rows).items():
            if numbered.pop((seal.number, feed), None) != (reached[feed] + 1, count):
                raise ValueError(f"seal {seal.number} numbers the feed {feed} wrongly")
            reached[feed] += count
        position, closed = position + seal.count, str(seal.window_to)
    if tx.value("SELECT count(*) FROM journal_entry WHERE xid < %s::xid8", (closed,)) != position - 1:
        raise ValueError(f"an entry below transaction {closed} is under no seal")
    if numbered:
        raise ValueError("a feed numbers what no seal holds")
    return position - 1


def run(database: Database, stop: Event, pause: float = 1.0) -> None:
    """Seal once a second until told to stop, without a pause while much is left; a database away is tried again."""
    sealed = 0
    while not stop.wait(0.0 if sealed >= MOST else pause):
        try:
            with database.transaction() as tx:
                sealed = seal_ready(tx)
        except Exception:
            sealed = 0
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
