"""Inside work that no dossier is: somebody must look at something, and somebody waits for the answer.

correction   a register's value is said to be wrong; its owner amends it or says why not
error        a result of ours is disputed by an agency that was handed it
alert        something is late that no person was waiting for
review       a sampled decision of a rule, to be judged by a person
question     somebody asks about a read of their data
dead_letter  a message that its recipient could not handle is parked
difference   two registers do not say the same
freshness    a feed is behind what was promised
review_read  a read without evidence is to be looked at
fork         a partner's journal contradicts itself
opinion      a dossier waits for what this role and unit say (casework.opinions)
extension    a promised time will not be kept: an apology is drafted for the head to sign
courier      originals that a reception point sent have not come
handoff      a step that is done in a ministry's own system
feedback     what somebody says about their dossier is to be answered (casework.feedback)
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from lienthong.catalogue import forms
from lienthong.exchange import outbox
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Done, Node, Outcome, Refusal, Stored
from lienthong.identity.types import Officer
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers import changing

OPEN, CLOSED = "task.open", "task.closed"
STEWARD = "data_steward"
Kind = Literal[
    "correction", "error", "alert", "review", "question",
    "dead_letter", "difference", "freshness", "review_read", "fork", "opinion", "extension", "handoff", "courier",
    "feedback",
]  # fmt: skip
_ASKED_BY_OTHERS = ("correction", "question")
_ANSWERED_BY_MORE = ("correction", "error", "review", "opinion", "extension", "handoff", "feedback")
LONGEST_NOTE = 500

_FIELDS = (
    "id, kind, role, unit, asked_by, case_code, title, detail, opened_at, due, state, outcome, closed_at, closed_by, "
    "acts, chain"
)
_PUT = """
INSERT INTO task (id, kind, role, unit, asked_by, case_code, title, detail, opened_at, due, chain)
SELECT id, kind, role, unit, asked_by, case_code, title, detail, opened_at, due, chain FROM json_to_recordset(%s)
    AS opened (id text, kind text, role text, unit text, asked_by text, case_code text, title text, detail text,
    opened_at timestamptz, due timestamptz, chain bytea)
ON CONFLICT (id) DO NOTHING
"""
_CLOSE = """
UPDATE task SET state = %s, outcome = %s, closed_at = %s, closed_by = %s, acts = %s, chain = %s WHERE id = %s
"""
_MINE = f"""
SELECT {_FIELDS} FROM task
WHERE state IN ('open', 'pending') AND role = ANY(%s) AND (unit IS NULL OR unit = ANY(%s))
ORDER BY due NULLS LAST, opened_at LIMIT %s
"""
MOST = 200


class Task(msgspec.Struct, frozen=True):
    """One piece of inside work. `pending` waits for another node's receipt."""

    id: str
    kind: Kind
    role: str
    case: str
    title: str
    opened_at: datetime
    asked_by: str = ""
    unit: str | None = None
    detail: dict[str, Any] = {}
    due: datetime | None = None
    state: Literal["open", "pending", "done", "declined"] = "open"
    outcome: dict[str, Any] = {}
    closed_at: datetime | None = None
    closed_by: str = ""
    acts: int = 1
    chain: bytes = b""


class Ended(Exception):
    """The task was closed before."""


def stream_of(task: str) -> str:
    return f"task/{task}"


def open_task(tx: Tx, task: Task) -> None:
    """Store a task and its first entry, without waiting. The same task again changes nothing."""
    told = {"verb": "open", "kind": task.kind, "case": task.case, "role": task.role, "detail": task.detail}
    chain = entries.begin(tx, stream_of(task.id), "act", told, at=task.opened_at)
    row = {
        "id": task.id, "kind": task.kind, "role": task.role, "unit": task.unit, "asked_by": task.asked_by,
        "case_code": task.case, "title": task.title, "detail": msgspec.json.encode(task.detail).decode(),
        "opened_at": task.opened_at, "due": task.due, "chain": f"\\x{chain.hex()}",
    }  # fmt: skip
    tx.put(_PUT, row)


def load(tx: Tx, task: str, *, lock: bool = False) -> Task | None:
    row = tx.one(f"SELECT {_FIELDS} FROM task WHERE id = %s{' FOR UPDATE' if lock else ''}", (task,))
    return None if row is None else _from_row(row)


def mine(tx: Tx, officer: Officer) -> list[Task]:
    """Open tasks of an officer's roles, in their units, the first due first."""
    units = [post.unit for post in officer.posts]
    found = [_from_row(row) for row in tx.all(_MINE, (list(officer.roles), units, MOST))]
    return [task for task in found if may_act(officer, task)]  # a role in one unit opens nothing of another


def may_act(officer: Officer, task: Task) -> bool:
    return officer.holds(task.role, task.unit) if task.unit else task.role in officer.roles


def at_hand(tx: Tx, task: str, officer: Officer) -> Task:
    """A task that waits for this officer, locked. Raises LookupError, PermissionError, Ended."""
    found = load(tx, task, lock=True)
    if found is None:
        raise LookupError(task)
    if not may_act(officer, found):
        raise PermissionError(f"{found.role} answers this")
    if found.state != "open":
        raise Ended(found.closed_by)
    return found


def close(
    node: Node, tx: Tx, task: Task, by: str, state: Literal["pending", "done", "declined"], outcome: Mapping[str, Any]
) -> None:
    """Write down how a task ended and tell the node that asked for it."""
    at, number = clock.now(), task.acts + 1
    told = {"verb": state, "by": by, "outcome": dict(outcome)}
    chain = entries.append_all(tx, stream_of(task.id), "act", [(at, told)], first=number, previous=task.chain)
    text = msgspec.json.encode(dict(outcome)).decode()
    tx.run(_CLOSE, (state, text, None if state == "pending" else at, by, number, chain, task.id))
    if state != "pending" and task.asked_by not in ("", node.name):
        body = {
            "id": task.id, "kind": task.kind, "case": task.case, "state": state, "outcome": dict(outcome),
            "detail": task.detail,
        }  # fmt: skip
        purpose = str(task.detail.get("purpose_of_asking", ""))
        outbox.send(node, tx, task.asked_by, CLOSED, body, case=task.case, purpose=purpose, key=task.id)


def answer(node: Node, tx: Tx, task: str, officer: Officer, note: str, *, declined: bool = False) -> None:
    """Close with a note what asks for nothing else. Raises LookupError, PermissionError, Ended, ValueError."""
    found = at_hand(tx, task, officer)
    if found.kind in _ANSWERED_BY_MORE and not declined:
        raise ValueError(f"a {found.kind} is not closed with a note")
    if not note.strip():
        raise ValueError("required")
    close(node, tx, found, officer.name, "declined" if declined else "done", {"note": note[:LONGEST_NOTE]})


def correct(node: Node, tx: Tx, task: str, officer: Officer, value: str, note: str) -> None:
    """The owner enters the right value in its register, and tells who asked.

    Raises LookupError, PermissionError, Ended; envelopes.Refused when the register does not take the value.
    """
    found = at_hand(tx, task, officer)
    if found.kind != "correction":
        raise ValueError(f"a {found.kind} corrects no register")
    detail = found.detail
    register = node.catalogue.owned[detail["register"]]
    clean = forms.clean(value)
    change = {detail["column"]: clean}
    outcome = changing.change(node, tx, register, detail["key"], "amend", change, by=task, reason=note, case=found.case)
    ended: Any = "pending" if isinstance(outcome, Stored) else "done"
    close(node, tx, found, officer.name, ended, {"value": clean, "note": note[:LONGEST_NOTE]})


def decline(node: Node, tx: Tx, task: str, officer: Officer, note: str) -> None:
    """The register's value stands; the reason goes to who asked."""
    answer(node, tx, task, officer, note, declined=True)


def settled(node: Node, tx: Tx, task: str, outcome: Outcome) -> bool:
    """Another register has spoken about a value that was corrected here; False when it was for no task."""
    found = load(tx, task, lock=True)
    if found is None:
        return False
    if found.state == "pending":
        said = {"said": outcome.code} if isinstance(outcome, Refusal) else {}
        state: Any = "declined" if said else "done"
        close(node, tx, found, found.closed_by, state, {**found.outcome, **said})
    return True


# from and to other nodes


def asked(node: Node, tx: Tx, message: Message) -> Outcome:
    """Handle `task.open`: a correction of a record of ours, or a question about a read.

    Raises Refused: unknown-kind, unknown-record.
    """
    body, header = message.body, message.header
    if body.get("kind") not in _ASKED_BY_OTHERS:
        raise Refused("unknown-kind", f"no task of kind {body.get('kind')!r} is opened for others")
    detail = dict(body["detail"])
    if body["kind"] == "correction":
        register = node.catalogue.owned.get(str(detail.get("register")))
        if register is None or detail.get("column") not in register.fields:
            raise Refused("unknown-record", f"{node.name} keeps no {detail.get('register')!r}")
    title = body["title"] if isinstance(body["title"], str) else body["title"]["vi"]
    task = Task(
        id=str(body["id"]),
        kind=body["kind"],
        role=STEWARD,
        case=header.case,
        title=title,
        opened_at=clock.now(),
        asked_by=header.sender,
        detail={**detail, "purpose_of_asking": header.purpose},
        due=_moment(body.get("due")),
    )
    open_task(tx, task)
    return Done()


def closed(node: Node, tx: Tx, message: Message) -> Outcome:
    """Handle `task.closed`: hand the outcome to whoever asked."""
    hear = node.on_task_closed.get(str(message.body.get("kind")))
    if hear is None:
        raise Refused("unknown-kind", f"nobody here asked for a {message.body.get('kind')!r}")
    hear(node, tx, {**message.body, "case": message.header.case, "from": message.header.sender})
    return Done()


def _from_row(row: Any) -> Task:
    values = row._asdict()
    values["case"] = values.pop("case_code")
    values["chain"] = bytes(values["chain"])
    values |= {name: msgspec.json.decode(values[name]) for name in ("detail", "outcome")}
    return Task(**values)


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None
