"""The page on which officers keep their unit's phrases."""

from http import HTTPStatus
from itertools import groupby
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from lienthong.catalogue.messages import message
from lienthong.desk import pages, phrases
from lienthong.desk.acts import DEEDS
from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required
from lienthong.identity.types import Officer
from lienthong.kit.storage import Tx

WORDED = tuple(verb for verb, deed in DEEDS.items() if deed.reasons)  # what asks for a reason takes phrases


@require_http_methods(["GET", "HEAD", "POST"])
@officer_required(*pages.OFFICERS)
def listed(request: HttpRequest) -> HttpResponse:
    """The phrases of the officer's units; posted, one more."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    sent = {name: request.POST.get(name, "") for name in ("unit", "deed", "text")}
    problem = ""
    if request.method == "POST":
        unit = sent["unit"] or min(officer.units)
        if unit not in officer.units or sent["deed"] not in WORDED:
            raise PermissionDenied
        with node.database.transaction() as tx:
            problem = phrases.add(tx, officer, unit, sent["deed"], sent["text"])
        if not problem:
            return HttpResponseRedirect(reverse("phrases"), status=HTTPStatus.SEE_OTHER)
    with node.database.transaction() as tx:
        context = _page(node, tx, officer)
    errors = [{"id": "text", "message": message(problem)}] if problem else []
    context |= {"sent": sent, "error": message(problem) if problem else "", "errors": errors}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return render(request, "desk/phrases.html", {**pages.frame(request, "queue"), **context}, status=status)


@require_POST
@officer_required(*pages.OFFICERS)
def drop(request: HttpRequest) -> HttpResponse:
    """Strike one."""
    with pages.node_of(request).database.transaction() as tx:
        phrases.drop(tx, pages.officer_of(request), request.POST.get("phrase", ""))
    return HttpResponseRedirect(reverse("phrases"), status=HTTPStatus.SEE_OTHER)


def _page(node: Node, tx: Tx, officer: Officer) -> dict[str, Any]:
    """The phrases by unit and deed, and what a new one can be for."""
    found = phrases.listed(tx, officer)
    groups = [
        {"deed": DEEDS[deed].label, "place": pages.place(node, unit), "phrases": list(rows)}
        for (unit, deed), rows in groupby(found, key=lambda row: (row.unit, row.deed))
        if deed in DEEDS
    ]
    units = [(unit, pages.place(node, unit)) for unit in sorted(officer.units)]
    return {"groups": groups, "units": units, "deeds": [(verb, DEEDS[verb].label) for verb in WORDED]}
