"""Sums over any period, as they are now or as they were known at the end of any day: from the sums of months and, for
what is left over, of days."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from lienthong.kit.clock import ZONE
from lienthong.kit.storage import Tx
from lienthong.steering.index_facts import MEASURES, STOCKS

CARRIED: Final = "carried"  # open when the period began
NAMES: Final = (*MEASURES, CARRIED)
_PLACE: Final = {name: number for number, name in enumerate(NAMES)}
_DAY = timedelta(days=1)

_SUMS = ", ".join(
    [f"sum({name}) AS {name}" for name in STOCKS]
    + [f"sum({name}) FILTER (WHERE day >= %(since)s) AS {name}" for name in MEASURES if name not in STOCKS]
    + [f"sum(open) FILTER (WHERE day < %(since)s) AS {CARRIED}"]
)
_GRID = f"""
SELECT unit, service, {_SUMS} FROM (
    SELECT * FROM index_month WHERE generation = %(generation)s AND posted < %(month)s
      AND (day < %(began)s OR day >= %(whole)s AND day < %(ended)s) {{where}}
    UNION ALL
    SELECT * FROM index_day WHERE generation = %(generation)s AND posted >= %(month)s AND posted <= %(known)s
      AND day <= %(until)s {{where}}
    UNION ALL
    SELECT * FROM index_day WHERE generation = %(generation)s AND posted < %(month)s AND day >= %(began)s
      AND day <= %(until)s AND NOT (day >= %(whole)s AND day < %(ended)s) {{where}}
) sums GROUP BY unit, service
"""
_NOT_YET = """
SELECT unit, service, count(*) AS n FROM index_fact
WHERE generation = %s AND received_at IS NOT NULL AND ended_at IS NULL AND NOT paused AND supplements < 2
  AND due >= %s AND due < %s GROUP BY unit, service
"""


@dataclass(frozen=True)
class Period:
    """From a day to a day, as known at the end of `known`: the last day of the period, or a later one."""

    since: date
    until: date
    known: date

    @classmethod
    def of(cls, since: date, until: date, known: date | None = None) -> "Period":
        """Raises ValueError for a period that ends before it begins."""
        if until < since:
            raise ValueError("a period ends after it begins")
        return cls(since, until, max(known or until, until))

    def year_before(self) -> "Period":
        """The same days a year earlier, as known then."""
        return Period.of(_a_year_before(self.since), _a_year_before(self.until))


@dataclass(frozen=True)
class Sums:
    """Measures by name."""

    values: tuple[int, ...]

    def __getitem__(self, name: str) -> int:
        return self.values[_PLACE[name]]

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(tuple(a + b for a, b in zip(self.values, other.values, strict=True)))


NOTHING: Final = Sums((0,) * len(NAMES))


@dataclass(frozen=True)
class Grid:
    """Sums by unit and service, which everything else adds up."""

    cells: dict[tuple[str, str], Sums]

    @property
    def total(self) -> Sums:
        return added(self.cells.values())

    def by(self, group: Callable[[str, str], str]) -> dict[str, Sums]:
        """Sums by what `group` says of a unit and a service."""
        found: dict[str, Sums] = {}
        for (unit, service), sums in self.cells.items():
            name = group(unit, service)
            found[name] = found[name] + sums if name in found else sums
        return found

    def within(self, units: Collection[str] | None = None, services: Collection[str] | None = None) -> "Grid":
        return Grid({
            (unit, service): sums
            for (unit, service), sums in self.cells.items()
            if (units is None or unit in units) and (services is None or service in services)
        })  # fmt: skip


def added(sums: Iterable[Sums]) -> Sums:
    total = NOTHING
    for one in sums:
        total += one
    return total


def grid(
    tx: Tx, period: Period, *, now: datetime | None = None, units: Collection[str] | None = None, generation: int = 0
) -> Grid:
    """The sums of a period. `now`: it is not over; what is due later today is not late yet. `units`: of these only."""
    generation = generation or tx.value("SELECT generation FROM index_state")
    where, params = ("", {}) if units is None else ("AND unit = ANY(%(units)s)", {"units": list(units)})
    rows = tx.all(_GRID.format(where=where), {**_bounds(period), "generation": generation, **params})
    cells = {(unit, service): Sums(tuple(int(value or 0) for value in values)) for unit, service, *values in rows}
    if now is not None and period.known >= now.date() == period.until:
        _take_back(tx, cells, generation, now)
    return Grid(cells)


def _bounds(period: Period) -> dict[str, Any]:
    """Where whole months begin and end: `began` the month of the first day, `whole` the first whole month of the
    period, `ended` the first month that is not whole, `month` the first that is not known as a whole."""
    began = period.since.replace(day=1)
    whole = began if began == period.since else (began + 31 * _DAY).replace(day=1)
    ended = (period.until + _DAY).replace(day=1)
    return {
        "since": period.since, "until": period.until, "known": period.known, "began": began, "whole": whole,
        "ended": ended, "month": (period.known + _DAY).replace(day=1),
    }  # fmt: skip


def _take_back(tx: Tx, cells: dict[tuple[str, str], Sums], generation: int, now: datetime) -> None:
    """A day's end counts all that is due on it as late; at this moment some of it is not yet."""
    ends = datetime.combine(now.astimezone(ZONE).date() + _DAY, time(), ZONE)
    for row in tx.all(_NOT_YET, (generation, now, ends)):
        before = cells.get((row.unit, row.service))
        if before is not None:
            values = list(before.values)
            for name in ("late_open", "overdue"):
                values[_PLACE[name]] -= row.n
            cells[row.unit, row.service] = Sums(tuple(values))


def _a_year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
