"""What the law adds to every process: who else is asked, how a dossier ends without its result, how one is handed out.

A step's officer who cannot go on chooses at one gateway (`aside`) whom to ask; what was asked comes back to the step
that asked (`back`). Withdrawal, a stop from outside and the moved promised time may come at any moment.
"""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _

from lienthong.casework import words
from lienthong.casework.acts import MOST_SUPPLEMENTS
from lienthong.casework.graph import Graph, Lane
from lienthong.catalogue.shapes import Process, Service

# Identifiers with a point are ours: a step's name has none.
START, END, REFUSED, STOPPED = "law.start", "law.finished", "law.refused", "law.stopped"
ASIDE, BACK, COLLECT, CONSENT = "law.aside", "law.back", "law.collect", "law.consents"
SUPPLEMENT, PAYMENT, OPINION, CORRECTION, TRANSIT = (
    "law.supplement", "law.payment", "law.opinion", "law.correction", "law.transit",
)  # fmt: skip
WITHDRAWN, HALTED, EXTENDED = "law.withdrawn", "law.halted", "law.extended"
RULES, CONSENTING, APPLICANT, ASKED, RECEPTION, EARLIER = (
    "law.rules", "law.consenting", "law.applicant", "law.asked", "law.reception", "law.earlier",
)  # fmt: skip
SUPPLEMENT_DAYS: Final = 7


def ask_consents(graph: Graph, process: Process, lane: str, onward: str) -> None:
    """Before the first judgement: whoever must agree is asked."""
    gateway = graph.add("exclusiveGateway", f"{CONSENT}.needed", _("Ai phải đồng ý?"), lane)
    days, held = min(consent.days for consent in process.consents), [("consent", one) for one in process.consents]
    text = _("Trả lời trên định danh điện tử")
    graph.add("userTask", CONSENT, text, CONSENTING, several=True, law=True, holds=tuple(held))
    late = _("%(days)s ngày làm việc không trả lời, hoặc không đồng ý") % {"days": days}
    timer = {"attached_to": CONSENT, "event": "timer", "days": days}
    graph.add("boundaryEvent", f"{CONSENT}.expired", late, CONSENTING, law=True, **timer)
    graph.flow(gateway, CONSENT, _("có người phải đồng ý"), act="ask_consent", most=1, law=True)
    graph.flow(gateway, onward, _("không ai"))
    graph.flow(CONSENT, onward, _("đồng ý"), act="consent", law=True)
    graph.flow(f"{CONSENT}.expired", STOPPED, act="stop", law=True)


def add_law_paths(graph: Graph, service: Service, own: Mapping[str, str], last: str) -> None:
    """The questions, the ends, and what may come at any moment. `own` is where each step by people begins, `last` the
    lane of the last step."""
    graph.lanes[APPLICANT] = Lane(words.role_name("applicant"))
    graph.add("userTask", COLLECT, _("Trả kết quả"), APPLICANT, law=True)
    graph.add("endEvent", END, _("Có kết quả"), last)
    graph.flow(COLLECT, END, act="deliver", law=True)
    _add_questions(graph, service)
    graph.add("exclusiveGateway", BACK, _("Về bước đã hỏi"), APPLICANT, law=True)
    for step, entry in own.items():
        graph.flow(BACK, entry, when=f"$step={step}", law=True)
    graph.add("endEvent", STOPPED, _("Dừng xử lý"), APPLICANT, law=True)
    graph.add("endEvent", REFUSED, _("Bị từ chối"), APPLICANT, law=True)
    _add_events(graph)


def _add_questions(graph: Graph, service: Service) -> None:
    """Whom an officer may ask who cannot go on, and how the answer comes."""
    graph.add("exclusiveGateway", ASIDE, _("Cần gì?"), APPLICANT, law=True)
    _question(graph, SUPPLEMENT, _("Người nộp bổ sung"), "supplement", "supply", _("thiếu giấy tờ"),
              most=MOST_SUPPLEMENTS, days=SUPPLEMENT_DAYS)  # fmt: skip
    _question(graph, PAYMENT, _("Người nộp nộp phí, lệ phí"), "ask_payment", "paid", _("nghĩa vụ tài chính"))
    graph.lanes[ASKED] = Lane(_("Người được hỏi ý kiến"))
    _question(
        graph,
        OPINION,
        _("Cho ý kiến, hoặc im lặng đến hết hạn"),
        "consult",
        "opinion",
        _("cần ý kiến"),
        lane=ASKED,
        several=True,
    )
    if service.card.takes:
        graph.lanes[EARLIER] = Lane(_("Cơ quan đã cấp kết quả trước"))
        _question(graph, CORRECTION, _("Xem lại kết quả trước"), "dispute", "resume", _("kết quả trước có chỗ sai"),
                  lane=EARLIER)  # fmt: skip
    if service.card.placeless:
        graph.lanes[RECEPTION] = Lane(_("Điểm tiếp nhận"))
        text = _("Chuyển hồ sơ đến cơ quan giải quyết")
        _question(graph, TRANSIT, text, "forward", "arrive", _("nộp ở nơi khác"), lane=RECEPTION)
    graph.flow(ASIDE, REFUSED, _("từ chối, nêu lý do"), act="refuse", law=True)


def _question(
    graph: Graph, name: str, text: str, ask: str, answer: str, why: str, *, lane: str = APPLICANT, most: int = 0,
    days: int = 0, several: bool = False,
) -> None:  # fmt: skip
    """Somebody is asked and answers. What the applicant does not bring in time stops the dossier; an opinion's silence
    counts as its answer."""
    graph.add("userTask", name, text, lane, several=several, law=True)
    graph.flow(ASIDE, name, why, act=ask, most=most, law=True)
    graph.flow(name, BACK, act=answer, law=True)
    if name in (SUPPLEMENT, PAYMENT):
        said = _("%(days)s ngày làm việc") % {"days": days} if days else _("Hết hạn nộp")
        late = graph.add("boundaryEvent", f"{name}.expired", said, lane, attached_to=name, event="timer", days=days,
                         law=True)  # fmt: skip
        graph.flow(late, STOPPED, act="stop", law=True)


def _add_events(graph: Graph) -> None:
    """What may come at any moment until there is a result."""
    running = {"event": "message", "when": "$collect=", "law": True}
    graph.add("subProcess", WITHDRAWN, _("Người nộp rút hồ sơ"), APPLICANT, act="withdraw", **running)
    graph.add("subProcess", HALTED, _("Căn cứ không còn, dừng xử lý"), APPLICANT, act="stop", **running)
    graph.add(
        "subProcess", EXTENDED, _("Gia hạn, xin lỗi, một lần (mẫu số 04)"), APPLICANT, act="extend", most=1,
        interrupts=False, **{**running, "event": "timer"},
    )  # fmt: skip
