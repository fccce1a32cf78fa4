"""What differs between a register of ours and the one it follows, for whoever is to settle it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lienthong.catalogue.holdings import Follow, Register
from lienthong.exchange.asking import Question
from lienthong.exchange.node import Node
from lienthong.kit.storage import Tx
from lienthong.registers import reconcile_wire, reconciled, records
from lienthong.registers.tables import quoted

WITHIN = 2.0


@dataclass(frozen=True)
class Difference:
    """One record of ours that differs; `key` is the owner's key of it, `record` ours as it stands (None: not here)."""

    id: str
    register: Register
    key: str
    kind: str
    fields: tuple[str, ...]
    record: Mapping[str, Any] | None

    @property
    def follow(self) -> Follow:
        assert self.register.follows is not None
        return self.register.follows


def find(node: Node, tx: Tx, difference: str) -> Difference | None:
    """None when it is gone."""
    row = tx.one("SELECT id, register, key, kind, fields FROM difference WHERE id = %s", (difference,))
    register = node.catalogue.owned.get(row.register) if row else None
    if row is None or register is None or register.follows is None:
        return None
    table, key, by = map(quoted, (register.register, register.key, register.follows.by))
    own = tx.value(f"SELECT {key} FROM {table} WHERE {by} = %s ORDER BY {key} LIMIT 1", (row.key,))
    record = records.one(tx, register, own) if own is not None else None
    return Difference(row.id, register, row.key, row.kind, tuple(filter(None, row.fields.split(","))), record)


def theirs(node: Node, found: Difference, officer: str) -> dict[str, Any] | None:
    """What the owner's record says, by our fields; logged there as read. None where the owner does not tell."""
    follow = found.follow
    owner = node.catalogue.registers[follow.register].owner
    body = {"register": follow.register, "of": found.register.register, "key": found.key}
    case = f"difference/{found.id}"
    question = Question(owner, reconciled.DIFFERING, body, reconcile_wire.PURPOSE, case, officer)
    answer = node.asker.ask(question, within=WITHIN)
    record = answer.body.get("record") if answer else None
    if not isinstance(record, dict):
        return None
    return {ours: record.get(name) for ours, name in follow.takes.items()}
