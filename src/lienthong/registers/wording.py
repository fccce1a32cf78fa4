"""A register's value as people write it."""

from datetime import datetime

from lienthong.catalogue.shapes import Term, Words
from lienthong.exchange.node import Node
from lienthong.kit.clock import ZONE

_YES_NO = {True: Words("Có", "Yes"), False: Words("Không", "No")}


def shown(node: Node, term: Term, value: str, language: str) -> str:
    """A value in words: codes by their names, units and facilities by theirs, dates as dd/mm/yyyy."""
    if not value:
        return ""
    match term.type:
        case "code":
            return term.codes[value].in_language(language) if value in term.codes else value
        case "unit":
            return _unit(node, value)
        case "facility":
            return _facility(node, value)
        case "date" | "moment":
            return _moment(value)
        case "person":
            return f"{value[:3]} {value[3:6]} {value[6:]}" if len(value) == 12 else value
        case "flag":
            return _YES_NO[value in ("True", "true", "yes", "1")].in_language(language)
        case "place":
            return _facility(node, value)  # a facility's code, or words
    return value


def _unit(node: Node, code: str) -> str:
    try:
        return node.territory.unit(code).full_name
    except KeyError:
        return code


def _facility(node: Node, code: str) -> str:
    try:
        return node.territory.facility(code).name
    except KeyError:
        return code


def _moment(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    if len(value) == len("2026-01-01"):
        return f"{moment:%d/%m/%Y}"
    return f"{moment.astimezone(ZONE):%H:%M %d/%m/%Y}"
