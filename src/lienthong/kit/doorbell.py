"""Wakes a node's worker the moment there is something to send, without a lock in the database.

A datagram on a Unix socket beside the node's other run-time files. It may be lost: the worker also looks by itself
every half second. (NOTIFY would serialise every commit of the cluster on one lock.)
"""

import socket
from contextlib import suppress
from pathlib import Path


class Doorbell:
    """`ring` never blocks and never fails: nobody at home is a normal answer."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def ring(self, whom: str) -> None:
        """Say that something waits for a recipient."""
        with suppress(OSError):
            self._socket.sendto(whom.encode(), self._path)

    def close(self) -> None:
        self._socket.close()


class Porch:
    """The worker's side: waits for the bell."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o660)

    def wait(self, seconds: float) -> str | None:
        """Whom the next ring is for; None when nobody rang in time."""
        self._socket.settimeout(seconds)
        try:
            return self._socket.recv(200).decode(errors="replace")
        except TimeoutError:
            return None
