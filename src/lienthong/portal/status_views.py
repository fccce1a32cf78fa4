"""Status by code: the code, then six digits sent to the dossier's phone, then completion and nothing else.

Open to everybody. The pages are the same for a dossier that exists, one that does not and one without a phone.
"""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from lienthong.kit.web.access import public
from lienthong.portal import outgoing, status
from lienthong.portal.request import node_of


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public("who has a code need not sign in to learn completion")
def look_up(request: HttpRequest) -> HttpResponse:
    """Step 1: the dossier's code."""
    if request.method != "POST":
        return _first(request, request.GET.get("code", "")[: status.LONGEST], "", 200)
    typed = request.POST.get("code", "")[: 2 * status.LONGEST]
    code = status.usual(typed)
    if not code:
        return _first(request, typed, _("Mã hồ sơ chưa đúng. Ví dụ: G01.001.00-261120-010001."), 422)
    client = status.client_of(settings.SECRET_KEY, request.META.get("REMOTE_ADDR", ""))
    with node_of(request).database.transaction() as tx:
        asked = status.ask(tx, code, client)
    if asked is None:
        return _first(request, typed, _("Đã tra cứu quá nhiều lần. Hãy thử lại sau một giờ, hoặc đăng nhập."), 429)
    return redirect("status_code", look_up=asked)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public("the second factor of a look-up")
def one_time_code(request: HttpRequest, look_up: UUID) -> HttpResponse:
    """Step 2: the six digits."""
    error = ""
    with node_of(request).database.transaction() as tx:
        if request.method == "POST":
            if status.answer(tx, settings.SECRET_KEY, str(look_up), request.POST.get("digits", "")):
                request.session["looked_up"] = str(look_up)
                return redirect("status", look_up=look_up)
            error = _("Mã chưa đúng. Hãy nhập sáu chữ số trong tin nhắn mới nhất.")
        if not status.waiting(tx, str(look_up)):
            return render(request, "portal/status_over.html", status=422 if error else 200)
    return render(request, "portal/status_code.html", _second(look_up, error), status=422 if error else 200)


@never_cache
@require_safe
@public("completion, for the browser that gave the second factor")
def shown(request: HttpRequest, look_up: UUID) -> HttpResponse:
    """Step 3: how it stands, in the browser that gave the right digits."""
    found = None
    if request.session.get("looked_up") == str(look_up):
        with node_of(request).database.transaction() as tx:
            found = status.completion(tx, str(look_up))
    if found is None:
        return render(request, "portal/status_over.html")
    return render(request, "portal/status.html", {"here": "status", "found": found})


def _first(request: HttpRequest, typed: str, error: str, code: int) -> HttpResponse:
    field = {
        "id": "code",
        "label": _("Mã hồ sơ"),
        "help": _("Trên giấy tiếp nhận hoặc trong tin nhắn. Viết hoa hay thường, có dấu cách hay không đều được."),
        "kind": "text",
        "state": "ask",
        "value": typed,
        "error": error,
        "required": True,
    }
    errors = [{"id": "code", "message": error}] if error else []
    return render(
        request, "portal/status_look_up.html", {"here": "status", "field": field, "errors": errors}, status=code
    )


def _second(look_up: UUID, error: str) -> dict[str, object]:
    field = {
        "id": "digits",
        "label": _("Sáu chữ số trong tin nhắn"),
        "help": "",
        "kind": "number",
        "state": "ask",
        "value": "",
        "error": error,
        "required": True,
    }
    errors = [{"id": "digits", "message": error}] if error else []
    return {"here": "status", "field": field, "errors": errors, "minutes": outgoing.MINUTES, "look_up": look_up}
