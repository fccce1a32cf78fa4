"""The province's report on dossiers (§4.3 of the domain's notes, as provinces file it): one row for the whole, and for
each unit, field and procedure below. Children add up to their parents: every row is a sum over the same grid.

    TongSo = TiepNhanKyTruoc + TiepNhanQuaMang + TiepNhanTrucTiep + TiepNhanBCCI
           = DaXuLyTruocHan + DaXuLyDungHan + DaXuLyQuaHan + DangXuLyTrongHan + DangXuLyQuaHan + TamDung
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from lienthong.exchange.node import Node
from lienthong.kit.storage import Tx
from lienthong.steering import index_pages, index_sums
from lienthong.steering.index_asked import Asked, sector_of
from lienthong.steering.index_pages import Named
from lienthong.steering.index_sums import Grid, Sums
from lienthong.steering.wording import sector_name

LEVELS: Final = ("province", "unit", "sector", "service")
COLUMNS: Final = (
    "TongSo", "TiepNhanKyTruoc", "TiepNhanQuaMang", "TiepNhanTrucTiep", "TiepNhanBCCI", "DaXuLyTruocHan",
    "DaXuLyDungHan", "DaXuLyQuaHan", "DangXuLyTrongHan", "DangXuLyQuaHan", "TamDung", "TraLai",
)  # fmt: skip
# Which measures the dossiers of a column are found by; of what is carried over, and of the whole, no single one.
OPENS: Final = {
    "TiepNhanQuaMang": "online", "TiepNhanTrucTiep": "counter", "TiepNhanBCCI": "post", "DaXuLyTruocHan": "early",
    "DaXuLyDungHan": "on_time", "DaXuLyQuaHan": "late", "DangXuLyQuaHan": "overdue", "TamDung": "paused",
    "TraLai": "refused",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A row: which level, its codes so far, its name, its figures in the order of COLUMNS."""

    level: str
    unit: str
    sector: str
    service: str
    name: str
    figures: tuple[int, ...]

    def __getitem__(self, column: str) -> int:
        return self.figures[COLUMNS.index(column)]


def figures(sums: Sums) -> tuple[int, ...]:
    """A row's figures, in the order of COLUMNS."""
    whole = sums["carried"] + sums["received"]
    in_time = sums["open"] - sums["overdue"] - sums["paused"]
    done = (sums["early"], sums["on_time"], sums["late"])
    came = (sums["online"], sums["counter"], sums["post"])
    return (whole, sums["carried"], *came, *done, in_time, sums["overdue"], sums["paused"], sums["refused"])


def grid(tx: Tx, asked: Asked) -> Grid:
    units = [asked.unit] if asked.unit else None
    whole = index_sums.grid(tx, asked.period, now=asked.now, units=units)
    return Grid({key: sums for key, sums in whole.cells.items() if asked.takes(*key)})


def lines(node: Node, found: Grid, language: str, down_to: str = "service") -> Iterator[Line]:
    """The whole, then each unit with its fields and their procedures, as far down as asked for. Empty rows are left
    out."""
    last = LEVELS.index(down_to)
    name = node.catalogue.card.name.in_language(language)
    yield Line("province", "", "", "", name, figures(found.total))
    if last < 1:
        return
    for unit, of_unit in _parts(found, "unit", _named(node, "unit", language)):
        yield Line("unit", unit, "", "", index_pages.place_name(node, unit), figures(of_unit.total))
        for sector, of_sector in _parts(of_unit, "sector", _named(node, "sector", language)) if last > 1 else ():
            yield Line("sector", unit, sector, "", sector_name(sector), figures(of_sector.total))
            for service, of_service in (
                _parts(of_sector, "service", _named(node, "service", language)) if last > 2 else ()
            ):
                yield Line(
                    "service",
                    unit,
                    sector,
                    service,
                    index_pages.service_name(node, service, language),
                    figures(of_service.total),
                )


def below(node: Node, found: Grid, asked: Asked, language: str) -> tuple[str, list[Line]]:
    """The rows one level below what is asked for, and which level that is; none below a procedure."""
    level = "service" if asked.sector or asked.service else "sector" if asked.unit else "unit"
    if level == "unit" and not node.catalogue.card.units:
        level = "sector"
    name = _named(node, level, language)
    rows = []
    for key, part in _parts(found, level, name):
        codes = {"unit": asked.unit, "sector": asked.sector, "service": asked.service, level: key}
        rows.append(Line(level, codes["unit"], codes["sector"], codes["service"], name(key),
                         figures(part.total)))  # fmt: skip
    return level, rows


def _named(node: Node, level: str, language: str) -> Named:
    """How the codes of a level are called."""
    if level == "unit":
        return partial(index_pages.place_name, node)
    return sector_name if level == "sector" else partial(index_pages.service_name, node, language=language)


def _parts(found: Grid, level: str, named: Named) -> list[tuple[str, Grid]]:
    """The parts of a grid by name, without those in which nothing was to be done."""
    groups = {"unit": lambda unit, _: unit, "sector": lambda _, one: sector_of(one), "service": lambda _, one: one}
    made = index_pages.parts(found, groups[level])
    return sorted(
        ((key, part) for key, part in made.items() if any(figures(part.total))), key=lambda one: named(one[0])
    )
