"""Browsers at a portal of the test country: its real pages, sessions in its own database."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.test import Client

from lienthong.demo.letters import letter_patterns
from lienthong.exchange.node import Node
from lienthong.identity import sessions
from lienthong.identity.signed_in import remember
from lienthong.identity.types import Account
from lienthong.identity.urls import relying_patterns
from lienthong.kit.web.site import Site
from lienthong.kit.web.urls import urlpatterns as frame_patterns
from lienthong.portal.urls import urlpatterns as portal_patterns
from lienthong.steering.urls import steering_patterns

ROOMS = Path(__file__).parents[2]
SERVED: dict[str, Node] = {}
ROUTES = ModuleType("portal_routes")
ROUTES.__dict__["urlpatterns"] = [
    *portal_patterns,
    *steering_patterns,
    *letter_patterns,
    *relying_patterns,
    *frame_patterns,
]
ROUTES.__dict__["handler403"] = "lienthong.kit.web.views.permission_denied"
ROUTES.__dict__["handler404"] = "lienthong.kit.web.views.page_not_found"


def choose_node(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: the portal of the country at hand."""

    def answer(request: HttpRequest) -> HttpResponse:
        request.node = SERVED["portal"]  # type: ignore[attr-defined]
        sessions.use(SERVED["portal"].database)
        return get_response(request)

    return answer


def browser(portal: Node, account: Account | None = None, language: str = "vi") -> Client:
    """A browser, of a signed-in person where one is given."""
    SERVED["portal"] = portal
    client = Client(HTTP_HOST="portal.localhost")
    client.cookies["lang"] = language
    if account is not None:
        sessions.use(portal.database)
        session = sessions.SessionStore()
        remember(session, account)
        session.save()
        client.cookies["sessionid"] = str(session.session_key)
    return client


def settings() -> dict[str, Any]:
    templates = {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOMS / room / "templates" for room in ("portal", "steering", "demo", "identity")],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "lienthong.kit.web.site.frame",
                "lienthong.portal.frame.unread_messages",
            ]
        },
    }
    return {
        "SECRET_KEY": "only for tests",
        "ALLOWED_HOSTS": ["*"],
        "USE_TZ": True,
        "TIME_ZONE": "Asia/Ho_Chi_Minh",
        "LANGUAGE_CODE": "vi",
        "LANGUAGES": [("vi", "Tiếng Việt"), ("en", "English")],
        "LOCALE_PATHS": [ROOMS / "locale"],
        "STATIC_URL": "/static/",
        "FILE_UPLOAD_HANDLERS": ["lienthong.kit.web.files.Bounded"],
        "ROOT_URLCONF": ROUTES,
        "SESSION_ENGINE": "lienthong.identity.sessions",
        "SESSION_COOKIE_NAME": "sessionid",
        "INSTALLED_APPS": ["lienthong.kit.web"],
        "MIDDLEWARE": [
            "lienthong.portal.tests.browsing.choose_node",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "lienthong.identity.middleware.AccountMiddleware",
            "lienthong.kit.web.middleware.chosen_language",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        "TEMPLATES": [templates],
        "SITE": Site("portal", "Cổng thử", "Test portal", demo=True),
    }
