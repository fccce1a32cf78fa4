"""What an officer can do with a dossier: the table of deeds, and what of it one officer is offered now.

Every deed has one shape (`deeds.Deed`): a verb of casework, the words on its button, the controls of its form, the
closed list of its reasons, when it is offered, and what it calls in `casework`. What a step asks for stands here; what
happens on a dossier's way in `way_deeds`, inside the agency in `inside_deeds`.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import chain
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.casework import dossiers, handoff, journey, limits, pauses, revisions, words
from lienthong.casework.acts import MOST_SUPPLEMENTS
from lienthong.casework.desks import holds
from lienthong.casework.dossiers import Dossier
from lienthong.casework.pauses import Item
from lienthong.casework.states import RETURNED
from lienthong.catalogue.shapes import Form, Service
from lienthong.desk import pages, phrases
from lienthong.desk.deeds import NOTE, REASON, Case, Control, Deed, Offer, Typed, reasoned
from lienthong.desk.inside_deeds import INSIDE
from lienthong.desk.way_deeds import ON_THE_WAY
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.kit.web.templatetags.vietnam import moment

PHRASE: Final = Control(phrases.ASKED, "choice", gettext_lazy("Câu mẫu của đơn vị"))
GROUNDS: Final = Control(
    "grounds",
    "note",
    gettext_lazy("Căn cứ xác nhận là trẻ khác"),
    gettext_lazy("Ghi vào sổ cùng bản đăng ký, ví dụ số biên bản xác minh. Không có căn cứ thì sổ không ghi."),
    required=True,
    most=200,
)


def _supplement(node: Node, tx: Tx, code: str, officer: Officer, typed: Typed) -> Dossier:
    terms, form = node.catalogue.terms, _form_of(node, tx, code)
    items = [
        Item(paper=name) if terms[form.fields[name].term].type == "paper" else Item(field=name)
        for name in typed["fields"]
    ]
    items += [Item(paper=paper) for paper in typed["papers"]]
    phone = _("điện thoại người hướng dẫn %(phone)s") % {"phone": typed["phone"]} if typed["phone"] else ""
    return pauses.supplement(node, tx, code, officer, items, reasoned({**typed, "phone": phone}))


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
    return revisions.annul(node, tx, code, officer, decision, reasoned(typed))


APPEAL: Final = gettext_lazy(
    "Không đồng ý với việc này, bạn có quyền khiếu nại trong 90 ngày (Luật Khiếu nại, Điều 9) hoặc khởi kiện tại Tòa án"
    " trong 1 năm (Luật Tố tụng hành chính, Điều 116)."
)


def _promise(case: Case) -> str:
    told = _("Giấy hẹn sẽ ghi: trả kết quả trước %(at)s. Căn cứ: %(rule)s.")
    due = limits.promised(case.node, case.service, clock.now(), case.dossier.identity.unit)
    return told % {"at": moment(due), "rule": words.cited(case.service.card.limit.rule)}


def _until(case: Case) -> str:
    until = limits.counted(limits.competent(case.node, case.dossier).due, clock.now(), limits.SUPPLEMENT_DAYS)
    told = _("Người nộp có %(days)s ngày làm việc, đến %(until)s; quá hạn thì hồ sơ dừng. Trong lúc chờ, đồng hồ dừng.")
    once_more = _("Đây là lần thứ hai: luật chỉ cho một lần, nên hồ sơ bị tính là chậm.")
    parts = [told % {"days": limits.SUPPLEMENT_DAYS, "until": moment(until)}]
    return " ".join([once_more, *parts] if case.dossier.state.supplements else parts)


def _longer(case: Case) -> str:
    return _("Hạn mới: %(days)s ngày làm việc.") % {"days": case.service.card.limit.verified_days}


def _appeal(case: Case) -> str:
    return _("Người nộp sẽ đọc: «%(appeal)s»") % {"appeal": APPEAL}


def _annullable(case: Case, officer: Officer) -> bool:
    state = case.dossier.state
    stands = state.waiting == "" and state.status == RETURNED and not case.service.branches
    return stands and holds(officer, _deciding_role(case.service), case.dossier)


def _deciding_role(service: Service) -> str:
    return next((step.role for step in service.process.steps if step.verb == "decide"), "")


def _theirs(case: Case, officer: Officer) -> bool:
    """Whether it is just this officer's turn."""
    return case.step is not None and pages.may_act(officer, case.dossier, case.step)


def _judged(case: Case, officer: Officer) -> bool:
    return case.step is not None and case.step.verb in ("check", "decide") and _theirs(case, officer)


def _to_verify(case: Case, officer: Officer) -> bool:
    longer = case.service.card.limit.verified_days
    return _judged(case, officer) and bool(longer) and not case.dossier.state.verified


def _has_one_before(case: Case, officer: Officer) -> bool:
    """Whether there is a step to return to: one after the reception and before this one."""
    judging = [step.step for step in case.service.process.steps if step.verb in ("check", "decide")]
    return _judged(case, officer) and judging[0] != case.dossier.state.step


def _disputable(case: Case, officer: Officer) -> bool:
    return _judged(case, officer) and bool(case.results)


def _asked_before(case: Case) -> str:
    if case.dossier.state.supplements < MOST_SUPPLEMENTS:
        return ""
    return _("Đã yêu cầu bổ sung hai lần. Giờ chỉ còn giải quyết hoặc từ chối.")


def _annulled_with_it(case: Case) -> list[str]:
    """What follows an annulment: the record is withdrawn, and with it what other agencies decided because of it."""
    service, language = case.service, pages.language()
    registers = [step.register for step in service.process.steps if step.register]
    names = [case.node.catalogue.registers[name].name.in_language(language) for name in registers]
    told = [_("Bản ghi trong %(register)s bị hủy; lịch sử vẫn giữ.") % {"register": name} for name in names]
    told.append(_("Giấy tờ kết quả đã cấp không còn giá trị; ai quét mã QR sẽ thấy điều đó."))
    told.append(_("Mọi kết quả cấp sau dựa trên kết quả này được cơ quan đã cấp hủy theo, mỗi nơi bằng việc của mình."))
    told.append(_("Người nộp được báo ngay, kèm số quyết định và lý do. Không làm lại được bằng nút này."))
    return told


def _not_arrived(case: Case) -> str:
    """An attachment that did not arrive is not passed by."""
    if not case.missing:
        return ""
    told = _("Chưa làm được: giấy tờ đã nộp chưa về tới nơi. %(what)s. Máy tự hỏi lại; khi về đủ, nút này mở.")
    return told % {"what": "; ".join(case.missing)}


_OF_STEPS: Final[Mapping[str, Deed]] = {
    deed.verb: deed
    for deed in (
        Deed(
            "receive",
            gettext_lazy("Tiếp nhận, gửi giấy hẹn"),
            gettext_lazy("Hồ sơ đủ thì cấp giấy tiếp nhận và hẹn trả kết quả (mẫu 01)."),
            lambda node, tx, code, officer, _typed: journey.receive_dossier(node, tx, code, officer),
            adds=_promise,
            forbids=_not_arrived,
            many=True,
        ),
        Deed(
            "check",
            gettext_lazy("Hợp lệ, chuyển ký"),
            gettext_lazy("Hồ sơ đủ và đúng thì chuyển tới người ký."),
            lambda node, tx, code, officer, _typed: journey.check(node, tx, code, officer),
            forbids=_not_arrived,
            many=True,
        ),
        Deed(
            "decide",
            gettext_lazy("Ký quyết định"),
            gettext_lazy("Ký rồi, việc ghi sổ, lấy số và chuyển kết quả tự chạy."),
            lambda node, tx, code, officer, typed: journey.decide(node, tx, code, officer, typed.get("grounds", "")),
            forbids=_not_arrived,
            many=True,
        ),
        Deed(
            "supplement",
            gettext_lazy("Yêu cầu bổ sung"),
            gettext_lazy("Chỉ được yêu cầu một lần, nên hãy nêu đủ mọi thứ còn thiếu (mẫu 02)."),
            _supplement,
            (
                REASON,
                Control("fields", "fields", gettext_lazy("Mục cần khai lại")),
                Control(
                    "papers",
                    "lines",
                    gettext_lazy("Giấy tờ cần nộp thêm"),
                    gettext_lazy("Mỗi dòng một giấy tờ. Không đòi giấy tờ mà Nhà nước đã có dữ liệu."),
                ),
                NOTE,
                Control("phone", "line", gettext_lazy("Điện thoại người hướng dẫn"), most=20),
            ),
            ("missing-value", "unclear-value", "missing-paper", "unreadable-paper", "mismatch"),
            fits=_theirs,
            adds=_until,
            forbids=_asked_before,
        ),
        Deed(
            "verify",
            gettext_lazy("Cần xác minh"),
            gettext_lazy("Hạn giải quyết kéo dài theo luật khi phải xác minh."),
            lambda node, tx, code, officer, typed: pauses.verify(node, tx, code, officer, reasoned(typed)),
            (REASON, NOTE),
            ("verify-residence", "verify-paper", "verify-statement"),
            fits=_to_verify,
            adds=_longer,
        ),
        Deed(
            "return",
            gettext_lazy("Trả lại bước trước"),
            gettext_lazy("Hồ sơ về lại bước kiểm tra, kèm lý do."),
            lambda node, tx, code, officer, typed: journey.send_back(node, tx, code, officer, reasoned(typed)),
            (REASON, Control("note", "note", gettext_lazy("Nói rõ cho đồng nghiệp"))),
            ("look-again", "mismatch", "unclear-evidence"),
            fits=_has_one_before,
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
            fits=_disputable,
        ),
        Deed(
            "refuse",
            gettext_lazy("Từ chối"),
            gettext_lazy("Hồ sơ kết thúc. Người nộp nhận ngay phiếu từ chối (mẫu 03) với lý do và quyền khiếu nại."),
            lambda node, tx, code, officer, typed: journey.refuse(node, tx, code, officer, reasoned(typed)),
            (REASON, NOTE),
            ("not-entitled", "mismatch", "registered-before", "not-competent", "false-statement", "withdrawn"),
            fits=_theirs,
            adds=_appeal,
        ),
        Deed(
            "annul",
            gettext_lazy("Hủy kết quả đã cấp"),
            gettext_lazy("Chỉ theo quyết định hủy của người có thẩm quyền."),
            _annul,
            (
                Control("decision", "line", gettext_lazy("Số quyết định"), required=True, most=60),
                Control("decided_on", "day", gettext_lazy("Ngày quyết định"), required=True),
                REASON,
                NOTE,
            ),
            ("annul-competence", "annul-false", "annul-subject", "annul-court"),
            confirms=_annulled_with_it,
            fits=_annullable,
        ),
    )
}
DEEDS: Final[Mapping[str, Deed]] = {**_OF_STEPS, **ON_THE_WAY, **INSIDE}
SINGLE: Final = ("receive", "check", "decide")  # one button, nothing to fill in but a doubted decision's grounds


def offers(case: Case, officer: Officer) -> list[Offer]:
    """What this officer can do now, the next act first; empty when it is nobody's or somebody else's turn."""
    return [_offer(case, deed_for(case, verb)) for verb in possible(case, officer)]


def possible(case: Case, officer: Officer, among: Collection[str] = DEEDS) -> list[str]:
    """The verbs of DEEDS that fit, the step's own first; only those `among` which are looked at."""
    if case.service.revision != case.dossier.identity.revision:
        return []
    own = [case.step.verb] if case.step and _theirs(case, officer) and case.step.verb in DEEDS else []
    if handoff.of(case.service, case.dossier):
        own = []  # it ends with what the ministry's system gives
    return [*own, *(verb for verb in among if verb not in own and DEEDS[verb].fits(case, officer))]


def deed_for(case: Case, verb: str) -> Deed:
    """A deed with what it asks about just this dossier: grounds where the register is in doubt, the unit's phrases."""
    deed = DEEDS[verb]
    if verb == "decide" and case.doubted:
        return replace(deed, controls=(GROUNDS,))
    if case.phrases.get(verb) and deed.reasons:
        controls = [(PHRASE, control) if control.name == "note" else (control,) for control in deed.controls]
        return replace(deed, controls=tuple(chain.from_iterable(controls)))
    return deed


def _offer(case: Case, deed: Deed) -> Offer:
    return Offer(deed, " ".join(part for part in (str(deed.text), deed.adds(case)) if part), deed.forbids(case))
