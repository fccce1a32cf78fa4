"""Services as the portal tells of them: on the first page, among results, on a page of their own."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from lienthong.casework import place
from lienthong.casework.words import cited
from lienthong.catalogue.shapes import Field, Form, Service, ServiceCard
from lienthong.exchange.node import Node

PAPER, PLEDGE = "paper", "pledge"


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
    """What happens in a life, with the service that is there for it; else where one goes, since it is not done here."""
    offered = {s.card.life_event: s for s in node.catalogue.services.values() if s.card.life_event}
    commune = _("Một cửa của xã, phường")
    events = [
        ("birth", _("Có con"), _("Khai sinh, thường trú, thẻ bảo hiểm y tế"), commune),
        ("death", _("Mất người thân"), _("Khai tử, xóa thường trú, mai táng phí"), commune),
        ("move", _("Chuyển nhà"), _("Đăng ký nơi ở mới"), _("Công an xã, phường nơi ở mới")),
        ("marriage", _("Kết hôn"), _("Giấy xác nhận tình trạng hôn nhân"), commune),
        ("building", _("Xây nhà"), _("Giấy phép xây dựng nhà ở"), commune),
        ("papers", _("Mất giấy tờ"), _("Cấp lại thẻ căn cước, hộ chiếu"), _("Công an xã, phường")),
        ("business", _("Mở hộ kinh doanh"), _("Đăng ký kinh doanh và thuế"), commune),
        ("school", _("Đi học"), _("Dự thi, xét tuyển"), _("trường học, Sở Giáo dục và Đào tạo")),
        ("work", _("Nghỉ việc"), _("Trợ cấp thất nghiệp"), _("Trung tâm Dịch vụ việc làm, trong 3 tháng")),
    ]
    return [
        {
            "title": title,
            "text": text,
            "url": _url(offered[event]) if event in offered else None,
            "where": "" if event in offered else _("Chưa làm được ở đây. Hãy đến: %(where)s.") % {"where": where},
        }
        for event, title, text, where in events
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
    branches = [node.catalogue.services[b.service] for b in service.branches] or [service]
    asked = [(name, field) for name, field in service.form.fields.items() if not field.source]
    plain = [(name, field) for name, field in asked if not _is_paper(node, field) and field.term != PLEDGE]
    return {
        "title": card.short.in_language(language),
        "code": card.code,
        "text": card.name.in_language(language),
        "start_url": reverse("start", args=service.slug.split("/")),
        "ahead_url": reverse("ahead", args=service.slug.split("/")),
        "gives": [words.in_language(language) for words in card.results],
        "facts": _facts(service),
        "known": _known(node, service.form, language),
        "needed": _labels(node, [one for one in plain if not one[1].when and not one[1].optional], language),
        "sometimes": _cases(node, service, [one for one in plain if one[1].when], language),
        "wishes": _labels(node, [one for one in plain if one[1].optional and not one[1].when], language),
        "papers": _cases(node, service, [one for one in asked if _is_paper(node, one[1])], language),
        "deciders": [_decider(node, branch, language) for branch in branches],
        "basis": [cited(text) for text in card.legal_basis],
        "process": place.of_service(node, service),
    }


def _facts(service: Service) -> list[dict[str, str]]:
    card = service.card
    longer = ngettext("%(days)s ngày làm việc", "%(days)s ngày làm việc", card.limit.verified_days)
    note = cited(card.limit.rule)
    if card.limit.verified_days:
        verified = _("%(days)s nếu phải xác minh thực tế.") % {"days": longer % {"days": card.limit.verified_days}}
        note = f"{verified} {note}"
    return [
        {"label": _("Thời hạn"), "value": _term(service), "note": note},
        {"label": _("Lệ phí"), "value": _("Miễn phí") if card.fee == 0 else f"{card.fee:,} ₫".replace(",", ".")},
        {"label": _("Ai được nộp"), "value": _who(card)},
    ]


def _who(card: ServiceCard) -> str:
    return card.who.in_language(get_language() or "vi") if card.who else _("Công dân có tài khoản định danh điện tử")


def _decider(node: Node, service: Service, language: str) -> dict[str, str]:
    return {
        "agency": node.catalogue.nodes[service.card.handled_by].name.in_language(language),
        "decides": service.card.short.in_language(language),
        "term": f"{_term(service)} – {cited(service.card.limit.rule)}",
    }


def _known(node: Node, form: Form, language: str) -> list[dict[str, Any]]:
    """What registers fill in, by register."""
    known: dict[str, list[str]] = {}
    for name, field in form.fields.items():
        if field.source and not field.quiet:
            register = node.catalogue.registers[_register(form, field.source.partition(".")[0])]
            known.setdefault(register.name.in_language(language), []).extend(_labels(node, [(name, field)], language))
    return [{"source": source, "fields": list(dict.fromkeys(fields))} for source, fields in known.items()]


def _register(form: Form, look_up: str) -> str:
    """The register behind a look-up, or behind the first of those that it may be."""
    one = form.look_ups[look_up]
    return one.register or _register(form, one.among[0])


def _labels(node: Node, fields: Iterable[tuple[str, Field]], language: str) -> list[str]:
    return list(dict.fromkeys(_label(node, field, language) for _name, field in fields))


def _label(node: Node, field: Field, language: str) -> str:
    return (field.label or node.catalogue.terms[field.term].words).in_language(language)


def _is_paper(node: Node, field: Field) -> bool:
    return str(node.catalogue.terms[field.term].type) == PAPER


def _cases(node: Node, service: Service, fields: list[tuple[str, Field]], language: str) -> list[dict[str, str]]:
    """Questions and papers of some cases only, each with its case in words."""
    return [
        {"label": _label(node, field, language), "case": _case(node, service, field.when, language)}
        for _name, field in fields
    ]


def _case(node: Node, service: Service, when: str, language: str) -> str:
    """One comparison as people say it: the question, and the answer it turns on."""
    if not when:
        return ""
    name, sign, value = when.partition("=")
    asked = service.form.fields[name.removesuffix("!")]
    term = node.catalogue.terms[asked.term]
    said = {"question": _label(node, asked, language)}
    if not sign:
        return _("có: %(question)s") % said
    if not value:
        return _("không có: %(question)s") % said
    words = term.codes.get(value)
    said["answer"] = words.in_language(language) if words else value
    if name.endswith("!"):
        return _("%(question)s khác “%(answer)s”") % said
    return _("%(question)s “%(answer)s”") % said


def _deciders(node: Node, service: Service) -> list[str]:
    handlers = [node.catalogue.services[branch.service].card.handled_by for branch in service.branches]
    return list(dict.fromkeys(handlers or [service.card.handled_by]))


def _term(service: Service) -> str:
    limit = service.card.limit
    if limit.hours:
        return ngettext("%(hours)s giờ", "%(hours)s giờ", limit.hours) % {"hours": limit.hours}
    return ngettext("%(days)s ngày làm việc", "%(days)s ngày làm việc", limit.working_days) % {
        "days": limit.working_days
    }


def _url(service: Service) -> str:
    return reverse("service", args=service.slug.split("/"))
