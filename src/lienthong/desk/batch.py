"""One deed on several dossiers at once, each a transaction of its own, with what came of each."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from lienthong.casework import words
from lienthong.desk import pages, performing, queries, queue_page
from lienthong.desk.acts import DEEDS, Deed
from lienthong.desk.performing import OUTCOMES, Outcome, who_was_first
from lienthong.desk.views import DESK_ROLES
from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required


@require_POST
@officer_required(*DESK_ROLES)
def batch(request: HttpRequest) -> HttpResponse:
    """One deed on the ticked dossiers, each its own transaction, with what came of each."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    deed = DEEDS.get(request.POST.get("verb", ""))
    if deed is None or deed.verb not in queue_page.BATCHED:
        return HttpResponseRedirect(reverse("queue"), status=HTTPStatus.SEE_OTHER)
    picked = [one.rpartition(":") for one in dict.fromkeys(request.POST.getlist("pick"))][: queries.MOST]
    outcomes = [(code, performing.perform(node, officer, code, version, deed, {})) for code, _colon, version in picked]
    return render(request, "desk/batch.html", {**pages.frame(request, "queue"), **_batch_told(node, deed, outcomes)})


def _batch_told(node: Node, deed: Deed, outcomes: list[tuple[str, Outcome]]) -> dict[str, Any]:
    rows = []
    for code, outcome in outcomes:
        found = outcome.dossier
        said = OUTCOMES[outcome.kind]()
        if outcome.by:
            said = who_was_first(outcome.by)
        rows.append(
            {
                "code": code,
                "title": pages.title(found) if found else code,
                "url": reverse("dossier", args=[code]) if found else "",
                "done": outcome.kind == "done",
                "state": words.state_sign(found.state) if found else "",
                "said": words.standing(found.state) if found and outcome.kind == "done" else said,
            }
        )
    return {"label": deed.label, "rows": rows, "count": sum(row["done"] for row in rows)}
