"""A form being filled in: what registers answered about it, what was typed, and what both amount to."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lienthong.casework import prefill
from lienthong.casework.declaration import Declaration, Given, put_together
from lienthong.casework.prefill import Found
from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.kit import clock

Papers = list[dict[str, Any]]


@dataclass(frozen=True)
class Filled:
    """A form with what the answers say, and the papers that go with it: a manifest."""

    found: Found
    declaration: Declaration
    papers: Papers = field(default_factory=list)


def read(
    node: Node,
    service: Service,
    account: Account,
    answers: Iterable[str],
    typed: Mapping[str, Any],
    *,
    received: datetime | None,
    papers: Callable[[], Papers],
) -> Filled:
    """What answers and typed values amount to; `papers` is asked for only where the form has any.

    Raises envelopes.Refused when an answer was altered.
    """
    form, terms, today, answers = service.form, node.catalogue.terms, clock.today(), list(answers)
    found = prefill.read_answers(node, form, account, answers, typed, received=received)
    it = put_together(Given(form, terms, found, typed), today)
    if left := {name for name in it.skipped.intersection(form.named_by) if typed.get(name)}:
        typed = {name: value for name, value in typed.items() if name not in left}  # who was meant before is not read
        found = prefill.read_answers(node, form, account, answers, typed, received=received)
        it = put_together(Given(form, terms, found, typed), today)
    brought: Papers = []
    if any(terms[spec.term].type == "paper" for name, spec in form.fields.items() if name not in it.skipped):
        brought = papers()
        it = put_together(Given(form, terms, found, typed, _by_kind(brought)), today)
    it.errors |= {name: "not-in-list" for name in _unknown_places(node, service, it) if name not in it.errors}
    return Filled(found, it, brought)


def _unknown_places(node: Node, service: Service, it: Declaration) -> list[str]:
    """Communes and facilities that were typed and that there are not."""
    kinds: dict[str, Callable[[str], Any]] = {"unit": node.territory.unit, "facility": node.territory.facility}
    unknown = []
    for name, value in it.declared.items():
        find = kinds.get(node.catalogue.terms[service.form.fields[name].term].type)
        if find is None or name in it.held:
            continue
        try:
            find(value)
        except KeyError:
            unknown.append(name)
    return unknown


def _by_kind(papers: Papers) -> dict[str, str]:
    """Identifiers of the papers attached so far, by the field they answer."""
    found: dict[str, str] = {}
    for entry in papers:
        found[entry["kind"]] = ",".join(filter(None, (found.get(entry["kind"], ""), entry["id"])))
    return found
