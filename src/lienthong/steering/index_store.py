"""How facts and sums are stored: movements collected into cells, cells added to the sums of days and months."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import msgspec

from lienthong.exchange.node import Node
from lienthong.kit.storage import Tx
from lienthong.steering.index_facts import MEASURES, Component, Emit, Fact, Kind, Service

KEYS: Final = ("generation", "posted", "day", "unit", "service")
OWN: Final = ("generation", "code", "service", "unit", "channel", "filed_by")
FACTS: Final = Fact.__struct_fields__
FACT_COLUMNS: Final = OWN + FACTS
HOURS_A_DAY: Final = 8.0
POPULATION: Final = "persons"
_EPOCH = date(1970, 1, 1)
_COLUMNS = ", ".join(KEYS + MEASURES)
_ARRAYS = ", ".join(["%s::integer[]", "%s::date[]", "%s::date[]", "%s::text[]", "%s::text[]"]
                    + ["%s::integer[]"] * len(MEASURES))  # fmt: skip
_SUMMED = ", ".join(f"{name} = {{table}}.{name} + excluded.{name}" for name in MEASURES)
_ADD = f"""
INSERT INTO {{table}} ({_COLUMNS}) SELECT * FROM unnest({_ARRAYS})
ON CONFLICT ({", ".join(KEYS)}) DO UPDATE SET {_SUMMED}
"""
_KEEP = f"""
INSERT INTO index_fact ({", ".join(FACT_COLUMNS)}) VALUES ({", ".join(["%s"] * len(FACT_COLUMNS))})
ON CONFLICT (generation, code) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in FACTS)}
"""

Key = tuple[int, int, str, str]  # posted, day, unit, service
Cells = dict[Key, list[int]]


class Identity(msgspec.Struct, frozen=True):
    """What a dossier's row says of it for good."""

    code: str
    service: str
    revision: str
    unit: str
    channel: str
    filed_by: str


class Tally:
    """Movements on their way into cells."""

    def __init__(self) -> None:
        self.cells: Cells = {}

    def of(self, unit: str, service: str) -> Emit:
        """Where a dossier of this unit and service puts its movements."""
        cells, width = self.cells, len(MEASURES)

        def emit(measure: int, day: int, posted: int, count: int) -> None:
            key = (posted, day, unit, service)
            cell = cells.get(key)
            if cell is None:
                cell = cells[key] = [0] * width
            cell[measure] += count

        return emit


def kind_of(node: Node, identity: Identity) -> Kind:
    """What the index must know of a dossier before its first act; by the revision it was received under."""
    return Kind(identity.channel, service_of(node, identity.service, identity.revision))


def service_of(node: Node, slug: str, revision: str) -> Service:
    """What the index must know of a service; of one that is not known here any more, nothing."""
    try:
        found = node.catalogue.shown(slug, revision)
    except KeyError:
        return Service()
    limit, reads = found.card.limit, {one.register for one in found.form.look_ups.values()}
    hours = float(limit.hours) / 24 * HOURS_A_DAY if limit.hours else limit.working_days * HOURS_A_DAY
    return Service(found.card.fee > 0, POPULATION in reads, hours, node.catalogue.calendar)


def add(tx: Tx, generation: int, cells: Cells) -> None:
    """Add cells to the sums of their days, and of their months."""
    months: Cells = {}
    for (posted, day, unit, service), counts in cells.items():
        key = (_month(posted), _month(day), unit, service)
        before = months.get(key)
        months[key] = [a + b for a, b in zip(before, counts, strict=True)] if before else counts
    for table, found in (("index_day", cells), ("index_month", months)):
        rows = [(generation, *row(key), *counts) for key, counts in sorted(found.items()) if any(counts)]
        if rows:
            tx.touch(_ADD.format(table=table), [list(column) for column in zip(*rows, strict=True)])


def row(key: Key) -> tuple[date, date, str, str]:
    posted, day, unit, service = key
    return as_date(posted), as_date(day), unit, service


def as_date(day: int) -> date:
    return _EPOCH + timedelta(days=day)


def number_of(day: date) -> int:
    return (day - _EPOCH).days


def _month(day: int) -> int:
    return number_of(as_date(day).replace(day=1))


def keep(tx: Tx, generation: int, facts: Iterable[tuple[Identity, Fact]]) -> None:
    """Write down the facts as they are now."""
    rows = [fact_row(generation, identity, fact) for identity, fact in facts if fact.came_at]
    if rows:
        tx.flush()
        with tx.connection.cursor() as cursor:
            cursor.executemany(_KEEP, rows)


def fact_row(generation: int, identity: Identity, fact: Fact) -> tuple[Any, ...]:
    own = (generation, identity.code, identity.service, identity.unit, identity.channel, identity.filed_by)
    return (*own, *msgspec.structs.astuple(fact))


def components(tx: Tx, codes: Sequence[str]) -> Mapping[str, list[Component]]:
    """The papers of dossiers, version by version, in order of time."""
    rows = tx.all(
        "SELECT dossier, kind, state, at FROM component WHERE dossier = ANY(%s) ORDER BY at, version", (list(codes),)
    )
    found: dict[str, list[Component]] = {}
    for one in rows:
        found.setdefault(one.dossier, []).append(Component(one.kind, one.state, one.at))
    return found
