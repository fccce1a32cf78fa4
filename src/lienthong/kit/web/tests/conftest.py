"""A Django without a database, with the frame alone."""

from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client, override_settings

if not settings.configured:
    settings.configure(SECRET_KEY="only for tests")
if not apps.ready:
    django.setup()

from lienthong.kit.web.site import Site

WEB = Path(__file__).parents[1]
PROCESSORS = ["django.template.context_processors.request", "lienthong.kit.web.site.frame"]


@pytest.fixture
def site() -> Iterator[Client]:
    """A browser at a demo node's site that checks tokens and sees error pages."""
    with override_settings(
        ALLOWED_HOSTS=["testserver"],
        CSRF_FAILURE_VIEW="lienthong.kit.web.views.csrf_failure",
        DEBUG=False,
        INSTALLED_APPS=["lienthong.kit.web"],
        LANGUAGE_CODE="vi",
        LOCALE_PATHS=[WEB.parents[1] / "locale"],
        MIDDLEWARE=[
            "lienthong.kit.web.middleware.security_headers",
            "lienthong.kit.web.middleware.chosen_language",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        ROOT_URLCONF="lienthong.kit.web.tests.pages",
        SITE=Site("portal", "Cổng dịch vụ công", "Public services", demo=True),
        STATIC_URL="/static/",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": PROCESSORS},
            }
        ],
    ):
        yield Client(enforce_csrf_checks=True, raise_request_exception=False)
