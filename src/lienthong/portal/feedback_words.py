"""Feedback in a citizen's words: how it stands, by when what is to happen, what was done."""

from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import msgspec
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.casework import feedback, words
from lienthong.casework.dossiers import Dossier
from lienthong.catalogue.messages import message
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.kit.storage import Tx
from lienthong.kit.web.templatetags.vietnam import moment
from lienthong.portal import feedback_own
from lienthong.portal.request import language

STATES: Final[dict[str, str | Promise]] = {
    "sent": gettext_lazy("Đang chuyển"),
    "new": gettext_lazy("Cơ quan đã nhận"),
    "working": gettext_lazy("Đang xử lý"),
    "supplement": gettext_lazy("Cần bạn nói rõ thêm"),
    "answered": gettext_lazy("Đã trả lời"),
    "refused": gettext_lazy("Không xử lý"),
}
SIGNS: Final = {
    "sent": "waiting", "new": "waiting", "working": "working", "supplement": "supplement", "answered": "done",
    "refused": "refused",
}  # fmt: skip
_NEWS: Final[dict[str, str | Promise]] = {
    "open": gettext_lazy("Cơ quan đã nhận"),
    "accept": gettext_lazy("Thuộc thẩm quyền, đang xử lý"),
    "supplement": gettext_lazy("Cần bạn nói rõ thêm"),
    "supply": gettext_lazy("Bạn đã bổ sung"),
    "transfer": gettext_lazy("Đã chuyển đến nơi có thẩm quyền"),
    "refuse": gettext_lazy("Không xử lý"),
    "answer": gettext_lazy("Trả lời"),
    "publish": gettext_lazy("Câu trả lời được công khai, không nêu tên"),
    "undelivered": gettext_lazy("Chưa gửi được tới cơ quan"),
}


def title(node: Node, dossier: Dossier) -> str:
    return f"{service(node, dossier.identity.service)} – {dossier.identity.subject}"


def service(node: Node, slug: str) -> str:
    known = node.catalogue.services.get(slug)
    return known.card.short.in_language(language()) if known else slug


def place(node: Node, name: str, unit: str) -> str:
    """Who answers: the unit, or the agency where it has none."""
    with suppress(KeyError):
        return node.territory.unit(unit).title
    card = node.catalogue.nodes.get(name)
    return card.name.in_language(language()) if card else name


def limits() -> dict[str, int]:
    """How many working days each answer may take."""
    return dict(feedback.DAYS)


def rows(node: Node, tx: Tx, code: str, account: Account) -> list[dict[str, Any]]:
    """A person's feedback on one dossier, as lines of its page."""
    return [_row(node, one) for one in feedback_own.of_dossier(tx, code, account)]


def _row(node: Node, one: Any) -> dict[str, Any]:
    return {
        "url": reverse("my_feedback", args=[one.dossier, one.id]),
        "text": one.text,
        "about": about(one),
        "at": one.at,
        "state": SIGNS[one.state],
        "state_label": str(STATES[one.state]),
        "due": None if one.state in (*feedback.ENDED, "supplement") else one.due,
        "agency": place(node, one.node, one.unit),
    }


def view(node: Node, one: Any, news: list[Any]) -> dict[str, Any]:
    """One with all that happened."""
    told = msgspec.json.decode(one.about)
    return {
        **_row(node, one),
        "rule": words.cited(told.get("rule", "")),
        "service": service(node, one.service),
        "first": one.first if one.state == "new" else None,
        "asks": one.state == "supplement",
        "may_judge": one.state in feedback.ENDED and one.content is None,
        "content": one.content,
        "news": [
            {
                "at": new.at, "what": str(_NEWS.get(new.verb, new.verb)), "by": new.by_whom, "late": new.late,
                "place": place(node, one.node, new.unit) if new.unit else "",
                "text": message(new.text) if new.verb == "undelivered" else new.text,
            }
            for new in news
        ],
    }  # fmt: skip


def about(one: Any) -> str:
    """The line of the timeline that is meant; the part as a whole where none is."""
    told = msgspec.json.decode(one.about)
    if not told:
        return _("Cả phần việc")
    at = moment(datetime.fromisoformat(told["at"]))
    return f"{at}: {words.act_text(told['verb'], role=told['role'])}"
