"""One node's part of the evidence about a message or a case: what it sent and received, as signed, and what its journal
holds of it, under seals that partners countersigned.

    messages    header, body and signature of each, with the receipt that its recipient signed
    records     the records' chains in the journal, each entry with its path into a seal
    runs        the seals from that one up to the first that partners countersigned, and their words on it
    jumps       where the journal goes on after a restore, in the node's own sealed words
"""

from collections.abc import Callable, Sequence
from typing import Any

from lienthong.exchange import envelopes
from lienthong.exchange.envelopes import Envelope
from lienthong.exchange.node import Node
from lienthong.journal import proofs
from lienthong.journal.export import as_text
from lienthong.kit import clock
from lienthong.kit.storage import Tx

SERVICE, PURPOSE = "evidence.part", "evidence"
NEAR = 200  # seals after the first countersigned one within which other partners' words are taken along
LONGEST_RUN = 2000  # seals shown where nobody has countersigned yet

_COLUMNS = "message, service, case_code, header, body, signature, receipt"
_OUT = f"SELECT {_COLUMNS}, recipient AS partner FROM outbox WHERE message = %s OR case_code = %s ORDER BY id"
_IN = f"SELECT {_COLUMNS}, sender AS partner FROM inbox WHERE message = %s OR case_code = %s ORDER BY received_at"
_COUNTERSIGNED = """
SELECT DISTINCT ON (partner) partner, number, header, signature FROM countersigned
WHERE number >= %(first)s AND number <= (SELECT min(number) FROM countersigned WHERE number >= %(first)s) + %(near)s
ORDER BY partner, number
"""
_LAST = "SELECT number FROM seal ORDER BY number DESC LIMIT 1"


def messages(tx: Tx, about: str, *, between: str = "") -> list[Any]:
    """Rows of messages with this id or of this case; `between` us and one partner only, where it is named."""
    found = [*tx.all(_OUT, (about, about)), *tx.all(_IN, (about, about))]
    return [row for row in found if not between or row.partner == between]


def part(
    tx: Tx, about: str, rows: Sequence[Any], streams: Sequence[str], shows: Callable[[Any], bool], *, bodies: bool
) -> dict[str, Any]:
    """What this node can prove, as plain values; `bodies`: with what the messages said, not only its hash."""
    records = [found for stream in streams if (found := proofs.record(tx, stream, shows))]
    sealed = sorted({entry["sealed"]["seal"] for one in records for entry in one["entries"] if entry["sealed"]})
    return {
        "about": about,
        "messages": [_message(row, bodies) for row in rows],
        "records": records,
        "runs": _runs(tx, sealed),
        "jumps": [as_text(row.statement) for row in tx.all("SELECT statement FROM branch ORDER BY first")],
    }


def signed(node: Node, about: str, content: bytes) -> Envelope:
    """Our own part, as a partner's comes: an envelope."""
    return envelopes.to_everybody(node.name, SERVICE, PURPOSE, about, content, node.key, clock.now())


def as_texts(envelope: Envelope) -> dict[str, str]:
    header, body = bytes(envelope.header).decode(), bytes(envelope.body).decode()
    return {"header": header, "body": body, "signature": envelope.signature}


def _message(row: Any, bodies: bool) -> dict[str, Any]:
    envelope = {"header": row.header, **({"body": row.body} if bodies else {}), "signature": row.signature}
    return {"envelope": envelope, "receipt": as_text(row.receipt) if row.receipt else None}


def _runs(tx: Tx, sealed: Sequence[int]) -> list[dict[str, Any]]:
    """A run of seals for each seal over an entry; one run where they overlap."""
    runs: list[dict[str, Any]] = []
    reached = 0
    for number in sealed:
        if number > reached:
            words = tx.all(_COUNTERSIGNED, {"first": number, "near": NEAR})
            last = max((word.number for word in words), default=min(tx.value(_LAST), number + LONGEST_RUN))
            countersigned = [{"header": word.header, "signature": word.signature} for word in words]
            runs.append({**proofs.run(tx, number, last), "countersigned": countersigned})
            reached = last
    return runs
