"""A node's worker process: courier of its outbox, sealer of its journal, timers, papers, files, housekeeping."""

import logging
import os
import signal
import threading
import time
from functools import partial
from pathlib import Path

from lienthong.casework import forecasting, paper_idle, timers
from lienthong.config import outlets, outside, wiring
from lienthong.desk import intake_drafts
from lienthong.documents import fetching
from lienthong.exchange import courier, following, forks, statistics
from lienthong.exchange.node import Node
from lienthong.identity import housekeeping
from lienthong.journal import sealer
from lienthong.kit.doorbell import Porch
from lienthong.registers import capturing, reconcile_runs
from lienthong.steering import index_follow

GRACE_SECONDS = 1.0


def _joined(node: Node, stop: threading.Event) -> list[threading.Thread]:
    """Who looks for changes of joined databases, where there are any."""
    found = node.catalogue.joinings
    return [threading.Thread(target=capturing.run, args=(node, stop), name="joined", daemon=True)] if found else []


def _indexed(node: Node, stop: threading.Event) -> list[threading.Thread]:
    """Who counts what agencies did, where dossiers are decided."""
    decides = "desk" in node.catalogue.card.faces
    return [threading.Thread(target=index_follow.run, args=(node, stop), name="index", daemon=True)] if decides else []


def _forecast(node: Node, stop: threading.Event) -> list[threading.Thread]:
    """Who learns how long steps take, where dossiers are decided."""
    decides = any(service.card.handled_by == node.name for service in node.catalogue.services.values())
    return [threading.Thread(target=forecasting.run, args=(node, stop), name="forecast", daemon=True)] * decides


def run() -> None:
    """Works until SIGTERM. When one part ends by itself the process ends, and the supervisor starts it anew."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level=logging.WARNING)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    name = os.environ["LIENTHONG_NODE"]
    node = wiring.node(name)
    porch = Porch(Path(os.environ["LIENTHONG_RUN"]) / f"{name}.bell")
    directory = partial(wiring.follower(node).run, asks=True)
    forks.at_start(node)
    tidying = (node.database, stop, intake_drafts.sweep)
    parts = [
        threading.Thread(target=directory, args=(stop,), name="directory", daemon=True),
        threading.Thread(target=courier.run, args=(node, stop, porch), name="courier", daemon=True),
        threading.Thread(target=sealer.run, args=(node.database, stop), name="sealer", daemon=True),
        threading.Thread(target=forks.run, args=(node, stop), name="heads", daemon=True),
        threading.Thread(target=following.run, args=(node, stop), name="follower", daemon=True),
        threading.Thread(target=timers.run, args=(node, stop), name="timers", daemon=True),
        threading.Thread(target=paper_idle.run, args=(node, stop), name="papers", daemon=True),
        threading.Thread(target=statistics.run, args=(node, stop), name="statistics", daemon=True),
        threading.Thread(target=fetching.run, args=(node, stop), name="files", daemon=True),
        threading.Thread(target=housekeeping.run, args=tidying, name="housekeeping", daemon=True),
        threading.Thread(target=reconcile_runs.keep_up, args=(node, stop), name="sums", daemon=True),
        *_joined(node, stop),
        threading.Thread(target=reconcile_runs.run, args=(node, stop), name="reconciliation", daemon=True),
        *_indexed(node, stop),
        *_forecast(node, stop),
        *outlets.threads(node, stop),
        *outside.threads(node, stop),
        *outlets.handing_over(node, stop),
    ]
    for part in parts:
        part.start()
    while not stop.wait(0.5):
        for part in parts:
            if not part.is_alive():
                raise SystemExit(f"the {part.name} of {name} has ended")
    deadline = time.monotonic() + GRACE_SECONDS
    for part in parts:
        part.join(max(0.0, deadline - time.monotonic()))
