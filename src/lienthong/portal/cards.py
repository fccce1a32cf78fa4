"""Services as the portal tells of them: on the first page, among results, on a page of their own."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lienthong.casework.words import cited
from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node


def featured(node: Node, language: str) -> dict[str, Any] | None:
    """The interlinked service of a life event; the steps are what its branches bring."""
    for service in node.catalogue.services.values():
        if service.card.life_event and service.card.handled_by == node.name:
            card = service.card
            return {
                "title": card.short.in_language(language),
                "text": card.summary.in_language(language),
                "url": _url(service),
                "steps": [words.in_language(language) for words in card.results],
            }
    return None


def life_events(node: Node, language: str) -> list[dict[str, Any]]:
    """What happens in a life, with the service that is there for it, or none yet."""
    offered = {s.card.life_event: s for s in node.catalogue.services.values() if s.card.life_event}
    events = [
        ("birth", _("Có con"), _("Khai sinh, thường trú, thẻ bảo hiểm y tế")),
        ("death", _("Mất người thân"), _("Khai tử, xóa thường trú, mai táng phí")),
        ("move", _("Chuyển nhà"), _("Đăng ký nơi ở mới")),
        ("papers", _("Mất giấy tờ"), _("Cấp lại thẻ căn cước, hộ chiếu")),
        ("business", _("Mở hộ kinh doanh"), _("Đăng ký kinh doanh và thuế")),
        ("school", _("Đi học"), _("Dự thi, xét tuyển")),
        ("work", _("Nghỉ việc"), _("Trợ cấp thất nghiệp")),
    ]
    return [
        {"title": title, "text": text, "url": _url(offered[event]) if event in offered else None}
        for event, title, text in events
    ]


def result(node: Node, service: Service, language: str) -> dict[str, Any]:
    return {
        "title": service.card.name.in_language(language),
        "text": service.card.summary.in_language(language),
        "url": _url(service),
        "agencies": [node.catalogue.nodes[name].name.in_language(language) for name in _deciders(node, service)],
        "term": _term(service),
    }


def page(node: Node, service: Service, language: str) -> dict[str, Any]:
    """A service's own page: what one gets, by when, for how much, what is known, what is asked, who decides."""
    card = service.card
    fields = [(f.label or node.catalogue.terms[f.term].words, f) for f in service.form.fields.values()]
    branches = [node.catalogue.services[b.service] for b in service.branches] or [service]
    return {
        "title": card.short.in_language(language),
        "code": card.code,
        "text": card.name.in_language(language),
        "start_url": reverse("start", args=service.slug.split("/")),
        "gives": [words.in_language(language) for words in card.results],
        "facts": [
            {"label": _("Thời hạn"), "value": _term(service), "note": cited(card.limit.rule)},
            {"label": _("Lệ phí"), "value": _("Miễn phí") if card.fee == 0 else f"{card.fee:,} ₫".replace(",", ".")},
            {"label": _("Ai được nộp"), "value": _("Cha hoặc mẹ của trẻ")},
        ],
        "known": [
            section.title.in_language(language)
            for section in service.form.sections
            if any(field.source for field in section.fields.values())
        ],
        "needed": [words.in_language(language) for words, field in fields if not field.source],
        "deciders": [
            {
                "agency": node.catalogue.nodes[branch.card.handled_by].name.in_language(language),
                "decides": branch.card.short.in_language(language),
                "term": f"{_term(branch)} – {cited(branch.card.limit.rule)}",
            }
            for branch in branches
        ],
        "basis": [cited(text) for text in card.legal_basis],
    }


def _deciders(node: Node, service: Service) -> list[str]:
    handlers = [node.catalogue.services[branch.service].card.handled_by for branch in service.branches]
    return list(dict.fromkeys(handlers or [service.card.handled_by]))


def _term(service: Service) -> str:
    days = service.card.limit.working_days
    return ngettext("%(days)s ngày làm việc", "%(days)s ngày làm việc", days) % {"days": days}


def _url(service: Service) -> str:
    return reverse("service", args=service.slug.split("/"))
