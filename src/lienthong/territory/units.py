"""Communes, wards and islands by code and by name, from `catalogue/territory/*.yaml`.

A unit is dated. Of the 124 units of Lâm Đồng only the state since 1 July 2025 is known so far (Resolution
1671/NQ-UBTVQH15); the questions already carry the day they are asked for.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from lienthong.kit.text import fold


@dataclass(frozen=True, slots=True)
class Unit:
    """A commune-level unit: xã, phường or đặc khu.

    `former_province` is the three-digit code inside personal numbers registered there. `province` names the province
    of today. `latitude` and `longitude` are degrees, None outside Lâm Đồng. `weight` is hundreds of inhabitants.
    """

    code: str
    name: str
    kind: str
    former_province: str
    province: str
    valid_from: date
    valid_to: date | None = None
    latitude: float | None = None
    longitude: float | None = None
    weight: int = 0

    @property
    def title(self) -> str:
        """The name as it opens a line: "Xã Di Linh"."""
        return self.name[0].upper() + self.name[1:]

    @property
    def full_name(self) -> str:
        """The name with its province: "xã Di Linh, tỉnh Lâm Đồng"."""
        return f"{self.name}, {self.province}"

    def in_force(self, on: date | None) -> bool:
        """Whether the unit exists on the day; None asks for today's state."""
        if on is None:
            return self.valid_to is None
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, slots=True)
class Facility:
    """A hospital or health centre: its health-care facility code, name and the unit it stands in."""

    code: str
    name: str
    unit: str


class Territory:
    """The units of the own province, the few known of others, and the health-care facilities."""

    def __init__(
        self,
        *,
        own: Iterable[Unit],
        elsewhere: Iterable[Unit],
        former: dict[str, str],
        facilities: Iterable[Facility],
        far: Iterable[Facility] = (),
    ) -> None:
        self._own = tuple(own)
        self._elsewhere = tuple(elsewhere)
        self._former = former
        self._by_code = {unit.code: unit for unit in (*self._own, *self._elsewhere)}
        self._facilities = {facility.code: facility for facility in facilities}
        self._far = {facility.code: facility for facility in far}
        self._folded = [(fold(unit.name), unit) for unit in self._own]

    @classmethod
    def load(cls, folder: Path) -> "Territory":
        """Read `catalogue/territory`. Raises FileNotFoundError, yaml.YAMLError, KeyError for a damaged folder."""
        return cls.of(*(_read(folder / f"{name}.yaml") for name in ("lam-dong", "elsewhere", "facilities")))

    @classmethod
    def of(cls, own: dict[str, Any], other: dict[str, Any], facilities: dict[str, Any]) -> "Territory":
        """From the files' contents, wherever they came from. Raises KeyError and TypeError for what is not theirs."""
        return cls(
            own=list(_units(own, own["province"]["name"])),
            elsewhere=list(_units(other, "")),
            former={**other["former_provinces"], **own["former_provinces"]},
            facilities=[Facility(**row) for row in facilities["facilities"]],
            far=[Facility(**row) for row in other.get("facilities", ())],
        )

    def unit(self, code: str, on: date | None = None) -> Unit:
        """The unit of a code, on a day. KeyError when there is none."""
        unit = self._by_code[code]
        if not unit.in_force(on):
            raise KeyError(code)
        return unit

    def units(self, on: date | None = None) -> list[Unit]:
        """The own province's units in the order of their codes."""
        return [unit for unit in self._own if unit.in_force(on)]

    def elsewhere(self) -> list[Unit]:
        """Known units of other provinces."""
        return list(self._elsewhere)

    def former_province(self, code: str) -> str:
        """The name behind the first three digits of a personal number. KeyError for a code not known here."""
        return self._former[code]

    def find(self, text: str, on: date | None = None) -> list[Unit]:
        """Own units whose name holds every word, with or without accents; the best match first, at most twelve."""
        wanted = fold(text)
        words = wanted.split()
        if not words:
            return []
        hits = [
            (_rank(wanted, name), unit.code, unit)
            for name, unit in self._folded
            if unit.in_force(on) and all(word in name for word in words)
        ]
        return [unit for _, _, unit in sorted(hits, key=lambda hit: hit[:2])[:12]]

    def facility(self, code: str) -> Facility:
        """The facility of a code, of another province too. KeyError when there is none."""
        return self._facilities.get(code) or self._far[code]

    def facilities(self) -> list[Facility]:
        """The own province's."""
        return list(self._facilities.values())

    def nearest_facility(self, code: str) -> Facility:
        """The facility closest to a unit of the own province, as the crow flies. KeyError for an unknown unit."""
        here = self._by_code[code]
        return min(self._facilities.values(), key=lambda facility: _distance(here, self._by_code[facility.unit]))


def _read(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as file:
        content: dict[str, Any] = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return content


def _units(content: dict[str, Any], province: str) -> Iterator[Unit]:
    for row in content["units"]:
        yield Unit(
            code=row["code"],
            name=row["name"],
            kind=row["kind"],
            former_province=row["former_province"],
            province=row.get("province", province),
            valid_from=row.get("valid_from", content["valid_from"]),
            latitude=row.get("lat"),
            longitude=row.get("lon"),
            weight=row.get("weight", 0),
        )


def _rank(wanted: str, name: str) -> int:
    """0 for the whole name or the name without its kind, 1 for words at its start, 2 elsewhere."""
    bare = name.split(" ", 2)[2] if name.startswith("dac khu ") else name.partition(" ")[2]
    if wanted in {name, bare}:
        return 0
    return 1 if bare.startswith(wanted) or name.startswith(wanted) else 2


def _distance(one: Unit, other: Unit) -> float:
    """Square of the flat distance in degrees of latitude; enough to compare places within one province."""
    if one.latitude is None or one.longitude is None or other.latitude is None or other.longitude is None:
        raise KeyError(one.code)
    east = (one.longitude - other.longitude) * math.cos(math.radians(one.latitude))
    return (one.latitude - other.latitude) ** 2 + east**2
