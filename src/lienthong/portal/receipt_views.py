"""The receipt: the acknowledgement with its code, the promised time, and the way to declare a twin."""

from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import segno
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from lienthong.casework import dossiers, prefill, words
from lienthong.casework.dossiers import Content
from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node
from lienthong.identity.guards import citizen_required
from lienthong.identity.types import Account
from lienthong.portal import acting, dossier_list, drafts
from lienthong.portal.request import language, node_of

# What a twin does not share with the child declared before.
_ITS_OWN = frozenset({"child_name", "gender", "birth_order", "pledge"})


@citizen_required
@require_GET
def receipt(request: HttpRequest, code: str) -> HttpResponse:
    """The acknowledgement: code, promised time and the rule behind it."""
    node, account = node_of(request), acting.account_for(request, code)
    with node.database.transaction() as tx:
        dossier = dossier_list.own(tx, code, account)
        content, filed = dossiers.content(tx, code), acting.of_dossier(tx, code)
    identity, state = dossier.identity, dossier.state
    service = node.catalogue.shown(identity.service, identity.revision)
    context = {
        "code": code,
        "service": service.card.name.in_language(language()),
        "applicant": account.name,
        "filed_by": filed.helper_name if filed else "",
        "received_at": identity.received_at,
        "due": state.deadline,
        "rule": words.cited(service.card.limit.rule),
        "acknowledgement": words.state_name(1),
        "agency": node.catalogue.card.name.in_language(language()),
        "branches": [_branch(node, branch) for branch in state.branches.values()],
        "dossier_url": reverse("dossier", args=[code]),
        "qr_url": reverse("receipt_qr", args=[code]),
        "again_url": reverse("again", args=[code]) if _has_twin(content) else "",
        "slug": service.slug,
    }
    return render(request, "portal/receipt.html", {"receipt": context})


def _branch(node: Node, branch: Any) -> dict[str, Any]:
    service = node.catalogue.shown(branch.service, branch.revision)
    held = bool(branch.held)
    return {
        "title": service.card.short.in_language(language()),
        "agency": node.catalogue.nodes[branch.node].name.in_language(language()),
        "says": _("Chờ cơ quan giữ dữ liệu sửa") if held else _("Đi tiếp khi có kết quả trước") if branch.after else "",
    }


@citizen_required
@require_GET
def receipt_qr(request: HttpRequest, code: str) -> HttpResponse:
    """The dossier's code as a QR picture. It leads to the look-up, which needs no account, and says no name."""
    node = node_of(request)
    account = acting.account_for(request, code)
    with node.database.transaction() as tx:
        dossier_list.own(tx, code, account)
    address = request.build_absolute_uri(f"{reverse('look_up')}?{urlencode({'code': code})}")
    drawn, code_of_it = BytesIO(), segno.make(address, error="m", micro=False)
    code_of_it.save(drawn, kind="svg", xmldecl=False, border=2, scale=4, dark="#1d1d1b", light="#fff")
    return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")


# a twin


@citizen_required
@require_POST
def again(request: HttpRequest, code: str) -> HttpResponse:
    """A new draft for the next child of the same birth, with everything that this one has in common with it."""
    node, account = node_of(request), acting.account_for(request, code)
    with node.database.transaction() as tx:
        dossier = dossier_list.own(tx, code, account)
        content = dossiers.content(tx, code)
        service = node.catalogue.services[dossier.identity.service]
        if not _has_twin(content):
            raise Http404
        since = dossier.identity.received_at
        typed = _in_common(node, service, account, drafts.typed_for(tx, code), content, since)
        draft = drafts.open_draft(tx, account, service, typed, acting.of_page(request))
    return redirect("form_page", *service.slug.split("/"), draft, service.form.sections[0].id)


def _has_twin(content: Content) -> bool:
    """More than one child was born."""
    return str(content.declared.get("birth_count") or "1") != "1"


def _in_common(
    node: Node, service: Service, account: Account, typed: dict[str, Any], content: Content, since: datetime
) -> dict[str, Any]:
    """What was typed for the child declared before, without what a twin has of its own; the other notice, if there is
    just one."""
    form = service.form
    kept = {name: value for name, value in typed.items() if name not in _ITS_OWN and not name.startswith("$")}
    if choose := form.choose:
        kept.pop(choose.by, None)
        found = prefill.read_answers(node, form, account, content.sources, kept, received=since)
        used = {row.get(choose.excluding_key) for row in found.rows.get(choose.excluding) or []}
        used.add(content.declared.get(choose.by))
        free = [str(row[choose.key]) for row in found.rows.get(choose.of) or [] if row[choose.key] not in used]
        if len(free) == 1:
            kept[choose.by] = free[0]
    return kept
