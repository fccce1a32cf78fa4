"""Starts the processes of one node or of the whole country, keeps them alive, and stops them in order.

It holds no key and no password: each child reads its own after the fork. It imports the rooms once, so that a child is
ready in a fraction of a second and shares its memory with its siblings.
"""

import gc
import http.client
import os
import select
import signal
import socket
import ssl
import time
from dataclasses import dataclass

from lienthong.config import memory
from lienthong.config.children import Child, stop_all
from lienthong.config.postgres import Cluster
from lienthong.config.trouble import Trouble

PATIENCE_SECONDS = 2.0
LONGEST_START_SECONDS = 60.0
FAILURES_AT_START = 3
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Door:
    """Where a web process must answer."""

    name: str
    host: str
    port: int
    secure: bool = False

    def is_free(self) -> bool:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError:
                return False
        return True

    def is_healthy(self) -> bool:
        """Whether GET /health answers 200."""
        connection = self._connection()
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if not self.secure:
            return http.client.HTTPConnection(self.host, self.port, timeout=5)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # our own child: whether it lives, not who it is
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(self.host, self.port, timeout=5, context=context)


def demand_free(doors: list[Door]) -> None:
    """Trouble that names the ports already taken: granian would share them silently with their present owner."""
    taken = [door for door in doors if not door.is_free()]
    if taken:
        raise Trouble(
            f"port {', '.join(str(door.port) for door in taken)} is taken (wanted for {taken[0].name})",
            f"stop what uses it, or choose others: ./lienthong up --port {doors[0].port + 100}",
        )


def import_rooms() -> None:
    """Loads what every child needs; nothing here may open a connection or start a thread."""
    from lienthong.config import preload

    preload.load()
    gc.collect()
    gc.freeze()  # children do not touch, and so do not copy, what was imported before the fork
    gc.set_threshold(20_000, 20, 50)  # requests leave few cycles behind: look for them less often


class Supervisor:
    """`children` in the order of their start; `cluster` when the database is ours to keep alive too."""

    def __init__(self, children: list[Child], doors: list[Door], cluster: Cluster | None = None) -> None:
        self.children = children
        self.doors = doors
        self.cluster = cluster
        self._stopping = False
        self._wake, self._waker = os.pipe()
        for end in (self._wake, self._waker):
            os.set_blocking(end, False)

    def start(self) -> None:
        """Starts every child and returns when each door answers. Trouble when one does not come up."""
        self._listen()
        for child in self.children:
            child.start()
        waiting = list(self.doors)
        deadline = time.monotonic() + LONGEST_START_SECONDS
        while waiting and not self._stopping:
            self._tend()
            for child in self.children:
                if child.failures >= FAILURES_AT_START:
                    raise Trouble(f"{child.name} does not start:\n{child.last_words()}", f"read {child.log}")
            if time.monotonic() > deadline:
                names = ", ".join(door.name for door in waiting)
                raise Trouble(f"{names} did not answer in {LONGEST_START_SECONDS:.0f} s", "read the logs in var/log")
            waiting = [door for door in waiting if not door.is_healthy()]
            if waiting:
                self._sleep(0.02)

    def watch(self) -> None:
        """Returns when asked to stop; until then whatever dies is started again."""
        while not self._stopping:
            self._tend()
            due = [child.due for child in self.children if child.pid is None]
            self._sleep(max(0.0, min(due) - time.monotonic()) if due else 5.0)

    def stop(self) -> None:
        stop_all(self.children, PATIENCE_SECONDS)
        signal.set_wakeup_fd(-1)
        for end in (self._wake, self._waker):
            os.close(end)

    @property
    def is_stopping(self) -> bool:
        return self._stopping

    def megabytes(self) -> float:
        return memory.megabytes(memory.family(os.getpid()))

    def _tend(self) -> None:
        if self.cluster and self.cluster.has_died():
            self.cluster.start()
            self.cluster.wait()
        for child in self.children:
            child.reap()
            if child.pid is None and not self._stopping and time.monotonic() >= child.due:
                child.start()

    def _listen(self) -> None:
        for number in STOPPING:
            signal.signal(number, self._asked_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker)

    def _asked_to_stop(self, *_: object) -> None:
        self._stopping = True

    def _sleep(self, seconds: float) -> None:
        """Until the time is over, a child ends, or somebody asks us to stop."""
        ready, _, _ = select.select([self._wake], [], [], seconds)
        if ready:
            os.read(self._wake, 4096)


def interruptible(number: int, _: object) -> None:
    """Signal handler while preparing: SIGTERM ends it as Ctrl-C does."""
    raise KeyboardInterrupt
