"""`register.read`: one question carries every item wanted from this node; each read of a person is logged.

    {"items": {"me":        {"register": "persons", "by": "number", "value": {"is": "068195001234"}},
               "residence": {"register": "residences", "by": "person", "value": {"is": "068195001234"}},
               "household": {"register": "households", "by": "code", "value": {"of": "residence.household"}},
               "father":    {"register": "persons", "by": "number", "value": {"is": "068092004321"},
                             "match": {"full_name": "K’ Brèo"}}},
     "evidence": ["…"]}

An item may take its value from an earlier item's field. A record is opened to who is led to it: from the people whom
the evidence names by the question's own references, or by a second attribute (`match`) that agrees. Any other is
answered as one that is not there. Which fields are opened, the asker's right says (registers.opening).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from lienthong.exchange import evidence
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Answer, Node, Read
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers import comparing, records
from lienthong.registers.opening import Opening, Path

SERVICE = "register.read"
SECOND_ATTRIBUTES_SINCE = 2  # of the wire
MOST_ITEMS = 20
MOST_ROWS = 20
# What may be a second attribute: not what a few values answer for everybody, as a gender does.
TELLING = frozenset({"text", "date", "moment", "person", "key"})


class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"literal": "is", "reference": "of"}):
    literal: str = ""
    reference: str = ""


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    register: str
    by: str
    value: Value
    many: bool = False
    match: dict[str, str] = {}


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    items: dict[str, Item]
    evidence: list[str] = []


def body(node: Node, owner: str, items: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What an owner is asked; one that speaks an earlier wire does not read second attributes."""
    if node.directory.entry(owner).wire >= SECOND_ATTRIBUTES_SINCE:
        return {"items": dict(items)}
    return {"items": {name: {k: v for k, v in item.items() if k != "match"} for name, item in items.items()}}


def read(node: Node, tx: Tx, message: Message) -> Answer:
    """Answer one question.

    Raises Refused: malformed, too-many-items, too-many, unknown-register, no-right, bad-evidence.
    """
    try:
        question = msgspec.convert(message.body, Question)
    except msgspec.ValidationError as error:
        raise Refused("malformed", str(error)) from error
    if len(question.items) > MOST_ITEMS:
        raise Refused("too-many-items", f"at most {MOST_ITEMS} items a question")
    reading = _Reading(node, tx, message)
    for name, item in question.items.items():
        reading.look_up(name, item)
    return reading.answer()


class _Reading:
    """One question being answered, item by item."""

    def __init__(self, node: Node, tx: Tx, message: Message) -> None:
        self._node, self._tx, self._message = node, tx, message
        self._proof = evidence.prove(node, message)
        self._opening = Opening(node, message.header, self._proof)
        self._found: dict[str, Any] = {}
        self._paths: dict[str, Path] = {}  # how the row of an item was come by
        self._reads: list[Read] = []

    def look_up(self, name: str, item: Item) -> None:
        register = self._node.catalogue.owned.get(item.register)
        if register is None or item.by not in register.lookups:
            raise Refused("unknown-register", f"{item.register} by {item.by}")
        if item.match.keys() - {field for field in register.fields if self._tells(item, field)}:
            raise Refused("malformed", f"{item.register} is not told apart by {', '.join(item.match)}")
        rights = self._opening.rights(item.register)
        value, path = self._resolve(item.value)
        rows = self._rows(item, value)[:MOST_ROWS] if value else []
        shown = []
        for row in rows:
            way = self._opening.best(path, register, row, matched=self._matches(item, row))
            fields = rights.fields(way)
            if not fields:
                continue
            shown.append({field: value for field, value in row.items() if field in fields})
            self._paths.setdefault(name, way)
            self._opening.leads_on(register, shown[-1], row, way)
            names = tuple(sorted(fields))
            self._reads += [Read(subject, item.register, names) for subject in register.whom([row])]
        rights.used(self._paths.get(name, path))
        self._found[name] = shown if item.many else (shown[0] if shown else None)

    def _rows(self, item: Item, value: str) -> list[dict[str, Any]]:
        """Records of ours, or of the system outside that holds this register for us."""
        source = self._node.sources.get(item.register)
        if source is None:
            return records.find(self._tx, self._node.catalogue.owned[item.register], item.by, value)
        return source(self._node, self._message.header, item.by, value, item.match)

    def _tells(self, item: Item, field: str) -> bool:
        register = self._node.catalogue.owned[item.register]
        term = self._node.catalogue.terms[register.fields[field].term]
        return term.type in TELLING and field not in register.lookups[item.by]

    def _matches(self, item: Item, row: dict[str, Any]) -> bool:
        """Whether a second attribute was named, and every one that was agrees."""
        register, terms = self._node.catalogue.owned[item.register], self._node.catalogue.terms
        return bool(item.match) and all(
            comparing.agrees(said, row[field], terms[register.fields[field].term]) for field, said in item.match.items()
        )

    def _resolve(self, value: Value) -> tuple[str, Path]:
        """What an item goes by, and how the question came to it."""
        if not value.reference:
            return value.literal, self._opening.known(value.literal)
        name, _, field = value.reference.partition(".")
        row = self._found.get(name)
        text = str(row.get(field) or "") if isinstance(row, dict) else ""
        return text, self._opening.known(text) or self._paths.get(name) if text else None

    def answer(self) -> Answer:
        """What was found; with evidence also whom it led to, under our seal, for the owner who is asked next."""
        self._opening.settle(self._tx, tuple(read.register for read in self._reads))
        body: dict[str, Any] = {"items": self._found, "at": clock.now().isoformat()}
        if others := self._opening.others():
            body["reached"] = evidence.of_reach(self._node, self._message.header.case, others)
        return Answer(body, tuple(self._reads), self._proof.ids)
