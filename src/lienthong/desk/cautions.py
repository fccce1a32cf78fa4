"""What an officer must not overlook in a dossier, said before anything is compared."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext as _

from lienthong.catalogue import forms
from lienthong.catalogue.messages import message
from lienthong.desk import intake_notices
from lienthong.desk.comparison import Caution, Evidence, label_of
from lienthong.desk.evidence import wanted
from lienthong.kit.clock import ZONE
from lienthong.kit.web.templatetags.vietnam import day
from lienthong.registers.parents import why_no_parent
from lienthong.registers.same_birth import registered_before

IN_TIME: Final = 60  # days in which a birth is to be declared (Law on Civil Status 60/2014/QH13, Art. 15)
# What the register's own rule looks at, by the form's field.
_BIRTH: Final = {
    "mother": "mother_number",
    "mother_document": "mother_document",
    "father": "father_number",
    "birth_date": "birth_date",
    "gender": "gender",
    "birth_order": "birth_order",
    "birth_count": "birth_count",
}


def warnings(evidence: Evidence) -> list[Caution]:
    """Why the dossier is here again, and what speaks against it now."""
    found = []
    state = evidence.dossier.state
    if state.reason and state.waiting != "applicant":
        found.append(Caution(message(state.reason), "amber" if state.reason == "not-verified" else "late"))
    if evidence.filed.altered:
        text = _("Câu trả lời của cơ sở dữ liệu kèm theo hồ sơ đã bị sửa hoặc không đúng chữ ký.")
        found.append(Caution(text, "late"))
    if taken := _taken(evidence):
        text = _("Giấy chứng sinh này đã có trong đăng ký khai sinh %(number)s của %(name)s.")
        found.append(Caution(text % {"number": taken.get("number"), "name": taken.get("child_name")}, "late"))
    return found + intake_notices.of(evidence) + _registered_before(evidence) + _late(evidence) + _parents(evidence)


def _taken(evidence: Evidence) -> Mapping[str, Any] | None:
    """The other record in which what may stand only once stands already."""
    choose = evidence.form.choose
    wanted_key = evidence.content.declared.get(choose.by) if choose else None
    if choose is None or not wanted_key:
        return None
    rows = evidence.present.get(choose.excluding) or []
    ours = evidence.dossier.identity.code
    return next((r for r in rows if r.get(choose.excluding_key) == wanted_key and r.get("dossier") != ours), None)


def doubted(evidence: Evidence) -> bool | None:
    """Whether the register would refuse this birth as one it has, and takes it once told why it is another child's;
    None while the register is silent."""
    choose = evidence.form.choose
    if choose is None or choose.excluding not in wanted(evidence.form, evidence.content.declared):
        return False
    if choose.excluding not in evidence.present:
        return None
    told = {"confirmed_distinct": "told"}
    return _same_birth(evidence) is not None and _same_birth(evidence, told) is None


def _same_birth(evidence: Evidence, more: Mapping[str, Any] | None = None) -> Mapping[str, Any] | None:
    """A birth that the register takes for this very one: the same mother, too near, no twin by what both say."""
    declared, choose = evidence.content.declared, evidence.form.choose
    if choose is None or not declared.get("birth_date"):
        return None
    birth = {name: declared.get(field) for name, field in _BIRTH.items()}
    key, ours = declared.get(choose.by), evidence.dossier.identity.code
    others = [
        row
        for row in evidence.present.get(choose.excluding) or []
        if row.get("birth_date") and row.get("dossier") != ours and (not key or row.get(choose.excluding_key) != key)
    ]
    return registered_before({**birth, **(more or {})}, others)


def _registered_before(evidence: Evidence) -> list[Caution]:
    found = _same_birth(evidence)
    if found is None:
        return []
    text = _(
        "Người mẹ này đã có đăng ký khai sinh %(number)s của %(name)s, sinh ngày %(day)s."
        " Sổ sẽ không ghi thêm nếu đây là cùng một trẻ; hãy xem có phải sinh đôi không."
    )
    born = forms.as_day(str(found["birth_date"]))
    told = {"number": found.get("number"), "name": found.get("child_name"), "day": day(born)}
    return [Caution(text % told, "late")]


def _late(evidence: Evidence) -> list[Caution]:
    """A birth declared after its term is registered like any other; the officer knows."""
    born = _birth(evidence)
    if born is None or evidence.form.choose is None:
        return []
    declared_on = evidence.dossier.identity.received_at.astimezone(ZONE).date()
    days = (declared_on - born).days
    if days <= IN_TIME:
        return []
    text = _("Đăng ký quá hạn: trẻ đã sinh %(days)s ngày trước khi khai, hạn là %(term)s ngày (Luật Hộ tịch, Điều 15).")
    return [Caution(text % {"days": days, "term": IN_TIME})]


def _birth(evidence: Evidence) -> date | None:
    return forms.as_day(str(evidence.content.declared.get("birth_date") or ""))


def _parents(evidence: Evidence) -> list[Caution]:
    """Parents whom the register no longer, or never, knew as such."""
    found = []
    for name, spec in evidence.form.fields.items():
        look_up = spec.alive.partition(".")[0]
        if look_up and look_up in evidence.present:
            born = str(evidence.content.declared.get("birth_date", ""))
            if problem := why_no_parent(name.partition("_")[0], evidence.present[look_up], born):
                found.append(Caution(f"{label_of(evidence, spec)}: {message(problem)}", "late"))
    return found
