"""The modules that a forked child finds already imported."""

import importlib
import pkgutil
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from lienthong.catalogue import files
from lienthong.config.state import HOME
from lienthong.kit.web import assets

ROOMS = Path(__file__).resolve().parents[1]
HEAVY = (
    "django.contrib.staticfiles.storage",
    "django.core.handlers.wsgi",
    "django.core.management",
    "django.forms",
    "django.middleware.csrf",
    "django.middleware.gzip",
    "django.middleware.locale",
    "django.template.backends.django",
    "django.template.defaulttags",
    "django.templatetags.i18n",
    "django.templatetags.static",
    "django.urls",
    "django.views.csrf",
    "django.views.debug",
    "granian.server.mp",
    "joserfc.jwt",
    "psycopg_pool",
    "urllib3",
)
# what reads the settings of one node as it is imported, and what only some commands need
LATE = ("lienthong.config", "lienthong.demo", "lienthong.bench")


def load() -> None:
    """Imports every room that runs inside a node."""
    for name in HEAVY:
        importlib.import_module(name)
    for module in pkgutil.walk_packages([str(ROOMS)], "lienthong."):
        if not module.name.startswith(LATE) and ".tests" not in module.name and not module.name.endswith("conftest"):
            with suppress(ImproperlyConfigured):  # it asks Django's settings, which only a child has
                importlib.import_module(module.name)
    assets.own()
    files.warm(HOME / "catalogue")
    for name in ("lienthong.config.web_process", "lienthong.config.worker_process"):
        importlib.import_module(name)
