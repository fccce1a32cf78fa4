"""A citizen's papers: which there are, and downloading one. `verifying` tells anybody whether a paper is valid.

    links(node, dossier, acts, results) -> list[PaperLink]     for the timeline and the receipt; asks nobody
        PaperLink(title, url, kind, branch, agency, made_at)   title in the reader's language; kind "result" or "form"

A paper is made by the agency that issued it, when it is asked for first; here nothing of it is kept.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lienthong.casework import dossiers
from lienthong.casework.dossiers import Dossier
from lienthong.casework.paper_forms import FORMS
from lienthong.casework.papers import FETCH, result_names
from lienthong.casework.states import Act, BranchState
from lienthong.exchange.asking import Question
from lienthong.exchange.node import Node
from lienthong.identity.guards import citizen_required
from lienthong.kit.text import fold
from lienthong.kit.web.files import download
from lienthong.portal import acting, dossier_list
from lienthong.portal.request import language, node_of

WITHIN = 3.0
AGAIN = 5


@dataclass(frozen=True)
class PaperLink:
    """`made_at` is when the act was done that the paper is about."""

    title: str
    url: str
    kind: str
    branch: str
    agency: str
    made_at: datetime | None = None


def links(node: Node, dossier: Dossier, acts: Sequence[Act], results: Mapping[str, str]) -> list[PaperLink]:
    """The papers of a parent dossier's branches, results first. `results` as `dossiers.kept_results` gives them."""
    code = dossier.identity.code
    found: list[PaperLink] = []
    for branch, state in dossier.state.branches.items():
        agency = node.catalogue.nodes[state.node].name.in_language(language())
        for name, at in _names(node, state, branch, acts, results).items():
            template = node.catalogue.papers.find(state.service, name)
            assert template is not None, "names come from templates"
            title, url = template.title.in_language(language()), reverse("paper", args=[code, branch, name])
            kind = "form" if name in FORMS.values() else "result"
            found.append(PaperLink(title, url, kind, branch, agency, at))
    return sorted(found, key=lambda link: link.kind == "form")


def _names(
    node: Node, state: BranchState, branch: str, acts: Sequence[Act], results: Mapping[str, str]
) -> dict[str, datetime | None]:
    """The papers of one branch, by name, with the time of the act each is about."""
    told = [t for act in acts if act.verb == "progress" and act.branch == branch for t in act.detail.get("acts", [])]
    times: dict[str, datetime | None] = {}
    if branch in results and state.state not in ("annulled", "stopped", "withdrawn", "refused"):
        issued = [datetime.fromisoformat(t["at"]) for t in told if t["verb"] in ("issue", "correct")]
        times |= dict.fromkeys(result_names(node, state.service), issued[-1] if issued else None)
    return times | {FORMS[t["verb"]]: datetime.fromisoformat(t["at"]) for t in told if t["verb"] in FORMS}


@citizen_required
@require_safe
def paper(request: HttpRequest, code: str, branch: str, name: str) -> HttpResponse:
    """Download a paper: asked of its agency, which makes it where it was not made yet."""
    node, account = node_of(request), acting.account_for(request, code)
    with node.database.transaction() as tx:
        dossier = dossier_list.own(tx, code, account)
        acts, results = dossiers.acts(tx, code), dossiers.kept_results(tx, code)
    state = dossier.state.branches.get(branch)
    if state is None or name not in _names(node, state, branch, acts, results):
        raise Http404
    question = Question(state.node, FETCH, {"dossier": state.code, "name": name}, state.service, code)
    answer = node.asker.ask(question, within=WITHIN)
    if answer is None or answer.body.get("why"):
        return _later(request, node, state, code)
    if not answer.body.get("found"):
        raise Http404
    return _file(answer.body, code)


def _file(told: Mapping[str, Any], code: str) -> HttpResponse:
    """The PDF as a file to keep; its name says what it is and of which dossier, not of whom."""
    pdf = base64.b64decode(told["pdf"])
    if hashlib.sha256(pdf).hexdigest() != told["sha256"]:
        raise ValueError("a paper arrived that is not the one its agency named")
    return download(pdf, f"{fold(told['title']['vi']).replace(' ', '-')}-{code}.pdf", "application/pdf")


def _later(request: HttpRequest, node: Node, state: BranchState, code: str) -> HttpResponse:
    agency = node.catalogue.nodes[state.node].name.in_language(language())
    text = _("%(agency)s chưa gửi được giấy này. Kết quả của bạn vẫn còn nguyên ở đó. Hãy thử lại sau ít giây.")
    page = {
        "title": _("Giấy chưa tải được"),
        "text": text % {"agency": agency},
        "tone": "amber",
        "sign": "clock",
        "url": request.get_full_path(),
        "action": _("Thử lại"),
        "back_url": reverse("dossier", args=[code]),
    }
    response = render(request, "portal/message.html", page, status=503)
    response.headers["Retry-After"] = str(AGAIN)
    return response
