"""Declared beside the register, section by section, and the results that came before."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lienthong.casework import results
from lienthong.casework.dossiers import Content, Dossier
from lienthong.casework.notes import Note
from lienthong.casework.states import Act
from lienthong.catalogue.shapes import Field, Form, Section, Service
from lienthong.desk.deeds import Choices
from lienthong.desk.evidence import Filed, Rows, wanted
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node
from lienthong.registers.comparing import held, same
from lienthong.registers.wording import shown


@dataclass(frozen=True)
class Row:
    """A line of web/parts/compare.html."""

    label: str
    declared: str
    at_filing: str = ""
    now: str = ""
    source: str = ""
    differs: bool = False
    silent: bool = False
    note: str = ""


@dataclass(frozen=True)
class Group:
    """`sourced`: some register has to do with it; else there is nothing to compare."""

    title: str
    rows: list[Row]

    @property
    def sourced(self) -> bool:
        return any(row.source or row.at_filing or row.now or row.silent or row.differs for row in self.rows)


@dataclass(frozen=True)
class Condition:
    """A condition of the decision rule: `met` when registers verified it."""

    text: str
    met: bool


@dataclass(frozen=True)
class Caution:
    text: str
    tone: str = "amber"
    sign: str = "alert"


@dataclass(frozen=True)
class Evidence:
    """Everything known about a dossier at the moment it is opened: `present` lacks look-ups whose owner was silent,
    `history` are its acts, `files` what people attached, as desk/dossier.html lists it, `tasks` the kinds of inside
    work about it that is still open here, `notes` what officers wrote down for each other, `colleagues` who else could
    do the step, `phrases` what its unit says by deed, `posts` all that somebody holds here, `asked_at` when registers
    were asked."""

    node: Node
    dossier: Dossier
    service: Service
    content: Content
    filed: Filed = field(default_factory=Filed)
    present: Rows = field(default_factory=dict)
    history: list[Act] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    colleagues: Choices = field(default_factory=list)
    phrases: Mapping[str, list[str]] = field(default_factory=dict)
    posts: list[tuple[str, str]] = field(default_factory=list)
    asked_at: datetime | None = None

    @property
    def form(self) -> Form:
        return self.service.form


def groups(evidence: Evidence) -> list[Group]:
    """A group for each section of the form that says anything, after the results handed on by earlier branches."""
    sections = [_group(evidence, section) for section in evidence.form.sections]
    return [group for group in (*_handed_on(evidence), *sections) if group.rows]


def conditions(acts: list[Act]) -> list[Condition]:
    """What the decision rule found when it last looked; empty for a step without one."""
    listed: list[dict[str, Any]] = next(
        (act.detail["verified"] for act in reversed(acts) if act.detail.get("verified")), []
    )
    language = "en" if _language() == "en" else "vi"
    return [Condition(condition[language], condition["met"]) for condition in listed]


def _group(evidence: Evidence, section: Section) -> Group:
    rows = [_row(evidence, name, spec) for name, spec in section.fields.items()]
    said = [row for row in rows if row.declared or row.at_filing or row.now]
    return Group(section.title.in_language(_language()), _each_source_once(said))


def _each_source_once(rows: list[Row]) -> list[Row]:
    """Neighbours of one source name it once."""
    before = ["", *(row.source for row in rows)]
    return [replace(row, source="") if row.source == last else row for row, last in zip(rows, before, strict=False)]


def _row(evidence: Evidence, name: str, spec: Field) -> Row:
    node, term = evidence.node, evidence.node.catalogue.terms[spec.term]
    declared = str(evidence.content.declared.get(name) or "")
    label, words = label_of(evidence, spec), shown(node, term, declared, _language())
    look_up, _dot, column = spec.source.partition(".")
    if look_up not in wanted(evidence.form, evidence.content.declared, evidence.dossier.identity.applicant):
        return Row(label, words)
    filed = held(evidence.filed.rows.get(look_up), column, term)
    silent = look_up not in evidence.present
    present = None if silent else held(evidence.present[look_up], column, term)
    gone = not silent and evidence.present[look_up] is None and bool(declared)
    return Row(
        label=label,
        declared=words,
        at_filing=shown(node, term, filed or "", _language()),
        now=shown(node, term, present or "", _language()),
        source=source_of(evidence, look_up),
        differs=gone or any(value is not None and not same(declared, value) for value in (filed, present)),
        silent=silent,
        note=_("Cơ sở dữ liệu không có") if gone else "",
    )


def _handed_on(evidence: Evidence) -> list[Group]:
    """Sealed results of the branches before this one, as their agencies wrote them."""
    try:
        bodies = handed_on(evidence)
    except Refused:
        return [Group(_("Kết quả trước đó"), [Row(_("Chữ ký của kết quả kèm theo không đúng"), "", differs=True)])]
    found = []
    for body in bodies.values():
        rows = [Row(_("Số"), "", str(body["key"]))]
        rows += [Row(label, "", value) for label, value in _recorded(evidence, body).values()]
        found.append(Group(_("Kết quả trước đó, có chữ ký số của cơ quan cấp"), rows))
    return found


def handed_on(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """The opened results of earlier branches. Raises Refused when one is not what it claims to be."""
    identity, handed = evidence.dossier.identity, evidence.content.results
    sealers = results.sealers(evidence.node, evidence.service)
    return dict(results.opened(evidence.node, handed, identity.case, sealers, identity.received_at))


def disputable(evidence: Evidence) -> dict[str, tuple[str, str]]:
    """What an officer here can say is wrong in an earlier result: `branch.field` to its label and value."""
    try:
        bodies = handed_on(evidence)
    except Refused:
        return {}
    return {
        f"{branch}.{name}": told for branch, body in bodies.items() for name, told in _recorded(evidence, body).items()
    }


def _recorded(evidence: Evidence, body: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """A result's record in words, by field: what a reader here needs of it."""
    terms, record = evidence.node.catalogue.terms, body["record"]
    labels = {
        "child_name": ("full_name", _("Họ, chữ đệm và tên của trẻ")),
        "child_number": ("personal_number", _("Số định danh của trẻ")),
        "birth_date": ("birth_date", _("Ngày sinh của trẻ")),
        "gender": ("gender", _("Giới tính của trẻ")),
        "mother_name": ("full_name", _("Họ tên mẹ")),
        "father_name": ("full_name", _("Họ tên cha")),
    }
    return {
        name: (label, shown(evidence.node, terms[term], str(record[name]), _language()))
        for name, (term, label) in labels.items()
        if record.get(name)
    }


def label_of(evidence: Evidence, spec: Field) -> str:
    return (spec.label or evidence.node.catalogue.terms[spec.term].words).in_language(_language())


def source_of(evidence: Evidence, look_up: str) -> str:
    register = evidence.node.catalogue.registers[evidence.form.look_ups[look_up].register]
    return register.name.in_language(_language())


def _language() -> str:
    return get_language() or "vi"
