"""How a promised time comes about: what it is counted from, what stood still meanwhile, the days it passes over.

`deadline` counts it from a dossier's acts alone; `lines` tells whoever reads it, one line a reason. Both read the acts
as their agency wrote them, or as it told them to the portal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from lienthong.casework import words
from lienthong.casework.limits import end_of
from lienthong.casework.states import COUNTING, Act
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Limit, Service
from lienthong.kit.web.templatetags.vietnam import moment
from lienthong.kit.worktime import NoCalendar, Skipped, WorkCalendar

# What stops the clock, what starts it again, and why it stands.
_PAUSES: Final[dict[str, tuple[str, str | Promise]]] = {
    "supplement": ("supply", gettext_lazy("chờ người nộp bổ sung")),
    "ask_consent": ("consent", gettext_lazy("chờ người khác đồng ý")),
    "dispute": ("resume", gettext_lazy("chờ nơi cấp kết quả trước trả lời")),
    "ask_payment": ("paid", gettext_lazy("chờ nộp tiền")),
}
_ENDS: Final = ("stop", "withdraw", "refuse")
_CLOSED: Final[dict[str, str | Promise]] = {
    "weekend": gettext_lazy("nghỉ cuối tuần"),
    "morning": gettext_lazy("nghỉ buổi sáng: %(why)s"),
    "afternoon": gettext_lazy("nghỉ buổi chiều: %(why)s"),
    "day": gettext_lazy("đơn vị nghỉ: %(why)s"),
    "holiday": gettext_lazy("nghỉ lễ: %(why)s"),
    "cut-off": gettext_lazy("nhận sau 15 giờ hoặc khi đơn vị đã nghỉ, nên tính từ ngày làm việc tiếp theo"),
}


@dataclass(frozen=True)
class Pause:
    """The clock stands from an act to its answer; `until` None while it still does."""

    verb: str
    since: datetime
    until: datetime | None
    rule: str


@dataclass(frozen=True)
class Line:
    """What a promised time passes over: days, or moments, why, and by which rule."""

    when: str
    text: str
    rule: str


def pauses(acts: Sequence[Act]) -> list[Pause]:
    """Each time the clock stood still; a pause for several people ends with the last of them."""
    found: list[Pause] = []
    begun: Act | None = None
    left = 0
    for act in acts:
        if act.verb in _PAUSES:
            begun, left = act, len(act.asks.get("ids", [])) or 1
        elif begun and act.verb == _PAUSES[begun.verb][0]:
            left -= 1
        elif begun and act.verb in _ENDS:
            left = 0
        if begun and not left:
            found.append(Pause(begun.verb, begun.at, act.at, begun.rule))
            begun = None
    return [*found, Pause(begun.verb, begun.at, None, begun.rule)] if begun else found


def start(acts: Sequence[Act]) -> datetime:
    """What the promised time counts from: form 01, or the moment the competent unit had it."""
    return next((act.at for act in reversed(acts) if act.verb in COUNTING and act.verb != "verify"), acts[0].at)


def deadline(calendar: WorkCalendar, service: Service, acts: Sequence[Act], *, verified: bool) -> datetime:
    """The promised time that a dossier's acts amount to. Raises NoCalendar."""
    since, extended = start(acts), next((act for act in reversed(acts) if act.verb == "extend"), None)
    if extended and extended.deadline:
        since, end = extended.at, extended.deadline
    else:
        end = end_of(calendar, service.card.limit, since, verified=verified)
    stood = [(pause.since, pause.until) for pause in pauses(acts) if pause.since >= since]
    hours = sum(calendar.hours_between(begin, until) for begin, until in stood if until)
    return calendar.after_hours(end, hours) if hours else end


def lines(calendar: WorkCalendar, limit: Limit, acts: Sequence[Act], promised: datetime) -> list[Line]:
    """How the promised time was counted, in the reader's language; empty where no calendar tells it any more."""
    since = start(acts)
    told = [(since, Line(moment(since), _("bắt đầu tính: %(limit)s") % {"limit": length(limit, acts)}, limit.rule))]
    try:
        skipped = calendar.skipped(since, promised)
    except NoCalendar:
        return []
    told += [(_midnight(one.first, since), _passed_over(one)) for one in skipped]
    told += [(pause.since, _stood(pause)) for pause in pauses(acts) if pause.since >= since]
    told += [(act.at, _moved(act)) for act in acts if act.verb in ("extend", "move") and act.deadline]
    last = Line(moment(promised), _("hẹn trả kết quả"), "")
    return [line for _at, line in sorted(told, key=lambda one: one[0])] + [last]


def length(limit: Limit, acts: Sequence[Act]) -> str:
    """How long the limit is, in words."""
    if limit.verified_days and any(act.verb == "verify" for act in acts):
        return _("%(days)s ngày làm việc, vì phải xác minh") % {"days": limit.verified_days}
    if limit.hours:
        return _("%(hours)s giờ của ngày làm việc") % {"hours": limit.hours}
    return _("%(days)s ngày làm việc") % {"days": limit.working_days}


def _midnight(day: date, like: datetime) -> datetime:
    """Where a day stands among moments; the first one after what it belongs to."""
    begin = datetime.combine(day, datetime.min.time(), like.tzinfo)
    return max(begin, like)


def _passed_over(one: Skipped) -> Line:
    last = f"{one.last:%d/%m/%Y}"
    when = last if one.first == one.last else f"{one.first:%d/%m}–{last}"
    why = one.vi if (get_language() or "vi").startswith("vi") else one.en
    return Line(when, str(_CLOSED[one.why]) % {"why": why}, one.basis)


def _stood(pause: Pause) -> Line:
    why = str(_PAUSES[pause.verb][1])
    if pause.until is None:
        text = _("đồng hồ đang dừng: %(why)s") % {"why": why}
    else:
        text = _("đồng hồ dừng đến %(until)s: %(why)s") % {"until": moment(pause.until), "why": why}
    return Line(moment(pause.since), text, words.cited(pause.rule))


def _moved(act: Act) -> Line:
    said = _("xin lỗi và hẹn lại đến %(until)s: %(why)s") if act.verb == "extend" else _("hẹn đến %(until)s: %(why)s")
    text = said % {"until": moment(act.deadline), "why": message(act.reason)}
    return Line(moment(act.at), text, words.cited(act.rule))
