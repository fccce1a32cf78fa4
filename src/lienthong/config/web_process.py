"""A node's web process: granian around the WSGI application, forked and never re-imported."""

import multiprocessing
import os
from functools import partial
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from lienthong.config.lifeline import die_with_parent

THREADS = 16  # more than cores: a thread that waits for a slow partner must not hold up the others
GRACE_SECONDS = 1


def serve(host: str, port: int) -> None:
    """Serves until SIGTERM. The environment names the node (see `settings`)."""
    # granian would start a fresh interpreter: 60 MB and a second more, and an orphan when its parent is killed
    multiprocessing.set_start_method("fork", force=True)
    server = Granian(
        "lienthong.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        backpressure=256,
        websockets=False,
        log_level=LogLevels.error,
        workers_kill_timeout=GRACE_SECONDS,
    )
    server.serve(target_loader=partial(_application, os.getpid()), wrap_loader=False)


def _application(parent: int) -> Any:
    """Runs in granian's own child, which must not outlive us and answer on our port."""
    die_with_parent(parent=parent)
    from lienthong.config.wsgi import application

    return application
