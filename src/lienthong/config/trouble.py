"""What a person at the command line can put right: said in one sentence, with the remedy."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager

ELSEWHERE = "set LIENTHONG_STATE to a folder you can write"


class Trouble(Exception):
    """The command cannot go on; `remedy` says what the person can type or change."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def show(self) -> None:
        print(f"lienthong: {self.what}\n  remedy: {self.remedy}", file=sys.stderr, flush=True)


@contextmanager
def disk_troubles_named() -> Iterator[None]:
    """Turns a full disk, a read-only disk and a missing permission into a `Trouble` that names the file."""
    try:
        yield
    except OSError as failure:
        place = failure.filename or "the state folder"
        if failure.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Trouble(f"the disk is full ({place})", "free at least 500 MB, then the same command") from failure
        if failure.errno == errno.EROFS:
            raise Trouble(f"{place} lies on a read-only disk", ELSEWHERE) from failure
        if failure.errno in (errno.EACCES, errno.EPERM):
            raise Trouble(f"no permission for {place}", f"run as its owner, or {ELSEWHERE}") from failure
        raise
