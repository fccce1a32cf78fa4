"""The whole way between a site and e-identity, and every known way to cheat on it."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client, override_settings

from lienthong.identity import choosing, relying
from lienthong.identity.tests.country import (
    AN,
    BINH,
    DESK,
    EID,
    LOCKED,
    LOW,
    PORTAL,
    Browser,
    Country,
    query_of,
    request_of_our_own,
    token_request,
    with_query,
)


def test_a_person_signs_in_and_lands_where_they_wanted_to_go(country: Country, browser: Browser) -> None:
    answer = browser.sign_in("/mine")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/mine")
    assert browser.get(f"{PORTAL}/mine").content.decode() == "Nguyễn Văn An"
    with country.nodes["G01-eid"].database.transaction() as tx:
        row = tx.one("SELECT number, client, level, at FROM sign_in")
    assert (row.number, row.client, row.level) == (AN, "portal", 2)


def test_the_confirm_page_names_the_site_and_the_data_and_lets_the_form_lead_there(browser: Browser) -> None:
    page = browser.post(browser.begin(), step="pick", number=AN)
    text = page.content.decode()
    assert "portal.localhost" in text
    assert "Trang portal" in text
    assert "03/02/1990" in text
    assert page.headers["Content-Security-Policy"].endswith(f"form-action 'self' {PORTAL}")


@pytest.mark.parametrize("name", ["K’Brèo", "k'breo", "  KBREO "])
def test_anybody_may_be_looked_up_by_number_and_name_typed_any_way(browser: Browser, name: str) -> None:
    answer = browser.sign_in(step="look_up", number="0680 9100 0002", name=name)
    assert answer.status_code == 302
    assert browser.get(f"{PORTAL}/mine").content.decode() == "K’Brèo"


def test_a_wrong_name_an_unknown_number_and_a_locked_account_answer_alike(browser: Browser) -> None:
    pages = []
    for number, name in ((AN, "Lê Văn Ba"), ("068090999999", "Lê Văn Ba"), (LOCKED, "Đỗ Thị Lan"), ("12", "")):
        answer = browser.post(browser.begin(), step="look_up", number=number, name=name)
        assert answer.status_code == 422
        pages.append(answer.content.decode().replace(number, "").replace(name, ""))
    assert all("Không có tài khoản" in page for page in pages)


def test_looking_up_is_limited(browser: Browser) -> None:
    asked = browser.begin()
    for _ in range(choosing.MISSES):
        assert browser.post(asked, step="look_up", number=AN, name="x").status_code == 422
    assert browser.post(asked, step="look_up", number=AN, name="Nguyễn Văn An").status_code == 429


def test_a_locked_account_is_refused_even_when_a_demo_offers_it(browser: Browser) -> None:
    assert browser.post(browser.begin(), step="pick", number=LOCKED).status_code == 422


def test_only_offered_people_may_be_picked(browser: Browser) -> None:
    assert browser.post(browser.begin(), step="pick", number=BINH).status_code == 422


def test_an_account_locked_between_agreeing_and_the_exchange_is_refused(country: Country, browser: Browser) -> None:
    asked, verifier = request_of_our_own()
    returned = browser.agree(asked)
    with country.nodes["G01-eid"].database.transaction() as tx:
        tx.run("UPDATE accounts SET status = 'closed' WHERE number = %s", (AN,))
    try:
        assert token_request(country, returned, verifier) == (400, {"error": "invalid_grant"})
    finally:
        with country.nodes["G01-eid"].database.transaction() as tx:
            tx.run("UPDATE accounts SET status = 'active' WHERE number = %s", (AN,))


@pytest.mark.parametrize(("bind", "demo"), [("0.0.0.0", True), ("", True), ("127.0.0.1", False)])
def test_demo_sign_in_needs_a_demo_country_on_loopback(
    country: Country, browser: Browser, bind: str, demo: bool
) -> None:
    country.directory.demo = demo
    with override_settings(LIENTHONG_BIND=bind):
        asked = browser.begin()
        assert browser.get(asked).status_code == 503
        assert browser.post(asked, step="pick", number=AN).status_code == 503
        assert browser.post(asked, step="look_up", number=AN, name="Nguyễn Văn An").status_code == 503
        assert "person" not in browser.jar(EID).session


def test_the_session_key_changes_at_both_sites_so_a_planted_one_is_worth_nothing(browser: Browser) -> None:
    asked = browser.begin()
    browser.post(asked, step="look_up", number=AN, name="x")
    planted = browser.session_key(PORTAL), browser.session_key(EID)
    browser.get(browser.agree(asked))
    after = browser.session_key(PORTAL), browser.session_key(EID)
    assert all(before and now and before != now for before, now in zip(planted, after, strict=True))
    attacker = Client(HTTP_HOST=urlsplit(PORTAL).netloc)
    attacker.cookies["sessionid"] = str(planted[0])
    assert attacker.get("/mine").status_code == 302


def test_a_session_key_we_never_gave_out_is_not_adopted(browser: Browser) -> None:
    browser.jar(PORTAL).cookies["sessionid"] = "a" * 32
    browser.begin()
    assert browser.session_key(PORTAL) != "a" * 32


def test_another_person_signing_in_finds_nothing_of_the_one_before(browser: Browser) -> None:
    browser.sign_in()
    session = browser.jar(PORTAL).session
    session["note"] = "of the first person"
    session.save()
    asked = browser.begin()
    browser.post(asked, step="another")
    browser.get(browser.agree(asked, step="look_up", number=BINH, name="K'Breo"))
    assert browser.get(f"{PORTAL}/mine").content.decode() == "K’Brèo"
    assert "note" not in browser.jar(PORTAL).session


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "evil", "",
        "/\x0d\x0aLocation: https://evil.example", "http:///evil.example", "///evil.example",
    ],
)  # fmt: skip
def test_nobody_is_led_to_another_site_by_next(path: str) -> None:
    assert relying.local_path(path) == "/"
    assert relying.local_path("/services/birth?x=1") == "/services/birth?x=1"


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": f"{PORTAL}/signed-in/"},
        {"redirect_uri": f"{PORTAL}/signed-in?x=1"},
        {"redirect_uri": f"{DESK}/signed-in"},
        {"redirect_uri": None},
        {"client_id": "nobody"},
        {"client_id": "G01-eid"},
        {"client_id": None},
    ],
)
def test_an_unknown_client_or_place_to_return_to_never_redirects(browser: Browser, changes: dict[str, Any]) -> None:
    asked, _ = request_of_our_own(**changes)
    for answer in (browser.get(asked), browser.post(asked, step="pick", number=AN)):
        assert answer.status_code == 400
        assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"state": None}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"acr_values": "LoA9"}, "unmet_authentication_requirements"),
        ({"prompt": "none"}, "interaction_required"),
        ({"request": "x"}, "request_not_supported"),
        ({"max_age": "-1"}, "invalid_request"),
    ],
)
def test_a_faulty_request_goes_back_with_the_standards_error(
    browser: Browser, changes: dict[str, Any], error: str
) -> None:
    answer = browser.get(request_of_our_own(**changes)[0])
    location = answer.headers["Location"]
    assert (answer.status_code, location.partition("?")[0]) == (303, f"{PORTAL}/signed-in")
    assert query_of(location)["error"] == error
    assert query_of(location)["iss"] == EID
    assert query_of(location).get("state") == (None if "state" in changes else "s")


def test_a_repeated_parameter_is_refused(browser: Browser) -> None:
    asked, _ = request_of_our_own()
    assert query_of(browser.get(asked + "&nonce=m").headers["Location"])["error"] == "invalid_request"
    assert browser.get(asked + "&client_id=G15").status_code == 400


def test_a_level_not_held_is_not_claimed(browser: Browser) -> None:
    asked, _ = request_of_our_own(acr_values="LoA2")
    assert browser.post(asked, step="look_up", number=LOW, name="H'Bia").status_code == 422
    assert browser.post(asked, step="look_up", number=AN, name="Nguyen Van An").status_code == 200


def test_agreeing_counts_only_for_the_person_the_page_named(browser: Browser) -> None:
    asked = browser.begin()
    browser.post(asked, step="pick", number=AN)
    other_tab = browser.post(asked, step="confirm", subject="somebody else")
    assert other_tab.status_code == 200
    assert "Location" not in other_tab.headers


def test_declining_tells_the_site_nothing_but_that(browser: Browser) -> None:
    asked = browser.begin()
    browser.post(asked, step="pick", number=AN)
    returned = browser.post(asked, step="decline").headers["Location"]
    assert set(query_of(returned)) == {"error", "state", "iss"}
    assert browser.get(returned).status_code == 403


def test_prompt_login_asks_again_who_is_there(browser: Browser) -> None:
    asked, _ = request_of_our_own(prompt="login")
    browser.agree(asked)
    assert 'name="subject"' not in browser.get(asked).content.decode()


@pytest.mark.usefixtures("country")
def test_every_form_carries_its_token_across_the_sign_in() -> None:
    """With Django's check of forged requests on, as in a browser."""
    browser = Browser()
    browser.jars[urlsplit(EID).netloc] = Client(HTTP_HOST=urlsplit(EID).netloc, enforce_csrf_checks=True)
    asked, _ = request_of_our_own()
    assert browser.post(asked, step="pick", number=AN).status_code == 403
    hidden = re.compile(r'name="(csrfmiddlewaretoken|subject)" value="([^"]+)"')
    page = dict(hidden.findall(browser.get(asked).content.decode()))
    page = dict(hidden.findall(browser.post(asked, step="pick", number=AN, **page).content.decode()))
    assert browser.post(asked, step="confirm", **page).status_code == 303


def test_discovery_and_keys_tell_the_truth(country: Country) -> None:
    machine = Client(HTTP_HOST="127.0.0.1:8602")
    told = machine.get("/.well-known/openid-configuration").json()
    assert told["issuer"] == EID
    assert told["id_token_signing_alg_values_supported"] == ["ES256"]
    (key,) = machine.get("/jwks").json()["keys"]
    assert (key["kty"], key["crv"], key["alg"]) == ("EC", "P-256", "ES256")
    assert "d" not in key
    assert machine.get("/token").status_code == 405
    assert machine.get("/userinfo").status_code == 401


def test_signing_out_ends_the_session_here_and_offers_to_end_it_there(browser: Browser) -> None:
    browser.sign_in()
    assert browser.jar(PORTAL).get("/sign-out").status_code == 405
    browser.post(f"{PORTAL}/sign-out")
    assert browser.get(f"{PORTAL}/mine").status_code == 302
    there = with_query(f"{EID}/end-session", client_id="portal", post_logout_redirect_uri=f"{PORTAL}/")
    assert there.replace("&", "&amp;") in browser.get(f"{PORTAL}/signed-out").content.decode()
    assert browser.get(there).status_code == 200
    assert browser.post(there).headers["Location"] == f"{PORTAL}/"
    elsewhere = with_query(there, post_logout_redirect_uri="https://evil.example/")
    assert 'href="https://evil' not in browser.get(elsewhere).content.decode()
