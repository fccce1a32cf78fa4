"""Another promised time: drafted while there is a working day left, signed once, told to the citizen."""

from datetime import datetime

import msgspec
import pytest

from lienthong.casework import drafting, extending, journey, tasks, telling, timers
from lienthong.casework.states import NotPossible
from lienthong.casework.tests.case import POLICE, RECEIVER, Case
from lienthong.casework.tests.country import CHAIR, CHECKER, DI_LINH, Country, in_node
from lienthong.identity.types import Officer, Post
from lienthong.kit import clock
from lienthong.kit.clock import ZONE

pytestmark = pytest.mark.usefixtures("own_clock")
REASON = "verification-long: chờ trả lời của xã Bảo Thuận"


def be(moment: str) -> None:
    clock.shift(at(moment) - clock.now())


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=ZONE)


def five_days(country: Country) -> None:
    """A birth is decided within five working days here, so that there is time to draft."""
    for node in country.nodes.values():
        for slug, service in list(node.catalogue.services.items()):
            if slug == "civil-status/birth-registration":
                limit = msgspec.structs.replace(service.card.limit, hours=0, working_days=5)
                card = msgspec.structs.replace(service.card, limit=limit)
                node.catalogue.services[slug] = msgspec.structs.replace(service, card=card)


def drafts(country: Country, officer: Officer = CHAIR) -> list[tasks.Task]:
    found = in_node(country.nodes["H36"], lambda tx: tasks.mine(tx, officer))
    return [task for task in found if task.kind == "extension"]


def test_what_will_not_make_it_is_drafted_once_a_working_day_ahead_and_signed(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "NEWS_WAITS", 0.0)
    five_days(country)
    h36 = country.nodes["H36"]
    be("2026-12-07T09:00:00")
    case = Case(country, 501)
    case.at("H36", journey.receive_dossier, RECEIVER)
    assert case.branch().state.deadline == at("2026-12-14T17:00:00")  # five working days
    be("2026-12-10T16:59:00")
    timers.tick(h36)
    assert drafts(country) == []
    be("2026-12-10T17:01:00")
    timers.tick(h36)
    timers.tick(h36)
    [draft] = drafts(country)
    assert draft.due == at("2026-12-11T17:00:00")  # a working day before, over the weekend
    assert (draft.unit, draft.detail["until"]) == (DI_LINH, at("2026-12-17T17:00:00").isoformat())
    assert [time[:10] for time in draft.detail["choices"]] == [f"2026-12-{day}" for day in (15, 16, 17, 18, 21)]
    assert drafts(country, CHECKER) == []

    be("2026-12-11T09:00:00")
    assert case.parent.state.deadline == at("2026-12-10T17:00:00")
    case.at("H36", extending.extend, CHAIR, at("2026-12-16T17:00:00"), REASON)
    assert drafts(country) == []
    state = case.branch().state
    assert (state.deadline, state.extended, state.step) == (at("2026-12-16T17:00:00"), True, "check")
    assert case.parent.state.deadline == at("2026-12-14T17:00:00"), "the whole is promised as much later"
    be("2026-12-15T17:30:00")
    timers.tick(h36)
    assert drafts(country) == [], "once"
    with pytest.raises(NotPossible):
        case.at("H36", extending.extend, CHAIR, at("2026-12-18T17:00:00"), REASON)
    case.verify()


def test_who_does_not_decide_signs_nothing_and_the_law_bounds_the_new_time(country: Country) -> None:
    five_days(country)
    be("2026-12-07T09:00:00")
    case = Case(country, 502)
    case.at("H36", journey.receive_dossier, RECEIVER)
    for officer in (CHECKER, POLICE, Officer("068080000099", "Người khác", (Post("chair", "25036"),))):
        with pytest.raises(PermissionError):
            case.at("H36", extending.extend, officer, at("2026-12-15T17:00:00"), REASON)
    for until, problem in (("2026-12-14T17:00:00", "not-later"), ("2026-12-22T17:00:00", "beyond-limit")):
        with pytest.raises(ValueError, match=problem):
            case.at("H36", extending.extend, CHAIR, at(until), REASON)
    with pytest.raises(ValueError, match="required"):
        case.at("H36", extending.extend, CHAIR, at("2026-12-15T17:00:00"), " ")
    be("2026-12-11T17:05:00")
    case.at("H36", extending.extend, CHAIR, at("2026-12-15T17:00:00"), REASON)
    sql = "SELECT payload FROM journal_entry WHERE stream = %s ORDER BY number DESC LIMIT 1"
    code = case.branch().identity.code
    act = msgspec.json.decode(in_node(country.nodes["H36"], lambda tx: tx.value(sql, (f"dossier/{code}",))))
    assert act["detail"]["drafted"] == "late"


def test_a_draft_that_nobody_needs_any_more_closes_itself(country: Country) -> None:
    five_days(country)
    h36 = country.nodes["H36"]
    be("2026-12-07T09:00:00")
    case = Case(country, 503)
    case.at("H36", journey.receive_dossier, RECEIVER)
    be("2026-12-11T08:00:00")
    assert in_node(h36, lambda tx: drafting.look(h36, tx)) == 1
    case.decide()
    assert in_node(h36, lambda tx: drafting.outlived(h36, tx)) == 1
    assert drafts(country) == []
    assert in_node(h36, lambda tx: drafting.look(h36, tx)) == 0
