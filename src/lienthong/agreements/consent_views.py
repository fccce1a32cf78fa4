"""E-identity's pages of consents: what I am asked, and my answer, which is confirmed before it is sealed."""

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from lienthong.agreements import consents
from lienthong.agreements.consents import Consent, NotOpen
from lienthong.catalogue import citations
from lienthong.catalogue.messages import message
from lienthong.exchange.node import Node
from lienthong.identity.here import person_required
from lienthong.identity.types import Account

_STATES: Final[dict[str, tuple[str, str | Promise, str | Promise]]] = {
    "asked": ("supplement", _("Chờ bạn trả lời"), ""),
    "given": ("done", _("Bạn đã đồng ý"), _("Lời đồng ý có ký số của bạn đã được gửi cho cơ quan hỏi.")),
    "declined": ("refused", _("Bạn không đồng ý"), _("Cơ quan hỏi được báo là bạn không đồng ý.")),
    "cancelled": ("waiting", _("Không còn cần nữa"), _("Hồ sơ đã rút hoặc dừng nên bạn không phải trả lời.")),
    "expired": ("waiting", _("Đã hết hạn trả lời"), _("Hết hạn rồi nên không trả lời được nữa. Hồ sơ có thể nộp lại.")),
}


@require_safe
@person_required
def mine(request: HttpRequest) -> HttpResponse:
    node, person = _node(request), _account(request).number
    with node.database.transaction() as tx:
        found = consents.of(tx, person)
    shown = [(consent.open, _shown(node, consent)) for consent in found]
    lists = {"waiting": [row for waits, row in shown if waits], "past": [row for waits, row in shown if not waits]}
    return render(request, "agreements/consents.html", {"here": "consents", **lists})


@require_http_methods(["GET", "HEAD", "POST"])
@person_required
def one(request: HttpRequest, name: str) -> HttpResponse:
    """A request, and its answer: chosen first, then confirmed. What was answered before is shown as it stands."""
    node, account = _node(request), _account(request)
    with node.database.transaction() as tx:
        consent = consents.find(tx, name, account.number)
    if consent is None:
        raise Http404
    choice = request.POST.get("answer", "")
    if request.method != "POST" or not consent.open:
        return _page(request, consent, status=409 if _late(request, consent) else 200)
    if account.level < consents.LEVEL:
        return _page(request, consent, status=403)
    if choice not in ("yes", "no"):
        return _page(request, consent, error="not-in-list" if choice else "required", status=422)
    if request.POST.get("confirm") != "yes":
        return _page(request, consent, choice=choice)
    return _answer(request, consent, choice)


def _late(request: HttpRequest, consent: Consent) -> bool:
    """Whether an answer came that cannot be taken any more; the same answer again is no news."""
    said = {"yes": "given", "no": "declined"}.get(request.POST.get("answer", ""))
    return request.method == "POST" and said != consent.state


def _answer(request: HttpRequest, consent: Consent, choice: str) -> HttpResponse:
    node, account = _node(request), _account(request)
    try:
        with node.database.transaction() as tx:
            consents.answer(node, tx, consent.id, account.number, choice == "yes")
    except NotOpen:  # between the two transactions
        with node.database.transaction() as tx:
            now = consents.find(tx, consent.id, account.number)
        return _page(request, now or consent, status=409)
    return HttpResponseRedirect(reverse("consent", args=[consent.id]), status=303)


def _page(
    request: HttpRequest, consent: Consent, *, choice: str = "", error: str = "", status: int = 200
) -> HttpResponse:
    field = {
        "id": "answer",
        "label": _("Bạn có đồng ý không?"),
        "kind": "choice",
        "state": "ask",
        "required": True,
        "value": "",
        "choices": [("yes", _("Đồng ý")), ("no", _("Không đồng ý"))],
        "error": message(error) if error else "",
    }
    page = {
        "here": "consents",
        "consent": _shown(_node(request), consent),
        "choice": choice,
        "field": field,
        "too_low": _account(request).level < consents.LEVEL,
        "errors": [{"id": "answer", "message": field["error"]}] if error else [],
    }
    return render(request, "agreements/consent.html", page, status=status)


def _shown(node: Node, consent: Consent) -> dict[str, Any]:
    language = get_language() or "vi"
    sign, label, ended = _STATES[consent.state]
    card = node.catalogue.nodes.get(consent.asked_by)
    return {
        "url": reverse("consent", args=[consent.id]),
        "asker": card.name.in_language(language) if card else consent.asked_by,
        "says": consent.says.in_language(language),
        "about": consent.about,
        "dossier": consent.dossier,
        "rule": citations.in_language(consent.rule, language),
        "until": consent.until,
        "open": consent.open,
        "state": sign,
        "state_label": label,
        "ended": ended,
        "answered_at": consent.answered_at,
    }


def _node(request: HttpRequest) -> Node:
    return request.node  # type: ignore[attr-defined, no-any-return]


def _account(request: HttpRequest) -> Account:
    return request.account  # type: ignore[attr-defined, no-any-return]
