"""Pages of a dossier after its receipt: the list, the timeline, what the citizen is asked for, taking it back."""

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from lienthong.casework import dossiers, parents, words
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import ENDED, FINAL, NotPossible
from lienthong.casework.typed import LONGEST, typed_values
from lienthong.catalogue import forms
from lienthong.catalogue.messages import message
from lienthong.identity.guards import citizen_required
from lienthong.kit.web.views import trouble
from lienthong.portal import acting, dossier_list, feedback_words, rating_own, story, supplements, told, uploads
from lienthong.portal import asked as asked_of_me
from lienthong.portal.request import language, node_of, signed_in
from lienthong.portal.supplements import Asked


@citizen_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    node = node_of(request)
    account = signed_in(request)
    rows = [dossier_list.row(node, d) for d in dossier_list.of(node, account)]
    with node.database.transaction() as tx:
        rows += told.rows(node, tx, account)
    waits = asked_of_me.of(node, account, request.session)
    return render(request, "portal/dossiers.html", {"here": "dossiers", "dossiers": rows, "asked": waits})


@citizen_required
@require_safe
def dossier_page(request: HttpRequest, code: str) -> HttpResponse:
    node, account = node_of(request), acting.account_for(request, code)
    with node.database.transaction() as tx:
        dossier = dossier_list.own(tx, code, account)
        acts = dossiers.acts(tx, code)
        results = dossiers.kept_results(tx, code)
        declared, filed = dossiers.content(tx, code).declared, acting.of_dossier(tx, code)
        said, rating = feedback_words.rows(node, tx, code, account), rating_own.of_dossier(tx, code)
    service = node.catalogue.shown(dossier.identity.service, dossier.identity.revision)
    whole = story.tell(node, service, dossier, acts, results, declared)
    page = {
        "title": _title(request, dossier), "story": whole, "filed": filed, "feedback": said, "rating": rating,
        "may_rate": rating_own.may_rate(dossier, account, rating),
    }  # fmt: skip
    return render(request, "portal/dossier.html", page)


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def supplement(request: HttpRequest, code: str, branch: str) -> HttpResponse:
    """Answer what an agency asks for: just that, everything else stays as it was declared."""
    node, account = node_of(request), acting.account_for(request, code)
    with node.database.transaction() as tx:
        dossier, acts = dossier_list.own(tx, code, account), dossiers.acts(tx, code)
    try:
        asked = supplements.asked(node, dossier, branch, acts)
        if request.method != "POST":
            return _show_supplement(request, asked, {}, {})
        return _take_supplement(request, asked)
    except KeyError as error:
        raise Http404 from error
    except NotPossible:
        return _nothing_asked(request)


def _take_supplement(request: HttpRequest, asked: Asked) -> HttpResponse:
    node, code = node_of(request), asked.dossier.identity.code
    account = acting.account_for(request, code)
    values = typed_values(asked.service.form, node.catalogue.terms, request.POST, asked.fields)
    taken = uploads.take_form(request, node, account, code, asked.papers)
    if taken.only or taken.errors:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if taken.errors else HTTPStatus.OK
        return _show_supplement(request, asked, values, taken.errors, status)
    helper = acting.of_page(request)
    errors = supplements.give(node, asked, account, values, filed_by=helper.helper if helper else "")
    if errors:
        return _show_supplement(request, asked, values, errors, HTTPStatus.UNPROCESSABLE_ENTITY)
    return HttpResponseRedirect(f"{reverse('dossier', args=[code])}#story-now", status=HTTPStatus.SEE_OTHER)


def _show_supplement(
    request: HttpRequest, asked: Asked, values: dict[str, Any], errors: dict[str, str], status: int = HTTPStatus.OK
) -> HttpResponse:
    node, code = node_of(request), asked.dossier.identity.code
    with node.database.transaction() as tx:
        manifest, declared = uploads.of(tx, code), dossiers.content(tx, code).declared
    fields = supplements.field_views(node, asked, declared, values, errors, language())
    papers = supplements.paper_views(node, asked, manifest, errors, language())
    branch = asked.dossier.state.branches[asked.branch]
    context = {
        "title": _title(request, asked.dossier),
        "code": code,
        "agency": story.agency_name(node, branch),
        "part": story.branch_name(node, branch),
        "until": asked.until,
        "reason": message(asked.reason) if asked.reason else "",
        "others": [item["text"] for item in asked.items if not item.get("field") and not item.get("paper")],
        "fields": fields,
        "papers": papers,
        "files": manifest,
        "errors": supplements.told(node, asked, (*fields, *papers), errors, language()),
        "back_url": reverse("dossier", args=[code]),
    }
    return render(request, "portal/supplement.html", context, status=status)


def _nothing_asked(request: HttpRequest) -> HttpResponse:
    text = _("Phần này đã được bổ sung, hoặc thời hạn bổ sung đã hết. Hãy mở lại hồ sơ để xem.")
    return trouble(request, HTTPStatus.CONFLICT, _("Không còn điều gì phải bổ sung"), text)


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Take the dossier back, once it is said what that means. The applicant alone does: a helper may only file."""
    node, account = node_of(request), signed_in(request)
    with node.database.transaction() as tx:
        dossier = dossier_list.own(tx, code, account)
    if dossier.state.status in FINAL:
        return _too_late(request)
    if request.method != "POST" or request.POST.get("sure") != "yes":
        return _ask_whether(request, dossier)
    reason = forms.clean(request.POST.get("reason", "")[:LONGEST])
    try:
        with node.database.transaction() as tx:
            parents.withdraw(node, tx, code, account.number, reason)
    except NotPossible:
        return _too_late(request)
    return HttpResponseRedirect(reverse("dossier", args=[code]), status=HTTPStatus.SEE_OTHER)


def _ask_whether(request: HttpRequest, dossier: Dossier) -> HttpResponse:
    node, asked = node_of(request), request.method == "POST"
    branches = dossier.state.branches.values()
    rows = [
        {
            "label": story.branch_name(node, branch),
            "value": _("Kết quả giữ nguyên") if branch.state == "done" else _("Dừng lại"),
            "note": words.branch_state_name(branch.state),
        }
        for branch in branches
        if branch.state == "done" or branch.state not in ENDED
    ]
    context = {
        "title": _title(request, dossier),
        "code": dossier.identity.code,
        "rows": rows,
        "errors": [{"id": "sure", "message": _("Hãy đánh dấu rằng bạn muốn rút hồ sơ.")}] if asked else [],
        "reason": request.POST.get("reason", "")[:LONGEST],
        "back_url": reverse("dossier", args=[dossier.identity.code]),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if asked else HTTPStatus.OK
    return render(request, "portal/withdraw.html", context, status=status)


def _too_late(request: HttpRequest) -> HttpResponse:
    text = _("Hồ sơ đã kết thúc nên không rút được nữa. Kết quả đã có vẫn giữ nguyên.")
    return trouble(request, HTTPStatus.CONFLICT, _("Không còn gì để rút"), text)


def _title(request: HttpRequest, dossier: Dossier) -> str:
    service = node_of(request).catalogue.shown(dossier.identity.service, dossier.identity.revision)
    return f"{service.card.short.in_language(language())} – {dossier.identity.subject}"
