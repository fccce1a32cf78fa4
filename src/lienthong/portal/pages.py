"""What the form's template is given: sections of fields, each known, asked or silent, in one language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Field, Service, Term
from lienthong.exchange.node import Node
from lienthong.kit.web.templatetags.vietnam import day
from lienthong.portal import prefill
from lienthong.portal.drafts import Reading
from lienthong.registers.wording import shown

_KINDS = {"date": "date", "moment": "date", "number": "number", "person": "number", "flag": "choice"}


@dataclass(frozen=True)
class FieldView:
    id: str
    label: str
    help: str
    kind: str
    state: str
    value: Any = ""
    display: str = ""
    source: str = ""
    at: datetime | None = None
    choices: list[tuple[str, str]] = field(default_factory=list)
    error: str = ""
    required: bool = True


@dataclass(frozen=True)
class SectionView:
    id: str
    title: str
    fields: list[FieldView]


@dataclass(frozen=True)
class FormPage:
    title: str
    sections: list[SectionView]
    known_count: int
    asked_count: int
    silent_sources: list[str]
    errors: list[dict[str, str]]
    binding: str


def form_page(
    node: Node, service: Service, reading: Reading, typed: Mapping[str, Any], errors: Mapping[str, str]
) -> FormPage:
    """The form as it stands. `errors` are codes by field; none are shown before the first submission."""
    language = get_language() or "vi"
    sections = [
        SectionView(
            section.id,
            section.title.in_language(language),
            [
                _field(node, service, reading, name, spec, typed, errors, language)
                for name, spec in section.fields.items()
                if name not in reading.declaration.absent or not spec.optional or name in errors
            ],
        )
        for section in service.form.sections
    ]
    fields = [view for section in sections for view in section.fields]
    silent = prefill.silent_nodes(node, service.form, reading.found)
    return FormPage(
        title=service.card.short.in_language(language),
        sections=[section for section in sections if section.fields],
        known_count=sum(view.state == "known" for view in fields),
        asked_count=sum(view.state != "known" for view in fields),
        silent_sources=[node.catalogue.nodes[name].name.in_language(language) for name in silent],
        errors=[{"id": view.id, "message": f"{view.label}: {view.error}"} for view in fields if view.error],
        binding=reading.draft.binding,
    )


def _field(
    node: Node,
    service: Service,
    reading: Reading,
    name: str,
    spec: Field,
    typed: Mapping[str, Any],
    errors: Mapping[str, str],
    language: str,
) -> FieldView:
    term = node.catalogue.terms[spec.term]
    declaration = reading.declaration
    is_choice = service.form.choose is not None and name == service.form.choose.by
    several = is_choice and len(declaration.choices) > 1
    held = name in declaration.held and not several
    value = declaration.declared.get(name) if held else typed.get(name, "")
    label = (spec.label or term.words).in_language(language)
    source = reading.found.sources.get(spec.source.split(".")[0]) if held else None
    return FieldView(
        id=name,
        label=label,
        help=spec.help.in_language(language) if spec.help else "",
        kind=_kind(term, spec),
        state="known" if held else "silent" if name in declaration.silent else "ask",
        value=_parts(value) if term.type == "date" and not held else value,
        display=shown(node, term, str(value), language) if held else "",
        source=_source_name(node, service, reading, spec, language),
        at=datetime.fromisoformat(source.body["at"]) if source else None,
        choices=_notices(node, declaration.choices, language) if several else _choices(node, term, spec, language),
        error=message(errors[name]) if name in errors else "",
        required=not spec.optional or several,
    )


def _kind(term: Term, spec: Field) -> str:
    if term.type in ("code", "facility", "unit") or spec.only:
        return "choice"
    return _KINDS.get(term.type, "text")


def _choices(node: Node, term: Term, spec: Field, language: str) -> list[tuple[str, str]]:
    """What may be chosen, in words."""
    match term.type:
        case "code":
            return [
                (c, words.in_language(language)) for c, words in term.codes.items() if not spec.only or c in spec.only
            ]
        case "facility":
            return [(facility.code, facility.name) for facility in node.territory.facilities()]
        case "unit":
            return [(unit.code, unit.title) for unit in node.territory.units()]
        case "flag":
            return [("yes", _("Tôi cam đoan"))]
    return []


def _notices(node: Node, rows: list[dict[str, Any]], language: str) -> list[tuple[str, str]]:
    """Birth notices to choose between: when, which, where."""
    gender, facility = node.catalogue.terms["gender"], node.catalogue.terms["facility"]
    return [
        (
            row["number"],
            " – ".join(
                (
                    day(datetime.fromisoformat(row["born_at"])),
                    shown(node, gender, row["gender"], language),
                    shown(node, facility, row["facility"], language),
                )
            ),
        )
        for row in rows
    ]


def _source_name(node: Node, service: Service, reading: Reading, spec: Field, language: str) -> str:
    """The register's name, for a value it gave or could not give."""
    name = spec.source.split(".")[0]
    if not name:
        return ""
    look_up = service.form.look_ups[name]
    register = look_up.register or service.form.look_ups[look_up.either[0]].register
    return node.catalogue.registers[register].name.in_language(language)


def _parts(value: Any) -> dict[str, str]:
    """Day, month and year as typed, of `yyyy-mm-dd` that may be incomplete."""
    year, month, day_of_month = [*str(value or "").split("-"), "", "", ""][:3]
    return {"day": day_of_month, "month": month, "year": year}
