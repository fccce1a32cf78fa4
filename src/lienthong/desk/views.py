"""The officers' pages and acts. An act is one transaction without asking anybody; the next page follows with a 303."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lienthong.desk import (
    act_forms,
    case_page,
    moving_on,
    opening,
    pages,
    performing,
    queue_page,
)
from lienthong.desk.act_forms import Attempt
from lienthong.desk.acts import DEEDS, GROUNDS, deed_for
from lienthong.desk.cautions import doubted
from lienthong.desk.comparison import Evidence
from lienthong.desk.deeds import Case, Deed
from lienthong.desk.performing import OUTCOMES, Outcome
from lienthong.exchange.node import Node
from lienthong.identity import officers
from lienthong.identity.guards import officer_required
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.web.access import public
from lienthong.kit.web.views import trouble


@require_safe
@public("the way to sign in")
def home(request: HttpRequest) -> HttpResponse:
    """To the queue for an officer, to the tasks for one without dossiers; what this node does for anybody else."""
    node, account = pages.node_of(request), request.account  # type: ignore[attr-defined]
    officer = officers.present(request.session, node.database, account, clock.today()) if account else None
    if officer:
        return HttpResponseRedirect(reverse(_first_page(officer)))
    text = _("Bạn không được giao việc ở đây.") if account else _("Cán bộ được giao việc đăng nhập để làm.")
    return render(request, "desk/home.html", {**pages.frame(request), "keeps": _keeps(node), "text": text})


@require_safe
@officer_required(*pages.OFFICERS)
def dossier(request: HttpRequest, code: str) -> HttpResponse:
    """`?wrong=` comes from the review of an automatic decision: the annulment stands open. `?list=` is the list it was
    opened from (`moving_on`). One that is not this officer's to know is not there, with the way to ask why."""
    try:
        known = _held(request, code)
    except Http404:
        context = {**pages.frame(request, "queue"), "code": code}
        return render(request, "desk/not_here.html", context, status=HTTPStatus.NOT_FOUND)
    return _show(request, known, Attempt("annul" if "wrong" in request.GET else ""))


@require_POST
@officer_required(*pages.OFFICERS)
def act(request: HttpRequest, code: str, verb: str) -> HttpResponse:
    """Any deed: its form is checked, what follows is confirmed where that is asked, then it is done.

    What is typed as grounds of a decision counts only where the register is in doubt, which is asked once more.
    """
    deed, sent = DEEDS[verb], dict[str, Any]()
    if deed.controls or (verb == "decide" and GROUNDS.name in request.POST):
        known = _held(request, code)
        case = case_page.at_hand(known)
        if verb == "decide":
            known = _beside(request, known)
            case = replace(case_page.at_hand(known), doubted=_wants_grounds(request, known))
        deed = deed_for(case, verb)
        sent = act_forms.typed(deed, request.POST)
        if errors := act_forms.problems(case, deed, sent):
            return _show(request, known, Attempt(verb, sent, errors), HTTPStatus.UNPROCESSABLE_ENTITY)
        if deed.confirms and request.POST.get("confirmed") != "yes":
            return _confirm(request, case, deed, deed.confirms(case))
    node, officer, version = pages.node_of(request), pages.officer_of(request), request.POST.get("version", "")
    return _answer(request, code, deed, performing.perform(node, officer, code, version, deed, sent))


def _wants_grounds(request: HttpRequest, known: Evidence) -> bool:
    """While the register is silent, grounds that were typed stand."""
    in_doubt = doubted(known)
    return bool(request.POST[GROUNDS.name].strip()) if in_doubt is None else in_doubt


def _answer(request: HttpRequest, code: str, deed: Deed, outcome: Outcome) -> HttpResponse:
    match outcome.kind:
        case "done":
            return HttpResponseRedirect(_onward(request, code, deed), status=HTTPStatus.SEE_OTHER)
        case "absent":
            raise Http404
        case "forbidden":
            raise PermissionDenied
        case "old":
            return trouble(request, HTTPStatus.CONFLICT, OUTCOMES["old"](), _("Chưa có gì thay đổi."))
        case "invalid":
            return trouble(request, HTTPStatus.UNPROCESSABLE_ENTITY, _("Chưa làm được"), outcome.said)
    text = _("%(told)s Chưa có gì thay đổi vì bạn. Hãy mở lại hồ sơ để xem.") % {"told": outcome.said}
    title = _("Đồng nghiệp đang giữ hồ sơ") if outcome.kind == "held" else _("Hồ sơ đã đi tiếp trước bạn")
    return trouble(request, HTTPStatus.CONFLICT, title, text)


def _onward(request: HttpRequest, code: str, deed: Deed) -> str:
    """Where the officer goes on: the same dossier, the next of the list it was opened from, or the list."""
    trail = moving_on.read(request.POST)
    if deed.stays:
        kept = {name: value for name, value in trail.parts.items() if name == "list"}
        return f"{reverse('dossier', args=[code])}{'?' if kept else ''}{urlencode(kept)}"
    return moving_on.after_act(trail, code, request.COOKIES.get(moving_on.COOKIE, ""))


def _confirm(request: HttpRequest, case: Case, deed: Deed, consequences: list[str]) -> HttpResponse:
    """What follows, and the same form once more with the officer's yes."""
    parts = {name: value for name, value in request.POST.items() if name not in ("csrfmiddlewaretoken", "confirmed")}
    context = {
        "title": pages.title(case.dossier),
        "code": case.dossier.identity.code,
        "label": deed.label,
        "consequences": consequences,
        "sent": parts,
    }
    return render(request, "desk/confirm.html", {**pages.frame(request, "queue"), **context})


def _held(request: HttpRequest, code: str) -> Evidence:
    """A dossier of this officer's as this node holds it. Raises Http404."""
    found = opening.held(pages.node_of(request), pages.officer_of(request), code)
    if found is None:
        raise Http404
    return found


def _beside(request: HttpRequest, held: Evidence) -> Evidence:
    return opening.beside(held, pages.officer_of(request))


def _show(request: HttpRequest, known: Evidence, attempt: Attempt, status: int = HTTPStatus.OK) -> HttpResponse:
    if not known.present:
        known = _beside(request, known)
    sent = request.POST if request.method == "POST" else request.GET
    case = case_page.case(known, pages.officer_of(request), attempt, moving_on.at(sent.dict(), known.dossier))
    context = {**pages.frame(request, "queue"), "case": case, "errors": act_forms.errors(case.offered)}
    context["after"] = "list" if request.COOKIES.get(moving_on.COOKIE) == "list" else "next"
    context["done"] = _just_done(request, sent.get("done", ""))
    return render(request, "desk/dossier.html", context, status=status)


def _just_done(request: HttpRequest, code: str) -> str:
    """What the officer did before coming on to this dossier, in words."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    if not code:
        return ""
    with node.database.transaction() as tx:
        before = performing.seen(node, tx, code, officer)
    return queue_page.said_of(before) if before else ""


def _first_page(officer: Officer) -> str:
    """Where an officer's day begins: with the work, or with how it is ordered."""
    return "processes" if officer.roles == {pages.PROCESS_ADMIN} else "queue"


def _keeps(node: Node) -> str:
    """What the node does, from the catalogue: the registers it keeps and the services it decides."""
    language = pages.language()
    keeps = [register.name.in_language(language) for register in node.catalogue.owned.values()]
    handled = [service for service in node.catalogue.services.values() if service.card.handled_by == node.name]
    decides = [service.card.name.in_language(language) for service in handled]
    parts = [_("Giữ: %(what)s.") % {"what": ", ".join(keeps)}] if keeps else []
    parts += [_("Giải quyết: %(what)s.") % {"what": ", ".join(decides)}] if decides else []
    return " ".join(parts)
