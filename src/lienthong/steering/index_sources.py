"""Measures that no dossier's acts hold: of the catalogue as it was published by a day, and of what people say
(index_voices). What nobody counts here yet (certified e-copies) is not known, which is not the same as none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from lienthong.catalogue.files import Files, shaped
from lienthong.catalogue.indicators import OF_DOSSIERS
from lienthong.catalogue.shapes import Form, ServiceCard
from lienthong.exchange.node import Node
from lienthong.exchange.publications import body_of
from lienthong.kit.clock import ZONE
from lienthong.kit.storage import Tx
from lienthong.steering import index_voices
from lienthong.steering.index_sums import Grid, Period

IN_TIME: Final = {"ministry": 20, "province": 5, "commune": 5}  # working days before it takes effect (Decree 63/2010)
_HELD = """
SELECT DISTINCT ON (part) part, envelope FROM publication
WHERE since <= %s AND received_at < %s AND part LIKE 'services/%%' ORDER BY part, version DESC
"""
_CHANGED = """
SELECT envelope, received_at FROM publication
WHERE since BETWEEN %s AND %s AND received_at < %s AND version > 1 AND part LIKE 'services/%%'
"""


@dataclass(frozen=True)
class Published:
    """A service as it was public: its card, and the registers its form reads."""

    slug: str
    card: ServiceCard
    reads: frozenset[str]

    @property
    def is_complete(self) -> bool:
        """Whether all that the law wants public of a procedure is there."""
        card = self.card
        limit = card.limit.working_days or card.limit.hours or card.on_the_spot
        return bool(card.name.vi and card.channels and limit and card.results and card.legal_basis and card.fee >= 0)


def values(
    node: Node, tx: Tx, period: Period, grid: Grid, takes: index_voices.Takes = lambda _unit, _service: True
) -> dict[str, int | None]:
    """The measures of others by name, of the services that this node decides; those that are not here nobody knows.
    `takes` says which units and services are asked for."""
    midnight = datetime.combine(period.known + timedelta(days=1), time(), ZONE)
    rows = tx.all(_HELD, (period.until, midnight))
    services = [one for row in rows if (one := _published(body_of(row.envelope).files, node.name))]
    if not services:
        return {}
    slugs = {one.slug for one in services}
    paid = {service for (_, service), sums in grid.cells.items() if sums["paid_online"] and service in slugs}
    fees = [one for one in services if one.card.fee > 0]
    return {
        "procedures": len(services),
        "procedures_complete": sum(one.is_complete for one in services),
        "procedures_online": sum("online" in one.card.channels for one in services),
        "procedures_fee": len(fees),
        "procedures_fee_online": sum(bool(getattr(one.card, "payment", False)) for one in fees),
        "procedures_fee_paid": sum(one.slug in paid for one in fees),
        "procedures_population": sum("persons" in one.reads for one in services),
        **_in_time(node, tx, period, midnight),
        **index_voices.values(node, tx, period, grid, takes),
    }


def count_of(grid: Grid, others: Mapping[str, int | None]) -> dict[str, int | None]:
    """All measures by name."""
    total = grid.total
    return {**others, **{name: total[name] for name in OF_DOSSIERS}}


def _published(files: Files, node: str) -> Published | None:
    """A publication as a service that this node decides; None for others, and for the interlinked ones above them."""
    path = next((path for path in files if path.endswith("/service.yaml")), "")
    folder = path.removesuffix("/service.yaml")
    if not path or f"{folder}/branches.yaml" in files:
        return None
    card: ServiceCard = shaped(files, path, ServiceCard)
    if card.handled_by != node:
        return None
    form: Form = shaped(files, f"{folder}/form.yaml", Form)
    return Published(folder.removeprefix("services/"), card, frozenset(one.register for one in form.look_ups.values()))


def _in_time(node: Node, tx: Tx, period: Period, midnight: datetime) -> dict[str, int]:
    """Changes of procedures that took effect in the period, and those that were public long enough before. What came
    with the installation has no date of its own here."""
    rows = tx.all(_CHANGED, (period.since, period.until, midnight))
    found = [(body_of(row.envelope), row.received_at) for row in rows]
    told = [
        (card.card.level, body.since, at)
        for body, at in found
        if (card := _published(body.files, node.name)) is not None
    ]
    return {"procedures_dated": len(told), "procedures_in_time": sum(_was_in_time(node, told))}


def _was_in_time(node: Node, told: Iterable[tuple[str, date, datetime]]) -> list[bool]:
    found = []
    for level, since, at in told:
        day = at.astimezone(ZONE).date()
        for _ in range(IN_TIME[level]):
            day = node.catalogue.calendar.next_worked(day)
        found.append(day <= since)
    return found
