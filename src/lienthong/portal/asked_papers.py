"""The papers that a supplement asks for, as kinds under which files are handed in.

An officer names a field of the form that is a paper, or writes down a paper that the form does not know; such a paper
gets a kind by its place among what was asked.
"""

from collections.abc import Mapping
from typing import Any

from lienthong.casework.states import BranchState
from lienthong.catalogue.shapes import Service, Term

_BY_PLACE = "asked_paper_{place}"


def of_branch(service: Service, terms: Mapping[str, Term], branch: BranchState) -> dict[str, str]:
    """What a branch that waits for the applicant asks for, by kind: the name of a field, or the officer's words."""
    asks = branch.asks if branch.state == "applicant" else {}
    if asks.get("kind") != "supplement":
        return {}
    items = [(place, item) for place, item in enumerate(asks["items"], 1) if _is_paper(service, terms, item)]
    return dict(_named(service, terms, place, item) for place, item in items)


def _named(service: Service, terms: Mapping[str, Term], place: int, item: Mapping[str, Any]) -> tuple[str, str]:
    name = item.get("paper") or item["field"]
    return (name, name) if _is_paper_field(service, terms, name) else (_BY_PLACE.format(place=place), name)


def _is_paper(service: Service, terms: Mapping[str, Term], item: Mapping[str, Any]) -> bool:
    return bool(item.get("paper")) or _is_paper_field(service, terms, item.get("field", ""))


def _is_paper_field(service: Service, terms: Mapping[str, Term], name: str) -> bool:
    field = service.form.fields.get(name)
    return field is not None and str(terms[field.term].type) == "paper"
