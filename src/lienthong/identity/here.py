"""Signing in at e-identity for its own pages: what a person is asked, and whom they let act for them.

The session is the one that hands a person over to other sites: 15 minutes, ended by signing out here.
"""

from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from lienthong.identity import choosing
from lienthong.identity.guards import citizen_required
from lienthong.identity.relying import local_path
from lienthong.identity.types import Account, View
from lienthong.kit.web.access import Access, mark, public

_LOCKED = gettext_lazy("Tài khoản này đang bị khóa hoặc không có trong danh sách.")


def person_required(view: View) -> View:
    """Only for somebody signed in at e-identity, in `request.account`; others sign in first and come back."""
    guarded = citizen_required(view)

    @wraps(view)
    def known(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        request.account = choosing.present(request)  # type: ignore[attr-defined]
        return guarded(request, *arguments, **named)

    return mark(known, Access("person", "signed in at e-identity"))  # type: ignore[no-any-return]


@never_cache
@require_http_methods(["GET", "POST"])
@public("the sign-in page itself")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Choose who you are; then to `?next=`, a path of this site."""
    if not choosing.demo_sign_in(request):
        return render(request, "identity/no_sign_in.html", {"no_sign_in": True}, status=503)
    if request.method == "GET":
        return _show(request)
    looked_up = request.POST.get("step") == "look_up"
    try:
        account = choosing.looked_up(request) if looked_up else choosing.picked(request)
    except choosing.TooMany as often:
        return _show(request, str(often), 429)
    if account is None:
        return _show(request, str(choosing.NOT_FOUND if looked_up else _LOCKED), 422)
    return _entered(request, account)


def _entered(request: HttpRequest, account: Account) -> HttpResponse:
    choosing.enter(request, account)
    response = HttpResponseRedirect(local_path(request.GET.get("next", "")))
    response.status_code = 303
    return response


def _show(request: HttpRequest, error: str = "", status: int = 200) -> HttpResponse:
    return render(
        request, "identity/sign_in.html", {"no_sign_in": True, **choosing.page(request, error)}, status=status
    )


@require_POST
@public("the way out")
def sign_out(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    return HttpResponseRedirect("/")
