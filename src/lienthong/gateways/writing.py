"""How values are written outside, and read from there: one pair of functions for each word of a table's `as`."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from lienthong.gateways.tables import Line
from lienthong.territory.units import Territory

_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_DMY = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")


def told(lines: Iterable[Line], row: Mapping[str, Any], territory: Territory) -> dict[str, str]:
    """A record as outside elements: those of fields that the record holds; an empty field has no element."""
    found: dict[str, str] = {}
    for line in lines:
        if line.field in row and (text := _written(line, row[line.field], territory)):
            found[line.element] = text
    return found


def heard(lines: Iterable[Line], elements: Mapping[str, str]) -> dict[str, Any]:
    """The reverse: the fields that outside elements hold. Raises ValueError naming an element that does not read."""
    row: dict[str, Any] = {}
    for line in lines:
        text = elements.get(line.element, "").strip()
        if text and line.writing not in ("year", "place", "alive"):  # what another element says better
            row[line.field] = _read(line, text)
    return row


def _written(line: Line, value: Any, territory: Territory) -> str:
    text = "" if value is None else str(value)
    match line.writing:
        case "alive":
            return "0" if text else "1"
        case "upper":
            return text.upper()
        case "day":
            return text.replace("-", "")
        case "year":
            return text[:4]
        case "code":
            return line.codes.get(text, "")
        case "place":
            return _place(territory, text)
    return text


def _place(territory: Territory, code: str) -> str:
    try:
        return territory.unit(code).full_name
    except KeyError:
        return ""


def _read(line: Line, text: str) -> str:
    match line.writing:
        case "day":
            parts = _DAY.fullmatch(text)
            if parts is None:
                raise ValueError(line.element)
            return "-".join(parts.groups())
        case "dmy":
            parts = _DMY.fullmatch(text)
            if parts is None:
                raise ValueError(line.element)
            return f"{parts[3]}-{int(parts[2]):02}-{int(parts[1]):02}"
        case "code":
            return _coded(line, text)
    return text


def _coded(line: Line, text: str) -> str:
    for ours, theirs in line.codes.items():
        if theirs == text:
            return ours
    raise ValueError(line.element)
