"""The one-stop's forms of Circular 03/2025/TT-VPCP, Annex I: 01 receipt, 02 supplement, 03 refusal, 04 apology and
another date, 05 stop, 06 control slip. (07, the register, is a page of the desk.)

A form is a fact about an act: it exists as soon as the act does, and says what the act said. The control slip is about
all of them.
"""

import dataclasses
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.utils import translation

from lienthong.casework import counting, words
from lienthong.casework.handovers import hand_overs
from lienthong.casework.paper_facts import Case, applicant, common, issuer
from lienthong.catalogue.messages import MESSAGES
from lienthong.catalogue.shapes import Service
from lienthong.documents.wording import moment
from lienthong.kit.clock import ZONE
from lienthong.registers.wording import shown

FORMS: Final = {
    "receive": "form-01", "supplement": "form-02", "refuse": "form-03", "extend": "form-04", "stop": "form-05",
    "withdraw": "form-05",
}  # fmt: skip
FORM: Final = "form-"
SLIP: Final = "form-06"  # for the agency alone
_BY_WHO_DECIDES: Final = ("form-04",)
_CHANNELS: Final = {
    "online": "đã nộp trực tuyến", "counter": "đã nộp tại quầy", "post": "đã nộp qua bưu chính",
    "helper": "đã nộp qua người giúp",
}  # fmt: skip
_ELECTRONIC: Final = "Cổng Dịch vụ công quốc gia (bản điện tử)"


def of_form(case: Case, name: str) -> dict[str, Any]:
    """The facts of a form about `case.act`."""
    with translation.override("vi"):
        return {**common(case, at_desk=name not in _BY_WHO_DECIDES), "form": _MAKERS[name](case)}


def _receipt(case: Case) -> dict[str, Any]:
    """Form 01."""
    due = case.act.deadline or case.dossier.state.deadline
    return {
        "components": [{"name": name, "form": kind} for name, kind in _components(case)],
        "limit": _limit(case.service),
        "rule": case.service.card.limit.rule,
        "received": moment(case.act.at),
        "due": moment(due) if due else "",
        "delivery": _delivery(case),
        "sets": "01",
        "book": f"{case.act.at:%Y}",
        "entry": "-".join(case.dossier.identity.code.split("-")[-2:]),
        "submitter": _submitter(case),
        "filed": _CHANNELS.get(case.dossier.identity.channel, _CHANNELS["online"]),
        "automatic": case.act.actor == words.MACHINE,
    }


def _supplement(case: Case) -> dict[str, Any]:
    """Form 02."""
    reason, note = _reason(case.act.reason)
    until = case.act.asks.get("until")
    return {
        "items": [{"what": _item(case, item), "text": item["text"]} for item in case.act.asks.get("items", [])],
        "reason": f"{reason}: {note}" if note else reason,
        "until": moment(datetime.fromisoformat(until)) if until else "",
        "contact": f"{case.act.actor}, {_lowered(words.role_name(case.act.role))}",
    }


def _refusal(case: Case) -> dict[str, Any]:
    """Form 03."""
    reason, note = _reason(case.act.reason)
    return {"reason": reason, "note": note, "rule": case.act.rule, "signs": words.role_name(case.act.role)}


def _extension(case: Case) -> dict[str, Any]:
    """Form 04."""
    reason, note = _reason(case.act.reason)
    received = next((act.at for act in case.acts if act.verb == "receive"), case.dossier.identity.received_at)
    return {
        "desk": issuer(case, at_desk=True)["name"],
        "received": f"{received.astimezone(ZONE):%d/%m/%Y}",
        "before": moment(datetime.fromisoformat(case.act.detail["before"])),
        "until": moment(case.act.deadline) if case.act.deadline else "",
        "reason": reason,
        "note": note,
        "rule": case.act.rule,
        "late": case.act.detail.get("drafted") == "late",
        "signs": words.role_name(case.act.role),
    }


def _slip(case: Case) -> dict[str, Any]:
    """Form 06."""
    state = case.dossier.state
    others = {words.role_name(one.role): None for one in state.opinions.values()}
    lines = hand_overs(case.dossier, case.acts)
    return {
        "lead": issuer(case, at_desk=False)["name"],
        "others": ", ".join(others) or "không",
        "standing": words.standing(state),
        "received": moment(counting.start(case.acts)),
        "due": moment(state.deadline) if state.deadline else "",
        "rows": [{**dataclasses.asdict(line), "at": f"{line.at.astimezone(ZONE):%H:%M %d/%m/%Y}"} for line in lines],
    }


def _stop(case: Case) -> dict[str, Any]:
    """Form 05."""
    reason, note = _reason(case.act.reason)
    steps = {step.step: step.name.vi for step in case.service.process.steps}
    fee = case.service.card.fee
    return {
        "stage": steps.get(case.act.step, ""),
        "at": moment(case.act.at),
        "reason": reason or "Người nộp yêu cầu dừng giải quyết",
        "note": note,
        "rule": case.act.rule or "Nghị định 118/2025/NĐ-CP, Điều 21",
        "finance": "đã thu thì hoàn trả theo quy định." if fee else "hồ sơ này không thu phí, lệ phí.",
    }


_MAKERS: Final[dict[str, Callable[[Case], dict[str, Any]]]] = {
    "form-01": _receipt, "form-02": _supplement, "form-03": _refusal, "form-04": _extension,
    "form-05": _stop, SLIP: _slip,
}  # fmt: skip


def _components(case: Case) -> list[tuple[str, str]]:
    """What the dossier consists of: the declaration, results and data that came signed, papers that were attached."""
    services = case.node.catalogue.services
    signed = [
        (services[slug].card.results[0].vi, "Dữ liệu có ký số")
        for branch, slug in case.service.card.takes.items()
        if branch in case.content.results
    ]
    if case.content.sources:
        signed.append(("Dữ liệu do cơ sở dữ liệu quốc gia cung cấp", "Dữ liệu có ký số"))
    originals = case.content.contact.get("originals", {})
    attached = [(_label(case, paper["kind"]), "Bản chụp") for paper in case.content.attachments]
    attached += [(_label(case, kind), f"Bản giấy, {pages} trang") for kind, pages in originals.items()]
    return [(f"Tờ khai điện tử: {_lowered(case.service.card.name.vi)}", "Dữ liệu"), *signed, *attached]


def _limit(service: Service) -> str:
    limit = service.card.limit
    text = f"{limit.hours} giờ" if limit.hours else f"{limit.working_days:02d} ngày làm việc"
    return f"{text} ({limit.verified_days:02d} ngày nếu phải xác minh)" if limit.verified_days else text


def _submitter(case: Case) -> str:
    """Who handed it in: the one who came for the applicant, where somebody did."""
    who = applicant(case)
    return str((who["helper"] or {}).get("name") or who["name"])


def _delivery(case: Case) -> str:
    """Where the result is received: the counter that was agreed on, or how the form says."""
    if unit := case.content.contact.get("result_at"):
        return "Trung tâm Phục vụ hành chính công " + shown(case.node, case.node.catalogue.terms["unit"], unit, "vi")
    for name, field in case.service.form.fields.items():
        if field.term == "delivery" and case.declared.get(name, "electronic") != "electronic":
            return shown(case.node, case.node.catalogue.terms["delivery"], str(case.declared[name]), "vi")
    return _ELECTRONIC


def _item(case: Case, item: dict[str, str]) -> str:
    named = [_label(case, item[part]) for part in ("field", "paper") if item.get(part)]
    return "; ".join(dict.fromkeys(named))


def _label(case: Case, kind: str) -> str:
    """What a field or a kind of paper is called; one that the form does not know stands for itself."""
    field = case.service.form.fields.get(kind)
    return (field.label or case.node.catalogue.terms[field.term].words).vi if field else kind


def _reason(reason: str) -> tuple[str, str]:
    """A reason's sentence and what the officer added."""
    code, _, note = reason.partition(": ")
    return (str(MESSAGES[code]).rstrip("."), note) if code in MESSAGES else (reason, "")


def _lowered(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"
