"""Who stands in for whom: the officers of one's units, named by who is away or by the head, for days."""

from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from lienthong.casework import words
from lienthong.catalogue.messages import message
from lienthong.desk import pages
from lienthong.desk.inside_deeds import sign_of
from lienthong.exchange.node import Node
from lienthong.identity import substitutes
from lienthong.identity.guards import officer_required
from lienthong.identity.substitutes import Substitute
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx

People = list[tuple[str, str]]  # number and name


@require_http_methods(["GET", "HEAD", "POST"])
@officer_required(*pages.OFFICERS)
def listed(request: HttpRequest) -> HttpResponse:
    """Who stands in for whom now and later; posted, one more."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    sent = {name: request.POST.get(name, "") for name in request.POST}
    problems: dict[str, str] = {}
    if request.method == "POST":
        with node.database.transaction() as tx:
            problems = _name(tx, officer, sent)
        if not problems:
            return HttpResponseRedirect(reverse("substitutes"), status=HTTPStatus.SEE_OTHER)
    with node.database.transaction() as tx:
        context = _page(node, tx, officer, sent, problems)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return render(request, "desk/substitutes.html", {**pages.frame(request, "queue"), **context}, status=status)


@require_POST
@officer_required(*pages.OFFICERS)
def end(request: HttpRequest) -> HttpResponse:
    """Who was away is back. Whoever may name a substitute may say so."""
    officer = pages.officer_of(request)
    with pages.node_of(request).database.transaction() as tx:
        for one in substitutes.listed(tx, sorted(officer.units), clock.today()):
            if _sign(one) == request.POST.get("which"):
                if not substitutes.may_name(officer, pages.HEADS, one.away, one.posts):
                    raise PermissionDenied
                substitutes.end(tx, officer, one.away, one.number)
    return HttpResponseRedirect(reverse("substitutes"), status=HTTPStatus.SEE_OTHER)


def _name(tx: Tx, officer: Officer, sent: Mapping[str, str]) -> dict[str, str]:
    """Name the substitute that was sent; what is wrong, by control."""
    people = substitutes.people(tx, sorted(officer.units), clock.today())
    away, substitute = _meant(people, sent.get("away", "")), _meant(people, sent.get("substitute", ""))
    starts, ends = _day(sent, "starts"), _day(sent, "ends")
    if away is None or substitute is None:
        return {"away": "required"} if away is None else {"substitute": "required"}
    if starts is None or ends is None:
        return {"starts": "not-a-date"} if starts is None else {"ends": "not-a-date"}
    posts = substitutes.may_name(officer, pages.HEADS, away[0], substitutes.posts_of(tx, away[0], clock.today()))
    try:
        substitutes.name(tx, officer, away[0], posts, substitute, starts, ends)
    except ValueError as problem:
        where = {"same-person": "substitute", "required": "away"}
        return {where.get(str(problem), "ends"): str(problem)}
    return {}


def _meant(people: People, sign: str) -> tuple[str, str] | None:
    return next((one for one in people if sign_of(one[0]) == sign), None)


def _day(sent: Mapping[str, str], name: str) -> date | None:
    try:
        day, month, year = (int(sent.get(f"{name}-{part}", "")) for part in ("day", "month", "year"))
        return date(year, month, day)
    except ValueError:
        return None


def _page(node: Node, tx: Tx, officer: Officer, sent: Mapping[str, str], problems: Mapping[str, str]) -> dict[str, Any]:
    units, today = sorted(officer.units), clock.today()
    people = substitutes.people(tx, units, today)
    heads = bool(officer.roles & set(pages.HEADS))
    mine = [one for one in people if heads or one[0] == officer.number]
    labels = {"away": _("Ai vắng"), "substitute": _("Ai thay"), "starts": _("Từ ngày"), "ends": _("Đến hết ngày")}
    kinds = {"away": "choice", "substitute": "choice", "starts": "day", "ends": "day"}
    choices = {"away": mine, "substitute": people}
    controls = [
        {
            "id": f"f-{name}",
            "name": name,
            "kind": kinds[name],
            "label": label,
            "required": True,
            "error": message(problems[name]) if name in problems else "",
            "choices": [(sign_of(number), called) for number, called in choices.get(name, [])],
            "value": _value(name, kinds[name], sent, mine),
        }
        for name, label in labels.items()
    ]
    rows = [_row(node, officer, one) for one in substitutes.listed(tx, units, today)]
    errors = [{"id": name, "message": f"{labels[name]}: {message(code)}"} for name, code in problems.items()]
    return {"rows": rows, "controls": controls, "errors": errors, "heads": heads}


def _value(name: str, kind: str, sent: Mapping[str, str], mine: People) -> Any:
    if kind == "day":
        return {part: sent.get(f"{name}-{part}", "") for part in ("day", "month", "year")}
    return sent.get(name) or (sign_of(mine[0][0]) if name == "away" and len(mine) == 1 else "")


def _row(node: Node, officer: Officer, one: Substitute) -> dict[str, Any]:
    posts = "; ".join(f"{words.role_name(post.role)}, {pages.place(node, post.unit)}" for post in one.posts)
    return {
        "name": one.name,
        "away": one.away_name,
        "posts": posts,
        "starts": one.starts,
        "ends": one.ends,
        "now": one.starts <= clock.today(),
        "sign": _sign(one) if substitutes.may_name(officer, pages.HEADS, one.away, one.posts) else "",
    }


def _sign(one: Substitute) -> str:
    return sign_of(f"{one.number}/{one.away}/{one.starts}")
