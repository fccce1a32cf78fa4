"""The relying party's own line to e-identity: few calls at once, a deadline in all, rest after silence.

A page that does not sign anybody in never waits here; one that does waits at most `DEADLINE` seconds.
"""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from functools import lru_cache
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import urlencode

import msgspec
import urllib3

DEADLINE = 3.0
AT_ONCE = 4
PATIENCE = 0.25
REST = 2.0
LARGEST = 65_536

Call = tuple[str, str, Mapping[str, str] | None]


class Silent(Exception):
    """E-identity did not answer in time, or not in a way to be understood."""


class Line:
    """Calls to one address. Threads start with the first call, so a forked process owns its own."""

    def __init__(self) -> None:
        self._http = urllib3.PoolManager(maxsize=AT_ONCE, retries=False)
        self._crew = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="eid")
        self._free = BoundedSemaphore(AT_ONCE)
        self._rests_until = 0.0

    def call(self, method: str, url: str, form: Mapping[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        """Status and decoded JSON object. Raises Silent."""
        if time.monotonic() < self._rests_until or not self._free.acquire(timeout=PATIENCE):
            raise Silent("at rest")
        # the thread, not the waiting caller, gives the place back: a trickling answer keeps occupying it
        answer = self._crew.submit(self._fetch, (method, url, form))
        try:
            status, body = answer.result(DEADLINE)
            return status, msgspec.json.decode(body, type=dict[str, Any])
        except (NotInTime, urllib3.exceptions.HTTPError, OSError) as error:
            self._rests_until = time.monotonic() + REST
            raise Silent(type(error).__name__) from error
        except msgspec.DecodeError as error:
            raise Silent("not JSON") from error

    def _fetch(self, call: Call) -> tuple[int, bytes]:
        method, url, form = call
        try:
            response = self._http.request(
                method,
                url,
                body=None if form is None else urlencode(form),
                headers={"Content-Type": "application/x-www-form-urlencoded"} if form is not None else None,
                redirect=False,
                preload_content=False,
                timeout=urllib3.Timeout(total=DEADLINE),
            )
            try:
                return response.status, response.read(LARGEST)
            finally:
                response.release_conn()
        finally:
            self._free.release()


@lru_cache(maxsize=8)
def line(_address: str) -> Line:
    """The line to one address in this process."""
    return Line()


def call(address: str, method: str, path: str, form: Mapping[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """See Line.call."""
    return line(address).call(method, address + path, form)
