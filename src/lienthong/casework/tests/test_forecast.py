"""The parts of the forecast that can be counted by hand. How well it foretells is tried in demo/tests."""

from datetime import datetime, timedelta

import pytest

from lienthong.casework import forecast
from lienthong.casework.forecast import Curve, Known, Model
from lienthong.kit.clock import ZONE

AT = datetime(2026, 11, 1, tzinfo=ZONE)


def test_a_curve_counts_what_is_under_way_for_what_it_shows() -> None:
    """Three cases: 1 h, more than 2 h (still under way), 4 h."""
    curve = Curve.of([(1.0, True, 1.0), (2.0, False, 1.0), (4.0, True, 1.0)])
    assert [round(curve.beyond(hours), 3) for hours in (0.5, 1.0, 3.0, 4.0)] == [1.0, 0.667, 0.667, 0.0]


def test_the_chance_is_how_often_cases_that_stood_as_long_needed_longer() -> None:
    curve = Curve.of([(hours, True, 10_000.0) for hours in (1.0, 2.0, 3.0, 4.0)])
    model = Model(AT, {("s", "check"): Known(curve, curve)})
    fresh, halfway, over = (model.risk("s", "check", "u", *hours, 0) for hours in ((0.0, 2.5), (2.0, 1.5), (2.0, -1.0)))
    assert fresh is not None
    assert halfway is not None
    assert over is not None
    assert fresh.chance == pytest.approx(0.5, abs=0.01), "two of four needed more than 2.5 h"
    assert halfway.chance == pytest.approx(0.5, abs=0.01), "of the two beyond 2 h one needed more than 3.5 h"
    assert over.chance == 1.0
    assert fresh.usual == 2.0
    assert model.risk("s", "sign", "u", 0.0, 1.0, 0) is None


def test_the_plain_guess_is_last_months_share() -> None:
    days = ((1, True), (5, False), (29, False), (31, True))
    cases = [("s", "u", AT - timedelta(days=day), late) for day, late in days]
    assert forecast.last_month(cases, AT) == {("s", "u"): pytest.approx(1 / 3), ("s", ""): pytest.approx(1 / 3)}


def test_what_waits_stretches_only_as_far_as_the_past_shows() -> None:
    curve = Curve.of([(hours, True, 10_000.0) for hours in (1.0, 2.0, 3.0, 4.0)])
    known = {("s", "check"): Known(curve, curve)}
    plain, busy = Model(AT, known), Model(AT, known, {("s", "check"): 0.5})
    chances = [one.chance for model in (plain, busy) if (one := model.risk("s", "check", "u", 0.0, 2.5, 8))]
    assert chances[0] == pytest.approx(0.5, abs=0.01)
    assert chances[1] == pytest.approx(1.0, abs=0.01), "three times as long: 2.5 h are 0.8 h of a quiet day"
