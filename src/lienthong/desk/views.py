"""The officers' pages and acts. An act is one transaction without asking anybody; the next page follows with a 303."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from http import HTTPStatus

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lienthong.casework import dossiers, journey, words
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import Act, NotPossible
from lienthong.catalogue import forms
from lienthong.desk import evidence, pages, queries
from lienthong.desk.comparison import Evidence
from lienthong.desk.pages import REASONS, Attempt
from lienthong.exchange.node import Node
from lienthong.identity import officers
from lienthong.identity.guards import officer_required
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.kit.web.templatetags.vietnam import moment
from lienthong.kit.web.views import trouble

DESK_ROLES = ("civil_status_officer", "chair", "residence_officer", "insurance_officer")
LONGEST_NOTE = 500


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To the queue for an officer; what this node does for anybody else."""
    node, account = _node(request), request.account  # type: ignore[attr-defined]
    if account and officers.present(request.session, node.database, account, clock.today()):
        return HttpResponseRedirect(reverse("queue"))
    text = _("Bạn không được giao việc ở đây.") if account else _("Cán bộ được giao việc đăng nhập để làm.")
    return render(request, "desk/home.html", {**pages.frame(request), "keeps": _keeps(node), "text": text})


@require_safe
@officer_required(*DESK_ROLES)
def queue(request: HttpRequest) -> HttpResponse:
    """The officer's own queue, filtered by `?show=`; `?done=` names the dossier just moved on."""
    node, officer = _node(request), _officer(request)
    asked = request.GET.get("show", "mine")
    shown = asked if asked in queries.FILTERS else "mine"
    services = [slug for slug, service in node.catalogue.services.items() if pages.roles_in(service) & officer.roles]
    today = datetime.combine(clock.today(), datetime.min.time(), clock.ZONE)
    with node.database.transaction() as tx:
        counts = queries.counts(tx, officer, services, today)
        rows = queries.dossiers(tx, officer, services, today, shown)
        done = _seen(node, tx, request.GET.get("done", ""), officer)
    return render(request, "desk/queue.html", pages.queue(request, rows, counts, shown, done))


@require_safe
@officer_required(*DESK_ROLES)
def dossier(request: HttpRequest, code: str) -> HttpResponse:
    return _show(request, code, Attempt())


@require_POST
@officer_required(*DESK_ROLES)
def check(request: HttpRequest, code: str) -> HttpResponse:
    return _act(request, code, "check", journey.check)


@require_POST
@officer_required(*DESK_ROLES)
def decide(request: HttpRequest, code: str) -> HttpResponse:
    return _act(request, code, "decide", journey.decide)


@require_POST
@officer_required(*DESK_ROLES)
def send_back(request: HttpRequest, code: str) -> HttpResponse:
    return _act_for_reason(request, code, "return", journey.send_back)


@require_POST
@officer_required(*DESK_ROLES)
def refuse(request: HttpRequest, code: str) -> HttpResponse:
    return _act_for_reason(request, code, "refuse", journey.refuse)


def _act_for_reason(request: HttpRequest, code: str, verb: str, perform: Callable[..., Dossier]) -> HttpResponse:
    """An act that needs a reason of its closed list; the note follows it in the reason."""
    reason = request.POST.get("reason", "")
    note = forms.clean(request.POST.get("note", ""))[:LONGEST_NOTE]
    if reason not in REASONS[verb]:
        error = "not-in-list" if reason else "required"
        return _show(request, code, Attempt(verb, reason, note, error), HTTPStatus.UNPROCESSABLE_ENTITY)
    return _act(request, code, verb, partial(perform, reason=f"{reason}: {note}" if note else reason))


def _act(request: HttpRequest, code: str, verb: str, perform: Callable[..., Dossier]) -> HttpResponse:
    """Do it on the dossier as the officer saw it: `version` counts the acts on the page it was sent from."""
    node, officer, version = _node(request), _officer(request), request.POST.get("version", "")
    try:
        with node.database.transaction() as tx:
            moved = perform(node, tx, code, officer)
            if version.isdecimal() and moved.acts - len(moved.fresh) != int(version):
                raise NotPossible("the page is older than the dossier")
    except (NotPossible, PermissionError, LookupError) as why:
        return _not_done(request, code, verb, version, why)
    return _onward(code)


def _not_done(request: HttpRequest, code: str, verb: str, version: str, why: Exception) -> HttpResponse:
    """The same act again is answered like the first time; another officer's, with who was there before and when."""
    node, officer = _node(request), _officer(request)
    with node.database.transaction() as tx:
        if _seen(node, tx, code, officer) is None:
            raise Http404
        acts = dossiers.acts(tx, code)
    if isinstance(why, LookupError):
        raise why
    since = acts[int(version) :] if version.isdecimal() else acts
    by_people = [act for act in since if act.detail.get("officer")]
    own = [act for act in by_people if act.detail["officer"] == officer.number]
    if own and own[-1].verb == verb:
        return _onward(code)
    moved = by_people or (since if version.isdecimal() else [])
    if not moved:
        raise PermissionDenied
    return _too_late(request, moved[-1])


def _too_late(request: HttpRequest, act: Act) -> HttpResponse:
    text = _("%(who)s: %(what)s, lúc %(at)s. Chưa có gì thay đổi vì bạn. Hãy mở lại hồ sơ để xem.")
    done = words.act_text(act.verb, role=act.role)
    told = {
        "who": _("Hệ thống") if act.actor == words.MACHINE else act.actor,
        "what": f"{done[:1].lower()}{done[1:]}",
        "at": moment(act.at),
    }
    return trouble(request, HTTPStatus.CONFLICT, _("Hồ sơ đã đi tiếp trước bạn"), text % told)


def _onward(code: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('queue')}?done={code}", status=HTTPStatus.SEE_OTHER)


def _show(request: HttpRequest, code: str, attempt: Attempt, status: int = HTTPStatus.OK) -> HttpResponse:
    """The dossier beside the registers. They are asked with no transaction open."""
    node, officer = _node(request), _officer(request)
    with node.database.transaction() as tx:
        found = _seen(node, tx, code, officer)
        if found is None:
            raise Http404
        content, acts = dossiers.content(tx, code), dossiers.acts(tx, code)
    service = node.catalogue.services[found.identity.service]
    filed = evidence.at_filing(node, found, service, content)
    present = evidence.now(node, found, service, content.declared, officer)
    known = Evidence(node, found, service, content, filed, present)
    case = pages.case(known, officer, acts, attempt)
    errors = [{"id": act["name"], "message": act["error"]} for act in case.acts if act["error"]]
    context = {**pages.frame(request, "queue"), "case": case, "errors": errors}
    return render(request, "desk/dossier.html", context, status=status)


def _seen(node: Node, tx: Tx, code: str, officer: Officer) -> Dossier | None:
    """A dossier of this officer's units; a stranger's is not there."""
    found = dossiers.load(tx, code) if code else None
    service = node.catalogue.services.get(found.identity.service) if found else None
    return found if found and service and pages.may_see(officer, found, service) else None


def _keeps(node: Node) -> str:
    """What the node does, from the catalogue: the registers it keeps and the services it decides."""
    language = get_language() or "vi"
    keeps = [register.name.in_language(language) for register in node.catalogue.owned.values()]
    handled = [service for service in node.catalogue.services.values() if service.card.handled_by == node.name]
    decides = [service.card.name.in_language(language) for service in handled]
    parts = [_("Giữ: %(what)s.") % {"what": ", ".join(keeps)}] if keeps else []
    parts += [_("Giải quyết: %(what)s.") % {"what": ", ".join(decides)}] if decides else []
    return " ".join(parts)


def _node(request: HttpRequest) -> Node:
    return request.node  # type: ignore[attr-defined, no-any-return]


def _officer(request: HttpRequest) -> Officer:
    return request.officer  # type: ignore[attr-defined, no-any-return]
