"""Pages about processes, the same at every node that has pages: the steps as a list and as a diagram, and its BPMN."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from lienthong.casework import diagram, place
from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node
from lienthong.kit.web.access import public


@require_safe
@public("how a service is decided is published by law; no dossier is named")
def process(request: HttpRequest, sector: str, name: str) -> HttpResponse:
    """The process of a service; `?place=` and `?passed=` mark steps or branches of it."""
    node = _node(request)
    service = _service(node, sector, name)
    now, done = (
        [one for one in request.GET.getlist(kind) if diagram.element_of(service, one)] for kind in ("place", "passed")
    )
    shown = {
        "process": place.marked(place.of_service(node, service), now, done),
        "name": service.card.name.in_language(get_language() or "vi"),
        "bpmn": reverse("process_bpmn", args=[sector, name]),
        "marks": {"place": " ".join(now), "passed": " ".join(done)},
    }
    return render(request, "web/process.html", shown)


@require_safe
@public("the same as a file that any tool for BPMN reads")
def bpmn(request: HttpRequest, sector: str, name: str) -> HttpResponse:
    node = _node(request)
    text = diagram.of_service(node, _service(node, sector, name), get_language() or "vi")
    headers = {"Content-Disposition": f'inline; filename="{name}.bpmn"', "Vary": "Cookie"}
    return HttpResponse(text, content_type="application/xml; charset=utf-8", headers=headers)


def _service(node: Node, sector: str, name: str) -> Service:
    service = node.catalogue.services.get(f"{sector}/{name}")
    if service is None:
        raise Http404
    return service


def _node(request: HttpRequest) -> Node:
    return request.node  # type: ignore[attr-defined, no-any-return]


process_patterns = [
    path("processes/<slug:sector>/<slug:name>", process, name="process"),
    path("processes/<slug:sector>/<slug:name>.bpmn", bpmn, name="process_bpmn"),
]
