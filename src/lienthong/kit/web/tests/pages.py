"""Pages for the tests of the frame: one whole page, one that wants a token, one that fails."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from lienthong.kit.web.middleware import let_forms_lead_to

NAMES = ("home", "sign_in", "sign_out")


def plain(request: HttpRequest) -> HttpResponse:
    return render(request, "web/trouble.html", {"title": "Đ", "explanation": "", "status": 200})


def elsewhere(request: HttpRequest) -> HttpResponse:
    return let_forms_lead_to(HttpResponse("ok"), ["http://portal.localhost:8600"])


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("068183001234")


urlpatterns = [
    path("", include("lienthong.kit.web.urls")),
    *(path("" if name == "home" else name, plain, name=name) for name in NAMES),
    path("elsewhere", elsewhere),
    path("broken", broken),
]
handler404 = "lienthong.kit.web.views.page_not_found"
handler500 = "lienthong.kit.web.views.server_error"
