"""Fetching the files that filings named, so that an officer finds them here and a silent portal does not matter."""

import base64
import binascii
import hashlib
import logging
from datetime import timedelta
from itertools import count
from threading import Event
from typing import Any

import msgspec

from lienthong.documents import receiving
from lienthong.documents.attachments import OPEN, PIECE, SERVICE
from lienthong.exchange.asking import Question
from lienthong.exchange.node import Node
from lienthong.kit import clock

EVERY = 3.0
SWEEP_EVERY = 200  # rounds
AT_ONCE = 20
WITHIN = 5.0  # seconds for one piece when nobody waits
_FIRST_PAUSE, _LONGEST_PAUSE = 5, 3600
_MISSING = """
SELECT id FROM attachment WHERE content IS NULL AND next_at <= %s ORDER BY next_at LIMIT %s
"""
_WANTED = """
SELECT id, case_code, size, sha256, origin, purpose, attempts, reused, proofs FROM attachment WHERE id = %s
"""
_ARRIVED = "UPDATE attachment SET content = %s, problem = '' WHERE id = %s AND content IS NULL"
_LATER = "UPDATE attachment SET attempts = attempts + 1, next_at = %s, problem = %s WHERE id = %s AND content IS NULL"
_log = logging.getLogger(__name__)


def fetch(node: Node, file: str, officer: str = "", within: float = WITHIN) -> bool:
    """Ask for one file, piece by piece, and keep it when it is what the filing named. False when it did not come.

    No transaction is open while the other node is asked. `officer` waits for it, or nobody.
    """
    wanted: Any = node.database.one(_WANTED, (file,))
    if wanted is None:
        return False
    data = _pieces(node, wanted, officer, within)
    problem = "not-answered" if data is None else _wrong(data, wanted)
    with node.database.transaction() as tx:
        if problem:
            pause = timedelta(seconds=min(_FIRST_PAUSE << min(wanted.attempts, 10), _LONGEST_PAUSE))
            tx.run(_LATER, (clock.now() + pause, problem, file))
        else:
            tx.run(_ARRIVED, (data, file))
    return not problem


def _pieces(node: Node, wanted: Any, officer: str, within: float) -> bytes | None:
    """All that the other node says the file holds; None when it was silent, refused, or told another size."""
    data = b""
    while len(data) < wanted.size:
        answer = node.asker.ask(_question(wanted, len(data), officer), within)
        piece = _decoded(answer.body) if answer else b""
        if not piece:
            return None
        data += piece
    return data


def _question(wanted: Any, offset: int, officer: str) -> Question:
    """A piece of a file where it was handed in, or of a paper in its owner's store."""
    about = (wanted.purpose, wanted.case_code, officer)
    if not wanted.reused:
        return Question(wanted.origin, SERVICE, {"attachment": wanted.id, "offset": offset}, *about)
    proofs = tuple(msgspec.json.decode(wanted.proofs, type=list[str]))
    body = {"paper": msgspec.json.decode(wanted.reused)["paper"], "offset": offset}
    return Question(wanted.origin, OPEN, body, *about, evidence=proofs)


def _decoded(body: Any) -> bytes:
    """A piece of the agreed size, or nothing."""
    try:
        piece = base64.b64decode(body["data"], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error):
        return b""
    return piece if len(piece) <= PIECE else b""


def _wrong(data: bytes, wanted: Any) -> str:
    same = len(data) == wanted.size and hashlib.sha256(data).hexdigest() == wanted.sha256
    return "" if same else "altered"


def fetch_missing(node: Node) -> int:
    """One round over what has not arrived; how many files came."""
    with node.database.transaction() as tx:
        rows = tx.all(_MISSING, (clock.now(), AT_ONCE))
    return sum(fetch(node, row.id) for row in rows)


def run(node: Node, stop: Event) -> None:
    """A round every few seconds until told to stop; a database that is away is tried again. Now and then it sweeps what
    nobody filed."""
    for turn in count(1):
        if stop.wait(EVERY):
            return
        try:
            fetch_missing(node)
            if turn % SWEEP_EVERY == 0:
                receiving.sweep(node.database)
        except Exception:
            _log.exception("fetching files failed; trying again")
