"""The form of a deed: what was typed, what is wrong with it, and how it is shown again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from lienthong.catalogue import forms
from lienthong.catalogue.messages import message
from lienthong.desk import pages, phrases
from lienthong.desk.deeds import Case, Control, Deed, Offer
from lienthong.kit import clock

MOST_PAPERS: Final = 12
MOST_OF_A_PAPER: Final = 120


@dataclass(frozen=True)
class Attempt:
    """A deed that could not be taken as it was sent: what was typed, and the code of what is wrong by control."""

    verb: str = ""
    typed: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


def typed(deed: Deed, sent: QueryDict) -> dict[str, Any]:
    """What a deed's form sent, cleaned, by control."""
    return {control.name: _typed(control, sent) for control in deed.controls}


def _typed(control: Control, sent: QueryDict) -> Any:
    if control.kind == "fields":
        return list(dict.fromkeys(sent.getlist(control.name)))
    if control.kind == "lines":
        lines = (forms.clean(line)[:MOST_OF_A_PAPER] for line in sent.get(control.name, "").splitlines())
        return [line for line in lines if line][:MOST_PAPERS]
    if control.kind == "day":
        parts = [sent.get(f"{control.name}-{part}", "").strip() for part in ("day", "month", "year")]
        return "/".join(parts) if any(parts) else ""
    said = forms.clean(sent.get(control.name, ""))[: control.most]
    return said.replace(".", "").replace(" ", "") if control.kind == "number" else said


def problems(case: Case, deed: Deed, sent: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong, by control: required, not-in-list, not-a-date, in-the-future, nothing-asked."""
    found = {control.name: _problem(case, deed, control, sent[control.name]) for control in deed.controls}
    if deed.verb == "supplement" and not (sent["fields"] or sent["papers"]):
        found["fields"] = "nothing-asked"
    return {name: problem for name, problem in found.items() if problem}


def _problem(case: Case, deed: Deed, control: Control, value: Any) -> str:
    if not value:
        return "required" if control.required else ""
    match control.kind:
        case "reason":
            return "" if value in deed.reasons else "not-in-list"
        case "result":
            return "" if value in case.results else "not-in-list"
        case "choice" | "answer":
            return "" if value in dict(_choices(case, deed, control)) else "not-in-list"
        case "number":
            return "" if value.isdecimal() and int(value) > 0 else "not-a-number"
        case "fields":
            return "" if set(value) <= set(case.fields) else "not-in-list"
        case "day":
            day = _day(value)
            return "not-a-date" if day is None else "in-the-future" if day > clock.today() else ""
    return ""


def _day(value: str) -> date | None:
    try:
        day, month, year = (int(part) for part in value.split("/"))
        return date(year, month, day)
    except ValueError:
        return None


def shown(case: Case, offer: Offer, attempt: Attempt) -> dict[str, Any]:
    """An offer as desk/act.html shows it, with what was typed and what is wrong where it was tried."""
    deed = offer.deed
    tried = attempt if attempt.verb == deed.verb else Attempt()
    return {
        "name": deed.verb,
        "part": deed.part,
        "label": str(deed.label),
        "text": offer.text,
        "why_not": offer.why_not,
        "url": reverse(deed.verb, args=[case.dossier.identity.code]),
        "open": tried.verb == deed.verb,
        "controls": [_control(case, deed, control, tried) for control in deed.controls],
    }


def errors(acts: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The summary on top: each error leads to its control."""
    controls = [control for act in acts for control in act["controls"]]
    return [
        {"id": c["id"].removeprefix("f-"), "message": f"{c['label']}: {c['error']}"} for c in controls if c["error"]
    ]


def _control(case: Case, deed: Deed, control: Control, tried: Attempt) -> dict[str, Any]:
    value, error = tried.typed.get(control.name, ""), tried.errors.get(control.name, "")
    return {
        "id": f"f-{deed.verb}-{control.name}",
        "name": control.name,
        "kind": control.kind,
        "label": str(control.label),
        "help": str(control.help),
        "required": control.required,
        "error": message(error) if error else "",
        "value": _as_typed(control, value),
        "choices": _choices(case, deed, control),
        "groups": _groups(case, value or []) if control.kind == "fields" else [],
    }


def _as_typed(control: Control, value: Any) -> Any:
    if control.kind == "lines":
        return "\n".join(value)
    if control.kind == "day":
        return dict(zip(("day", "month", "year"), value.split("/"), strict=False))
    return value


def _choices(case: Case, deed: Deed, control: Control) -> list[tuple[str, str]]:
    if control.options is not None:
        return control.options(case)
    if control.name == phrases.ASKED:
        return [(text, text) for text in case.phrases.get(deed.verb, [])]
    if control.kind == "reason":
        return [(reason, message(reason)) for reason in deed.reasons]
    if control.kind == "result":
        return [
            (name, _("%(label)s: đang ghi %(value)s") % {"label": label, "value": value})
            for name, (label, value) in case.results.items()
        ]
    return []


def _groups(case: Case, ticked: list[str]) -> list[dict[str, Any]]:
    """The form's fields by section, to be ticked."""
    terms, language = case.node.catalogue.terms, pages.language()
    return [
        {
            "title": section.title.in_language(language),
            "fields": [
                {
                    "name": name,
                    "label": (spec.label or terms[spec.term].words).in_language(language),
                    "ticked": name in ticked,
                }
                for name, spec in section.fields.items()
                if name in case.fields
            ],
        }
        for section in case.service.form.sections
        if set(section.fields) & set(case.fields)
    ]
