"""What the frame of the portal's pages needs beyond a node's own: how many messages a signed-in person has not read."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from lienthong.portal import inbox


def unread_messages(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `unread`, counted once and only where a page asks for it."""
    return {"unread": _counted(request)}


def _counted(request: HttpRequest) -> Callable[[], int]:
    known: list[int] = []

    def count() -> int:
        if not known:
            account, node = getattr(request, "account", None), getattr(request, "node", None)
            if account is None or node is None:
                known.append(0)
            else:
                with node.database.transaction() as tx:
                    known.append(inbox.unread(tx, account.number))
        return known[0]

    return count
