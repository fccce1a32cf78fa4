"""The officers' pages and acts. An act is one transaction without asking anybody; the next page follows with a 303."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lienthong.casework import dossiers
from lienthong.desk import act_forms, attachments, case_page, evidence, pages, performing, queries, queue_page
from lienthong.desk.act_forms import Attempt
from lienthong.desk.acts import DEEDS, GROUNDS, Case, Deed, consequences, deed_for
from lienthong.desk.cautions import doubted
from lienthong.desk.comparison import Evidence
from lienthong.desk.performing import OUTCOMES, Outcome, who_was_first
from lienthong.desk.queries import Filter
from lienthong.exchange.node import Node
from lienthong.identity import officers
from lienthong.identity.guards import officer_required
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.web.access import public
from lienthong.kit.web.views import trouble

DESK_ROLES = (
    "reception_officer", "civil_status_officer", "chair", "residence_officer", "insurance_officer", "identity_officer",
)  # fmt: skip


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
@officer_required(*DESK_ROLES)
def queue(request: HttpRequest) -> HttpResponse:
    """The officer's own queue, under `?show=`, `?step=` and `?due=`; `?done=` names the dossier just moved on."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    chosen = Filter.read(*(request.GET.get(name, "") for name in ("show", "step", "due")))
    services, at = pages.my_services(node, officer), clock.now()
    with node.database.transaction() as tx:
        counts = queries.counts(tx, officer, services, at)
        rows = queries.dossiers(tx, officer, services, at, chosen)
        done = performing.seen(node, tx, request.GET.get("done", ""), officer)
    return render(request, "desk/queue.html", queue_page.queue(request, rows, counts, chosen, done))


@require_POST
@officer_required(*DESK_ROLES)
def search(request: HttpRequest) -> HttpResponse:
    """Dossiers of the officer's units by code or by name. Posted, so that no name stands in an address."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    asked = request.POST.get("q", "")[:100]
    with node.database.transaction() as tx:
        rows = queries.found(tx, officer, pages.my_services(node, officer), clock.now(), asked)
    context = {**pages.frame(request, "queue"), "asked": asked.strip(), **queue_page.listed(node, officer, rows)}
    return render(request, "desk/search.html", context)


@require_safe
@officer_required(*DESK_ROLES)
def dossier(request: HttpRequest, code: str) -> HttpResponse:
    """`?wrong=` comes from the review of an automatic decision: the annulment stands open."""
    return _show(request, _held(request, code), Attempt("annul" if "wrong" in request.GET else ""))


@require_POST
@officer_required(*DESK_ROLES)
def act(request: HttpRequest, code: str, verb: str) -> HttpResponse:
    """Any deed: its form is checked, what follows is confirmed where that is asked, then it is done.

    What is typed as grounds of a decision counts only where the register is in doubt, which is asked once more.
    """
    deed, known = DEEDS[verb], None
    if verb == "decide" and GROUNDS.name in request.POST:
        known = _beside(request, _held(request, code))
        deed = deed_for(replace(case_page.at_hand(known), doubted=_wants_grounds(request, known)), verb)
    sent = act_forms.typed(deed, request.POST)
    if deed.controls:
        known = known or _held(request, code)
        case = case_page.at_hand(known)
        if errors := act_forms.problems(case, deed, sent):
            return _show(request, known, Attempt(verb, sent, errors), HTTPStatus.UNPROCESSABLE_ENTITY)
        if deed.confirms and request.POST.get("confirmed") != "yes":
            return _confirm(request, case, deed, sent)
    node, officer, version = pages.node_of(request), pages.officer_of(request), request.POST.get("version", "")
    return _answer(request, code, performing.perform(node, officer, code, version, deed, sent))


def _wants_grounds(request: HttpRequest, known: Evidence) -> bool:
    """While the register is silent, grounds that were typed stand."""
    in_doubt = doubted(known)
    return bool(request.POST[GROUNDS.name].strip()) if in_doubt is None else in_doubt


def _answer(request: HttpRequest, code: str, outcome: Outcome) -> HttpResponse:
    match outcome.kind:
        case "done":
            return HttpResponseRedirect(f"{reverse('queue')}?done={code}", status=HTTPStatus.SEE_OTHER)
        case "absent":
            raise Http404
        case "forbidden":
            raise PermissionDenied
        case "old":
            return trouble(request, HTTPStatus.CONFLICT, OUTCOMES["old"](), _("Chưa có gì thay đổi."))
    text = _("%(told)s Chưa có gì thay đổi vì bạn. Hãy mở lại hồ sơ để xem.")
    assert outcome.by is not None, "somebody was there first"
    told = who_was_first(outcome.by)
    return trouble(request, HTTPStatus.CONFLICT, _("Hồ sơ đã đi tiếp trước bạn"), text % {"told": told})


def _confirm(request: HttpRequest, case: Case, deed: Deed, sent: dict[str, Any]) -> HttpResponse:
    """What follows, and the same form once more with the officer's yes."""
    parts = {name: value for name, value in request.POST.items() if name not in ("csrfmiddlewaretoken", "confirmed")}
    context = {
        "title": pages.title(case.dossier),
        "code": case.dossier.identity.code,
        "label": deed.label,
        "consequences": consequences(case),
        "sent": parts,
    }
    return render(request, "desk/confirm.html", {**pages.frame(request, "queue"), **context})


def _held(request: HttpRequest, code: str) -> Evidence:
    """A dossier of this officer's as this node holds it. Raises Http404."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    with node.database.transaction() as tx:
        found = performing.seen(node, tx, code, officer)
        if found is None:
            raise Http404
        content, history = dossiers.content(tx, code), dossiers.acts(tx, code)
        service = node.catalogue.shown(found.identity.service, found.identity.revision)
        files = attachments.listed(node, tx, service, found, content)
        tasks = [row.kind for row in queries.open_tasks(tx, found.identity.case)]
    return Evidence(node, found, service, content, history=history, files=files, tasks=tasks)


def _beside(request: HttpRequest, held: Evidence) -> Evidence:
    """The dossier beside the registers. They are asked with no transaction open."""
    node, officer = held.node, pages.officer_of(request)
    filed = evidence.at_filing(node, held.dossier, held.service, held.content)
    present = evidence.now(node, held.dossier, held.service, held.content, officer)
    return replace(held, filed=filed, present=present)


def _show(request: HttpRequest, known: Evidence, attempt: Attempt, status: int = HTTPStatus.OK) -> HttpResponse:
    if not known.present:
        known = _beside(request, known)
    case = case_page.case(known, pages.officer_of(request), attempt)
    offered = [case.next, *case.acts] if case.next else case.acts
    context = {**pages.frame(request, "queue"), "case": case, "errors": act_forms.errors(offered)}
    return render(request, "desk/dossier.html", context, status=status)


def _first_page(officer: Officer) -> str:
    """Where an officer's day begins: with dossiers, at the counter, or with inside work."""
    if officer.roles & set(DESK_ROLES):
        return "queue"
    return "counter" if officer.roles & set(pages.COUNTER_ROLES) else "tasks"


def _keeps(node: Node) -> str:
    """What the node does, from the catalogue: the registers it keeps and the services it decides."""
    language = pages.language()
    keeps = [register.name.in_language(language) for register in node.catalogue.owned.values()]
    handled = [service for service in node.catalogue.services.values() if service.card.handled_by == node.name]
    decides = [service.card.name.in_language(language) for service in handled]
    parts = [_("Giữ: %(what)s.") % {"what": ", ".join(keeps)}] if keeps else []
    parts += [_("Giải quyết: %(what)s.") % {"what": ", ".join(decides)}] if decides else []
    return " ".join(parts)
