"""The one clock of a node: Vietnamese time, movable in a demo country.

`lienthong clock +2d` writes an offset in seconds to the file named by LIENTHONG_CLOCK; every process of the country
reads it. A production node has no such file and lives in real time.
"""

import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

LOOK_AGAIN = 0.05  # seconds for which an offset once read is believed


@dataclass
class _Reading:
    path: str = ""
    at: float = 0.0
    offset: timedelta = timedelta()


_last = _Reading()
_then: ContextVar[datetime | None] = ContextVar("_then", default=None)


def now() -> datetime:
    """The present moment in Vietnam, with its zone."""
    return _then.get() or datetime.now(ZONE) + offset()


@contextmanager
def at(moment: datetime) -> Generator[None]:
    """Let it be another moment for this thread: what was lost is done again as it was done then."""
    token = _then.set(moment.astimezone(ZONE))
    try:
        yield
    finally:
        _then.reset(token)


def today() -> date:
    """The calendar day in Vietnam."""
    return now().date()


def offset() -> timedelta:
    """How far the demo country's time runs ahead of real time; zero in production."""
    path, at = os.environ.get("LIENTHONG_CLOCK", ""), time.monotonic()
    if path != _last.path or at - _last.at > LOOK_AGAIN:
        _last.path, _last.at, _last.offset = path, at, _read(path)
    return _last.offset


def _read(path: str) -> timedelta:
    try:
        return timedelta(seconds=float(Path(path).read_text() or 0)) if path else timedelta()
    except FileNotFoundError:
        return timedelta()


def shift(by: timedelta | None) -> timedelta:
    """Move the demo country's time by a duration, or back to real time with None. Returns the new offset.

    Raises RuntimeError where no clock file is configured: real time is nobody's to move.
    """
    path = os.environ.get("LIENTHONG_CLOCK")
    if not path:
        raise RuntimeError("this node lives in real time: LIENTHONG_CLOCK is not set")
    moved = timedelta() if by is None else offset() + by
    draft = Path(path).with_suffix(".new")
    draft.write_text(str(moved.total_seconds()))
    draft.replace(path)
    _last.at = 0.0
    return moved
