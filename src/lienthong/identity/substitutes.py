"""Who stands in for an officer who is away: the same posts, for given days, ending by themselves.

Named by the officer, or by the head of the unit. A post that is itself held for another is not passed on.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import msgspec

from lienthong.identity.types import Officer, Post
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx

LONGEST: Final = 90  # days; who is away for longer is replaced by an appointment

_PEOPLE = """
SELECT DISTINCT number, name FROM officer
WHERE unit = ANY (%(units)s) AND starts <= %(on)s AND (ends IS NULL OR ends >= %(on)s) AND instead_of = ''
ORDER BY name, number
"""
_POSTS = """
SELECT role, unit FROM officer
WHERE number = %s AND instead_of = '' AND starts <= %s AND (ends IS NULL OR ends >= %s) ORDER BY role, unit
"""
_LISTED = """
SELECT o.number, o.name, o.role, o.unit, o.starts, o.ends, o.instead_of AS away,
    (SELECT name FROM officer a WHERE a.number = o.instead_of LIMIT 1) AS away_name
FROM officer o
WHERE o.instead_of <> '' AND o.unit = ANY (%(units)s) AND o.ends >= %(on)s
ORDER BY o.starts, away_name, o.name, o.role
"""
_ADD = """
INSERT INTO officer (number, name, role, unit, starts, ends, instead_of) VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (number, role, unit, starts) DO NOTHING
"""
_END = "UPDATE officer SET ends = %s WHERE number = %s AND instead_of = %s AND starts <= %s AND ends > %s"
_CALL_OFF = "DELETE FROM officer WHERE number = %s AND instead_of = %s AND starts > %s"


class Substitute(msgspec.Struct, frozen=True):
    """Somebody in somebody else's posts, from the first day to the last."""

    number: str
    name: str
    away: str
    away_name: str
    posts: tuple[Post, ...]
    starts: date
    ends: date


def people(tx: Tx, units: Sequence[str], on: date) -> list[tuple[str, str]]:
    """Number and name of everybody who holds a post of their own in these units."""
    return [(row.number, row.name) for row in tx.all(_PEOPLE, {"units": list(units), "on": on})]


def posts_of(tx: Tx, number: str, on: date) -> list[Post]:
    """The posts somebody holds themselves."""
    return [Post(row.role, row.unit) for row in tx.all(_POSTS, (number, on, on))]


def listed(tx: Tx, units: Sequence[str], on: date) -> list[Substitute]:
    """Who stands in for whom in these units, now or later."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for row in tx.all(_LISTED, {"units": list(units), "on": on}):
        found.setdefault((row.number, row.away, row.starts, row.ends), []).append(row)
    return [
        Substitute(
            number, rows[0].name, away, rows[0].away_name, tuple(Post(r.role, r.unit) for r in rows), starts, ends
        )
        for (number, away, starts, ends), rows in found.items()
    ]


def may_name(officer: Officer, heads: Sequence[str], away: str, posts: Sequence[Post]) -> list[Post]:
    """The posts of `away` for which this officer may name a substitute: their own, or any of a unit they head."""
    if away == officer.number:
        return list(posts)
    headed = officer.units_as(*heads)
    return [post for post in posts if post.unit in headed]


def name(
    tx: Tx, by: Officer, away: str, posts: Sequence[Post], substitute: tuple[str, str], starts: date, ends: date
) -> None:
    """Let somebody hold posts of who is away. Raises ValueError: required, same-person, not-in-order, too-long."""
    number, called = substitute
    if not posts:
        raise ValueError("required")
    if number == away:
        raise ValueError("same-person")
    if ends < starts or starts < clock.today():
        raise ValueError("not-in-order")
    if (ends - starts).days >= LONGEST:
        raise ValueError("too-many-days")
    for post in posts:
        tx.run(_ADD, (number, called, post.role, post.unit, starts, ends, away))
    told = {
        "verb": "substitute", "by": by.number, "away": away, "substitute": number, "starts": starts.isoformat(),
        "ends": ends.isoformat(), "posts": [[post.role, post.unit] for post in posts],
    }  # fmt: skip
    _write(tx, told)


def end(tx: Tx, by: Officer, away: str, number: str) -> None:
    """Who was away is back: nobody stands in for them from now on, and what had not begun does not begin."""
    last = clock.today() - timedelta(days=1)
    tx.touch(_END, (last, number, away, last, last))
    tx.touch(_CALL_OFF, (number, away, last))
    _write(tx, {"verb": "substitute_ends", "by": by.number, "away": away, "substitute": number})


def _write(tx: Tx, told: dict[str, Any]) -> None:
    entries.begin(tx, f"post/{new_id()}", "act", told, at=clock.now())
