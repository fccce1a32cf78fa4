"""The courier's pages: what waits to be carried, a bag with its manifest, and opening it at the other end."""

from http import HTTPStatus
from itertools import groupby
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from lienthong.casework import bags
from lienthong.casework.bags import Bag
from lienthong.casework.states import NotPossible
from lienthong.catalogue import forms
from lienthong.catalogue.messages import message
from lienthong.desk import pages
from lienthong.desk.intake_receipt import drawn
from lienthong.desk.intake_views import RECEPTION
from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required
from lienthong.kit.storage import Tx


@require_safe
@officer_required(*RECEPTION)
def listed(request: HttpRequest) -> HttpResponse:
    """What waits for a bag, by where it goes; bags on their way and opened ones. `?bag=` leads to one by its number."""
    return _show(request, "")


@require_POST
@officer_required(*RECEPTION)
def pack(request: HttpRequest) -> HttpResponse:
    """A new bag of the dossiers that were ticked."""
    node, officer, sent = pages.node_of(request), pages.officer_of(request), request.POST
    try:
        with node.database.transaction() as tx:
            number = bags.pack(tx, officer, sent.get("point", ""), sent.get("unit", ""), sent.getlist("dossier"))
    except ValueError as wrong:
        return _show(request, str(wrong))
    except PermissionError as error:
        raise PermissionDenied from error
    return _to(number)


@require_safe
@officer_required(*RECEPTION)
def one(request: HttpRequest, number: str) -> HttpResponse:
    """A bag: its manifest to print, who has it, and at the other end what is in it."""
    return _show_one(request, number, "")


@require_POST
@officer_required(*RECEPTION)
def hand_over(request: HttpRequest, number: str) -> HttpResponse:
    """Given to the courier."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    courier = forms.clean(request.POST.get("courier", ""))[:120]
    try:
        with node.database.transaction() as tx:
            bags.hand_over(tx, officer, number, courier)
    except ValueError as wrong:
        return _show_one(request, number, str(wrong))
    except NotPossible:
        return _to(number)
    except (LookupError, PermissionError) as error:
        raise Http404 from error
    return _to(number)


@require_POST
@officer_required(*RECEPTION)
def opened(request: HttpRequest, number: str) -> HttpResponse:
    """What was in it, ticked one by one; the rest is reported missing."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    try:
        with node.database.transaction() as tx:
            bags.opened(node, tx, officer, number, request.POST.getlist("dossier"))
    except (LookupError, PermissionError) as error:
        raise Http404 from error
    return _to(number)


@require_safe
@officer_required(*RECEPTION)
def qr(request: HttpRequest, number: str) -> HttpResponse:
    """The bag's number as a picture."""
    with pages.node_of(request).database.transaction() as tx:
        _mine(request, tx, number)
    return drawn(number)


def _mine(request: HttpRequest, tx: Tx, number: str) -> Bag:
    """A bag that this officer's point packed or awaits. Raises Http404."""
    bag = bags.load(tx, number)
    if bag is None or not {bag.from_unit, bag.to_unit} & pages.officer_of(request).units_as(*RECEPTION):
        raise Http404
    return bag


def _show(request: HttpRequest, problem: str) -> HttpResponse:
    node, units = pages.node_of(request), pages.officer_of(request).units_as(*RECEPTION)
    with node.database.transaction() as tx:
        waiting, known = bags.to_pack(tx, units), bags.listed(tx, units)
    groups = [
        {"unit": unit, "place": pages.place(node, unit), "rows": [_row(node, row) for row in rows]}
        for unit, rows in groupby(waiting, key=lambda row: row.unit)
    ]
    context = {
        **pages.frame(request, "counter"),
        "groups": groups,
        "point": min(units),
        "bags": [_listed(node, row, units) for row in known],
        "problem": message(problem) if problem else "",
    }
    return render(request, "desk/intake_bags.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY if problem else 200)


def _row(node: Node, row: Any) -> dict[str, Any]:
    service = node.catalogue.shown(row.service, row.revision)
    return {
        "code": row.code,
        "subject": row.subject,
        "service": service.card.short.in_language(pages.language()),
        "due": row.due,
    }


def _listed(node: Node, row: Any, units: frozenset[str]) -> dict[str, Any]:
    return {
        "number": row.number,
        "url": reverse("bag", args=[row.number]),
        "from": pages.place(node, row.from_unit),
        "to": pages.place(node, row.to_unit),
        "items": row.items,
        "missing": row.missing,
        "due": row.due,
        "state": state_of(bags.of_row(row)),
        "incoming": row.to_unit in units,
        "opened_at": row.opened_at,
    }


def state_of(bag: Bag | None) -> str:
    """packed, on its way, or opened; late beats the first two."""
    assert bag is not None
    if bag.opened_at:
        return "opened"
    return "late" if bag.is_late else "handed" if bag.handed_at else "packed"


def _show_one(request: HttpRequest, number: str, problem: str) -> HttpResponse:
    node, units = pages.node_of(request), pages.officer_of(request).units_as(*RECEPTION)
    with node.database.transaction() as tx:
        bag = _mine(request, tx, number)
        rows = bags.items(tx, number)
    items = [
        {
            "code": row.dossier,
            "subject": row.subject,
            "service": node.catalogue.shown(row.service, row.revision).card.short.in_language(pages.language()),
            "papers": row.papers,
            "state": row.state,
            "at": row.at,
            "by": row.by_name,
        }
        for row in rows
    ]
    context = {
        **pages.frame(request, "counter"),
        "bag": bag,
        "state": state_of(bag),
        "from": pages.place(node, bag.from_unit),
        "to": pages.place(node, bag.to_unit),
        "items": items,
        "ours": bag.from_unit in units,
        "theirs": bag.to_unit in units,
        "open_items": [item for item in items if item["state"] != "arrived"],
        "problem": message(problem) if problem else "",
        "qr": reverse("bag_qr", args=[number]),
    }
    return render(request, "desk/intake_bag.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY if problem else 200)


def _to(number: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("bag", args=[number]), status=HTTPStatus.SEE_OTHER)
