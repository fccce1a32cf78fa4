"""Filling in before signing in: what only the person knows, kept on their device alone until they sign in.

Nothing is sent to us from this page, and nothing of registers is on it. `draft.js` keeps what is typed and puts it into
the form after sign-in; without it the page only says how to begin.
"""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from lienthong.casework.declaration import Given, put_together
from lienthong.casework.prefill import Found
from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.web.access import public
from lienthong.portal import pages
from lienthong.portal.drafts import Draft, Reading
from lienthong.portal.pages import FieldView, FormView
from lienthong.portal.request import account_of, node_of, service_of


@require_safe
@public("an empty form; what is typed stays on the device")
def ahead(request: HttpRequest, sector: str, name: str) -> HttpResponse:
    """The questions of the form that no register answers; somebody signed in has the form itself."""
    if account_of(request) is not None:
        return redirect("start", sector=sector, name=name)
    node = node_of(request)
    service = service_of(node, f"{sector}/{name}")
    context = {
        "page": questions(node, service),
        "slug": service.slug,
        "start_url": reverse("start", args=[sector, name]),
        "service_url": reverse("service", args=[sector, name]),
    }
    return render(request, "portal/ahead.html", context)


def questions(node: Node, service: Service) -> FormView:
    """The form without an answer, as far as it asks what no register holds and what needs no earlier answer."""
    nothing = Found({}, {})
    declaration = put_together(Given(service.form, node.catalogue.terms, nothing, {}), clock.today())
    empty = Draft("", "", service.slug, service.revision, {}, [], None, None)
    view = pages.form_view(node, service, Reading(nothing, declaration, draft=empty), {}, {})
    sections = [replace(s, fields=[f for f in s.fields if _is_theirs(service, f)], notes=[]) for s in view.sections]
    return replace(view, sections=[section for section in sections if section.fields])


def _is_theirs(service: Service, field: FieldView) -> bool:
    """Only the person knows it, and it can wait on a device: no paper, no pledge."""
    return not service.form.fields[field.id].source and field.kind != "paper" and field.id != "pledge"
