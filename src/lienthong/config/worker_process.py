"""A node's worker process: the courier that delivers its outbox, the sealer of its journal, housekeeping."""

import logging
import os
import signal
import threading
import time
from pathlib import Path

from lienthong.config import wiring
from lienthong.exchange import courier
from lienthong.identity import housekeeping
from lienthong.journal import sealer
from lienthong.kit.doorbell import Porch

GRACE_SECONDS = 1.0


def run() -> None:
    """Works until SIGTERM. When one part ends by itself the process ends, and the supervisor starts it anew."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level=logging.WARNING)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    name = os.environ["LIENTHONG_NODE"]
    node = wiring.node(name)
    porch = Porch(Path(os.environ["LIENTHONG_RUN"]) / f"{name}.bell")
    parts = [
        threading.Thread(target=courier.run, args=(node, stop, porch), name="courier", daemon=True),
        threading.Thread(target=sealer.run, args=(node.database, stop), name="sealer", daemon=True),
        threading.Thread(target=housekeeping.run, args=(node.database, stop), name="housekeeping", daemon=True),
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
