"""A read of a person's data in words: who, in which role, for what, what was opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.casework.words import purpose_name, role_name
from lienthong.exchange.node import Node
from lienthong.portal.questions import Asked

OTHER_REGISTERS: Final[dict[str, str | Promise]] = {
    "attachments": gettext_lazy("Giấy tờ nộp kèm"),
    "store": gettext_lazy("Kho giấy tờ của bạn"),
    "document": gettext_lazy("Giấy tờ đã cấp"),
    "dossier": gettext_lazy("Hồ sơ"),
    "reads": gettext_lazy("Nhật ký lần đọc dữ liệu"),
}


@dataclass(frozen=True)
class ReadView:
    """`case` leads to the person's own dossier where it is one; `asked` is their question about this read."""

    id: str
    owner: str
    owner_name: str
    at: datetime
    who: str
    purpose: str
    case: str
    is_mine: bool
    opened: list[tuple[str, str]]
    asked: Asked | None = None


def view(
    node: Node, read: Mapping[str, Any], mine: frozenset[str], asked: Mapping[tuple[str, str], Asked], language: str
) -> ReadView:
    """`mine` are codes of the person's own dossiers, `asked` their questions by owner and read."""
    owner = str(read["owner"])
    return ReadView(
        id=read["read"],
        owner=owner,
        owner_name=_node_name(node, owner, language),
        at=datetime.fromisoformat(read["at"]),
        who=_who(node, read, language),
        purpose=purpose_name(node.catalogue, read["purpose"], language),
        case=_case(read["case"]),
        is_mine=read["case"] in mine,
        opened=[_opened(node, entry, language) for entry in read["opened"]],
        asked=asked.get((owner, read["read"])),
    )


def _who(node: Node, read: Mapping[str, Any], language: str) -> str:
    agency = _node_name(node, read["asker"], language)
    if read["roles"] and "/" in read["roles"][0]:  # a system outside and its unit, who asked through a gateway
        return _outside(node, read["roles"][0], language)
    if read["roles"]:
        return f"{agency} – {', '.join(role_name(role).lower() for role in read['roles'])}"
    if read["by_person"]:
        return f"{agency} – {_('một cán bộ')}"
    return f"{agency} – {_('tự động, không có người xem')}"


def _outside(node: Node, role: str, language: str) -> str:
    """A system outside by its name, and the unit it asked for as that system calls it."""
    name, _slash, unit = role.partition("/")
    system = node.catalogue.outside.get(name)
    return (system.name.in_language(language) if system else name) + (f" ({unit})" if unit else "")


def _case(case: str) -> str:
    """What a read was for: a dossier's code; drafts and looks have none that says anything."""
    return "" if "/" in case else case


def _opened(node: Node, entry: Mapping[str, Any], language: str) -> tuple[str, str]:
    """A register by its name, and the fields by theirs."""
    name = str(entry["register"])
    register = node.catalogue.registers.get(name)
    if register is None:
        return str(OTHER_REGISTERS.get(name, name)), ""
    terms = node.catalogue.terms
    columns = [register.fields[name] for name in entry["fields"] if name in register.fields]
    labels = [(column.label or terms[column.term].words).in_language(language) for column in columns]
    return register.name.in_language(language), ", ".join(dict.fromkeys(labels)) or _("toàn bộ bản ghi")


def _node_name(node: Node, name: str, language: str) -> str:
    card = node.catalogue.nodes.get(name)
    return card.name.in_language(language) if card else name
