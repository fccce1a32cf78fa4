"""Process tables in the words of people: columns, verbs, conditions, what tables say differently."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lienthong.casework import words
from lienthong.catalogue.process_check import ROLES
from lienthong.catalogue.process_differences import Difference
from lienthong.catalogue.references import condition_on
from lienthong.catalogue.shapes import OpinionAsked, Service, Step
from lienthong.desk import pages
from lienthong.exchange.node import Node

_Names = dict[str, str | Promise]
VERBS: Final[_Names] = {
    "receive": gettext_lazy("Tiếp nhận"),
    "check": gettext_lazy("Kiểm tra, thẩm định"),
    "consult": gettext_lazy("Lấy ý kiến"),
    "decide": gettext_lazy("Ký quyết định"),
    "record": gettext_lazy("Ghi sổ"),
    "issue": gettext_lazy("Cấp kết quả"),
    "gather": gettext_lazy("Chờ các nhánh"),
    "": gettext_lazy("Hãy chọn việc"),  # a row read from a file that does not say it
}
SILENCES: Final[_Names] = {
    "without": gettext_lazy("Đi tiếp, không có ý kiến"),
    "agreed": gettext_lazy("Coi như đồng ý"),
    "escalate": gettext_lazy("Báo thủ trưởng đơn vị và chờ"),
}
COMPARISONS: Final[_Names] = {
    "is": gettext_lazy("là"),
    "not": gettext_lazy("không phải là"),
    "given": gettext_lazy("có trả lời"),
    "none": gettext_lazy("để trống"),
}
TRANSITIONS: Final[_Names] = {
    "stay": gettext_lazy("Hồ sơ đang giải quyết theo hết quy trình cũ"),
    "move": gettext_lazy("Hồ sơ đang giải quyết chuyển sang quy trình mới"),
    "deadline": gettext_lazy("Hồ sơ đang giải quyết giữ quy trình cũ, chỉ tính lại hạn"),
}
STATES: Final[_Names] = {
    "open": gettext_lazy("Chờ phê duyệt"),
    "approved": gettext_lazy("Đã phê duyệt, đã công bố"),
    "sent_back": gettext_lazy("Bị trả lại"),
    "withdrawn": gettext_lazy("Người đề nghị đã rút"),
}
STATE_SIGNS: Final = {"open": "pending", "approved": "done", "sent_back": "refused", "withdrawn": "waiting"}
COLUMNS: Final[_Names] = {
    "name": gettext_lazy("Tên bước"),
    "vi": gettext_lazy("Tên bước"),
    "en": gettext_lazy("Tên tiếng Anh"),
    "step": gettext_lazy("Mã bước"),
    "verb": gettext_lazy("Việc"),
    "role": gettext_lazy("Ai làm"),
    "hours": gettext_lazy("Giờ làm việc"),
    "rule": gettext_lazy("Căn cứ"),
    "when": gettext_lazy("Chỉ khi"),
    "unit": gettext_lazy("Đơn vị làm"),
    "asks": gettext_lazy("Ý kiến cần hỏi"),
    "refused_to": gettext_lazy("Không ghi được thì về"),
    "straight_through": gettext_lazy("Tự động"),
    "velocity": gettext_lazy("Giới hạn của quy tắc tự động"),
    "register": gettext_lazy("Sổ"),
    "fields": gettext_lazy("Nội dung ghi sổ"),
    "result": gettext_lazy("Mã kết quả"),
    "symbol": gettext_lazy("Ký hiệu"),
    "steps": gettext_lazy("Các bước"),
    "consents": gettext_lazy("Người phải đồng ý"),
    "days": gettext_lazy("Ngày làm việc"),
}
_KINDS: Final[_Names] = {
    "added": gettext_lazy("Thêm bước"),
    "dropped": gettext_lazy("Bỏ bước"),
    "moved": gettext_lazy("Đổi chỗ"),
    "changed": gettext_lazy("Sửa đổi"),
}
_SIGNS: Final = {"added": "supplement", "dropped": "refused", "moved": "differs", "changed": "differs"}


def roles() -> list[tuple[str, str]]:
    """Posts that a step may name, by their names."""
    return sorted(((role, words.role_name(role)) for role in ROLES if role in words.ROLES), key=lambda one: one[1])


def field_label(node: Node, service: Service, name: str) -> str:
    """A field of the form as people call it."""
    field = service.form.fields.get(name)
    term = (service.terms or node.catalogue.terms).get(field.term) if field else None
    if field is None or term is None:
        return name
    return (field.label or term.words).in_language(pages.language())


def condition(node: Node, service: Service, when: str) -> str:
    """«Nơi sinh là Tại nhà»; empty for none."""
    name, value = condition_on(when), when.partition("=")[2]
    if not name:
        return ""
    label = field_label(node, service, name)
    if not value:
        return f"{label} {COMPARISONS['none' if when.endswith('=') else 'given']}"
    return f"{label} {COMPARISONS['not' if '!=' in when else 'is']} {value_label(node, service, name, value)}"


def value_label(node: Node, service: Service, name: str, value: str) -> str:
    field = service.form.fields.get(name)
    term = (service.terms or node.catalogue.terms).get(field.term) if field else None
    code = term.codes.get(value) if term else None
    return code.in_language(pages.language()) if code else value


def performer(node: Node, step: Step) -> str:
    """Who does a step: a post, else the register or the machine."""
    if step.role:
        return words.role_name(step.role)
    register = node.catalogue.registers.get(step.register)
    return register.name.in_language(pages.language()) if register else _("Tự động")


def opinion(asked: OpinionAsked) -> str:
    """«Cảnh sát phòng cháy: … – 5 ngày; không trả lời: coi như đồng ý»."""
    told = {
        "who": words.role_name(asked.role),
        "what": asked.says.in_language(pages.language()),
        "days": _days(asked.days),
        "silence": str(SILENCES[asked.silence]).lower(),
    }
    return _("%(who)s: %(what)s – %(days)s; không trả lời: %(silence)s") % told


def hours(count: float | None) -> str:
    """«4», «2,5»; a dash for nothing."""
    if count is None or count == 0:
        return "–"
    text = f"{count:.1f}".removesuffix(".0")
    return text if pages.language() == "en" else text.replace(".", ",")


def difference(node: Node, service: Service, found: Difference) -> dict[str, str]:
    """A line of the table of differences: sign, kind, step, column, was, now."""
    whole = "" if found.kind in ("changed", "moved") else _whole(node, found.step)
    return {
        "sign": _SIGNS[found.kind],
        "kind": str(_KINDS[found.kind]),
        "step": found.step.name.in_language(pages.language()),
        "column": str(COLUMNS.get(found.column, found.column)),
        "was": whole if found.kind == "dropped" else _said(node, service, found.column, found.was),
        "now": whole if found.kind == "added" else _said(node, service, found.column, found.now),
    }


def _whole(node: Node, step: Step) -> str:
    said = [str(VERBS[step.verb]), performer(node, step)]
    if step.hours:
        said.append(ngettext("%(n)s giờ làm việc", "%(n)s giờ làm việc", step.hours) % {"n": step.hours})
    return " · ".join(said)


def _said(node: Node, service: Service, column: str, value: Any) -> str:
    """A value of a column, in words."""
    if value in (None, "", 0, [], {}):
        return "–" if column else ""
    if column in _SAID:
        return _SAID[column](node, service, value)
    return _("%(n)s mục") % {"n": len(value)} if isinstance(value, dict | list) else str(value)


def _step_name(_node: Node, service: Service, code: str) -> str:
    return next((step.name.in_language(pages.language()) for step in service.process.steps if step.step == code), code)


def _asked(_node: Node, _service: Service, asks: list[dict[str, Any]]) -> str:
    return "; ".join(f"{words.role_name(one['role'])} ({_days(one['days'])})" for one in asks)


def _days(count: int) -> str:
    return ngettext("%(n)s ngày", "%(n)s ngày", count) % {"n": count}


_SAID: Final[Mapping[str, Callable[[Node, Service, Any], str]]] = {
    "name": lambda _node, _service, name: str(name["en" if pages.language() == "en" else "vi"]),
    "verb": lambda _node, _service, verb: str(VERBS[verb]),
    "role": lambda _node, _service, role: words.role_name(role),
    "rule": lambda _node, _service, rule: words.cited(rule),
    "when": condition,
    "unit": field_label,
    "refused_to": _step_name,
    "asks": _asked,
}
