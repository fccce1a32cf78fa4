"""Pages of feedback: say something about a dossier of one's own, follow it, add to it, judge the answer; and what was
answered for everybody."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from lienthong.casework import dossiers, feedback, words
from lienthong.casework.states import NotPossible
from lienthong.catalogue import forms
from lienthong.exchange.node import Node
from lienthong.identity.guards import citizen_required
from lienthong.kit.web.access import public
from lienthong.kit.web.templatetags.vietnam import moment
from lienthong.kit.web.views import trouble
from lienthong.portal import dossier_list, feedback_own, feedback_words, story
from lienthong.portal.feedback_own import Subject
from lienthong.portal.request import node_of, signed_in


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def say(request: HttpRequest, code: str) -> HttpResponse:
    """Choose what it is about, and say it. The applicant's own dossiers only."""
    node, account = node_of(request), signed_in(request)
    with node.database.transaction() as tx:
        dossier, acts = dossier_list.own(tx, code, account), dossiers.acts(tx, code)
    found = {one.key: one for one in feedback_own.subjects(dossier, acts)}
    if not found:
        return _not_yet(request)
    sent = {name: forms.clean(request.POST.get(name, "")) for name in ("about", "text")}
    errors = _wrong(sent, found) if request.method == "POST" else {}
    if request.method != "POST" or errors:
        about = request.GET.get("about", "")
        groups = _groups(node, dossier, found, sent["about"] or about)
        context = {
            "title": feedback_words.title(node, dossier), "code": code, "groups": groups, "text": sent["text"],
            "errors": [{"id": name, "message": said} for name, said in errors.items()], "wrong": errors,
            "limits": feedback_words.limits(),
        }  # fmt: skip
        status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
        return render(request, "portal/feedback_say.html", context, status=status)
    try:
        with node.database.transaction() as tx:
            made = feedback_own.put(node, tx, account, dossier, found[sent["about"]], sent["text"])
    except feedback_own.TooMany:
        return _too_many(request)
    return HttpResponseRedirect(reverse("my_feedback", args=[code, made]), status=HTTPStatus.SEE_OTHER)


def _wrong(sent: Mapping[str, str], found: Mapping[str, Subject]) -> dict[str, str]:
    errors = {}
    if sent["about"] not in found:
        errors["about"] = _("Hãy chọn điều bạn muốn nói đến.")
    if not sent["text"]:
        errors["text"] = _("Hãy viết điều bạn phản ánh hoặc kiến nghị.")
    elif len(sent["text"]) > feedback.LONGEST:
        errors["text"] = _("Dài quá; hãy viết ngắn hơn %(most)s chữ.") % {"most": feedback.LONGEST}
    return errors


def _groups(node: Node, dossier: Any, found: Mapping[str, Subject], chosen: str) -> list[dict[str, Any]]:
    """What one can speak about, part by part."""
    groups: dict[str, dict[str, Any]] = {}
    for key, one in found.items():
        branch = dossier.state.branches[one.branch]
        group = groups.setdefault(one.branch, {
            "name": story.branch_name(node, branch), "agency": story.agency_name(node, branch), "choices": [],
        })  # fmt: skip
        text = _act(one.told) if one.told else _("Cả phần việc này")
        at = moment(datetime.fromisoformat(one.told["at"])) if one.told else ""
        rule = words.cited(one.told["rule"]) if one.told else ""
        group["choices"].append({"value": key, "text": text, "at": at, "rule": rule, "chosen": key == chosen})
    return list(groups.values())


def _act(told: Mapping[str, Any]) -> str:
    return words.act_text(told["verb"], role=told["role"])


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, code: str, feedback_id: str) -> HttpResponse:
    """How it stands; posted, what more was asked, or whether the person is content."""
    node, account = node_of(request), signed_in(request)
    try:
        with node.database.transaction() as tx:
            dossier = dossier_list.own(tx, code, account)
            found, news = feedback_own.own(tx, feedback_id, account), feedback_own.news(tx, feedback_id)
    except LookupError as error:
        raise Http404 from error
    if found.dossier != code:
        raise Http404
    wrong = ""
    if request.method == "POST":
        wrong = _take(request, node, found)
        if not wrong:
            return HttpResponseRedirect(request.path, status=HTTPStatus.SEE_OTHER)
    context = {
        "title": feedback_words.title(node, dossier), "code": code, "one": feedback_words.view(node, found, news),
        "wrong": wrong, "errors": [{"id": "text", "message": wrong}] if wrong else [],
        "text": request.POST.get("text", "")[: feedback.LONGEST],
    }  # fmt: skip
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return render(request, "portal/feedback.html", context, status=status)


def _take(request: HttpRequest, node: Node, found: Any) -> str:
    """Do what was posted; what is wrong with it. What was done before stands as it is."""
    text, content = forms.clean(request.POST.get("text", "")), request.POST.get("content", "")
    try:
        with node.database.transaction() as tx:
            if content in ("yes", "no"):
                feedback_own.judge(node, tx, signed_in(request), found.id, content == "yes")
            elif not text or len(text) > feedback.LONGEST:
                return _("Hãy viết điều cơ quan hỏi thêm.")
            else:
                feedback_own.supply(node, tx, signed_in(request), found.id, text)
    except NotPossible:
        return ""
    return ""


@require_safe
@public("answers of general interest, in words that name nobody")
def published(request: HttpRequest) -> HttpResponse:
    """Answers for everybody."""
    node = node_of(request)
    with node.database.transaction() as tx:
        rows = feedback_own.published(tx)
    answers = [
        {
            "service": feedback_words.service(node, row.service),
            "agency": feedback_words.place(node, row.node, row.unit),
            "rule": words.cited(row.rule), "question": row.question, "answer": row.answer, "at": row.at,
        }
        for row in rows
    ]  # fmt: skip
    context = {"answers": answers, "limits": feedback_words.limits()}
    return render(request, "portal/feedback_public.html", context)


def _not_yet(request: HttpRequest) -> HttpResponse:
    text = _("Hồ sơ đang được chuyển, chưa cơ quan nào giữ. Hãy thử lại sau ít phút.")
    return trouble(request, HTTPStatus.CONFLICT, _("Chưa gửi được phản ánh"), text)


def _too_many(request: HttpRequest) -> HttpResponse:
    text = _(
        "Nhiều phản ánh của bạn về hồ sơ này đang chờ trả lời. Hãy đợi câu trả lời, hoặc bổ sung vào phản ánh đã gửi."
    )
    return trouble(request, HTTPStatus.CONFLICT, _("Chưa gửi được phản ánh"), text)
