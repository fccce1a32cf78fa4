"""Checking what was declared against a form: the same object for the citizen's page and the officer's desk."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from lienthong.catalogue.shapes import Field, Form, Term
from lienthong.kit.clock import ZONE

_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[ '’.\-])*")
_PERSON = re.compile(r"[0-9]{12}")
_KEY = re.compile(r"[A-Za-z0-9./\-]{1,60}")
_UNIT = re.compile(r"[0-9]{5}")
_FACILITY = re.compile(r"[0-9]{5}")
_NUMBER = re.compile(r"[0-9]+")


def clean(text: str) -> str:
    """Text as it is kept: Unicode NFC (TCVN 6909:2001), inner spaces single, none outside."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def check(form: Form, terms: Mapping[str, Term], declared: Mapping[str, Any], today: date) -> dict[str, str]:
    """What is wrong, by field: required, too-long, not-a-name, not-a-date, in-the-future, not-a-number,
    not-in-list, not-text, no-such-parent, unknown-field. Empty when all is well."""
    fields = form.fields
    errors = {name: "unknown-field" for name in declared if name not in fields}
    for name, field in fields.items():
        problem = _problem(field, terms[field.term], declared.get(name), today)
        if problem is None and terms[field.term].type == "code" and field.term == "parent_choice":
            problem = _no_such_parent(name, declared)
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
        case "text":
            if len(value) > term.most:
                return "too-long"
            if term.name and not _NAME.fullmatch(value):
                return "not-a-name"
            return None if value.isprintable() else "not-text"
        case "date" | "moment":
            day = as_day(value)
            if day is None or day.year < 1850 or (term.type == "date" and value != day.isoformat()):
                return "not-a-date"
            return "in-the-future" if term.past and day > today else None
        case "code":
            return None if value in term.codes else "not-in-list"
    pattern = {"person": _PERSON, "unit": _UNIT, "facility": _FACILITY, "key": _KEY, "number": _NUMBER}[term.type]
    return None if pattern.fullmatch(value) else "not-a-number"


def _no_such_parent(name: str, declared: Mapping[str, Any]) -> str | None:
    """A child follows a parent who is known: `ethnicity: father` needs `father_ethnicity`."""
    chosen = declared.get(name)
    return "no-such-parent" if chosen and not declared.get(f"{chosen}_{name}") else None


def as_day(value: str) -> date | None:
    """The calendar day in Vietnam of an ISO date or moment; None when it is neither."""
    try:
        if len(value) > len("2026-01-01"):
            return datetime.fromisoformat(value).astimezone(ZONE).date()
        return date.fromisoformat(value)
    except ValueError:
        return None
