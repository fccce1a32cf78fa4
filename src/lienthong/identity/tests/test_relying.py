"""What a site believes of e-identity's answers, and what it does when none comes."""

import json
import socket
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from django.conf import settings
from joserfc import jwt
from joserfc.jwk import OctKey

from lienthong.identity import backchannel, relying, tokens, validity
from lienthong.identity.tests.country import AN, EID, PORTAL, Browser, Country, query_of, unsigned, with_query
from lienthong.kit.signatures import SigningKey

WRONG: dict[str, dict[str, Any]] = {
    "nonce": {"nonce": "of another request"},
    "no-nonce": {"nonce": None},
    "issuer": {"iss": "http://evil.localhost:8602"},
    "audience": {"aud": "G15"},
    "audience-list": {"aud": ["portal", "G15"]},
    "expired": {"iat": 1_600_000_000, "exp": 1_600_000_300},
    "no-expiry": {"exp": None},
    "level": {"acr": "LoA7"},
    "number": {"personal_number": "1 OR 1=1"},
    "birth-date": {"birth_date": "yesterday"},
}


class Tampering:
    """Stands between the portal and e-identity and alters the ID token."""

    def __init__(self, country: Country, kind: str) -> None:
        self.country, self.kind = country, kind

    def call(
        self, address: str, method: str, path: str, form: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        status, answer = self.country.back_channel(address, method, path, form)
        if path == "/token":
            key = tokens.provider_key(str(settings.LIENTHONG_TOKEN_KEY))
            claims = jwt.decode(answer["id_token"], tokens.public_jwk(key.public), algorithms=["ES256"]).claims
            answer["id_token"] = self.altered(claims, key)
        return status, answer

    def altered(self, claims: dict[str, Any], key: SigningKey) -> str:
        if self.kind == "none":
            return unsigned(claims)
        if self.kind == "hmac-with-public-key":
            secret = OctKey.import_key(key.public.text)
            kid = tokens.public_jwk(key.public).kid
            return jwt.encode({"alg": "HS256", "kid": kid}, claims, secret, algorithms=["HS256"])
        if self.kind == "foreign":
            return tokens.sign(claims, SigningKey.generate())
        if self.kind == "not-a-token":
            return "x"
        changed = {**claims, **WRONG.get(self.kind, {})}
        return tokens.sign({name: value for name, value in changed.items() if value is not None}, key)


@pytest.mark.parametrize("kind", [*WRONG, "none", "hmac-with-public-key", "foreign", "not-a-token"])
def test_an_id_token_that_does_not_hold_signs_nobody_in(
    country: Country, browser: Browser, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(backchannel, "call", Tampering(country, kind).call)
    assert browser.sign_in().status_code == 403
    assert browser.get(f"{PORTAL}/mine").status_code == 302
    assert "account" not in browser.jar(PORTAL).session


def test_the_same_answer_untouched_does_sign_in(
    country: Country, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backchannel, "call", Tampering(country, "untouched").call)
    assert browser.sign_in().status_code == 302


@pytest.mark.parametrize("change", [{"state": "guessed"}, {"state": None}, {"iss": None}, {"iss": PORTAL}])
def test_an_answer_to_no_request_of_this_browser_does_nothing(browser: Browser, change: dict[str, Any]) -> None:
    returned = browser.agree(browser.begin())
    assert browser.get(with_query(returned, **change)).status_code == 400
    assert "account" not in browser.jar(PORTAL).session


def test_a_link_with_somebody_elses_answer_signs_nobody_in(country: Country, browser: Browser) -> None:
    returned = browser.agree(browser.begin())
    victim = Browser()
    victim.begin()
    assert victim.get(returned).status_code == 400


def test_an_answer_is_taken_once(browser: Browser) -> None:
    returned = browser.agree(browser.begin())
    assert browser.get(returned).status_code == 302
    assert browser.get(returned).status_code == 400


def test_a_sign_in_left_open_too_long_starts_anew(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    returned = browser.agree(browser.begin())
    monkeypatch.setattr(validity, "UNDER_WAY", -1)
    assert browser.get(returned).status_code == 400


def test_several_tabs_may_sign_in_and_the_oldest_of_many_is_forgotten(browser: Browser) -> None:
    asked = [browser.begin(f"/page/{number}") for number in range(relying.AT_ONCE + 1)]
    under_way = browser.jar(PORTAL).session["under_way"]
    assert list(under_way) == [query_of(url)["state"] for url in asked[1:]]


def test_a_signed_in_person_is_forgotten_after_a_working_day(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    browser.sign_in()
    later = time.time() + validity.AT_RELYING_PARTY
    monkeypatch.setattr(validity, "seconds", lambda: int(later) + 1)
    assert browser.get(f"{PORTAL}/mine").status_code == 302


def test_a_new_key_of_the_provider_is_fetched_without_a_restart(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    browser.sign_in()
    monkeypatch.setattr(settings, "LIENTHONG_TOKEN_KEY", str(tmp_path / "next.pem"))
    monkeypatch.setattr(relying, "KEYS_AT_LEAST", 0.0)
    assert Browser().sign_in().status_code == 302


def test_a_silent_provider_is_told_plainly_and_may_be_asked_again(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: Any) -> Any:
        raise backchannel.Silent("test")

    with monkeypatch.context() as patched:
        returned = browser.agree(browser.begin())
        patched.setattr(backchannel, "call", silent)
        answer = browser.get(returned)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "/sign-in?next=%2Fmine" in answer.content.decode()
    assert browser.sign_in().status_code == 302


def test_a_provider_in_trouble_counts_as_silent(
    country: Country, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backchannel, "call", lambda *_: (502, {}))
    assert browser.sign_in().status_code == 503


def test_the_line_gives_up_in_time_and_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backchannel, "DEADLINE", 0.2)
    line = backchannel.Line()
    with socket.create_server(("127.0.0.1", 0)) as hangs:
        url = f"http://127.0.0.1:{hangs.getsockname()[1]}/jwks"
        begun = time.monotonic()
        with pytest.raises(backchannel.Silent):
            line.call("GET", url)
        assert time.monotonic() - begun < 1.0
        begun = time.monotonic()
        with pytest.raises(backchannel.Silent, match="at rest"):
            line.call("GET", url)
        assert time.monotonic() - begun < 0.05


class Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.send_response(400)
        self.send_header("Content-Length", "200")
        self.end_headers()
        self.wfile.write(json.dumps({"form": form}).encode().ljust(200))

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def test_the_line_carries_a_form_and_brings_back_status_and_json() -> None:
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        Thread(target=server.handle_request, daemon=True).start()
        answer = backchannel.call(f"http://127.0.0.1:{server.server_port}", "POST", "/token", {"code": "a b"})
    assert answer == (400, {"form": "code=a+b"})


def test_nobody_at_home_is_silence_too() -> None:
    with pytest.raises(backchannel.Silent):
        backchannel.Line().call("GET", "http://127.0.0.1:1/jwks")


def test_the_issuer_is_the_site_people_see(browser: Browser) -> None:
    assert query_of(browser.agree(browser.begin()))["iss"] == EID
    assert query_of(browser.begin())["client_id"] == "portal"
    assert AN not in browser.begin()
