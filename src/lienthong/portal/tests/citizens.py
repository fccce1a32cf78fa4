"""What the tests of citizens' pages share: a country whose portal tells, a post office, pages as text."""

import re
from html import unescape
from typing import Any

from lienthong.casework.tests.country import in_node
from lienthong.exchange.node import Node
from lienthong.portal import sending

PHONE, MAIL = "0912345678", "ka.wen@example.vn"
SECRET = "only for tests"
CHANNELS = frozenset({"sms", "email"})


def text(page: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page.content.decode())))


def rows(node: Node, sql: str, *params: Any) -> list[Any]:
    return in_node(node, lambda tx: tx.all(sql, params))  # type: ignore[no-any-return]


def send_all(portal: Node, office: Any, mail: Any) -> None:
    """What the worker's threads do, until nothing waits."""
    while sending.spread(portal, CHANNELS):
        pass
    while sending.deliver(portal, "sms", lambda row: sending._send_sms(office, SECRET, row)):
        pass
    while sending.deliver(portal, "email", lambda row: sending._send_mail(mail, row)):
        pass


def letters(portal: Node, channel: str) -> list[Any]:
    return rows(portal, "SELECT * FROM demo_letter WHERE channel = %s ORDER BY id", channel)
