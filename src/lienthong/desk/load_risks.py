"""What is likely to be late, why, and which other units have room: the unit head's forecast."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from lienthong.casework import forecasting
from lienthong.casework.dossiers import Dossier
from lienthong.casework.forecast import Model, Risk
from lienthong.exchange.node import Node

LIKELY: Final = 0.5  # a chance from which on a dossier is named
A_WEEK: Final = timedelta(days=7)
ROOM: Final = 5  # units shown


@dataclass(frozen=True)
class Risky:
    """A dossier and its chance."""

    dossier: Dossier
    risk: Risk


@dataclass(frozen=True)
class StepRisk:
    """What endangers one step next week: how many of its dossiers will be late as things stand, why, and which."""

    service: str
    step: str
    role: str
    expected: float
    running: int
    left: float
    usual: float
    risky: Sequence[Risky]


@dataclass(frozen=True)
class Room:
    """Another unit with the same role: how much lies there, how long the same step usually takes to its end."""

    unit: str
    lying: int
    usual: float


def of(
    node: Node, model: Model, dossiers: Sequence[Dossier], lying: Mapping[tuple[str, str], int], at: datetime
) -> list[Risky]:
    """Every running dossier with a chance, the likeliest first."""
    found = []
    for dossier in dossiers:
        others = max(0, lying.get((dossier.desk, dossier.state.role), 0) - 1)
        risk = forecasting.risk(node, model, dossier, others, at)
        if risk is not None:
            found.append(Risky(dossier, risk))
    return sorted(found, key=lambda one: -one.risk.chance)


def next_week(risks: Sequence[Risky], at: datetime) -> list[StepRisk]:
    """By step, of what is promised within a week and not late yet: the worst first."""
    by_step: dict[tuple[str, str, str], list[Risky]] = {}
    for one in risks:
        state, deadline = one.dossier.state, one.dossier.state.deadline
        if deadline is not None and at <= deadline <= at + A_WEEK:
            key = (one.dossier.identity.service, state.step, state.role)
            by_step.setdefault(key, []).append(one)
    found = []
    for (service, step, role), some in by_step.items():
        likely = [one for one in some if one.risk.chance >= LIKELY] or some[:1]
        left, usual = (median(getattr(one.risk, name) for one in likely) for name in ("left", "usual"))
        risky = [one for one in some if one.risk.chance >= LIKELY]
        expected = sum(one.risk.chance for one in some)
        found.append(StepRisk(service, step, role, expected, len(some), left, usual, risky))
    return sorted(found, key=lambda one: -one.expected)


def room(model: Model, worst: StepRisk, lying: Mapping[tuple[str, str], int], own: Collection[str]) -> list[Room]:
    """Where the same step's work would be done sooner, the soonest first."""
    here = max((lying.get((unit, worst.role), 0) for unit in own), default=0)
    found = []
    for unit in model.pace:
        lies = lying.get((unit, worst.role), 0)
        usual = model.usual((worst.service, worst.step), unit, lies)
        if unit and unit not in own and usual < worst.usual and lies <= here:
            found.append(Room(unit, lies, usual))
    return sorted(found, key=lambda one: (one.usual, one.lying, one.unit))[:ROOM]
