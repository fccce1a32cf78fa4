"""E-identity's pages of mandates: give one, see what I gave and got, end one."""

from datetime import date
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.agreements import consents, mandates
from lienthong.agreements.mandates import Mandate
from lienthong.catalogue import forms
from lienthong.catalogue.messages import message
from lienthong.exchange.node import Node
from lienthong.identity.here import person_required
from lienthong.identity.types import Account
from lienthong.kit import clock
from lienthong.kit.web.templatetags.vietnam import day

KINDS: Final = ("relative", "parent", "helper")
_LABELS: Final[dict[str, tuple[str | Promise, str | Promise, str]]] = {
    "grantee": (gettext_lazy("Số định danh của người làm thay bạn"), gettext_lazy("12 chữ số"), "number"),
    "grantee_name": (gettext_lazy("Họ tên người ấy"), gettext_lazy("Gõ có dấu hay không dấu đều được."), "text"),
    "kind": (gettext_lazy("Người ấy là ai với bạn"), "", "choice"),
    "until": (gettext_lazy("Đến hết ngày nào"), gettext_lazy("Lâu nhất một năm kể từ hôm nay."), "date"),
}


@require_safe
@person_required
def mine(request: HttpRequest) -> HttpResponse:
    node, person = _node(request), _account(request).number
    with node.database.transaction() as tx:
        given, received = mandates.given(tx, person), mandates.received(tx, person)
    done = {"given": _("Đã ghi ủy quyền. Có hiệu lực ngay."), "ended": _("Ủy quyền đã chấm dứt.")}
    page = {
        "here": "mandates",
        "given": [_shown(node, mandate) for mandate in given],
        "received": [_shown(node, mandate) for mandate in received],
        "done": done.get(request.GET.get("done", ""), ""),
    }
    return render(request, "agreements/mandates.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@person_required
def give(request: HttpRequest) -> HttpResponse:
    """Ask, show whom it is about, then enter; nothing typed is lost on the way."""
    node, account = _node(request), _account(request)
    if account.level < consents.LEVEL:
        return render(request, "agreements/too_low.html", {"here": "mandates"}, status=403)
    if request.method != "POST":
        return _ask(request, {}, {})
    typed = _typed(request)
    with node.database.transaction() as tx:
        grantee, errors = mandates.problems(tx, account, typed)
        if grantee is None or errors:
            return _ask(request, typed, errors)
        if request.POST.get("confirm") != "yes":
            return _confirm(request, typed, grantee)
        until = date.fromisoformat(typed["until"])
        mandates.give(node, tx, account, grantee, typed["kind"], mandates.EVERYTHING, until)
    return HttpResponseRedirect(f"{reverse('mandates')}?done=given", status=303)


@require_POST
@person_required
def end(request: HttpRequest, number: str) -> HttpResponse:
    """From this moment; somebody else's is not there."""
    node = _node(request)
    try:
        with node.database.transaction() as tx:
            mandates.end(node, tx, number, _account(request).number)
    except LookupError as error:
        raise Http404 from error
    return HttpResponseRedirect(f"{reverse('mandates')}?done=ended", status=303)


def _typed(request: HttpRequest) -> dict[str, str]:
    sent = request.POST
    typed = {name: forms.clean(sent.get(name, ""))[:200] for name in ("grantee_name", "kind", "until")}
    typed["grantee"] = "".join(sent.get("grantee", "").split())[:20]
    year, month, day_of = (sent.get(f"until-{part}", "").strip()[:4] for part in ("year", "month", "day"))
    if year or month or day_of:
        typed["until"] = f"{year}-{month:0>2}-{day_of:0>2}"
    return typed


def _ask(request: HttpRequest, typed: dict[str, str], errors: dict[str, str]) -> HttpResponse:
    node, language = _node(request), get_language() or "vi"
    kinds = node.catalogue.terms["mandate_kind"].codes
    fields = []
    for name, (label, help_text, kind) in _LABELS.items():
        value: Any = typed.get(name, "")
        if name == "until":
            year, month, day_of = [*str(value).split("-"), "", "", ""][:3]
            value = {"year": year, "month": month.lstrip("0"), "day": day_of.lstrip("0")}
        field = {"id": name, "label": label, "help": help_text, "kind": kind, "state": "ask", "required": True}
        choices = [(code, kinds[code].in_language(language)) for code in KINDS] if name == "kind" else []
        error = message(errors[name]) if name in errors else ""
        fields.append({**field, "value": value, "choices": choices, "error": error})
    wrong = [field for field in fields if field["error"]]
    told = [{"id": field["id"], "message": f"{field['label']}: {field['error']}"} for field in wrong]
    page = {"here": "mandates", "fields": fields, "errors": told}
    return render(request, "agreements/give_mandate.html", page, status=422 if errors else 200)


def _confirm(request: HttpRequest, typed: dict[str, str], grantee: Account) -> HttpResponse:
    kinds = _node(request).catalogue.terms["mandate_kind"].codes
    rows = [
        {"label": _("Người làm thay bạn"), "value": grantee.name},
        {"label": _("Là ai với bạn"), "value": kinds[typed["kind"]].in_language(get_language() or "vi")},
        {"label": _("Được làm gì"), "value": _scope(mandates.EVERYTHING)},
        {"label": _("Từ"), "value": day(clock.today())},
        {"label": _("Đến hết"), "value": day(date.fromisoformat(typed["until"]))},
    ]
    return render(request, "agreements/give_mandate.html", {"here": "mandates", "confirm": rows, "hidden": typed})


def _shown(node: Node, mandate: Mandate) -> dict[str, Any]:
    language, holds = get_language() or "vi", mandate.holds(clock.today())
    state = _("Đang hiệu lực") if holds else _("Đã chấm dứt") if mandate.ended_at else _("Đã hết hạn")
    return {
        "number": mandate.number,
        "who": mandate.grantee_name,
        "whose": mandate.grantor_name,
        "kind": node.catalogue.terms["mandate_kind"].codes[mandate.kind].in_language(language),
        "scope": _scope(mandate.scope),
        "since": mandate.since,
        "until": mandate.until,
        "state": "done" if holds else "waiting",
        "state_label": state,
        "place": node.territory.unit(mandate.unit).title if mandate.unit else "",
        "end_url": reverse("end_mandate", args=[mandate.number]) if holds else "",
    }


def _scope(scope: str) -> str:
    return _("Mọi dịch vụ ở Cổng Dịch vụ công") if scope == mandates.EVERYTHING else scope


def _node(request: HttpRequest) -> Node:
    return request.node  # type: ignore[attr-defined, no-any-return]


def _account(request: HttpRequest) -> Account:
    return request.account  # type: ignore[attr-defined, no-any-return]
