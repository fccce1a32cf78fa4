"""Proposing a process table, and the other pair of eyes: differences, diagram and trial beside what approves it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec
import yaml
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.catalogue import files
from lienthong.catalogue.internal_process import InternalProcess, as_file, part_of, path_of
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Process, Service
from lienthong.desk import pages, process_drafts, process_page, process_table, process_views, process_words, proposals
from lienthong.desk.process_drafts import Draft
from lienthong.desk.process_table import TRANSITIONS
from lienthong.desk.proposals import NotAllowed, Proposal
from lienthong.exchange import publications
from lienthong.identity.guards import officer_required
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.kit.web.views import trouble

LONGEST_DECISION = 80


@dataclass(frozen=True)
class _Form:
    """What was typed of the decision, and what is wrong with it by control."""

    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@require_http_methods(["GET", "HEAD", "POST"])
@officer_required(pages.PROCESS_ADMIN)
def propose(request: HttpRequest, sector: str, name: str) -> HttpResponse:
    """The draft with the decision behind it, laid before another administrator."""
    node = pages.node_of(request)
    service, draft = process_views.drafted(node, sector, name)
    if process_table.judged(draft.table, service, node.catalogue.registers):
        return HttpResponseRedirect(f"{reverse('process_draft', args=[sector, name])}?checked")
    if request.method != "POST":
        return _ask(request, service, draft, _Form({"transition": "stay"}))
    form = _judged({name: " ".join(str(value).split()) for name, value in request.POST.items()})
    if form.errors:
        return _ask(request, service, draft, form)
    return _propose(request, service, draft, form)


def _judged(sent: dict[str, str]) -> _Form:
    """Decision and days. The decision's day is no later than today, the first day in force no earlier."""
    errors = {}
    decided, since = process_page.day_of(sent.get("decided_on", "")), process_page.day_of(sent.get("since", ""))
    if not sent.get("decision"):
        errors["decision"] = "required"
    elif len(sent["decision"]) > LONGEST_DECISION:
        errors["decision"] = "too-long"
    if decided is None:
        errors["decided_on"] = "not-a-date" if sent.get("decided_on") else "required"
    elif decided > clock.today():
        errors["decided_on"] = "in-the-future"
    if since is None:
        errors["since"] = "not-a-date" if sent.get("since") else "required"
    elif since < clock.today():
        errors["since"] = "in-the-past"
    if sent.get("transition") not in TRANSITIONS:
        errors["transition"] = "required"
    return _Form(sent, errors)


def _ask(request: HttpRequest, service: Service, draft: Draft, form: _Form) -> HttpResponse:
    node, officer = pages.node_of(request), pages.officer_of(request)
    process = process_table.process_of(draft.table, service)
    errors = {name: message(code) for name, code in form.errors.items()}
    with node.database.transaction() as tx:
        stays, _unread = process_page.past(node, tx, service.slug, process_views.DEFAULT_MONTHS)
    before = service.process
    context = {
        **process_views.head(service),
        "draft": draft,
        "typed": form.typed,
        "wrong": errors,
        "errors": [{"id": name, "message": text} for name, text in errors.items()],
        "transitions": [(name, process_words.TRANSITIONS[name]) for name in TRANSITIONS],
        "differences": process_page.compared(node, service, before, process),
        "trial": process_page.tried(before, process, stays, officer),
        "months": process_views.DEFAULT_MONTHS,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "desk/process_propose.html", {**pages.frame(request, "processes"), **context}, status=status)


def _propose(request: HttpRequest, service: Service, draft: Draft, form: _Form) -> HttpResponse:
    node, officer, sent = pages.node_of(request), pages.officer_of(request), form.typed
    if sent.get("version") != str(draft.version):
        return _not_allowed(request, NotAllowed("overtaken", draft.changed_by))
    decided: dict[str, Any] = {"decision": sent["decision"], "transition": sent["transition"], "note": sent["note"]}
    decided["decided_on"] = process_page.day_of(sent["decided_on"])
    process = process_table.process_of(draft.table, service, **decided)
    since = process_page.day_of(sent["since"])
    assert since is not None, "it was judged"
    text = yaml.safe_dump(as_file(process), allow_unicode=True, sort_keys=False, width=120)
    try:
        with node.database.transaction() as tx:
            proposals.propose(
                node, tx, officer, part_of(node.name, service.slug), {path_of(node.name, service.slug): text},
                since=since, transition=process.transition, note=sent["note"], authors=draft.authors,
            )  # fmt: skip
    except NotAllowed as why:
        return _not_allowed(request, why)
    return HttpResponseRedirect(f"{reverse('processes')}?done=proposed", status=HTTPStatus.SEE_OTHER)


def _not_allowed(request: HttpRequest, why: NotAllowed) -> HttpResponse:
    told = {
        "own-proposal": _("Bạn đã soạn bản này nên không phê duyệt được. Cần một người quản trị khác."),
        "open-already": _("Đã có một đề nghị đang chờ phê duyệt cho thủ tục này."),
        "day-passed": _("Ngày hiệu lực đã qua. Hãy trả lại để đề nghị với ngày khác."),
        "nothing-changed": _("Bảng này nói đúng như bảng đang áp dụng; không có gì để công bố."),
        "overtaken": _("Có bản khác được lưu hoặc công bố sau khi đề nghị này được soạn. Hãy soạn lại trên bản mới."),
        "ended": _("Đề nghị này đã được xử lý (%(who)s).") % {"who": why.about or "–"},
        "does-not-hold": _("Bảng này không khớp với danh mục đang áp dụng: %(why)s") % {"why": why.about},
    }[why.code]
    return trouble(request, HTTPStatus.CONFLICT, _("Chưa làm được"), f"{told} {_('Chưa có gì thay đổi.')}")


# the other pair of eyes


@require_safe
@officer_required(pages.PROCESS_ADMIN)
def proposal(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002 — the address's own name
    return _show(request, *_found(request, id))


def _show(request: HttpRequest, found: Proposal, service: Service, error: str = "", typed: str = "") -> HttpResponse:
    node, officer = pages.node_of(request), pages.officer_of(request)
    process, months = _process(found), process_views.months_of(request)
    with node.database.transaction() as tx:
        stays, unread = process_page.past(node, tx, service.slug, months)
        before = _before(tx, found, service)
    context = {
        **process_views.head(service),
        **process_page.decision(process),
        **process_views.drawn(node, service, before, process),
        "proposal": process_page.shown_proposal(node, found, officer),
        "bpmn": reverse("proposal_bpmn", args=[found.id]),
        "trial": process_page.tried(before, process, stays, officer),
        "unread": unread,
        "most": process_page.MOST_TRIED,
        **process_views.months_shown(request, months),
        "error": error,
        "typed": typed,
        "errors": [{"id": "reason", "message": error}] if error else [],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return render(request, "desk/proposal.html", {**pages.frame(request, "processes"), **context}, status=status)


@require_safe
@officer_required(pages.PROCESS_ADMIN)
def bpmn(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002
    found, service = _found(request, id)
    return process_views.as_bpmn(pages.node_of(request), service, _process(found))


@require_POST
@officer_required(pages.PROCESS_ADMIN)
def decide(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002
    """approve, send-back (with its reason) or withdraw."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    found, service = _found(request, id)
    verb, reason = request.POST.get("verb", ""), request.POST.get("reason", "")
    if verb == "send-back" and not reason.strip():
        return _show(request, found, service, message("required"), reason)
    try:
        with node.database.transaction() as tx:
            if verb == "approve":
                proposals.approve(node, tx, id, officer)
                process_drafts.drop(tx, service.slug)
            elif verb == "send-back":
                proposals.send_back(tx, id, officer, reason)
            elif verb == "withdraw":
                proposals.withdraw(tx, id, officer)
            else:
                raise PermissionDenied
    except NotAllowed as why:
        return _not_allowed(request, why)
    except PermissionError as why:
        raise PermissionDenied from why
    done = {"approve": "approved", "send-back": "sent-back", "withdraw": "withdrawn"}[verb]
    return HttpResponseRedirect(f"{reverse('processes')}?done={done}", status=HTTPStatus.SEE_OTHER)


def _found(request: HttpRequest, id_: str) -> tuple[Proposal, Service]:
    """A proposal about a process of this agency. Raises Http404."""
    node = pages.node_of(request)
    with node.database.transaction() as tx:
        found = proposals.load(tx, id_)
    services = {part_of(node.name, slug): one for slug, one in process_page.own_services(node).items()}
    if found is None or found.part not in services:
        raise Http404
    return found, services[found.part]


def _before(tx: Tx, found: Proposal, service: Service) -> Process:
    """The table that it is to replace, or replaced: the agency's last one, else the ministry's."""
    row = publications.by_hash(tx, found.base) if found.base else None
    held = publications.body_of(row.envelope).files if row else {}
    path = f"{found.part}.yaml"
    return msgspec.convert(files.raw(held, path), InternalProcess) if path in held else service.model or service.process


def _process(found: Proposal) -> InternalProcess:
    """What the proposed file says; it was checked when it was proposed."""
    return msgspec.convert(files.raw(found.files, f"{found.part}.yaml"), InternalProcess)
