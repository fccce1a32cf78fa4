"""How a question is asked: which kind of control, what may be chosen, a date's three boxes."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from lienthong.catalogue.shapes import Field, Term
from lienthong.exchange.node import Node
from lienthong.kit.web.templatetags.vietnam import day
from lienthong.registers.wording import shown

_KINDS = {"date": "date", "moment": "date", "number": "number", "person": "number", "flag": "choice", "paper": "paper"}


def kind_of(term: Term, spec: Field) -> str:
    """How a field is asked: text, number, date, choice, paper."""
    if term.type in ("code", "facility", "unit") or spec.only:
        return "choice"
    return _KINDS.get(term.type, "text")


def choices_of(node: Node, term: Term, spec: Field, language: str) -> list[tuple[str, str]]:
    """What may be chosen for a term, in words."""
    match term.type:
        case "code":
            return [
                (c, words.in_language(language)) for c, words in term.codes.items() if not spec.only or c in spec.only
            ]
        case "facility":
            return [(facility.code, facility.name) for facility in node.territory.facilities()]
        case "unit":
            units = [*node.territory.units(), *(node.territory.elsewhere() if spec.wide else [])]
            return [(unit.code, unit.title) for unit in units]
        case "flag":
            return [("yes", _("Tôi cam đoan"))]
    return []


def notices(node: Node, rows: list[dict[str, Any]], language: str) -> list[tuple[str, str]]:
    """Birth notices to choose between: when, which child of the birth, where."""
    terms = {name: node.catalogue.terms[name] for name in ("gender", "facility", "birth_order")}
    found = []
    for row in rows:
        words = [day(datetime.fromisoformat(row["born_at"])), shown(node, terms["gender"], row["gender"], language)]
        if int(row.get("birth_count") or 1) > 1:
            words.append(shown(node, terms["birth_order"], str(row.get("birth_order")), language))
        words.append(shown(node, terms["facility"], row["facility"], language))
        found.append((row["number"], " – ".join(words)))
    return found


def parts(value: Any) -> dict[str, str]:
    """Day, month and year as typed, of `yyyy-mm-dd` that may be incomplete."""
    boxes = [box if box.strip("0") else "" for box in [*str(value or "").split("-"), "", "", ""][:3]]
    return dict(zip(("year", "month", "day"), boxes, strict=True))
