"""`lienthong calendar`: which years are known, what units close for, and how it compares with PyPI's `holidays`.

What differs is listed, not followed: the calendar of the catalogue is what the yearly notices say and wins.
"""

import argparse
import importlib
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import Catalogue, load
from lienthong.config.state import HOME
from lienthong.kit.worktime import WorkCalendar

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LIBRARY = "holidays"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lienthong calendar", description=__doc__)
    parser.parse_args(arguments)
    catalogue = load(HOME / "catalogue", "portal", source_hashes())
    print("\n".join([*_years(catalogue.calendar), *_units(catalogue), *_compared(catalogue.calendar)]))
    return 0


def differences(calendar: WorkCalendar, library: Any) -> Iterator[tuple[date, bool, str]]:
    """Days on which only one of the two works: whether the calendar does, what the library calls the day."""
    day, last = date(calendar.years[0].year, 1, 1), date(calendar.years[-1].year, 12, 31)
    while day <= last:
        if (worked := calendar.is_worked(day)) != library.is_working_day(day):
            yield day, worked, library.get(day, "")
        day += timedelta(days=1)


def vietnam(calendar: WorkCalendar) -> Any:
    """The library's Vietnam of the calendar's years. Raises ImportError where it is not installed."""
    years = range(calendar.years[0].year, calendar.years[-1].year + 1)
    return importlib.import_module(LIBRARY).country_holidays("VN", years=years, language="vi")


def _years(calendar: WorkCalendar) -> Iterator[str]:
    for said in calendar.years:
        days = (date(said.year, 1, 1) + timedelta(days=n) for n in range(366))
        worked = sum(calendar.is_worked(day) for day in days if day.year == said.year)
        made_up = f", {len(said.working_days)} Saturdays worked instead" if said.working_days else ""
        yield f"{said.year}: {worked} working days, {len(said.days_off)} weekdays off{made_up}; {said.notice}"


def _units(catalogue: Catalogue) -> Iterator[str]:
    for node, units in catalogue.own_days.items():
        for unit, own in units.items():
            for one in own:
                days = f"{one.day}" + (f" to {one.until}" if one.until else "")
                yield f"{node} {unit}: {days} closed ({one.closed}): {one.vi}; {one.basis}"


def _compared(calendar: WorkCalendar) -> Iterator[str]:
    try:
        library = vietnam(calendar)
    except ImportError:
        yield f"{LIBRARY} is not installed here (a dependency of development): nothing to compare with"
        return
    version = importlib.import_module(LIBRARY).__version__
    found = list(differences(calendar, library))
    yield f"compared with {LIBRARY} {version}: {len(found)} days differ; the calendar of the catalogue wins"
    for day, worked, called in found:
        ours = "worked" if worked else "off"
        said = next((vi for off, vi, _ in calendar.years[day.year - calendar.years[0].year].days_off if off == day), "")
        theirs = "worked" if not worked else f"off{f' ({called})' if called else ''}"
        yield f"  {WEEKDAYS[day.weekday()]} {day}: here {ours}{f' ({said})' if said else ''}, there {theirs}"
