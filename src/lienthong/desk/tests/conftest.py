"""A country with officers signed in at two of its desks."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django
import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.test import override_settings

if not settings.configured:
    settings.configure(SECRET_KEY="only for tests")
if not apps.ready:
    django.setup()

from lienthong.casework.tests.country import Country
from lienthong.desk.tests import office
from lienthong.identity import sessions
from lienthong.kit.web.site import Site

ROOMS = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def country(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    made = Country(node_database, Path(tmp_path_factory.mktemp("run")))
    for name in office.STAFF:
        with psycopg.connect(node_database(name).owner) as owner, owner.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO officer (number, name, role, unit, starts) VALUES (%s, %s, %s, %s, '2025-07-01')",
                [(o.number, o.name, post.role, post.unit) for o in office.STAFF[name] for post in o.posts],
            )
    yield made
    made.close()


@pytest.fixture
def desks(country: Country, monkeypatch: pytest.MonkeyPatch) -> Iterator[office.Desks]:
    """Browsers of signed-in officers: `desks("H36", CHECKER).get("/queue")`."""
    monkeypatch.setattr(sessions, "_in_use", {})
    with override_settings(**_settings()):
        yield office.Desks(country)
    country.silent = set()


def _settings() -> dict[str, Any]:
    return {
        "SECRET_KEY": "only for tests",
        "ALLOWED_HOSTS": ["*"],
        "USE_TZ": True,
        "TIME_ZONE": "Asia/Ho_Chi_Minh",
        "LANGUAGE_CODE": "vi",
        "LANGUAGES": [("vi", "Tiếng Việt"), ("en", "English")],
        "LOCALE_PATHS": [ROOMS / "locale"],
        "STATIC_URL": "/static/",
        "ROOT_URLCONF": office.DESK,
        "SESSION_ENGINE": "lienthong.identity.sessions",
        "SESSION_COOKIE_NAME": "sessionid",
        "INSTALLED_APPS": ["lienthong.kit.web"],
        "MIDDLEWARE": [
            "lienthong.desk.tests.office.choose_node",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "lienthong.identity.middleware.AccountMiddleware",
            "lienthong.kit.web.middleware.chosen_language",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [ROOMS / "identity" / "templates", ROOMS / "desk" / "templates"],
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "lienthong.kit.web.site.frame",
                    ]
                },
            }
        ],
        "SITE": Site("test", "Trang thử", "Test site", demo=True),
    }
