"""The one-stop's forms of Circular 03/2025/TT-VPCP, Annex I: 01 receipt, 02 supplement, 03 refusal, 05 stop.

A form is a fact about an act: it exists as soon as the act does, and says what the act said.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.utils import translation

from lienthong.casework import words
from lienthong.casework.paper_facts import Case, common
from lienthong.catalogue.messages import MESSAGES
from lienthong.catalogue.shapes import Service
from lienthong.documents.wording import moment
from lienthong.registers.wording import shown

FORMS: Final = {
    "receive": "form-01", "supplement": "form-02", "refuse": "form-03", "stop": "form-05", "withdraw": "form-05",
}  # fmt: skip
_CHANNELS: Final = {"online": "đã nộp trực tuyến", "counter": "đã nộp tại quầy", "helper": "đã nộp qua người giúp"}
_ELECTRONIC: Final = "Cổng Dịch vụ công quốc gia (bản điện tử)"


def of_form(case: Case, name: str) -> dict[str, Any]:
    """The facts of a form about `case.act`."""
    with translation.override("vi"):
        return {**common(case, at_desk=True), "form": _MAKERS[name](case)}


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
        "book": f"{case.act.at:%Y}",
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
    "form-01": _receipt, "form-02": _supplement, "form-03": _refusal, "form-05": _stop,
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
    attached = [(_label(case, paper["kind"]), "Bản chụp") for paper in case.content.attachments]
    return [(f"Tờ khai điện tử: {_lowered(case.service.card.name.vi)}", "Dữ liệu"), *signed, *attached]


def _limit(service: Service) -> str:
    limit = service.card.limit
    text = f"{limit.hours} giờ" if limit.hours else f"{limit.working_days:02d} ngày làm việc"
    return f"{text} ({limit.verified_days:02d} ngày nếu phải xác minh)" if limit.verified_days else text


def _delivery(case: Case) -> str:
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
