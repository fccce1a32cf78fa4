"""Django's settings of one node's process, from the variables that `environment` lists."""

from pathlib import Path
from urllib.parse import urlsplit

from lienthong.catalogue.catalogue import read_nodes
from lienthong.config import directories
from lienthong.config.environment import value
from lienthong.kit.web.site import Site

NODE = value("LIENTHONG_NODE")
CATALOGUE = Path(value("LIENTHONG_CATALOGUE"))
DIRECTORY = directories.at_start()
CARD = read_nodes(CATALOGUE)[NODE]
_ROOMS = Path(__file__).parents[1]
WITH_PAGES = ("portal", "desk", "steering", "gateways", "agreements", "demo")

# Django reads what follows.
DEBUG = False
SECRET_KEY = value("LIENTHONG_SECRET")
ALLOWED_HOSTS = [str(urlsplit(DIRECTORY.entry(NODE).site).hostname), "127.0.0.1", "localhost"]
ROOT_URLCONF = "lienthong.config.urls"
INSTALLED_APPS = ["django.contrib.staticfiles", "lienthong.kit.web", "lienthong.identity"]
MIDDLEWARE = [
    "lienthong.kit.web.middleware.security_headers",
    "lienthong.kit.web.middleware.Packed",
    "lienthong.kit.web.middleware.chosen_language",
    "lienthong.config.middleware.node_middleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "lienthong.identity.middleware.AccountMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_ROOMS / room / "templates" for room in WITH_PAGES],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "lienthong.kit.web.site.frame",
                "lienthong.portal.frame.unread_messages",
            ],
        },
    }
]
SITE = Site(CARD.slug, CARD.name.vi, CARD.name.en, DIRECTORY.demo)
SESSION_ENGINE = "lienthong.identity.sessions"
SESSION_COOKIE_NAME = f"{CARD.slug}_session"
CSRF_COOKIE_NAME = f"{CARD.slug}_csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = DIRECTORY.entry(NODE).site.startswith("https:")
SESSION_COOKIE_AGE = 8 * 3600
CSRF_FAILURE_VIEW = "lienthong.kit.web.views.csrf_failure"
LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", "Tiếng Việt"), ("en", "English")]
LOCALE_PATHS = [_ROOMS / "locale"]
TIME_ZONE = "Asia/Ho_Chi_Minh"
USE_TZ = True
STATIC_URL = "/static/"
STORAGES = {"staticfiles": {"BACKEND": "lienthong.kit.web.assets.Addresses"}}
FILE_UPLOAD_HANDLERS = ["lienthong.kit.web.files.Bounded"]
LIENTHONG_TOKEN_KEY = value("LIENTHONG_TOKEN_KEY")
LIENTHONG_BIND = value("LIENTHONG_BIND")
LOGGING_CONFIG = None
