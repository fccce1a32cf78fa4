"""Offering work to another unit, and answering an offer: the head's acts on the load page."""

from http import HTTPStatus
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from lienthong.casework import sharing
from lienthong.casework.states import NotPossible
from lienthong.desk import pages
from lienthong.identity.guards import officer_required
from lienthong.kit.web.views import trouble


@require_POST
@officer_required(*pages.HEADS)
def offer(request: HttpRequest) -> HttpResponse:
    """Offer the chosen dossiers to the chosen unit."""
    sent, codes = request.POST, request.POST.getlist("code")
    try:
        with pages.node_of(request).database.transaction() as tx:
            unit, to = sent.get("from", ""), sent.get("to", "")
            sharing.offer(tx, pages.officer_of(request), unit, to, codes, sent.get("reason", "")[:300])
    except PermissionError as why:
        raise PermissionDenied from why
    except (ValueError, NotPossible) as why:
        return trouble(request, HTTPStatus.UNPROCESSABLE_ENTITY, _("Chưa đề nghị được"), _problem(str(why)))
    return HttpResponseRedirect(f"{reverse('load')}#offers", status=HTTPStatus.SEE_OTHER)


@require_POST
@officer_required(*pages.HEADS)
def answer(request: HttpRequest, offer: UUID) -> HttpResponse:
    """Take the work in, or not."""
    accepts, why = request.POST.get("answer") == "yes", request.POST.get("why", "")[:300]
    try:
        sharing.answer(pages.node_of(request), str(offer), pages.officer_of(request), accepts=accepts, why=why)
    except LookupError as error:
        raise Http404 from error
    except PermissionError as error:
        raise PermissionDenied from error
    except ValueError:
        return trouble(
            request, HTTPStatus.UNPROCESSABLE_ENTITY, _("Hãy ghi lý do không nhận"), _("Chưa có gì thay đổi.")
        )
    except NotPossible:
        return trouble(request, HTTPStatus.CONFLICT, _("Đề nghị này đã được trả lời"), _("Chưa có gì thay đổi vì bạn."))
    return HttpResponseRedirect(f"{reverse('load')}#offers", status=HTTPStatus.SEE_OTHER)


def _problem(code: str) -> str:
    told = {
        "required": _("Hãy chọn ít nhất một hồ sơ và ghi lý do."),
        "same-unit": _("Hãy chọn một đơn vị khác."),
        "too-many": _("Mỗi lần nhiều nhất 50 hồ sơ."),
        "no-such-head": _("Đơn vị ấy chưa có người đứng đầu trên hệ thống."),
    }
    return told.get(code, _("Có hồ sơ đã đi tiếp. Hãy tải lại trang rồi chọn lại."))
