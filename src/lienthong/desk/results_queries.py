"""What the results desk reads: results that wait to be given out, of an officer's units and services only."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from lienthong.casework import delivering, letters
from lienthong.casework.dossiers import Content, Dossier, from_row
from lienthong.casework.letters import Destination, Letter
from lienthong.casework.states import Act
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit.storage import Tx

MOST: Final = 200
LONG: Final = timedelta(days=7)  # a result that lies here longer is looked after
_CODE = re.compile(r"[A-Z0-9]{1,3}(?:\.[A-Z0-9]{2,3}){0,5}-\d{6}-\d{4,8}")
_NUMBER = re.compile(r"\b\d{12}\b")
_SCOPE = "d.waiting = 'collect' AND d.desk = ANY (%(units)s) AND d.service = ANY (%(services)s)"
_WITH = """
SELECT d.*, c.declared, c.contact, l.letter, r.reminded FROM dossier d JOIN dossier_content c ON c.code = d.code
LEFT JOIN LATERAL (SELECT to_json(letter)::text AS letter FROM letter WHERE dossier = d.code
    ORDER BY sent_at DESC LIMIT 1) l ON true
LEFT JOIN LATERAL (SELECT max(at) AS reminded FROM reminder WHERE dossier = d.code) r ON true
"""
_WAITING = f"{_WITH} WHERE {_SCOPE} ORDER BY d.finished_at, d.code LIMIT {MOST}"
_FOUND = f"""
{_WITH} WHERE {_SCOPE} AND (d.code = ANY (%(codes)s) OR d.parent = ANY (%(codes)s) OR d.applicant = ANY (%(numbers)s))
ORDER BY d.finished_at, d.code LIMIT {MOST}
"""
_GIVEN = """
SELECT d.*, j.payload FROM dossier d JOIN journal_entry j ON j.stream = 'dossier/' || d.code AND j.number = d.acts
WHERE d.returned_at >= %(today)s AND d.desk = ANY (%(units)s) AND d.service = ANY (%(services)s) AND d.waiting = ''
ORDER BY d.returned_at DESC LIMIT 100
"""


@dataclass(frozen=True)
class Waiting:
    """A result that waits to be given out: how the applicant wants it, where it would go, its latest sending."""

    dossier: Dossier
    way: str
    to: Destination
    letter: Letter | None = None
    reminded: datetime | None = None

    @property
    def on_its_way(self) -> bool:
        return self.letter is not None and self.letter.state == "sent"

    @property
    def came_back(self) -> bool:
        return self.letter is not None and self.letter.state == "returned"

    @property
    def by_post(self) -> bool:
        """Whether it is to be sent: it was wished so, and is not on its way."""
        return self.way == "post" and not self.on_its_way

    @property
    def since(self) -> datetime:
        return self.dossier.times.finished_at or self.dossier.state.since


def scope(node: Node, officer: Officer) -> dict[str, list[str]]:
    """The units and services whose results the officer gives out."""
    given = {
        slug: delivering.givers(service)
        for slug, service in node.catalogue.services.items()
        if service.card.handled_by == node.name and not service.branches
    }
    services = [slug for slug, roles in given.items() if roles & officer.roles]
    units = officer.units_as(*(role for slug in services for role in given[slug]))
    return {"units": [*sorted(units), ""], "services": services}


def waiting(node: Node, tx: Tx, officer: Officer) -> list[Waiting]:
    """Everything that waits here, the longest first."""
    return [_read(node, row) for row in tx.all(_WAITING, scope(node, officer))]


def one(node: Node, tx: Tx, officer: Officer, code: str) -> list[Waiting]:
    """The result of a dossier, and the others that wait here for the same applicant; empty where it does not wait."""
    found = _found(node, tx, officer, [code], [])
    if not any(it.dossier.identity.code == code for it in found):
        return []
    number = next(it.dossier.identity.applicant for it in found if it.dossier.identity.code == code)
    others = [it for it in _found(node, tx, officer, [], [number]) if it.dossier.identity.code != code]
    return [*(it for it in found if it.dossier.identity.code == code), *others]


def search(node: Node, tx: Tx, officer: Officer, text: str) -> list[Waiting]:
    """By a dossier's code (typed, or in what its QR code says), or the applicant's number (typed, or on their card)."""
    return _found(node, tx, officer, _CODE.findall(text.upper()), _NUMBER.findall(text)[:1])


def _found(node: Node, tx: Tx, officer: Officer, codes: Iterable[str], numbers: Iterable[str]) -> list[Waiting]:
    named = {"codes": list(codes), "numbers": list(numbers)}
    return [_read(node, row) for row in tx.all(_FOUND, scope(node, officer) | named)]


def given_today(node: Node, tx: Tx, officer: Officer, today: datetime) -> list[tuple[Dossier, Act]]:
    """What was given out today, with the act that says to whom."""
    rows = tx.all(_GIVEN, {**scope(node, officer), "today": today})
    found = [(from_row(row), msgspec.json.decode(row.payload, type=Act)) for row in rows if row.payload]
    return [(dossier, act) for dossier, act in found if act.verb == "deliver"]


def _read(node: Node, row: Any) -> Waiting:
    dossier = from_row(row)
    service = node.catalogue.shown(dossier.identity.service, dossier.identity.revision)
    content = Content(msgspec.json.decode(row.declared), contact=msgspec.json.decode(row.contact))
    letter = msgspec.json.decode(row.letter, type=Letter) if row.letter else None
    way, to = delivering.wished(service, content), letters.destination(service, content)
    return Waiting(dossier, way, to, letter, row.reminded)
