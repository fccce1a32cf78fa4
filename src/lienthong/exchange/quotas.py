"""How often a right may be used: a bucket of tokens for each, refilled as time passes.

Kept in the process, because a counter in the database would be one row that every question waits for; a node has one
web process. A bucket begins with a tenth of a minute's worth, so that a restart is no way around it.
"""

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from math import ceil
from threading import Lock

from lienthong.exchange.envelopes import Refused

MINUTE = 60.0
FIRST_SHARE = 10


class TooMany(Refused):
    """The right is used up for now; it may be tried again after so many seconds."""

    def __init__(self, seconds: int, right: Hashable) -> None:
        super().__init__("too-many", "this right is used up for now")
        self.seconds, self.right = seconds, right


@dataclass
class _Bucket:
    tokens: float
    at: float


class Quotas:
    """The buckets of one node, by whatever names a right; `seen` are causes already handed to somebody today."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.seen: set[str] = set()
        self._told: dict[Hashable, float] = {}
        self._buckets: dict[Hashable, _Bucket] = {}
        self._lock = Lock()

    def take(self, wanted: Mapping[tuple[Hashable, int], int]) -> None:
        """Take so many tokens of each (right, uses per minute); all or none. Raises TooMany."""
        with self._lock:
            buckets = {right: self._filled(right, most) for right, most in wanted}
            for (right, most), count in wanted.items():
                if (wait := self._seconds(buckets[right], most, count)) > 0:
                    raise TooMany(max(1, ceil(wait)), right)
            for (right, _), count in wanted.items():
                buckets[right].tokens -= count

    def told(self, right: Hashable) -> bool:
        """Whether it was put down within this minute that a right is used up: a flood does not fill the log."""
        with self._lock:
            now = self._now()
            told = now - self._told.get(right, -MINUTE) < MINUTE
            if not told:
                self._told[right] = now
            return told

    def _filled(self, right: Hashable, most: int) -> _Bucket:
        now = self._now()
        bucket = self._buckets.get(right)
        if bucket is None:
            bucket = self._buckets[right] = _Bucket(max(1.0, most / FIRST_SHARE), now)
        bucket.tokens = min(float(most), bucket.tokens + (now - bucket.at) * most / MINUTE)
        bucket.at = now
        return bucket

    @staticmethod
    def _seconds(bucket: _Bucket, most: int, count: int) -> float:
        """How long until there are enough; a minute for more than a minute holds."""
        lacking = count - bucket.tokens
        return 0.0 if lacking <= 0 else min(MINUTE, lacking * MINUTE / most) if most else MINUTE
