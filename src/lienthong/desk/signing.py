"""Signing in one go: what waits for this officer's signature, with what decides about each.

What has a caution is not ticked and cannot be signed here: somebody opens it. That is asked again, of the registers
too, at the moment of signing; each signature is a transaction of its own, with its own outcome.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import Act
from lienthong.desk import batch_results, case_page, opening, pages, performing, queries
from lienthong.desk.acts import DEEDS
from lienthong.desk.changed import since_filing
from lienthong.desk.comparison import Caution, Condition, Evidence, Group, conditions, groups
from lienthong.desk.performing import Outcome
from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required
from lienthong.identity.types import Officer
from lienthong.kit.web.templatetags.vietnam import moment

VERB: Final = "decide"
AT_ONCE, MOST_LISTED = 20, 200


@dataclass(frozen=True)
class Judged:
    """A dossier that waits for a signature: what speaks for it, and what keeps it out of the batch."""

    dossier: Dossier
    service: str
    facts: list[str]
    cautions: list[str]

    @property
    def pick(self) -> str:
        return f"{self.dossier.identity.code}:{self.dossier.acts}"


def address(codes: Iterable[str]) -> str:
    """The page with just these ticked."""
    return f"{reverse('sign')}?{urlencode([('pick', code) for code in codes])}"


@require_http_methods(["GET", "HEAD", "POST"])
@officer_required(*pages.OFFICERS)
def sign(request: HttpRequest) -> HttpResponse:
    """The list; posted, what was ticked, once more by name; confirmed, the outcome of each."""
    if request.method != "POST" or not request.POST.getlist("pick"):
        return _list(request)
    chosen = batch_results.picked(request)
    if request.POST.get("confirmed") != "yes":
        return _confirm(request, chosen)
    node, officer = pages.node_of(request), pages.officer_of(request)
    outcomes = [(code, _signed(node, officer, code, version)) for code, version in chosen]
    return batch_results.told(request, DEEDS[VERB], outcomes, reverse("sign"))


def _signed(node: Node, officer: Officer, code: str, version: str) -> Outcome:
    """One signature; what has a caution by now is left alone."""
    judged = judge(node, officer, code)
    if judged and judged.cautions:
        return Outcome("invalid", judged.dossier, why="look-alone")
    return performing.perform(node, officer, code, version, DEEDS[VERB], {})


def judge(node: Node, officer: Officer, code: str) -> Judged | None:
    """What decides about one dossier, as its own page would show it; None where it is not this officer's to know."""
    held = opening.held(node, officer, code)
    if held is None:
        return None
    known = opening.beside(held, officer)
    compared = groups(known)
    cautions = [caution.text for caution in case_page.notices(known, compared)]
    cautions += [_("Chưa xác minh được: %(what)s.") % {"what": one.text} for one in _unmet(known)]
    cautions += [caution.text for caution in _more(known, officer)]
    facts = [*_verified(known), *_agreeing(compared), *_checked(known.history)]
    return Judged(known.dossier, known.service.card.name.in_language(pages.language()), facts, cautions)


def _unmet(known: Evidence) -> list[Condition]:
    return [condition for condition in conditions(known.history) if not condition.met]


def _more(known: Evidence, officer: Officer) -> list[Caution]:
    """What a single page shows elsewhere: silent sources, papers on their way, one's own check, another revision."""
    found = []
    changed = since_filing(known)
    silent = changed.silent if changed else []
    if silent:
        text = _("Chưa trả lời, nên chưa biết dữ liệu có đổi không: %(what)s.")
        found.append(Caution(text % {"what": "; ".join(silent)}))
    if late := case_page.missing(known):
        found.append(Caution(_("Giấy tờ chưa về tới nơi: %(what)s.") % {"what": "; ".join(late)}))
    if any(act.verb == "check" and act.detail.get("officer") == officer.number for act in known.history):
        found.append(Caution(_("Chính bạn đã kiểm tra hồ sơ này.")))
    if known.service.revision != known.dossier.identity.revision:
        found.append(Caution(performing.OUTCOMES["old"]()))
    return found


def _verified(known: Evidence) -> list[str]:
    met = [condition for condition in conditions(known.history) if condition.met]
    return [_("%(n)s điều kiện đã xác minh với dữ liệu") % {"n": len(met)}] if met else []


def _agreeing(compared: list[Group]) -> list[str]:
    rows = [row for group in compared for row in group.rows if row.now and row.declared and not row.differs]
    return [_("%(n)s mục khớp dữ liệu gốc bây giờ") % {"n": len(rows)}] if rows else []


def _checked(history: list[Act]) -> list[str]:
    """Who found it in order."""
    act = next((act for act in reversed(history) if act.verb == "check" and act.role), None)
    if act is None:
        return []
    return [_("%(who)s đã kiểm tra lúc %(at)s") % {"who": act.actor, "at": moment(act.at)}]


def _list(request: HttpRequest) -> HttpResponse:
    node, officer, wanted = pages.node_of(request), pages.officer_of(request), request.GET.getlist("pick")
    with node.database.transaction() as tx:
        waiting = queries.at_steps(tx, pages.looking(node, officer), _steps(node, officer), MOST_LISTED)
    shown = sorted(waiting, key=lambda one: one.identity.code not in wanted)[:AT_ONCE] if wanted else waiting[:AT_ONCE]
    judged = [one for one in (judge(node, officer, each.identity.code) for each in shown) if one]
    judged.sort(key=lambda one: one.service)
    grouped = [
        {"service": service, "rows": [_row(one, wanted) for one in members]}
        for service, members in groupby(judged, key=lambda one: one.service)
    ]
    context = {"groups": grouped, "left": len(waiting) - len(judged), "clean": any(not one.cautions for one in judged)}
    return render(request, "desk/sign.html", {**pages.frame(request, "sign"), **context})


def _steps(node: Node, officer: Officer) -> list[tuple[str, str]]:
    """Where a signature of this officer's is asked for: (service, step)."""
    return [
        (slug, step.step)
        for slug, service in node.catalogue.services.items()
        for step in service.process.steps
        if step.verb == VERB and step.role in officer.roles
    ]


def _confirm(request: HttpRequest, chosen: batch_results.Picked) -> HttpResponse:
    """Once more by name, before the signatures are given."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    with node.database.transaction() as tx:
        found = [performing.seen(node, tx, code, officer) for code, _version in chosen]
    named = [{"title": pages.title(one), "code": one.identity.code} for one in found if one]
    context = {"picked": [f"{code}:{version}" for code, version in chosen], "named": named}
    return render(request, "desk/sign_confirm.html", {**pages.frame(request, "sign"), **context})


def _row(judged: Judged, wanted: list[str]) -> dict[str, Any]:
    code = judged.dossier.identity.code
    return {
        "code": code,
        "pick": judged.pick,
        "title": pages.title(judged.dossier),
        "url": reverse("dossier", args=[code]),
        "due": judged.dossier.state.due,
        "facts": judged.facts,
        "cautions": judged.cautions,
        "ticked": not judged.cautions and (not wanted or code in wanted),
    }
