"""`register.change`: a record is amended, or withdrawn by a decision, by its owner alone.

The owner checks the right (for an amendment field by field; a right without fields is the right to withdraw) and the
values as for a new record. Where another register took fields from the record (a person from a birth), that register
changes first: this record waits for its word and follows only once it is done, so a refusal leaves nothing to undo.
"""

from datetime import datetime
from typing import Any, Literal

import msgspec

from lienthong.catalogue.holdings import Completion, Register
from lienthong.exchange import outbox
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Done, Node, Outcome, Sent, Stored
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers import checking, records
from lienthong.registers.records import Taken
from lienthong.registers.tables import quoted

SERVICE = "register.change"
Kind = Literal["amend", "withdraw"]

_WAIT = """
INSERT INTO pending_record (message, register, key, asked_by, asked_in, case_code, purpose, since, change, asked)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


class Asked(msgspec.Struct, frozen=True):
    """What was asked for: in a message, or by an officer of the owner (`dossier` names the task or decision)."""

    register: str
    key: str
    change: Kind
    fields: dict[str, Any] = {}
    reason: str = ""
    dossier: str = ""


class Asker(msgspec.Struct, frozen=True):
    """Who asked, in which message, for which case and purpose: whom to tell when it is done."""

    node: str
    message: str
    case: str
    purpose: str


def handle(node: Node, tx: Tx, message: Message) -> Outcome:
    """Handle one request: register, key, change, fields, dossier, reason.

    Done carries `{"register", "key", "record"}`, for a withdrawal the record as it last stood. Raises Refused:
    malformed, unknown-register, no-right, and what `change` refuses.
    """
    header = message.header
    try:
        asked = msgspec.convert(message.body, Asked)
    except msgspec.ValidationError as error:
        raise Refused("malformed", str(error)) from error
    register = node.catalogue.owned.get(asked.register)
    if register is None:
        raise Refused("unknown-register", f"{node.name} keeps no register {asked.register!r}")
    _check_right(node, register, asked, message)
    return _change(node, tx, register, asked, Asker(header.sender, header.id, header.case, header.purpose))


def change(
    node: Node,
    tx: Tx,
    register: Register,
    key: str,
    change: Kind,
    fields: dict[str, Any],
    *,
    by: str,
    reason: str,
    case: str = "",
) -> Outcome:
    """Change a record of this node's own register, as an officer of the owner decided (`by`: the task or decision).

    Stored means that another register must change first; the settler of `register.change` then hears the end of it,
    with a body as a message's, `dossier` being `by`. Raises Refused: unknown-record, waiting, incomplete, invalid,
    taken-…, registered-before, unknown-parent, dead-parent, wrong-gender, too-young.
    """
    asked = Asked(register.register, key, change, fields, reason, dossier=by)
    return _change(node, tx, register, asked, Asker(node.name, by, case or by, register.register))


def settled(node: Node, tx: Tx, register: Register, waiting: Any, outcome: Outcome, by: str) -> None:
    """The other register has spoken: follow it, and tell who asked for the change."""
    asked = msgspec.json.decode(waiting.asked, type=Asked)
    final = _carry_out(tx, register, asked, clock.now(), by) if isinstance(outcome, Done) else outcome
    if waiting.asked_by != node.name:
        case, purpose = waiting.case_code, waiting.purpose
        outbox.settle(node, tx, waiting.asked_by, waiting.asked_in, final, case=case, purpose=purpose)
    elif settler := node.settlers.get(SERVICE):
        sent = Sent(waiting.asked_in, node.name, SERVICE, waiting.case_code, msgspec.to_builtins(asked))
        settler(node, tx, sent, final)


def _check_right(node: Node, register: Register, asked: Asked, message: Message) -> None:
    header, name = message.header, register.register
    about = (header.sender, header.service, header.purpose, name, clock.today())
    if asked.change == "withdraw":
        if not node.catalogue.may_withdraw(*about):
            raise Refused("no-right", f"{header.sender} may not withdraw from {name}")
    elif outside := sorted(set(asked.fields) - node.catalogue.granted_fields(*about)):
        raise Refused("no-right", f"{header.sender} may not amend {', '.join(outside)} of {name}")


def _change(node: Node, tx: Tx, register: Register, asked: Asked, asker: Asker) -> Outcome:
    before = _standing(tx, register, asked.key)
    if asked.change == "amend":
        asked = _really_changing(node, tx, register, asked, before)
        if not asked.fields:
            return Done(described(register, before))
    elif asked.fields:
        raise Refused("invalid", "a withdrawal has no fields")
    completion = register.completed_by
    if completion is not None and (following := _following(register, completion, asked, before)):
        _ask_first(node, tx, register, completion, following, asked, asker)
        return Stored()
    return _carry_out(tx, register, asked, clock.now(), asker.message)


def _standing(tx: Tx, register: Register, key: str) -> dict[str, Any]:
    """The record as it stands, locked, which waits for nothing. Raises Refused: unknown-record, waiting."""
    table, column = quoted(register.register), quoted(register.key)
    tx.one(f"SELECT version FROM {table} WHERE {column} = %s FOR UPDATE", (key,))
    found = records.one(tx, register, key)
    if found is None:
        raise Refused("unknown-record", f"{register.register} holds no such record")
    if tx.value("SELECT message FROM pending_record WHERE register = %s AND key = %s", (register.register, key)):
        raise Refused("waiting", "another register has not spoken about this record yet")
    return found


def _really_changing(node: Node, tx: Tx, register: Register, asked: Asked, before: dict[str, Any]) -> Asked:
    """The fields that would not stay as they are, once the record that they make is found in order."""
    today = clock.today()
    fields = checking.values(node, register, asked.fields, today)
    if register.key in fields:
        raise Refused("invalid", f"{register.key} is the record's key")
    fields = {name: value for name, value in fields.items() if (value or None) != (before[name] or None)}
    if fields:
        row = before | fields
        checking.require(register, row)
        checking.own_rules(node, tx, register, row, set(fields))
    return msgspec.structs.replace(asked, fields=fields)


def _following(
    register: Register, completion: Completion, asked: Asked, before: dict[str, Any]
) -> dict[str, Any] | None:
    """What the register that took fields of this record must do first: its part of the request, or None."""
    theirs = _taken_key(completion, before)
    if not theirs:
        return None
    fields = {name: asked.fields[ours] for name, ours in completion.takes.items() if ours in asked.fields}
    if asked.change == "amend" and not fields:
        return None
    if once := [name for name in asked.fields if register.fields[name].unique]:
        raise Refused("invalid", f"{', '.join(once)} cannot change together with what {completion.register} took")
    return {"register": completion.register, "key": theirs, "change": asked.change, "fields": fields}


def _taken_key(completion: Completion, before: dict[str, Any]) -> str:
    """The other register's key of the record that completed this one; empty when it never was completed."""
    return str(next((before[ours] for ours in completion.gives if before[ours]), ""))


def _ask_first(
    node: Node,
    tx: Tx,
    register: Register,
    completion: Completion,
    following: dict[str, Any],
    asked: Asked,
    asker: Asker,
) -> None:
    owner, key = node.catalogue.registers[completion.register].owner, asked.key
    body = {**following, "reason": asked.reason, "dossier": asked.dossier}
    request = outbox.send(node, tx, owner, SERVICE, body, case=asker.case, purpose=register.register, key=key)
    about = (asker.node, asker.message, asker.case, asker.purpose, clock.now())
    text = msgspec.json.encode(asked).decode()
    tx.run(_WAIT, (request, register.register, key, *about, asked.change, text))


def _carry_out(tx: Tx, register: Register, asked: Asked, at: datetime, by: str) -> Outcome:
    before = records.one(tx, register, asked.key)
    assert before is not None, "it stood when the change was asked for, and a pending one holds it"
    if asked.change == "withdraw":
        records.withdraw(tx, register, asked.key, at=at, by=by, reason=asked.reason)
        return Done(described(register, before))
    try:
        valid_from = at.date()
        records.amend(tx, register, asked.key, asked.fields, at=at, valid_from=valid_from, by=by, reason=asked.reason)
    except Taken as taken:
        raise Refused(f"taken-{taken.field}", f"another record of {taken.register} has this {taken.field}") from taken
    return Done(described(register, records.one(tx, register, asked.key) or before))


def described(register: Register, row: dict[str, Any]) -> dict[str, Any]:
    """A record as a receipt or a result carries it."""
    return {"register": register.register, "key": row[register.key], "record": row}
