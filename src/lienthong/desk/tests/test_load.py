"""The unit head's load: figures that can be counted by hand."""

from datetime import datetime, timedelta
from typing import Any

from lienthong.casework.dossiers import Dossier, Identity
from lienthong.casework.rules import source_hashes
from lienthong.casework.states import Act, State
from lienthong.casework.tests.country import CATALOGUE, CHAIR, CHECKER, Country
from lienthong.catalogue.catalogue import load
from lienthong.desk import load as figures
from lienthong.desk.tests.births import declared_birth
from lienthong.desk.tests.office import STRANGER, Desks
from lienthong.kit.clock import ZONE

CALENDAR = load(CATALOGUE, "H36", source_hashes()).calendar
NOW = datetime(2026, 11, 19, 10, 0, tzinfo=ZONE)  # a Thursday


def waiting(code: str, since: datetime, due: datetime, waits: Any = "open", step: str = "check") -> Dossier:
    identity = Identity(code, "civil-status/birth-registration", "r", "H36.104", "068195000001", since)
    return Dossier(identity, State(4, step, waits, "civil_status_officer", since, due), 1, b"")


def act(verb: Any, at: datetime, step: str = "check", role: str = "civil_status_officer", officer: str = "1") -> Act:
    return Act(verb, at, "Lê Thị Kiểm", role, "H36.104", step, detail={"officer": officer} if role else {})


def history(begin: datetime, hours: int) -> list[Act]:
    return [act("receive", begin, "receive", role=""), act("check", begin + timedelta(hours=hours))]


def test_open_late_today_and_ages_are_counted_by_step() -> None:
    dossiers = [
        waiting("a", NOW - timedelta(hours=1), NOW - timedelta(minutes=1)),
        waiting("b", NOW - timedelta(hours=2), NOW + timedelta(minutes=30)),
        waiting("c", NOW, NOW + timedelta(days=1)),
        waiting("d", NOW, NOW + timedelta(days=5), waits="applicant"),
    ]
    monday = NOW - timedelta(days=3)
    took = {str(n): history(monday.replace(hour=8), hours) for n, hours in enumerate((1, 2, 3))}
    [check] = figures.by_step(CALENDAR, NOW, dossiers, took)
    assert (check.open, check.late, check.today, check.done_this_week) == (3, 1, 1, 3)
    assert (check.median_age, check.median_time) == (1.0, 2.0)
    assert [dossier.identity.code for dossier in check.at_risk] == ["b"]
    assert figures.waiting_elsewhere(dossiers) == {"applicant": 1}
    today = figures.ahead(CALENDAR, NOW, dossiers, [check])[0]
    assert (today.day, today.due, today.at_risk) == (NOW.date(), 1, 1)


def test_days_ahead_are_working_days_only() -> None:
    friday = NOW + timedelta(days=1)
    days = [one.day.weekday() for one in figures.ahead(CALENDAR, friday, [], [])]
    assert len(days) == figures.DAYS_AHEAD
    assert not {5, 6} & set(days)


def test_time_in_which_somebody_outside_was_waited_for_does_not_count() -> None:
    begin = NOW.replace(hour=8)
    acts = [
        act("receive", begin, "receive", role=""),
        act("supplement", begin + timedelta(minutes=30)),
        act("supply", begin + timedelta(minutes=90), role=""),
        act("check", begin + timedelta(minutes=120)),
    ]
    assert figures.spent(CALENDAR, [acts]) == {"check": [1.0]}


def test_without_a_month_behind_it_nothing_is_said_to_be_at_risk() -> None:
    [check] = figures.by_step(CALENDAR, NOW, [waiting("a", NOW, NOW + timedelta(minutes=1))], {})
    assert check.at_risk == []
    assert check.median_time is None


def test_the_page_is_the_heads_and_its_figures_lead_to_the_queue(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    page = desks("H36", CHAIR).get("/load").content.decode()
    assert "Xã Di Linh" in page
    assert "/queue?show=all&amp;step=check" in page
    assert CHECKER.name in page
    assert "Dự báo được tính mỗi ngày một lần" in page
    assert desks("H36", CHECKER).get("/load").status_code == 403
    assert desks("H36", STRANGER).get("/load").status_code == 403
    desks("H36", CHECKER).post(f"/dossiers/{code}/check")
    assert "/queue?show=all&amp;step=sign" in desks("H36", CHAIR).get("/load").content.decode()
