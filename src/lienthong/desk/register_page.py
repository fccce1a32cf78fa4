"""A line of the register of dossiers (form 07, "Sổ theo dõi hồ sơ") in words: nothing of it is typed."""

from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.casework import delivering, words
from lienthong.desk import pages
from lienthong.desk.register_queries import Line
from lienthong.exchange.node import Node
from lienthong.kit.web.templatetags.vietnam import moment
from lienthong.registers.wording import shown

HEAD: Final = (
    gettext_lazy("Số vào sổ"), gettext_lazy("Mã hồ sơ"), gettext_lazy("Thủ tục"), gettext_lazy("Người, tổ chức nộp"),
    gettext_lazy("Địa chỉ, điện thoại"), gettext_lazy("Cơ quan chủ trì"), gettext_lazy("Ngày nhận"),
    gettext_lazy("Hẹn trả"), gettext_lazy("Ngày trả kết quả"), gettext_lazy("Cách nhận"),
    gettext_lazy("Người nhận, ký nhận"),
)  # fmt: skip
_WAYS: Final[dict[str, str | Promise]] = {
    "": gettext_lazy("Bản điện tử"),
    "electronic": gettext_lazy("Bản điện tử"),
    "counter": gettext_lazy("Tại quầy"),
    "one_stop": gettext_lazy("Tại quầy"),
    "post": gettext_lazy("Qua bưu chính"),
}


def entry(code: str) -> str:
    """The number under which a dossier stands in the register: its day and its order of that day."""
    return "-".join(code.split("-")[-2:])


def cells(node: Node, line: Line) -> list[str]:
    """The line's columns, in the order of HEAD."""
    row, contact, declared = line.row, line.content.contact, line.content.declared
    service = node.catalogue.shown(row.service, row.revision)
    number = shown(node, node.catalogue.terms["personal_number"], row.applicant, pages.language())
    reach = [contact.get("address"), contact.get("phone") or declared.get("requester_phone")]
    delivered = line.delivered.detail if line.delivered else {}
    way = delivered.get("way") or delivering.wished(service, line.content)
    return [
        entry(row.code),
        row.code,
        service.card.name.in_language(pages.language()),
        str(contact.get("name") or declared.get("requester_name") or row.subject or number),
        ", ".join(str(part) for part in reach if part),
        pages.place(node, row.unit or ""),
        moment(row.received_at),
        moment(row.deadline),
        _ended(row),
        str(_WAYS.get(way, way)),
        str(delivered.get("receiver") or (_("ký số, không cần ký giấy") if row.returned_at else "")),
    ]


def _ended(row: Any) -> str:
    """When the result was returned; else how it ended, or nothing yet."""
    if row.returned_at:
        return moment(row.returned_at)
    return f"{words.state_name(row.status)}, {moment(row.finished_at)}" if row.finished_at else ""
