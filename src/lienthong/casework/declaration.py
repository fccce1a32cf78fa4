"""Putting a declaration together: what registers say, what the person typed, and where the two do not agree.

A value that a register holds is the register's. A person who sends another one is told beside the field; one who says
that the register is wrong marks it, and what is declared stays the register's until its owner has
corrected it. Nothing typed is lost and nothing is changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lienthong.casework import prefill
from lienthong.casework.prefill import Found
from lienthong.catalogue import forms
from lienthong.catalogue.shapes import Field, Form, Term
from lienthong.registers import comparing
from lienthong.registers.parents import why_no_parent

NO_SUCH_PERSON = "no-such-person"


@dataclass
class Declaration:
    """`declared` by field; `held` are the fields whose value is a register's, `silent` those whose source is silent,
    `absent` those a register was asked for and holds nothing about, `later` those that hang on an answer not given yet,
    `skipped` those that do not apply; `errors` by field."""

    declared: dict[str, Any] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    choices: list[dict[str, Any]] = field(default_factory=list)
    undecided: bool = False
    rows: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Given:
    """What a declaration is made from."""

    form: Form
    terms: Mapping[str, Term]
    found: Found
    typed: Mapping[str, Any]
    papers: Mapping[str, str] = field(default_factory=dict)  # attachments' identifiers by the paper's field


def put_together(given: Given, today: date) -> Declaration:
    """The declaration as it stands, with every error there is."""
    form, found = given.form, given.found
    choices, chosen, problem = _choose(form, found, given.typed)
    rows = {**found.rows, form.choose.of: chosen} if form.choose else found.rows
    it = Declaration(choices=choices, rows=rows, undecided=problem is not None)
    strangers = _strangers(given)
    differs: dict[str, str] = {}
    for name, spec in form.fields.items():
        if not forms.applies(spec, it.declared) or not _offered(spec, rows):
            it.skipped.add(name)
        elif not _take_held(given, it, name, spec, differs):
            _take_typed(given, it, name, spec, strangers)
    errors = {**forms.check(form, given.terms, it.declared, today), **_parents(form, rows, it.declared), **differs}
    errors = {name: error for name, error in errors.items() if name not in it.later}
    errors |= {name: NO_SUCH_PERSON for name in strangers if name in it.declared}
    if problem and form.choose:
        errors[form.choose.by] = problem
    it.errors = errors
    return it


def _take_held(given: Given, it: Declaration, name: str, spec: Field, differs: dict[str, str]) -> bool:
    """Take a register's value, if there is one; a different one that was typed is told."""
    value = held(spec, it.rows, given.terms[spec.term])
    if value is None:
        return False
    it.held.add(name)
    it.declared[name] = value
    own = given.typed.get(name)
    is_choice = given.form.choose is not None and name == given.form.choose.by
    if own not in (None, "") and not spec.derived and not is_choice and not comparing.same(own, value):
        differs[name] = "differs-from-register"
    return True


def _take_typed(given: Given, it: Declaration, name: str, spec: Field, strangers: set[str]) -> None:
    if given.terms[spec.term].type == "paper":
        if papers := given.papers.get(name):
            it.declared[name] = papers
        return
    choose = given.form.choose
    if spec.source and not (choose and name == choose.by and len(it.choices) > 1):
        look_up = spec.source.partition(".")[0]
        if _waits(given, it, look_up, strangers):
            it.later.add(name)
            return
        unanswered = prefill.is_silent(given.form, given.found, look_up)
        (it.silent if unanswered else it.absent).add(name)
        if spec.optional and not unanswered:
            return  # the register says there is none, and the page does not ask: a crafted value is not taken
    own = given.typed.get(name)
    if own not in (None, "", False):
        it.declared[name] = forms.clean(own) if isinstance(own, str) else own


def _waits(given: Given, it: Declaration, look_up: str, strangers: set[str]) -> bool:
    """Whether a look-up has no row because the person has not said yet, or not rightly, what it is about."""
    if it.rows.get(look_up) is not None or prefill.is_silent(given.form, given.found, look_up):
        return False
    if it.undecided and given.form.choose and look_up == given.form.choose.of:
        return True
    deciding = prefill.hangs_on(given.form, given.found, look_up) - it.skipped
    return any(name in strangers or not it.declared.get(name) or _names_nobody(given, it, name) for name in deciding)


def _names_nobody(given: Given, it: Declaration, name: str) -> bool:
    """An answer that follows a parent who is not declared."""
    return forms.no_such_parent(given.form.fields[name].term, name, it.declared) is not None


def _strangers(given: Given) -> set[str]:
    """Fields that name somebody whom the register does not know under that number and name."""
    found = given.found
    return {name for name, one in given.form.named_by.items() if one in found.sources and found.rows.get(one) is None}


def _offered(spec: Field, rows: Mapping[str, Any]) -> bool:
    """A field that is offered only where two register values differ: both are known and they do."""
    if not spec.differ:
        return True
    values = [str(value_at(rows, path) or "") for path in spec.differ]
    return all(values) and len(set(values)) > 1


def held(spec: Field, rows: Mapping[str, Any], term: Term) -> str | None:
    """A register's value for a field, in the meaning that it has there; None when there is none."""
    name, _, column = spec.source.partition(".")
    row = rows.get(name)
    value = comparing.held(row if isinstance(row, dict) else None, column, term)
    if value is None or not spec.derived:
        return value
    return spec.derived.get(value) or spec.derived.get("*")


def value_at(rows: Mapping[str, Any], path: str) -> Any:
    """The value at `look-up.column`; None when there is none."""
    name, _, column = path.partition(".")
    row = rows.get(name)
    return row.get(column) if isinstance(row, dict) else None


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


def _parents(form: Form, rows: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, str]:
    """What registers say against a parent who is declared: dead, of the wrong gender, too young."""
    born = forms.as_day(str(declared.get("birth_date", "")))
    if born is None:
        return {}
    return {name: problem for name, problem in _doubts(form, rows, declared, born.isoformat()) if problem}


def _doubts(
    form: Form, rows: Mapping[str, Any], declared: Mapping[str, Any], born: str
) -> Iterator[tuple[str, str | None]]:
    for name, spec in form.fields.items():
        row = rows.get(spec.alive.partition(".")[0]) if spec.alive and name in declared else None
        if isinstance(row, dict):
            yield name, why_no_parent(name.partition("_")[0], row, born)
