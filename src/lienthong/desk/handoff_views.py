"""A step in a ministry's own system, at the desk: the values to carry over once, in the order of its screen, and what
it gave, with a proof. And what the copying costs, for the head of the unit.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from lienthong.casework import handoff
from lienthong.casework.desks import holds
from lienthong.casework.dossiers import Dossier
from lienthong.casework.handoff import Back
from lienthong.casework.states import NotPossible
from lienthong.catalogue import forms
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import HandOff, Service
from lienthong.desk import pages, performing
from lienthong.documents import contents
from lienthong.documents.refusing import NotTaken
from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.kit.web.views import trouble

MONTH: Final = timedelta(days=30)
LONGEST: Final = 100
_SALT: Final = "lienthong.desk.handoff"
_STATES: Final[dict[int, str | Promise]] = {
    handoff.TAKEN: gettext_lazy("hệ thống ấy đã nhận"),
    handoff.SUPPLEMENT: gettext_lazy("hệ thống ấy yêu cầu bổ sung"),
    handoff.ACCEPTED: gettext_lazy("hệ thống ấy đang xử lý"),
    handoff.RESULT: gettext_lazy("đã có kết quả"),
    handoff.RETURNED: gettext_lazy("hệ thống ấy trả lại"),
    handoff.REFUSED: gettext_lazy("hệ thống ấy từ chối"),
}
_MISSING: Final[dict[str, str | Promise]] = {
    "number": gettext_lazy("Ghi số mà hệ thống ấy đã cấp."),
    "issued_on": gettext_lazy("Ghi ngày cấp, không sau hôm nay."),
    "proof": gettext_lazy("Gửi ảnh màn hình hoặc tệp PDF của kết quả."),
}


@require_http_methods(["GET", "HEAD", "POST"])
@officer_required(*pages.OFFICERS)
def carry_over(request: HttpRequest, code: str) -> HttpResponse:
    """The copy-once screen of a dossier that stands at such a step."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    with node.database.transaction() as tx:
        dossier = performing.seen(node, tx, code, officer)
    if dossier is None:
        raise Http404
    service = node.catalogue.shown(dossier.identity.service, dossier.identity.revision)
    told = handoff.of(service, dossier)
    if told is None:
        return HttpResponseRedirect(reverse("dossier", args=[code]))
    if not holds(officer, dossier.state.role, dossier):
        raise PermissionDenied
    if request.method == "POST":
        return _take(request, node, dossier, service, told)
    return _show(request, node, dossier, service, told, {})


def _take(request: HttpRequest, node: Node, dossier: Dossier, service: Service, told: HandOff) -> HttpResponse:
    """What the officer brings back; what is missing is said beside its field."""
    officer, code, today = pages.officer_of(request), dossier.identity.code, clock.today()
    sent = {name: forms.clean(request.POST.get(name, ""))[:LONGEST] for name in ("number", "issued_on")}
    ticked = [field.name for field in told.fields if field.name in request.POST.getlist("copied")]
    errors = {} if sent["number"] else {"number": _MISSING["number"]}
    day = _day(sent["issued_on"])
    if day is None or day > today:
        errors["issued_on"] = _MISSING["issued_on"]
    file, problem = _proof(request)
    if file is None:
        errors["proof"] = problem
    if errors or file is None or day is None:
        return _show(request, node, dossier, service, told, {**sent, "copied": ticked, "errors": errors})
    try:
        with node.database.transaction() as tx:
            proof, digest = handoff.keep_proof(tx, file, dossier.identity.case)
            back = Back(sent["number"], day, proof, digest)
            handoff.copied(node, tx, code, officer, back, fields=len(ticked), began=_began(request))
    except PermissionError as error:
        raise PermissionDenied from error
    except NotPossible:
        text = _("Hồ sơ đã rời bước này, hoặc đồng nghiệp đang giữ. Chưa có gì thay đổi vì bạn.")
        return trouble(request, HTTPStatus.CONFLICT, _("Hồ sơ đã đi tiếp trước bạn"), text)
    return HttpResponseRedirect(reverse("dossier", args=[code]), status=HTTPStatus.SEE_OTHER)


def _day(text: str) -> Any:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 — a day
    except ValueError:
        return None


def _proof(request: HttpRequest) -> tuple[contents.Content | None, str | Promise]:
    file = request.FILES.get("proof")
    if file is None:
        return None, _MISSING["proof"]
    if (file.size or 0) > contents.LARGEST_SENT:
        return None, message("file-too-large")
    try:
        return contents.retype(file.read()), ""
    except NotTaken as refused:
        return None, message(refused.code)


def _began(request: HttpRequest) -> datetime:
    """When the officer opened the screen, as this node signed it; now, where the form says nothing believable."""
    try:
        return datetime.fromisoformat(signing.loads(request.POST.get("began", ""), salt=_SALT))
    except (signing.BadSignature, ValueError, TypeError):
        return clock.now()


def _show(
    request: HttpRequest, node: Node, dossier: Dossier, service: Service, told: HandOff, sent: Mapping[str, Any]
) -> HttpResponse:
    code, errors = dossier.identity.code, sent.get("errors", {})
    with node.database.transaction() as tx:
        fields = _fields(node, tx, service, told, dossier, sent.get("copied", []))
        row, site = handoff.row_of(tx, code, told.step), handoff.place(tx, told.system)
    began = request.POST.get("began") or signing.dumps(clock.now().isoformat(), salt=_SALT)
    context = {
        "title": pages.title(dossier),
        "code": code,
        "system": told.name.in_language(pages.language()),
        "gives": told.gives.in_language(pages.language()),
        "rule": told.rule,
        "adapter": told.kind == "adapter",
        "fields": fields,
        "site": site,
        "row": row,
        "row_label": _STATES.get(row.status, "") if row else "",
        "began": began,
        "sent": sent,
        "today": clock.today().isoformat(),
        "error": errors,
        "errors": [{"id": name, "message": text} for name, text in errors.items()],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return render(request, "desk/handoff.html", {**pages.frame(request, "queue"), **context}, status=status)


def _fields(
    node: Node, tx: Tx, service: Service, told: HandOff, dossier: Dossier, ticked: list[str]
) -> list[dict[str, Any]]:
    """The values as the foreign screen wants them."""
    found = handoff.values(node, tx, service, dossier)
    return [
        {
            "name": field.name,
            "label": field.label.in_language(pages.language()),
            "value": found[field.name],
            "copied": field.name in ticked,
        }
        for field in told.fields
        if field.name in found
    ]


@require_safe
@officer_required(*pages.HEADS)
def cost(request: HttpRequest) -> HttpResponse:
    """What each ministry's system without an adapter cost the head's units in the last month."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    units = sorted(officer.units_as(*pages.HEADS))
    names = {
        service.card.handoff.system: service.card.handoff.name.in_language(pages.language())
        for service in node.catalogue.services.values()
        if service.card.handoff
    }
    with node.database.transaction() as tx:
        rows = handoff.cost(tx, units, clock.now() - MONTH)
    context = {
        "unit": ", ".join(pages.place(node, unit) for unit in units),
        "rows": [
            {"name": names.get(row.system, row.system), "row": row, "minutes": row.seconds // 60, "median": row.median}
            for row in rows
        ],
    }
    return render(request, "desk/handoff_cost.html", {**pages.frame(request, "load"), **context})


handoff_patterns = [
    path("handoff", cost, name="handoff_cost"),
    path("dossiers/<str:code>/handoff", carry_over, name="handoff"),
]
