"""What the results desk's templates are given."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lienthong.casework import letters
from lienthong.casework.letters import Letter
from lienthong.catalogue.messages import message
from lienthong.desk import pages
from lienthong.desk.results_queries import LONG, Waiting
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.web.templatetags.vietnam import person_number, span

TABS: Final[dict[str, tuple[str | Promise, Callable[[Waiting], bool]]]] = {
    "counter": (gettext_lazy("Chờ đến lấy"), lambda it: not it.on_its_way and (it.way != "post" or it.came_back)),
    "post": (gettext_lazy("Cần gửi bưu điện"), lambda it: it.by_post),
    "sent": (gettext_lazy("Đang trên đường"), lambda it: it.on_its_way),
    "long": (gettext_lazy("Lâu chưa lấy"), lambda it: not it.on_its_way and clock.now() - it.since > LONG),
}
WAYS: Final[dict[str, str | Promise]] = {
    "one_stop": gettext_lazy("đến lấy tại quầy"),
    "post": gettext_lazy("gửi bưu điện"),
    "": gettext_lazy("chưa nói rõ"),
}


@dataclass(frozen=True)
class Outcome:
    """What came of one of several; `said` in words."""

    code: str
    title: str
    done: bool
    said: str


@dataclass(frozen=True)
class Collecting:
    """Who stands at the counter, as typed: the owner (by number, or the card's QR text) or somebody they sent."""

    who: str = "owner"
    shown: str = ""
    name: str = ""
    number: str = ""
    paper: str = ""
    note: str = ""
    errors: dict[str, str] = field(default_factory=dict)


def tabs(found: Iterable[Waiting], here: str) -> list[dict[str, Any]]:
    """The ways a result waits, each with how many."""
    rows, made = list(found), []
    for name, (label, belongs) in TABS.items():
        url = f"{reverse('results')}?show={name}"
        made.append({"label": label, "url": url, "count": sum(map(belongs, rows)), "current": name == here})
    return made


def row(node: Node, it: Waiting) -> dict[str, Any]:
    """A result as a line of a list."""
    identity, state = it.dossier.identity, it.dossier.state
    service = node.catalogue.shown(identity.service, identity.revision)
    return {
        "code": identity.code,
        "title": pages.title(it.dossier),
        "service": service.card.short.in_language(pages.language()),
        "url": reverse("result", args=[identity.code]),
        "dossier_url": reverse("dossier", args=[identity.code]),
        "applicant": person_number(identity.applicant),
        "way": str(WAYS.get(it.way, it.way)),
        "since": it.since,
        "age": span(clock.now() - it.since),
        "early": _early(node, it),
        "late": bool(state.deadline and it.since > state.deadline),
        "to": it.to,
        "letter": it.letter,
        "came_back": message(it.letter.reason) if it.letter and it.came_back else "",
        "reminded": it.reminded,
        "reminded_today": bool(it.reminded and it.reminded.astimezone(clock.ZONE).date() == clock.today()),
    }


def _early(node: Node, it: Waiting) -> str:
    """How much sooner than promised it was there, in working hours; empty where it was not."""
    deadline = it.dossier.state.deadline
    if deadline is None or it.since >= deadline:
        return ""
    hours = int(node.catalogue.calendar.hours_between(it.since, deadline))
    return ngettext("sớm %(n)s giờ làm việc", "sớm %(n)s giờ làm việc", hours) % {"n": hours} if hours else ""


def given(found: Iterable[tuple[Any, Any]]) -> list[dict[str, Any]]:
    """What was given out today, and to whom."""
    return [
        {
            "code": dossier.identity.code,
            "title": pages.title(dossier),
            "url": reverse("dossier", args=[dossier.identity.code]),
            "at": act.at,
            "receiver": act.detail.get("receiver", ""),
            "way": str(_("qua bưu điện") if act.detail.get("way") == "post" else _("tại quầy")),
            "officer": act.actor,
        }
        for dossier, act in found
    ]


def reasons() -> list[dict[str, str]]:
    """Why the post could not hand a result over."""
    return [{"value": code, "label": message(code)} for code in letters.REASONS]


def batch_list(node: Node, unit: str, batch: str, rows: list[Letter], titles: dict[str, str]) -> dict[str, Any]:
    """A hand-over list to the postal operator, to print and sign."""
    return {
        "number": batch,
        "place": pages.place(node, unit),
        "at": min(letter.sent_at for letter in rows),
        "by": rows[0].sent_by,
        "rows": [{"letter": letter, "what": titles.get(letter.dossier, "")} for letter in rows],
        "count": len(rows),
    }


CSV_HEAD: Final = ("STT", "Số hiệu bưu gửi", "Người nhận", "Điện thoại", "Địa chỉ", "Mã hồ sơ", "Nội dung", "Lúc gửi")


def csv_rows(rows: Iterable[Letter], titles: dict[str, str]) -> list[list[str]]:
    """The same list for the operator's program; what a spreadsheet would take for a formula is made text."""
    return [
        [_plain(cell) for cell in (str(number), one.tracking, one.addressee, one.phone, one.address, one.dossier,
                                   titles.get(one.dossier, ""), moment_of(one.sent_at))]
        for number, one in enumerate(rows, 1)
    ]  # fmt: skip


def _plain(cell: str) -> str:
    return f"'{cell}" if cell[:1] in "=+-@\t\r" else cell


def moment_of(at: datetime) -> str:
    local = at.astimezone(clock.ZONE)
    return f"{local:%d/%m/%Y %H:%M}"
