"""What the desk's templates are given: the queue, a dossier, the frame around both."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from lienthong.casework import words
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import Act
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Service, Step
from lienthong.desk.comparison import Caution, Condition, Evidence, Group, conditions, groups, warnings
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.registers.wording import shown

REASONS = {
    "return": ("look-again", "mismatch", "unclear-evidence"),
    "refuse": ("not-entitled", "mismatch", "registered-before", "not-competent", "false-statement", "withdrawn"),
}
_FILTERS = {
    "mine": gettext_lazy("Chờ tôi"),
    "pending": gettext_lazy("Chờ ghi sổ"),
    "done": gettext_lazy("Xong hôm nay"),
    "all": gettext_lazy("Tất cả đang mở"),
}


@dataclass(frozen=True)
class Attempt:
    """An act that could not be taken as it was sent: what was typed, and the code of what is wrong."""

    verb: str = ""
    reason: str = ""
    note: str = ""
    error: str = ""


@dataclass(frozen=True)
class CasePage:
    title: str
    code: str
    service: str
    applicant: str
    received_at: datetime
    state: str
    state_label: str
    notices: list[Caution]
    conditions: list[Condition]
    groups: list[Group]
    clock: dict[str, Any]
    step: str
    version: int
    next: dict[str, str] | None = None
    acts: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)


def frame(request: HttpRequest, here: str = "") -> dict[str, Any]:
    """What desk/page.html reads: role_line, here, with_notices."""
    officer: Officer | None = request.officer  # type: ignore[attr-defined]
    node: Node = request.node  # type: ignore[attr-defined]
    posts = officer.posts if officer else ()
    lines = [f"{words.role_name(post.role)}, {_place(node, post.unit)}" for post in posts[:2]]
    return {"role_line": "; ".join(lines), "here": here, "with_notices": "notices" in node.catalogue.card.faces}


def queue(
    request: HttpRequest, rows: list[Dossier], counts: dict[str, int], chosen: str, done: Dossier | None
) -> dict[str, Any]:
    """The context of desk/queue.html. `done` is the dossier the officer has just moved on."""
    node: Node = request.node  # type: ignore[attr-defined]
    tabs = [
        {"label": label, "url": f"?show={name}", "count": counts[name], "current": name == chosen}
        for name, label in _FILTERS.items()
    ]
    said = _("%(name)s: %(state)s") % {"name": _title(done), "state": _state_label(node, done)} if done else ""
    shown_rows = [_queue_row(node, dossier) for dossier in rows]
    return {**frame(request, "queue"), "title": _("Việc cần làm"), "tabs": tabs, "rows": shown_rows, "done": said}


def case(evidence: Evidence, officer: Officer, acts: list[Act], attempt: Attempt) -> CasePage:
    """The dossier as desk/dossier.html shows it to one officer."""
    node, dossier, service = evidence.node, evidence.dossier, evidence.service
    identity, state = dossier.identity, dossier.state
    step = step_of(service, dossier)
    applicant = evidence.content.declared.get("requester_name") or shown(
        node, node.catalogue.terms["personal_number"], identity.applicant, _language()
    )
    page = CasePage(
        title=_title(dossier),
        code=identity.code,
        service=service.card.name.in_language(_language()),
        applicant=applicant,
        received_at=identity.received_at,
        state=words.state_sign(state),
        state_label=_state_label(node, dossier),
        notices=warnings(evidence),
        conditions=conditions(acts),
        groups=groups(evidence),
        clock=_clock(node, dossier, step),
        step=step.name.in_language(_language()) if step else words.state_name(state.status),
        version=dossier.acts,
        entries=[_entry(act) for act in reversed(acts)],
    )
    if step and may_act(officer, dossier, step) and service.revision == identity.revision:
        return replace(page, next=_next(identity.code, step), acts=_others(service, dossier, step, attempt))
    return page


def step_of(service: Service, dossier: Dossier) -> Step | None:
    return next((step for step in service.process.steps if step.step == dossier.state.step), None)


def may_act(officer: Officer, dossier: Dossier, step: Step) -> bool:
    """Whether the dossier waits for just this officer's role in its unit."""
    unit = dossier.identity.unit
    holds = officer.holds(step.role, unit) if unit else step.role in officer.roles
    return dossier.state.waiting == "open" and holds


def may_see(officer: Officer, dossier: Dossier, service: Service) -> bool:
    """Whether the dossier is this officer's to know: a role in its process, held in its unit."""
    unit, roles = dossier.identity.unit, roles_in(service)
    return any(post.role in roles and unit in (None, post.unit) for post in officer.posts)


def roles_in(service: Service) -> frozenset[str]:
    """The roles that act somewhere in a service's process."""
    return frozenset(step.role for step in service.process.steps if step.role)


def _next(code: str, step: Step) -> dict[str, str]:
    if step.verb == "check":
        label, text = _("Hợp lệ, chuyển ký"), _("Hồ sơ đủ và đúng thì chuyển tới người ký.")
    else:
        label, text = _("Ký quyết định"), _("Ký rồi, việc ghi sổ và chuyển kết quả tự chạy.")
    return {"label": label, "text": text, "url": reverse(step.verb, args=[code])}


def _others(service: Service, dossier: Dossier, step: Step, attempt: Attempt) -> list[dict[str, Any]]:
    """Return and refuse; nothing can be returned from the first step."""
    told = {
        "return": (_("Trả lại bước trước"), _("Hồ sơ về lại bước kiểm tra, kèm lý do.")),
        "refuse": (_("Từ chối"), _("Hồ sơ kết thúc. Người nộp thấy lý do ngay.")),
    }
    first = service.process.steps[0].step == step.step
    return [
        {
            "name": verb,
            "label": label,
            "text": text,
            "url": reverse(verb, args=[dossier.identity.code]),
            "reasons": [(reason, message(reason)) for reason in REASONS[verb]],
            "error": message(attempt.error) if attempt.verb == verb and attempt.error else "",
            "reason": attempt.reason if attempt.verb == verb else "",
            "note": attempt.note if attempt.verb == verb else "",
        }
        for verb, (label, text) in told.items()
        if not (verb == "return" and first)
    ]


def _clock(node: Node, dossier: Dossier, step: Step | None) -> dict[str, Any]:
    due = dossier.state.due
    if due is None or step is None:
        return {}
    hours = node.catalogue.calendar.hours_between(clock.now(), due)
    left = _("còn %(hours)s giờ làm việc") if hours >= 0 else _("quá %(hours)s giờ làm việc")
    return {"due": due, "rule": words.cited(step.rule), "working_left": left % {"hours": f"{abs(hours):.0f}"}}


def _entry(act: Act) -> dict[str, Any]:
    actor = "" if act.actor == words.MACHINE else act.actor
    text = words.act_text(act.verb, role=act.role, reason=act.reason)
    return {"at": act.at, "text": text, "actor": actor, "rule": words.cited(act.rule)}


def _queue_row(node: Node, dossier: Dossier) -> dict[str, Any]:
    identity, state = dossier.identity, dossier.state
    service = node.catalogue.services[identity.service]
    step = step_of(service, dossier)
    place = _place(node, identity.unit) if identity.unit else ""
    short = service.card.short.in_language(_language())
    return {
        "url": reverse("dossier", args=[identity.code]),
        "code": identity.code,
        "title": _title(dossier),
        "subject": f"{short}, {place}" if place else short,
        "state": words.state_sign(state),
        "state_label": _state_label(node, dossier),
        "holder": step.name.in_language(_language()) if step else "",
        "due": state.due,
    }


def _title(dossier: Dossier) -> str:
    return dossier.identity.subject or dossier.identity.code


def _state_label(node: Node, dossier: Dossier) -> str:
    """The national status, or that the act waits for its record."""
    if dossier.state.waiting == "pending":
        return words.branch_state_name("pending")
    return words.state_name(dossier.state.status)


def _place(node: Node, unit: str) -> str:
    """A commune's or a facility's name; the node's own where the unit is neither."""
    with suppress(KeyError):
        return node.territory.unit(unit).title
    with suppress(KeyError):
        return node.territory.facility(unit).name
    return node.catalogue.card.name.in_language(_language())


def _language() -> str:
    return get_language() or "vi"
