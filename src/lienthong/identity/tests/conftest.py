"""The test country of this room, over two real databases."""

from collections.abc import Callable, Generator
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

from lienthong.identity import backchannel, relying, sessions
from lienthong.identity.tests import country as world
from lienthong.kit.storage import Database
from lienthong.kit.web.site import Site

TABLES = "session, officer, authorization_code, sign_in, accounts, demo_person"


@pytest.fixture(scope="module")
def two_databases(node_database: Callable[[str], Any]) -> Generator[tuple[Database, Database]]:
    """A desk's and e-identity's, through their runtime roles."""
    databases = Database(node_database("G15").run), Database(node_database("G01-eid").run)
    yield databases
    for database in databases:
        database.close()


@pytest.fixture
def country(
    node_database: Callable[[str], Any],
    two_databases: tuple[Database, Database],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Generator[world.Country]:
    with psycopg.connect(node_database("G15").owner) as owner:
        owner.execute("TRUNCATE session, officer")
    with psycopg.connect(node_database("G01-eid").owner) as owner:
        owner.execute(f"TRUNCATE {TABLES}")
        owner.execute(world.PEOPLE)
    here = world.Country(*two_databases)
    monkeypatch.setattr(backchannel, "call", here.back_channel)
    monkeypatch.setattr(relying, "_key_sets", {})
    monkeypatch.setattr(sessions, "_in_use", {"sessions": two_databases[0]})
    with override_settings(**_settings(tmp_path)):
        yield here


@pytest.fixture
def browser(country: world.Country) -> world.Browser:
    return world.Browser()


def _settings(folder: Path) -> dict[str, Any]:
    return {
        "SECRET_KEY": "only for tests",
        "ALLOWED_HOSTS": ["*"],
        "USE_TZ": True,
        "TIME_ZONE": "Asia/Ho_Chi_Minh",
        "LANGUAGE_CODE": "vi",
        "STATIC_URL": "/static/",
        "ROOT_URLCONF": world.RELYING,
        "SESSION_ENGINE": "lienthong.identity.sessions",
        "SESSION_COOKIE_NAME": "sessionid",
        "INSTALLED_APPS": ["lienthong.kit.web", "lienthong.identity"],
        "MIDDLEWARE": [
            "lienthong.identity.tests.country.choose_node",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "lienthong.identity.middleware.AccountMiddleware",
            "lienthong.kit.web.middleware.security_headers",
            "lienthong.kit.web.middleware.chosen_language",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
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
        "LIENTHONG_BIND": "127.0.0.1",
        "LIENTHONG_TOKEN_KEY": str(folder / "token.pem"),
    }
