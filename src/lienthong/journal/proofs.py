"""What proves entries to who has not got the journal: their chain, a path into a seal, the seals after it."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from lienthong.kit.storage import Tx

JOURNAL = sha256(b"journal").digest()  # what the first seal chains to

_ENTRIES = "SELECT xid, id, stream, number, kind, at, payload, digest, chain FROM journal_entry WHERE stream = %s"
_SEAL_OF = """
SELECT * FROM seal WHERE window_from <= %s::xid8 AND window_to > %s::xid8 AND after_id < %s
ORDER BY number DESC LIMIT 1
"""
_LINKS = """
SELECT id, chain FROM journal_entry WHERE xid >= %s::xid8 AND xid < %s::xid8 AND id > %s ORDER BY id LIMIT %s
"""
_BEFORE = "SELECT number, chain FROM seal WHERE number < %s ORDER BY number DESC LIMIT 1"
_RUN = "SELECT number, root FROM seal WHERE number >= %s AND number <= %s ORDER BY number"


def path(links: Sequence[bytes], place: int) -> list[bytes]:
    """The hashes that lead from one entry's link to the root of its seal's tree (RFC 6962 §2.1.1)."""
    level, found = [sha256(b"\x00" + link).digest() for link in links], []
    while len(level) > 1:
        sibling = place ^ 1
        if sibling < len(level):
            found.append(level[sibling])
        pairs = [sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        level, place = pairs + (level[-1:] if len(level) % 2 else []), place // 2
    return found


def record(tx: Tx, stream: str, shows: Callable[[Any], bool]) -> dict[str, Any] | None:
    """A record's whole chain, each entry with its path into its seal; the content of those that may be shown.

    None when there is no such record.
    """
    rows = tx.all(f"{_ENTRIES} ORDER BY number", (stream,))
    return {"stream": stream, "entries": [_entry(tx, row, shows(row)) for row in rows]} if rows else None


def _entry(tx: Tx, row: Any, is_shown: bool) -> dict[str, Any]:
    return {
        "number": row.number,
        "kind": row.kind,
        "at": row.at.isoformat(),
        "payload": row.payload if is_shown else None,
        "digest": bytes(row.digest).hex(),
        "chain": bytes(row.chain).hex(),
        "sealed": _sealed(tx, row),
    }


def _sealed(tx: Tx, row: Any) -> dict[str, Any] | None:
    """Which seal covers an entry, and the path there; None while none does."""
    seal = tx.one(_SEAL_OF, (str(row.xid), str(row.xid), row.id))
    if seal is None:
        return None
    inside = tx.all(_LINKS, (str(seal.window_from), str(seal.window_to), seal.after_id, seal.count))
    place = [entry.id for entry in inside].index(row.id)
    steps = [step.hex() for step in path([bytes(entry.chain) for entry in inside], place)]
    return {"seal": seal.number, "place": place, "count": seal.count, "path": steps}


def run(tx: Tx, first: int, last: int) -> dict[str, Any]:
    """Seals from one number to another, with what the first one chains to."""
    before = tx.one(_BEFORE, (first,))
    seals = tx.all(_RUN, (first, last))
    return {
        "before": before.number if before else first - 1,
        "before_chain": (bytes(before.chain) if before else JOURNAL).hex(),
        "seals": [{"seal": seal.number, "root": bytes(seal.root).hex()} for seal in seals],
    }
