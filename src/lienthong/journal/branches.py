"""Where a journal goes on after a restore from a backup.

The seals between the backup and the loss are gone, but partners hold heads over them and countersigned them. Their
numbers are never given again: the new branch begins above all of them, under a statement that the node seals.
"""

from datetime import datetime

from lienthong.kit.storage import Tx

_BEGIN = "INSERT INTO branch (first, after_number, at, statement) VALUES (%s, %s, %s, %s)"
_FIRST = "SELECT coalesce(max(first), 1) AS first FROM branch"


def begin(tx: Tx, first: int, after: int, at: datetime, statement: str) -> None:
    """The next seal has the number `first`; seals above `after` that partners may know were lost."""
    tx.run(_BEGIN, (first, after, at, statement))


def first(tx: Tx) -> int:
    """The least number that the next seal may have."""
    number: int = tx.value(_FIRST)
    return number
