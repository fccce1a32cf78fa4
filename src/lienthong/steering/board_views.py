"""The board of databases: a page for people, and the same figures as JSON."""

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lienthong.exchange.node import Node
from lienthong.kit.web.access import public
from lienthong.steering import board


@never_cache
@require_safe
@public("which databases are in step is everybody's concern, and no person is in it")
def databases(request: HttpRequest) -> HttpResponse:
    """Every register of the country, and what was measured of it just now."""
    node, language = _node(request), get_language() or "vi"
    told = board.ask(node)
    owners = board.owners(node, told, language)
    context = {"here": "databases", "owners": owners, "figures": board.figures(owners, told), "moment": told.moment}
    return render(request, "steering/board.html", context)


@never_cache
@require_safe
@public("which databases are in step is everybody's concern, and no person is in it")
def databases_json(request: HttpRequest) -> HttpResponse:
    """What each node said, and how many milliseconds it took."""
    told = board.ask(_node(request))
    nodes = {
        name: {"milliseconds": round(heard.milliseconds, 1), "state": heard.state} for name, heard in told.nodes.items()
    }
    body = msgspec.json.encode({"at": told.moment, "nodes": nodes})
    return HttpResponse(body, content_type="application/json")


def _node(request: HttpRequest) -> Node:
    return request.node  # type: ignore[attr-defined, no-any-return]
