"""The province's report on screen, as CSV and as XLSX."""

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from lienthong.identity.guards import officer_required
from lienthong.kit.web.templatetags.vietnam import day
from lienthong.steering import index_asked, index_pages, report_files, report_rows
from lienthong.steering.index_asked import Asked
from lienthong.steering.index_views import asked_of, node_of, officer_of
from lienthong.steering.report_rows import COLUMNS, OPENS, Line

NAMES: Final[Mapping[str, str | Promise]] = {
    "Cap": _lazy("Cấp"),
    "DonVi": _lazy("Đơn vị"),
    "LinhVuc": _lazy("Lĩnh vực"),
    "ThuTuc": _lazy("Thủ tục"),
    "Ten": _lazy("Tên"),
    "TongSo": _lazy("Tổng số"),
    "TiepNhanKyTruoc": _lazy("Từ kỳ trước"),
    "TiepNhanQuaMang": _lazy("Nhận trực tuyến"),
    "TiepNhanTrucTiep": _lazy("Nhận trực tiếp"),
    "TiepNhanBCCI": _lazy("Nhận qua bưu chính"),
    "DaXuLyTruocHan": _lazy("Xong trước hạn"),
    "DaXuLyDungHan": _lazy("Xong đúng hạn"),
    "DaXuLyQuaHan": _lazy("Xong quá hạn"),
    "DangXuLyTrongHan": _lazy("Đang xử lý, trong hạn"),
    "DangXuLyQuaHan": _lazy("Đang xử lý, quá hạn"),
    "TamDung": _lazy("Tạm dừng"),
    "TraLai": _lazy("Trả lại"),
}


@require_safe
@officer_required(*index_asked.SEE)
def report(request: HttpRequest) -> HttpResponse:
    """The whole and what lies one level below; each row leads further down, each figure to its dossiers."""
    node, asked, language = node_of(request), asked_of(request), get_language() or "vi"
    with node.database.transaction() as tx:
        grid = report_rows.grid(tx, asked)
    whole = next(report_rows.lines(node, grid, language, "province"))
    level, rows = report_rows.below(node, grid, asked, language)
    may_list = index_asked.may_list(officer_of(request), asked.unit)
    context = {
        **index_pages.frame(request, node, asked, "report"),
        "columns": [NAMES[name] for name in COLUMNS],
        "whole": _row(asked, whole, may_list, is_whole=True),
        "rows": [_row(asked, line, may_list or _own(request, line)) for line in rows],
        "level": NAMES[{"unit": "DonVi", "sector": "LinhVuc", "service": "ThuTuc"}[level]],
        "up": _up(asked),
    }
    return render(request, "steering/report.html", context)


def _own(request: HttpRequest, line: Line) -> bool:
    return index_asked.may_list(officer_of(request), line.unit)


def _row(asked: Asked, line: Line, may_list: bool, *, is_whole: bool = False) -> dict[str, Any]:
    codes = {"unit": line.unit or asked.unit, "sector": line.sector or asked.sector,
             "service": line.service or asked.service}  # fmt: skip
    cells = []
    for column, figure in zip(COLUMNS, line.figures, strict=True):
        opens = OPENS.get(column) if may_list and figure else None
        url = f"{reverse('index_dossiers')}?{asked.query(**codes, measures=opens)}" if opens else ""
        cells.append({"figure": index_pages.grouped(figure), "url": url})
    is_last = is_whole or (line.level == "service" and bool(asked.service))
    return {"name": line.name, "url": "" if is_last else f"?{asked.query(**codes)}", "cells": cells}


def _up(asked: Asked) -> str:
    """The way one level up."""
    if asked.service:
        return f"?{asked.query(service='', sector=index_asked.sector_of(asked.service))}"
    if asked.sector:
        return f"?{asked.query(sector='')}"
    return f"?{asked.query(unit='')}" if asked.unit else ""


@require_safe
@officer_required(*index_asked.SEE)
def as_csv(request: HttpRequest) -> HttpResponse:
    """All rows down to the procedure."""
    return _file(request, "csv", "text/csv; charset=utf-8", report_files.as_csv(_lines(request)))


@require_safe
@officer_required(*index_asked.SEE)
def as_xlsx(request: HttpRequest) -> HttpResponse:
    asked = asked_of(request)
    period = _("Từ %(since)s đến hết %(until)s") % {"since": day(asked.since), "until": day(asked.until)}
    names = {name: str(text) for name, text in NAMES.items()}
    file = report_files.as_xlsx(_lines(request), _("Tình hình giải quyết thủ tục hành chính"), period, names)
    return _file(request, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", file)


def _lines(request: HttpRequest) -> list[Line]:
    node = node_of(request)
    with node.database.transaction() as tx:
        grid = report_rows.grid(tx, asked_of(request))
    return list(report_rows.lines(node, grid, get_language() or "vi"))


def _file(request: HttpRequest, kind: str, content_type: str, content: bytes) -> HttpResponse:
    asked = asked_of(request)
    name = f"bao-cao-{asked.since:%Y%m%d}-{asked.until:%Y%m%d}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Vary": "Cookie"}
    return HttpResponse(content, content_type=content_type, headers=headers)
