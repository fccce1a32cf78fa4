"""The catalogue's calendar beside what others say of the same years: what differs is named, here and by a command."""

import csv
from datetime import date
from pathlib import Path

import pytest

from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import load
from lienthong.config import calendar_command
from lienthong.config.state import HOME

CALENDAR = load(HOME / "catalogue", "H36", source_hashes()).calendar
SHARED = HOME.parent / "shared/data/vn_holidays_2015_2024.csv"
# The notice of 25 December 2025 moved 2 January to 10 January 2026; the library does not know it yet.
KNOWN = {date(2026, 1, 2): False, date(2026, 1, 10): True}


def test_only_what_is_known_to_differ_differs_from_the_library() -> None:
    pytest.importorskip("holidays")
    found = calendar_command.differences(CALENDAR, calendar_command.vietnam(CALENDAR))
    assert {day: worked for day, worked, _ in found} == KNOWN


def test_the_command_names_years_units_and_every_difference(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("holidays")
    assert calendar_command.main([]) == 0
    told = capsys.readouterr().out
    assert "2026: 249 working days, 14 weekdays off, 2 Saturdays worked instead" in told
    assert "H36 24848: 2026-12-03 to 2026-12-04 closed (day)" in told
    assert "2 days differ; the calendar of the catalogue wins" in told
    assert "Fri 2026-01-02: here off (Nghỉ hoán đổi cho 10/01/2026), there worked" in told


def test_the_command_says_so_where_the_library_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar_command, "LIBRARY", "no_such_library")
    assert calendar_command.main([]) == 0
    assert "nothing to compare with" in capsys.readouterr().out


def test_the_years_that_the_shared_table_knows_are_alike() -> None:
    if not SHARED.exists():
        pytest.skip(f"{Path(SHARED.name)} is not on this machine")
    with SHARED.open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if CALENDAR.covers(date.fromisoformat(row["date"]).year)]
    made_up = {date.fromisoformat(row["date"]) for row in rows if row["kind"] == "make_up_working_day"}
    off = {date.fromisoformat(row["date"]) for row in rows if row["kind"] == "day_off"}
    assert made_up
    assert all(CALENDAR.is_worked(day) for day in made_up)
    assert not any(CALENDAR.is_worked(day) for day in off)
    years = {day.year for day in off}
    named = {day for said in CALENDAR.years if said.year in years for day, *_ in said.days_off}
    assert named == {day for day in off if day.weekday() < 5}
