"""Deeds on a dossier's way that are no step of its process: money, withdrawal at the desk, another unit, giving out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.casework import delivering, extending, limits, moving, pauses, payments
from lienthong.casework.desks import holds
from lienthong.casework.dossiers import Dossier
from lienthong.desk import pages
from lienthong.desk.deeds import NOTE, REASON, Case, Choices, Control, Deed, Typed, reasoned
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.kit.web.templatetags.vietnam import moment
from lienthong.kit.worktime import NoCalendar

_RECEPTION: Final = "reception_officer"
_NOT_TO_WITHDRAW: Final = frozenset({"pending", "collect", ""})


def _extend(node: Node, tx: Tx, code: str, officer: Officer, typed: Typed) -> Dossier:
    return extending.extend(node, tx, code, officer, datetime.fromisoformat(typed["until"]), reasoned(typed))


def _to_extend(case: Case, officer: Officer) -> bool:
    return extending.can_move(case.dossier) and holds(officer, extending.signer(case.service), case.dossier)


def _times(case: Case) -> Choices:
    try:
        ends = extending.choices(case.node, case.service, case.dossier)
    except NoCalendar:
        return []
    return [(one.isoformat(), moment(one)) for one in ends]


def _how_late(case: Case) -> str:
    if limits.too_late_to_draft(case.node, case.dossier, clock.now()):
        return _("Đã quá một ngày làm việc trước hạn: văn bản sẽ ghi là lập muộn.")
    return ""


def _apologised(case: Case) -> list[str]:
    return [
        _("Người nộp nhận ngay văn bản xin lỗi (mẫu 04) với lý do và hạn mới."),
        _("Chỉ hẹn lại một lần; quá hạn mới thì hồ sơ bị tính là chậm, không gia hạn được nữa."),
    ]


def _ask_payment(node: Node, tx: Tx, code: str, officer: Officer, typed: Typed) -> Dossier:
    return payments.ask_payment(node, tx, code, officer, int(typed["amount"]), typed["what"])


def _deliver(node: Node, tx: Tx, code: str, officer: Officer, typed: Typed) -> Dossier:
    way: delivering.Way = "post" if typed["way"] == "post" else "counter"
    return delivering.deliver(node, tx, code, officer, way, to=typed["receiver"], note=typed["note"])


def _judged(case: Case, officer: Officer) -> bool:
    step = case.step
    return step is not None and step.verb in ("check", "decide") and pages.may_act(officer, case.dossier, step)


def _unpaid(case: Case, officer: Officer) -> bool:
    state = case.dossier.state
    return state.waiting == "payment" and any(
        holds(officer, role, case.dossier) for role in pages.roles_in(case.service)
    )


def _to_withdraw(case: Case, officer: Officer) -> bool:
    at_large = case.dossier.state.waiting not in _NOT_TO_WITHDRAW and not case.service.branches
    return at_large and holds(officer, _RECEPTION, case.dossier)


def _to_give_out(case: Case, officer: Officer) -> bool:
    if case.dossier.state.waiting != "collect":
        return False
    return any(holds(officer, role, case.dossier) for role in delivering.givers(case.service))


def _to_move(case: Case, officer: Officer) -> bool:
    dossier = case.dossier
    return dossier.state.waiting == "open" and bool(dossier.desk) and holds(officer, moving.HEAD, dossier)


def _units(case: Case) -> Choices:
    """Where else somebody of the step's role sits today."""
    state = case.dossier.state
    units = {unit for role, unit in case.posts if role == state.role and unit != case.dossier.desk}
    return sorted(((unit, pages.place(case.node, unit)) for unit in units), key=lambda one: one[1])


def _stopped_with_it(case: Case) -> list[str]:
    return [
        _("Hồ sơ dừng ngay và không mở lại được; muốn làm thì phải nộp hồ sơ mới."),
        _("Người nộp nhận thông báo dừng giải quyết (mẫu 05) với lý do bạn ghi."),
    ]


ON_THE_WAY: Final[Mapping[str, Deed]] = {
    deed.verb: deed
    for deed in (
        Deed(
            "ask_payment",
            gettext_lazy("Yêu cầu nộp tiền"),
            gettext_lazy("Hồ sơ chờ người nộp thực hiện nghĩa vụ tài chính; trong lúc chờ, đồng hồ dừng."),
            _ask_payment,
            (
                Control("amount", "number", gettext_lazy("Số tiền (đồng)"), required=True, most=12),
                Control("what", "line", gettext_lazy("Khoản thu, căn cứ"), required=True, most=200),
            ),
            fits=_judged,
        ),
        Deed(
            "paid",
            gettext_lazy("Đã nộp tiền"),
            gettext_lazy("Ghi số biên lai; đồng hồ của hồ sơ chạy tiếp."),
            lambda node, tx, code, officer, typed: payments.paid(node, tx, code, typed["receipt"], officer),
            (Control("receipt", "line", gettext_lazy("Số biên lai, chứng từ"), required=True, most=60),),
            fits=_unpaid,
        ),
        Deed(
            "withdraw",
            gettext_lazy("Người nộp rút hồ sơ"),
            gettext_lazy("Người nộp đề nghị dừng tại quầy; chỉ khi chưa có quyết định (mẫu 05)."),
            lambda node, tx, code, officer, typed: pauses.withdraw(node, tx, code, officer, reasoned(typed)),
            (REASON, NOTE),
            ("wished-no-more", "file-anew", "filed-by-mistake"),
            fits=_to_withdraw,
            confirms=_stopped_with_it,
        ),
        Deed(
            "transfer",
            gettext_lazy("Chuyển đơn vị khác làm"),
            gettext_lazy("Đơn vị khác cùng cơ quan làm tiếp; thẩm quyền và hạn đã hẹn không đổi."),
            lambda node, tx, code, officer, typed: moving.transfer(
                node, tx, code, officer, typed["unit"], reasoned(typed)
            ),
            (
                Control("unit", "choice", gettext_lazy("Đơn vị nhận"), required=True, options=_units),
                REASON,
                Control("note", "note", gettext_lazy("Nói rõ cho đơn vị nhận")),
            ),
            ("load-relief", "officer-away", "line-down"),
            fits=_to_move,
            many=True,
        ),
        Deed(
            "extend",
            gettext_lazy("Xin lỗi, hẹn lại"),
            gettext_lazy("Xin lỗi và hẹn lại một lần, chậm nhất một ngày làm việc trước hạn (mẫu 04)."),
            _extend,
            (
                Control("until", "choice", gettext_lazy("Hẹn lại đến"), required=True, options=_times),
                REASON,
                NOTE,
            ),
            extending.REASONS,
            fits=_to_extend,
            adds=_how_late,
            confirms=_apologised,
        ),
        Deed(
            "deliver",
            gettext_lazy("Trả kết quả"),
            gettext_lazy("Kết quả đã tới tay người nhận, hoặc đã gửi bưu chính."),
            _deliver,
            (
                Control(
                    "way", "answer", gettext_lazy("Trả bằng cách nào"), required=True, options=lambda case: _ways()
                ),
                Control("receiver", "line", gettext_lazy("Ai nhận, hoặc số vận đơn"), required=True, most=120),
                Control("note", "note", gettext_lazy("Ghi thêm")),
            ),
            fits=_to_give_out,
            many=True,
        ),
    )
}


def _ways() -> Choices:
    return [("counter", _("Tại quầy")), ("post", _("Qua bưu chính"))]
