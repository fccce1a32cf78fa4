"""What the intake's templates are given: who applies, what the state has, what is asked, papers, contact, errors."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.casework.controls import parts
from lienthong.casework.form_fields import FieldView, label_of, sections_of
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Service
from lienthong.desk import pages
from lienthong.desk.intake_drafts import Applicant, Intake
from lienthong.desk.intake_form import Reading, rows
from lienthong.exchange.node import Node
from lienthong.kit.clock import ZONE
from lienthong.registers.wording import shown

CHANNELS: Final[dict[str, str | Promise]] = {
    "counter": gettext_lazy("Trực tiếp tại quầy"),
    "post": gettext_lazy("Bưu chính công ích"),
}
RESULTS: Final[dict[str, str | Promise]] = {
    "here": gettext_lazy("Ở quầy này, nơi đã nộp"),
    "there": gettext_lazy("Ở cơ quan giải quyết"),
}
SHOWN: Final[dict[str, str | Promise]] = {
    "card": gettext_lazy("Mã QR trên thẻ căn cước"),
    "paper": gettext_lazy("Giấy tờ tùy thân, xem tại quầy"),
    "slip": gettext_lazy("Phiếu ghi khi mất mạng"),
}
_CONTACT: Final[dict[str, tuple[str | Promise, str]]] = {
    "contact_phone": (gettext_lazy("Điện thoại"), "number"),
    "contact_email": (gettext_lazy("Thư điện tử"), "text"),
    "contact_address": (gettext_lazy("Địa chỉ nhận giấy tờ"), "text"),
}
_HELPER: Final[dict[str, tuple[str | Promise, str]]] = {
    "helper_number": (gettext_lazy("Số định danh của người nộp thay"), "number"),
    "helper_name": (gettext_lazy("Họ tên người nộp thay"), "text"),
    "helper_paper": (gettext_lazy("Giấy ủy quyền: số, ngày, nơi chứng thực"), "text"),
}


def page(node: Node, reading: Reading, errors: Mapping[str, str]) -> dict[str, Any]:
    """The intake's page. `errors` are codes by field; none are shown before something was sent."""
    intake, service = reading.intake, reading.service
    sections = sections_of(node, service, reading.filled, intake.typed, errors)
    fields = [view for section in sections for view in section.fields]
    papers = [view for view in fields if view.kind == "paper"]
    known = [view for view in fields if not view.asks]
    return {
        "intake": intake,
        "service": service.card.name.in_language(pages.language()),
        "service_code": service.card.code,
        "channel": CHANNELS[intake.channel],
        "who": applicant_lines(node, intake.applicant),
        "verified": intake.applicant.verified,
        "known": known,
        "known_count": len(known),
        "asked_count": sum(view.asks and view.kind != "paper" for view in fields),
        "sections": [(s.title, _asked(s.fields), s.notes) for s in sections if _asked(s.fields)],
        "papers": [_paper(view, intake) for view in papers],
        "authorisation": _authorisation(reading, errors),
        "contact": [_plain(name, *_CONTACT[name], _contact_of(reading, name), errors) for name in _CONTACT],
        "helper": [_plain(name, *_HELPER[name], _helper_of(intake, name), errors) for name in _HELPER],
        "with_helper": bool(intake.helper.number or intake.helper.name or any(n in errors for n in _HELPER)),
        "result": _result(intake) if reading.unit != intake.unit else None,
        "came": _came(intake, errors),
        "silent": [node.catalogue.nodes[name].name.in_language(pages.language()) for name in reading.silent],
        "place": pages.place(node, reading.unit) if reading.unit != intake.unit else "",
        "errors": told(node, service, errors),
        "on_the_spot": service.card.on_the_spot,
    }


def _asked(fields: Iterable[FieldView]) -> list[FieldView]:
    return [view for view in fields if view.asks and view.kind != "paper"]


def applicant_lines(node: Node, who: Applicant) -> list[dict[str, Any]]:
    """Who applies, as rows of a summary."""
    terms, language = node.catalogue.terms, pages.language()
    if who.kind == "organisation":
        return [
            {"label": _("Tổ chức"), "value": who.name},
            {"label": _("Mã số thuế"), "value": who.number},
        ]
    known = SHOWN.get(who.shown, who.shown)
    how = known if who.verified else f"{known} – {_('chưa đối chiếu với dữ liệu dân cư')}"
    return [
        {"label": _("Người đề nghị"), "value": who.name},
        {"label": _("Số định danh cá nhân"), "value": shown(node, terms["personal_number"], who.number, language)},
        {"label": _("Ngày sinh"), "value": shown(node, terms["birth_date"], who.birth_date, language)},
        {"label": _("Nhận biết bằng"), "value": how},
    ]


def again(who: Applicant) -> list[dict[str, Any]]:
    """The questions that tell a person, filled with what is known so far; none where the register knows them."""
    if who.kind == "organisation" or who.verified:
        return []
    plain = {"help": "", "state": "ask", "required": True, "choices": [], "error": ""}
    return [
        {"id": "number", "label": _("Số định danh cá nhân"), "kind": "number", "value": who.number, **plain},
        {"id": "name", "label": _("Họ, chữ đệm và tên"), "kind": "text", "value": who.name, **plain},
        {"id": "birth_date", "label": _("Ngày sinh"), "kind": "date", "value": parts(who.birth_date), **plain},
    ]


def told(node: Node, service: Service, errors: Mapping[str, str]) -> list[dict[str, str]]:
    """What is wrong, as the summary above the page says it."""
    labels = {name: str(label) for name, (label, _kind) in {**_CONTACT, **_HELPER}.items()}
    labels |= {"came_at": _("Ngày tới"), "tax_code": _("Mã số thuế"), "unit": _("Cơ quan giải quyết")}
    named = {name: _label(node, service, labels, name) for name in errors}
    return [{"id": name, "message": f"{named[name]}: {message(code)}"} for name, code in errors.items()]


def _label(node: Node, service: Service, labels: Mapping[str, str], name: str) -> str:
    if name in service.form.fields:
        return label_of(service, node, name, pages.language())
    return labels.get(name, name)


def _paper(view: FieldView, intake: Intake) -> dict[str, Any]:
    """A paper: what was scanned, how many pages of the original stay here."""
    return {
        "id": view.id,
        "label": view.label,
        "help": view.help,
        "required": view.required,
        "error": view.error,
        "files": [_file(intake, entry) for entry in view.files if entry["name"]],
        "pages": intake.papers.get(view.id) or "",
    }


def _file(intake: Intake, entry: Mapping[str, Any]) -> dict[str, Any]:
    return {**entry, "url": reverse("intake_file", args=[intake.id, entry["id"]])}


def _authorisation(reading: Reading, errors: Mapping[str, str]) -> dict[str, Any]:
    entries = [entry for entry in reading.filled.papers if entry["kind"] == "authorisation" and entry["name"]]
    return {
        "id": "authorisation",
        "label": _("Bản quét giấy ủy quyền"),
        "help": "",
        "required": False,
        "error": message(errors["authorisation"]) if "authorisation" in errors else "",
        "files": [_file(reading.intake, entry) for entry in entries],
        "pages": reading.intake.papers.get("authorisation") or "",
    }


def _contact_of(reading: Reading, name: str) -> str:
    """What was typed; else what the registers hold of the applicant."""
    part = name.removeprefix("contact_")
    if value := getattr(reading.intake.contact, part):
        return str(value)
    if part == "email" or reading.intake.contact.phone or reading.intake.contact.address:
        return ""
    return next((str(row[part]) for row in rows(reading.filled) if _theirs(reading, row, part) and row.get(part)), "")


def _theirs(reading: Reading, row: Mapping[str, Any], part: str) -> bool:
    return part == "address" or row.get("number") == reading.intake.applicant.number


def _helper_of(intake: Intake, name: str) -> str:
    return str(getattr(intake.helper, name.removeprefix("helper_")))


def _plain(name: str, label: str | Promise, kind: str, value: str, errors: Mapping[str, str]) -> dict[str, Any]:
    error = message(errors[name]) if name in errors else ""
    field: dict[str, Any] = {"id": name, "label": label, "help": "", "kind": kind, "state": "ask", "choices": []}
    return {**field, "required": name.startswith("helper"), "value": value, "error": error}


def _result(intake: Intake) -> dict[str, Any]:
    """At which counter the result is wanted, where it is decided elsewhere."""
    return {
        "id": "contact_result", "label": _("Nhận kết quả bản giấy"), "help": "", "kind": "choice", "state": "ask",
        "required": True, "value": intake.contact.result, "choices": list(RESULTS.items()), "error": "",
    }  # fmt: skip


def _came(intake: Intake, errors: Mapping[str, str]) -> dict[str, Any]:
    """When the envelope came: asked for by post only; a slip's time stands."""
    at = intake.came_at.astimezone(ZONE) if intake.came_at else None
    return {
        "asked": intake.channel == "post" and not intake.slip,
        "at": at,
        "slip": intake.slip,
        "day": {
            "id": "came_at", "label": _("Ngày phong bì tới quầy"), "help": _("Để trống nếu vừa tới."), "kind": "date",
            "state": "ask", "required": False, "value": parts(f"{at:%Y-%m-%d}" if at else ""), "choices": [],
            "error": message(errors["came_at"]) if "came_at" in errors else "",
        },
        "time": {
            "id": "came_time", "label": _("Giờ tới"), "help": _("Ví dụ 14:05"), "kind": "number", "state": "ask",
            "required": False, "value": f"{at:%H:%M}" if at else "", "choices": [], "error": "",
        },
        "tracking": intake.contact.tracking,
    }  # fmt: skip


def moment_of(day: str, time: str) -> datetime | None:
    """The moment of a day and a time as typed; None when there is none. Raises ValueError for one that is none."""
    return datetime.fromisoformat(f"{day}T{time or '08:00'}").replace(tzinfo=ZONE) if day else None
