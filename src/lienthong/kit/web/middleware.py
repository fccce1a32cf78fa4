"""Headers that keep a page ours alone, and the language a person chose."""

from collections.abc import Callable, Iterable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils import translation

LANGUAGE_COOKIE: Final = "lang"
LANGUAGES: Final = ("vi", "en")

# Where the site is served under TLS: browsers never speak to it in the clear again (RFC 6797).
STRICT_TRANSPORT: Final = "max-age=31536000"

Answer = Callable[[HttpRequest], HttpResponse]

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
CONTENT_POLICY: Final = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'"
)


class Packed(GZipMiddleware):
    """Middleware: pages leave packed, where the browser can unpack; files are packed already, or would gain nothing.

    What a page repeats of its request cannot be used to guess what else is in it (BREACH): tokens of forms are masked
    anew in every page, and Django adds a name of random length to each packed answer.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not response.get("Content-Type", "").startswith(("text/html", "application/json")):
            return response
        return super().process_response(request, response)


def security_headers(get_response: Answer) -> Answer:
    """Middleware, outermost, so that pages about failures have them too: no page is framed, sniffed, scripted from
    elsewhere or, with somebody signed in, kept."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
        if settings.SESSION_COOKIE_SECURE:
            response.headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)
        if getattr(request, "account", None):
            # Communes lend their computers: after signing out, "back" must not show the last person's papers.
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return answer


def let_forms_lead_to(response: HttpResponse, origins: Iterable[str]) -> HttpResponse:
    """Allow this page's forms to end at `origins` (scheme://host:port) too.

    Browsers hold redirects after a form to `form-action`; e-identity's sign-in page redirects back to the asking site.
    """
    response.headers["Content-Security-Policy"] = " ".join((CONTENT_POLICY, *origins))
    return response


def chosen_language(get_response: Answer) -> Answer:
    """Middleware: Vietnamese, unless the cookie `lang` says otherwise. What the browser prefers does not matter."""

    def answer(request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(LANGUAGE_COOKIE)
        language = chosen if chosen in LANGUAGES else LANGUAGES[0]
        with translation.override(language):
            response = get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response

    return answer
