"""Formulas as dated data: how points come from measures, and what a wrong formula is told."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from lienthong.catalogue import indicators
from lienthong.catalogue.files import CatalogueError, of_folder
from lienthong.catalogue.indicators import OF_DOSSIERS, OF_OTHERS, ScoreSet
from lienthong.config.state import HOME
from lienthong.steering import index_scores, index_sums

FILES = of_folder(HOME / "catalogue")
PATH = "indicators/766.yaml"


def scores(**changed: Any) -> ScoreSet:
    """A set of one group, with an indicator that is changed so."""
    one = {"indicator": "x", "name": {"vi": "x", "en": "x"}, "part": ["late"], "of": ["received"], "most": 6, **changed}
    group = {"group": "g", "name": {"vi": "g", "en": "g"}, "most": 6, "indicators": [one]}
    found: ScoreSet = msgspec.convert(
        {"code": "t", "name": {"vi": "t", "en": "t"}, "total": 6,
         "versions": [{"from": date(2026, 1, 1), "basis": "b", "groups": [group]}]},
        ScoreSet,
    )  # fmt: skip
    return found


def points(measures: dict[str, int], **changed: Any) -> Decimal | None:
    version = scores(**changed).on(date(2026, 5, 1))
    assert version
    return index_scores.score(version, measures.get).of("x").points


def test_points_are_a_share_of_the_most() -> None:
    assert points({"late": 1, "received": 3}) == Decimal("2.00")
    assert points({"late": 3, "received": 3}) == 6


def test_from_the_threshold_on_all_points_are_given() -> None:
    assert points({"late": 1, "received": 2}, full_at="0.5") == 6
    assert points({"late": 1, "received": 4}, full_at="0.5") == 3
    assert points({"late": 4, "received": 4}, full_at="0.5") == 6


def test_halves_are_rounded_up() -> None:
    assert points({"late": 1, "received": 8}, most=1) == Decimal("0.13")
    assert points({"late": 3, "received": 800}, most=1) == Decimal("0.00")


def test_measures_are_added_and_taken_away() -> None:
    told = {"carried": 2, "received": 8, "late": 1, "late_open": 4}
    terms = {"part": ["carried", "received", "-late", "-late_open"], "of": ["carried", "received"]}
    assert points(told, **terms) == 3


def test_nothing_to_divide_by_or_nobody_who_knows_is_no_score() -> None:
    assert points({"late": 0, "received": 0}) is None
    assert points({"late": 1}) is None
    version = scores().on(date(2026, 5, 1))
    assert version
    assert index_scores.score(version, {"late": 0, "received": 0}.get).measured == 0


def test_a_day_is_scored_by_the_version_of_that_day() -> None:
    first = scores().versions[0]
    later = msgspec.structs.replace(first, since=date(2027, 1, 1), basis="new")
    both = msgspec.structs.replace(scores(), versions=[msgspec.structs.replace(first, until=date(2026, 12, 31)), later])
    days = (date(2025, 12, 31), date(2026, 12, 31), date(2027, 1, 1))
    assert [one and one.basis for one in map(both.on, days)] == [None, "b", "new"]


def test_the_set_of_decision_766_has_a_hundred_points_in_six_groups() -> None:
    version = indicators.read(FILES)["766"].on(date(2026, 1, 1))
    assert version
    assert [int(group.most) for group in version.groups] == [18, 20, 12, 10, 22, 18]
    full = index_scores.score(version, lambda name: 0 if name in ("late", "late_open", "complained") else 7)
    assert full.points == full.measured == 100


def test_every_measure_of_dossiers_is_counted() -> None:
    assert set(index_sums.NAMES) >= OF_DOSSIERS
    assert not OF_DOSSIERS & OF_OTHERS


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("part: [online]", "part: [onlin]", "onlin, which nobody counts"),
        ("most: 20\n        indicators", "most: 19\n        indicators", "do not add up"),
        ('times: "1.4"', 'times: "9.9"', "9.9, which is no indicator"),
        ("opens: [e_results]", "opens: [feedback]", "not all dossiers"),
        ("full_at: 0.9", "full_at: 0", "no ratio from which"),
        ("full_at: 0.9", "weight: 3", "weight"),
    ],
)
def test_a_wrong_formula_does_not_load_and_says_where(before: str, after: str, says: str) -> None:
    assert before in FILES[PATH]
    with pytest.raises(CatalogueError, match=f"{PATH}.*{says}"):
        indicators.read({PATH: FILES[PATH].replace(before, after, 1)})
