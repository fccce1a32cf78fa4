"""The officers' pages of Index 766: the score, and the dossiers behind a figure."""

import re
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lienthong.casework import words
from lienthong.catalogue.indicators import OF_DOSSIERS
from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.steering import index_asked, index_dossiers, index_pages
from lienthong.steering.index_asked import Asked
from lienthong.steering.index_dossiers import Found
from lienthong.steering.index_facts import Fact, day_of

_MEASURES = {
    "late": gettext_lazy("xong trễ hẹn"),
    "late_open": gettext_lazy("quá hẹn, chưa xong"),
    "overdue": gettext_lazy("đang xử lý, quá hẹn"),
    "open": gettext_lazy("đang giải quyết"),
    "paused": gettext_lazy("đang tạm dừng"),
    "received": gettext_lazy("đã tiếp nhận"),
    "online": gettext_lazy("nhận trực tuyến"),
    "counter": gettext_lazy("nhận trực tiếp"),
    "post": gettext_lazy("nhận qua bưu chính"),
    "early": gettext_lazy("xong trước hẹn"),
    "on_time": gettext_lazy("xong đúng hẹn"),
    "results": gettext_lazy("có kết quả"),
    "refused": gettext_lazy("trả lại, từ chối"),
    "stopped": gettext_lazy("dừng giải quyết"),
    "withdrawn": gettext_lazy("người nộp rút"),
    "carried": gettext_lazy("chuyển từ kỳ trước"),
    "e_results": gettext_lazy("có kết quả điện tử"),
    "online_results": gettext_lazy("trực tuyến, có kết quả điện tử"),
    "digitised": gettext_lazy("thành phần và kết quả đã số hóa"),
    "digitised_parts": gettext_lazy("có thành phần đã số hóa"),
    "from_store": gettext_lazy("dùng lại giấy tờ trong kho"),
    "population": gettext_lazy("dùng dữ liệu dân cư"),
    "paid_online": gettext_lazy("thanh toán trực tuyến"),
    "supplemented_twice": gettext_lazy("đòi bổ sung quá một lần"),
    "extended": gettext_lazy("đã gia hạn"),
}


@require_safe
@officer_required(*index_asked.SEE)
def index(request: HttpRequest) -> HttpResponse:
    """The score of a period, now or on a past day, beside that of the year before."""
    node, asked = node_of(request), asked_of(request)
    with node.database.transaction() as tx:
        now = index_pages.standing(node, tx, asked)
        before = index_pages.standing(node, tx, asked, asked.period.year_before())
    context = index_pages.frame(request, node, asked, "index")
    if now is not None:
        context |= index_pages.page(node, officer_of(request), asked, now, before)
    return render(request, "steering/index.html", context)


@require_safe
@officer_required(*index_asked.SEE)
def dossiers(request: HttpRequest) -> HttpResponse:
    """Which dossiers a figure counts, and why each is late; a chair sees those of the own unit."""
    node, officer, asked = node_of(request), officer_of(request), asked_of(request)
    measures = [
        name for name in request.GET.get("measures", "").split(",") if name in OF_DOSSIERS | {"overdue", "paused"}
    ]
    if not measures or not index_asked.may_list(officer, asked.unit):
        raise PermissionDenied
    with node.database.transaction() as tx:
        found, following = index_dossiers.behind(node, tx, asked, measures, _after(request))
    counted = " + ".join(str(_MEASURES.get(name, name)) for name in measures)
    context = {
        **index_pages.frame(request, node, asked, "index"),
        "counted": counted,
        "rows": [_row(node, officer, asked, one) for one in found],
        "next": f"?{asked.query(measures=','.join(measures), after=following)}" if following else "",
    }
    return render(request, "steering/index_dossiers.html", context)


def _after(request: HttpRequest) -> str:
    """Behind which code the page begins."""
    code = request.GET.get("after", "")
    return code if re.fullmatch(r"[A-Z0-9.-]{1,60}", code) else ""


def _row(node: Node, officer: Officer, asked: Asked, found: Found) -> dict[str, Any]:
    identity, fact, language = found.identity, found.fact, get_language() or "vi"
    may_open = index_asked.may_open(node, officer, identity.unit, identity.service)
    return {
        "code": identity.code,
        "url": index_pages.desk_url(identity.code) if may_open else "",
        "service": index_pages.service_name(node, identity.service, language),
        "unit": index_pages.place_name(node, identity.unit),
        "came": fact.came_at,
        "received": fact.received_at,
        "due": fact.due,
        "ended": fact.ended_at,
        "ending": words.state_name(fact.ending) if fact.ending else "",
        "why": why_late(fact, _end_of(asked)),
    }


def _end_of(asked: Asked) -> datetime:
    return asked.now or datetime.combine(asked.until, datetime.max.time(), clock.ZONE)


def why_late(fact: Fact, at: datetime) -> str:
    """Why a dossier counts as late, in words; empty where it does not."""
    if fact.supplements > 1:
        return _("đòi bổ sung quá một lần")
    end = fact.ended_at or at
    if fact.due is None or not (fact.late or (fact.ended_at is None and end > fact.due)):
        return ""
    days = day_of(end) - day_of(fact.due)
    if fact.ended_at:
        late = ngettext("xong sau hẹn %(n)s ngày", "xong sau hẹn %(n)s ngày", days) if days else _("xong sau giờ hẹn")
    else:
        late = ngettext("quá hẹn %(n)s ngày", "quá hẹn %(n)s ngày", days) if days else _("quá giờ hẹn")
    text = late % {"n": days} if days else late
    return _("%(late)s; lần gia hạn không hợp lệ không tính") % {"late": text} if fact.moved_late else text


def asked_of(request: HttpRequest) -> Asked:
    return index_asked.asked(request.GET.dict(), clock.now(), node_of(request))


def node_of(request: HttpRequest) -> Node:
    return request.node  # type: ignore[attr-defined, no-any-return]


def officer_of(request: HttpRequest) -> Officer:
    return request.officer  # type: ignore[attr-defined, no-any-return]
