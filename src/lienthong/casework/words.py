"""Casework in the words of people: roles, states and acts, in the reader's language."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from lienthong.casework import states
from lienthong.casework.states import ANNULLED, State
from lienthong.catalogue import citations
from lienthong.catalogue.catalogue import Catalogue
from lienthong.catalogue.messages import message

MACHINE: Final = states.MACHINE

_Names = dict[str, str | Promise]
ROLES: Final[_Names] = {
    "applicant": _("Người nộp"),
    "civil_status_officer": _("Công chức tư pháp – hộ tịch"),
    "chair": _("Chủ tịch Ủy ban nhân dân"),
    "residence_officer": _("Cán bộ đăng ký cư trú"),
    "insurance_officer": _("Viên chức bảo hiểm xã hội"),
    "reception_officer": _("Công chức tiếp nhận (Một cửa)"),
    "data_steward": _("Người giữ dữ liệu gốc"),
    "identity_officer": _("Cán bộ cấp căn cước"),
    "hospital_clerk": _("Nhân viên lập giấy chứng sinh"),
    "operator": _("Người vận hành"),
    "process_admin": _("Quản trị quy trình"),
    "steering_office": _("Cán bộ theo dõi, đánh giá (Văn phòng tỉnh)"),
    "land_officer": _("Công chức địa chính – xây dựng"),
    "planning_officer": _("Cán bộ quy hoạch (Sở Xây dựng)"),
    "fire_officer": _("Cảnh sát phòng cháy, chữa cháy"),
}
PURPOSES: Final[_Names] = {
    "accounts": _("Giữ tài khoản định danh khớp với dữ liệu dân cư"),
    "birth-notice": _("Lập giấy chứng sinh"),
    "births": _("Cấp số định danh khi đăng ký khai sinh"),
    "correction": _("Xem lại thông tin có người báo sai"),
    "consent": _("Hỏi ý kiến đồng ý"),
    "counter": _("Nhận hồ sơ ở quầy"),
    "insurance_cards": _("Giữ thẻ bảo hiểm y tế khớp với dữ liệu dân cư"),
    "mandate": _("Kiểm tra việc làm thay"),
    "my-data": _("Chính bạn xem dữ liệu của mình"),
    "notice": _("Gửi tin nhắn về hồ sơ"),
    "operation": _("Vận hành hệ thống"),
    "reconciliation": _("Đối soát dữ liệu"),
    "results": _("Trả kết quả"),
    "reuse": _("Dùng lại giấy tờ đã có"),
    # through a gateway
    "outside/bank-account": _("Mở tài khoản ngân hàng"),
    "dossier-sync": _("Đồng bộ hồ sơ lên Cổng Dịch vụ công quốc gia"),
    "outside/civil-status": _("Đăng ký hộ tịch từ phần mềm cũ"),
    "outside/company": _("Hỏi về doanh nghiệp"),
    "outside/hospital": _("Khám, chữa bệnh"),
    "outside/one-stop": _("Hỏi cho phần mềm một cửa cũ"),
    "outside/vaccinations": _("Hỏi về tiêm chủng"),
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
# What a dossier waits for outside its agency; of a branch, every way it can stand for its parent.
_WAITING: Final[_Names] = {
    "pending": _("Chờ ghi sổ"),
    "applicant": _("Chờ người nộp bổ sung"),
    "consent": _("Chờ người khác đồng ý"),
    "correction": _("Chờ sửa dữ liệu"),
    "payment": _("Chờ nộp tiền"),
    "opinion": _("Chờ ý kiến"),
    "transit": _("Đang chuyển đến nơi giải quyết"),
    "collect": _("Chờ người dân nhận kết quả"),
}
_BRANCH_STATES: Final[_Names] = {
    **_WAITING,
    "waiting": _("Chờ đến lượt"),
    "filed": _("Đang chuyển"),
    "open": _("Đang xử lý"),
    "done": _("Đã có kết quả"),
    "refused": _("Bị từ chối"),
    "stopped": _("Dừng xử lý"),
    "withdrawn": _("Đã rút"),
    "annulled": _("Kết quả bị hủy"),
}
_SIGNS: Final = {
    "pending": "pending", "applicant": "supplement", "consent": "pending", "correction": "pending", "open": "working",
    "payment": "supplement", "opinion": "pending", "transit": "waiting", "collect": "done",
    "filed": "waiting", "waiting": "waiting", "done": "done",
}  # fmt: skip
_ACTS: Final[_Names] = {
    "submit": _("Đã nộp hồ sơ"),
    "acknowledge": _("Cơ quan giải quyết đã nhận được hồ sơ"),
    "receive": _("%(who)s đã tiếp nhận hồ sơ và cấp giấy tiếp nhận, hẹn trả kết quả (mẫu số 01)"),
    "progress": _("Cơ quan giải quyết cho biết tiến độ"),
    "check": _("%(who)s đã kiểm tra, hồ sơ hợp lệ"),
    "decide": _("%(who)s đã ký quyết định"),
    "return": _("%(who)s trả lại để kiểm tra lại"),
    "examine": _("Chưa tự quyết định được, việc chuyển cho cán bộ"),
    "verify": _("%(who)s phải xác minh thực tế nên thời hạn dài hơn"),
    "supplement": _("%(who)s yêu cầu bổ sung, một lần và đầy đủ (mẫu số 02)"),
    "count": _("Đã có lịch làm việc của năm, nên hạn trả kết quả được tính"),
    "supply": _("Người nộp đã bổ sung"),
    "ask_consent": _("Đã hỏi người phải đồng ý, trên định danh điện tử"),
    "consent": _("Người được hỏi đã đồng ý"),
    "dispute": _("%(who)s thấy kết quả bước trước có chỗ sai, đã gửi nơi cấp xem lại"),
    "resume": _("Nơi cấp đã trả lời, hồ sơ đi tiếp"),
    "move": _("%(who)s đổi quy trình giải quyết hồ sơ"),
    "refuse": _("%(who)s từ chối (mẫu số 03)"),
    "stop": _("Dừng xử lý"),
    "withdraw": _("Người nộp đã rút hồ sơ"),
    "issue": _("Đã có kết quả"),
    "ask_payment": _("%(who)s thông báo khoản phải nộp, đồng hồ dừng"),
    "paid": _("Đã nộp tiền, đồng hồ chạy tiếp"),
    "consult": _("Đã hỏi ý kiến nơi khác"),
    "opinion": _("%(who)s đã cho ý kiến"),
    "take": _("%(who)s nhận việc"),
    "hand_over": _("%(who)s giao việc cho đồng nghiệp"),
    "release": _("%(who)s trả việc về hàng đợi"),
    "forward": _("Nơi tiếp nhận đã chuyển hồ sơ đến nơi giải quyết"),
    "arrive": _("Nơi giải quyết đã nhận được hồ sơ, thời hạn bắt đầu tính"),
    "transfer": _("%(who)s chuyển việc cho đơn vị khác làm"),
    "extend": _("%(who)s xin lỗi và hẹn lại, một lần (mẫu số 04)"),
    "deliver": _("%(who)s đã trả kết quả"),
    "reopen": _("Cơ quan giữ sổ chưa ghi được, việc được mở lại"),
    "correct": _("Kết quả đã được sửa và cấp lại"),
    "annul": _("%(who)s quyết định hủy kết quả"),
    "annulled": _("Kết quả đã bị hủy, sổ đã ghi việc hủy"),
    "upheld": _("Cơ quan giữ sổ không hủy được, kết quả giữ nguyên"),
}
_BY_MACHINE: Final[_Names] = {
    "check": _("Đã làm xong ở hệ thống của bộ, kết quả tự về"),
    "receive": _("Hồ sơ đủ theo dữ liệu đã xác minh nên được tiếp nhận ngay, có giấy tiếp nhận (mẫu số 01)"),
    "opinion": _("Hết thời gian cho ý kiến"),
    "decide": _("Dữ liệu đã xác minh mọi điều kiện nên được quyết định ngay, không phải chờ người"),
}


def cited(rule: str) -> str:
    """The rule behind a term or an act, as the reader's language cites law."""
    return citations.in_language(rule, get_language() or "vi")


def role_name(role: str) -> str:
    """«Công chức tư pháp – hộ tịch»; an unknown role stands for itself."""
    return str(ROLES.get(role, role))


def purpose_name(catalogue: Catalogue, purpose: str, language: str) -> str:
    """Why somebody reads, in words: a service by its name; an unknown purpose stands for itself."""
    if purpose in catalogue.services:
        return catalogue.services[purpose].card.short.in_language(language)
    return str(PURPOSES.get(purpose, purpose))


def state_name(status: int) -> str:
    """The name of a national status code. Raises KeyError for a number that is none."""
    return str(STATES[status])


def branch_state_name(state: str) -> str:
    """How a branch stands, as its parent tells it. Raises KeyError for an unknown state."""
    return str(_BRANCH_STATES[state])


def branch_sign(state: str) -> str:
    """The sign a page shows beside a branch's state."""
    return _SIGNS.get(state, "refused")


def standing(state: State) -> str:
    """How a dossier stands, in words: what it waits for outside its agency, else the name of its status. A parent waits
    for what one of its branches waits for."""
    waits = {branch.state for branch in state.branches.values()} if state.branches else {state.waiting}
    own = () if state.branches else ("transit", "opinion", "pending", "collect")
    for name in ("applicant", "consent", "payment", "correction", *own):
        if name in waits:
            return str(_WAITING[name])
    return str(_BRANCH_STATES[ANNULLED]) if state.reason == ANNULLED else state_name(state.status)


def state_sign(state: State) -> str:
    """The sign a page shows beside a state: waiting, working, pending, supplement, done, refused."""
    if state.waiting in _WAITING and not state.branches:
        return _SIGNS[state.waiting]
    signs = {1: "waiting", 2: "waiting", 3: "refused", 5: "supplement", 6: "supplement", 7: "refused", 8: "refused"}
    return signs.get(state.status, "done" if state.status >= 9 else "working")


def act_text(verb: str, *, role: str = "", reason: str = "") -> str:
    """An act as a line of a timeline: who did what, and why if there is a reason. Without a role a machine did it."""
    if not role and verb in _BY_MACHINE:
        text = str(_BY_MACHINE[verb])
    else:
        text = str(_ACTS.get(verb, verb)) % {"who": role_name(role) if role else gettext("Hệ thống")}
    if not reason:
        return text
    why = message(reason)
    return f"{text}: {why[:1].lower()}{why[1:]}"
