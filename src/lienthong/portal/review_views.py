"""The review before a form is submitted: every answer with the way to change it, and what will wait."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from lienthong.casework.typed import typed_values
from lienthong.identity.guards import citizen_required
from lienthong.portal import corrections
from lienthong.portal.drafts import Reading
from lienthong.portal.pages import FieldView, FormView
from lienthong.portal.request import language
from lienthong.portal.views import REVIEW, At, at, submitted
from lienthong.portal.wrong_views import waiting
from lienthong.registers.wording import shown


@dataclass(frozen=True)
class Row:
    """An answer: who gave it (`known`, `differs`, `typed`), what was said against it, the way to change it."""

    label: str
    value: str
    state: str
    change_url: str
    source: str = ""
    note: str = ""


@citizen_required
@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, sector: str, name: str, draft: UUID) -> HttpResponse:
    """Look at everything once, promise that it is true, submit. What still lacks something is led to."""
    place = at(request, sector, name, draft)
    if isinstance(place, HttpResponse):
        return place
    typed = place.draft.typed
    if request.method == "GET":
        reading = place.fill(typed)
        lacking = {field: error for field, error in reading.declaration.errors.items() if field != "pledge"}
        view = place.view(reading, typed, lacking)
        unfinished = next((page for page in view.pages if any(one.error for one in page.fields)), None)
        if unfinished:
            return redirect(f"{place.url(unfinished.id)}?to={REVIEW}")
        return _show(request, place, reading, place.view(reading, typed, {}), 200)
    flags = {n for n, s in place.service.form.fields.items() if place.node.catalogue.terms[s.term].type == "flag"}
    typed = {**typed, **typed_values(place.service.form, place.node.catalogue.terms, request.POST, flags)}
    reading = place.fill(typed, named_only=True)
    answer = submitted(place, reading, request.POST.get("binding", ""), {})
    if isinstance(answer, HttpResponse):
        return answer
    return _show(request, place, reading, place.view(reading, typed, answer), 422)


def _show(request: HttpRequest, place: At, reading: Reading, view: FormView, status: int) -> HttpResponse:
    stopped, going_on = waiting(place, place.draft, reading.declaration.declared)
    promised = {"pledge"}
    groups = [
        {
            "title": section.title,
            "rows": [_row(place, view, one) for one in section.fields if _says_something(one, reading)],
            "notes": section.notes,
        }
        for section in view.sections
        if not promised.issuperset(one.id for one in section.fields)
    ]
    last = view.pages[-1]
    context = {
        "page": view,
        "groups": [group for group in groups if group["rows"]],
        "pledge": [one for section in view.sections for one in section.fields if one.id in promised],
        "marked": len(corrections.marks(place.draft.typed)),
        "waits": stopped,
        "goes_on": going_on,
        "back_url": place.url(last.id),
        "slug": place.service.slug,
    }
    return render(request, "portal/review.html", context, status=status)


def _says_something(one: FieldView, reading: Reading) -> bool:
    return bool(one.display or one.error or one.files or reading.declaration.declared.get(one.id))


def _row(place: At, view: FormView, one: FieldView) -> Row:
    page = view.page(one.id)
    change = f"{place.url(page.id if page else one.id)}?to={REVIEW}#f-{one.id}"
    if one.state in ("known", "differs"):
        wrong = f"{wrong_url(place, one.id)}?to={REVIEW}" if one.markable else ""
        return Row(one.label, one.display, one.state, wrong, one.source, one.note)
    if one.files:
        return Row(one.label, ", ".join(entry["name"] for entry in one.files), "typed", change)
    term = place.node.catalogue.terms[place.service.form.fields[one.id].term]
    value = one.value if not isinstance(one.value, dict) else "-".join(one.value[p] for p in ("year", "month", "day"))
    return Row(one.label, shown(place.node, term, str(value), language()), "typed", change, note=one.error)


def wrong_url(place: At, field: str) -> str:
    return reverse("wrong", args=[*place.service.slug.split("/"), place.draft.id, field])
