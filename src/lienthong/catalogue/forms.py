"""Checking what was declared against a form: the same object for the citizen's page and the officer's desk."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from lienthong.catalogue.shapes import Field, Form, Term
from lienthong.kit.clock import ZONE

# Letters with the marks of the Highlands' alphabets, of which some have no letter of their own in Unicode (ê̆, ô̆, ơ̆).
_MARKS = "\u0300-\u036f"
_NAME = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{_MARKS}]|[ '’‘.\-])*")
_PERSON = re.compile(r"[0-9]{12}")
_KEY = re.compile(r"[A-Za-z0-9./\-]{1,60}")
_UNIT = re.compile(r"[0-9]{5}")
_FACILITY = re.compile(r"[0-9]{5}")
_NUMBER = re.compile(r"[0-9]+")
_PAPERS = re.compile(r"[A-Za-z0-9,\-]{1,2000}")  # identifiers of attachments
_PATTERNS = {"person": _PERSON, "unit": _UNIT, "facility": _FACILITY, "key": _KEY, "number": _NUMBER, "paper": _PAPERS}
# Answers that name a parent, with the field that shows that this parent is known.
_FOLLOWS = {"parent_choice": "{chosen}_{name}", "surname_choice": "{chosen}_name", "home_choice": "{chosen}_name"}


def clean(text: str) -> str:
    """Text as it is kept: Unicode NFC (TCVN 6909:2001), inner spaces single, none outside."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def holds(when: str, declared: Mapping[str, Any]) -> bool:
    """Whether one comparison holds: `field=value`, `field!=value` (it has a value, and another one), `field` (it has a
    value), `field=` (it has none). The empty text always holds."""
    if not when:
        return True
    name, sign, value = when.partition("=")
    found = str(declared.get(name.removesuffix("!")) or "")
    if not sign:
        return bool(found)
    return bool(found) and found != value if name.endswith("!") else found == value


def applies(field: Field, declared: Mapping[str, Any]) -> bool:
    """Whether a field is asked at all, by what was declared before it."""
    return holds(field.when, declared)


def check(form: Form, terms: Mapping[str, Term], declared: Mapping[str, Any], today: date) -> dict[str, str]:
    """What is wrong, by field: required, too-long, not-a-name, not-a-date, in-the-future, not-a-number,
    not-in-list, not-text, no-such-parent, order-beyond-count, not-asked, unknown-field, and what terms name.

    Empty when all is well. A value of a field that does not apply is `not-asked`.
    """
    fields = form.fields
    errors = {name: "unknown-field" for name in declared if name not in fields}
    for name, field in fields.items():
        if not applies(field, declared):
            problem = None if declared.get(name) in (None, "", False) else "not-asked"
        else:
            problem = (
                _problem(field, terms[field.term], declared.get(name), today)
                or no_such_parent(field.term, name, declared)
                or _beyond(field, name, declared)
            )
        if problem:
            errors[name] = problem
    return errors


def _problem(field: Field, term: Term, value: Any, today: date) -> str | None:
    if value in (None, "", False):
        return None if field.optional else "required"
    if term.type == "flag":
        return None if value is True else "required"
    if not isinstance(value, str):
        return "not-text"
    if field.only and value not in field.only:
        return "not-in-list"
    return problem_of(term, value, today)


def problem_of(term: Term, value: str, today: date) -> str | None:
    """What is wrong with a value of a term, as a code; None when nothing is."""
    match term.type:
        case "text" | "place":
            if len(value) > term.most:
                return "too-long"
            if term.name and not _NAME.fullmatch(value):
                return "not-a-name"
            if not value.isprintable():
                return "not-text"
            return None if not term.pattern or re.fullmatch(term.pattern, value) else term.problem
        case "date" | "moment":
            day = as_day(value)
            if day is None or day.year < 1850 or (term.type == "date" and value != day.isoformat()):
                return "not-a-date"
            return "in-the-future" if term.past and day > today else None
        case "code":
            return None if value in term.codes else "not-in-list"
    pattern = _PATTERNS[term.type]
    return None if pattern.fullmatch(value) else "not-a-number"


def no_such_parent(term: str, name: str, declared: Mapping[str, Any]) -> str | None:
    """A child follows a parent who is known: `ethnicity: father` needs `father_ethnicity`."""
    chosen = declared.get(name)
    if term not in _FOLLOWS or chosen not in ("mother", "father"):
        return None
    return None if declared.get(_FOLLOWS[term].format(chosen=chosen, name=name)) else "no-such-parent"


def _beyond(field: Field, name: str, declared: Mapping[str, Any]) -> str | None:
    """A child cannot be the third of two."""
    one, other = str(declared.get(name) or ""), str(declared.get(field.most) or "")
    return "order-beyond-count" if one.isdecimal() and other.isdecimal() and int(one) > int(other) else None


def as_day(value: str) -> date | None:
    """The calendar day in Vietnam of an ISO date or moment; None when it is neither."""
    try:
        if len(value) > len("2026-01-01"):
            return datetime.fromisoformat(value).astimezone(ZONE).date()
        return date.fromisoformat(value)
    except ValueError:
        return None
