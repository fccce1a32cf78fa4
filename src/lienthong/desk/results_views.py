"""The results desk: what waits to be given out, who collects it, what goes by post, what nobody fetches.

Each result is given out in a transaction of its own; of several at once each has its own outcome. Who collects is told
by what they show: the owner by the number on their card, somebody else by name, number and the paper that sends them.
"""

import csv
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.casework import delivering, letters
from lienthong.casework.dossiers import Dossier
from lienthong.casework.letters import Destination
from lienthong.casework.states import NotPossible
from lienthong.catalogue import forms
from lienthong.catalogue.messages import message
from lienthong.desk import counter, pages, papers, results_page, results_queries
from lienthong.desk.results_page import TABS, Collecting, Outcome
from lienthong.desk.results_queries import Waiting
from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required
from lienthong.kit import clock
from lienthong.kit.storage import Tx

LONGEST: Final = 200
_MISSING: Final[dict[str, str | Promise]] = {
    "address": gettext_lazy("Chưa có địa chỉ để gửi."),
    "tracking": gettext_lazy("Chưa ghi số hiệu bưu gửi."),
}
_SERVICES = "SELECT code, service FROM dossier WHERE code = ANY (%s)"
Act = Callable[[Tx, str], object]


@require_safe
@officer_required(*pages.OFFICERS)
def results(request: HttpRequest) -> HttpResponse:
    """What waits, by `?show=`: at the counter, to be sent, on its way, too long here; and what was given out today."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    asked = request.GET.get("show", "")
    midnight = clock.now().astimezone(clock.ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    with node.database.transaction() as tx:
        found = results_queries.waiting(node, tx, officer)
        given = results_queries.given_today(node, tx, officer, midnight)
    here = asked if asked in TABS else "counter"
    rows = [results_page.row(node, it) for it in found if TABS[here][1](it)]
    context = {
        "tabs": results_page.tabs(found, here),
        "show": here,
        "rows": rows,
        "given": results_page.given(given),
        "reasons": results_page.reasons(),
        "full": len(found) == results_queries.MOST,
    }
    return render(request, "desk/results.html", {**pages.frame(request, "results"), **context})


@require_POST
@officer_required(*pages.OFFICERS)
def find(request: HttpRequest) -> HttpResponse:
    """By a dossier's code, its QR code, or the number of who applied. Posted: no number stands in an address."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    asked = request.POST.get("q", "")[:500]
    with node.database.transaction() as tx:
        found = results_queries.search(node, tx, officer, asked)
    if len({it.dossier.identity.applicant for it in found}) == 1:
        return HttpResponseRedirect(
            reverse("result", args=[found[0].dossier.identity.code]), status=HTTPStatus.SEE_OTHER
        )
    rows = [results_page.row(node, it) for it in found]
    return render(request, "desk/results_found.html", {**pages.frame(request, "results"), "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@officer_required(*pages.OFFICERS)
def one(request: HttpRequest, code: str) -> HttpResponse:
    """One result, with the others that wait for the same applicant: who collects, and giving them out."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    with node.database.transaction() as tx:
        found = results_queries.one(node, tx, officer, code)
    if not found:
        return _gone(request, code)
    if request.method != "POST":
        return _show(request, found, Collecting())
    who = _typed(request, found[0].dossier)
    if who.errors:
        return _show(request, found, who, HTTPStatus.UNPROCESSABLE_ENTITY)
    here = {it.dossier.identity.code: it for it in found}
    picked = [one for one in request.POST.getlist("pick") if one in here] or [code]
    receiver, note = _receiver(who, found[0])

    def give(tx: Tx, one: str) -> object:
        return delivering.deliver(node, tx, one, officer, "counter", to=receiver, note=note)

    outcomes = [_each(node, here[one], give) for one in picked]
    return _told(request, _("Trả kết quả"), outcomes)


@require_POST
@officer_required(*pages.OFFICERS)
def send(request: HttpRequest) -> HttpResponse:
    """Hand the ticked results to the postal operator, on one list, each with its tracking number."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    with node.database.transaction() as tx:
        found = {it.dossier.identity.code: it for it in results_queries.waiting(node, tx, officer)}
    picked = [found[code] for code in request.POST.getlist("pick") if code in found]
    lists: dict[str, str] = {}

    def hand_over(tx: Tx, code: str) -> object:
        unit, to = found[code].dossier.desk, found[code].to
        typed = forms.clean(request.POST.get(f"address-{code}", ""))[:LONGEST]
        tracking = forms.clean(request.POST.get(f"tracking-{code}", "")).upper()
        batch = lists.get(unit) or letters.new_list(tx, unit)
        sent = letters.send(node, tx, code, officer, Destination(to.addressee, to.phone, typed), tracking, batch)
        lists[unit] = batch
        return sent

    outcomes = [_each(node, it, hand_over) for it in picked]
    return _told(request, _("Giao bưu điện"), outcomes, sorted(lists.values()))


@require_POST
@officer_required(*pages.OFFICERS)
def reported(request: HttpRequest) -> HttpResponse:
    """What the operator reports of those on their way: handed over, or brought back and why."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    with node.database.transaction() as tx:
        found = {it.dossier.identity.code: it for it in results_queries.waiting(node, tx, officer)}

    def note(tx: Tx, code: str) -> object:
        said = request.POST.get(f"said-{code}", "")
        if said == "arrived":
            return letters.arrived(node, tx, code, officer, forms.clean(request.POST.get(f"took-{code}", ""))[:LONGEST])
        letters.came_back(node, tx, code, officer, said)
        return None

    outcomes = [_each(node, it, note) for code, it in found.items() if request.POST.get(f"said-{code}")]
    return _told(request, _("Báo phát của bưu điện"), outcomes)


@require_POST
@officer_required(*pages.OFFICERS)
def remind(request: HttpRequest) -> HttpResponse:
    """Tell the applicants of the ticked results once more that they lie here."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    with node.database.transaction() as tx:
        found = {it.dossier.identity.code: it for it in results_queries.waiting(node, tx, officer)}
    picked = [found[code] for code in request.POST.getlist("pick") if code in found]
    outcomes = [_each(node, it, lambda tx, code: letters.remind(node, tx, code, officer)) for it in picked]
    return _told(request, _("Nhắc người dân đến lấy"), outcomes)


@require_safe
@officer_required(*pages.OFFICERS)
def batch(request: HttpRequest, number: str) -> HttpResponse:
    """A hand-over list to print and sign, or as CSV (`?format=csv`)."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    units = results_queries.scope(node, officer)["units"]
    with node.database.transaction() as tx:
        rows = letters.of_list(tx, number, units)
        titles = {row.code: row.service for row in tx.all(_SERVICES, ([letter.dossier for letter in rows],))}
    if not rows:
        raise Http404
    named = {code: node.catalogue.services[slug].card.short.vi for code, slug in titles.items()}
    if request.GET.get("format") == "csv":
        return _csv(number, [list(results_page.CSV_HEAD), *results_page.csv_rows(rows, named)])
    made = results_page.batch_list(node, rows[0].unit, number, rows, named)
    return render(request, "desk/results_list.html", {**pages.frame(request, "results"), "list": made})


def _csv(name: str, rows: list[list[str]]) -> HttpResponse:
    answer = HttpResponse(
        "\ufeff", content_type="text/csv; charset=utf-8"
    )  # Excel takes it for UTF-8 by this mark only
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    csv.writer(answer).writerows(rows)
    return answer


# ---------------------------------------------------------------------- who collects


def _typed(request: HttpRequest, dossier: Dossier) -> Collecting:
    """Who stands at the counter, and what is wrong with what they showed."""
    sent = {
        name: forms.clean(request.POST.get(name, ""))[:LONGEST] for name in ("who", "name", "number", "paper", "note")
    }
    shown = request.POST.get("shown", "")[:500].strip()
    who = Collecting(sent["who"] or "owner", shown, sent["name"], sent["number"], sent["paper"], sent["note"])
    if who.who == "owner":
        claim = counter.read_card(shown)
        number = claim.number if claim else shown.replace(" ", "")
        if not number:
            who.errors["shown"] = "required"
        elif number != dossier.identity.applicant:
            who.errors["shown"] = "not-the-owner"
        return who
    named = {"name": who.name, "number": who.number.replace(" ", "")}
    sent_by_them = dossier.identity.channel == "helper" and named["number"] == dossier.identity.filed_by
    who.errors.update({name: "required" for name, value in named.items() if not value})
    if not who.paper and not sent_by_them:
        who.errors["paper"] = "required"
    return who


def _receiver(who: Collecting, it: Waiting) -> tuple[str, str]:
    """Who took it, and by which right, as the act keeps it."""
    identity = it.dossier.identity
    if who.who == "owner":
        return f"{it.to.addressee or 'chủ hồ sơ'} ({identity.applicant})", who.note
    right = who.paper or "người nộp thay hồ sơ này"
    return f"{who.name} ({who.number.replace(' ', '')})", "; ".join(filter(None, (f"được ủy quyền: {right}", who.note)))


def _show(request: HttpRequest, found: list[Waiting], who: Collecting, status: int = HTTPStatus.OK) -> HttpResponse:
    node, first = pages.node_of(request), found[0]
    with node.database.transaction() as tx:
        links = papers.of(node, tx, first.dossier)
        sendings = letters.of_dossier(tx, first.dossier.identity.code)
    context = {
        "row": results_page.row(node, first),
        "owner": {"name": first.to.addressee, "number": f"… {first.dossier.identity.applicant[-3:]}"},
        "others": [results_page.row(node, it) for it in found[1:] if not it.on_its_way],
        "papers": links,
        "sendings": [(letter, message(letter.reason) if letter.reason else "") for letter in sendings],
        "who": who,
        "errors": [{"id": name, "message": message(code)} for name, code in who.errors.items()],
        "error": {name: message(code) for name, code in who.errors.items()},
    }
    return render(request, "desk/result.html", {**pages.frame(request, "results"), **context}, status=status)


def _gone(request: HttpRequest, code: str) -> HttpResponse:
    """It does not wait (any more): to the dossier, whose page says how it stands."""
    return HttpResponseRedirect(reverse("dossier", args=[code]))


# ---------------------------------------------------------------------- several at once


def _each(node: Node, it: Waiting, act: Act) -> Outcome:
    """Do it to one, in a transaction of its own."""
    code, title = it.dossier.identity.code, pages.title(it.dossier)
    try:
        with node.database.transaction() as tx:
            act(tx, code)
    except NotPossible:
        return Outcome(code, title, False, _("Hồ sơ đã đi tiếp trước bạn, hoặc đã nhắc hôm nay."))
    except PermissionError:
        return Outcome(code, title, False, _("Không thuộc quầy của bạn."))
    except ValueError as missing:
        return Outcome(code, title, False, str(_MISSING.get(str(missing), message("required"))))
    return Outcome(code, title, True, _("Đã xong"))


def _told(request: HttpRequest, label: str, outcomes: list[Outcome], lists: list[str] | None = None) -> HttpResponse:
    context = {
        "label": label,
        "outcomes": outcomes,
        "count": sum(outcome.done for outcome in outcomes),
        "lists": lists or [],
    }
    return render(request, "desk/results_done.html", {**pages.frame(request, "results"), **context})
