"""«This is wrong»: what a person says against a register's value, kept with the draft until it is submitted.

The register's value stays the declared one. At submission each mark becomes a correction that its owner must answer;
only the results whose form uses the value wait for that answer.
"""

from collections.abc import Mapping
from typing import Any

from lienthong.casework import prefill
from lienthong.catalogue import forms
from lienthong.catalogue.shapes import Service, Term
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.portal.drafts import Draft, Reading
from lienthong.registers import comparing

MARKS = "$wrong"  # among a draft's typed values; no field can be called so
LONGEST_NOTE = 500

Mark = Mapping[str, str]


def marks(typed: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """What was marked, by field: what the value should be (`says`) and why (`note`)."""
    return dict(typed.get(MARKS) or {})


def with_mark(typed: Mapping[str, Any], field: str, mark: Mark | None) -> dict[str, Any]:
    """The typed values with one mark set, or taken away."""
    kept = {name: value for name, value in marks(typed).items() if name != field}
    return {**typed, MARKS: {**kept, field: dict(mark)} if mark else kept}


def can_be_marked(service: Service, reading: Reading, field: str) -> bool:
    """Values as a register holds them; a meaning derived from one is corrected where it comes from."""
    spec = service.form.fields.get(field)
    return spec is not None and field in reading.declaration.held and not spec.derived


def problems(term: Term, held: str, mark: Mark) -> dict[str, str]:
    """What is wrong with a mark itself: of `says` and of `note`."""
    found = {}
    says = forms.clean(mark["says"])
    problem = forms.problem_of(term, says, clock.today()) if says else "required"
    if problem is None and comparing.same(says, held):
        problem = "same-as-register"
    if problem:
        found["says"] = problem
    if not mark["note"].strip():
        found["note"] = "required"
    elif len(mark["note"]) > LONGEST_NOTE:
        found["note"] = "too-long"
    return found


def asked(node: Node, service: Service, reading: Reading) -> list[dict[str, Any]]:
    """The corrections that a submission asks for: which record of which register holds what, and what it should be."""
    every = marks(reading.draft.typed)
    return [
        _correction(node, service, reading, field, mark)
        for field, mark in every.items()
        if can_be_marked(service, reading, field)
    ]


def _correction(node: Node, service: Service, reading: Reading, field: str, mark: Mark) -> dict[str, Any]:
    look_up, _, column = service.form.fields[field].source.partition(".")
    row = reading.declaration.rows[look_up]
    _, name = prefill.register_of(service.form, reading.found, look_up)
    register = node.catalogue.registers[name]
    return {
        "field": field,
        "register": name,
        "owner": register.owner,
        "key": str(row.get(register.key) or ""),
        "column": column,
        "held": str(row.get(column)),
        "says": forms.clean(mark["says"]),
        "note": mark["note"].strip(),
    }


def waiting(node: Node, service: Service, draft: Draft, declared: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The service's branches that will wait for what was marked, and those that go on; in the catalogue's order."""
    marked = marks(draft.typed)
    branches = [branch for branch in service.branches if forms.holds(branch.when, declared)]
    waits: set[str] = set()
    for branch in branches:
        fields = node.catalogue.service(branch.service).form.fields
        if branch.after in waits or any(field in fields for field in marked):
            waits.add(branch.branch)
    slugs = {branch.branch: branch.service for branch in branches}
    return [slugs[b] for b in slugs if b in waits], [slugs[b] for b in slugs if b not in waits]
