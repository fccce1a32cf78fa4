"""Running numbers that are never given twice."""

from threading import Lock

from lienthong.kit.storage import Database, Tx

_TAKE = """
INSERT INTO series (name, last) VALUES (%(name)s, %(count)s)
ON CONFLICT (name) DO UPDATE SET last = series.last + %(count)s
RETURNING last
"""
_REACHED = """
INSERT INTO series (name, last) VALUES (%s, %s)
ON CONFLICT (name) DO UPDATE SET last = greatest(series.last, excluded.last)
"""


def next_number(tx: Tx, name: str, count: int = 1) -> int:
    """The next number of a series; with `count` the last of so many taken at once.

    Gapless: the series' row stays locked until the transaction ends, and a rolled-back number is given again.
    """
    last: int = tx.value(_TAKE, {"name": name, "count": count})
    return last


def reached(tx: Tx, name: str, number: int) -> None:
    """A number of the series was given before, whoever knows that now: no lower one is given again."""
    tx.touch(_REACHED, (name, number))


def jump(tx: Tx, by: int, *, like: str = "%", unlike: str = "") -> int:
    """Move series ahead: a number that was given, and that nobody knows any more, is not given twice. How many."""
    return tx.touch("UPDATE series SET last = last + %s WHERE name LIKE %s AND name NOT LIKE %s", (by, like, unlike))


class Block:
    """Numbers where gaps do no harm, without a lock across somebody's transaction: taken in blocks, ahead.

    A process that stops leaves the rest of its block unused.
    """

    def __init__(self, database: Database, size: int = 20) -> None:
        self._database, self._size = database, size
        self._left: dict[str, list[int]] = {}
        self._lock = Lock()

    def take(self, name: str) -> int:
        with self._lock:
            left = self._left.get(name)
            if not left:
                with self._database.transaction() as tx:
                    last = next_number(tx, name, self._size)
                left = self._left[name] = list(range(last, last - self._size, -1))
            return left.pop()
