"""What the person takes away from the counter: the receipt with its two times, and the papers to print."""

from io import BytesIO
from typing import Any

import segno
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from lienthong.casework import dossiers, two_clocks, words
from lienthong.casework.dossiers import Content, Dossier
from lienthong.casework.form_fields import label_of
from lienthong.casework.states import Act
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Service
from lienthong.desk import pages, papers
from lienthong.desk.intake_views import RECEPTION
from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required
from lienthong.identity.types import Officer
from lienthong.kit.storage import Tx


@require_safe
@officer_required(*RECEPTION)
def receipt(request: HttpRequest, code: str) -> HttpResponse:
    """Form 01, 02 or 03 as a page that prints; its PDF under the seal is one click away."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    with node.database.transaction() as tx:
        dossier = _own(tx, code, officer)
        content, history = dossiers.content(tx, code), dossiers.acts(tx, code)
    service = node.catalogue.shown(dossier.identity.service, dossier.identity.revision)
    context = {**pages.frame(request, "counter"), "receipt": _receipt(node, service, dossier, content, history)}
    return render(request, "desk/intake_receipt.html", context)


@require_safe
@officer_required(*RECEPTION)
def qr(request: HttpRequest, code: str) -> HttpResponse:
    """The dossier's code as a picture, for whoever scans it at the next counter."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    with node.database.transaction() as tx:
        _own(tx, code, officer)
    return drawn(code)


def drawn(text: str) -> HttpResponse:
    """A QR code as SVG."""
    picture = BytesIO()
    segno.make(text, error="m", micro=False).save(
        picture, kind="svg", xmldecl=False, border=2, scale=4, dark="#1d1d1b", light="#ffffff"
    )
    return HttpResponse(picture.getvalue(), content_type="image/svg+xml")


def _own(tx: Tx, code: str, officer: Officer) -> Dossier:
    """A dossier that came in at a counter of this officer's. Raises Http404."""
    dossier = dossiers.load(tx, code)
    if dossier is None or (dossier.identity.intake or dossier.identity.unit) not in officer.units_as(*RECEPTION):
        raise Http404
    return dossier


def _receipt(node: Node, service: Service, dossier: Dossier, content: Content, history: list[Act]) -> dict[str, Any]:
    identity, clocks = dossier.identity, two_clocks.of(dossier, history)
    kind, act = _what(history)
    point = pages.place(node, identity.intake or identity.unit or "")
    unit = pages.place(node, identity.unit or "")
    contact = content.contact
    return {
        "kind": kind,
        "code": identity.code,
        "service": service.card.name.in_language(pages.language()),
        "service_code": service.card.code,
        "name": contact.get("name") or identity.subject,
        "helper": contact.get("helper"),
        "received_at": identity.received_at,
        "due": dossier.state.deadline if kind == "taken" else act.due,
        "rule": words.cited(service.card.limit.rule),
        "point": point,
        "unit": unit,
        "clocks": two_clocks.in_words(clocks, point, unit) if clocks else [],
        "result_at": pages.place(node, contact["result_at"]) if "result_at" in contact else "",
        "components": list(_components(node, service, content)),
        "reason": _reason(act) if kind != "taken" else "",
        "items": [_item(node, service, item) for item in act.asks.get("items", [])],
        "to_verify": _labels(node, service, contact.get("to_verify", [])),
        "officer": next((act.actor for act in history if act.detail.get("officer")), ""),
        "on_the_spot": service.card.on_the_spot,
        "papers": papers.links(node, dossier, history),
        "qr": reverse("intake_qr", args=[identity.code]),
        "dossier_url": reverse("dossier", args=[identity.code]),
    }


def _what(history: list[Act]) -> tuple[str, Act]:
    """Taken in, incomplete or refused, with the act that says so."""
    for act in history:
        if act.verb in ("refuse", "supplement", "receive"):
            return {"refuse": "refused", "supplement": "incomplete"}.get(act.verb, "taken"), act
    return "taken", history[0]


def _components(node: Node, service: Service, content: Content) -> Any:
    """What came with it: scans, and originals that stay here."""
    originals = content.contact.get("originals", {})
    kinds = dict.fromkeys([*(entry["kind"] for entry in content.attachments), *originals])
    for kind in kinds:
        label = label_of(service, node, kind, pages.language()) if kind in service.form.fields else ""
        scans = sum(entry["kind"] == kind for entry in content.attachments)
        yield {"kind": kind, "label": label, "scans": scans, "pages": originals.get(kind, 0)}


def _labels(node: Node, service: Service, names: list[str]) -> list[str]:
    return [label_of(service, node, name, pages.language()) for name in names if name in service.form.fields]


def _reason(act: Act) -> str:
    code, _, note = act.reason.partition(": ")
    return f"{message(code)}: {note}" if note else message(code)


def _item(node: Node, service: Service, item: dict[str, str]) -> str:
    name = item.get("field") or item.get("paper") or ""
    return label_of(service, node, name, pages.language()) if name in service.form.fields else name
