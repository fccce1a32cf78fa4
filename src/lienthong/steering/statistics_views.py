"""Public statistics of exchange: a page for people, and the sealed statements themselves for whoever checks them."""

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lienthong.exchange.node import Node
from lienthong.kit.web.access import public
from lienthong.steering import exchanged


@never_cache
@require_safe
@public("counts of exchange by agency are open to everybody")
def statistics(request: HttpRequest) -> HttpResponse:
    """Who looked up what of whom, and for what, over the last day, week or month."""
    node, days = _node(request), _days(request)
    told = exchanged.ask(node, days)
    summary = exchanged.summed(node, told, days, get_language() or "vi")
    context = {"here": "statistics", "summary": summary, "days": days, "spans": exchanged.SPANS}
    return render(request, "steering/statistics.html", context)


@never_cache
@require_safe
@public("counts of exchange by agency are open to everybody")
def statements(request: HttpRequest) -> HttpResponse:
    """The same days as every node sealed them: a JSON list of envelopes, checked by `lienthong verify`."""
    told = exchanged.ask(_node(request), _days(request))
    envelopes = [msgspec.Raw(text.encode()) for text in exchanged.sealed(told)]
    body = msgspec.json.encode({"statements": envelopes, "silent": told.silent})
    return HttpResponse(body, content_type="application/json")


def _node(request: HttpRequest) -> Node:
    return request.node  # type: ignore[attr-defined, no-any-return]


def _days(request: HttpRequest) -> int:
    """What was asked for, where it is one of the spans; else a week."""
    wanted = request.GET.get("days", "")
    return next((days for days in exchanged.SPANS if str(days) == wanted), 7)
