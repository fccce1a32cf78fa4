"""Which posts a person holds at this node today."""

from datetime import date
from typing import Any

from django.contrib.sessions.backends.base import SessionBase

from lienthong.identity import validity
from lienthong.identity.types import Account, Officer, Post
from lienthong.kit.storage import Database, Tx


def find(tx: Tx, number: str, on: date) -> Officer | None:
    """The officer with every post in force on that day, both ends included; None without any."""
    rows = tx.all(
        "SELECT name, role, unit FROM officer WHERE number = %s AND starts <= %s AND (ends IS NULL OR ends >= %s)"
        " ORDER BY role, unit",
        (number, on, on),
    )
    return Officer(number, rows[0].name, tuple(Post(row.role, row.unit) for row in rows)) if rows else None


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
            "posts": [[post.role, post.unit] for post in officer.posts] if officer else [],
        }
    if not kept["posts"]:
        return None
    return Officer(kept["number"], kept["name"], tuple(Post(role, unit) for role, unit in kept["posts"]))
