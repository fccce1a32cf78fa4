"""A process table as a file and back: downloaded as BPMN 2.0, uploaded into the draft.

A file changes the draft only, never what is in force. What it does not say stays open in the draft, which cannot be
proposed before it is filled in; what the procedure itself says (registers, rules, consents) is taken from there.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_safe

from lienthong.casework import bpmn_import, diagram, words
from lienthong.casework.bpmn_import import Imported
from lienthong.casework.bpmn_reading import NotTaken, Problem
from lienthong.catalogue.internal_process import part_of
from lienthong.catalogue.shapes import Service
from lienthong.desk import pages, process_drafts, process_table, proposals
from lienthong.desk.process_drafts import Overtaken
from lienthong.desk.process_page import own_services
from lienthong.desk.process_table import Asked, Row, Table
from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.kit.web.files import download
from lienthong.kit.web.views import trouble

KIND = "application/xml"


@require_safe
@officer_required(pages.PROCESS_ADMIN)
def save_file(request: HttpRequest, sector: str, name: str) -> HttpResponse:
    """The table in force as a file that any BPMN tool opens, and that comes back by `upload`."""
    node = pages.node_of(request)
    service = _service(node, sector, name)
    text = diagram.of_service(node, service, pages.language())
    return download(text.encode(), f"{name}.bpmn", KIND)


@require_http_methods(["GET", "HEAD", "POST"])
@officer_required(pages.PROCESS_ADMIN)
def upload(request: HttpRequest, sector: str, name: str) -> HttpResponse:
    """Ask for a file; read it; put what it says into the draft, and say what it does not say."""
    node = pages.node_of(request)
    service = _service(node, sector, name)
    if request.method != "POST":
        return _page(request, service, {})
    file = request.FILES.get("file")
    if file is None or not file.size:
        return _page(request, service, {"error": _("Hãy chọn một tệp rồi gửi.")}, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        found = bpmn_import.read(file.read(), roles_by_name(), request.POST.get("process", "").strip()[:100])
    except NotTaken as refused:
        return _page(request, service, {"problems": refused.problems}, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with node.database.transaction() as tx:
            table = _into_draft(request, node, tx, service, found)
    except (Overtaken, proposals.NotAllowed):
        said = _("Bản nháp đang chờ phê duyệt, hoặc người khác vừa lưu. Hãy mở lại bản nháp rồi gửi tệp lần nữa.")
        return trouble(request, HTTPStatus.CONFLICT, _("Chưa lưu được vào bản nháp"), said)
    if not found.questions and not found.notes:
        return HttpResponseRedirect(f"{_editor(service)}?checked", status=HTTPStatus.SEE_OTHER)
    return _page(request, service, _told(service, found, table))


def roles_by_name() -> Mapping[str, str]:
    """Roles by their names in both languages, as lanes may bear them."""
    found: dict[str, str] = {}
    for language in ("vi", "en"):
        with override(language):
            found |= {str(text).lower(): role for role, text in words.ROLES.items()}
    return {**found, **{role: role for role in words.ROLES}}


def _into_draft(request: HttpRequest, node: Node, tx: Tx, service: Service, found: Imported) -> Table:
    """Raises Overtaken, NotAllowed."""
    officer, at = pages.officer_of(request), clock.now()
    if any(one.state == "open" for one in proposals.of_part(tx, part_of(node.name, service.slug))):
        raise proposals.NotAllowed("open-already", service.slug)
    before = process_table.of_process(service.process)
    process_drafts.begin(tx, service.slug, service.revision, before, officer, at)
    draft = process_drafts.load(tx, service.slug)
    assert draft is not None, "begun in this transaction, or there already"
    table = table_of(found, service, draft.table.symbol)
    process_drafts.save(tx, draft, table, officer, at)
    return table


def table_of(found: Imported, service: Service, symbol: str) -> Table:
    """The rows of a draft. A step that the service has comes from there with what is not an agency's to change."""
    known = {step.step for step in (*service.process.steps, *(service.model.steps if service.model else ()))}
    rows = [_row(key, line, known) for key, line in enumerate(found.lines)]
    return Table(symbol, rows[: process_table.MOST_ROWS], len(rows))


def _row(key: int, line: Mapping[str, Any], known: Iterable[str]) -> Row:
    name, step = line.get("name", {}), line["step"]
    field, comparison, value = process_table.taken_apart(line.get("when", ""))
    return Row(
        key=key,
        step=step,
        of=step if step in known else "",
        vi=name.get("vi", ""),
        en=name.get("en", ""),
        verb=line.get("verb", ""),
        role=line.get("role", ""),
        hours=str(line.get("hours") or ""),
        rule=line.get("rule", ""),
        when_field=field,
        when_is=comparison,
        when_value=value,
        unit=line.get("unit", ""),
        refused_to=line.get("refused_to", ""),
        automatic=bool(line.get("straight_through")),
        asks=[_asked(one) for one in line.get("asks", [])[: process_table.MOST_ASKED]],
    )


def _asked(one: Mapping[str, Any]) -> Asked:
    says = one.get("says", {})
    days = str(one["days"]) if "days" in one else ""
    return Asked(one.get("role", ""), days, one.get("unit", ""), one.get("silence", "without"),
                 says.get("vi", ""), says.get("en", ""))  # fmt: skip


def _told(service: Service, found: Imported, table: Table) -> dict[str, Any]:
    """What came of a file: by row what it does not say, and what needed no row."""
    rows = [{"key": row.key, "number": row.key + 1, "name": row.vi or row.step, "asked": []} for row in table.rows]
    by_step: dict[str, Any] = {row.step: shown for row, shown in zip(table.rows, rows, strict=True)}
    for one in found.questions:
        by_step[one.step]["asked"].append({"text": one.text, "element": one.element, "must": one.must})
    differs = [*_not_taken(service, found)]
    return {"rows": rows, "open": sum(one.must for one in found.questions), "notes": [*found.notes, *differs]}


def _not_taken(service: Service, found: Imported) -> Iterable[Problem]:
    """What the file says otherwise of things that are the procedure's."""
    model = service.model or service.process
    theirs = {step.step: step for step in model.steps}
    for line in found.lines:
        step = theirs.get(line["step"])
        said = {name: line[name] for name in ("register", "fields", "result", "velocity") if name in line}
        if step is not None and any(msgspec.to_builtins(getattr(step, name)) != held for name, held in said.items()):
            yield Problem((line["step"],), _("sổ, trường ghi hoặc hạn mức tự động lấy theo thủ tục, không theo tệp"))
    if found.consents and found.consents != msgspec.to_builtins(model.consents):
        yield Problem((), _("ai phải đồng ý lấy theo thủ tục, không theo tệp"))


def _page(
    request: HttpRequest, service: Service, more: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    context = {
        **pages.frame(request, "processes"),
        "service": service.card.name.in_language(pages.language()),
        "at": service.slug.split("/"),
        "editor": _editor(service),
        **more,
    }
    return render(request, "desk/process_bpmn.html", context, status=status)


def _editor(service: Service) -> str:
    return reverse("process_draft", args=service.slug.split("/"))


def _service(node: Node, sector: str, name: str) -> Service:
    found = own_services(node).get(f"{sector}/{name}")
    if found is None:
        raise Http404
    return found


bpmn_patterns = [
    path("process-tables/<slug:sector>/<slug:name>/file.bpmn", save_file, name="process_file"),
    path("process-tables/<slug:sector>/<slug:name>/upload", upload, name="process_upload"),
]
