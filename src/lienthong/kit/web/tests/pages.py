"""Pages for the tests of the frame: one whole page, one that wants a token, some that fail."""

import psycopg
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path
from psycopg_pool import PoolTimeout

from lienthong.kit.web.middleware import let_forms_lead_to

NAMES = ("home", "sign_in", "sign_out")


def plain(request: HttpRequest) -> HttpResponse:
    return render(request, "web/trouble.html", {"title": "Đ", "explanation": "", "status": 200})


def elsewhere(request: HttpRequest) -> HttpResponse:
    return let_forms_lead_to(HttpResponse("ok"), ["http://portal.localhost:8600"])


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("068183001234")


def away(request: HttpRequest) -> HttpResponse:
    raise psycopg.OperationalError("connection to server failed: 068183001234")


def full(request: HttpRequest) -> HttpResponse:
    raise PoolTimeout("no connection within 10 s")


def refused(request: HttpRequest) -> HttpResponse:
    raise psycopg.errors.DeadlockDetected("two waited for each other")


urlpatterns = [
    path("", include("lienthong.kit.web.urls")),
    *(path("" if name == "home" else name, plain, name=name) for name in NAMES),
    path("elsewhere", elsewhere),
    *(path(view.__name__, view) for view in (broken, away, full, refused)),
]
handler404 = "lienthong.kit.web.views.page_not_found"
handler500 = "lienthong.kit.web.views.server_error"
