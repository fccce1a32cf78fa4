"""The hospital's page: the notices of its own facility, and a new one."""

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from lienthong.desk import notice_form, pages, queries
from lienthong.exchange.node import Node
from lienthong.identity import officers
from lienthong.identity.guards import officer_required
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.web.access import public

CLERK = "hospital_clerk"
_MOTHER = ("mother_number", "mother_name")


@require_safe
@public("the way to sign in")
def home(request: HttpRequest) -> HttpResponse:
    """To the notices for a clerk; what this node does for anybody else."""
    node, account = _node(request), request.account  # type: ignore[attr-defined]
    officer = officers.present(request.session, node.database, account, clock.today()) if account else None
    if officer:
        return HttpResponseRedirect(reverse("notices" if CLERK in officer.roles else "tasks"))
    keeps = _("Bệnh viện lập và ký số giấy chứng sinh ở đây; cơ quan hộ tịch và cha mẹ dùng được ngay.")
    text = _("Bạn không được giao việc ở đây.") if account else _("Nhân viên bệnh viện đăng nhập để lập giấy.")
    return render(request, "desk/home.html", {**pages.frame(request), "keeps": keeps, "text": text})


@require_safe
@officer_required(CLERK)
def notices(request: HttpRequest) -> HttpResponse:
    """The newest notices of the clerk's own facilities; `?made=` names the one just made."""
    node, facilities = _node(request), _officer(request).units_as(CLERK)
    with node.database.transaction() as tx:
        rows = queries.birth_notices(tx, facilities)
    genders = node.catalogue.terms["gender"].codes
    language = get_language() or "vi"
    sealed = {"state": "done", "state_label": _("Đã ký số")}
    shown = [
        {
            **row._asdict(),
            "gender": genders[row.gender].in_language(language),
            "correct_url": reverse("correct_notice", args=[row.number]),
            **sealed,
        }
        for row in rows
    ]
    made, corrected = request.GET.get("made", ""), request.GET.get("corrected", "")
    known = {row.number for row in rows}
    context = {
        "facility": _facility(node, _officer(request)),
        "notices": shown,
        "new_url": reverse("new_notice"),
        "made": made if made in known else None,
        "corrected": corrected if corrected in known else None,
    }
    return render(request, "desk/notices.html", {**pages.frame(request, "notices"), **context})


@require_http_methods(["GET", "POST"])
@officer_required(CLERK)
def new(request: HttpRequest) -> HttpResponse:
    """Ask, check with the population register, then number, seal and enter; nothing typed is lost on the way."""
    if request.method == "GET":
        return _ask(request, {"birth_count": "1", "birth_order": "1"}, {})
    node, officer = _node(request), _officer(request)
    typed = notice_form.typed_values(request.POST)
    if errors := notice_form.problems(node, typed):
        return _ask(request, typed, errors)
    mother, errors = notice_form.find_mother(node, typed, officer)
    if mother is None:
        return _ask(request, typed, errors)
    with node.database.transaction() as tx:
        number = notice_form.issue(node, tx, typed, mother, _own_facility(officer), officer)
    return HttpResponseRedirect(f"{reverse('notices')}?made={number}", status=HTTPStatus.SEE_OTHER)


@require_http_methods(["GET", "POST"])
@officer_required(CLERK)
def correct(request: HttpRequest, number: str) -> HttpResponse:
    """Put right what a notice says of the child; whose it is, stays. 404 for another facility's notice."""
    node, officer = _node(request), _officer(request)
    with node.database.transaction() as tx:
        row = notice_form.held(node, tx, number, officer.units_as(CLERK))
    if row is None:
        raise Http404
    before = notice_form.as_typed(row)
    if request.method == "GET":
        return _ask(request, before, {}, row)
    typed = notice_form.typed_values(request.POST) | {name: before[name] for name in _MOTHER}
    if errors := notice_form.problems(node, typed):
        return _ask(request, typed, errors, row)
    with node.database.transaction() as tx:
        notice_form.correct(node, tx, row, typed, officer)
    return HttpResponseRedirect(f"{reverse('notices')}?corrected={number}", status=HTTPStatus.SEE_OTHER)


def _ask(
    request: HttpRequest, typed: dict[str, str], errors: dict[str, str], notice: dict[str, Any] | None = None
) -> HttpResponse:
    node = _node(request)
    fields = notice_form.fields(node, typed, errors, besides=_MOTHER if notice else ())
    context = {
        "notice": notice,
        "facility": _facility(node, _officer(request)),
        "fields": fields,
        "errors": [{"id": field["id"], "message": field["error"]} for field in fields if field["error"]],
        "back_url": reverse("notices"),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return render(request, "desk/notice_form.html", {**pages.frame(request, "notices"), **context}, status=status)


def _own_facility(officer: Officer) -> str:
    """The facility a clerk writes for; the first by code for one who serves several."""
    return min(officer.units_as(CLERK))


def _facility(node: Node, officer: Officer) -> str:
    return node.territory.facility(_own_facility(officer)).name


def _node(request: HttpRequest) -> Node:
    return request.node  # type: ignore[attr-defined, no-any-return]


def _officer(request: HttpRequest) -> Officer:
    return request.officer  # type: ignore[attr-defined, no-any-return]
