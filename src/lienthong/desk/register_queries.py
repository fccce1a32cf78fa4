"""What the register of dossiers (form 07) reads: a month of what units took in, some of it or all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

import msgspec

from lienthong.casework.dossiers import Content, stream_of
from lienthong.casework.states import Act
from lienthong.kit.clock import ZONE
from lienthong.kit.storage import Tx

PAGE: Final = 50
AT_ONCE: Final = 500
_WHERE = """
d.received_at >= %(since)s AND d.received_at < %(until)s
    AND (%(service)s = '' OR d.service = %(service)s) AND d.service = ANY(%(services)s)
    AND coalesce(nullif(d.intake, ''), d.unit, '') = ANY(%(units)s)
"""
_COUNT = f"SELECT count(*) FROM dossier d WHERE {_WHERE}"
_LINES = f"""
SELECT d.code, d.service, d.revision, d.agency, d.unit, d.applicant, d.subject, d.received_at, d.accepted_at,
    d.deadline, d.finished_at, d.returned_at, d.status, d.channel, c.declared, c.contact
FROM dossier d JOIN dossier_content c ON c.code = d.code
WHERE {_WHERE} ORDER BY d.received_at, d.code LIMIT %(limit)s OFFSET %(offset)s
"""
_DELIVERED = """
SELECT stream, payload FROM journal_entry
WHERE stream = ANY(%s) AND payload IS NOT NULL AND payload LIKE '%%"verb":"deliver"%%'
"""


@dataclass(frozen=True)
class Asked:
    """A month (its first day) of what some units took in; `service` empty is all of `services`."""

    month: date
    service: str
    units: list[str]
    services: list[str]

    @property
    def params(self) -> dict[str, Any]:
        first, last = self.month, _following(self.month)
        since, until = (datetime.combine(day, time(), ZONE) for day in (first, last))
        told = {"service": self.service, "units": self.units, "services": self.services}
        return {**told, "since": since, "until": until}


@dataclass(frozen=True)
class Line:
    """A dossier as stored, with what it says of who applied, and how its result was given out."""

    row: Any
    content: Content
    delivered: Act | None


def count(tx: Tx, asked: Asked) -> int:
    return int(tx.value(_COUNT, asked.params))


def lines(tx: Tx, asked: Asked, offset: int, limit: int = PAGE) -> list[Line]:
    rows = tx.all(_LINES, {**asked.params, "limit": limit, "offset": offset})
    handed = _handed(tx, [row.code for row in rows if row.returned_at])
    return [Line(row, _content(row), handed.get(row.code)) for row in rows]


def every(tx: Tx, asked: Asked) -> Iterator[Line]:
    """All lines of the month, some at a time."""
    for offset in range(0, count(tx, asked), AT_ONCE):
        yield from lines(tx, asked, offset, AT_ONCE)


def _content(row: Any) -> Content:
    declared, contact = (msgspec.json.decode(text) for text in (row.declared, row.contact))
    return Content(declared, contact=contact)


def _handed(tx: Tx, codes: list[str]) -> Mapping[str, Act]:
    """The act by which each was handed over; none where the electronic result was all."""
    rows = tx.all(_DELIVERED, ([stream_of(code) for code in codes],)) if codes else []
    return {row.stream.partition("/")[2]: msgspec.json.decode(row.payload, type=Act) for row in rows}


def _following(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
