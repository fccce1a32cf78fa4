"""Promised times by the calendar of the unit that decides, and a year without a calendar: an alarm, never a guess."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from lienthong.casework import counting, dossiers, journey, limits, parents, pauses, timers, uncounted
from lienthong.casework.dossiers import Dossier
from lienthong.casework.pauses import Item
from lienthong.casework.rules import source_hashes
from lienthong.casework.tests.case import RECEIVER, Case
from lienthong.casework.tests.country import CATALOGUE, CHECKER, DI_LINH, Country, in_node
from lienthong.catalogue.catalogue import load
from lienthong.kit import clock
from lienthong.kit.clock import ZONE
from lienthong.kit.worktime import OwnDay, WorkCalendar

pytestmark = pytest.mark.usefixtures("own_clock")
WHOLE = load(CATALOGUE, "H36", source_hashes()).calendar


@pytest.fixture(autouse=True)
def calendars(country: Country) -> Iterator[None]:
    """What a test does to the calendars does not outlast it."""
    kept = {name: (node.catalogue.calendar, node.catalogue.own_days) for name, node in country.nodes.items()}
    yield
    for name, (calendar, own) in kept.items():
        lay(country, name, calendar, own)


def lay(country: Country, name: str, calendar: WorkCalendar, own: Any) -> None:
    catalogue = country.nodes[name].catalogue
    catalogue.calendar, catalogue.own_days = calendar, own
    catalogue._calendars.clear()


def close(country: Country, *days: OwnDay) -> None:
    for name, node in country.nodes.items():
        lay(country, name, node.catalogue.calendar, {"H36": {DI_LINH: list(days)}})


def know_until(country: Country, year: int) -> None:
    calendar = msgspec.structs.replace(WHOLE, years=[said for said in WHOLE.years if said.year <= year])
    for name, node in country.nodes.items():
        lay(country, name, calendar, node.catalogue.own_days)


def be(moment: str) -> None:
    clock.shift(datetime.fromisoformat(moment).replace(tzinfo=ZONE) - clock.now())


def supply(case: Case, values: dict[str, str]) -> None:
    node, mother = case.portal, case.mother.number
    in_node(node, lambda tx: parents.supply(node, tx, case.code, "birth", mother, values, []))


def counted(case: Case, node: str, dossier: Dossier) -> datetime | None:
    """The promised time that the acts alone amount to."""
    place, code = case.country.nodes[node], dossier.identity.code
    service = place.catalogue.service(dossier.identity.service, dossier.identity.revision)
    acts = in_node(place, lambda tx: dossiers.acts(tx, code))
    return counting.deadline(limits.competent(place, dossier), service, acts, verified=dossier.state.verified)


def alarms(country: Country, node: str = "H36") -> list[tuple[str, str]]:
    sql = "SELECT id, state FROM task WHERE id LIKE 'calendar/%' ORDER BY id"
    return [(row.id, row.state) for row in in_node(country.nodes[node], lambda tx: tx.all(sql))]


def test_a_unit_that_is_closed_promises_later_at_the_agency_and_at_the_portal(country: Country) -> None:
    be("2026-12-07T09:00:00")  # a Monday
    close(country, OwnDay(date(2026, 12, 8), "bão", "a storm", "QĐ 1", until=date(2026, 12, 9)))
    case = Case(country, 401)
    case.at("H36", journey.receive_dossier, RECEIVER)
    birth = case.branch().state
    assert birth.deadline is not None
    assert birth.deadline.astimezone(ZONE).date() == date(2026, 12, 10)  # 24 hours of working days, two of them closed
    assert case.parent.state.deadline == datetime(2026, 12, 14, 17, tzinfo=ZONE)  # three working days, with a weekend


def test_a_promised_time_is_what_the_acts_amount_to_along_every_pause(country: Country) -> None:
    be("2026-12-07T09:00:00")
    case = Case(country, 402)
    case.at("H36", journey.receive_dossier, RECEIVER)
    clock.shift(timedelta(hours=5))
    case.at("H36", pauses.supplement, CHECKER, [Item(field="child_name", text="Viết rõ tên")], "unclear")
    clock.shift(timedelta(days=2))
    supplied = {"child_name": "K’ Brêm Di Linh"}
    in_node(
        case.portal, lambda tx: parents.supply(case.portal, tx, case.code, "birth", case.mother.number, supplied, [])
    )
    country.deliver()
    assert case.branch().state.deadline == counted(case, "H36", case.branch())
    case.verify()


def test_where_no_calendar_reaches_a_dossier_is_taken_in_and_its_time_is_counted_later(country: Country) -> None:
    be("2026-12-30T10:00:00")
    know_until(country, 2026)
    case = Case(country, 403)
    case.at("H36", journey.receive_dossier, RECEIVER)
    be("2026-12-31T10:00:00")
    case.at("H36", pauses.supplement, CHECKER, [Item(paper="Giấy chứng sinh")], "missing")
    assert case.parent.state.deadline is None
    assert (case.branch().state.status, case.branch().state.due) == (5, None)
    for name in ("H36", "portal"):
        timers.tick(country.nodes[name])
        assert alarms(country, name) == [("calendar/2027", "open")]
    assert case.parent.state.deadline is None

    know_until(country, 2027)
    for name in ("portal", "H36"):
        timers.tick(country.nodes[name])
        assert alarms(country, name) == [("calendar/2027", "done")]
    country.deliver()
    assert case.parent.state.deadline == datetime(2027, 1, 5, 17, tzinfo=ZONE)  # 31 December, 4 and 5 January
    assert case.branch().state.due == datetime(2027, 1, 12, 17, tzinfo=ZONE)  # seven working days to supply
    assert timers.tick(country.nodes["H36"]) == 0, "it is counted once"
    case.verify()


def test_a_pause_that_ends_in_a_year_without_a_calendar_leaves_no_promise_until_there_is_one(country: Country) -> None:
    be("2026-12-30T08:00:00")
    know_until(country, 2026)
    case = Case(country, 404)
    case.at("H36", journey.receive_dossier, RECEIVER)
    assert case.branch().state.deadline is not None
    case.at("H36", pauses.supplement, CHECKER, [Item(field="child_name")], "unclear")
    be("2027-01-04T10:00:00")
    supplied = {"child_name": "K’ Brêm Di Linh"}
    in_node(
        case.portal, lambda tx: parents.supply(case.portal, tx, case.code, "birth", case.mother.number, supplied, [])
    )
    country.deliver()
    assert (case.branch().state.waiting, case.branch().state.deadline) == ("open", None)
    know_until(country, 2027)
    timers.tick(country.nodes["H36"])
    assert case.branch().state.deadline == counted(case, "H36", case.branch())
    assert case.branch().state.due is not None
    case.verify()


def test_from_october_on_a_missing_year_is_an_alarm(country: Country) -> None:
    g01 = country.nodes["G01"]
    know_until(country, 2026)
    be("2026-09-30T12:00:00")
    assert in_node(g01, lambda tx: uncounted.look(g01, tx)) == 0
    be("2026-10-01T00:30:00")
    assert in_node(g01, lambda tx: uncounted.look(g01, tx)) == 1
    assert alarms(country, "G01") == [("calendar/2027", "open")]
    know_until(country, 2027)
    in_node(g01, lambda tx: uncounted.look(g01, tx))
    assert alarms(country, "G01") == [("calendar/2027", "done")]
