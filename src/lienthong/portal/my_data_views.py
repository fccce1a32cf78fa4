"""My data: what registers hold about the signed-in person, who read it and why, and asking about a read."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from lienthong.catalogue import forms
from lienthong.exchange.node import Node
from lienthong.identity.guards import citizen_required
from lienthong.identity.types import Account
from lienthong.portal import my_data, questions, read_words
from lienthong.portal.inbox_views import moment_in
from lienthong.portal.read_words import ReadView
from lienthong.portal.request import language, node_of, signed_in

_MINE = "SELECT code FROM dossier WHERE code = ANY(%s) AND applicant = %s AND parent IS NULL"


@citizen_required
@require_safe
def holdings(request: HttpRequest) -> HttpResponse:
    """What is held, register by register."""
    node, account = node_of(request), signed_in(request)
    found = my_data.ask_holdings(node, account, language())
    silent = sorted({holding.owner for holding in found if holding.at is None})
    context = {
        "here": "my_data",
        "holdings": [holding for holding in found if holding.records or holding.at is None],
        "empty": [holding for holding in found if holding.at and not holding.records],
        "silent": silent,
    }
    return render(request, "portal/my_data.html", context)


@citizen_required
@require_safe
def reads(request: HttpRequest) -> HttpResponse:
    """Each read of it, the newest first."""
    node, account = node_of(request), signed_in(request)
    own = request.GET.get("own") == "yes"
    log = my_data.ask_reads(node, account, moment_in(request, "before"), own)
    context = {
        "here": "my_data",
        "reads": _views(node, account, log.reads),
        "silent": [node.catalogue.nodes[name].name.in_language(language()) for name in log.silent],
        "older": log.older,
        "own": own,
        "first": "before" not in request.GET,
    }
    return render(request, "portal/my_reads.html", context)


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, owner: str, read: str) -> HttpResponse:
    """Ask the owner about one read."""
    node, account = node_of(request), signed_in(request)
    if owner not in my_data.owners_of(node):
        raise Http404
    try:
        found = my_data.ask_read(node, account, owner, read[:100])
    except my_data.Silent:
        return _silent(request)
    if found is None:
        raise Http404
    text = forms.clean(request.POST.get("question", "")) if request.method == "POST" else ""
    error = _wrong(text) if request.method == "POST" else ""
    if request.method == "POST" and not error:
        # sent twice, the first one stands
        with suppress(questions.AskedBefore), node.database.transaction() as tx:
            questions.ask(node, tx, account, found, text)
        return redirect("ask_about_read", owner=owner, read=read)
    shown = _views(node, account, [found])[0]
    return render(request, "portal/my_question.html", _page(shown, text, error), status=422 if error else 200)


def _wrong(text: str) -> str:
    if not text:
        return _("Hãy viết điều bạn muốn hỏi.")
    if len(text) > questions.LONGEST:
        return _("Câu hỏi dài quá; hãy viết ngắn hơn %(most)s chữ.") % {"most": questions.LONGEST}
    return ""


def _page(shown: ReadView, text: str, error: str) -> dict[str, Any]:
    errors = [{"id": "question", "message": error}] if error else []
    return {"here": "my_data", "read": shown, "text": text, "error": error, "errors": errors}


def _views(node: Node, account: Account, found: Iterable[Mapping[str, Any]]) -> list[ReadView]:
    rows = list(found)
    with node.database.transaction() as tx:
        mine = frozenset(row.code for row in tx.all(_MINE, ([row["case"] for row in rows], account.number)))
        asked = questions.of(tx, account)
    return [read_words.view(node, row, mine, asked, language()) for row in rows]


def _silent(request: HttpRequest) -> HttpResponse:
    context = {
        "title": _("Cơ quan giữ dữ liệu chưa trả lời"),
        "text": _("Chưa hỏi được lúc này. Hãy thử lại sau ít phút."),
        "tone": "amber",
        "sign": "silent",
    }
    return render(request, "portal/message.html", context, status=503)
