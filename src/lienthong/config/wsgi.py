"""The web process's application: the exchange's door, static files, then Django's pages."""

import logging
import os
from pathlib import Path

import django
from django.core.handlers.wsgi import WSGIHandler
from whitenoise import WhiteNoise

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.config.settings")
logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level=logging.WARNING)
django.setup(set_prefix=False)

from lienthong.config import wiring  # noqa: E402 — settings must be in place first
from lienthong.exchange.door import door  # noqa: E402
from lienthong.identity import sessions  # noqa: E402

STATIC = Path(__file__).parents[1] / "kit" / "web" / "static"

sessions.use(wiring.current().database)
application = door(wiring.current(), WhiteNoise(WSGIHandler(), root=STATIC, prefix="static/", max_age=3600))
