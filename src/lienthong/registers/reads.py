"""`reads.mine`: what this node has on record of who read a person's data, for that person alone.

    {"of": "068195001234", "before": "2026-11-20T09:00:00+07:00", "own": false, "read": ""}

Newest first, a page at a time; `before` goes on from the last one shown, `read` asks for one by its id. Only the portal
has a right to ask, and asks about the person who is signed in there (Law 91/2025/QH15 on personal data, Art. 4: to know
how one's data is processed). Looks at one's own data are left out unless `own`: they would bury the others.
"""

from datetime import datetime
from typing import Any

import msgspec

from lienthong.exchange import evidence
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Answer, Node, Read
from lienthong.kit import clock
from lienthong.kit.storage import Tx

SERVICE = "reads.mine"
OWN = "my-data"  # the purpose under which a person looks at their own data
PAGE = 20
_STREAM = "read/"

# One row for each question that opened something: entries of one stream.
_READS = """
SELECT stream, max(at) AS at, array_agg(payload ORDER BY number) AS payloads
FROM journal_entry
WHERE subject = %(of)s AND kind = 'read' AND at < %(before)s AND payload IS NOT NULL
    AND (%(own)s OR payload::jsonb ->> 'purpose' IS DISTINCT FROM %(purpose)s)
GROUP BY stream ORDER BY max(at) DESC LIMIT %(limit)s
"""
_ONE = """
SELECT stream, max(at) AS at, array_agg(payload ORDER BY number) AS payloads
FROM journal_entry WHERE stream = %s AND subject = %s AND kind = 'read' AND payload IS NOT NULL GROUP BY stream
"""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    of: str
    before: datetime | None = None
    own: bool = False
    read: str = ""
    evidence: list[str] = []


def mine(node: Node, tx: Tx, message: Message) -> Answer:
    """Answer one question; looking is itself a read. Raises Refused: malformed, no-evidence, bad-evidence."""
    try:
        question = msgspec.convert(message.body, Question)
    except msgspec.ValidationError as error:
        raise Refused("malformed", str(error)) from error
    if not (len(question.of) == 12 and question.of.isdigit()):
        raise Refused("malformed", "whose reads?")
    proof = evidence.about(node, message, question.of)
    rows = _rows(tx, question)
    reads = [_described(row) for row in rows[:PAGE]]
    body = {"reads": reads, "more": len(rows) > PAGE, "at": clock.now().isoformat()}
    return Answer(body, (Read(question.of, "reads", ("asker", "case", "fields", "purpose", "role")),), proof.ids)


def _rows(tx: Tx, question: Question) -> list[Any]:
    if question.read:
        return tx.all(_ONE, (_STREAM + question.read, question.of))
    before = question.before or datetime.max.replace(tzinfo=clock.ZONE)
    wanted = {"of": question.of, "before": before, "own": question.own, "purpose": OWN, "limit": PAGE + 1}
    return tx.all(_READS, wanted)


def _described(row: Any) -> dict[str, Any]:
    """One read as its subject is told: who asked, in which role, for what, what was opened. No officer's number."""
    opened = [msgspec.json.decode(payload) for payload in row.payloads]
    first = opened[0]
    return {
        "read": row.stream.removeprefix(_STREAM),
        "at": row.at,
        "asker": first.get("asker", ""),
        "service": first.get("service", ""),
        "purpose": first.get("purpose", ""),
        "case": first.get("case", ""),
        "roles": first.get("officer", "").split()[1:],
        "by_person": bool(first.get("officer")),
        "opened": [{"register": entry.get("register", ""), "fields": entry.get("fields", [])} for entry in opened],
    }
