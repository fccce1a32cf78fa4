"""Declared beside the register, section by section, and what an officer must not overlook."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lienthong.casework import results
from lienthong.casework.dossiers import Content, Dossier
from lienthong.casework.states import Act
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Field, Form, Section, Service
from lienthong.desk.evidence import Filed, Rows, wanted
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node
from lienthong.registers.comparing import held, same
from lienthong.registers.parents import why_no_parent
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
    title: str
    rows: list[Row]


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
    """Everything known about a dossier at the moment it is opened. `present` lacks look-ups whose owner was silent."""

    node: Node
    dossier: Dossier
    service: Service
    content: Content
    filed: Filed = field(default_factory=Filed)
    present: Rows = field(default_factory=dict)

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


def warnings(evidence: Evidence) -> list[Caution]:
    """Why the dossier is here again, and what speaks against it now."""
    found = []
    if reason := evidence.dossier.state.reason:
        found.append(Caution(message(reason), "amber" if reason == "not-verified" else "late"))
    if evidence.filed.altered:
        text = _("Câu trả lời của cơ sở dữ liệu kèm theo hồ sơ đã bị sửa hoặc không đúng chữ ký.")
        found.append(Caution(text, "late"))
    if taken := _taken(evidence):
        text = _("Giấy chứng sinh này đã có trong đăng ký khai sinh %(number)s của %(name)s.")
        found.append(Caution(text % {"number": taken.get("number"), "name": taken.get("child_name")}, "late"))
    return found + _parents(evidence)


def _taken(evidence: Evidence) -> Mapping[str, Any] | None:
    """The other record in which what may stand only once stands already."""
    choose = evidence.form.choose
    wanted_key = evidence.content.declared.get(choose.by) if choose else None
    if choose is None or not wanted_key:
        return None
    rows = evidence.present.get(choose.excluding) or []
    ours = evidence.dossier.identity.code
    return next((r for r in rows if r.get(choose.excluding_key) == wanted_key and r.get("dossier") != ours), None)


def _parents(evidence: Evidence) -> list[Caution]:
    """Parents whom the register no longer, or never, knew as such."""
    found = []
    for name, spec in evidence.form.fields.items():
        look_up = spec.alive.partition(".")[0]
        if look_up and look_up in evidence.present:
            born = str(evidence.content.declared.get("birth_date", ""))
            if problem := why_no_parent(name.partition("_")[0], evidence.present[look_up], born):
                found.append(Caution(f"{_label(evidence, spec)}: {message(problem)}", "late"))
    return found


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
    label, words = _label(evidence, spec), shown(node, term, declared, _language())
    look_up, _dot, column = spec.source.partition(".")
    if look_up not in wanted(evidence.form, evidence.content.declared):
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
        source=_source(evidence, look_up),
        differs=gone or any(value is not None and not same(declared, value) for value in (filed, present)),
        silent=silent,
        note=_("Cơ sở dữ liệu không có") if gone else "",
    )


def _handed_on(evidence: Evidence) -> list[Group]:
    """Sealed results of the branches before this one, as their agencies wrote them."""
    identity, handed = evidence.dossier.identity, evidence.content.results
    try:
        bodies = results.opened(evidence.node, handed, identity.case, results.sealers(evidence.node, evidence.service))
    except Refused:
        return [Group(_("Kết quả trước đó"), [Row(_("Chữ ký của kết quả kèm theo không đúng"), "", differs=True)])]
    labels = {
        "child_name": ("full_name", _("Họ, chữ đệm và tên của trẻ")),
        "child_number": ("personal_number", _("Số định danh của trẻ")),
        "birth_date": ("birth_date", _("Ngày sinh của trẻ")),
    }
    found = []
    for body in bodies.values():
        record, terms = body["record"], evidence.node.catalogue.terms
        rows = [Row(_("Số"), "", str(body["key"]))]
        rows += [
            Row(label, "", shown(evidence.node, terms[term], str(record.get(name) or ""), _language()))
            for name, (term, label) in labels.items()
        ]
        found.append(Group(_("Kết quả trước đó, có chữ ký số của cơ quan cấp"), rows))
    return found


def _label(evidence: Evidence, spec: Field) -> str:
    return (spec.label or evidence.node.catalogue.terms[spec.term].words).in_language(_language())


def _source(evidence: Evidence, look_up: str) -> str:
    register = evidence.node.catalogue.registers[evidence.form.look_ups[look_up].register]
    return register.name.in_language(_language())


def _language() -> str:
    return get_language() or "vi"
