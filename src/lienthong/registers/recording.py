"""`register.record`: another node asks the owner to enter a record.

The owner checks the right field by field, applies the register's own rule (a book number, a personal number), and
where the register is completed by another (a birth by the population register), waits for that one's receipt before
it gives its own.
"""

from datetime import date, datetime
from typing import Any

from lienthong.catalogue.forms import problem_of
from lienthong.catalogue.shapes import Register
from lienthong.exchange import outbox
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Done, Node, Outcome, Refusal, Sent, Stored
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers import records
from lienthong.registers.numbers import RULES
from lienthong.registers.parents import why_no_parent
from lienthong.registers.records import Taken

SERVICE = "register.record"

_WAIT = """
INSERT INTO pending_record (message, register, key, asked_by, asked_in, case_code, purpose, since)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""


def record(node: Node, tx: Tx, message: Message) -> Outcome:
    """Handle one request; body `{"register": …, "fields": {…}}`.

    Done carries `{"register", "key", "record"}`. Raises Refused: unknown-register, no-right, incomplete, taken-…,
    unknown-parent, dead-parent.
    """
    header, body = message.header, message.body
    register = node.catalogue.owned.get(str(body.get("register")))
    fields = body.get("fields")
    if register is None or not isinstance(fields, dict):
        raise Refused("unknown-register", f"{node.name} keeps no register {body.get('register')!r}")
    granted = node.catalogue.granted_fields(
        header.sender, header.service, header.purpose, register.register, clock.today()
    )
    if outside := sorted(set(fields) - granted):
        raise Refused("no-right", f"{header.sender} may not write {', '.join(outside)} of {register.register}")
    row = enter(node, tx, register, fields, by=header.id)
    if register.completed_by is None:
        return Done(described(register, row))
    _ask_to_complete(node, tx, register, row, message)
    return Stored()


def enter(node: Node, tx: Tx, register: Register, fields: dict[str, Any], *, by: str) -> dict[str, Any]:
    """Enter a record in a register of this node; the whole row. Raises Refused as `record` does."""
    at = clock.now()
    row = _complete(node, tx, register, fields, at)
    try:
        records.enter(tx, register, row, at=at, valid_from=at.date(), by=by)
    except Taken as taken:
        raise Refused(
            f"taken-{taken.field}", f"another record of {register.register} has this {taken.field}"
        ) from taken
    return row


def described(register: Register, row: dict[str, Any]) -> dict[str, Any]:
    """A record as a receipt or a result carries it."""
    return {"register": register.register, "key": row[register.key], "record": row}


def completed(node: Node, tx: Tx, sent: Sent, outcome: Outcome) -> bool:
    """Hear the completing register's word; False when the message was not about a record of ours."""
    waiting = tx.one("DELETE FROM pending_record WHERE message = %s RETURNING *", (sent.message,))
    if waiting is None:
        return False
    register = node.catalogue.owned[waiting.register]
    completion = register.completed_by
    assert completion is not None, "only a register with completed_by leaves a pending record"
    at, final = clock.now(), outcome
    if isinstance(outcome, Done):
        given = outcome.body["record"]
        changes = {ours: given[theirs] for ours, theirs in completion.gives.items()}
        changes["state"] = completion.state["complete"]
        records.amend(tx, register, waiting.key, changes, at=at, valid_from=at.date(), by=sent.message)
        row = records.find(tx, register, _by_key(register), waiting.key)[0]
        final = Done(described(register, row))
    elif isinstance(outcome, Refusal):
        records.withdraw(tx, register, waiting.key, at=at, by=sent.message, reason=outcome.code)
    outbox.settle(node, tx, waiting.asked_by, waiting.asked_in, final, case=waiting.case_code, purpose=waiting.purpose)
    return True


def _complete(node: Node, tx: Tx, register: Register, fields: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The whole row: what was given, what the register fills in by itself, what its rule numbers."""
    _check_values(node, register, fields, at.date())
    row = {name: fields.get(name) for name in register.fields}
    if "registered_on" in row:
        row["registered_on"] = at.date().isoformat()
    if register.completed_by:
        row["state"] = register.completed_by.state["pending"]
    if register.register == "persons":
        _check_parents(node, tx, row)
    if register.rule:
        row[register.key] = _numbered(node, tx, register, row, at)
    missing = [n for n, column in register.fields.items() if row[n] in (None, "") and not column.optional]
    if missing:
        raise Refused("incomplete", f"{register.register} needs {', '.join(missing)}")
    return row


def _check_values(node: Node, register: Register, fields: dict[str, Any], today: date) -> None:
    """Every value is what its term of the dictionary allows."""
    for name, value in fields.items():
        column = register.fields.get(name)
        if column is None:
            raise Refused("invalid", f"{register.register} has no {name}")
        if value not in (None, ""):
            text = str(value) if isinstance(value, int) else value
            term = node.catalogue.terms[column.term]
            problem = problem_of(term, text, today) if isinstance(text, str) else "not-text"
            if problem:
                raise Refused("invalid", f"{name}: {problem}")


def _numbered(node: Node, tx: Tx, register: Register, row: dict[str, Any], at: datetime) -> str:
    try:
        return RULES[register.rule](tx, row, at.date(), node.territory)
    except KeyError as error:
        raise Refused("invalid", f"unknown here: {error}") from error


def _check_parents(node: Node, tx: Tx, row: dict[str, Any]) -> None:
    """Nobody is born to an unknown person, or to one long dead."""
    persons = node.catalogue.owned["persons"]
    for role in ("mother", "father"):
        if row[role]:
            found = records.find(tx, persons, "number", row[role])
            if problem := why_no_parent(role, found[0] if found else None, row["birth_date"]):
                raise Refused(problem, f"the {role} cannot be the parent of a child born on {row['birth_date']}")


def _ask_to_complete(node: Node, tx: Tx, register: Register, row: dict[str, Any], message: Message) -> None:
    completion = register.completed_by
    assert completion is not None, "called for registers with completed_by only"
    key, header = row[register.key], message.header
    owner = node.catalogue.registers[completion.register].owner
    fields = {theirs: row[ours] for theirs, ours in completion.takes.items()}
    body = {"register": completion.register, "fields": fields}
    request = outbox.send(node, tx, owner, SERVICE, body, case=header.case, purpose=register.register, key=key)
    waiting = (request, register.register, key, header.sender, header.id, header.case, header.purpose, clock.now())
    tx.run(_WAIT, waiting)


def _by_key(register: Register) -> str:
    return next(name for name, columns in register.lookups.items() if columns == [register.key])
