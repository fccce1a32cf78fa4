"""The offline counter: the page that works without a line, what it keeps on the machine, slips that it sends later."""

from http import HTTPStatus
from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lienthong.catalogue import forms
from lienthong.catalogue.messages import message
from lienthong.desk import offline_forms, offline_replay, offline_slips, pages
from lienthong.desk.intake_views import RECEPTION, point_of
from lienthong.desk.offline_replay import Machine, OutOfOrder
from lienthong.desk.offline_slips import LARGEST, Sealed, Slip, Unreadable
from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required
from lienthong.kit.storage import Tx


class Sent(msgspec.Struct, frozen=True):
    """One slip with the clock of the machine that sends it."""

    slip: Sealed
    machine: Machine


@require_safe
@officer_required(*RECEPTION)
def page(request: HttpRequest) -> HttpResponse:
    """The page that a machine keeps. It holds nobody's data but the officer's name."""
    context = {
        **pages.frame(request, "counter"),
        "place": pages.place(pages.node_of(request), point_of(pages.officer_of(request))),
    }
    return render(request, "desk/offline.html", context)


@require_safe
@officer_required(*RECEPTION)
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, with the list of what it keeps; another list is another worker."""
    files = [reverse("offline"), reverse("offline_kit"), *offline_forms.files()]
    lines = (
        f"const FILES = {msgspec.json.encode(files).decode()};\nimportScripts('{static('web/offline-worker.js')}');\n"
    )
    headers = {"Service-Worker-Allowed": reverse("offline"), "Cache-Control": "no-cache"}
    return HttpResponse(lines, content_type="text/javascript; charset=utf-8", headers=headers)


@require_safe
@officer_required(*RECEPTION)
def kit(request: HttpRequest) -> HttpResponse:
    """Services, questions, words, and our clock."""
    officer = pages.officer_of(request)
    return JsonResponse(offline_forms.kit(pages.node_of(request), officer, point_of(officer)))


@require_POST
@officer_required(*RECEPTION)
def reserve(request: HttpRequest) -> HttpResponse:
    """Numbers for this machine."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    device = forms.clean(request.POST.get("device", ""))[:80]
    with node.database.transaction() as tx:
        told = offline_slips.reserve(tx, officer, point_of(officer), device)
    return JsonResponse(told, status=HTTPStatus.CREATED)


@require_POST
@officer_required(*RECEPTION)
def take(request: HttpRequest) -> HttpResponse:
    """One slip: what became of it, now or the first time; 409 with the place of the one that must come first."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    try:
        if len(request.body) > LARGEST:
            raise Unreadable("too large")
        sent = msgspec.json.decode(request.body, type=Sent)
        slip = offline_replay.take(node, officer, officer.units_as(*RECEPTION), sent.slip, sent.machine)
    except OutOfOrder as why:
        return JsonResponse({"problem": "out-of-order", "expected": why.expected}, status=HTTPStatus.CONFLICT)
    except LookupError as error:
        raise Http404 from error
    except (Unreadable, msgspec.DecodeError):
        return JsonResponse({"problem": "malformed"}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return JsonResponse(
        {
            "number": slip.number,
            "state": slip.state,
            "dossier": slip.dossier,
            "problems": [message(problem) for problem in slip.problems],
            "erase": slip.state != "waiting" and offline_replay.UNREADABLE not in slip.problems,
            "url": _url(slip),
        }
    )


# what has come


@require_safe
@officer_required(*RECEPTION)
def slips(request: HttpRequest) -> HttpResponse:
    """Slips that came, those that wait for an officer first, each with what stands against it."""
    return _show(request, {})


@require_POST
@officer_required(*RECEPTION)
def settle(request: HttpRequest, number: str, digest: str) -> HttpResponse:
    """By which clock it came, or why it becomes no dossier."""
    node, officer, sent = pages.node_of(request), pages.officer_of(request), request.POST
    reason = forms.clean(sent.get("reason", ""))[:300]
    try:
        with node.database.transaction() as tx:
            slip = _mine(request, tx, number, digest)
            if sent.get("do") == "drop":
                offline_replay.drop(tx, officer, slip, reason)
                return HttpResponseRedirect(reverse("slips"), status=HTTPStatus.SEE_OTHER)
            at = slip.other_at if sent.get("time") == "other" and slip.other_at else slip.said_at
            offline_replay.settle_time(tx, slip, at)
    except ValueError as wrong:
        return _show(request, {slip.digest: str(wrong)})
    return HttpResponseRedirect(_url(slip), status=HTTPStatus.SEE_OTHER)


def _mine(request: HttpRequest, tx: Tx, number: str, digest: str) -> Slip:
    """A slip of this officer's counter that nothing became of yet. Raises Http404."""
    slip = offline_slips.known(tx, number, digest)
    if slip is None or slip.unit not in pages.officer_of(request).units_as(*RECEPTION):
        raise Http404
    return slip


def _url(slip: Slip) -> str:
    """Where an officer goes on with a slip."""
    if slip.dossier:
        return reverse("intake_receipt", args=[slip.dossier])
    return reverse("intake", args=[slip.intake]) if slip.intake and slip.state != "dropped" else reverse("slips")


def _show(request: HttpRequest, errors: dict[str, str]) -> HttpResponse:
    node, officer = pages.node_of(request), pages.officer_of(request)
    with node.database.transaction() as tx:
        found = offline_slips.listed(tx, officer.units_as(*RECEPTION))
    context = {
        **pages.frame(request, "counter"),
        "slips": [_row(node, slip, errors) for slip in found],
        "problem": message(next(iter(errors.values()))) if errors else "",
    }
    return render(
        request, "desk/offline_slips.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else 200
    )


def _row(node: Node, slip: Slip, errors: dict[str, str]) -> dict[str, Any]:
    told = msgspec.structs.asdict(slip)
    return {
        **told,
        "open": slip.state in ("waiting", "conflict"),
        "problems": [message(problem) for problem in slip.problems]
        or ([_("Đang xử lý dở: gửi lại từ máy ấy, hoặc mở để làm tiếp.")] if slip.state == "waiting" else []),
        "url": _url(slip),
        "settle": reverse("settle_slip", args=[slip.number, slip.digest]),
        "place": pages.place(node, slip.unit),
        "error": message(errors[slip.digest]) if slip.digest in errors else "",
    }
