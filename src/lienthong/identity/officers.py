"""Which posts a person holds at this node today: their own, and those of somebody away whom they stand in for."""

from datetime import date
from typing import Any

from django.contrib.sessions.backends.base import SessionBase

from lienthong.identity import validity
from lienthong.identity.types import Account, Officer, Post
from lienthong.kit.storage import Database, Tx

# An own post comes before the same one held for another.
_FIND = """
SELECT o.name, o.role, o.unit, coalesce((SELECT name FROM officer a WHERE a.number = o.instead_of LIMIT 1), '') AS away
FROM officer o
WHERE o.number = %(number)s AND o.starts <= %(on)s AND (o.ends IS NULL OR o.ends >= %(on)s)
    AND (o.instead_of = '' OR in_post(o.instead_of, o.role, o.unit, %(on)s))
ORDER BY o.role, o.unit, o.instead_of
"""
_COLLEAGUES = """
SELECT DISTINCT number, name FROM officer
WHERE role = %(role)s AND (%(unit)s = '' OR unit = %(unit)s) AND number <> %(but)s
    AND in_post(number, role, unit, %(on)s)
ORDER BY name, number
"""


def find(tx: Tx, number: str, on: date) -> Officer | None:
    """The officer with every post in force on that day, both ends included; None without any."""
    rows = tx.all(_FIND, {"number": number, "on": on})
    posts: dict[tuple[str, str], Post] = {}
    for row in rows:
        posts.setdefault((row.role, row.unit), Post(row.role, row.unit, row.away))
    return Officer(number, rows[0].name, tuple(posts.values())) if rows else None


def colleagues(tx: Tx, role: str, unit: str, on: date, *, but: str = "") -> list[tuple[str, str]]:
    """Number and name of everybody in a post on that day (in any unit, where none is said), without one of them."""
    rows = tx.all(_COLLEAGUES, {"role": role, "unit": unit, "on": on, "but": but})
    return [(row.number, row.name) for row in rows]


def posts(tx: Tx, on: date) -> list[tuple[str, str]]:
    """Every role and unit that somebody holds on that day."""
    sql = "SELECT DISTINCT role, unit FROM officer WHERE starts <= %s AND (ends IS NULL OR ends >= %s)"
    return [(row.role, row.unit) for row in tx.all(sql, (on, on))]


def in_post(tx: Tx, number: str, role: str, unit: str, on: date) -> bool:
    """Whether somebody holds a role in a unit on that day; in any unit, where none is said."""
    return bool(tx.value("SELECT in_post(%s, %s, %s, %s)", (number, role, unit, on)))


def present(session: SessionBase, database: Database, account: Account, on: date) -> Officer | None:
    """`find`, asked of the database at most once a minute per session: a post that ends is lost within that minute."""
    asked = {"number": account.number, "on": on.isoformat()}
    kept: dict[str, Any] = session.get("officer") or {"at": 0}
    if validity.seconds() - kept["at"] >= validity.OFFICER or not asked.items() <= kept.items():
        with database.transaction() as tx:
            officer = find(tx, account.number, on)
        session["officer"] = kept = {
            **asked,
            "at": validity.seconds(),
            "name": officer.name if officer else "",
            "posts": [[post.role, post.unit, post.instead_of] for post in officer.posts] if officer else [],
        }
    if not kept["posts"]:
        return None
    return Officer(kept["number"], kept["name"], tuple(Post(*post) for post in kept["posts"]))
