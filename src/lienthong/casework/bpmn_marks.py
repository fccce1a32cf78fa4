"""What BPMN has no word for, in a namespace of ours: a verb, hours, a rule, what goes into a register.

A line of the table is written as it is declared: a text or a number is an attribute, words in two languages, a table of
fields or a list are elements. What the picture itself says (order, role, unit, comparison, opinions) is left out, so
that there is one place where it can be changed.
"""

from collections.abc import Collection
from typing import Any, Final, get_args, get_origin
from xml.etree import ElementTree as ET

import msgspec

from lienthong.catalogue.shapes import Consent, OpinionAsked, Step, Words

NAMESPACE: Final = "https://lienthong.vn/bpmn"
LANGUAGE: Final = f"{NAMESPACE}/comparison"  # of a condition
KINDS: Final[dict[str, type[msgspec.Struct]]] = {"step": Step, "opinion": OpinionAsked, "consent": Consent}
DRAWN: Final[dict[str, frozenset[str]]] = {
    "step": frozenset({"step", "role", "unit", "when", "straight_through", "refused_to", "asks"}),
    "opinion": frozenset({"role", "unit", "days"}),
    "consent": frozenset(),
}


class BadMark(ValueError):
    """A mark of ours that does not hold what it must; the message says what."""


def tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def attributes(**values: str | int | bool) -> dict[str, str]:
    """Attributes of ours on an element of BPMN, without the empty ones."""
    return {tag(name): _text(value) for name, value in values.items() if value}


def write(parent: ET.Element, kind: str, value: msgspec.Struct) -> None:
    """Add the mark of a line, an opinion or a consent."""
    _write(parent, kind, value, DRAWN[kind])


def _write(parent: ET.Element, name: str, value: msgspec.Struct, leave: Collection[str] = ()) -> None:
    made = ET.SubElement(parent, tag(name))
    for field in msgspec.structs.fields(value):
        held = getattr(value, field.name)
        if field.name in leave or held == _default(field):
            continue
        if isinstance(held, msgspec.Struct):
            _write(made, field.name, held)
        elif isinstance(held, list):
            for one in held:
                _write(made, field.name, one)
        elif isinstance(held, dict):
            for key, text in held.items():
                ET.SubElement(made, tag(field.name), {"name": key, "value": text})
        else:
            made.set(field.name, _text(held))


def _default(field: Any) -> Any:
    """What a field holds when nothing is said; NODEFAULT for one that must be said."""
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read(element: ET.Element, kind: str) -> dict[str, Any]:
    """What a mark holds, as the table would say it. Raises BadMark for a name that is not known there."""
    return _read(element, KINDS[kind], DRAWN[kind])


def _read(element: ET.Element, shape: Any, leave: Collection[str] = ()) -> dict[str, Any]:
    fields = {field.name: field.type for field in msgspec.structs.fields(shape) if field.name not in leave}
    names = [*element.keys(), *(child.tag.removeprefix(tag("")) for child in element)]
    if stray := [name for name in names if name not in fields]:
        raise BadMark(f"unknown: {', '.join(sorted(stray))}")
    found: dict[str, Any] = {name: _value(text, fields[name]) for name, text in element.items()}
    for child in element:
        name = child.tag.removeprefix(tag(""))
        of = fields[name]
        if get_origin(of) is dict:
            found.setdefault(name, {})[child.get("name", "")] = child.get("value", "")
        elif get_origin(of) is list:
            found.setdefault(name, []).append(_read(child, get_args(of)[0]))
        else:
            found[name] = _read(child, Words)
    return found


def _value(text: str, of: Any) -> Any:
    try:
        return msgspec.convert(text, of, strict=False)
    except msgspec.ValidationError as problem:
        raise BadMark(f"{text[:40]!r}: {problem}") from problem
