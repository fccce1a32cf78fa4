"""A citizen's question about a read of their data: put to the register's owner as a task, answered in the inbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.errors import UniqueViolation

from lienthong.casework import limits, tasks
from lienthong.exchange import outbox
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx
from lienthong.portal import notifying
from lienthong.registers import reads

LONGEST = 1000
WORKING_DAYS = 10  # an answer to a complaint about a dossier: Ninh Bình rules as a model; the law leaves it open

_PUT = "INSERT INTO question (id, asked_by, owner, read, text, at) VALUES (%s, %s, %s, %s, %s, %s)"
_MINE = "SELECT owner, read, text, at, state, answer, ended_at FROM question WHERE asked_by = %s ORDER BY at DESC"
_END = """
UPDATE question SET state = %s, answer = %s, ended_at = %s WHERE id = %s AND state = 'asked' RETURNING asked_by, owner
"""


@dataclass(frozen=True)
class Asked:
    owner: str
    read: str
    text: str
    at: datetime
    state: str
    answer: str
    ended_at: datetime | None


class AskedBefore(Exception):
    """This person has asked about this read already."""


def of(tx: Tx, account: Account) -> dict[tuple[str, str], Asked]:
    """A person's questions, by owner and read."""
    return {(row.owner, row.read): Asked(*row) for row in tx.all(_MINE, (account.number,))}


def ask(node: Node, tx: Tx, account: Account, read: Mapping[str, Any], text: str) -> str:
    """Put a question to who logged the read. Raises AskedBefore."""
    question, at = new_id(), clock.now()
    try:
        with tx.savepoint():
            tx.run(_PUT, (question, account.number, read["owner"], read["read"], text, at))
    except UniqueViolation as error:
        raise AskedBefore from error
    body = {
        "id": question,
        "kind": "question",
        "role": tasks.STEWARD,
        "unit": None,
        "title": account.name,
        "due": limits.counted(node.catalogue.calendar.due, at, WORKING_DAYS),
        "detail": {
            "question": text,
            "subject": account.number,
            "name": account.name,
            "owner": read["owner"],
            **{name: read[name] for name in ("read", "at", "asker", "roles", "service", "purpose", "case", "opened")},
        },
    }
    to = answerer(node, str(read["owner"]))
    outbox.send(node, tx, to, tasks.OPEN, body, case=f"question/{question}", purpose=reads.OWN, key=question)
    return question


def answerer(node: Node, owner: str) -> str:
    """The node where somebody answers for an owner: itself, or a desk of its agency where it has no officers."""
    nodes = node.catalogue.nodes
    if {"desk", "notices"} & set(nodes[owner].faces):
        return owner
    agency = nodes[owner].agency
    return next((name for name, card in nodes.items() if card.agency == agency and "desk" in card.faces), owner)


def answered(node: Node, tx: Tx, closed: Mapping[str, Any]) -> None:
    """The owner has answered: keep the answer, and tell the person in the inbox."""
    state = "answered" if closed["state"] == "done" else "declined"
    note = str(closed.get("outcome", {}).get("note", ""))
    ended = tx.one(_END, (state, note, clock.now(), str(closed["id"])))
    if ended is not None:
        notifying.tell(tx, ended.asked_by, "", "answered", {"node": ended.owner})
