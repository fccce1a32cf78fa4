"""Word from a partner: whoever reaches us can be reached, so the lane to them need not rest any longer."""

import time

from lienthong.exchange.envelopes import Message
from lienthong.exchange.node import Node

_PREFIX = "from:"
_AT_MOST_EVERY = 1.0  # seconds between two rings for one partner, in one process
_rung: dict[tuple[str, str], float] = {}


def heard(node: Node, sender: str) -> None:
    """Tell the worker, now and then, that a partner was heard."""
    now, place = time.monotonic(), (node.name, sender)
    if now - _rung.get(place, -_AT_MOST_EVERY) >= _AT_MOST_EVERY:
        _rung[place] = now
        node.doorbell.ring(_PREFIX + sender)


def read(ring: str | None) -> tuple[str, bool]:
    """Whom a ring is about, and whether they were heard themselves."""
    text = ring or ""
    return text.removeprefix(_PREFIX), text.startswith(_PREFIX)


def look(node: Node, message: Message) -> None:
    """Let those judge an envelope, before it has effect, that know more about its sender. Raises Refused."""
    for hear in node.on_contact:
        hear(node, message)
