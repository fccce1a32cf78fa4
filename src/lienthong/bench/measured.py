"""What every measure is given and gives back."""

from collections.abc import Sequence
from dataclasses import dataclass

CLIENTS, MOST_OPEN = 16, 200
NO_PGBENCH = "no pgbench on this machine: no floor"


@dataclass(frozen=True)
class Options:
    """`births` None: as many as the measure is defined with; fewer is a quick look, and its note says so."""

    births: int | None = None
    is_verbose: bool = False
    clients: int = CLIENTS
    most_open: int = MOST_OPEN
    rows: int | None = None


@dataclass(frozen=True)
class Measured:
    """One measure as it is printed."""

    name: str
    value: float
    unit: str
    floor: float | None
    ratio: float | None
    note: str


def rate(name: str, value: float, floors: Sequence[float], note: str) -> Measured:
    """So many a second, beside the mean of its floors."""
    level = sum(floors) / len(floors) if floors else None
    return Measured(name, round(value, 1), "1/s", level and round(level, 1), level and round(value / level, 3), note)
