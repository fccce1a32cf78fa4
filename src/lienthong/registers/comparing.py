"""Whether what was declared and what a register holds are one."""

from collections.abc import Mapping
from typing import Any

from lienthong.catalogue import forms
from lienthong.catalogue.shapes import Term
from lienthong.kit.text import fold

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ`´", "'"))


def held(row: Mapping[str, Any] | None, column: str, term: Term) -> str | None:
    """A register's value as text; the calendar day where the term is a date and the register holds a moment."""
    value = row.get(column) if row else None
    if value in (None, ""):
        return None
    if term.type == "date":
        day = forms.as_day(str(value))
        return day.isoformat() if day else str(value)
    return str(value)


def same(one: Any, other: Any) -> bool:
    """Whether two values say the same: accents' encoding, case, spaces and which apostrophe do not count."""
    return _plain(one) == _plain(other)


def agrees(said: Any, value: Any, term: Term) -> bool:
    """Whether what somebody says of a record is what it holds; names with or without accents."""
    if value in (None, "") or not str(said).strip():
        return False
    if term.name:
        return fold(str(said)) == fold(str(value))
    return same(said, held({"": value}, "", term))


def _plain(value: Any) -> str:
    return forms.clean(str(value)).casefold().translate(_APOSTROPHES)
