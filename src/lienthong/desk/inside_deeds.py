"""Deeds inside the agency: whose desk a dossier lies on, and notes for each other. The citizen hears of none."""

from collections.abc import Mapping
from typing import Final

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.casework import dossiers, holding, notes, opinions, words
from lienthong.casework.consulting import Question
from lienthong.casework.desks import holds
from lienthong.casework.dossiers import Dossier
from lienthong.desk import pages
from lienthong.desk.deeds import Case, Choices, Control, Deed, Text, Typed
from lienthong.exchange.node import Node
from lienthong.identity import officers
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx


def sign_of(number: str) -> str:
    """What stands for a colleague in a page: nobody's number is written there."""
    return salted_hmac("lienthong.desk.colleague", number, algorithm="sha256").hexdigest()[:20]


def colleagues(tx: Tx, officer: Officer, dossier: Dossier) -> Choices:
    """Who else could do the step: signs and names of those in its post today."""
    state, desk = dossier.state, dossier.desk
    if not state.role or not holds(officer, state.role, dossier):
        return []
    found = officers.colleagues(tx, state.role, desk, clock.today(), but=officer.number)
    return [(sign_of(number), name) for number, name in found]


def _hand_over(node: Node, tx: Tx, code: str, officer: Officer, typed: Typed) -> Dossier:
    found = dossiers.load(tx, code, lock=True)
    if found is None:
        raise LookupError(code)
    able = officers.colleagues(tx, found.state.role, found.desk, clock.today(), but=officer.number)
    to = next((number for number, _name in able if sign_of(number) == typed["to"]), "")
    return holding.hand_over(node, tx, code, officer, to, typed["note"])


def _note(node: Node, tx: Tx, code: str, officer: Officer, typed: Typed) -> Dossier:
    """Raises LookupError, PermissionError, ValueError."""
    found = dossiers.load(tx, code)
    if found is None:
        raise LookupError(code)
    service = node.catalogue.shown(found.identity.service, found.identity.revision)
    if not pages.may_see(officer, found, service):
        raise PermissionError(code)
    roles = pages.roles_in(service)
    role = next((post.role for post in officer.posts if post.role in roles), "")
    notes.add(tx, found, officer, role, typed["note"])
    return found


def _theirs(case: Case, officer: Officer) -> bool:
    return case.step is not None and pages.may_act(officer, case.dossier, case.step)


def _to_take(case: Case, officer: Officer) -> bool:
    return _theirs(case, officer) and not _has(case, officer)


def _has(case: Case, officer: Officer) -> bool:
    state = case.dossier.state
    return state.holder == officer.number and state.held_until is not None and state.held_until > clock.now()


def _nobody_else(case: Case) -> str:
    return "" if case.colleagues else _("Hôm nay không có đồng nghiệp nào khác ở việc này.")


def _consult(node: Node, tx: Tx, code: str, officer: Officer, typed: Typed) -> Dossier:
    role, _slash, unit = typed["whom"].partition("/")
    question = Question(role, typed["question"], int(typed["days"]), unit, typed["silence"])
    return opinions.ask(node, tx, code, officer, [question])


def _to_consult(case: Case, officer: Officer) -> bool:
    return _theirs(case, officer) and case.step is not None and case.step.verb in ("check", "decide")


def _whom(case: Case) -> Choices:
    """Every post that somebody holds today at this agency: the dossier's own unit first."""
    named = [
        (f"{role}/{unit}", f"{words.role_name(role)}, {pages.place(case.node, unit)}") for role, unit in case.posts
    ]
    return sorted(named, key=lambda one: (not one[0].endswith(f"/{case.dossier.desk}"), one[1]))


SILENCE: Final[Mapping[str, Text]] = {
    "without": gettext_lazy("Quá hạn mà không trả lời thì giải quyết tiếp, không có ý kiến ấy"),
    "agreed": gettext_lazy("Quá hạn mà không trả lời thì coi như đồng ý"),
    "escalate": gettext_lazy("Quá hạn mà không trả lời thì hồ sơ vẫn chờ, việc lên người đứng đầu nơi được hỏi"),
}
_DAYS: Final = ("1", "2", "3", "5", "7", "10", "15")

INSIDE: Final[Mapping[str, Deed]] = {
    deed.verb: deed
    for deed in (
        Deed(
            "take",
            gettext_lazy("Nhận việc"),
            gettext_lazy("Hồ sơ ở bàn bạn đến hết ngày làm việc kế tiếp; đồng nghiệp thấy bạn đang giữ."),
            lambda node, tx, code, officer, _typed: holding.take(node, tx, code, officer),
            fits=_to_take,
            part="desk",
            stays=True,
            many=True,
        ),
        Deed(
            "release",
            gettext_lazy("Trả lại hàng chờ chung"),
            gettext_lazy("Đồng nghiệp cùng việc nhận được ngay."),
            lambda node, tx, code, officer, _typed: holding.release(node, tx, code, officer),
            fits=lambda case, officer: _theirs(case, officer) and _has(case, officer),
            part="desk",
            many=True,
        ),
        Deed(
            "hand_over",
            gettext_lazy("Chuyển cho đồng nghiệp"),
            gettext_lazy("Người cùng việc, cùng đơn vị giữ tiếp đến hết ngày làm việc kế tiếp."),
            _hand_over,
            (
                Control(
                    "to", "choice", gettext_lazy("Chuyển cho"), required=True, options=lambda case: case.colleagues
                ),
                Control("note", "note", gettext_lazy("Lời nhắn cho đồng nghiệp")),
            ),
            fits=_theirs,
            forbids=_nobody_else,
            part="desk",
            many=True,
        ),
        Deed(
            "note",
            gettext_lazy("Ghi chú"),
            gettext_lazy("Chỉ cán bộ thấy; không gửi cho người dân."),
            _note,
            (Control("note", "note", gettext_lazy("Ghi chú nội bộ"), required=True, most=notes.LONGEST),),
            fits=lambda case, officer: True,
            part="notes",
            stays=True,
            many=True,
        ),
        Deed(
            "consult",
            gettext_lazy("Hỏi ý kiến"),
            gettext_lazy("Hồ sơ chờ câu trả lời; đồng hồ của hồ sơ vẫn chạy."),
            _consult,
            (
                Control("whom", "choice", gettext_lazy("Hỏi ai"), required=True, options=_whom),
                Control("question", "note", gettext_lazy("Câu hỏi"), required=True, most=1000),
                Control(
                    "days",
                    "choice",
                    gettext_lazy("Trả lời trong mấy ngày làm việc"),
                    required=True,
                    options=lambda case: [(day, day) for day in _DAYS],
                ),
                Control(
                    "silence",
                    "answer",
                    gettext_lazy("Nếu không trả lời"),
                    required=True,
                    options=lambda case: [(name, str(label)) for name, label in SILENCE.items()],
                ),
            ),
            fits=_to_consult,
            part="opinions",
            stays=True,
        ),
    )
}
