"""What desk/queue.html and its kin are given: the officer's work, due first, under filters that are addresses."""

from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.casework import words
from lienthong.casework.dossiers import Dossier
from lienthong.desk import pages
from lienthong.desk.acts import DEEDS, SINGLE
from lienthong.desk.queries import Filter
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer

_TABS: Final[dict[str, str | Promise]] = {
    "mine": gettext_lazy("Chờ tôi"),
    "applicant": gettext_lazy("Chờ người nộp"),
    "consent": gettext_lazy("Chờ đồng ý"),
    "correction": gettext_lazy("Chờ sửa"),
    "pending": gettext_lazy("Chờ ghi sổ"),
    "done": gettext_lazy("Xong hôm nay"),
    "all": gettext_lazy("Tất cả đang mở"),
}
_DUE: Final[dict[str, str | Promise]] = {
    "late": gettext_lazy("chỉ việc quá hạn"),
    "today": gettext_lazy("chỉ việc tới hạn hôm nay"),
}
BATCHED: Final = frozenset(SINGLE)


def queue(
    request: HttpRequest, rows: list[Dossier], counts: dict[str, int], chosen: Filter, done: Dossier | None
) -> dict[str, Any]:
    """The context of desk/queue.html. `done` is the dossier the officer has just moved on."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    tabs = [
        {"label": label, "url": f"?show={name}", "count": counts[name], "current": name == chosen.show}
        for name, label in _TABS.items()
        if counts[name] or name in ("mine", "done", "all", chosen.show)
    ]
    said = _("%(name)s: %(state)s") % {"name": pages.title(done), "state": words.standing(done.state)} if done else ""
    return {
        **pages.frame(request, "queue"),
        "title": _("Việc cần làm"),
        "tabs": tabs,
        **listed(node, officer, rows),
        "done": said,
        "narrowed": _narrowed(node, chosen),
        "widen_url": f"?{urlencode({'show': chosen.show})}",
    }


def listed(node: Node, officer: Officer, rows: list[Dossier]) -> dict[str, Any]:
    """rows, and the acts that can be taken on several at once."""
    shown = [_row(node, officer, dossier) for dossier in rows]
    verbs = [verb for verb in SINGLE if any(row["verb"] == verb for row in shown)]
    return {"rows": shown, "batch": [{"verb": verb, "label": DEEDS[verb].label} for verb in verbs]}


def _narrowed(node: Node, chosen: Filter) -> str:
    """The filters beside the tab, in words."""
    parts = [str(_DUE[chosen.due])] if chosen.due else []
    if chosen.step:
        parts.append(pages.step_name(node, chosen.step))
    return "; ".join(parts)


def _row(node: Node, officer: Officer, dossier: Dossier) -> dict[str, Any]:
    identity, state = dossier.identity, dossier.state
    service = node.catalogue.shown(identity.service, identity.revision)
    step = pages.step_of(service, dossier)
    where = pages.place(node, identity.unit) if identity.unit else ""
    short = service.card.short.in_language(pages.language())
    able = step is not None and pages.may_act(officer, dossier, step) and service.revision == identity.revision
    return {
        "url": reverse("dossier", args=[identity.code]),
        "code": identity.code,
        "title": pages.title(dossier),
        "subject": f"{short}, {where}" if where else short,
        "state": words.state_sign(dossier.state),
        "state_label": words.standing(dossier.state),
        "holder": step.name.in_language(pages.language()) if step else "",
        "due": state.due,
        "verb": step.verb if step and able and step.verb in BATCHED else "",
        "pick": f"{identity.code}:{dossier.acts}",
    }
