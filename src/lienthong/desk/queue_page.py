"""What desk/queue.html and its kin are given: the officer's work, due first, under filters that are addresses."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.casework import words
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import held_by_another
from lienthong.casework.tasks import Task
from lienthong.desk import acts, pages, queries, task_page
from lienthong.desk.acts import DEEDS
from lienthong.desk.deeds import Case
from lienthong.desk.filters import DOSSIERS, Filter, Item, Place
from lienthong.desk.task_words import KINDS
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock

_TABS: Final[dict[str, str | Promise]] = {
    "mine": gettext_lazy("Chờ tôi"),
    "taken": gettext_lazy("Tôi đang giữ"),
    "free": gettext_lazy("Chưa ai nhận"),
    "held": gettext_lazy("Đồng nghiệp giữ"),
    "applicant": gettext_lazy("Chờ người nộp"),
    "consent": gettext_lazy("Chờ đồng ý"),
    "payment": gettext_lazy("Chờ nộp tiền"),
    "opinion": gettext_lazy("Chờ ý kiến"),
    "correction": gettext_lazy("Chờ sửa"),
    "transit": gettext_lazy("Đang chuyển"),
    "pending": gettext_lazy("Chờ ghi sổ"),
    "collect": gettext_lazy("Chờ trả kết quả"),
    "done": gettext_lazy("Xong hôm nay"),
    "all": gettext_lazy("Tất cả đang mở"),
}
_ALWAYS: Final = ("mine", "done", "all")
_DUE: Final[dict[str, str | Promise]] = {
    "late": gettext_lazy("Quá hạn"),
    "today": gettext_lazy("Tới hạn hôm nay"),
    "week": gettext_lazy("Tới hạn trong 7 ngày"),
}
BATCHED: Final = tuple(verb for verb, deed in DEEDS.items() if deed.many)


def queue(
    request: HttpRequest, items: Sequence[Item], counts: dict[str, int], chosen: Filter, done: Dossier | None
) -> dict[str, Any]:
    """The context of desk/queue.html. `done` is the dossier the officer has just moved on."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    full = len(items) == queries.MOST and chosen.show != "done"
    return {
        **pages.frame(request, "queue"),
        "title": _("Việc cần làm"),
        "tabs": _tabs(counts, chosen),
        "filters": _filters(node, officer, chosen),
        "narrowed": bool(chosen.narrowing),
        "chosen": chosen,
        **listed(node, officer, items, chosen),
        "more_url": f"?{chosen.address}&{urlencode({'past': Place.of(items[-1]).address})}" if full else "",
        "done": said_of(done) if done else "",
    }


def said_of(done: Dossier) -> str:
    """How a dossier stands after an act, as a line."""
    return _("%(name)s: %(state)s") % {"name": pages.title(done), "state": words.standing(done.state)}


def listed(node: Node, officer: Officer, items: Sequence[Item], chosen: Filter | None = None) -> dict[str, Any]:
    """The lines, and the acts that can be taken on several of them at once."""
    rows = [_row(node, officer, item, chosen) for item in items]
    verbs = [verb for verb in BATCHED if any(verb in row["verbs"] for row in rows)]
    return {"rows": rows, "batch": [{"verb": verb, "label": DEEDS[verb].label} for verb in verbs]}


def _tabs(counts: dict[str, int], chosen: Filter) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "url": f"?{replace(chosen, show=name).address}",
            "count": counts[name],
            "current": name == chosen.show,
        }
        for name, label in _TABS.items()
        if counts[name] or name in (*_ALWAYS, chosen.show)
    ]


def _filters(node: Node, officer: Officer, chosen: Filter) -> list[dict[str, Any]]:
    """The questions of the filter's form; one with a single answer is not asked."""
    language, scope = pages.language(), pages.scope(node, officer)
    services = [node.catalogue.services[slug] for slug in sorted({slug for _unit, slug in scope})]
    steps = [step for service in services for step in service.process.steps if step.role in officer.roles]
    kinds = [(DOSSIERS, _("Hồ sơ")), ("task", _("Việc nội bộ")), *KINDS.items()]
    asked: list[tuple[str, str, Sequence[tuple[str, str | Promise]]]] = [
        ("kind", _("Loại việc"), kinds),
        ("service", _("Thủ tục"), [(one.slug, one.card.short.in_language(language)) for one in services]),
        ("step", _("Bước"), list({step.step: (step.step, step.name.in_language(language)) for step in steps}.values())),
        ("unit", _("Đơn vị"), [(unit, pages.place(node, unit)) for unit in sorted(officer.units)]),
        ("due", _("Hạn"), list(_DUE.items())),
    ]
    return [
        {"name": name, "label": label, "choices": choices, "value": getattr(chosen, name)}
        for name, label, choices in asked
        if len(choices) > 1 or getattr(chosen, name)
    ]


def _row(node: Node, officer: Officer, item: Item, chosen: Filter | None) -> dict[str, Any]:
    return _of_task(node, item, chosen) if isinstance(item, Task) else _of_dossier(node, officer, item, chosen)


def _of_task(node: Node, task: Task, chosen: Filter | None) -> dict[str, Any]:
    row = task_page.row(node, task)
    url = f"{row['url']}?{urlencode({'list': chosen.address})}" if chosen else row["url"]
    return {**row, "url": url, "subject": row["kind"], "step": row["asked_by"], "verbs": [], "pick": "", "held": None}


def _of_dossier(node: Node, officer: Officer, dossier: Dossier, chosen: Filter | None) -> dict[str, Any]:
    identity, state = dossier.identity, dossier.state
    service = node.catalogue.shown(identity.service, identity.revision)
    step = pages.step_of(service, dossier)
    where = pages.place(node, dossier.desk) if dossier.desk else ""
    short = service.card.short.in_language(pages.language())
    url = reverse("dossier", args=[identity.code])
    return {
        "url": f"{url}?{urlencode({'list': chosen.address})}" if chosen else url,
        "code": identity.code,
        "title": pages.title(dossier),
        "subject": f"{short}, {where}" if where else short,
        "step": step.name.in_language(pages.language()) if step else "",
        "state": words.state_sign(state),
        "state_label": words.standing(state),
        "due": state.due,
        "held": _held(officer, dossier),
        "verbs": _verbs(node, officer, dossier),
        "pick": f"{identity.code}:{dossier.acts}",
    }


def _held(officer: Officer, dossier: Dossier) -> dict[str, Any] | None:
    """Who has taken it, and until when."""
    state, now = dossier.state, clock.now()
    if not state.holder or state.held_until is None or state.held_until <= now:
        return None
    other = held_by_another(state, officer.number, now)
    return {"name": state.holder_name if other else _("Bạn"), "until": state.held_until, "other": other}


def _verbs(node: Node, officer: Officer, dossier: Dossier) -> list[str]:
    """What of BATCHED this officer can take on it."""
    service = node.catalogue.shown(dossier.identity.service, dossier.identity.revision)
    offered = acts.possible(Case(node, dossier, service, {}, {}), officer, BATCHED)
    return [verb for verb in BATCHED if verb in offered]
