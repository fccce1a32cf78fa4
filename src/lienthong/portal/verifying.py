"""Whether a paper is valid: for anybody who holds it, without signing in.

The agency that made it is asked, by the random code printed on the paper. Told are its kind, agency, day and digest,
and its holder's name masked. A code that nobody gave, an agency that does not exist and a damaged code get the same
answer in the same time. A file that is held against the paper is read in memory; nothing of it is kept.
"""

import hashlib
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from lienthong.casework.papers import VERIFY
from lienthong.documents.papers import is_code, new_code
from lienthong.exchange.asking import Question
from lienthong.exchange.envelopes import Message
from lienthong.exchange.node import Node
from lienthong.kit.web.access import public
from lienthong.portal.request import language, node_of

PURPOSE = "verification"
WITHIN = 3.0
LARGEST_FILE = 10 * 1024 * 1024


@require_safe
@public("a paper must be believable to whoever is shown it")
def start(request: HttpRequest) -> HttpResponse:
    """Where a printed code is typed, as `h36/…`; what it says stands on the next page."""
    typed = "".join(request.GET.get("code", "").split()).lower()[:100]
    if not typed:
        return render(request, "portal/verify_start.html", {"title": _("Kiểm tra giấy"), "typed": ""})
    node, _slash, code = typed.rpartition(f"{reverse('verify_start')}/")[2].rpartition("/")
    if not (node and code):
        error = _("Nhập cả phần trước và phần sau dấu gạch chéo, đúng như in trên giấy, ví dụ h36/abc…")
        page = {"title": _("Kiểm tra giấy"), "typed": typed, "error": error}
        return render(request, "portal/verify_start.html", page, status=422)
    return HttpResponseRedirect(f"{reverse('verify_start')}/{node}/{code}")


@csrf_exempt  # it changes nothing, and sets no cookie
@require_http_methods(["GET", "HEAD", "POST"])
@public("a paper must be believable to whoever is shown it")
def verify(request: HttpRequest, issuer: str, code: str) -> HttpResponse:
    """What became of the paper with this code; posted a file, whether it is that paper."""
    file = _digest_of_file(request) if request.method == "POST" else None
    answer = _ask(node_of(request), issuer, code)
    if answer is None:
        return render(request, "portal/verify_silent.html", {"title": _("Chưa kiểm tra được")}, status=503)
    if not answer.body.get("found"):
        return render(request, "portal/verify_unknown.html", {"title": _("Không có giấy này")}, status=404)
    return render(request, "portal/verify.html", _page(answer.body, issuer, file))


def _ask(node: Node, issuer: str, code: str) -> Message | None:
    """Ask the issuer; for one that does not exist, and for what cannot be a code, ask about a code nobody gave."""
    makers = {node.catalogue.nodes[name].slug: name for name in _makers(node)}
    recipient = makers.get(issuer)
    known = recipient is not None and is_code(code)
    question = {"code": code if known else new_code()}
    return node.asker.ask(
        Question(recipient or next(iter(makers.values())), VERIFY, question, PURPOSE, PURPOSE), within=WITHIN
    )


def _makers(node: Node) -> list[str]:
    """The nodes that make papers for the services of this portal."""
    return sorted({s.card.handled_by for s in node.catalogue.services.values()} - {node.name})


def _page(told: dict[str, Any], issuer: str, file: str | None) -> dict[str, Any]:
    title = told["title"]["en" if language().startswith("en") else "vi"]
    return {
        "title": title,
        "state": told["state"],
        "issuer": told["issuer"],
        "holder": told["holder"],
        "made_at": datetime.fromisoformat(told["made_at"]),
        "ended_at": datetime.fromisoformat(told["ended_at"]) if told["ended_at"] else None,
        "stamped": told["level"] == "B-T",
        "sha256": told["sha256"],
        "code": f"{issuer}/{told['code']}",
        "checked": file is not None,
        "same": file == told["sha256"],
        "no_file": file == "",
    }


def _digest_of_file(request: HttpRequest) -> str:
    """SHA-256 of the posted file; empty when none came or it is larger than any paper of ours."""
    file = request.FILES.get("file")
    if file is None or not file.size or file.size > LARGEST_FILE:
        return ""
    return hashlib.sha256(file.read()).hexdigest()
