"""The page of people one may act for: whom, until when, what was filed for them; and the way into a form for them."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from lienthong.agreements.mandates import Mandate
from lienthong.casework import dossiers
from lienthong.exchange.node import Node
from lienthong.identity.guards import citizen_required
from lienthong.identity.types import Account
from lienthong.portal import acting, dossier_list, drafts
from lienthong.portal.request import language, node_of, offered, service_of, signed_in

_FILED = "SELECT * FROM dossier WHERE filed_by = %s AND parent IS NULL ORDER BY received_at DESC LIMIT 100"


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_required
def people(request: HttpRequest) -> HttpResponse:
    """Whom I may act for. A POST names a mandate and a service, and begins a form for that person."""
    node, account = node_of(request), signed_in(request)
    held = acting.held(node, account, "mandates")
    if held is not None and request.method == "POST":
        return _begin(request, node, account, held)
    filed = _filed(node, account) if held else {}
    context = {
        "here": "acting",
        "silent": held is None,
        "people": [_shown(node, mandate, filed.pop(mandate.grantor, [])) for mandate in held or []],
    }
    return render(request, "portal/acting.html", context, status=503 if held is None else 200)


def _begin(request: HttpRequest, node: Node, account: Account, held: list[Mandate]) -> HttpResponse:
    """Open the draft of that person and service, or go on with it. A mandate one does not hold is not there."""
    service = service_of(node, request.POST.get("service", ""))
    number = request.POST.get("mandate", "")
    mandate = next((one for one in held if one.number == number and one.covers(service.slug)), None)
    if mandate is None:
        raise Http404
    who = acting.under(mandate, account)
    with node.database.transaction() as tx:
        draft = drafts.open_draft(tx, who.principal, service, acting=who)
    return redirect("form_page", *service.slug.split("/"), draft, service.form.sections[0].id)


def _filed(node: Node, account: Account) -> dict[str, list[dict[str, Any]]]:
    """What this account filed for others, as lines of a list, by applicant."""
    with node.database.transaction() as tx:
        rows = [dossiers.from_row(row) for row in tx.all(_FILED, (account.number,))]
    found: dict[str, list[dict[str, Any]]] = {}
    for dossier in rows:
        found.setdefault(dossier.identity.applicant, []).append(dossier_list.row(node, dossier))
    return found


def _shown(node: Node, mandate: Mandate, filed: list[dict[str, Any]]) -> dict[str, Any]:
    services = [service for service in offered(node) if mandate.covers(service.slug)]
    return {
        "name": mandate.grantor_name,
        "birth_date": mandate.grantor_birth_date,
        "mandate": mandate.number,
        "kind": mandate.kind,
        "until": mandate.until,
        "services": [{"slug": s.slug, "name": s.card.short.in_language(language())} for s in services],
        "dossiers": filed,
    }
