"""What a posted form says, field by field, kept as typed."""

from collections.abc import Collection, Mapping
from typing import Any

from lienthong.catalogue.shapes import Form, Term

LONGEST = 500


def typed_values(
    form: Form, terms: Mapping[str, Term], posted: Mapping[str, str], names: Collection[str] | None = None
) -> dict[str, Any]:
    """Values by field; a date's three boxes become `yyyy-mm-dd`, as far as they are filled in. With `names`, of these
    fields only: those a page showed."""
    typed: dict[str, Any] = {}
    for name, spec in form.fields.items():
        if names is not None and name not in names:
            continue
        kind = terms[spec.term].type
        if kind == "flag":
            typed[name] = posted.get(name) == "yes"
        elif kind == "date" and f"{name}-year" in posted:
            typed[name] = date_of(posted, name)
        elif name in posted and kind != "paper":
            typed[name] = posted[name][:LONGEST].strip()
    return typed


def date_of(posted: Mapping[str, str], name: str) -> str:
    """A date's three boxes as `yyyy-mm-dd`; empty when none is filled in."""
    year, month, day = (posted.get(f"{name}-{part}", "").strip() for part in ("year", "month", "day"))
    if not (year or month or day):
        return ""
    return f"{year[:10]}-{month[:10]:0>2}-{day[:10]:0>2}"
