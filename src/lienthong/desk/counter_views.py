"""The counter's pages: find who came, let somebody act for them, see the log.

The person who was found stands in the officer's session, for a quarter of an hour or until the next one comes.
"""

from datetime import date
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from lienthong.agreements import mandates
from lienthong.catalogue import forms
from lienthong.catalogue.messages import message
from lienthong.desk import counter, pages
from lienthong.desk.counter import Claim, Person
from lienthong.exchange.node import Node
from lienthong.identity import validity
from lienthong.identity.guards import officer_required
from lienthong.identity.types import Officer

KEPT_FOR: Final = 15 * 60
_STATES: Final[dict[str, tuple[str, str | Promise]]] = {
    "waiting": ("pending", gettext_lazy("Đang ghi")),
    "stored": ("pending", gettext_lazy("Đang ghi")),
    "done": ("done", gettext_lazy("Đã ghi")),
    "refused": ("refused", gettext_lazy("Không ghi được")),
    "parked": ("supplement", gettext_lazy("Chưa gửi được")),
}
_EVIDENCE: Final = {
    "card": "đọc mã QR trên thẻ căn cước",
    "paper": "xem giấy tờ tùy thân tại quầy",
}  # as it is written down
_SHOWN: Final[dict[str, str | Promise]] = {
    "card": gettext_lazy("Mã QR trên thẻ căn cước"),
    "paper": gettext_lazy("Giấy tờ tùy thân, xem tại quầy"),
}
_WHO: Final[dict[str, tuple[str | Promise, str | Promise, str]]] = {
    "number": (gettext_lazy("Số định danh cá nhân"), gettext_lazy("12 chữ số"), "number"),
    "name": (gettext_lazy("Họ, chữ đệm và tên"), gettext_lazy("Gõ có dấu hay không dấu đều được."), "text"),
    "birth_date": (gettext_lazy("Ngày sinh"), "", "date"),
}
_HELPER: Final[dict[str, tuple[str | Promise, str | Promise, str]]] = {
    "helper": (
        gettext_lazy("Số định danh của người giúp"),
        gettext_lazy("Người giúp phải có định danh điện tử."),
        "number",
    ),
    "helper_name": (gettext_lazy("Họ tên người giúp"), gettext_lazy("Gõ có dấu hay không dấu đều được."), "text"),
    "evidence": (
        gettext_lazy("Căn cứ ủy quyền"),
        gettext_lazy("Số và ngày của giấy ủy quyền lập tại xã, có chữ ký hoặc điểm chỉ."),
        "text",
    ),
}


@require_safe
@officer_required(*pages.COUNTER_ROLES)
def page(request: HttpRequest) -> HttpResponse:
    """Whoever is being helped, with what can be done for them; else the question who came. Below, the log."""
    return _show(request)


@require_POST
@officer_required(*pages.COUNTER_ROLES)
def identify(request: HttpRequest) -> HttpResponse:
    """Find who came, by the card's text or by what was typed."""
    typed = typed_person(request)
    card = request.POST.get("card", "")
    if "card" in request.POST:
        claim = counter.read_card(card)
        if claim is None:
            return _show(request, {}, {"card": "not-a-card" if card.strip() else "required"})
    else:
        if errors := _faults(typed):
            return _show(request, typed, errors)
        claim = Claim(typed["number"], typed["name"], typed["birth_date"])
    officer = pages.officer_of(request)
    if claim.number == officer.number:
        return _show(request, typed, {"card" if "card" in request.POST else "number": "own-mandate"})
    person, problem = counter.identify(pages.node_of(request), claim, officer)
    if person is None:
        return _show(request, typed, {"card" if "card" in request.POST else "number": problem})
    request.session["counter"] = {
        "number": person.number,
        "name": person.name,
        "birth_date": person.birth_date.isoformat(),
        "gender": person.gender,
        "shown": person.shown,
        "until": validity.seconds() + KEPT_FOR,
    }
    request.session.pop("intake_who", None)
    return _onward("intakes" if request.POST.get("next") == "intakes" else "counter")


@require_POST
@officer_required(*pages.COUNTER_ROLES)
def act_now(request: HttpRequest) -> HttpResponse:
    """The officer fills in the form for the person, today."""
    person, officer = person_of(request), pages.officer_of(request)
    if person is None:
        return _onward()
    helper = (officer.number, officer.name)
    _record(request, person, mandates.COUNTER, helper, _EVIDENCE[person.shown])
    return _onward()


@require_POST
@officer_required(*pages.COUNTER_ROLES)
def let_help(request: HttpRequest) -> HttpResponse:
    """Somebody else applies for the person, for a month."""
    person, node, officer = person_of(request), pages.node_of(request), pages.officer_of(request)
    if person is None:
        return _onward()
    typed = {name: forms.clean(request.POST.get(name, ""))[:300] for name in _HELPER}
    typed["helper"] = typed["helper"].replace(" ", "")
    errors = {name: "required" for name, value in typed.items() if not value}
    if not errors and typed["helper"] == person.number:
        errors["helper"] = "own-mandate"
    if not errors:
        name, problem = counter.find_helper(node, typed["helper"], typed["helper_name"], officer)
        if not problem:
            _record(request, person, mandates.HELPER, (typed["helper"], name), typed["evidence"])
            return _onward()
        errors["helper"] = problem
    return _show(request, typed, errors)


@require_POST
@officer_required(*pages.COUNTER_ROLES)
def following(request: HttpRequest) -> HttpResponse:
    """Done with this person: nothing of them stays in the session."""
    request.session.pop("counter", None)
    request.session.pop("intake_who", None)
    return _onward("intakes" if request.POST.get("next") == "intakes" else "counter")


def _record(request: HttpRequest, person: Person, kind: str, helper: tuple[str, str], evidence: str) -> None:
    node, officer = pages.node_of(request), pages.officer_of(request)
    with node.database.transaction() as tx:
        unit = unit_of(officer)
        number = counter.record(node, tx, officer, unit, person, kind=kind, helper=helper, evidence=evidence)
    request.session["counter"] = {**request.session["counter"], "mandate": number, "kind": kind}


def person_of(request: HttpRequest) -> Person | None:
    """Who was identified at this counter, for a quarter of an hour."""
    kept = request.session.get("counter")
    if kept is None or kept["until"] <= validity.seconds():
        return None
    return Person(kept["number"], kept["name"], date.fromisoformat(kept["birth_date"]), kept["gender"], kept["shown"])


def typed_person(request: HttpRequest) -> dict[str, str]:
    """Number, name and birth date as the officer typed them."""
    sent = request.POST
    typed = {name: forms.clean(sent.get(name, ""))[:200] for name in ("number", "name")}
    typed["number"] = typed["number"].replace(" ", "")
    year, month, day = (sent.get(f"birth_date-{part}", "").strip()[:4] for part in ("year", "month", "day"))
    typed["birth_date"] = f"{year}-{month:0>2}-{day:0>2}" if year or month or day else ""
    return typed


def _faults(typed: dict[str, str]) -> dict[str, str]:
    errors = {name: "required" for name, value in typed.items() if not value}
    if typed["number"] and not (
        typed["number"].isascii() and typed["number"].isdecimal() and len(typed["number"]) == 12
    ):
        errors["number"] = "not-a-number"
    if typed["birth_date"] and forms.as_day(typed["birth_date"]) is None:
        errors["birth_date"] = "not-a-date"
    return errors


def _show(
    request: HttpRequest, typed: dict[str, str] | None = None, errors: dict[str, str] | None = None
) -> HttpResponse:
    node, officer, person, wrong = pages.node_of(request), pages.officer_of(request), person_of(request), errors or {}
    with node.database.transaction() as tx:
        visits = counter.log(tx, officer.units_as(*pages.COUNTER_ROLES))
    kept = request.session.get("counter") or {}
    labels = _HELPER if person else _WHO
    context = {
        **pages.frame(request, "counter"),
        "place": pages.place(node, unit_of(officer)),
        "person": person,
        "shown": _SHOWN[person.shown] if person else "",
        "mandate": next((visit for visit in _rows(visits) if person and visit["mandate"] == kept.get("mandate")), None),
        "portal": portal_of(node),
        "fields": [_field(name, *labels[name], typed or {}, wrong) for name in labels],
        "card_error": message(wrong["card"]) if "card" in wrong else "",
        "errors": [{"id": name, "message": _told(labels.get(name), code)} for name, code in wrong.items()],
        "visits": _rows(visits),
        "reception": "reception_officer" in officer.roles,
        "silent": _as_sent(typed or {}) if "not-answered" in wrong.values() and typed and typed["number"] else {},
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return render(request, "desk/counter.html", context, status=status)


def _as_sent(typed: dict[str, str]) -> dict[str, str]:
    """What was typed of a person, as the form's own controls send it."""
    year, month, day = [*typed["birth_date"].split("-"), "", "", ""][:3]
    dates = {"birth_date-year": year, "birth_date-month": month, "birth_date-day": day}
    return {"number": typed["number"], "name": typed["name"], **dates}


def _field(
    name: str, label: str | Promise, help_text: str | Promise, kind: str, typed: dict[str, str], errors: dict[str, str]
) -> dict[str, Any]:
    value: Any = typed.get(name, "")
    if kind == "date":
        year, month, day = [*str(value).split("-"), "", "", ""][:3]
        value = {"year": year, "month": month.lstrip("0"), "day": day.lstrip("0")}
    error = message(errors[name]) if name in errors else ""
    field = {"id": name, "label": label, "help": help_text, "kind": kind, "state": "ask", "required": True}
    return {**field, "value": value, "choices": [], "error": error}


def _told(label: tuple[str | Promise, str | Promise, str] | None, code: str) -> str:
    """An error as the summary above the page says it."""
    return f"{label[0]}: {message(code)}" if label else message(code)


def _rows(visits: list[counter.Visit]) -> list[dict[str, Any]]:
    return [
        {
            "at": visit.at,
            "officer": visit.officer,
            "person": visit.person,
            "kind": visit.kind,
            "helper": visit.helper,
            "mandate": visit.mandate,
            "state": _STATES[visit.state][0],
            "state_label": _STATES[visit.state][1],
            "stands": visit.state == "done",
            "problem": message(visit.problem) if visit.problem else "",
        }
        for visit in visits
    ]


def portal_of(node: Node) -> str:
    """Where the officer goes on: the portal's page of people one may act for. No person's data in the address."""
    name = next(name for name, card in node.catalogue.nodes.items() if "portal" in card.faces)
    return f"{node.directory.entry(name).site}/acting"


def unit_of(officer: Officer) -> str:
    """The unit at whose counter the officer sits; the first by code for one who serves several."""
    return min(officer.units_as(*pages.COUNTER_ROLES))


def _onward(page: str = "counter") -> HttpResponse:
    return HttpResponseRedirect(reverse(page), status=HTTPStatus.SEE_OTHER)
