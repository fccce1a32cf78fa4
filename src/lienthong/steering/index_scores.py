"""Scoring: the formulas of one version (catalogue/indicators) over named measures. The only place that knows the rules
of points: all of them from a threshold on, in proportion below; two decimals; nothing to divide by is no score."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from lienthong.catalogue.indicators import Group, Indicator, Version

Count = Callable[[str], int | None]  # a measure by its name; None where nobody knows it


@dataclass(frozen=True)
class Scored:
    """One indicator: what was divided by what; `ratio` and `points` are None where that cannot be said."""

    indicator: Indicator
    part: int | None
    of: int | None
    ratio: Decimal | None
    points: Decimal | None


@dataclass(frozen=True)
class GroupScore:
    """`points` of the indicators that can be scored, which have `measured` points at most."""

    group: Group
    points: Decimal
    measured: Decimal
    indicators: list[Scored]


@dataclass(frozen=True)
class Score:
    version: Version
    points: Decimal
    measured: Decimal
    groups: list[GroupScore]

    def of(self, indicator: str) -> Scored:
        return next(one for group in self.groups for one in group.indicators if one.indicator.indicator == indicator)


def score(version: Version, count: Count) -> Score:
    """Every indicator of a version."""
    ratios = {one.indicator: _divided(one, count) for one in version.indicators}
    groups = [_group(group, version, ratios) for group in version.groups]
    points, measured = (sum((getattr(one, name) for one in groups), Decimal(0)) for name in ("points", "measured"))
    return Score(version, points, measured, groups)


Divided = tuple[int | None, int | None, Decimal | None]


def _group(group: Group, version: Version, ratios: dict[str, Divided]) -> GroupScore:
    scored = [_scored(one, version, ratios) for one in group.indicators]
    known = [one for one in scored if one.points is not None]
    points = sum((one.points for one in known if one.points is not None), Decimal(0))
    return GroupScore(group, points, sum((one.indicator.most for one in known), Decimal(0)), scored)


def _scored(one: Indicator, version: Version, ratios: dict[str, Divided]) -> Scored:
    part, of, ratio = ratios[one.indicator]
    if ratio is not None and one.times:
        other = ratios[one.times][2]
        ratio = None if other is None else ratio * other
    points = None
    if ratio is not None and one.most:
        points = rounded(one.most * min(Decimal(1), ratio / one.full_at), version.decimals)
    return Scored(one, part, of, ratio, points)


def _divided(one: Indicator, count: Count) -> Divided:
    part, of = _sum(one.part, count), _sum(one.of, count)
    return part, of, Decimal(part) / Decimal(of) if part is not None and of else None


def _sum(terms: list[str], count: Count) -> int | None:
    total = 0
    for term in terms:
        value = count(term.removeprefix("-"))
        if value is None:
            return None
        total += -value if term.startswith("-") else value
    return total


def rounded(value: Decimal, decimals: int = 2) -> Decimal:
    """As people round: a half goes up."""
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
