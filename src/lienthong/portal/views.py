"""The form: on short pages one after another, or as a whole on one."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from lienthong.casework.typed import typed_values
from lienthong.catalogue.shapes import Service
from lienthong.exchange import envelopes
from lienthong.exchange.node import Node
from lienthong.identity.guards import citizen_required
from lienthong.identity.types import Account
from lienthong.kit.canonical import canonical
from lienthong.kit.series import Block
from lienthong.portal import acting, corrections, drafts, pages, uploads
from lienthong.portal.drafts import AlreadyDeclared, Draft, Reading
from lienthong.portal.pages import FormView, Page
from lienthong.portal.request import node_of, service_of, signed_in

REVIEW = "review"
_blocks: dict[str, Block] = {}


@dataclass(frozen=True)
class At:
    """A draft that somebody is at: the account it is for, and `holder`, who is signed in and types."""

    node: Node
    account: Account
    service: Service
    draft: Draft
    holder: Account

    def url(self, page: str = "") -> str:
        """The address of one of its pages, or of the whole form."""
        place = [*self.service.slug.split("/"), self.draft.id]
        return reverse("form_page", args=[*place, page]) if page else reverse("form", args=place)

    def fill(self, typed: dict[str, Any], *, named_only: bool = False) -> Reading:
        return drafts.fill(self.node, self.draft, self.account, self.service, typed, named_only=named_only)

    def view(self, reading: Reading, typed: dict[str, Any], errors: dict[str, str]) -> FormView:
        return pages.form_view(self.node, self.service, reading, typed, errors)

    def keep(self, typed: dict[str, Any]) -> None:
        with self.node.database.transaction() as tx:
            drafts.keep_typed(tx, self.draft, typed)

    @property
    def papers(self) -> list[str]:
        terms = self.node.catalogue.terms
        return [name for name, spec in self.service.form.fields.items() if terms[spec.term].type == "paper"]


def at(request: HttpRequest, sector: str, name: str, draft: UUID) -> At | HttpResponse:
    """The draft of the person who is signed in; a submitted one leads to its receipt. Raises Http404."""
    node, account = node_of(request), signed_in(request)
    service = service_of(node, f"{sector}/{name}")
    with node.database.transaction() as tx:
        kept = drafts.load(tx, str(draft), account)
    if kept is None or kept.service != service.slug:
        raise Http404
    if kept.submitted:
        return redirect("receipt", code=kept.submitted)
    request.acting = kept.acting  # type: ignore[attr-defined]
    whom = acting.for_whom(node, kept.acting, account, kept.case) if kept.acting else account
    return At(node, whom, service, kept, account)


@citizen_required
@require_GET
def start(request: HttpRequest, sector: str, name: str) -> HttpResponse:
    """Open the person's draft of a service, at its first page."""
    node = node_of(request)
    service = service_of(node, f"{sector}/{name}")
    with node.database.transaction() as tx:
        draft = drafts.open_draft(tx, signed_in(request), service)
    return redirect("form_page", sector=sector, name=name, draft=draft, page=service.form.sections[0].id)


# as a whole


@citizen_required
@require_http_methods(["GET", "POST"])
def form(request: HttpRequest, sector: str, name: str, draft: UUID) -> HttpResponse:
    """Everything on one page; sending it submits it."""
    place = at(request, sector, name, draft)
    if isinstance(place, HttpResponse):
        return place
    if request.method == "POST":
        return _submit_whole(request, place)
    typed = place.draft.typed
    return _show_whole(request, place, place.fill(typed), typed, {}, 200)


def _submit_whole(request: HttpRequest, place: At) -> HttpResponse:
    """Take a submission: everything typed is kept first, then judged; what is wrong is told beside its field."""
    taken = uploads.take_form(request, place.node, place.holder, place.draft.case, place.papers)
    posted = typed_values(place.service.form, place.node.catalogue.terms, request.POST)
    typed = {**place.draft.typed, **posted}
    reading = place.fill(typed, named_only=True)
    if way := _to_store(request, place):
        place.keep(typed)
        return redirect(way)
    if taken.only:
        place.keep(typed)
        return _show_whole(request, place, reading, typed, taken.errors, 422 if taken.errors else 200)
    answer = submitted(place, reading, request.POST.get("binding", ""), taken.errors)
    if isinstance(answer, HttpResponse):
        return answer
    place.keep(typed)
    return _show_whole(request, place, reading, typed, answer, 422)


def submitted(place: At, reading: Reading, binding: str, errors: dict[str, str]) -> HttpResponse | dict[str, str]:
    """Submit a draft: the way to its receipt, or what is wrong by field."""
    errors = {**reading.declaration.errors, **errors}
    if binding != reading.draft.binding:
        errors.setdefault("pledge", "stale")
    if errors:
        return errors
    who = place.draft.acting
    if who and (ended := acting.why_not(place.node, who, place.service.slug, place.draft.case)):
        return {"pledge": ended}
    wrong = corrections.asked(place.node, place.service, reading)
    try:
        code = drafts.submit(place.node, _block(place.node), reading, place.account, place.service, corrections=wrong)
    except AlreadyDeclared:
        return {place.service.card.about: "already-declared"}
    return redirect("receipt", code=code)


def _show_whole(
    request: HttpRequest, place: At, reading: Reading, typed: dict[str, Any], errors: dict[str, str], status: int
) -> HttpResponse:
    view = place.view(reading, typed, errors)
    context = {"page": view, "back_url": place.url(place.service.form.sections[0].id), **_for_scripts(place, typed)}
    return render(request, "portal/form.html", context, status=status)


def _for_scripts(place: At, typed: dict[str, Any]) -> dict[str, Any]:
    """What the page's scripts keep on the device, and under which name."""
    kept = {name: value for name, value in typed.items() if not name.startswith("$")}
    return {
        "draft": place.draft.id,
        "draft_url": place.url(),
        "slug": place.service.slug,
        "who": uploads.who(place.holder),
        "base": envelopes.digest(canonical(kept)),
        "answered": " ".join(sorted(name for name, value in kept.items() if value not in ("", None, False))),
    }


# page by page


@citizen_required
@require_http_methods(["GET", "POST"])
def form_page(request: HttpRequest, sector: str, name: str, draft: UUID, page: str) -> HttpResponse:
    """One page of the form. Going on keeps what was typed, judges what the page showed, and leads to the next one."""
    place = at(request, sector, name, draft)
    if isinstance(place, HttpResponse):
        return place
    if request.method == "POST":
        return _take_page(request, place, page)
    typed = place.draft.typed
    reading = place.fill(typed)
    view = place.view(reading, typed, {})
    here = view.page(page)
    if here is None:
        return redirect(place.url(view.pages[0].id))
    return _show_page(request, place, reading, view, here, 200, typed)


def _take_page(request: HttpRequest, place: At, name: str) -> HttpResponse:
    taken = uploads.take_form(request, place.node, place.holder, place.draft.case, place.papers)
    before = place.view(place.fill(place.draft.typed, named_only=True), place.draft.typed, {}).page(name)
    if before is None:
        return redirect(place.url(name))
    shown = {view.id for view in before.fields}
    posted = typed_values(place.service.form, place.node.catalogue.terms, request.POST, shown)
    typed = {**place.draft.typed, **posted}
    reading = place.fill(typed, named_only=True)
    place.keep(typed)
    if way := _to_store(request, place):
        return redirect(way)
    errors = taken.errors if taken.only else {**reading.declaration.errors, **taken.errors}
    here = {field: error for field, error in errors.items() if field in shown}
    view = place.view(reading, typed, here)
    page = view.page(name)
    if page is not None and (here or taken.only):
        return _show_page(request, place, reading, view, page, 422 if here else 200, typed)
    return redirect(_onward(place, view, page, errors, to_review=request.GET.get("to") == REVIEW))


def _to_store(request: HttpRequest, place: At) -> str:
    """Where papers of the person's are chosen, when that was pressed; nothing typed is lost."""
    field = request.POST.get("reuse", "")
    return (
        reverse("reuse", args=[*place.service.slug.split("/"), place.draft.id, field]) if field in place.papers else ""
    )


def _onward(place: At, view: FormView, page: Page | None, errors: dict[str, str], *, to_review: bool) -> str:
    """Where a page without errors leads: to itself when an answer opened more on it, else on, or back to the review."""
    if page is not None and any(one.id in errors for one in page.fields):
        return place.url(page.id)
    if to_review:
        open_page = next((p for p in view.pages if any(one.id in errors for one in p.fields)), None)
        return place.url(open_page.id) if open_page else review_url(place)
    following = view.after(page) if page is not None else view.pages[0]
    return place.url(following.id) if following else review_url(place)


def review_url(place: At) -> str:
    return reverse("review", args=[*place.service.slug.split("/"), place.draft.id])


def _show_page(
    request: HttpRequest,
    place: At,
    reading: Reading,
    view: FormView,
    page: Page,
    status: int,
    typed: dict[str, Any],
) -> HttpResponse:
    before, number = view.before(page), [p.id for p in view.pages].index(page.id) + 1
    service_url = reverse("service", args=place.service.slug.split("/"))
    to_review = request.GET.get("to") == REVIEW
    context = {
        "page": replace(view, errors=pages.told(page.fields)),
        "here": page,
        "number": number,
        "count": len(view.pages) + 1,
        "back_url": review_url(place) if to_review else place.url(before.id) if before else service_url,
        "whole_url": place.url() if number == 1 else "",
        "to": REVIEW if to_review else "",
        **_for_scripts(place, typed),
    }
    return render(request, "portal/form_page.html", context, status=status)


def _block(node: Node) -> Block:
    return _blocks.setdefault(node.name, Block(node.database))
