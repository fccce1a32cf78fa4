"""One deed on several dossiers at once, each a transaction of its own, with what came of each.

A deed that asks for something asks it once, on a page that names the dossiers. Signatures are given on a page of their
own (`signing`), which shows of each what decides.
"""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST

from lienthong.desk import act_forms, moving_on, pages, performing, queue_page, signing
from lienthong.desk.act_forms import Attempt
from lienthong.desk.acts import DEEDS
from lienthong.desk.batch_results import Picked, picked, told
from lienthong.desk.deeds import Case, Deed, Offer
from lienthong.desk.inside_deeds import colleagues
from lienthong.desk.moving_on import Trail
from lienthong.desk.performing import Outcome
from lienthong.exchange.node import Node
from lienthong.identity import officers
from lienthong.identity.guards import officer_required
from lienthong.identity.types import Officer
from lienthong.kit import clock


@require_POST
@officer_required(*pages.OFFICERS)
def batch(request: HttpRequest) -> HttpResponse:
    """One deed on the ticked dossiers; a deed with questions asks them first."""
    node, officer, trail = pages.node_of(request), pages.officer_of(request), moving_on.read(request.POST.dict())
    deed, chosen = DEEDS.get(request.POST.get("verb", "")), picked(request)
    if deed is None or deed.verb not in queue_page.BATCHED:
        return HttpResponseRedirect(trail.list_url, status=HTTPStatus.SEE_OTHER)
    if deed.verb == signing.VERB and chosen:
        return HttpResponseRedirect(signing.address([code for code, _version in chosen]), status=HTTPStatus.SEE_OTHER)
    sent: dict[str, Any] = {}
    if deed.controls and chosen:
        asked = _case(node, officer, chosen[0][0])
        if asked is None:
            return told(request, deed, [(code, Outcome("absent")) for code, _version in chosen], trail.list_url)
        sent = act_forms.typed(deed, request.POST)
        errors = act_forms.problems(asked, deed, sent) if "answered" in request.POST else {}
        if errors or "answered" not in request.POST:
            return _ask(request, asked, deed, Attempt(deed.verb, sent, errors), chosen, trail)
    outcomes = [(code, performing.perform(node, officer, code, version, deed, sent)) for code, version in chosen]
    if "row" in request.POST and [outcome.kind for _code, outcome in outcomes] == ["done"]:
        return HttpResponseRedirect(moving_on.after_act(trail, outcomes[0][0], "list"), status=HTTPStatus.SEE_OTHER)
    return told(request, deed, outcomes, trail.list_url)


def _case(node: Node, officer: Officer, code: str) -> Case | None:
    """What a deed's questions are asked about: the first of the dossiers, of whose post the colleagues are."""
    with node.database.transaction() as tx:
        found = performing.seen(node, tx, code, officer)
        others = colleagues(tx, officer, found) if found else []
        posts = officers.posts(tx, clock.today())
    if found is None:
        return None
    service = node.catalogue.shown(found.identity.service, found.identity.revision)
    return Case(node, found, service, {}, {}, colleagues=others, posts=posts)


def _ask(request: HttpRequest, case: Case, deed: Deed, attempt: Attempt, chosen: Picked, trail: Trail) -> HttpResponse:
    """The deed's questions once, and on which dossiers it is to be done."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    shown = act_forms.shown(case, Offer(deed, str(deed.text)), attempt)
    with node.database.transaction() as tx:
        found = [performing.seen(node, tx, code, officer) for code, _version in chosen]
    context = {
        "act": shown,
        "picked": [f"{code}:{version}" for code, version in chosen],
        "named": [{"title": pages.title(one), "code": one.identity.code} for one in found if one],
        "trail": trail,
        "errors": act_forms.errors([shown]),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if attempt.errors else HTTPStatus.OK
    return render(request, "desk/batch_ask.html", {**pages.frame(request, "queue"), **context}, status=status)
