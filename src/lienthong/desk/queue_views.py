"""The queue: all that an officer may do, in one list; from there to the next of it, and back."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from lienthong.desk import moving_on, pages, performing, queries, queue_page
from lienthong.desk.filters import Filter, Place
from lienthong.identity.guards import officer_required


@require_safe
@officer_required(*pages.OFFICERS)
def queue(request: HttpRequest) -> HttpResponse:
    """The officer's work, under `filters.Filter` and from `?past=` on; `?done=` names the dossier just moved on."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    chosen, past = Filter.read(request.GET.dict()), Place.read(request.GET.get("past", ""))
    looking = pages.looking(node, officer)
    with node.database.transaction() as tx:
        counts = queries.counts(tx, looking)
        items = queries.work(tx, looking, chosen, past)
        done = performing.seen(node, tx, request.GET.get("done", ""), officer)
    return render(request, "desk/queue.html", queue_page.queue(request, items, counts, chosen, done))


@require_POST
@officer_required(*pages.OFFICERS)
def search(request: HttpRequest) -> HttpResponse:
    """Dossiers of the officer's units by code or by name. Posted, so that no name stands in an address."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    asked = request.POST.get("q", "")[:100]
    with node.database.transaction() as tx:
        items = queries.found(tx, pages.looking(node, officer), asked)
    context = {**pages.frame(request, "queue"), "asked": asked.strip(), **queue_page.listed(node, officer, items)}
    return render(request, "desk/search.html", context)


@require_safe
@officer_required(*pages.OFFICERS)
def onward(request: HttpRequest) -> HttpResponse:
    """To the next of `?list=` after `?past=`; to the list when there is none."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    with node.database.transaction() as tx:
        way = moving_on.next_of(tx, pages.looking(node, officer), moving_on.read(request.GET))
    return HttpResponseRedirect(way, status=HTTPStatus.SEE_OTHER)


@require_POST
@officer_required(*pages.OFFICERS)
def after(request: HttpRequest) -> HttpResponse:
    """Remember where an act leads from now on, in this browser: on to the next dossier, or back to the list."""
    back = request.POST.get("back", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        back = reverse("queue")
    response = HttpResponseRedirect(back, status=HTTPStatus.SEE_OTHER)
    chosen = "list" if request.POST.get("after") == "list" else "next"
    year = 365 * 24 * 3600
    response.set_cookie(moving_on.COOKIE, chosen, max_age=year, samesite="Lax", secure=request.is_secure())
    return response


@require_safe
@officer_required(*pages.OFFICERS)
def keys(request: HttpRequest) -> HttpResponse:
    """The keys of these pages, for who has no script or wants them on paper."""
    return render(request, "desk/keys.html", pages.frame(request, "queue"))
