"""How many people to make up, where, and on which day they are seen."""

from dataclasses import dataclass
from datetime import date

from lienthong.demo.names import Names
from lienthong.territory.units import Territory, Unit

_SMALLEST = 20  # people; fewer make no believable commune


@dataclass(frozen=True, slots=True)
class Plan:
    """What country to make up: `people` living people, `seed`, the day it is seen on, places and names."""

    people: int
    seed: int
    today: date
    territory: Territory
    names: Names

    def shares(self) -> list[tuple[int, Unit, int]]:
        """Place number, unit and people of every commune, together exactly `people`; very small ones stay empty."""
        units = list(enumerate(self.territory.units(self.today)))
        whole = sum(unit.weight for _, unit in units)
        kept = [(place, unit) for place, unit in units if unit.weight * self.people >= _SMALLEST * whole]
        kept = kept or [max(units, key=lambda row: row[1].weight)]
        whole = sum(unit.weight for _, unit in kept)
        shares, reached, given = [], 0, 0
        for place, unit in kept:
            reached += unit.weight
            count = self.people * reached // whole - given
            given += count
            shares.append((place, unit, count))
        return shares

    def notices(self, count: int) -> int:
        """Unregistered births among so many people: 3.5 per thousand, in a small country 400 in all."""
        share = max(0.0035 * self.people, min(400.0, 0.02 * self.people)) / self.people
        return int(share * count * 1.04) + 1
