"""The page on which an applicant rates a dossier that has ended."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from lienthong.casework import dossiers, ratings
from lienthong.casework.states import NotPossible
from lienthong.catalogue import forms
from lienthong.identity.guards import citizen_required
from lienthong.kit.web.views import trouble
from lienthong.portal import dossier_list, feedback_words, rating_own
from lienthong.portal.request import node_of, signed_in

OVERALL: Final[tuple[tuple[str, str | Promise], ...]] = (
    ("5", gettext_lazy("Rất hài lòng")),
    ("4", gettext_lazy("Hài lòng")),
    ("3", gettext_lazy("Bình thường")),
    ("2", gettext_lazy("Không hài lòng")),
    ("1", gettext_lazy("Rất không hài lòng")),
)
# What is asked of each indicator, and what 2, 1 and 0 mean there.
ASKED: Final[Mapping[str, tuple[str | Promise, tuple[str | Promise, str | Promise, str | Promise]]]] = {
    "1": (
        gettext_lazy("Tổng thời gian giải quyết"),
        (gettext_lazy("Đúng hẹn hoặc sớm"), gettext_lazy("Trễ ít, có xin lỗi"), gettext_lazy("Trễ hẹn")),
    ),
    "2": (
        gettext_lazy("Thời gian của từng cơ quan"),
        (gettext_lazy("Đều đúng hạn"), gettext_lazy("Có cơ quan trễ ít"), gettext_lazy("Có cơ quan trễ hạn")),
    ),
    "3": (
        gettext_lazy("Số lần phải bổ sung, liên hệ lại"),
        (gettext_lazy("Không lần nào"), gettext_lazy("Một lần"), gettext_lazy("Hơn một lần")),
    ),
    "4": (
        gettext_lazy("Số nơi phải đến"),
        (gettext_lazy("Một nơi, hoặc không phải đến"), gettext_lazy("Thêm một nơi"), gettext_lazy("Nhiều nơi")),
    ),
    "6": (
        gettext_lazy("Công khai thủ tục, phí, thời hạn"),
        (gettext_lazy("Đầy đủ, dễ hiểu"), gettext_lazy("Chưa đủ"), gettext_lazy("Không tìm thấy")),
    ),
    "7": (
        gettext_lazy("Thái độ của người tiếp nhận, giải quyết"),
        (gettext_lazy("Tốt"), gettext_lazy("Bình thường"), gettext_lazy("Chưa tốt")),
    ),
}


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def rate(request: HttpRequest, code: str) -> HttpResponse:
    """Rate it, or change what was said within a week. Nobody does it for the applicant."""
    node, account = node_of(request), signed_in(request)
    with node.database.transaction() as tx:
        dossier, acts = dossier_list.own(tx, code, account), dossiers.acts(tx, code)
        before = rating_own.of_dossier(tx, code)
    if not rating_own.may_rate(dossier, account, before):
        return _too_late(request)
    said = rating_own.known(dossier, acts)
    values = {name: str(score) for name, score in (rating_own.scores_of(before) if before else said).items()}
    values |= {"overall": str(before.overall), "note": before.note} if before else {}
    if request.method == "POST":
        values = {name: request.POST.get(name, "") for name in ("overall", *ASKED)}
        values["note"] = forms.clean(request.POST.get("note", "")[: ratings.LONGEST])
        errors = _wrong(values)
        if not errors:
            scores = {name: int(values[name]) for name in ASKED}
            try:
                with node.database.transaction() as tx:
                    rating_own.give(node, tx, account, dossier, int(values["overall"]), scores, values["note"])
            except NotPossible:
                return _too_late(request)
            return HttpResponseRedirect(f"{reverse('dossier', args=[code])}#rating", status=HTTPStatus.SEE_OTHER)
        return _show(request, feedback_words.title(node, dossier), code, values, said, errors)
    return _show(request, feedback_words.title(node, dossier), code, values, said, {})


def _wrong(values: Mapping[str, str]) -> dict[str, str]:
    said = _("Hãy chọn một.")
    errors = {"overall": said} if values["overall"] not in dict(OVERALL) else {}
    return errors | {name: said for name in ASKED if values[name] not in ("0", "1", "2")}


def _show(
    request: HttpRequest, title: str, code: str, values: Mapping[str, str], said: Mapping[str, int],
    errors: Mapping[str, str],
) -> HttpResponse:  # fmt: skip
    overall = _field("overall", _("Nói chung, bạn hài lòng đến đâu?"), "", OVERALL, values, errors)
    fields = []
    for name, (label, levels) in ASKED.items():
        choices = [(str(score), level) for score, level in zip((2, 1, 0), levels, strict=True)]
        hint = _("Hệ thống đã chọn theo hồ sơ; bạn sửa được.") if name in said else ""
        fields.append(_field(name, str(label), hint, choices, values, errors))
    context = {
        "title": title, "code": code, "overall": overall, "fields": fields, "note": values.get("note", ""),
        "errors": [{"id": name, "message": f"{_label(name)}: {error}"} for name, error in errors.items()],
    }  # fmt: skip
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return render(request, "portal/rating.html", context, status=status)


def _label(name: str) -> str:
    return str(ASKED[name][0]) if name in ASKED else _("Nói chung")


def _field(
    name: str, label: str, hint: str, choices: Any, values: Mapping[str, str], errors: Mapping[str, str]
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": name, "label": label, "help": hint, "kind": "choice", "state": "ask", "required": True,
        "choices": [(value, str(text)) for value, text in choices], "value": values.get(name, ""),
        "error": errors.get(name, ""),
    }  # fmt: skip


def _too_late(request: HttpRequest) -> HttpResponse:
    text = _("Đánh giá được gửi khi hồ sơ đã kết thúc, bởi chính người nộp, và sửa được trong 7 ngày.")
    return trouble(request, HTTPStatus.CONFLICT, _("Không đánh giá được lúc này"), text)
