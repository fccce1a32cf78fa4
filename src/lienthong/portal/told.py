"""Dossiers that other systems hold and told us of: as lines of the citizen's list, as a page, as completion by code."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from lienthong.casework import synchronising, words
from lienthong.casework.states import FINAL, PAYMENT, PROCESSED, REJECTED, STOPPED, SUPPLEMENT, WITHDRAWN
from lienthong.exchange.node import Node
from lienthong.identity.guards import citizen_required
from lienthong.identity.types import Account
from lienthong.kit.storage import Tx
from lienthong.portal.request import language, node_of, signed_in

_SIGNS = {
    1: "waiting", 2: "waiting", REJECTED: "refused", SUPPLEMENT: "supplement",
    PAYMENT: "supplement", WITHDRAWN: "refused", STOPPED: "refused",
}  # fmt: skip


def sign(status: int) -> str:
    return _SIGNS.get(status, "done" if status >= PROCESSED else "working")


def due_of(one: Any) -> Any:
    """When it is promised, while it is under way."""
    return None if one.status in (*FINAL, PROCESSED) else one.due


def row(node: Node, one: Any) -> dict[str, Any]:
    """As dossier_list.row; nothing can be done here."""
    return {
        "url": reverse("told", args=[one.code]),
        "code": one.code,
        "title": one.title,
        "subject": one.owner_name,
        "state": sign(one.status),
        "state_label": words.state_name(one.status),
        "due": due_of(one),
        "todo": None,
        "holder": sender(node, one.sender),
    }


def rows(node: Node, tx: Tx, account: Account) -> list[dict[str, Any]]:
    return [row(node, one) for one in synchronising.mine(tx, account.number)]


def sender(node: Node, name: str) -> str:
    """Whose word it is: a node by its name; a system that speaks through the gateway as it calls itself."""
    known, _slash, system = name.partition("/")
    card = node.catalogue.nodes.get(known)
    return system or (card.name.in_language(language()) if card else name)


@citizen_required
@require_safe
def page(request: HttpRequest, code: str) -> HttpResponse:
    """One of this person's, as it was told: who holds it, how it stands, what was done. Read only."""
    node, account = node_of(request), signed_in(request)
    with node.database.transaction() as tx:
        one = synchronising.one(tx, code)
        if one is None or not one.owner or one.owner != account.number:
            raise Http404
        steps = synchronising.steps_of(tx, code)
    context = {
        "one": {
            **row(node, one), "procedure": one.procedure, "received_at": one.received_at,
            "finished_at": one.finished_at, "returned_at": one.returned_at, "promised": one.due,
            "updated_at": one.updated_at, "asks": one.status in (SUPPLEMENT, PAYMENT),
        },
        "steps": [
            {"at": step.at, "what": step.what, "who": step.who, "post": step.post, "due": step.due,
             "state": words.state_name(step.status)}
            for step in steps
        ],
    }  # fmt: skip
    return render(request, "portal/told.html", context)
