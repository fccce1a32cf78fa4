"""Files that people handed in, at the desk: which came with a dossier, and one of them to look at."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lienthong.casework.dossiers import Content, Dossier
from lienthong.catalogue.shapes import Service
from lienthong.desk import pages, performing
from lienthong.desk.papers import DESK_ROLES
from lienthong.documents import attachments, fetching
from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required
from lienthong.kit.storage import Tx
from lienthong.kit.web.files import download
from lienthong.kit.web.templatetags.vietnam import weight
from lienthong.kit.web.views import trouble

PATIENCE = 2.0  # seconds for a piece while an officer waits


def listed(node: Node, tx: Tx, service: Service, dossier: Dossier, content: Content) -> list[dict[str, Any]]:
    """The files of a dossier: kind and name in words, size, address, and whether each is here already."""
    here = attachments.arrived(tx, [entry["id"] for entry in content.attachments])
    return [_listed(node, service, dossier, entry, entry["id"] in here) for entry in content.attachments]


def _listed(node: Node, service: Service, dossier: Dossier, entry: Mapping[str, Any], arrived: bool) -> dict[str, Any]:
    """One file; one that is reused leads to where its keeper's word stands."""
    code, reused = dossier.identity.code, entry.get("reused")
    state = (
        ("done", _("Dùng lại giấy đã có"))
        if reused
        else ("", "")
        if arrived
        else ("waiting", _("Đang chuyển từ cổng về"))
    )
    return {
        "kind": _kind(node, service, entry["kind"]),
        "name": entry["name"],
        "size": weight(entry["size"]),
        "url": reverse("components", args=[code]) if reused else reverse("attachment", args=[code, entry["id"]]),
        "state": state[0],
        "state_label": state[1],
    }


def _kind(node: Node, service: Service, kind: str) -> str:
    """What the form calls this paper; a paper asked for in an officer's own words keeps them."""
    spec = service.form.fields.get(kind)
    if spec is None:
        return kind
    return (spec.label or node.catalogue.terms[spec.term].words).in_language(get_language() or "vi")


@require_safe
@officer_required(*DESK_ROLES)
def attachment(request: HttpRequest, code: str, file: UUID) -> HttpResponse:
    """A file of a dossier that the officer may see; one that has not arrived is fetched now, or said to be missing.

    The other node is asked with no transaction open.
    """
    node, officer, wanted = pages.node_of(request), pages.officer_of(request), str(file)
    with node.database.transaction() as tx:
        dossier = performing.seen(node, tx, code, officer)
        kept = attachments.find(tx, wanted, dossier.identity.case) if dossier else None
    if dossier is None or kept is None:
        raise Http404
    data = kept.content
    if data is None and fetching.fetch(node, wanted, officer.number, PATIENCE):
        with node.database.transaction() as tx:
            data = attachments.content(tx, wanted)
    if data is None:
        return _not_here(request, node, kept)
    return download(data, kept.entry.name, kept.entry.type)


def _not_here(request: HttpRequest, node: Node, kept: attachments.Kept) -> HttpResponse:
    """A file that is late is not an error: who has it, and that it comes by itself."""
    if kept.problem == "altered":
        text = _("Tệp nhận được khác với tệp đã nộp nên không được giữ. Hãy báo người vận hành.")
        return trouble(request, HTTPStatus.BAD_GATEWAY, _("Tệp không đúng"), text)
    name = node.catalogue.nodes[kept.origin].name.in_language(get_language() or "vi")
    text = _("%(node)s đang giữ tệp này và chưa trả lời. Máy tự hỏi lại; hãy mở lại sau ít phút.")
    return trouble(request, HTTPStatus.SERVICE_UNAVAILABLE, _("Tệp chưa về tới nơi"), text % {"node": name})
