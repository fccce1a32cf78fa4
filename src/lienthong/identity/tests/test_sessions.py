"""Sessions in the database, and the guards that read them."""

import hashlib
from datetime import date

import pytest
from django.contrib.sessions.backends.base import UpdateError

from lienthong.identity import housekeeping, officers, validity
from lienthong.identity.sessions import SessionStore
from lienthong.identity.tests.country import AN, DESK, PORTAL, Browser, Country
from lienthong.identity.types import Officer, Post

HIRED = "INSERT INTO officer (number, name, role, unit, starts, ends) VALUES (%s, 'Nguyễn Văn An', %s, %s, %s, %s)"


def hire(country: Country, role: str, unit: str, starts: date = date(2025, 7, 1), ends: date | None = None) -> None:
    with country.nodes["G15"].database.transaction() as tx:
        tx.run(HIRED, (AN, role, unit, starts, ends))


def test_what_was_put_in_is_found_again_and_the_cookie_is_not_in_the_table(country: Country) -> None:
    store = SessionStore()
    store["typed"] = {"name": "Đỗ Thị Lan", "days": [1, 2]}
    store.save()
    assert store.session_key
    assert SessionStore(store.session_key)["typed"] == {"name": "Đỗ Thị Lan", "days": [1, 2]}
    with country.nodes["portal"].database.transaction() as tx:
        (row,) = tx.all("SELECT key, payload FROM session")
    assert row.key == hashlib.sha256(store.session_key.encode()).digest()
    assert store.session_key.encode() not in row.payload


def test_a_session_past_its_time_is_empty_and_swept(country: Country) -> None:
    store = SessionStore()
    store["x"] = 1
    store.set_expiry(-1)
    store.save()
    assert "x" not in SessionStore(store.session_key)
    housekeeping.tidy(country.nodes["portal"].database)
    assert store.session_key is not None
    assert not store.exists(store.session_key)


def test_a_session_ended_in_another_tab_is_not_brought_back(country: Country) -> None:
    store = SessionStore()
    store["x"] = 1
    store.save()
    other = SessionStore(store.session_key)
    other.flush()
    store["x"] = 2
    with pytest.raises(UpdateError):
        store.save()


def test_a_new_key_keeps_the_content_and_the_old_one_opens_nothing(country: Country) -> None:
    store = SessionStore()
    store["x"] = 1
    store.save()
    before = store.session_key
    store.cycle_key()
    assert store.session_key != before
    assert SessionStore(store.session_key)["x"] == 1
    assert "x" not in SessionStore(before)


def test_a_visit_without_signing_in_leaves_no_session(country: Country, browser: Browser) -> None:
    browser.get(f"{PORTAL}/")
    with country.nodes["portal"].database.transaction() as tx:
        assert tx.value("SELECT count(*) FROM session") == 0


def test_a_form_sent_after_the_session_ended_asks_to_sign_in_again_and_stays_on_the_site(browser: Browser) -> None:
    answer = browser.post(f"{PORTAL}/mine")
    assert answer.status_code == 403
    assert "/sign-in?next=%2Fmine" in answer.content.decode()
    by_script = browser.jar(PORTAL).get("/mine", headers={"hx-request": "true"})
    assert (by_script.status_code, by_script.headers["HX-Redirect"]) == (204, "/sign-in?next=%2Fmine")


def test_an_officers_page_opens_for_the_role_in_the_unit_it_is_held(country: Country, browser: Browser) -> None:
    hire(country, "chair", "24820")
    hire(country, "civil_status_officer", "24829")
    browser.sign_in("/desk", DESK)
    assert browser.get(f"{DESK}/desk").content.decode() == "24820"


@pytest.mark.parametrize(
    ("role", "starts", "ends"),
    [
        ("insurance_officer", date(2025, 7, 1), None),
        ("chair", date(2999, 1, 1), None),
        ("chair", date(2001, 1, 1), date(2002, 1, 1)),
    ],
)
def test_without_a_post_in_force_the_page_stays_shut(
    country: Country, browser: Browser, role: str, starts: date, ends: date | None
) -> None:
    hire(country, role, "24820", starts, ends)
    browser.sign_in("/desk", DESK)
    assert browser.get(f"{DESK}/desk").status_code == 403


def test_a_post_that_ends_is_lost_within_a_minute(
    country: Country, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    hire(country, "chair", "24820")
    browser.sign_in("/desk", DESK)
    assert browser.get(f"{DESK}/desk").status_code == 200
    with country.nodes["G15"].database.transaction() as tx:
        tx.run("DELETE FROM officer")
    assert browser.get(f"{DESK}/desk").status_code == 200
    later = validity.seconds() + validity.OFFICER
    monkeypatch.setattr(validity, "seconds", lambda: later)
    assert browser.get(f"{DESK}/desk").status_code == 403


def test_both_days_of_a_post_are_days_of_service(country: Country) -> None:
    hire(country, "chair", "24820", date(2026, 1, 1), date(2026, 1, 31))
    with country.nodes["G15"].database.transaction() as tx:
        days = {day: officers.find(tx, AN, day) for day in (date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1))}
    assert [officer is not None for officer in days.values()] == [True, True, False]


def test_a_chair_in_one_commune_is_not_one_in_the_next() -> None:
    officer = Officer(AN, "Nguyễn Văn An", (Post("chair", "24820"), Post("civil_status_officer", "24829")))
    assert officer.units_as("chair") == {"24820"}
    assert officer.units == {"24820", "24829"}
    assert officer.roles == {"chair", "civil_status_officer"}
    assert officer.holds("chair", "24820")
    assert not officer.holds("chair", "24829")
