"""What an owner checks before anything is written into its registers, and what it fills in by itself."""

from collections.abc import Set
from datetime import date, datetime
from typing import Any

from lienthong.catalogue.forms import problem_of
from lienthong.catalogue.holdings import Register
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node
from lienthong.kit.storage import Tx
from lienthong.registers import identity_cards, records, same_birth
from lienthong.registers.mandating import why_no_mandate
from lienthong.registers.numbers import RULES, remember
from lienthong.registers.parents import why_no_parent


def whole_row(node: Node, tx: Tx, register: Register, fields: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The whole row: what was given, what the register fills in by itself, what its rule numbers.

    Raises Refused: invalid, incomplete, and what the register's own rules refuse.
    """
    row = dict.fromkeys(register.fields) | values(node, register, fields, at.date())
    if "registered_on" in row:
        row["registered_on"] = at.date().isoformat()
    if register.completed_by:
        row["state"] = register.completed_by.state["pending"]
    if register.register == "identity_cards":
        identity_cards.complete(tx, node.catalogue.owned["persons"], row, at.date())
    require(register, row, besides=register.key if register.rule else "")
    own_rules(node, tx, register, row, set(row))
    if register.register == "mandates" and (problem := why_no_mandate(tx, row, at.date())):
        raise Refused(problem, "this mandate cannot be taken down")
    if register.rule:
        row[register.key] = _numbered(node, tx, register, row, at)
    return row


def values(node: Node, register: Register, fields: dict[str, Any], today: date) -> dict[str, Any]:
    """The fields as they are kept, each what its term of the dictionary allows. Raises Refused: invalid."""
    kept: dict[str, Any] = {}
    for name, value in fields.items():
        column = register.fields.get(name)
        if column is None:
            raise Refused("invalid", f"{register.register} has no {name}")
        kept[name] = value
        if value not in (None, ""):
            text = str(value) if isinstance(value, int) else value
            term = node.catalogue.terms[column.term]
            problem = problem_of(term, text, today) if isinstance(text, str) else "not-text"
            if problem:
                raise Refused("invalid", f"{name}: {problem}")
            kept[name] = int(text) if term.type == "number" else value
    return kept


def require(register: Register, row: dict[str, Any], besides: str = "") -> None:
    """Raises Refused (incomplete) when a field that must be filled, `besides` one, is not."""
    needed = [name for name, column in register.fields.items() if not column.optional and name != besides]
    missing = [name for name in needed if row[name] in (None, "")]
    if missing:
        raise Refused("incomplete", f"{register.register} needs {', '.join(missing)}")


def own_rules(node: Node, tx: Tx, register: Register, row: dict[str, Any], given: Set[str]) -> None:
    """What a register asks beyond its terms of a record that is new, or amended in the fields `given`.

    Raises Refused: unknown-parent, dead-parent, wrong-gender, too-young, invalid, taken-notice, registered-before.
    """
    match register.register:
        case "persons" if given & {"mother", "father", "birth_date"}:
            _check_parents(node, tx, row)
        case "births" if given & same_birth.DECIDING:
            same_birth.check(tx, row)


def _numbered(node: Node, tx: Tx, register: Register, row: dict[str, Any], at: datetime) -> str:
    if node.replay and (given := node.replay.number):
        remember(tx, register.rule, given)
        return given
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
