"""The portal's pages."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from lienthong.casework import dossiers, words
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import FINAL
from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node
from lienthong.identity.guards import citizen_required
from lienthong.identity.types import Account
from lienthong.kit.series import Block
from lienthong.kit.storage import Tx
from lienthong.portal import cards, drafts, pages, search, story
from lienthong.portal.drafts import AlreadyDeclared, Draft
from lienthong.portal.typed import typed_values

_blocks: dict[str, Block] = {}

_MINE = "SELECT * FROM dossier WHERE applicant = %s AND parent IS NULL ORDER BY received_at DESC LIMIT 50"


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    node, account = _node(request), _account(request)
    mine = _dossiers_of(node, account) if account else []
    context = {
        "here": "home",
        "featured": cards.featured(node, _language()),
        "events": cards.life_events(node, _language()),
        "dossiers": [_row(node, d) for d in mine if d.state.status not in FINAL],
    }
    return render(request, "portal/home.html", context)


@require_GET
def find(request: HttpRequest) -> HttpResponse:
    node, text = _node(request), request.GET.get("q", "")[:200]
    found = [cards.result(node, service, _language()) for service in search.find(_offered(node), text)]
    return render(request, "portal/search.html", {"q": text, "results": found})


@require_GET
def service_page(request: HttpRequest, sector: str, name: str) -> HttpResponse:
    node = _node(request)
    service = _service(node, f"{sector}/{name}")
    return render(request, "portal/service.html", {"service": cards.page(node, service, _language())})


@citizen_required
@require_GET
def start(request: HttpRequest, sector: str, name: str) -> HttpResponse:
    """Open the person's draft of a service."""
    node = _node(request)
    service = _service(node, f"{sector}/{name}")
    with node.database.transaction() as tx:
        draft = drafts.open_draft(tx, _signed_in(request), service)
    return redirect("form", sector=sector, name=name, draft=draft)


@citizen_required
@require_http_methods(["GET", "POST"])
def form(request: HttpRequest, sector: str, name: str, draft: UUID) -> HttpResponse:
    node, account = _node(request), _signed_in(request)
    service = _service(node, f"{sector}/{name}")
    with node.database.transaction() as tx:
        kept = drafts.load(tx, str(draft), account)
    if kept is None or kept.service != service.slug:
        raise Http404
    if kept.submitted:
        return redirect("receipt", code=kept.submitted)
    if request.method == "POST":
        return _submit(request, node, account, service, kept)
    kept = drafts.fill(node, kept, account, service)
    return _show_form(request, node, account, service, kept, kept.typed, {}, 200)


def _submit(request: HttpRequest, node: Node, account: Account, service: Service, draft: Draft) -> HttpResponse:
    """Take a submission: everything typed is kept first, then judged; what is wrong is told beside its field."""
    typed = typed_values(service.form, node.catalogue.terms, request.POST)
    reading = drafts.read(node, draft, account, service, typed)
    errors = dict(reading.declaration.errors)
    if request.POST.get("binding") != draft.binding:
        errors.setdefault("pledge", "stale")
    errors = errors or drafts.verify_typed(node, reading, service)
    if not errors:
        try:
            return redirect("receipt", code=drafts.submit(node, _block(node), reading, account, service))
        except AlreadyDeclared:
            errors = {service.card.about: "already-declared"}
    with node.database.transaction() as tx:
        drafts.keep_typed(tx, draft, typed)
    return _show_form(request, node, account, service, draft, typed, errors, 422)


def _show_form(
    request: HttpRequest,
    node: Node,
    account: Account,
    service: Service,
    draft: Draft,
    typed: dict[str, Any],
    errors: dict[str, str],
    status: int,
) -> HttpResponse:
    reading = drafts.read(node, draft, account, service, typed)
    page = pages.form_page(node, service, reading, typed, errors)
    back = reverse("service", args=service.slug.split("/"))
    return render(request, "portal/form.html", {"page": page, "back_url": back}, status=status)


@citizen_required
@require_GET
def receipt(request: HttpRequest, code: str) -> HttpResponse:
    """The acknowledgement: code, promised time and the rule behind it."""
    node, account = _node(request), _signed_in(request)
    with node.database.transaction() as tx:
        dossier = _own(tx, code, account)
    service = node.catalogue.services[dossier.identity.service]
    context = {
        "code": code,
        "service": service.card.name.in_language(_language()),
        "applicant": account.name,
        "received_at": dossier.identity.received_at,
        "due": dossier.identity.deadline,
        "rule": words.cited(service.card.limit.rule),
        "acknowledgement": words.state_name(1),
        "agency": node.catalogue.card.name.in_language(_language()),
        "next": _("Ủy ban nhân dân xã kiểm tra và ký khai sinh; thường trú và thẻ bảo hiểm y tế đi tiếp ngay sau đó."),
        "dossier_url": reverse("dossier", args=[code]),
    }
    return render(request, "portal/receipt.html", {"receipt": context})


@citizen_required
@require_GET
def dossier_list(request: HttpRequest) -> HttpResponse:
    node = _node(request)
    rows = [_row(node, d) for d in _dossiers_of(node, _signed_in(request))]
    return render(request, "portal/dossiers.html", {"here": "dossiers", "dossiers": rows})


@citizen_required
@require_GET
def dossier_page(request: HttpRequest, code: str) -> HttpResponse:
    node = _node(request)
    with node.database.transaction() as tx:
        dossier = _own(tx, code, _signed_in(request))
        acts = dossiers.acts(tx, code)
        results = dossiers.kept_results(tx, code)
    service = node.catalogue.services[dossier.identity.service]
    title = f"{service.card.short.in_language(_language())} – {dossier.identity.subject}"
    told = story.tell(node, service, dossier, acts, results)
    return render(request, "portal/dossier.html", {"title": title, "story": told})


def _row(node: Node, dossier: Dossier) -> dict[str, Any]:
    identity, state = dossier.identity, dossier.state
    service = node.catalogue.services.get(identity.service)
    return {
        "url": reverse("dossier", args=[identity.code]),
        "code": identity.code,
        "title": service.card.short.in_language(_language()) if service else identity.service,
        "subject": identity.subject,
        "state": {3: "refused", 8: "refused", 10: "done", 1: "waiting"}.get(state.status, "working"),
        "state_label": words.state_name(state.status),
        "due": None if state.status in FINAL else identity.deadline,
    }


def _dossiers_of(node: Node, account: Account) -> list[Dossier]:
    with node.database.transaction() as tx:
        return [dossiers.from_row(row) for row in tx.all(_MINE, (account.number,))]


def _own(tx: Tx, code: str, account: Account) -> Dossier:
    """A dossier of this person's; a stranger's is not there."""
    dossier = dossiers.load(tx, code)
    if dossier is None or dossier.identity.applicant != account.number:
        raise Http404
    return dossier


def _service(node: Node, slug: str) -> Service:
    service = node.catalogue.services.get(slug)
    if service is None or service not in _offered(node):
        raise Http404
    return service


def _offered(node: Node) -> list[Service]:
    """Services a citizen applies for here; branches begin by themselves."""
    return [s for s in node.catalogue.services.values() if s.card.handled_by == node.name]


def _block(node: Node) -> Block:
    return _blocks.setdefault(node.name, Block(node.database))


def _node(request: HttpRequest) -> Node:
    return request.node  # type: ignore[attr-defined, no-any-return]


def _account(request: HttpRequest) -> Account | None:
    return request.account  # type: ignore[attr-defined, no-any-return]


def _signed_in(request: HttpRequest) -> Account:
    account = _account(request)
    assert account is not None, "only behind citizen_required"
    return account


def _language() -> str:
    return get_language() or "vi"
