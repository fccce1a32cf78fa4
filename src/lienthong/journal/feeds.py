"""Feeds: the sealed entries of one register, or the publications, numbered without gaps.

    change       <register>/<key>           feed: the register
    load         load/<register>/<load>     feed: the register (a set of rows that a bulk load brought in)
    publication  publication/<part>         feed: publications

No change carries a row for its number: a seal says how many entries of each feed it holds and the number of the first
(`seal_feed`), and inside a seal entries stand in their order. What is not sealed is in no feed yet.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from lienthong.kit.storage import Tx

PUBLICATIONS = "publications"
LOAD = "load"  # the kind, and the first word of the stream, of an entry that stands for rows of a bulk load

FEED = f"""CASE kind WHEN 'change' THEN split_part(stream, '/', 1) WHEN '{LOAD}' THEN split_part(stream, '/', 2)
    WHEN 'publication' THEN '{PUBLICATIONS}' END"""
_LASTS = """
SELECT feed, (SELECT first + count - 1 FROM seal_feed WHERE feed = wanted.feed ORDER BY first DESC LIMIT 1) AS last
FROM unnest(%s::text[]) AS wanted (feed)
"""
_NUMBER = """
INSERT INTO seal_feed (seal, feed, first, count)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::integer[])
"""
_SEALS = """
SELECT seal FROM seal_feed WHERE feed = %(feed)s AND first <= %(after)s + %(limit)s
  AND first >= coalesce((SELECT max(first) FROM seal_feed WHERE feed = %(feed)s AND first <= %(after)s + 1), 1)
"""
_PAGE = f"""
SELECT * FROM (
    SELECT n.first - 1 + row_number() OVER (PARTITION BY n.seal ORDER BY e.id) AS sequence, e.*, n.seal,
        s.at AS sealed_at
    FROM ({_SEALS}) chosen
    JOIN seal_feed n ON n.seal = chosen.seal AND n.feed = %(feed)s
    JOIN seal s ON s.number = n.seal
    CROSS JOIN LATERAL (
        SELECT s.first_position - 1 + row_number() OVER (ORDER BY id) AS position, id, stream, number, kind, subject,
            at, payload, digest, chain, {FEED} AS feed
        FROM (SELECT * FROM journal_entry WHERE xid >= s.window_from AND xid < s.window_to AND id > s.after_id
              ORDER BY id LIMIT s.count) inside
    ) e
    WHERE e.feed = %(feed)s
) numbered
WHERE sequence > %(after)s AND sequence <= %(after)s + %(limit)s ORDER BY sequence
"""


def page(tx: Tx, feed: str, after: int, limit: int = 500) -> list[tuple[int, Any]]:
    """Sealed entries of a feed with sequence numbers above `after`, in order, as (sequence, row).

    A row has stream, number, kind, subject, at, payload (None once erased), digest, chain, the `seal` it lies under,
    its `position` in the journal and `sealed_at`: what proves it.
    """
    rows = tx.all(_PAGE, {"feed": feed, "after": after, "limit": limit})
    return [(row.sequence, row) for row in rows]


def last(tx: Tx, feed: str) -> int:
    """The number of a feed's last sealed entry; 0 while it has none."""
    return lasts(tx, [feed])[feed]


def lasts(tx: Tx, feeds: Sequence[str]) -> dict[str, int]:
    """The same of several feeds."""
    return {row.feed: row.last or 0 for row in tx.all(_LASTS, (list(feeds),))}


def number(tx: Tx, sealed: Sequence[tuple[int, "Counter[str]"]]) -> None:
    """Give new seals their sequence numbers: (seal, entries by feed), in order. The sealer's, under its lock."""
    reached = lasts(tx, sorted({feed for _, counts in sealed for feed in counts}))
    rows = []
    for seal, counts in sealed:
        for feed, count in counts.items():
            rows.append((seal, feed, reached[feed] + 1, count))
            reached[feed] += count
    if rows:
        tx.run(_NUMBER, [list(column) for column in zip(*rows, strict=True)])


def numbers(tx: Tx) -> dict[tuple[int, str], tuple[int, int]]:
    """First number and count by seal and feed, as they stand."""
    return {(row.seal, row.feed): (row.first, row.count) for row in tx.all("SELECT * FROM seal_feed")}
