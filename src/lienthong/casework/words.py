"""Casework in the words of people: roles, states and acts, in the reader's language."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later

from lienthong.casework import journey
from lienthong.casework.states import State
from lienthong.catalogue.messages import message

MACHINE: Final = journey.MACHINE

_Names = dict[str, str | Promise]
ROLES: Final[_Names] = {
    "applicant": later("Người nộp"),
    "civil_status_officer": later("Công chức tư pháp – hộ tịch"),
    "chair": later("Chủ tịch Ủy ban nhân dân"),
    "residence_officer": later("Cán bộ đăng ký cư trú"),
    "insurance_officer": later("Viên chức bảo hiểm xã hội"),
    "hospital_clerk": later("Nhân viên lập giấy chứng sinh"),
    "operator": later("Người vận hành"),
}
# The national dossier status codes by their official names (portal synchronisation codes 1–10).
STATES: Final[dict[int, str | Promise]] = {
    1: later("Mới đăng ký"),
    2: later("Được tiếp nhận"),
    3: later("Không được tiếp nhận"),
    4: later("Đang xử lý"),
    5: later("Yêu cầu bổ sung giấy tờ"),
    6: later("Yêu cầu thực hiện nghĩa vụ tài chính"),
    7: later("Công dân yêu cầu rút hồ sơ"),
    8: later("Dừng xử lý"),
    9: later("Đã xử lý xong"),
    10: later("Đã trả kết quả"),
}
_BRANCH_STATES: Final[_Names] = {
    "waiting": later("Chờ đến lượt"),
    "filed": later("Đang chuyển"),
    "open": later("Đang xử lý"),
    "pending": later("Chờ ghi sổ"),
    "done": later("Đã có kết quả"),
    "refused": later("Bị từ chối"),
    "stopped": later("Dừng xử lý"),
}
_ACTS: Final[_Names] = {
    "submit": later("Đã nộp hồ sơ"),
    "receive": later("Đã nhận hồ sơ"),
    "file": later("Đã chuyển tới cơ quan giải quyết"),
    "progress": later("Cơ quan giải quyết cho biết tiến độ"),
    "check": later("%(who)s đã kiểm tra, hồ sơ hợp lệ"),
    "decide": later("%(who)s đã ký quyết định"),
    "return": later("%(who)s trả lại để kiểm tra lại"),
    "refuse": later("%(who)s từ chối"),
    "issue": later("Đã ghi sổ và có kết quả"),
    "reopen": later("Cơ quan giữ sổ chưa ghi được, việc được mở lại"),
}
_BY_MACHINE: Final = later("Dữ liệu đã xác minh mọi điều kiện nên được quyết định ngay, không phải chờ người")


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
    """An act as a line of a timeline: who did what, and why where there is a reason. Without a role a machine did it."""
    if verb == "decide" and not role:
        text = str(_BY_MACHINE)
    else:
        text = str(_ACTS.get(verb, verb)) % {"who": role_name(role) or _("Hệ thống")}
    if not reason:
        return text
    why = message(reason)
    return f"{text}: {why[:1].lower()}{why[1:]}"
