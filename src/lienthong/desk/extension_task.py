"""The task of another promised time: a drafted apology (form 04), to which who decides adds the reason and signs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.casework import extending, tasks
from lienthong.casework.states import NotPossible
from lienthong.casework.tasks import Task
from lienthong.catalogue.messages import message
from lienthong.desk.deeds import reasoned
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit.storage import Tx
from lienthong.kit.web.templatetags.vietnam import moment

UNTIL: Final[str | Promise] = gettext_lazy("Hẹn lại đến")
Controls = list[tuple[str, str, list[tuple[str, str]]]]


def controls(task: Task) -> Controls:
    """The questions beside the answer and its words: name, label, choices."""
    reasons = [(code, message(code).rstrip(".")) for code in extending.REASONS]
    return [("until", str(UNTIL), _times(task)), ("reason", _("Lý do"), reasons)]


def _times(task: Task) -> list[tuple[str, str]]:
    return [(time, moment(datetime.fromisoformat(time))) for time in task.detail.get("choices", [])]


def proposed(task: Task) -> dict[str, str]:
    return {"until": str(task.detail.get("until", ""))}


def facts(task: Task) -> list[tuple[str, Any]]:
    before = task.detail.get("before")
    return [
        (_("Đã hẹn trả"), moment(datetime.fromisoformat(before)) if before else ""),
        (_("Ký chậm nhất"), moment(task.due)),
        (_("Khi ký"), _("Người nộp nhận ngay văn bản xin lỗi (mẫu 04) với lý do và hạn mới. Chỉ hẹn lại một lần.")),
    ]


def problems(task: Task, sent: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with a signature, by control."""
    allowed = {name: dict(choices) for name, _label, choices in controls(task)}
    wrong = {name: "not-in-list" if sent.get(name) else "required" for name in allowed}
    return {name: problem for name, problem in wrong.items() if sent.get(name) not in allowed[name]}


def sign(node: Node, tx: Tx, task: str, officer: Officer, sent: Mapping[str, str], note: str) -> None:
    """Raises tasks.Ended, LookupError, PermissionError; NotPossible when the promised time has moved since."""
    found = tasks.at_hand(tx, task, officer)
    until = datetime.fromisoformat(sent["until"])
    try:
        extending.extend(
            node, tx, str(found.detail["dossier"]), officer, until, reasoned({"reason": sent["reason"], "note": note})
        )
    except ValueError as moved:
        raise NotPossible(str(moved)) from moved


def not_needed(node: Node, tx: Tx, task: str, officer: Officer, note: str) -> None:
    """Raises tasks.Ended, LookupError, PermissionError, ValueError without a word why."""
    tasks.answer(node, tx, task, officer, note, declined=True)
