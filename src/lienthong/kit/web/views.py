"""The language switch, and pages for what went wrong: what happened and what to do next, in the look of the site."""

import sys
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token
from django.views.decorators.http import require_safe

from lienthong.kit.storage import is_away
from lienthong.kit.web.access import public
from lienthong.kit.web.middleware import LANGUAGE_COOKIE, LANGUAGES

YEAR = 365 * 24 * 3600


@require_safe
@public("the language switch")
def language(request: HttpRequest) -> HttpResponse:
    """Keep `?to=vi|en` in a cookie and go on to `?next=`, a path of this site."""
    onward = request.GET.get("next", "/")
    if not url_has_allowed_host_and_scheme(onward, {request.get_host()}, request.is_secure()):
        onward = "/"
    response = HttpResponseRedirect(onward)
    chosen = request.GET.get("to", "")
    if chosen in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=YEAR, samesite="Lax", secure=request.is_secure())
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return trouble(
        request,
        HTTPStatus.BAD_REQUEST,
        _("Chúng tôi không hiểu yêu cầu này"),
        _("Trang bạn gửi thiếu hoặc sai dữ liệu. Chưa có gì thay đổi. Hãy quay lại trang trước rồi gửi lại."),
    )


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return trouble(
        request,
        HTTPStatus.FORBIDDEN,
        _("Bạn không có quyền xem trang này"),
        _("Trang này dành cho người được giao việc. Nếu bạn vừa đổi nhiệm vụ, hãy hỏi người quản trị của đơn vị."),
    )


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return trouble(
        request,
        HTTPStatus.NOT_FOUND,
        _("Không tìm thấy trang"),
        _(
            "Địa chỉ có thể gõ sai, hoặc trang này không phải của bạn. "
            "Nếu bạn tìm một hồ sơ, hãy đăng nhập đúng tài khoản đã nộp hồ sơ đó."
        ),
    )


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """The handler of what no view caught, wherever it was raised: a database that is away is told as such."""
    if is_away(sys.exception()):
        return unavailable(request)
    return trouble(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _("Hệ thống gặp lỗi"),
        _("Lỗi thuộc về chúng tôi và đã được ghi lại. Việc bạn đang làm chưa được lưu. Hãy thử lại sau ít phút."),
    )


def unavailable(request: HttpRequest, retry_after: int = 30) -> HttpResponse:
    """The page for a node whose database does not answer; `retry_after` in seconds."""
    response = trouble(
        request,
        HTTPStatus.SERVICE_UNAVAILABLE,
        _("Dịch vụ đang tạm dừng"),
        _("Hồ sơ đã nộp vẫn được giữ nguyên và sẽ tự chạy tiếp. Hãy tải lại trang sau ít phút."),
    )
    response.headers["Retry-After"] = str(retry_after)
    return response


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """`settings.CSRF_FAILURE_VIEW`: mostly a page left open while its session ended in another tab."""
    return trouble(
        request,
        HTTPStatus.FORBIDDEN,
        _("Trang đã mở quá lâu"),
        _(
            "Để không ai gửi thay bạn, mỗi trang chỉ gửi được trong phiên đăng nhập đã mở nó, và phiên đó đã đổi. "
            "Chưa có gì thay đổi. Hãy quay lại trang trước, tải lại rồi gửi lần nữa; trình duyệt cần cho phép cookie."
        ),
    )


def trouble(request: HttpRequest, status: HTTPStatus, title: str, explanation: str) -> HttpResponse:
    page = {"title": title, "explanation": explanation, "status": status.value}
    return render(request, "web/trouble.html", page, status=status)
