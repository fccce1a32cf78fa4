"""Puts the signed-in person on the request; after Django's SessionMiddleware."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from lienthong.identity.signed_in import recall


class AccountMiddleware:
    """`request.account` is an Account or None.

    The session is read only for a browser that sent its cookie: machine routes and first visits cost no query. It is
    read here, before any view opens its transaction, so that no request ever holds two connections.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        known = settings.SESSION_COOKIE_NAME in request.COOKIES
        request.account = recall(request.session) if known else None  # type: ignore[attr-defined]
        request.officer = None  # type: ignore[attr-defined]
        return self._get_response(request)
