"""The web process's application: the exchange's door, static files, then Django's pages."""

import logging
import os

import django
from django.core.handlers.wsgi import WSGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.config.settings")
logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level=logging.WARNING)
django.setup(set_prefix=False)

from lienthong.config import wiring  # noqa: E402 — settings must be in place first
from lienthong.documents import stamping  # noqa: E402
from lienthong.exchange.door import door  # noqa: E402
from lienthong.identity import sessions  # noqa: E402
from lienthong.kit.web import assets  # noqa: E402

sessions.use(wiring.current().database)
files = assets.serving(assets.own(), "/static/", WSGIHandler())
application = door(wiring.current(), stamping.authority(wiring.time_stamp_authority(), files))
