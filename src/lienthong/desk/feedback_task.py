"""The task of feedback: what a person says about a step of their dossier, each way of answering with its limit."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.casework import dossiers, feedback, words
from lienthong.casework.feedback import Feedback
from lienthong.casework.states import NotPossible
from lienthong.casework.tasks import Task
from lienthong.desk import pages
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.kit.web.templatetags.vietnam import moment

ANSWERS: Final = ("answer", "answer_public", "accept", "supplement", "transfer", "refuse")
PUBLISHING: Final = ("publish", "keep")
WITH_WORDS: Final = frozenset({"answer", "answer_public", "supplement", "transfer", "refuse", "publish", "keep"})
_LIMITED: Final[Mapping[str, str | Promise]] = {
    "refuse": gettext_lazy("Chuyển hoặc không xử lý trước"),
    "supplement": gettext_lazy("Hỏi thêm trước"),
    "answer": gettext_lazy("Trả lời trước"),
}
_DONE: Final[Mapping[str, str | Promise]] = {
    "accept": gettext_lazy("nhận xử lý"),
    "supplement": gettext_lazy("hỏi thêm"),
    "supply": gettext_lazy("người dân bổ sung"),
    "transfer": gettext_lazy("chuyển đến"),
    "answer": gettext_lazy("trả lời"),
    "refuse": gettext_lazy("không xử lý"),
}


def answers(task: Task) -> tuple[str, ...]:
    return PUBLISHING if task.detail.get("turn") == "publish" else ANSWERS


def facts(node: Node, tx: Tx, task: Task) -> list[tuple[str, Any]]:
    """What was said, about what, and by when each answer is to be given."""
    found = feedback.load(tx, str(task.detail["feedback"]))
    assert found is not None, "feedback stays"
    rows: list[tuple[str, Any]] = [
        (_("Nội dung"), found.text),
        (_("Về bước"), _step(node, tx, found) or _("cả phần việc này")),
        (_("Quy định của bước"), words.cited(found.rule)),
        (_("Nhận lúc"), moment(found.received_at)),
    ]
    if task.detail.get("turn") != "publish":
        rows += [(str(label), _limit(node, found, verb)) for verb, label in _LIMITED.items()]
    else:
        rows.append((_("Công khai trước"), moment(task.due) if task.due else ""))
    rows += [(moment(act.at), _told(node, act)) for act in feedback.history(tx, found.id) if act.verb in _DONE]
    return rows


def _step(node: Node, tx: Tx, found: Feedback) -> str:
    dossier = dossiers.load(tx, found.dossier)
    if not found.step or dossier is None:
        return ""
    process = node.catalogue.shown(dossier.identity.service, dossier.identity.revision).process
    return next((one.name.in_language(pages.language()) for one in process.steps if one.step == found.step), found.step)


def _limit(node: Node, found: Feedback, verb: str) -> str:
    until = feedback.until(node, found, verb)
    if until is None:
        return ""
    late = f" ({_('đã quá hạn')})" if until < clock.now() else ""
    return f"{moment(until)}{late}"


def _told(node: Node, act: Any) -> str:
    whom = pages.place(node, act.unit) if act.verb == "transfer" else ""
    late = f" ({_('quá hạn')})" if act.until and act.at > act.until else ""
    said = " ".join(part for part in (act.by_whom, str(_DONE[act.verb]), whom) if part)
    return f"{said}{late}: {act.text}" if act.text else f"{said}{late}"


def controls(node: Node, tx: Tx, task: Task) -> list[tuple[str, str, str, list[tuple[str, str]]]]:
    """The questions beside the answer and its words: name, kind, label, choices."""
    if task.detail.get("turn") == "publish":
        return [("question", "note", _("Câu hỏi, bằng lời không nêu tên ai"), [])]
    found = feedback.load(tx, str(task.detail["feedback"]))
    units = feedback.units(tx, found, task.role) if found and found.unit else []
    choices = [(unit, pages.place(node, unit)) for unit in units]
    return [("unit", "choice", _("Nơi có thẩm quyền (khi chuyển)"), choices)] if choices else []


def proposed(tx: Tx, task: Task) -> dict[str, str]:
    """What a publication begins with: the words as they are, to be rid of names."""
    if task.detail.get("turn") != "publish":
        return {}
    found = feedback.load(tx, str(task.detail["feedback"]))
    text = found.text if found else ""
    return {"answer": "publish", "question": text, "note": str(task.detail.get("proposed", ""))}


def problems(sent: Mapping[str, str]) -> dict[str, str]:
    """What is missing beside the words, by control."""
    needed = {"transfer": "unit", "publish": "question"}.get(sent.get("answer", ""), "")
    return {needed: "required"} if needed and not sent.get(needed, "").strip() else {}


def answer(node: Node, tx: Tx, task: str, officer: Officer, sent: Mapping[str, str], note: str) -> None:
    """Raises tasks.Ended, LookupError, PermissionError, NotPossible; envelopes.Refused never."""
    about = (node, tx, task, officer)
    match sent["answer"]:
        case "accept":
            feedback.accept(*about)
        case "supplement":
            feedback.supplement(*about, note)
        case "transfer":
            _transfer(node, tx, task, officer, sent["unit"], note)
        case "refuse":
            feedback.refuse(*about, note)
        case "publish":
            feedback.publish(*about, sent["question"], note)
        case "keep":
            feedback.keep(*about, note)
        case chosen:
            feedback.answer(*about, note, general=chosen == "answer_public")


def _transfer(node: Node, tx: Tx, task: str, officer: Officer, unit: str, note: str) -> None:
    try:
        feedback.transfer(node, tx, task, officer, unit, note)
    except ValueError as nobody:  # a unit that lost its head since the page was shown
        raise NotPossible(str(nobody)) from nobody
