"""The one clock of a node: Vietnamese time, movable in a demo country.

`lienthong clock +2d` writes an offset in seconds to the file named by LIENTHONG_CLOCK; every process of the country
reads it. A production node has no such file and lives in real time.
"""

import os
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

# the clock file as last read: (its time of change, the offset it held)
_read: list[tuple[int, timedelta]] = [(-1, timedelta())]


def now() -> datetime:
    """The present moment in Vietnam, with its zone."""
    return datetime.now(ZONE) + offset()


def today() -> date:
    """The calendar day in Vietnam."""
    return now().date()


def offset() -> timedelta:
    """How far the demo country's time runs ahead of real time; zero in production."""
    path = os.environ.get("LIENTHONG_CLOCK")
    if not path:
        return timedelta()
    try:
        modified = Path(path).stat().st_mtime_ns
    except FileNotFoundError:
        return timedelta()
    if modified != _read[0][0]:
        _read[0] = (modified, timedelta(seconds=float(Path(path).read_text() or 0)))
    return _read[0][1]


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
    return moved
