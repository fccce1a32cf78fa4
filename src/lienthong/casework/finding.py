"""Finding dossiers by whom they are about: without accents, by whole words, the latest first.

What is looked for stands in a table that no act touches. The units of a dossier and the month it came are words beside
the name, so that the index meets the rarest of them first: whoever has few units is given those of their units,
whoever has many the latest months until there are enough.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import accumulate
from typing import Final

from lienthong.kit.clock import ZONE
from lienthong.kit.storage import Tx
from lienthong.kit.text import fold

FEW_UNITS: Final = 12
_SPANS: Final = (1, 2, 3, 6, 12, 36)  # months, each span before the one it follows
_FOUND: Final = """
SELECT code FROM dossier_name WHERE to_tsvector('simple', words) @@ to_tsquery('simple', %s)
ORDER BY came DESC, code LIMIT %s
"""


def words(name: str, units: Iterable[str | None], came: datetime) -> str:
    """What a dossier is found by."""
    places = dict.fromkeys(f"u{unit}" for unit in units if unit)
    return " ".join((fold(name), *places, f"m{came.astimezone(ZONE):%Y%m}"))


def named(tx: Tx, name: str, units: Collection[str], now: datetime, most: int) -> Iterator[list[str]]:
    """Codes of dossiers about somebody whose name has all these words, the latest first, some at a time; the last word
    may be cut short. Only of these units where they are few; none: of all."""
    asked = fold(name).split()
    if not asked:
        return
    whole = [*asked[:-1], asked[-1] + (":*" if len(asked[-1]) > 2 else "")]
    if 0 < len(units) <= FEW_UNITS:
        yield _codes(tx, [*whole, _any(f"u{unit}" for unit in units)], most)
        return
    for end, span in zip(accumulate(_SPANS), _SPANS, strict=True):
        yield _codes(tx, [*whole, _any(_months(now, end - span, end))], most)


def _codes(tx: Tx, parts: Iterable[str], most: int) -> list[str]:
    return [row.code for row in tx.all(_FOUND, (" & ".join(parts), most))]


def _any(parts: Iterable[str]) -> str:
    return f"({' | '.join(sorted(parts))})"


def _months(now: datetime, begin: int, end: int) -> Iterator[str]:
    """The months that many back."""
    this = now.year * 12 + now.month - 1
    for month in range(this - end + 1, this - begin + 1):
        yield f"m{month // 12}{month % 12 + 1:02d}"
