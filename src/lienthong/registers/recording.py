"""`register.record`: another node asks the owner to enter a record.

The owner checks the right field by field, applies the register's own rule (a book number, a personal number), and
where the register is completed by another (a birth by the population register), waits for that one's receipt before
it gives its own.
"""

from typing import Any

from lienthong.catalogue.holdings import Register
from lienthong.exchange import outbox
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Done, Node, Outcome, Refusal, Sent, Stored
from lienthong.kit import clock, failpoints
from lienthong.kit.storage import Tx
from lienthong.registers import changing, checking, records
from lienthong.registers.records import Taken

SERVICE = "register.record"
change, described = changing.change, changing.described

_WAIT = """
INSERT INTO pending_record (message, register, key, asked_by, asked_in, case_code, purpose, since)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""


def record(node: Node, tx: Tx, message: Message) -> Outcome:
    """Handle one request; body `{"register": …, "fields": {…}}`.

    Done carries `{"register", "key", "record"}`. Raises Refused: unknown-register, no-right, invalid, incomplete,
    taken-…, registered-before, unknown-parent, dead-parent, wrong-gender, too-young, unknown-person.
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
    failpoints.here(failpoints.BETWEEN_RECORD_AND_NUMBER)
    _ask_to_complete(node, tx, register, row, message)
    return Stored()


def enter(node: Node, tx: Tx, register: Register, fields: dict[str, Any], *, by: str) -> dict[str, Any]:
    """Enter a record in a register of this node; the whole row. Raises Refused as `record` does."""
    at = clock.now()
    row = checking.whole_row(node, tx, register, fields, at)
    try:
        records.enter(tx, register, row, at=at, valid_from=at.date(), by=by)
    except Taken as taken:
        raise Refused(
            f"taken-{taken.field}", f"another record of {register.register} has this {taken.field}"
        ) from taken
    return row


def completed(node: Node, tx: Tx, sent: Sent, outcome: Outcome) -> bool:
    """Hear the word of a register that a record of ours waits for, be it new or changing; False when the message was
    not about one."""
    waiting = tx.one("DELETE FROM pending_record WHERE message = %s RETURNING *", (sent.message,))
    if waiting is None:
        return False
    register = node.catalogue.owned[waiting.register]
    completion = register.completed_by
    assert completion is not None, "only a register with completed_by leaves a pending record"
    if waiting.change != "record":
        changing.settled(node, tx, register, waiting, outcome, sent.message)
        return True
    at, final = clock.now(), outcome
    if isinstance(outcome, Done):
        given = outcome.body["record"]
        changes = {ours: given[theirs] for ours, theirs in completion.gives.items()}
        changes["state"] = completion.state["complete"]
        records.amend(tx, register, waiting.key, changes, at=at, valid_from=at.date(), by=sent.message)
        row = records.one(tx, register, waiting.key)
        assert row is not None, "just amended"
        final = Done(described(register, row))
    elif isinstance(outcome, Refusal):
        records.withdraw(tx, register, waiting.key, at=at, by=sent.message, reason=outcome.code)
    outbox.settle(node, tx, waiting.asked_by, waiting.asked_in, final, case=waiting.case_code, purpose=waiting.purpose)
    return True


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
