"""What a node follows of others, how fresh it is, and who is told when it is not."""

from dataclasses import dataclass
from typing import Any

from lienthong.catalogue.shapes import Words
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Alert, Node
from lienthong.kit import clock

READ, SNAPSHOT = "feed.read", "feed.snapshot"
FRESH = 60  # seconds, where a declaration promises nothing
KEY = "publisher = %(publisher)s AND feed = %(feed)s AND purpose = %(purpose)s"


@dataclass(frozen=True)
class Subscription:
    """A feed to be followed: whose, which, for which purpose, how fresh it is promised to be (seconds)."""

    publisher: str
    feed: str
    purpose: str
    fresh: int = FRESH

    @property
    def key(self) -> dict[str, Any]:
        return {"publisher": self.publisher, "feed": self.feed, "purpose": self.purpose}

    @property
    def alert(self) -> str:
        return f"freshness/{self.publisher}/{self.feed}/{self.purpose}"


def wanted(node: Node) -> list[Subscription]:
    """What this node follows, by the rights it was given and the takers it has."""
    found = {}
    for right in node.catalogue.rights:
        feed = right.register or right.purpose
        if right.service != READ or right.grantee not in (node.name, "*") or feed not in node.followers:
            continue
        publishers = [right.grantor] if right.grantor != "*" else list(node.directory.nodes)
        for publisher in publishers:
            if publisher != node.name:
                one = Subscription(publisher, feed, right.purpose, _fresh(node, right.purpose))
                found[publisher, feed, right.purpose] = one
    return list(found.values())


def _fresh(node: Node, purpose: str) -> int:
    register = node.catalogue.owned.get(purpose)
    return register.follows.fresh if register and register.follows else FRESH


def problem_of(error: Exception) -> str:
    """What went wrong without what it was about: a database's message may quote a person's data."""
    return error.code if isinstance(error, Refused) else type(error).__name__


def look_at_freshness(node: Node, subscription: Subscription) -> None:
    """Tell the operators when a feed is older here than promised; their task closes by itself when it is caught up."""
    with node.database.transaction() as tx:
        row = tx.one(f"SELECT as_of, since, late FROM subscription WHERE {KEY}", subscription.key)
        behind = (clock.now() - (row.as_of or row.since)).total_seconds()
        is_late = behind > subscription.fresh
        if is_late == row.late:
            return
        tx.touch(f"UPDATE subscription SET late = %(late)s WHERE {KEY}", {**subscription.key, "late": is_late})
        if not is_late:
            node.on_alert_over(node, tx, subscription.alert, "caught up")
            return
        name = f"{subscription.feed} ({subscription.publisher} → {subscription.purpose})"
        title = Words(f"Dữ liệu theo dõi bị chậm: {name}", f"A followed feed is behind: {name}")
        detail = {"seconds": round(behind), "promised": subscription.fresh}
        node.on_alert(node, tx, Alert("freshness", subscription.alert, title, "operator", detail))
