"""On cases later than what was learned from, the forecast misses less than last month's share does."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from lienthong.demo import history, history_judged
from lienthong.demo.history import Archive
from lienthong.demo.history_pace import Figures
from lienthong.demo.tests.test_history import archive  # noqa: F401 — a fixture
from lienthong.kit.clock import ZONE

UNTIL = datetime(2026, 11, 20, 17, 0, tzinfo=ZONE)
FIRST = datetime(2026, 9, 7, 9, 0, tzinfo=ZONE)


def _whole_province(small: Archive) -> Archive:
    """The fixture's roles, in every unit."""
    roles = sorted({role for _number, _name, role, _unit in small.posts})
    units = small.territory.units()
    pairs = [(unit.code, role) for unit in units for role in roles]
    posts = [(f"0681{place:08d}", f"Cán bộ {place}", role, unit) for place, (unit, role) in enumerate(pairs)]
    return replace(small, units=units, posts=posts)


def _scores(province: Archive, dossiers: int, days: range) -> history_judged.Scores:
    """Judged on some days of the autumn, at different hours, from a past that began in May."""
    made = [one for day in history.made(province, Figures(dossiers, date(2026, 5, 4), UNTIL)) for one in day]
    looks = [FIRST + timedelta(days=day, hours=day % 7) for day in days]
    moments = [at for at in looks if province.catalogue.calendar.is_worked(at.date())]
    return history_judged.scores(province.catalogue, made, moments)


def test_it_beats_last_months_share_of_the_unit(archive: Archive) -> None:  # noqa: F811
    told = _scores(_whole_province(archive), 2_500, range(0, 50, 10))
    learned, unit, _province = told.brier
    assert len(told.learned) > 80
    assert learned < unit


@pytest.mark.long
def test_with_more_cases_it_beats_the_provinces_too(archive: Archive) -> None:  # noqa: F811
    learned, unit, province = _scores(_whole_province(archive), 6_000, range(0, 56, 5)).brier
    assert learned < 0.75 * unit
    assert learned < province
