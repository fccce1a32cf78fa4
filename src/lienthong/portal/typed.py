"""What a posted form says, field by field, kept as typed."""

from collections.abc import Mapping
from typing import Any

from lienthong.catalogue.shapes import Form, Term

LONGEST = 500


def typed_values(form: Form, terms: Mapping[str, Term], posted: Mapping[str, str]) -> dict[str, Any]:
    """Values by field; a date's three boxes become `yyyy-mm-dd`, as far as they are filled in."""
    typed: dict[str, Any] = {}
    for name, spec in form.fields.items():
        kind = terms[spec.term].type
        if kind == "flag":
            typed[name] = posted.get(name) == "yes"
        elif kind == "date" and f"{name}-year" in posted:
            typed[name] = _date(*(posted.get(f"{name}-{part}", "").strip() for part in ("year", "month", "day")))
        elif name in posted:
            typed[name] = posted[name][:LONGEST].strip()
    return typed


def _date(year: str, month: str, day: str) -> str:
    if not (year or month or day):
        return ""
    return f"{year[:10]}-{month[:10]:0>2}-{day[:10]:0>2}"
