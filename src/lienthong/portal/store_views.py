"""My papers: what agencies keep for the signed-in person, opened where it lies; and one of them instead of a file."""

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from lienthong.catalogue.messages import message
from lienthong.documents.attachments import OPEN_PURPOSE
from lienthong.documents.refusing import NotTaken
from lienthong.exchange.node import Node
from lienthong.identity.guards import citizen_required
from lienthong.kit.web.files import download
from lienthong.portal import store_papers, views
from lienthong.portal.request import language, node_of, signed_in
from lienthong.portal.store_papers import Paper
from lienthong.portal.views import At

_STATES: Final[dict[str, tuple[str, str | Promise]]] = {
    "valid": ("done", gettext_lazy("Còn giá trị")),
    "expired": ("refused", gettext_lazy("Đã hết hạn")),
    "superseded": ("refused", gettext_lazy("Đã được thay bằng bản mới")),
    "revoked": ("refused", gettext_lazy("Đã bị thu hồi")),
}


@citizen_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Everything that lies in the person's store, asked of every agency now."""
    node, account = node_of(request), signed_in(request)
    found = store_papers.mine(node, account, language())
    context = {
        "here": "my_data",
        "papers": [_row(node, paper) for paper in found.papers],
        "silent": _names(node, found.silent),
    }
    return render(request, "portal/my_papers.html", context)


@citizen_required
@require_safe
def paper(request: HttpRequest, keeper: str, paper: UUID) -> HttpResponse:
    """Download one, from where it lies."""
    node, account = node_of(request), signed_in(request)
    if keeper not in store_papers.keepers(node):
        raise Http404
    file = store_papers.opened(node, account, keeper, str(paper))
    if file is None:
        context = {
            "title": _("Giấy chưa mở được"),
            "text": _(
                "Nơi giữ chưa trả lời, hoặc không giữ giấy này của bạn. Giấy vẫn còn nguyên ở đó; hãy thử lại sau."
            ),
            "tone": "amber",
            "sign": "silent",
            "back_url": reverse("my_papers"),
        }
        return render(request, "portal/message.html", context, status=HTTPStatus.SERVICE_UNAVAILABLE)
    return download(file.data, file.name, file.type)


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def reuse(request: HttpRequest, sector: str, name: str, draft: UUID, field: str) -> HttpResponse:
    """Papers of the person's that a question of the form takes; one of them is named in the draft."""
    place = views.at(request, sector, name, draft)
    if isinstance(place, HttpResponse):
        return place
    spec = place.service.form.fields.get(field)
    if spec is None or not spec.accepts:
        raise Http404
    if request.method == "POST":
        keeper, _slash, paper = request.POST.get("paper", "").partition("/")
        if keeper not in store_papers.keepers(place.node):
            return _choices(request, place, field, "paper-not-there")
        try:
            store_papers.take(place.node, place.account, place.draft.case, field, spec.accepts, keeper, paper)
        except NotTaken as wrong:
            return _choices(request, place, field, wrong.code)
        return HttpResponseRedirect(place.url(field), status=HTTPStatus.SEE_OTHER)
    return _choices(request, place, field, "")


def _choices(request: HttpRequest, place: At, field: str, error: str) -> HttpResponse:
    node, spec = place.node, place.service.form.fields[field]
    found = store_papers.mine(node, place.account, language(), purpose=OPEN_PURPOSE, case=place.draft.case)
    context = {
        "label": (spec.label or node.catalogue.terms[spec.term].words).in_language(language()),
        "papers": [_row(node, paper) for paper in store_papers.fitting(found, spec.accepts)],
        "silent": _names(node, found.silent),
        "back_url": place.url(field),
        "errors": [{"id": "paper-1", "message": message(error)}] if error else [],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return render(request, "portal/reuse.html", context, status=status)


def _row(node: Node, paper: Paper) -> dict[str, Any]:
    sign, label = _STATES.get(paper.state, ("pending", paper.state))
    return {
        "paper": paper,
        "state": sign,
        "state_label": label,
        "keeper": node.catalogue.nodes[paper.keeper].name.in_language(language()),
        "url": reverse("my_paper", args=[paper.keeper, paper.paper]),
    }


def _names(node: Node, silent: list[str]) -> list[str]:
    return [node.catalogue.nodes[name].name.in_language(language()) for name in silent]
