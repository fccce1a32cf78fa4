"""A citizen's inbox: every message about their dossiers in full words, the newest first."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from lienthong.catalogue.messages import message
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.kit.web.templatetags.vietnam import moment
from lienthong.portal.kinds import KINDS

PAGE = 30

_MINE = """
SELECT n.id, n.dossier, n.kind, n.detail, n.at, n.read_at, coalesce(d.subject, '') AS subject
FROM notice n LEFT JOIN dossier d ON d.code = n.dossier
WHERE n.reader = %s AND n.at < %s ORDER BY n.at DESC, n.id DESC LIMIT %s
"""
_SENT = "SELECT of, channel, state, problem, ended_at FROM delivery WHERE of = ANY(%s) ORDER BY channel DESC, id"
_READ = "UPDATE notice SET read_at = %s WHERE reader = %s AND read_at IS NULL AND id = ANY(%s)"


@dataclass(frozen=True)
class Sending:
    """How a message went out beside the inbox."""

    channel: str
    state: str
    at: datetime | None


@dataclass(frozen=True)
class Entry:
    id: str
    dossier: str
    title: str
    lines: list[str]
    subject: str
    sign: str
    at: datetime
    new: bool
    sendings: list[Sending]


def unread(tx: Tx, reader: str) -> int:
    return int(tx.value("SELECT count(*) FROM notice WHERE reader = %s AND read_at IS NULL", (reader,)))


def page(node: Node, tx: Tx, reader: str, before: datetime | None, language: str) -> tuple[list[Entry], bool]:
    """A page of messages older than `before`, and whether there are more. What is shown counts as read."""
    rows = tx.all(_MINE, (reader, before or datetime.max.replace(tzinfo=clock.ZONE), PAGE + 1))
    shown = rows[:PAGE]
    sent: dict[str, list[Sending]] = {}
    for row in tx.all(_SENT, ([row.id for row in shown],)):
        sent.setdefault(row.of, []).append(Sending(row.channel, row.state, row.ended_at))
    fresh = [row.id for row in shown if row.read_at is None]
    if fresh:
        tx.run(_READ, (clock.now(), reader, fresh))
    return [_entry(node, row, sent.get(row.id, []), language) for row in shown], len(rows) > PAGE


def _entry(node: Node, row: Any, sent: list[Sending], language: str) -> Entry:
    kind, detail = KINDS[row.kind], msgspec.json.decode(row.detail)
    names = {
        "service": _service(node, detail.get("service", ""), language),
        "agency": _agency(node, detail.get("node", ""), language),
        "place": _place(node, detail.get("unit", ""), detail.get("node", ""), language),
        "tracking": detail.get("tracking", ""),
        "until": moment(datetime.fromisoformat(detail["until"])) if detail.get("until") else "",
    }
    lines = [kind.text.in_language(language).format(**names)]
    if detail.get("reason"):
        lines.append(message(detail["reason"]))
    if kind.until and names["until"]:
        lines.append(kind.until.in_language(language).format(**names))
    if kind.following:
        lines.append(kind.following.in_language(language))
    title = kind.title.in_language(language).format(**names)
    return Entry(row.id, row.dossier, title, lines, row.subject, kind.sign, row.at, row.read_at is None, sent)


def _service(node: Node, slug: str, language: str) -> str:
    service = node.catalogue.services.get(slug)
    return service.card.short.in_language(language) if service else slug


def _place(node: Node, unit: str, agency: str, language: str) -> str:
    """Where a result lies: the unit's counter, else the agency's."""
    with suppress(KeyError):
        return node.territory.unit(unit).title
    return _agency(node, agency, language)


def _agency(node: Node, name: str, language: str) -> str:
    """Who handles a branch; without one it is the portal itself."""
    return node.catalogue.nodes[name if name in node.catalogue.nodes else node.name].name.in_language(language)
