"""Pages on the way to a form: the first page, the search, a service's own page; and what is offered unasked."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from lienthong.casework.states import FINAL
from lienthong.identity.guards import citizen_required
from lienthong.kit.web.access import public
from lienthong.portal import asked, cards, dossier_list, offers, search
from lienthong.portal.request import account_of, language, node_of, offered, service_of, signed_in


@require_safe
@public("the first page")
def home(request: HttpRequest) -> HttpResponse:
    node, account = node_of(request), account_of(request)
    wanted, mine = False, []
    if account:
        with node.database.transaction() as tx:
            wanted = offers.are_wanted(tx, account)
        mine = dossier_list.of(node, account)
    context = {
        "here": "home",
        "featured": cards.featured(node, language()),
        "events": cards.life_events(node, language()),
        "dossiers": [dossier_list.row(node, d) for d in mine if d.state.status not in FINAL],
        "asked": asked.of(node, account, request.session) if account else None,
        "offers": offers.of(node, account, request.session) if account and wanted else [],
        "offers_off": bool(account) and not wanted,
    }
    return render(request, "portal/home.html", context)


@citizen_required
@require_POST
def choose_offers(request: HttpRequest) -> HttpResponse:
    """Opt out of offers, or in again: `wanted` is yes or no."""
    node, account = node_of(request), signed_in(request)
    with node.database.transaction() as tx:
        offers.choose(tx, account, wanted=request.POST.get("wanted") == "yes")
    offers.forget(request.session)
    return HttpResponseRedirect(reverse("home"), status=HTTPStatus.SEE_OTHER)


@require_safe
@public("looking for a service")
def find(request: HttpRequest) -> HttpResponse:
    node, text = node_of(request), request.GET.get("q", "")[:200]
    found = [cards.result(node, service, language()) for service in search.find(offered(node), text)]
    return render(request, "portal/search.html", {"q": text, "results": found})


@require_safe
@public("what a service is")
def service_page(request: HttpRequest, sector: str, name: str) -> HttpResponse:
    node = node_of(request)
    service = service_of(node, f"{sector}/{name}")
    return render(request, "portal/service.html", {"service": cards.page(node, service, language())})
