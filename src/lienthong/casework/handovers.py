"""Who gave a dossier to whom, when, and whether in time: form 06, told from the acts alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.casework import words
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import MACHINE, Act
from lienthong.kit.clock import ZONE

_INSIDE: Final = frozenset({"take", "release", "examine", "count", "extend", "verify"})  # nobody gives it to anybody
_OUTSIDE: Final[dict[str, str | Promise]] = {
    "submit": gettext_lazy("Người nộp hồ sơ"),
    "acknowledge": gettext_lazy("Người nộp hồ sơ"),
    "supply": gettext_lazy("Người nộp hồ sơ"),
    "paid": gettext_lazy("Người nộp hồ sơ"),
    "withdraw": gettext_lazy("Người nộp hồ sơ"),
    "consent": gettext_lazy("Người được hỏi ý kiến đồng ý"),
    "resume": gettext_lazy("Cơ quan cấp kết quả trước"),
    "opinion": gettext_lazy("Nơi được hỏi ý kiến"),
}
_AFTER: Final[dict[str, str | Promise]] = {
    "supplement": _OUTSIDE["supply"],
    "ask_payment": _OUTSIDE["paid"],
    "ask_consent": _OUTSIDE["consent"],
    "dispute": _OUTSIDE["resume"],
    "consult": _OUTSIDE["opinion"],
    "issue": gettext_lazy("Bộ phận trả kết quả"),
    "deliver": gettext_lazy("Người nộp hồ sơ"),
    "refuse": gettext_lazy("Người nộp hồ sơ"),
    "stop": gettext_lazy("Người nộp hồ sơ"),
}


@dataclass(frozen=True)
class HandOver:
    """`kept` is early, in time or late, against the term that the act before had set; empty where there was none."""

    giver: str
    receiver: str
    at: datetime
    kept: str
    note: str
    late: bool = False


def hand_overs(dossier: Dossier, acts: Sequence[Act]) -> list[HandOver]:
    """One line for each act that gave the dossier into other hands, in order."""
    told = [act for act in acts if act.verb not in _INSIDE]
    found, due = [], None
    for place, act in enumerate(told):
        following = told[place + 1] if place + 1 < len(told) else None
        late = due is not None and act.at > due
        found.append(
            HandOver(_giver(act), _receiver(dossier, act, following), act.at, _kept(act.at, due), _note(act), late)
        )
        due = act.due
    return found


def _giver(act: Act) -> str:
    if act.verb in _OUTSIDE and (act.actor == MACHINE or act.verb != "withdraw"):
        return str(_OUTSIDE[act.verb])
    if act.actor == MACHINE:
        return _("Hệ thống (tự động)")
    return f"{act.actor}, {words.role_name(act.role)}" if act.role else act.actor


def _receiver(dossier: Dossier, act: Act, following: Act | None) -> str:
    """Who had it next: who is waited for, or who did the next act."""
    if act.verb in _AFTER:
        return str(_AFTER[act.verb])
    if following is not None:
        return _giver(following)
    return words.role_name(dossier.state.role) if dossier.state.role else _("Đã kết thúc")


def _kept(at: datetime, due: datetime | None) -> str:
    if due is None:
        return ""
    if at > due:
        return _("Quá hạn")
    return _("Đúng hạn") if at.astimezone(ZONE).date() == due.astimezone(ZONE).date() else _("Trước hạn")


def _note(act: Act) -> str:
    return words.act_text(act.verb, role=act.role, reason=act.reason)
