"""The fields of a form as pages show them: each known, asked or silent, in one language, in its section.

Both the citizen's form and the counter's are made of these.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lienthong.casework import prefill
from lienthong.casework.controls import choices_of, kind_of, notices, parts
from lienthong.casework.declaration import Declaration, value_at
from lienthong.casework.filling import Filled
from lienthong.catalogue import forms
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Field, Note, Section, Service, Suggestion, Term
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.registers.wording import shown

Marks = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class FieldView:
    """A field on a page. `files` are the papers attached to it; `reusable`: one that they have may stand for it."""

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
    note: str = ""
    markable: bool = False
    files: list[dict[str, Any]] = field(default_factory=list)
    reusable: bool = False

    @property
    def asks(self) -> bool:
        return self.state in ("ask", "silent")


@dataclass(frozen=True)
class SectionView:
    id: str
    title: str
    fields: list[FieldView]
    notes: list[str]

    @property
    def asks(self) -> bool:
        return any(view.asks for view in self.fields)


@dataclass(frozen=True)
class Around:
    """What a field's view is made from. `marks`: what the person says against registers' values, by field."""

    node: Node
    service: Service
    reading: Filled
    typed: Mapping[str, Any]
    errors: Mapping[str, str]
    language: str
    marks: Marks


def sections_of(
    node: Node,
    service: Service,
    reading: Filled,
    typed: Mapping[str, Any],
    errors: Mapping[str, str],
    marks: Marks | None = None,
) -> list[SectionView]:
    """The form's sections in which something is shown. `errors` are codes by field."""
    around = Around(node, service, reading, typed, errors, get_language() or "vi", marks or {})
    sections = [_section(around, section) for section in service.form.sections]
    return [section for section in sections if section.fields]


def told(fields: Iterable[FieldView]) -> list[dict[str, str]]:
    """What the summary of errors says about these fields."""
    return [{"id": view.id, "message": f"{view.label}: {view.error}"} for view in fields if view.error]


def _section(around: Around, section: Section) -> SectionView:
    declaration = around.reading.declaration
    views = [
        _field(around, name, spec)
        for name, spec in section.fields.items()
        if _is_shown(spec, name, declaration, around.errors)
    ]
    notes = [note.says.in_language(around.language) for note in section.notes if _applies(note, declaration.declared)]
    return SectionView(section.id, section.title.in_language(around.language), views, notes)


def _is_shown(spec: Field, name: str, declaration: Declaration, errors: Mapping[str, str]) -> bool:
    if name in declaration.skipped:
        return False
    if name in errors:
        return True
    if name in declaration.later or (spec.quiet and name in declaration.held):
        return False
    return not (name in declaration.absent and spec.optional)


def _applies(note: Note, declared: Mapping[str, Any]) -> bool:
    if note.date:
        then = forms.as_day(str(declared.get(note.date, "")))
        return then is not None and (clock.today() - then).days > note.days
    return forms.holds(note.when, declared)


def _field(around: Around, name: str, spec: Field) -> FieldView:
    node, reading, language = around.node, around.reading, around.language
    term, declaration = node.catalogue.terms[spec.term], reading.declaration
    is_choice = around.service.form.choose is not None and name == around.service.form.choose.by
    several = is_choice and len(declaration.choices) > 1
    held = name in declaration.held and not several
    suggested = None if held or around.typed.get(name) else _suggested(spec, declaration.declared)
    value = declaration.declared.get(name) if held else around.typed.get(name) or (suggested and suggested[0]) or ""
    value = "yes" if value is True else value
    source = reading.found.sources.get(spec.source.split(".")[0]) if held else None
    mark = around.marks.get(name) if held else None
    return FieldView(
        id=name,
        label=label_of(around.service, node, name, language),
        help=_help(spec, suggested, language),
        kind="choice" if several else kind_of(term, spec),
        state=("differs" if mark else "known") if held else "silent" if name in declaration.silent else "ask",
        value=parts(value) if term.type == "date" and not held else value,
        display=shown(node, term, str(value), language) if held else "",
        source=source_name(node, around.service, reading, spec, language),
        at=datetime.fromisoformat(source.body["at"]) if source else None,
        choices=[] if held else _choices(around, term, spec, several=several),
        error=message(around.errors[name]) if name in around.errors else "",
        required=not spec.optional or several,
        note=_marked(node, term, mark, language) if mark else "",
        markable=name in declaration.held and not spec.derived,
        files=[entry for entry in reading.papers if entry["kind"] == name],
        reusable=bool(spec.accepts),
    )


def label_of(service: Service, node: Node, name: str, language: str) -> str:
    spec = service.form.fields[name]
    return (spec.label or node.catalogue.terms[spec.term].words).in_language(language)


def _suggested(spec: Field, declared: Mapping[str, Any]) -> tuple[str, Suggestion] | None:
    """What is marked beforehand, by the first suggestion that has something to say."""
    for one in spec.suggest:
        value = one.values.get(str(declared.get(one.by))) if one.by else None
        if value or one.otherwise:
            return value or one.otherwise, one
    return None


def _help(spec: Field, suggested: tuple[str, Suggestion] | None, language: str) -> str:
    said = [spec.help, suggested[1].says if suggested else None]
    return " ".join(words.in_language(language) for words in said if words)


def _marked(node: Node, term: Term, mark: Mapping[str, str], language: str) -> str:
    said = shown(node, term, mark["says"], language)
    return _("Bạn báo là sai, phải là: %(says)s. Lý do: %(note)s") % {"says": said, "note": mark["note"]}


def _choices(around: Around, term: Term, spec: Field, *, several: bool) -> list[tuple[str, str]]:
    """What may be chosen, in words, with what registers know of each; of several rows, each row."""
    if several:
        return notices(around.node, around.reading.declaration.choices, around.language)
    offered = choices_of(around.node, term, spec, around.language)
    hints = {code: _hint(around, path) for code, path in spec.hints.items()}
    return [(code, f"{words} – {hints[code]}" if hints.get(code) else words) for code, words in offered]


def _hint(around: Around, path: str) -> str:
    """A register's value beside a choice, as people write it."""
    value = value_at(around.reading.declaration.rows, path)
    if not value:
        return ""
    look_up, _dot, column = path.partition(".")
    _name, register = prefill.register_of(around.service.form, around.reading.found, look_up)
    catalogue = around.node.catalogue
    term = catalogue.terms[catalogue.registers[register].fields[column].term]
    return shown(around.node, term, str(value), around.language)


def source_name(node: Node, service: Service, reading: Filled, spec: Field, language: str) -> str:
    """The register's name, for a value it gave or could not give."""
    name = spec.source.split(".")[0]
    if not name:
        return ""
    _look_up, register = prefill.register_of(service.form, reading.found, name)
    return node.catalogue.registers[register].name.in_language(language)
