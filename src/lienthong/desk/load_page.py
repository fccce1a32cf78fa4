"""What desk/load.html is given about the days ahead: risks with their reasons, where there is room, offers of work."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lienthong.casework import forecasting, words
from lienthong.casework.dossiers import Dossier
from lienthong.casework.forecast import Model
from lienthong.casework.sharing import MOVED, Offer
from lienthong.desk import load_risks, pages
from lienthong.desk.load import DAYS_AHEAD
from lienthong.desk.load_risks import LIKELY, Risky, Room, StepRisk
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit.storage import Tx

SHOWN = 12  # of the likeliest


def ahead(
    node: Node, tx: Tx, units: Collection[str], services: Collection[str], dossiers: Sequence[Dossier], at: datetime
) -> dict[str, Any]:
    """days, risks, risky, room, offered, learned_at; without a forecast yet only the days."""
    model = forecasting.load(tx)
    if model is None:
        return {"days": _days(node, at, []), "learned_at": None}
    steps = node.catalogue.services
    roles = {step.role for slug in services for step in steps[slug].process.steps if step.role}
    lying = forecasting.lying(tx, units, roles)
    found = load_risks.of(node, model, dossiers, lying, at)
    risks = load_risks.next_week(found, at)
    worst = next((one for one in risks if one.risky), None)
    return {
        "days": _days(node, at, found),
        "risks": [_risk(node, one) for one in risks if one.expected >= 0.5],
        "risky": [_risky(node, one) for one in found if one.risk.chance >= LIKELY and one.risk.left > 0][:SHOWN],
        "learned_at": model.at,
        **(_move(node, model, worst, lying, units) if worst else {}),
    }


def _days(node: Node, at: datetime, found: Sequence[Risky]) -> list[dict[str, Any]]:
    """The next working days: what is promised then, and how much of it will be late as things stand."""
    promised: Counter[date] = Counter()
    late: dict[date, float] = {}
    for one in found:
        deadline = one.dossier.state.deadline
        if deadline is not None and deadline >= at:
            day = deadline.astimezone(at.tzinfo).date()
            promised[day] += 1
            late[day] = late.get(day, 0.0) + one.risk.chance
    days, day = list[dict[str, Any]](), at.date()
    while len(days) < DAYS_AHEAD:
        if node.catalogue.calendar.is_worked(day):
            days.append({"day": day, "due": promised[day], "at_risk": hours(late.get(day, 0.0))})
        day += timedelta(days=1)
    return days


def hours(figure: float | None) -> str:
    """A figure with one decimal, as the reader writes it."""
    if figure is None:
        return "–"
    return f"{figure:.1f}" if pages.language() == "en" else f"{figure:.1f}".replace(".", ",")


def _risk(node: Node, one: StepRisk) -> dict[str, Any]:
    """A step in danger, in one sentence that says why."""
    count = len(one.risky) or one.running
    told = ngettext(
        "%(count)s hồ sơ ở bước %(step)s: còn %(left)s giờ làm việc tới hạn, thường cần %(usual)s giờ nữa.",
        "%(count)s hồ sơ ở bước %(step)s: còn %(left)s giờ làm việc tới hạn, thường cần %(usual)s giờ nữa.",
        count,
    )
    said = {"count": count, "step": pages.step_name(node, one.step).lower(), "left": hours(one.left)}
    service = node.catalogue.services[one.service].card.short.in_language(pages.language())
    return {
        "text": told % {**said, "usual": hours(one.usual)},
        "service": service,
        "expected": hours(one.expected),
        "running": one.running,
    }


def _risky(node: Node, one: Risky) -> dict[str, Any]:
    dossier = one.dossier
    step = pages.step_of(node.catalogue.shown(dossier.identity.service, dossier.identity.revision), dossier)
    return {
        "url": reverse("dossier", args=[dossier.identity.code]),
        "title": pages.title(dossier),
        "code": dossier.identity.code,
        "step": step.name.in_language(pages.language()) if step else "",
        "due": dossier.state.deadline,
        "chance": round(one.risk.chance * 100),
        "left": hours(one.risk.left),
        "usual": hours(one.risk.usual),
    }


def _move(
    node: Node, model: Model, worst: StepRisk, lying: Mapping[tuple[str, str], int], units: Collection[str]
) -> dict[str, Any]:
    """Whose work could move where: the worst step's, to units that do it sooner."""
    places = load_risks.room(model, worst, lying, units)
    unit = worst.risky[0].dossier.desk
    movable = [one for one in worst.risky if one.dossier.state.waiting == "open" and one.dossier.desk == unit]
    return {
        "room": [_room(node, one) for one in places],
        "from_unit": unit,
        "step_name": pages.step_name(node, worst.step),
        "movable": [_risky(node, one) for one in movable],
    }


def _room(node: Node, one: Room) -> dict[str, Any]:
    return {"unit": one.unit, "name": pages.place(node, one.unit), "lying": one.lying, "usual": hours(one.usual)}


def offers(node: Node, officer: Officer, found: Sequence[Offer]) -> list[dict[str, Any]]:
    """Work offered from and to the officer's units."""
    heads = officer.units_as(*pages.HEADS)
    return [_offer(node, one, heads) for one in found]


def _offer(node: Node, one: Offer, heads: Collection[str]) -> dict[str, Any]:
    states = {
        "open": ("pending", _("Chờ trả lời")),
        "accepted": ("done", _("Đã nhận")),
        "declined": ("", _("Không nhận")),
    }
    sign, label = states[one.state]
    return {
        "id": one.id,
        "text": _("%(count)s hồ sơ từ %(from)s sang %(to)s")
        % {"count": len(one.codes), "from": pages.place(node, one.from_unit), "to": pages.place(node, one.to_unit)},
        "reason": one.reason,
        "by": one.name,
        "at": one.offered_at,
        "state": sign or "ended",
        "state_label": label,
        "answer": one.answer,
        "mine": one.state == "open" and one.to_unit in heads,
        "results": [{"code": code, "text": _result(how)} for code, how in one.results.items()],
    }


def _result(how: str) -> str:
    """What came of one dossier of an offer."""
    told = {
        MOVED: _("đã chuyển"),
        "not-there": _("không chuyển: hồ sơ đã đi tiếp hoặc không còn ở đơn vị giao"),
        "no-such-head": _("không chuyển: người giao không còn giữ chức vụ"),
    }
    return told.get(how, words.state_name(4))
