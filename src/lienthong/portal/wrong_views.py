"""«This is wrong»: the page on which a person says what a register's value should be, and why."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from lienthong.casework import controls
from lienthong.casework.typed import LONGEST, date_of
from lienthong.catalogue.messages import message
from lienthong.identity.guards import citizen_required
from lienthong.portal import corrections, pages
from lienthong.portal.drafts import Draft, Reading
from lienthong.portal.pages import FieldView
from lienthong.portal.request import language
from lienthong.portal.views import REVIEW, At, at, review_url


@citizen_required
@require_http_methods(["GET", "POST"])
def wrong(request: HttpRequest, sector: str, name: str, draft: UUID, field: str) -> HttpResponse:
    """Mark a value as wrong, change the mark or take it back. The register's value stays the declared one."""
    place = at(request, sector, name, draft)
    if isinstance(place, HttpResponse):
        return place
    typed = place.draft.typed
    reading = place.fill(typed, named_only=True)
    if not corrections.can_be_marked(place.service, reading, field):
        raise Http404
    back = review_url(place) if request.GET.get("to") == REVIEW else place.url(field)
    if request.method == "GET":
        mark = corrections.marks(typed).get(field, {"says": "", "note": ""})
        return _show(request, place, reading, field, mark, {}, back)
    if request.POST.get("take_back"):
        place.keep(corrections.with_mark(typed, field, None))
        return redirect(back)
    mark = _posted(request)
    term = place.node.catalogue.terms[place.service.form.fields[field].term]
    if errors := corrections.problems(term, reading.declaration.declared[field], mark):
        return _show(request, place, reading, field, mark, errors, back)
    place.keep(corrections.with_mark(typed, field, mark))
    return redirect(back)


def _posted(request: HttpRequest) -> dict[str, str]:
    says = date_of(request.POST, "says") if "says-year" in request.POST else request.POST.get("says", "")
    return {"says": says[:LONGEST].strip(), "note": request.POST.get("note", "")[: 2 * LONGEST].strip()}


def _show(
    request: HttpRequest,
    place: At,
    reading: Reading,
    field: str,
    mark: dict[str, str],
    errors: dict[str, str],
    back: str,
) -> HttpResponse:
    asked = _asked(place, field, mark, errors)
    told = pages.told([asked])
    if "note" in errors:
        told.append({"id": "note", "message": f"{_('Vì sao?')} {message(errors['note'])}"})
    view = place.view(reading, place.draft.typed, {})
    after = replace(place.draft, typed=corrections.with_mark(place.draft.typed, field, {"says": "?", "note": "?"}))
    waits, goes_on = waiting(place, after, reading.declaration.declared)
    context = {
        "field": next(one for section in view.sections for one in section.fields if one.id == field),
        "asked": asked,
        "note": mark["note"],
        "note_error": message(errors["note"]) if "note" in errors else "",
        "errors": told,
        "marked": field in corrections.marks(place.draft.typed),
        "back_url": back,
        "waits": waits,
        "goes_on": goes_on,
    }
    return render(request, "portal/wrong.html", context, status=422 if errors else 200)


def _asked(place: At, field: str, mark: dict[str, str], errors: dict[str, str]) -> FieldView:
    """The question what the value should be, asked as the field itself would be; a register may err in any way."""
    spec = msgspec.structs.replace(place.service.form.fields[field], only=[], wide=True)
    term = place.node.catalogue.terms[spec.term]
    kind = controls.kind_of(term, spec)
    return FieldView(
        id="says",
        label=_("Theo bạn, điều đúng là gì?"),
        help="",
        kind=kind,
        state="ask",
        value=controls.parts(mark["says"]) if kind == "date" else mark["says"],
        choices=controls.choices_of(place.node, term, spec, language()),
        error=message(errors["says"]) if "says" in errors else "",
    )


def waiting(place: At, draft: Draft, declared: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What waits for the corrections marked in a draft, and what goes on: short names of services."""
    both = corrections.waiting(place.node, place.service, draft, declared)
    services = place.node.catalogue.services
    stopped, going_on = ([services[slug].card.short.in_language(language()) for slug in some] for some in both)
    return stopped, going_on
