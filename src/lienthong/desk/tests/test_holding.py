"""On whose desk a dossier lies: take, hand over, give back; substitutes; and that a lock never outlives its holder."""

import re
from collections.abc import Iterator
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest

from lienthong.casework import dossiers, holding
from lienthong.casework.desks import Taken
from lienthong.casework.tests.country import CHAIR, CHECKER, DI_LINH, Country, in_node
from lienthong.desk.tests.births import declared_birth, load, verbs
from lienthong.desk.tests.office import COLLEAGUE, STRANGER, Desks
from lienthong.identity import officers, substitutes
from lienthong.identity.types import Officer, Post
from lienthong.kit import clock


def sign_of(page: str, name: str) -> str:
    """What stands for a person in a page's list."""
    found = re.search(rf'<option value="([0-9a-f]+)"[^>]*>{name}', page)
    assert found, name
    return found[1]


@pytest.fixture
def restored(country: Country) -> Iterator[None]:
    """The posts as they were, whatever a test does to them."""
    yield
    h36 = country.nodes["H36"]
    in_node(h36, lambda tx: tx.run("DELETE FROM officer WHERE instead_of <> ''"))
    in_node(h36, lambda tx: tx.run("UPDATE officer SET ends = NULL"))


def test_what_is_taken_is_seen_by_colleagues_who_are_refused_and_told_whose_it_is(
    country: Country, desks: Desks
) -> None:
    code = declared_birth(country)
    took = desks("H36", CHECKER).post(f"/dossiers/{code}/take", {"version": "2"})
    assert took.headers["Location"] == f"/dossiers/{code}"
    state = load(country, code).state
    assert (state.holder, state.holder_name) == (CHECKER.number, CHECKER.name)
    browser = desks("H36", COLLEAGUE)
    assert code in browser.get("/queue?show=held").content.decode()
    assert CHECKER.name in browser.get("/queue?show=held").content.decode()
    assert code not in browser.get("/queue").content.decode()
    assert code in desks("H36", CHECKER).get("/queue?show=taken").content.decode()
    page = browser.get(f"/dossiers/{code}").content.decode()
    assert f"{CHECKER.name} đang giữ hồ sơ này" in page
    assert f'action="/dossiers/{code}/check"' not in page
    for deed, form in (("check", {}), ("take", {}), ("refuse", {"reason": "mismatch"})):
        refused = browser.post(f"/dossiers/{code}/{deed}", form)
        assert refused.status_code == 409
        assert CHECKER.name in refused.content.decode()
    assert desks("H36", CHECKER).post(f"/dossiers/{code}/check").status_code == 303
    assert load(country, code).state.holder == "", "the next step is anybody's of its role"


def test_a_dossier_is_handed_over_to_a_colleague_of_the_post_only(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    browser = desks("H36", CHECKER)
    page = browser.get(f"/dossiers/{code}").content.decode()
    assert COLLEAGUE.number not in page, "a colleague's number stands in no page"
    assert STRANGER.name not in page
    to = sign_of(page, COLLEAGUE.name)
    assert browser.post(f"/dossiers/{code}/hand_over", {"to": "0" * 20}).status_code == 422
    given = browser.post(f"/dossiers/{code}/hand_over", {"to": to, "note": "nhờ chị xem tiếp"})
    assert given.status_code == 303
    state = load(country, code).state
    assert (state.holder, state.holder_name) == (COLLEAGUE.number, COLLEAGUE.name)
    assert "nhờ chị xem tiếp" in desks("H36", COLLEAGUE).get(f"/dossiers/{code}").content.decode()
    assert browser.post(f"/dossiers/{code}/check").status_code == 409
    assert desks("H36", COLLEAGUE).post(f"/dossiers/{code}/release").status_code == 303
    assert browser.post(f"/dossiers/{code}/check").status_code == 303


def test_several_are_taken_and_handed_over_at_once(country: Country, desks: Desks) -> None:
    codes = [declared_birth(country) for _ in range(2)]
    browser, picked = desks("H36", CHECKER), {"pick": [f"{code}:2" for code in codes]}
    assert "Đã làm 2 trong 2" in browser.post("/queue/batch", {"verb": "take", **picked}).content.decode()
    picked = {"pick": [f"{code}:3" for code in codes]}
    asked = browser.post("/queue/batch", {"verb": "hand_over", **picked}).content.decode()
    assert [load(country, code).state.holder for code in codes] == [CHECKER.number] * 2, "asked first to whom"
    form = {"verb": "hand_over", "answered": "yes", "to": sign_of(asked, COLLEAGUE.name), "note": "", **picked}
    assert "Đã làm 2 trong 2" in browser.post("/queue/batch", form).content.decode()
    assert [load(country, code).state.holder for code in codes] == [COLLEAGUE.number] * 2
    none = browser.post("/queue/batch", {**form, "to": ""})
    assert none.status_code == 422


def test_one_row_is_taken_without_leaving_the_list(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    form = {"verb": "take", "row": "1", "pick": f"{code}:2", "list": "show=free"}
    back = desks("H36", CHECKER).post("/queue/batch", form)
    assert back.headers["Location"] == f"/queue?show=free&done={code}"


@pytest.mark.usefixtures("restored")
def test_a_lock_ends_with_its_time_and_with_the_holders_post(country: Country, desks: Desks) -> None:
    h36 = country.nodes["H36"]
    late, left = declared_birth(country), declared_birth(country)
    for code in (late, left):
        desks("H36", CHECKER).post(f"/dossiers/{code}/take")
    until = load(country, late).state.held_until
    assert until is not None
    with clock.at(until - timedelta(minutes=1)), pytest.raises(Taken):
        in_node(h36, lambda tx: holding.take(h36, tx, late, COLLEAGUE))
    with clock.at(until + timedelta(minutes=1)):
        in_node(h36, lambda tx: holding.take(h36, tx, late, COLLEAGUE))
    assert load(country, late).state.holder == COLLEAGUE.number
    yesterday = clock.today() - timedelta(days=1)
    in_node(h36, lambda tx: tx.run("UPDATE officer SET ends = %s WHERE number = %s", (yesterday, CHECKER.number)))
    browser = desks("H36", COLLEAGUE)
    assert left in browser.get("/queue?show=free").content.decode()
    assert f'action="/dossiers/{left}/check"' in browser.get(f"/dossiers/{left}").content.decode()
    assert browser.post(f"/dossiers/{left}/take").status_code == 303
    assert load(country, left).state.holder == COLLEAGUE.number
    assert browser.post(f"/dossiers/{left}/check").status_code == 303


def test_two_officers_take_the_same_at_once_and_one_is_told(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    answers: dict[str, Any] = {}

    def take(officer: Officer) -> None:
        answers[officer.name] = desks("H36", officer).post(f"/dossiers/{code}/take", {"version": "2"})

    threads = [Thread(target=take, args=(officer,)) for officer in (CHECKER, COLLEAGUE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers.values()) == [303, 409]
    winner = next(name for name, answer in answers.items() if answer.status_code == 303)
    loser = next(answer for answer in answers.values() if answer.status_code == 409)
    assert winner in loser.content.decode()
    assert load(country, code).state.holder_name == winner
    assert verbs(country, code).count("take") == 1


def named(desks: Desks, officer: Officer, away: str, substitute: str, days: int = 2) -> Any:
    browser = desks("H36", officer)
    page = browser.get("/substitutes").content.decode()
    start, end = clock.today(), clock.today() + timedelta(days=days)
    dates = {
        f"{name}-{part}": str(getattr(day, part))
        for name, day in (("starts", start), ("ends", end))
        for part in ("day", "month", "year")
    }
    form = {"away": sign_of(page, away), "substitute": sign_of(page, substitute), **dates}
    return browser.post("/substitutes", form)


@pytest.mark.usefixtures("restored")
def test_a_substitute_has_the_same_posts_for_those_days_and_acts_say_for_whom(country: Country, desks: Desks) -> None:
    h36 = country.nodes["H36"]
    assert named(desks, CHAIR, CHAIR.name, COLLEAGUE.name).status_code == 303
    found = in_node(h36, lambda tx: officers.find(tx, COLLEAGUE.number, clock.today()))
    assert found is not None
    assert found.holds("chair", DI_LINH)
    assert found.instead_of("chair", DI_LINH) == CHAIR.name
    assert found.instead_of("civil_status_officer", DI_LINH) == ""
    code = declared_birth(country)
    desks("H36", CHECKER).post(f"/dossiers/{code}/check")
    page = desks("H36", COLLEAGUE).get("/queue").content.decode()
    assert code in page
    assert f"thay {CHAIR.name}" in page, "who looks is told in whose place"
    assert desks("H36", COLLEAGUE).post(f"/dossiers/{code}/decide").status_code == 303
    act = in_node(h36, lambda tx: dossiers.acts(tx, code))[-1]
    assert (act.actor, act.detail["instead_of"]) == (COLLEAGUE.name, CHAIR.name)
    assert f"{COLLEAGUE.name} thay {CHAIR.name}" in desks("H36", CHAIR).get(f"/dossiers/{code}").content.decode()
    for day, has in ((2, True), (3, False)):
        on = clock.today() + timedelta(days=day)
        later = in_node(h36, lambda tx, on=on: officers.find(tx, COLLEAGUE.number, on))
        assert (later is not None and later.holds("chair", DI_LINH)) is has


@pytest.mark.usefixtures("restored")
def test_a_substitute_goes_with_the_post_they_stand_for_and_passes_nothing_on(country: Country, desks: Desks) -> None:
    h36 = country.nodes["H36"]
    named(desks, CHAIR, CHAIR.name, COLLEAGUE.name)
    posts = in_node(h36, lambda tx: substitutes.posts_of(tx, COLLEAGUE.number, clock.today()))
    assert posts == [Post("civil_status_officer", DI_LINH)], "what is held for another is not theirs to give"
    yesterday = clock.today() - timedelta(days=1)
    in_node(h36, lambda tx: tx.run("UPDATE officer SET ends = %s WHERE number = %s", (yesterday, CHAIR.number)))
    found = in_node(h36, lambda tx: officers.find(tx, COLLEAGUE.number, clock.today()))
    assert found is not None
    assert not found.holds("chair", DI_LINH)


@pytest.mark.usefixtures("restored")
def test_only_who_is_away_or_the_head_names_a_substitute_and_ends_it(country: Country, desks: Desks) -> None:
    assert named(desks, COLLEAGUE, CHECKER.name, COLLEAGUE.name).status_code == 422, "not theirs to say"
    assert named(desks, CHECKER, CHECKER.name, CHECKER.name).status_code == 422
    assert named(desks, CHAIR, CHECKER.name, COLLEAGUE.name, days=200).status_code == 422
    assert named(desks, CHAIR, CHECKER.name, CHAIR.name).status_code == 303
    h36 = country.nodes["H36"]
    found = in_node(h36, lambda tx: officers.find(tx, CHAIR.number, clock.today()))
    assert found is not None
    assert found.holds("civil_status_officer", DI_LINH)
    page = desks("H36", CHAIR).get("/substitutes").content.decode()
    which = re.search(r'name="which" value="([0-9a-f]+)"', page)
    assert which is not None
    assert 'name="which"' not in desks("H36", COLLEAGUE).get("/substitutes").content.decode()
    assert desks("H36", COLLEAGUE).post("/substitutes/end", {"which": which[1]}).status_code == 403
    assert desks("H36", CHECKER).post("/substitutes/end", {"which": which[1]}).status_code == 303
    ended = in_node(h36, lambda tx: officers.find(tx, CHAIR.number, clock.today()))
    assert ended is not None
    assert not ended.holds("civil_status_officer", DI_LINH)
