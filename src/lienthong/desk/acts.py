"""What an officer can do with a dossier: a table of deeds, what each asks, and when it is offered.

Every deed has one shape: a verb of casework, the words on its button, the controls of its form, the closed list of its
reasons, and what it calls in `casework`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.casework import dossiers, journey, limits, pauses, revisions, words
from lienthong.casework.dossiers import Dossier
from lienthong.casework.pauses import Item
from lienthong.catalogue import forms
from lienthong.catalogue.shapes import Field, Form, Service, Step
from lienthong.desk import pages
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.kit.web.templatetags.vietnam import moment

Text = str | Promise
Typed = Mapping[str, Any]
Perform = Callable[[Node, Tx, str, Officer, Typed], Dossier]


@dataclass(frozen=True)
class Control:
    """One question of a deed's form. kind: reason, line, lines, note, day, fields (several of the form's), result (a
    value of an earlier result)."""

    name: str
    kind: str
    label: Text
    help: Text = ""
    required: bool = False
    most: int = 500


@dataclass(frozen=True)
class Deed:
    """`confirms`: the officer is shown what follows and asked once more."""

    verb: str
    label: Text
    text: Text
    perform: Perform
    controls: tuple[Control, ...] = ()
    reasons: tuple[str, ...] = ()
    confirms: bool = False


@dataclass(frozen=True)
class Case:
    """A dossier at hand: what was declared, and what earlier branches handed on (`results` maps `branch.field` to its
    label and value). `doubted`: the register takes it for one it has, unless the decision says on which grounds not."""

    node: Node
    dossier: Dossier
    service: Service
    declared: Mapping[str, Any]
    results: Mapping[str, tuple[str, str]]
    doubted: bool = False

    @property
    def fields(self) -> dict[str, Field]:
        """The form's fields that what was declared asks for."""
        return {name: spec for name, spec in self.service.form.fields.items() if forms.applies(spec, self.declared)}

    @property
    def step(self) -> Step | None:
        return pages.step_of(self.service, self.dossier)


@dataclass(frozen=True)
class Offer:
    """A deed as offered to one officer; `why_not` says why one that exists cannot be taken."""

    deed: Deed
    text: str
    why_not: str = ""


_REASON: Final = Control("reason", "reason", gettext_lazy("Lý do"), required=True)
_NOTE: Final = Control("note", "note", gettext_lazy("Nói rõ cho người dân"))
GROUNDS: Final = Control(
    "grounds",
    "note",
    gettext_lazy("Căn cứ xác nhận là trẻ khác"),
    gettext_lazy("Ghi vào sổ cùng bản đăng ký, ví dụ số biên bản xác minh. Không có căn cứ thì sổ không ghi."),
    required=True,
    most=200,
)


def _reasoned(typed: Typed) -> str:
    """The code of the reason, and what the officer added."""
    added = "; ".join(part for part in (typed.get("note"), typed.get("phone")) if part)
    return f"{typed['reason']}: {added}" if added else str(typed["reason"])


def _supplement(node: Node, tx: Tx, code: str, officer: Officer, typed: Typed) -> Dossier:
    terms, form = node.catalogue.terms, _form_of(node, tx, code)
    items = [
        Item(paper=name) if terms[form.fields[name].term].type == "paper" else Item(field=name)
        for name in typed["fields"]
    ]
    items += [Item(paper=paper) for paper in typed["papers"]]
    phone = _("điện thoại người hướng dẫn %(phone)s") % {"phone": typed["phone"]} if typed["phone"] else ""
    return pauses.supplement(node, tx, code, officer, items, _reasoned({**typed, "phone": phone}))


def _form_of(node: Node, tx: Tx, code: str) -> Form:
    """Raises LookupError when there is no such dossier."""
    dossier = dossiers.load(tx, code)
    if dossier is None:
        raise LookupError(code)
    return node.catalogue.service(dossier.identity.service, dossier.identity.revision).form


def _dispute(node: Node, tx: Tx, code: str, officer: Officer, typed: Typed) -> Dossier:
    branch, _dot, field = typed["value"].partition(".")
    return pauses.dispute(node, tx, code, officer, branch, field, typed["says"], typed["note"])


def _annul(node: Node, tx: Tx, code: str, officer: Officer, typed: Typed) -> Dossier:
    decision = f"{typed['decision']} ({typed['decided_on']})"
    return revisions.annul(node, tx, code, officer, decision, _reasoned(typed))


DEEDS: Final[Mapping[str, Deed]] = {
    deed.verb: deed
    for deed in (
        Deed(
            "receive",
            gettext_lazy("Tiếp nhận, gửi giấy hẹn"),
            gettext_lazy("Hồ sơ đủ thì cấp giấy tiếp nhận và hẹn trả kết quả (mẫu 01)."),
            lambda node, tx, code, officer, _typed: journey.receive_dossier(node, tx, code, officer),
        ),
        Deed(
            "check",
            gettext_lazy("Hợp lệ, chuyển ký"),
            gettext_lazy("Hồ sơ đủ và đúng thì chuyển tới người ký."),
            lambda node, tx, code, officer, _typed: journey.check(node, tx, code, officer),
        ),
        Deed(
            "decide",
            gettext_lazy("Ký quyết định"),
            gettext_lazy("Ký rồi, việc ghi sổ, lấy số và chuyển kết quả tự chạy."),
            lambda node, tx, code, officer, typed: journey.decide(node, tx, code, officer, typed.get("grounds", "")),
        ),
        Deed(
            "supplement",
            gettext_lazy("Yêu cầu bổ sung"),
            gettext_lazy("Chỉ được yêu cầu một lần, nên hãy nêu đủ mọi thứ còn thiếu (mẫu 02)."),
            _supplement,
            (
                _REASON,
                Control("fields", "fields", gettext_lazy("Mục cần khai lại")),
                Control(
                    "papers",
                    "lines",
                    gettext_lazy("Giấy tờ cần nộp thêm"),
                    gettext_lazy("Mỗi dòng một giấy tờ. Không đòi giấy tờ mà Nhà nước đã có dữ liệu."),
                ),
                _NOTE,
                Control("phone", "line", gettext_lazy("Điện thoại người hướng dẫn"), most=20),
            ),
            ("missing-value", "unclear-value", "missing-paper", "unreadable-paper", "mismatch"),
        ),
        Deed(
            "verify",
            gettext_lazy("Cần xác minh"),
            gettext_lazy("Hạn giải quyết kéo dài theo luật khi phải xác minh."),
            lambda node, tx, code, officer, typed: pauses.verify(node, tx, code, officer, _reasoned(typed)),
            (_REASON, _NOTE),
            ("verify-residence", "verify-paper", "verify-statement"),
        ),
        Deed(
            "return",
            gettext_lazy("Trả lại bước trước"),
            gettext_lazy("Hồ sơ về lại bước kiểm tra, kèm lý do."),
            lambda node, tx, code, officer, typed: journey.send_back(node, tx, code, officer, _reasoned(typed)),
            (_REASON, Control("note", "note", gettext_lazy("Nói rõ cho đồng nghiệp"))),
            ("look-again", "mismatch", "unclear-evidence"),
        ),
        Deed(
            "dispute",
            gettext_lazy("Báo kết quả trước bị sai"),
            gettext_lazy("Cơ quan đã cấp kết quả kiểm tra và sửa; hồ sơ này chờ, đồng hồ dừng."),
            _dispute,
            (
                Control("value", "result", gettext_lazy("Thông tin sai"), required=True),
                Control("says", "line", gettext_lazy("Giá trị đúng"), required=True, most=200),
                Control("note", "note", gettext_lazy("Căn cứ"), required=True),
            ),
        ),
        Deed(
            "refuse",
            gettext_lazy("Từ chối"),
            gettext_lazy("Hồ sơ kết thúc. Người nộp nhận ngay phiếu từ chối (mẫu 03) với lý do và quyền khiếu nại."),
            lambda node, tx, code, officer, typed: journey.refuse(node, tx, code, officer, _reasoned(typed)),
            (_REASON, _NOTE),
            ("not-entitled", "mismatch", "registered-before", "not-competent", "false-statement", "withdrawn"),
        ),
        Deed(
            "annul",
            gettext_lazy("Hủy kết quả đã cấp"),
            gettext_lazy("Chỉ theo quyết định hủy của người có thẩm quyền."),
            _annul,
            (
                Control("decision", "line", gettext_lazy("Số quyết định"), required=True, most=60),
                Control("decided_on", "day", gettext_lazy("Ngày quyết định"), required=True),
                _REASON,
                _NOTE,
            ),
            ("annul-competence", "annul-false", "annul-subject", "annul-court"),
            confirms=True,
        ),
    )
}
SINGLE: Final = ("receive", "check", "decide")  # one button, nothing to fill in but a doubted decision's grounds
APPEAL: Final = gettext_lazy(
    "Không đồng ý với việc này, bạn có quyền khiếu nại trong 90 ngày (Luật Khiếu nại, Điều 9) hoặc khởi kiện tại Tòa án"
    " trong 1 năm (Luật Tố tụng hành chính, Điều 116)."
)


def offers(case: Case, officer: Officer) -> list[Offer]:
    """What this officer can do now, the next act first; empty when it is nobody's or somebody else's turn."""
    dossier, service = case.dossier, case.service
    if service.revision != dossier.identity.revision:
        return []
    if _annullable(case) and pages.holds(officer, dossier, _deciding_role(service)):
        return [_offer(case, "annul")]
    if case.step is None or not pages.may_act(officer, dossier, case.step):
        return []
    verbs = [case.step.verb, *(verb for verb, fits in _FITTING.items() if fits(case))]
    return [_offer(case, verb) for verb in verbs]


def deed_for(case: Case, verb: str) -> Deed:
    """A deed with what it asks about just this dossier."""
    deed = DEEDS[verb]
    return replace(deed, controls=(GROUNDS,)) if verb == "decide" and case.doubted else deed


def _offer(case: Case, verb: str) -> Offer:
    deed, more = deed_for(case, verb), _MORE.get(verb)
    if verb == "supplement" and case.dossier.state.supplements:
        why = _("Đã yêu cầu bổ sung một lần. Luật chỉ cho yêu cầu một lần, nên giờ chỉ còn giải quyết hoặc từ chối.")
        return Offer(deed, str(deed.text), why)
    return Offer(deed, f"{deed.text} {more(case)}" if more else str(deed.text))


def _promise(case: Case) -> str:
    told = _("Giấy hẹn sẽ ghi: trả kết quả trước %(at)s. Căn cứ: %(rule)s.")
    due = limits.promised(case.node, case.service, clock.now())
    return told % {"at": moment(due), "rule": words.cited(case.service.card.limit.rule)}


def _until(case: Case) -> str:
    until = case.node.catalogue.calendar.due(clock.now(), limits.SUPPLEMENT_DAYS)
    told = _("Người nộp có %(days)s ngày làm việc, đến %(until)s; quá hạn thì hồ sơ dừng. Trong lúc chờ, đồng hồ dừng.")
    return told % {"days": limits.SUPPLEMENT_DAYS, "until": moment(until)}


def _longer(case: Case) -> str:
    return _("Hạn mới: %(days)s ngày làm việc.") % {"days": case.service.card.limit.verified_days}


def _appeal(case: Case) -> str:
    return _("Người nộp sẽ đọc: «%(appeal)s»") % {"appeal": APPEAL}


# What a deed's text adds about just this dossier.
_MORE: Final[Mapping[str, Callable[[Case], str]]] = {
    "receive": _promise,
    "supplement": _until,
    "verify": _longer,
    "refuse": _appeal,
}


def _annullable(case: Case) -> bool:
    state = case.dossier.state
    return state.waiting == "" and state.status == 10 and not case.service.branches


def _deciding_role(service: Service) -> str:
    return next((step.role for step in service.process.steps if step.verb == "decide"), "")


def _judged(case: Case) -> bool:
    return case.step is not None and case.step.verb in ("check", "decide")


def _has_one_before(case: Case) -> bool:
    """Whether there is a step to return to: one after the reception and before this one."""
    judging = [step.step for step in case.service.process.steps if step.verb in ("check", "decide")]
    return _judged(case) and judging[0] != case.dossier.state.step


_FITTING: Final[Mapping[str, Callable[[Case], bool]]] = {
    "supplement": lambda case: True,
    "verify": lambda case: _judged(case) and bool(case.service.card.limit.verified_days) and not _verified(case),
    "return": _has_one_before,
    "dispute": lambda case: _judged(case) and bool(case.results),
    "refuse": lambda case: True,
}


def _verified(case: Case) -> bool:
    return case.dossier.state.verified


def consequences(case: Case) -> list[str]:
    """What follows an annulment: the record is withdrawn, and with it what other agencies decided because of it."""
    service, language = case.service, pages.language()
    registers = [step.register for step in service.process.steps if step.register]
    names = [case.node.catalogue.registers[name].name.in_language(language) for name in registers]
    told = [_("Bản ghi trong %(register)s bị hủy; lịch sử vẫn giữ.") % {"register": name} for name in names]
    told.append(_("Giấy tờ kết quả đã cấp không còn giá trị; ai quét mã QR sẽ thấy điều đó."))
    told.append(_("Mọi kết quả cấp sau dựa trên kết quả này được cơ quan đã cấp hủy theo, mỗi nơi bằng việc của mình."))
    told.append(_("Người nộp được báo ngay, kèm số quyết định và lý do. Không làm lại được bằng nút này."))
    return told
