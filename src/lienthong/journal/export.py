"""A whole journal as a file that `lienthong_verifier` checks: one JSON object a line, read in one pass.

What is exported is what a single snapshot of the database held: while it is written the node works on.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from lienthong.kit import clock
from lienthong.kit.storage import Tx

VERSION = 1
AT_ONCE = 500  # seals read together

_SEALS = "SELECT * FROM seal WHERE number > %s ORDER BY number LIMIT %s"
_ENTRY = "SELECT stream, number, kind, at, subject, payload, digest, chain FROM journal_entry"
_INSIDE = f"{_ENTRY} WHERE xid >= %s::xid8 AND xid < %s::xid8 AND id > %s ORDER BY id LIMIT %s"
_UNSEALED = f"""
{_ENTRY} WHERE xid >= coalesce((SELECT window_to FROM seal ORDER BY number DESC LIMIT 1), '0'::xid8) ORDER BY number, id
"""
_BRANCHES = "SELECT statement FROM branch ORDER BY first"


def lines(tx: Tx, node: str, directory: str, sign: Callable[[bytes], str]) -> Iterator[str]:
    """The file's lines. `tx` must read one snapshot (`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`)."""
    whole, entries, seals = hashlib.sha256(), 0, 0
    for kind, value in _content(tx, node, directory):
        line = _line(value)
        whole.update(line.encode())
        entries, seals = entries + (kind == "entry"), seals + (kind == "seal")
        yield line
    end = {"end": node, "at": clock.now().isoformat(), "entries": entries, "seals": seals, "sha256": whole.hexdigest()}
    yield _line({**end, "signature": sign(_line(end).removesuffix("\n").encode())})


def _content(tx: Tx, node: str, directory: str) -> Iterator[tuple[str, dict[str, Any]]]:
    opening = {"lienthong": "journal", "version": VERSION, "node": node, "at": clock.now().isoformat()}
    yield "", {**opening, "directory": directory}
    for row in tx.all(_BRANCHES):
        yield "", {"rejoined": as_text(row.statement)}
    last = 0
    while found := tx.all(_SEALS, (last, AT_ONCE)):
        for seal in found:
            yield "seal", _seal(seal)
            inside = tx.all(_INSIDE, (str(seal.window_from), str(seal.window_to), seal.after_id, seal.count))
            for place, row in enumerate(inside, start=seal.first_position):
                yield "entry", {"position": place, **_entry(row)}
        last = found[-1].number
    if unsealed := tx.all(_UNSEALED):
        yield "", {"unsealed": len(unsealed)}
        for row in unsealed:
            yield "entry", _entry(row)


def as_text(envelope: str) -> dict[str, str]:
    """An envelope as evidence holds it: header and body as the texts that were signed."""
    header, body, signature = parts(envelope)
    return {"header": header, "body": body, "signature": signature}


def parts(envelope: str) -> tuple[str, str, str]:
    """Header, body and signature of an envelope as sealed: `{"header":…,"body":…,"signature":"…"}`."""
    decoder = json.JSONDecoder()
    start = len('{"header":')
    _, end = decoder.raw_decode(envelope, start)
    begin = end + len(',"body":')
    _, stop = decoder.raw_decode(envelope, begin)
    signature, _ = decoder.raw_decode(envelope, stop + len(',"signature":'))
    return envelope[start:end], envelope[begin:stop], signature


def _seal(seal: Any) -> dict[str, Any]:
    return {
        "seal": seal.number,
        "first": seal.first_position,
        "count": seal.count,
        "at": seal.at.isoformat(),
        "root": bytes(seal.root).hex(),
        "chain": bytes(seal.chain).hex(),
    }


def _entry(row: Any) -> dict[str, Any]:
    return {
        "stream": row.stream,
        "number": row.number,
        "kind": row.kind,
        "at": row.at.isoformat(),
        "subject": row.subject,
        "payload": row.payload,
        "digest": bytes(row.digest).hex(),
        "chain": bytes(row.chain).hex(),
    }


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
