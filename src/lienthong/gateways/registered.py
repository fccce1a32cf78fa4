"""Which outside systems may speak: registered as data, each with a secret of its own, a time and a number of calls.

A secret is kept as it is, in a file of the gateway's node alone: the national look-up's signature is a hash over it, so
a hash of it would not do.
"""

import hmac
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import msgspec

from lienthong.catalogue.outside import OutsideSystem

MINUTE = 60.0
Systems = Mapping[str, OutsideSystem]


@dataclass
class _Minute:
    """How often a system called in the minute that began at `since`."""

    since: float = 0.0
    calls: int = 0


@dataclass
class Quota:
    """What is left of a system's calls: for the headers X-RateLimit-*; `after` seconds until the next minute."""

    limit: int
    left: int
    after: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.left)),
            "X-RateLimit-Reset": str(self.after),
        }


@dataclass
class Registered:
    """The secrets of outside systems, by id, and how often each called."""

    secrets: Mapping[str, str]
    _minutes: dict[str, _Minute] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def load(cls, file: Path) -> "Registered":
        """Raises OSError and msgspec.DecodeError when the file of secrets does not read."""
        return cls(msgspec.json.decode(file.read_bytes(), type=dict[str, str]))

    def knows(self, system: str, secret: str) -> bool:
        """Whether this is the system's secret, compared in the same time whatever is wrong."""
        return hmac.compare_digest(self.secrets.get(system, "").encode(), secret.encode()) and system in self.secrets

    def count(self, name: str, limit: int, now: float) -> Quota:
        """Count one call; `left` below zero says that it is one too many."""
        with self._lock:
            minute = self._minutes.setdefault(name, _Minute(now))
            if not 0 <= now - minute.since < MINUTE:
                minute.since, minute.calls = now, 0
            minute.calls += 1
            return Quota(limit, limit - minute.calls, max(1, round(minute.since + MINUTE - now)))


def find(systems: Systems, name: str, language: str, on: date) -> OutsideSystem | None:
    """A system that may speak a language on a day; None for any other, whatever the reason."""
    found = systems.get(name)
    if found is None or language not in found.speaks:
        return None
    return found if found.since <= on and (found.until is None or on <= found.until) else None


def member(systems: Systems, identifier: str) -> str:
    """The id of the system behind an X-Road identifier; empty for none."""
    return next((name for name, system in systems.items() if system.member == identifier), "")
