"""Signs that figures were made rather than earned: who is to be asked, about which dossiers, and why."""

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required
from lienthong.identity.types import Officer
from lienthong.kit.storage import Tx
from lienthong.steering import index_asked, index_gaming, index_pages
from lienthong.steering.index_gaming import Sign
from lienthong.steering.index_views import asked_of, node_of, officer_of

MOST: Final = 40  # dossiers listed with a sign
# What was seen, and what else may explain it.
_KINDS: Final[Mapping[str, tuple[str | Promise, str | Promise]]] = {
    "ended_and_filed_again": (
        _lazy("Kết thúc sát hẹn rồi nộp lại"),
        _lazy("Hồ sơ bị dừng, rút hoặc trả lại trong ngày cuối trước hẹn, và cùng người ấy nộp lại thủ tục ấy trong "
              "năm ngày. Có thể vì người dân đổi ý thật."),
    ),
    "received_when_done": (
        _lazy("Tiếp nhận khi đã làm xong"),
        _lazy("Ở quầy: chờ hơn hai giờ mới tiếp nhận, rồi xong trong nửa giờ. Có thể vì quầy đông hoặc mất mạng."),
    ),
    "bursts": (
        _lazy("Nhiều hồ sơ cùng lúc"),
        _lazy("Trong một ngày: từ năm hồ sơ của một người trở lên, hoặc ngoài giờ làm việc, mỗi hồ sơ xong trong mười "
              "phút. Có thể vì một người cần nhiều bản."),
    ),
    "clock_stopped": (
        _lazy("Yêu cầu bổ sung để dừng đồng hồ"),
        _lazy("Yêu cầu bổ sung trong một phần mười cuối của thời hạn, nhiều lần cùng một lý do. Có thể vì mẫu đơn khó "
              "hiểu."),
    ),
    "promise_moved": (
        _lazy("Dời hẹn, ghi lùi ngày"),
        _lazy("Gia hạn lần hai hoặc khi đã quá hẹn, hoặc việc ghi là đúng hẹn nhưng được lưu sau ngày hẹn. Lần dời ấy "
              "không tính vào chỉ số."),
    ),
    "filed_for": (
        _lazy("Nộp trực tuyến hộ"),
        _lazy("Hồ sơ ghi là trực tuyến nhưng do người đang giữ việc ở đây nộp. Có thể vì giúp người không có điện "
              "thoại: việc ấy ghi là nộp tại quầy."),
    ),
}  # fmt: skip
_NAMES = "SELECT DISTINCT ON (number) number, name FROM officer WHERE number = ANY(%s) ORDER BY number, starts DESC"


@require_safe
@officer_required(*index_asked.SEE)
def signs(request: HttpRequest) -> HttpResponse:
    """Of a period; a chair sees those of the own unit."""
    node, officer, asked = node_of(request), officer_of(request), asked_of(request)
    with node.database.transaction() as tx:
        found = index_gaming.signs(tx, asked.since, asked.until)
        mine = [one for one in found if index_asked.may_list(officer, one.unit) and asked.unit in ("", one.unit)]
        names = _names(tx, mine)
    kinds = [
        _kind(node, officer, kind, [one for one in mine if one.kind == kind], names) for kind in index_gaming.KINDS
    ]
    context = {**index_pages.frame(request, node, asked, "signs"), "kinds": kinds, "count": len(mine)}
    return render(request, "steering/signs.html", context)


def _names(tx: Tx, found: list[Sign]) -> dict[str, str]:
    rows = tx.all(_NAMES, (sorted({one.officer for one in found}),))
    return {row.number: row.name for row in rows}


def _kind(node: Node, officer: Officer, kind: str, found: list[Sign], names: Mapping[str, str]) -> dict[str, Any]:
    title, says = _KINDS[kind]
    rows = [
        {
            "who": names.get(one.officer, "–"),
            "unit": index_pages.place_name(node, one.unit),
            "count": len(one.codes),
            "measured": _measured(one),
            "dossiers": [_dossier(node, officer, one.unit, code) for code in one.codes[:MOST]],
            "more": max(0, len(one.codes) - MOST),
        }
        for one in found
    ]
    return {"id": kind, "title": title, "says": says, "rows": rows}


def _measured(one: Sign) -> str:
    if not one.expected:
        return ""
    of = ngettext("trong %(n)s hồ sơ", "trong %(n)s hồ sơ", one.of) % {"n": number_format(one.of)}
    return _("%(of)s; theo mức chung thì chừng %(expected)s") % {"of": of, "expected": number_format(one.expected, 1)}


def _dossier(node: Node, officer: Officer, unit: str, code: str) -> dict[str, str]:
    services = node.catalogue.services
    may_open = any(index_asked.may_open(node, officer, unit, slug) for slug in services)
    return {"code": code, "url": index_pages.desk_url(code) if may_open else ""}
