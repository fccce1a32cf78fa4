"""The register of dossiers (form 07): a month of what the officer's one-stops took in, to look at, print, take away."""

import csv
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from lienthong.desk import pages, register_page, register_queries
from lienthong.desk.papers import DESK_ROLES
from lienthong.desk.register_queries import PAGE, Asked
from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required
from lienthong.identity.types import Officer
from lienthong.kit import clock

MONTHS = 24


@require_safe
@officer_required(*DESK_ROLES)
def register(request: HttpRequest) -> HttpResponse:
    """A page of the month, or all of it as CSV (`?format=csv`)."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    asked = _asked(node, officer, request)
    if request.GET.get("format") == "csv":
        return _csv(node, asked)
    with node.database.transaction() as tx:
        total = register_queries.count(tx, asked)
        last = max(1, -(-total // PAGE))
        page = min(max(1, _number(request.GET.get("page", ""))), last)
        found = register_queries.lines(tx, asked, (page - 1) * PAGE)
    context = {
        "unit": ", ".join(pages.place(node, unit) for unit in sorted(asked.units) if unit),
        "head": register_page.HEAD,
        "lines": [_line(node, line) for line in found],
        "total": total,
        "months": [(f"{month:%Y-%m}", f"{month:%m/%Y}") for month in _months()],
        "month": f"{asked.month:%Y-%m}",
        "month_label": f"{asked.month:%m/%Y}",
        "services": _services(node, asked.services),
        "service": asked.service,
        "page": page,
        "last": last,
        "before": _url(asked, page - 1) if page > 1 else "",
        "after": _url(asked, page + 1) if page < last else "",
        "csv": f"{_url(asked, 1)}&format=csv",
    }
    return render(request, "desk/register.html", {**pages.frame(request, "register"), **context})


def _asked(node: Node, officer: Officer, request: HttpRequest) -> Asked:
    """The month and service that were chosen; what is not among the choices is the present month, and every service."""
    scope = pages.scope(node, officer)
    services = sorted({service for _unit, service in scope})
    month = next((one for one in _months() if f"{one:%Y-%m}" == request.GET.get("month")), _months()[0])
    service = request.GET.get("service", "")
    return Asked(month, service if service in services else "", sorted({unit for unit, _ in scope}), services)


def _months() -> list[date]:
    """This month and those before it."""
    today = clock.today()
    ordinals = range(today.year * 12 + today.month - 1, today.year * 12 + today.month - 1 - MONTHS, -1)
    return [date(ordinal // 12, ordinal % 12 + 1, 1) for ordinal in ordinals]


def _services(node: Node, slugs: list[str]) -> list[tuple[str, str]]:
    return [(slug, node.catalogue.services[slug].card.short.in_language(pages.language())) for slug in slugs]


def _line(node: Node, line: register_queries.Line) -> dict[str, Any]:
    cells = register_page.cells(node, line)
    return {"entry": cells[0], "code": cells[1], "url": reverse("dossier", args=[cells[1]]), "cells": cells[2:]}


def _url(asked: Asked, page: int) -> str:
    return f"?{urlencode({'month': f'{asked.month:%Y-%m}', 'service': asked.service, 'page': page})}"


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else 1


def _csv(node: Node, asked: Asked) -> HttpResponse:
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")  # by the mark Excel takes it for UTF-8
    answer.headers["Content-Disposition"] = f'attachment; filename="so-theo-doi-{asked.month:%Y-%m}.csv"'
    csv.writer(answer).writerows(_rows(node, asked))
    return answer


def _rows(node: Node, asked: Asked) -> Iterator[list[str]]:
    yield [str(label) for label in register_page.HEAD]
    with node.database.transaction() as tx:
        for line in register_queries.every(tx, asked):
            yield [_inert(cell) for cell in register_page.cells(node, line)]


def _inert(cell: str) -> str:
    """A cell that a spreadsheet takes for text, not for a formula."""
    return f"'{cell}" if cell[:1] in "=+-@\t\r" and cell else cell


register_patterns = [path("register", register, name="register")]
