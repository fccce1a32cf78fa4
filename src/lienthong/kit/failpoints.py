"""Places where a process may be made to die, so that a proof can hit each of them on purpose.

`here(name)` does nothing unless LIENTHONG_FAILPOINTS names a folder with a file `<name>@<node>`: then it takes the
file away, writes down that the point was hit, and ends the process as `kill -9` does. Only the country in a box sets
that variable, and only when the folder `failpoints` stands in its state folder before it starts.
"""

import os
import signal
from pathlib import Path

BEFORE_COMMIT = "before-commit"  # a transaction that sends something is complete, not committed
AFTER_COMMIT = "after-commit"  # committed; the courier does not know yet
BEFORE_SEND = "before-send"  # the courier holds a batch
AFTER_HANDLING = "after-handling"  # the recipient has committed the effect; its receipt has not left
BEFORE_SETTLING = "before-settling"  # the sender has the receipt in hand, not written down
BETWEEN_RECORD_AND_NUMBER = "between-record-and-number"  # the birth is entered, its number not yet asked for
SIGNING = "signing"  # a document is signed, not kept
EVERY = (
    BEFORE_COMMIT, AFTER_COMMIT, BEFORE_SEND, AFTER_HANDLING, BEFORE_SETTLING, BETWEEN_RECORD_AND_NUMBER, SIGNING,
)  # fmt: skip


def here(name: str) -> None:
    """Die here if somebody laid a trap."""
    folder = os.environ.get("LIENTHONG_FAILPOINTS")
    if not folder:
        return
    place = f"{name}@{os.environ.get('LIENTHONG_NODE', '')}"
    try:
        Path(folder, place).unlink()  # only one process takes it
    except FileNotFoundError:
        return
    with Path(folder, "hits").open("a") as hits:
        hits.write(f"{place}\n")
    os.kill(os.getpid(), signal.SIGKILL)
