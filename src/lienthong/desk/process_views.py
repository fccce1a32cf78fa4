"""The agency's processes as tables: list, table, draft, preview, trial. Nothing here changes a case; what is proposed
passes four eyes (proposal_views.py)."""

from http import HTTPStatus
from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.casework import diagram, place
from lienthong.catalogue.internal_process import part_of
from lienthong.catalogue.process_check import hours_allowed, total_hours
from lienthong.catalogue.shapes import Process, Service
from lienthong.desk import pages, process_drafts, process_editor, process_page, process_table, proposals
from lienthong.desk.process_drafts import Draft, Overtaken
from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.kit.web.templatetags.vietnam import moment
from lienthong.kit.web.views import trouble

DEFAULT_MONTHS = 6


@require_safe
@officer_required(pages.PROCESS_ADMIN)
def listed(request: HttpRequest) -> HttpResponse:
    """Every procedure this agency handles, with the table that decides it; `?done=` says what was just done."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    with node.database.transaction() as tx:
        found = proposals.listed(tx, officer)
        proposed = {one.part: one for one in found if one.state == "open"}
        rows = process_page.listed(node, tx, process_drafts.every(tx), proposed)
    waiting = [one for one in proposed.values() if officer.number not in one.authors]
    context = {"rows": rows, "waiting": len(waiting), "done": _done(request.GET.get("done", ""))}
    return render(request, "desk/processes.html", {**pages.frame(request, "processes"), **context})


def _done(what: str) -> str:
    return {
        "proposed": _("Đã gửi đề nghị. Một người quản trị khác phê duyệt."),
        "approved": _("Đã phê duyệt và công bố."),
        "sent-back": _("Đã trả lại cho người soạn."),
        "withdrawn": _("Đã rút đề nghị."),
        "dropped": _("Đã bỏ bản nháp."),
    }.get(what, "")


@require_safe
@officer_required(pages.PROCESS_ADMIN)
def table(request: HttpRequest, sector: str, name: str) -> HttpResponse:
    """One procedure's table as it is in force, its decisions, and what is on its way."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    service = _service(node, sector, name)
    part = part_of(node.name, service.slug)
    with node.database.transaction() as tx:
        draft, found = process_drafts.load(tx, service.slug), proposals.of_part(tx, part)
        versions = process_page.versions(tx, part)
    shown = [process_page.shown_proposal(node, one, officer) for one in found]
    context = {
        **head(service),
        **process_page.decision(service.process),
        "steps": process_page.steps(node, service, service.process),
        "total": total_hours(service.process),
        "allowed": hours_allowed(service),
        "versions": versions,
        "today": clock.today(),
        "draft": draft,
        "open": next((one for one in shown if one["open"]), None),
        "ended": [one for one in shown if not one["open"]],
        "differs": process_page.compared(node, service, service.model, service.process) if service.model else [],
        "diagram": place.of_service(node, service).url,
        "unfit": node.catalogue.unfit.get(part, ""),
    }
    return render(request, "desk/process_table.html", {**pages.frame(request, "processes"), **context})


# the draft


@require_POST
@officer_required(pages.PROCESS_ADMIN)
def begin(request: HttpRequest, sector: str, name: str) -> HttpResponse:
    """A draft from the table in force, or on with the one there is."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    service = _service(node, sector, name)
    with node.database.transaction() as tx:
        made = process_table.of_process(service.process)
        process_drafts.begin(tx, service.slug, service.revision, made, officer, clock.now())
    return HttpResponseRedirect(reverse("process_draft", args=[sector, name]), status=HTTPStatus.SEE_OTHER)


@require_POST
@officer_required(pages.PROCESS_ADMIN)
def drop(request: HttpRequest, sector: str, name: str) -> HttpResponse:
    node = pages.node_of(request)
    service = _service(node, sector, name)
    with node.database.transaction() as tx:
        if _proposed(node, tx, service.slug):
            return _under_proposal(request)
        process_drafts.drop(tx, service.slug)
    return HttpResponseRedirect(f"{reverse('processes')}?done=dropped", status=HTTPStatus.SEE_OTHER)


@require_http_methods(["GET", "HEAD", "POST"])
@officer_required(pages.PROCESS_ADMIN)
def draft(request: HttpRequest, sector: str, name: str) -> HttpResponse:
    """The editor. What is sent is kept as typed, right or wrong; `?checked` shows what is wrong with it."""
    node = pages.node_of(request)
    service, found = drafted(node, sector, name)
    if request.method == "POST":
        return _save(request, service, found)
    return _edit(request, service, found, checked="checked" in request.GET)


def _save(request: HttpRequest, service: Service, found: Draft) -> HttpResponse:
    node, officer = pages.node_of(request), pages.officer_of(request)
    sent = {name: str(value) for name, value in request.POST.items()}
    if sent.get("version") != str(found.version):
        return _overtaken(request, service, found)
    table, look_at = process_table.edited(process_table.typed(found.table, sent), sent.get("do", ""))
    try:
        with node.database.transaction() as tx:
            if _proposed(node, tx, service.slug):
                return _under_proposal(request)
            if table != found.table:
                process_drafts.save(tx, found, table, officer, clock.now())
    except Overtaken:
        return _overtaken(request, service, _reloaded(node, service, found))
    return HttpResponseRedirect(_onward(service, sent.get("do", ""), look_at), status=HTTPStatus.SEE_OTHER)


def _onward(service: Service, wish: str, look_at: int) -> str:
    """Back to the row that was changed, or to where the button leads."""
    names = service.slug.split("/")
    pages_of = {"preview": "process_preview", "trial": "process_trial", "propose": "process_propose"}
    if wish in pages_of:
        return reverse(pages_of[wish], args=names)
    editor = reverse("process_draft", args=names)
    return f"{editor}?checked" if look_at < 0 else f"{editor}#row-{look_at}"


def _overtaken(request: HttpRequest, service: Service, found: Draft) -> HttpResponse:
    """What was typed is not saved over somebody else's; the browser still has it."""
    told = _(
        "%(who)s đã lưu bản nháp này lúc %(at)s, sau khi bạn mở trang. Những gì bạn vừa nhập chưa được lưu: hãy quay"
        " lại trang trước để chép ra, rồi mở lại bản nháp."
    )
    said = told % {"who": found.changed_by, "at": moment(found.changed_at)}
    return trouble(request, HTTPStatus.CONFLICT, _("Người khác vừa lưu bản nháp"), said)


def _reloaded(node: Node, service: Service, found: Draft) -> Draft:
    with node.database.transaction() as tx:
        return process_drafts.load(tx, service.slug) or found


def _under_proposal(request: HttpRequest) -> HttpResponse:
    said = _("Bản này đang chờ phê duyệt nên không sửa được. Người đề nghị rút lại thì sửa tiếp được.")
    return trouble(request, HTTPStatus.CONFLICT, _("Đang chờ phê duyệt"), said)


def _edit(request: HttpRequest, service: Service, found: Draft, *, checked: bool) -> HttpResponse:
    node, officer = pages.node_of(request), pages.officer_of(request)
    wrong = process_table.judged(found.table, service, node.catalogue.registers)
    shown = process_editor.shown(node, service, found.table, wrong if checked else [], officer)
    with node.database.transaction() as tx:
        proposed = _proposed(node, tx, service.slug)
    others = [name for number, name in found.authors.items() if number != officer.number]
    context = {
        **head(service),
        **shown,
        "draft": found,
        "wrong": len(wrong),
        "proposed": proposed,
        "others": ", ".join(others),
        "is_old": found.based_on != service.revision,
    }
    status = HTTPStatus.OK
    return render(request, "desk/process_editor.html", {**pages.frame(request, "processes"), **context}, status=status)


# what the draft would be


@require_safe
@officer_required(pages.PROCESS_ADMIN)
def preview(request: HttpRequest, sector: str, name: str) -> HttpResponse:
    """The draft as a list and a diagram, and what it says otherwise than the table in force and the model."""
    node = pages.node_of(request)
    service, found = drafted(node, sector, name)
    if process_table.judged(found.table, service, node.catalogue.registers):
        return HttpResponseRedirect(f"{reverse('process_draft', args=[sector, name])}?checked")
    process = process_table.process_of(found.table, service)
    context = {
        **head(service),
        **drawn(node, service, service.process, process),
        "bpmn": reverse("process_preview_bpmn", args=[sector, name]),
    }
    return render(request, "desk/process_preview.html", {**pages.frame(request, "processes"), **context})


def drawn(node: Node, service: Service, before: Process, process: Process) -> dict[str, Any]:
    """A table beside the one that it replaces, for desk/process_preview.html and a proposal's page."""
    return {
        "steps": process_page.steps(node, service, process),
        "total": total_hours(process),
        "allowed": hours_allowed(service),
        "in_force": process_page.compared(node, service, before, process),
        "with_model": process_page.compared(node, service, service.model, process) if service.model else None,
        "nobody": process_page.unmanned(node, process),
    }


@require_safe
@officer_required(pages.PROCESS_ADMIN)
def preview_bpmn(request: HttpRequest, sector: str, name: str) -> HttpResponse:
    node = pages.node_of(request)
    service, found = drafted(node, sector, name)
    if process_table.judged(found.table, service, node.catalogue.registers):
        raise Http404
    return as_bpmn(node, service, process_table.process_of(found.table, service))


def as_bpmn(node: Node, service: Service, process: Process) -> HttpResponse:
    """The diagram of a service under another table."""
    text = diagram.of_service(node, msgspec.structs.replace(service, process=process), pages.language())
    return HttpResponse(text, content_type="application/xml; charset=utf-8", headers={"Vary": "Cookie"})


@require_safe
@officer_required(pages.PROCESS_ADMIN)
def trial(request: HttpRequest, sector: str, name: str) -> HttpResponse:
    """The draft tried on the dossiers of the last months: what would have been late?"""
    node, officer = pages.node_of(request), pages.officer_of(request)
    service, found = drafted(node, sector, name)
    if process_table.judged(found.table, service, node.catalogue.registers):
        return HttpResponseRedirect(f"{reverse('process_draft', args=[sector, name])}?checked")
    process, months = process_table.process_of(found.table, service), months_of(request)
    with node.database.transaction() as tx:
        stays, unread = process_page.past(node, tx, service.slug, months)
    context = {
        **head(service),
        "trial": process_page.tried(service.process, process, stays, officer),
        "unread": unread,
        "most": process_page.MOST_TRIED,
        **months_shown(request, months),
    }
    return render(request, "desk/process_trial.html", {**pages.frame(request, "processes"), **context})


def months_of(request: HttpRequest) -> int:
    asked = request.GET.get("months", "")
    return int(asked) if asked in {str(one) for one in process_page.MONTHS} else DEFAULT_MONTHS


def months_shown(request: HttpRequest, months: int) -> dict[str, Any]:
    every = process_page.MONTHS
    return {"months": months, "ways": [{"months": n, "url": f"?months={n}", "current": n == months} for n in every]}


# shared


def head(service: Service) -> dict[str, Any]:
    sector, _slash, name = service.slug.partition("/")
    return {
        "service": service.card.name.in_language(pages.language()),
        "code": service.card.code,
        "at": [sector, name],
        "sector": sector,
        "name": name,
    }


def _service(node: Node, sector: str, name: str) -> Service:
    """One of this agency's own. Raises Http404."""
    found = process_page.own_services(node).get(f"{sector}/{name}")
    if found is None:
        raise Http404
    return found


def drafted(node: Node, sector: str, name: str) -> tuple[Service, Draft]:
    """Raises Http404 where nothing is drafted."""
    service = _service(node, sector, name)
    with node.database.transaction() as tx:
        found = process_drafts.load(tx, service.slug)
    if found is None:
        raise Http404
    return service, found


def _proposed(node: Node, tx: Tx, slug: str) -> bool:
    return any(one.state == "open" for one in proposals.of_part(tx, part_of(node.name, slug)))
