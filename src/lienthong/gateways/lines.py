"""A line from here to a system outside: few calls at once, each with its deadline, none at all for a while after three
failures. What a partner does not answer never holds up more than its own callers."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock
from urllib.parse import unquote, urlsplit

import urllib3

from lienthong.gateways.calls import LARGEST

AT_ONCE = 4
OPENS_AFTER = 3
STAYS_OPEN = 5.0
PATIENCE = 1.5
LARGEST_ANSWER = 4 * LARGEST


class Silent(Exception):
    """No answer in time, too large a one, or none is waited for just now."""


@dataclass(frozen=True)
class Heard:
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Line:
    """To one address, `https://user:secret@host:port/path?words`."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("an address begins with http:// or https:// and a host")
        port = f":{parts.port}" if parts.port else ""
        self.address = f"{parts.scheme}://{parts.hostname}{port}{parts.path}"
        self.user, self.secret = unquote(parts.username or ""), unquote(parts.password or "")
        self.words = parts.query
        self._http = urllib3.PoolManager(num_pools=1, maxsize=AT_ONCE, retries=False)
        self._free, self._lock = BoundedSemaphore(AT_ONCE), Lock()
        self._failures, self._open_until = 0, 0.0

    def call(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Heard:
        """What comes back; redirects are not followed. Raises Silent."""
        if time.monotonic() < self._open_until or not self._free.acquire(blocking=False):
            raise Silent("not asked just now")
        answered = False
        try:
            response = self._http.request(
                method, self.address + path, body=body or None, headers=headers, redirect=False,
                timeout=urllib3.Timeout(total=PATIENCE), preload_content=False,
            )  # fmt: skip
            heard = Heard(response.status, response.headers, _whole(response))
            answered = response.status < 500
        except urllib3.exceptions.HTTPError as error:
            raise Silent(type(error).__name__) from None
        finally:
            self._free.release()
            self._heard(answered)
        return heard

    def _heard(self, answered: bool) -> None:
        with self._lock:
            self._failures = 0 if answered else self._failures + 1
            if self._failures >= OPENS_AFTER:
                self._open_until = time.monotonic() + STAYS_OPEN


def _whole(response: urllib3.BaseHTTPResponse) -> bytes:
    """The body, up to what is taken. Raises Silent."""
    content = response.read(LARGEST_ANSWER + 1)
    if len(content) > LARGEST_ANSWER:
        response.close()
        raise Silent("too large an answer")
    response.release_conn()
    return content
