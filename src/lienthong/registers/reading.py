"""`register.read`: one question carries every item wanted from this node; each read of a person is logged.

    {"items": {"me":        {"register": "persons", "by": "number", "value": {"is": "068195001234"}},
               "residence": {"register": "residences", "by": "person", "value": {"is": "068195001234"}},
               "household": {"register": "households", "by": "code", "value": {"of": "residence.household"}}}}

An item may take its value from an earlier item's field. The answer holds only fields that the asker's right names.
"""

from typing import Any

import msgspec

from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Answer, Node, Read
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers import records

SERVICE = "register.read"
MOST_ITEMS = 20
MOST_ROWS = 20


class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"literal": "is", "reference": "of"}):
    literal: str = ""
    reference: str = ""


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    register: str
    by: str
    value: Value
    many: bool = False


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    items: dict[str, Item]


def read(node: Node, tx: Tx, message: Message) -> Answer:
    """Answer one question. Raises Refused: malformed, too-many, unknown-register, no-right."""
    try:
        question = msgspec.convert(message.body, Question)
    except msgspec.ValidationError as error:
        raise Refused("malformed", str(error)) from error
    if len(question.items) > MOST_ITEMS:
        raise Refused("too-many", f"at most {MOST_ITEMS} items a question")
    found: dict[str, Any] = {}
    reads: list[Read] = []
    for name, item in question.items.items():
        rows, opened = _look_up(node, tx, message, item, _resolve(item.value, found))
        reads += opened
        found[name] = rows if item.many else (rows[0] if rows else None)
    return Answer({"items": found, "at": clock.now().isoformat()}, tuple(reads))


def _resolve(value: Value, found: dict[str, Any]) -> str:
    if not value.reference:
        return value.literal
    name, _, field = value.reference.partition(".")
    row = found.get(name)
    return str(row.get(field) or "") if isinstance(row, dict) else ""


def _look_up(node: Node, tx: Tx, message: Message, item: Item, value: str) -> tuple[list[dict[str, Any]], list[Read]]:
    register = node.catalogue.owned.get(item.register)
    if register is None or item.by not in register.lookups:
        raise Refused("unknown-register", f"{item.register} by {item.by}")
    header = message.header
    fields = node.catalogue.granted_fields(header.sender, header.service, header.purpose, item.register, clock.today())
    if not fields:
        raise Refused("no-right", f"{header.sender} may not read {item.register} for {header.purpose}")
    rows = records.find(tx, register, item.by, value)[:MOST_ROWS] if value else []
    shown = [{name: value for name, value in row.items() if name in fields} for row in rows]
    names = tuple(sorted(fields))
    return shown, [Read(subject, item.register, names) for subject in register.whom(rows)]
