"""Putting a declaration together: what registers say, what the person typed, and where the two do not agree.

A value that a register holds is the register's. A person who sends another one is told beside the field; nothing they
typed is lost and nothing is changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lienthong.catalogue import forms
from lienthong.catalogue.shapes import Form, Term
from lienthong.portal.prefill import Found, is_silent
from lienthong.registers import comparing
from lienthong.registers.parents import why_no_parent


@dataclass(frozen=True)
class Declaration:
    """`declared` by field; `held` are the fields whose value is a register's, `silent` those whose source is silent,
    `absent` those a register was asked for and holds nothing about; `errors` by field."""

    declared: dict[str, Any]
    held: frozenset[str]
    silent: frozenset[str]
    absent: frozenset[str]
    choices: list[dict[str, Any]] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)


def put_together(
    form: Form, terms: Mapping[str, Term], found: Found, typed: Mapping[str, Any], today: date
) -> Declaration:
    """The declaration as it stands, with every error there is."""
    choices, chosen, problem = _choose(form, found, typed)
    rows = {**found.rows, form.choose.of: chosen} if form.choose else found.rows
    declared: dict[str, Any] = {}
    held: set[str] = set()
    silent: set[str] = set()
    absent: set[str] = set()
    errors: dict[str, str] = {}
    for name, spec in form.fields.items():
        value = _held(spec.source, rows, terms[spec.term])
        own = typed.get(name)
        if value is not None:
            held.add(name)
            declared[name] = value
            if own not in (None, "") and not comparing.same(own, value) and not _is_choice(form, name):
                errors[name] = "differs-from-register"
            continue
        if spec.source:
            unanswered = is_silent(form, found, spec.source.split(".")[0])
            (silent if unanswered else absent).add(name)
            if spec.optional and not unanswered:
                continue  # the register says there is none, and the page does not ask: a crafted value is not taken
        if own not in (None, "", False):
            declared[name] = forms.clean(own) if isinstance(own, str) else own
    errors = {**forms.check(form, terms, declared, today), **_parents(form, rows, declared), **errors}
    if problem and form.choose:
        errors[form.choose.by] = problem
    return Declaration(declared, frozenset(held), frozenset(silent), frozenset(absent), choices, errors)


def _choose(
    form: Form, found: Found, typed: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], dict[str, Any] | None, str | None]:
    """Which of several rows is meant: all that can be, the one that is, and what is wrong with the choice."""
    choose = form.choose
    if choose is None:
        return [], None, None
    used = {row.get(choose.excluding_key) for row in found.rows.get(choose.excluding) or []}
    every = found.rows.get(choose.of) or []
    free = [row for row in every if row[choose.key] not in used]
    wanted = str(typed.get(choose.by) or "")
    if wanted in used:
        return free, None, "already-registered"
    if wanted and choose.of in found.sources:
        match = next((row for row in free if row[choose.key] == wanted), None)
        return free, match, None if match else "not-in-list"
    return free, free[0] if len(free) == 1 and not wanted else None, _undecided(free, wanted)


def _undecided(free: list[dict[str, Any]], wanted: str) -> str | None:
    return "required" if len(free) > 1 and not wanted else None


def _held(source: str, rows: Mapping[str, Any], term: Term) -> str | None:
    name, _, column = source.partition(".")
    row = rows.get(name)
    return comparing.held(row if isinstance(row, dict) else None, column, term)


def _is_choice(form: Form, name: str) -> bool:
    return form.choose is not None and name == form.choose.by


def _parents(form: Form, rows: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, str]:
    """What registers say against a parent: unknown is found out when the number was typed, dead always."""
    born = forms.as_day(str(declared.get("birth_date", "")))
    if born is None:
        return {}
    errors = {}
    for name, spec in form.fields.items():
        row = rows.get(spec.alive.split(".")[0]) if spec.alive else None
        if isinstance(row, dict):
            problem = why_no_parent(name.partition("_")[0], row, born.isoformat())
            if problem:
                errors[name] = problem
    return errors
