"""Casework in the words of people: roles, states and acts, in the reader's language."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from lienthong.casework import journey
from lienthong.casework.states import State
from lienthong.catalogue import citations
from lienthong.catalogue.messages import message

MACHINE: Final = journey.MACHINE

_Names = dict[str, str | Promise]
ROLES: Final[_Names] = {
    "applicant": _("Người nộp"),
    "civil_status_officer": _("Công chức tư pháp – hộ tịch"),
    "chair": _("Chủ tịch Ủy ban nhân dân"),
    "residence_officer": _("Cán bộ đăng ký cư trú"),
    "insurance_officer": _("Viên chức bảo hiểm xã hội"),
    "hospital_clerk": _("Nhân viên lập giấy chứng sinh"),
    "operator": _("Người vận hành"),
}
# The national dossier status codes by their official names (portal synchronisation codes 1–10).
STATES: Final[dict[int, str | Promise]] = {
    1: _("Mới đăng ký"),
    2: _("Được tiếp nhận"),
    3: _("Không được tiếp nhận"),
    4: _("Đang xử lý"),
    5: _("Yêu cầu bổ sung giấy tờ"),
    6: _("Yêu cầu thực hiện nghĩa vụ tài chính"),
    7: _("Công dân yêu cầu rút hồ sơ"),
    8: _("Dừng xử lý"),
    9: _("Đã xử lý xong"),
    10: _("Đã trả kết quả"),
}
_BRANCH_STATES: Final[_Names] = {
    "waiting": _("Chờ đến lượt"),
    "filed": _("Đang chuyển"),
    "open": _("Đang xử lý"),
    "pending": _("Chờ ghi sổ"),
    "done": _("Đã có kết quả"),
    "refused": _("Bị từ chối"),
    "stopped": _("Dừng xử lý"),
}
_ACTS: Final[_Names] = {
    "submit": _("Đã nộp hồ sơ"),
    "receive": _("Đã nhận hồ sơ"),
    "progress": _("Cơ quan giải quyết cho biết tiến độ"),
    "check": _("%(who)s đã kiểm tra, hồ sơ hợp lệ"),
    "decide": _("%(who)s đã ký quyết định"),
    "return": _("%(who)s trả lại để kiểm tra lại"),
    "refuse": _("%(who)s từ chối"),
    "issue": _("Đã ghi sổ và có kết quả"),
    "reopen": _("Cơ quan giữ sổ chưa ghi được, việc được mở lại"),
}
_BY_MACHINE: Final = _("Dữ liệu đã xác minh mọi điều kiện nên được quyết định ngay, không phải chờ người")


def cited(rule: str) -> str:
    """The rule behind a term or an act, as the reader's language cites law."""
    return citations.in_language(rule, get_language() or "vi")


def role_name(role: str) -> str:
    """«Công chức tư pháp – hộ tịch»; an unknown role stands for itself."""
    return str(ROLES.get(role, role))


def state_name(status: int) -> str:
    """The name of a national status code. Raises KeyError for a number that is none."""
    return str(STATES[status])


def branch_state_name(state: str) -> str:
    """How a branch stands, as its parent tells it. Raises KeyError for an unknown state."""
    return str(_BRANCH_STATES[state])


def state_sign(state: State) -> str:
    """The sign a page shows beside a state: waiting, working, pending, supplement, done, refused."""
    if state.waiting == "pending":
        return "pending"
    signs = {1: "waiting", 2: "waiting", 3: "refused", 5: "supplement", 6: "supplement", 7: "refused", 8: "refused"}
    return signs.get(state.status, "done" if state.status >= 9 else "working")


def act_text(verb: str, *, role: str = "", reason: str = "") -> str:
    """An act as a line of a timeline: who did what, and why if there is a reason. Without a role a machine did it."""
    if verb == "decide" and not role:
        text = str(_BY_MACHINE)
    else:
        text = str(_ACTS.get(verb, verb)) % {"who": role_name(role) or gettext("Hệ thống")}
    if not reason:
        return text
    why = message(reason)
    return f"{text}: {why[:1].lower()}{why[1:]}"
