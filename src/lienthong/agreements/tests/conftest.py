"""The town of these tests, and Django as e-identity runs it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from django.apps import apps
from django.conf import settings
from django.test import override_settings

if not settings.configured:
    settings.configure(SECRET_KEY="only for tests")
if not apps.ready:
    django.setup()

from lienthong.agreements.tests import town as town_pages
from lienthong.agreements.tests.town import Town
from lienthong.identity import sessions
from lienthong.kit.web.site import Site

ROOMS = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town(node_database, Path(tmp_path_factory.mktemp("run")))
    yield town
    town.close()


@pytest.fixture
def town(made: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Town]:
    monkeypatch.setattr(sessions, "_in_use", {})
    made.heard.clear()
    with override_settings(**_settings(tmp_path)):
        yield made


def _settings(folder: Path) -> dict[str, Any]:
    return {
        "SECRET_KEY": "only for tests",
        "ALLOWED_HOSTS": ["*"],
        "USE_TZ": True,
        "TIME_ZONE": "Asia/Ho_Chi_Minh",
        "LANGUAGE_CODE": "vi",
        "LANGUAGES": [("vi", "Tiếng Việt"), ("en", "English")],
        "LOCALE_PATHS": [ROOMS / "locale"],
        "STATIC_URL": "/static/",
        "ROOT_URLCONF": town_pages.ROUTES,
        "SESSION_ENGINE": "lienthong.identity.sessions",
        "SESSION_COOKIE_NAME": "sessionid",
        "INSTALLED_APPS": ["lienthong.kit.web", "lienthong.identity"],
        "MIDDLEWARE": [
            "lienthong.agreements.tests.town.choose_node",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "lienthong.identity.middleware.AccountMiddleware",
            "lienthong.kit.web.middleware.chosen_language",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [ROOMS / "agreements" / "templates"],
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "lienthong.kit.web.site.frame",
                    ]
                },
            }
        ],
        "SITE": Site("eid", "Định danh điện tử", "Electronic identity", demo=True),
        "LIENTHONG_BIND": "127.0.0.1",
        "LIENTHONG_TOKEN_KEY": str(folder / "token.pem"),
    }
