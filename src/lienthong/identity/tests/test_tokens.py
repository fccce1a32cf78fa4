"""The token endpoint: what a code is bound to, and how a site proves itself."""

import time
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from joserfc import jwt
from joserfc.jwk import OctKey

from lienthong.identity import clients, tokens, validity
from lienthong.identity.tests.country import (
    AN,
    EID,
    PORTAL,
    Browser,
    Country,
    request_of_our_own,
    token_request,
    unsigned,
)
from lienthong.kit.signatures import SigningKey


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "wrong" * 10},
        {"code_verifier": ""},
        {"redirect_uri": f"{PORTAL}/other"},
        {"code": "guessed"},
    ],
)
def test_a_code_is_bound_to_its_verifier_and_address(
    country: Country, browser: Browser, changes: dict[str, str]
) -> None:
    asked, verifier = request_of_our_own()
    returned = browser.agree(asked)
    assert token_request(country, returned, verifier, **changes) == (400, {"error": "invalid_grant"})
    spent = "code" not in changes
    assert token_request(country, returned, verifier)[0] == (400 if spent else 200)


def test_a_code_is_bound_to_its_client(country: Country, browser: Browser) -> None:
    asked, verifier = request_of_our_own()
    stolen = {"client_id": "G15", "client_assertion": clients.assertion(country.nodes["G15"], EID)}
    assert token_request(country, browser.agree(asked), verifier, **stolen) == (400, {"error": "invalid_grant"})


def test_a_replayed_code_is_refused_and_ends_the_token_it_bought(country: Country, browser: Browser) -> None:
    asked, verifier = request_of_our_own()
    returned = browser.agree(asked)
    status, grant = token_request(country, returned, verifier)
    assert status == 200
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {grant['access_token']}"}
    machine = Client(HTTP_HOST="127.0.0.1:8602")
    assert machine.get("/userinfo", **bearer).json()["personal_number"] == AN
    assert token_request(country, returned, verifier) == (400, {"error": "invalid_grant"})
    assert machine.get("/userinfo", **bearer).status_code == 401
    with country.nodes["G01-eid"].database.transaction() as tx:
        assert tx.value("SELECT count(*) FROM sign_in") == 1


def test_a_code_is_good_for_a_minute(country: Country, browser: Browser) -> None:
    asked, verifier = request_of_our_own()
    returned = browser.agree(asked)
    with country.nodes["G01-eid"].database.transaction() as tx:
        tx.run("UPDATE authorization_code SET expires = expires - interval '61 seconds'")
    assert token_request(country, returned, verifier) == (400, {"error": "invalid_grant"})


def forged(country: Country, kind: str) -> dict[str, str]:
    """A client's proof with one thing wrong."""
    now = int(time.time())
    claims = {"iss": "portal", "sub": "portal", "aud": EID, "jti": kind, "iat": now, "exp": now + 60}
    key = country.nodes["portal"].key
    wrong: dict[str, dict[str, Any]] = {
        "audience": {"aud": f"{EID}/other"},
        "audience-list": {"aud": [EID, "https://evil.example"]},
        "expired": {"iat": now - 600, "exp": now - 300},
        "too-long": {"exp": now + 86_400},
        "subject": {"sub": "G15"},
        "issuer": {"iss": "G15"},
    }
    if kind == "foreign":
        key = SigningKey.generate()
    if kind == "other-node":
        key = country.nodes["G15"].key
    if kind == "hmac":
        secret = OctKey.import_key(country.nodes["portal"].key.public.text)
        return {"client_assertion": jwt.encode({"alg": "HS256"}, claims, secret, algorithms=["HS256"])}
    if kind == "none":
        return {"client_assertion": unsigned(claims)}
    if kind == "missing":
        return {"client_assertion": ""}
    if kind == "secret":
        return {"client_assertion_type": "", "client_secret": "x"}
    return {"client_assertion": tokens.sign({**claims, **wrong.get(kind, {})}, key)}


@pytest.mark.parametrize(
    "kind",
    [
        "foreign", "other-node", "hmac", "none", "missing", "secret", "audience", "audience-list", "expired",
        "too-long", "subject", "issuer",
    ],
)  # fmt: skip
def test_a_client_that_does_not_prove_itself_gets_nothing(country: Country, browser: Browser, kind: str) -> None:
    asked, verifier = request_of_our_own()
    returned = browser.agree(asked)
    assert token_request(country, returned, verifier, **forged(country, kind)) == (401, {"error": "invalid_client"})
    assert token_request(country, returned, verifier)[0] == 200


def test_a_clients_proof_is_good_for_one_exchange(country: Country, browser: Browser) -> None:
    proof = {"client_assertion": clients.assertion(country.nodes["portal"], EID)}
    first, verifier = request_of_our_own()
    assert token_request(country, browser.agree(first), verifier, **proof)[0] == 200
    second, verifier = request_of_our_own()
    answer = token_request(country, browser.agree(second), verifier, **proof)
    assert answer == (400, {"error": "invalid_grant"})


def test_two_sites_know_one_person_under_different_subjects(country: Country, browser: Browser) -> None:
    asked, verifier = request_of_our_own()
    token = token_request(country, browser.agree(asked), verifier)[1]["id_token"]
    key = tokens.key_set([tokens.provider_key(str(settings.LIENTHONG_TOKEN_KEY)).public])
    claims = tokens.read(token, key, issuer=EID, audience="portal")
    path = str(settings.LIENTHONG_TOKEN_KEY)
    assert claims["sub"] == tokens.pairwise(path, "portal", AN) != tokens.pairwise(path, "G15", AN)
    assert (claims["name"], claims["birth_date"], claims["acr"]) == ("Nguyễn Văn An", "1990-02-03", "LoA2")
    assert claims["nonce"] == "n"
    assert claims["exp"] - claims["iat"] == validity.ID_TOKEN
