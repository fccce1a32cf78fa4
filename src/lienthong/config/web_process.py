"""A node's web process: granian around the WSGI application, forked and never re-imported."""

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer, WorkerProcess

from lienthong.config.environment import value

THREADS = 16  # more than cores: a thread that waits for a slow partner must not hold up the others


class OneProcess(MPServer):
    """granian without a parent of its own: our supervisor is one. Saves 8 MB a node, and an orphan when killed."""

    def _spawn_worker(  # type: ignore[override]  # granian's own signature differs from its parent's
        self, idx: int, target: Callable[..., None], callback_loader: Callable[[], Any]
    ) -> WorkerProcess:
        super()._spawn_worker(idx, target, callback_loader).inner.run()  # here, until SIGTERM
        raise SystemExit


def serve(host: str, port: int) -> None:
    """Serves until SIGTERM. The environment names the node (see `environment`)."""
    # whatever granian starts must not be a fresh interpreter: 60 MB and a second more
    multiprocessing.set_start_method("fork", force=True)
    server = OneProcess(
        "lienthong.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        backpressure=256,
        websockets=False,
        log_level=LogLevels.error,
        ssl_key=Path(tls) if (tls := value("LIENTHONG_TLS_KEY")) else None,
        ssl_cert=Path(value("LIENTHONG_TLS_CERT")) if tls else None,
    )
    server.serve(target_loader=_application, wrap_loader=False)


def _application() -> Any:
    from lienthong.config.wsgi import application

    return application
