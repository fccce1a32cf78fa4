"""Papers made ahead of their first reader, while the node has nothing better to do.

Reads the sealed journal for results and makes their papers, each in a transaction of its own, the place in the journal
with it: a killed worker goes on where it was. Idle work is never in a hurry: it waits while acts come in, and it waits
for the time-stamp authority, where a reader in person gets the paper without a stamp.
"""

import logging
from threading import Event
from typing import Any

import msgspec

from lienthong.casework.papers import paper, result_names
from lienthong.documents.stamping import NoStamp
from lienthong.exchange.node import Node
from lienthong.journal import sealer
from lienthong.kit.storage import Tx

PAUSE = 5.0
QUIET = 40  # entries sealed within a pause, above which the node counts as busy
_AT_ONCE = 500
_READER = "results"
_PLACE = "SELECT position FROM document_reader WHERE reader = %s"
_MOVE = """
INSERT INTO document_reader (reader, position) VALUES (%s, %s)
ON CONFLICT (reader) DO UPDATE SET position = excluded.position
"""
_log = logging.getLogger(__name__)


def run(node: Node, stop: Event, pause: float = PAUSE) -> None:
    """Make papers in quiet moments until told to stop; a database that is away is tried again."""
    makes = node.seal_chain and any(result_names(node, slug) for slug in handled(node))
    seen = -1
    while not stop.wait(pause):
        if not makes:
            continue
        try:
            end = _end(node)
            if seen >= 0 and end - seen <= QUIET:
                while not stop.is_set() and work(node):
                    pass
            seen = end
        except NoStamp:
            continue
        except Exception:
            _log.exception("papers could not be made; trying again")


def handled(node: Node) -> list[str]:
    """The services this node decides."""
    return [slug for slug, service in node.catalogue.services.items() if service.card.handled_by == node.name]


def work(node: Node) -> int:
    """Make the papers of the next results in the journal; how many entries were read. Raises stamping.NoStamp."""
    with node.database.transaction() as tx:
        entries = sealer.follow(tx, int(tx.value(_PLACE, (_READER,)) or 0), limit=_AT_ONCE)
    last = 0
    for position, entry in entries:
        last = position
        code = _issued(entry)
        if code:
            with node.database.transaction() as tx:
                _make(node, tx, code)
                tx.run(_MOVE, (_READER, position))
                last = 0
    if last:
        with node.database.transaction() as tx:
            tx.run(_MOVE, (_READER, last))
    return len(entries)


def _issued(entry: Any) -> str:
    """The dossier whose result an entry says was issued or corrected; nothing for any other entry."""
    if entry.kind != "act" or not entry.payload or not entry.stream.startswith("dossier/"):
        return ""
    verb = msgspec.json.decode(entry.payload).get("verb")
    return str(entry.stream.partition("/")[2]) if verb in ("issue", "correct") else ""


def _make(node: Node, tx: Tx, code: str) -> None:
    row = tx.one("SELECT service FROM dossier WHERE code = %s", (code,))
    for name in result_names(node, row.service) if row else ():
        try:
            paper(node, tx, code, name, stamped=bool(node.time_stamps))
        except LookupError:
            continue  # annulled since


def _end(node: Node) -> int:
    """How far the journal is sealed."""
    row = node.database.one("SELECT first_position + count AS position FROM seal ORDER BY number DESC LIMIT 1")
    return int(row.position) if row else 0
