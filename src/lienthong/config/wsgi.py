"""The web process's application: the exchange's door, static files, then Django's pages."""

import logging
import os
import threading
from functools import partial

import django
from django.core.handlers.wsgi import WSGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.config.settings")
logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level=logging.WARNING)
django.setup(set_prefix=False)

from lienthong.config import outside, settings, wiring  # noqa: E402 — settings must be in place first
from lienthong.config.environment import value  # noqa: E402
from lienthong.documents import stamping  # noqa: E402
from lienthong.exchange import gate  # noqa: E402
from lienthong.exchange.door import Application, door  # noqa: E402
from lienthong.exchange.node import Node  # noqa: E402
from lienthong.identity import sessions  # noqa: E402
from lienthong.kit.web import assets  # noqa: E402

node = wiring.current()
threading.Thread(
    target=partial(wiring.follower(node).run, asks=False), args=(threading.Event(),), name="directory", daemon=True
).start()
sessions.use(node.database)
files = assets.serving(assets.own(), "/static/", WSGIHandler())
outside.connect(node, settings.CATALOGUE)


def at_gate(node: Node, pages: Application) -> Application:
    """Partners come in over mutual TLS at a port of their own; what is left for people's port."""
    identity, place = wiring.tls_identity(), value("LIENTHONG_EXCHANGE").rpartition(":")
    assert identity is not None, "`lienthong node` has looked"
    gate.Gate(node, identity, door(node, gate.nothing_else), place[0], int(place[2])).start()
    return gate.elsewhere(pages)


pages = stamping.authority(wiring.time_stamp_authority(), files)
pages = outside.gateway(node, settings.CATALOGUE, pages)
application = at_gate(node, pages) if value("LIENTHONG_EXCHANGE") else door(node, pages)
