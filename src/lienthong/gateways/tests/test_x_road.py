"""X-Road's message protocol for REST, rule by rule (PR-REST 1.0, PR-MREST 0.5): the gateway as provider."""

import base64
import hashlib
from typing import Any

import pytest

from lienthong.gateways.tests.outsiders import BANK, HOSPITAL, MEMBERS, MOTHER, OURS, Answered, Gateway
from lienthong.gateways.xroad_names import BadName, parts, request_hash

MATCH = f"{OURS}/population/v1/persons/match"
PERSON = {"number": MOTHER, "full_name": "Ka Wẽn", "birth_date": "1995-04-02"}


@pytest.fixture(autouse=True)
def fresh(gateway: Gateway) -> None:
    gateway.fresh()


def is_error(answered: Answered, kind: str, status: int) -> None:
    assert (answered.status, answered.headers.get("X-Road-Error")) == (status, kind)
    assert answered.json["type"] == kind
    assert set(answered.json) == {"type", "message", "detail"}
    assert answered.headers["Content-Type"] == "application/json; charset=utf-8"


def test_4_1_a_service_is_called_by_its_identifier_and_a_path(gateway: Gateway) -> None:
    answered = gateway.x_road("GET", f"{OURS}/territory/v1/units/25000")
    assert answered.json == {"code": "25000", "name": "Xã Di Linh", "kind": "xã", "province": "tỉnh Lâm Đồng"}
    assert len(gateway.x_road("GET", f"{OURS}/territory/v1/units").json["units"]) == 124


def test_4_1_another_version_is_no_language_of_ours(gateway: Gateway) -> None:
    assert gateway.x_road("GET", OURS.replace("/r1", "/r2")).status == 418


@pytest.mark.parametrize("path", ["/r1", "/r1/a/b", "/r1/VN-TEST/GOV/G01/lienthong", "/r1/VN-TEST/GOV/G01//territory"])
def test_4_1_a_path_that_names_no_service_is_a_bad_request(gateway: Gateway, path: str) -> None:
    is_error(gateway.x_road("GET", path), "Client.BadRequest", 400)


def test_4_1_a_provider_that_is_not_us_is_unknown(gateway: Gateway) -> None:
    other = gateway.x_road("GET", OURS.replace("G01", "G02") + "/territory/v1/units")
    is_error(other, "Server.ClientProxy.UnknownMember", 500)


def test_4_2_parts_are_percent_decoded_one_by_one() -> None:
    assert parts("VN%2DTEST/GOV/%C4%90/a%20b", 4) == ("VN-TEST", "GOV", "Đ", "a b")
    with pytest.raises(BadName):
        parts("INSTANCE%2FCLASS%2FMEMBER%2FSUBSYSTEM", 3, 4)


@pytest.mark.parametrize("bad", ["a:b", "a;b", "a%2Fb", "a%5Cb", "a%25b", ".", "..", "", "a%00b", "a%09b",
                                 "a%E2%80%8Bb", "a%EF%BB%BFb", "%FF", "a" * 256])  # fmt: skip
def test_4_8_characters_that_an_identifier_may_not_hold(gateway: Gateway, bad: str) -> None:
    answered = gateway.x_road("GET", f"{OURS}/territory/v1/units", x_road_client=f"VN-TEST/COM/{bad}/accounts")
    is_error(answered, "Client.BadRequest", 400)


def test_4_2_a_target_of_more_than_2000_characters_is_refused(gateway: Gateway) -> None:
    is_error(gateway.x_road("GET", f"{OURS}/territory/v1/units?q={'a' * 2000}"), "Client.BadRequest", 400)


def test_4_2_a_parameter_that_stands_twice_is_refused(gateway: Gateway) -> None:
    is_error(gateway.x_road("GET", f"{OURS}/getOpenAPI?serviceCode=a&serviceCode=b"), "Client.BadRequest", 400)
    many = "&".join(f"p{n}=1" for n in range(40))
    is_error(gateway.x_road("GET", f"{OURS}/getOpenAPI?{many}"), "Client.BadRequest", 400)


def test_4_3_the_client_is_mandatory(gateway: Gateway) -> None:
    is_error(gateway.x_road("GET", f"{OURS}/territory/v1/units", x_road_client=""), "Client.BadRequest", 400)


@pytest.mark.parametrize("client", ["VN-TEST/COM", "VN-TEST/COM/Z01/accounts/more", "VN-TEST/COM/Z01/"])
def test_4_3_a_client_has_three_or_four_parts(gateway: Gateway, client: str) -> None:
    is_error(gateway.x_road("GET", f"{OURS}/territory/v1/units", x_road_client=client), "Client.BadRequest", 400)


def test_4_3_a_client_is_whom_its_secret_proves(gateway: Gateway) -> None:
    path, kind = f"{OURS}/territory/v1/units", "Server.ClientProxy.SslAuthenticationFailed"
    is_error(gateway.x_road("GET", path, x_road_client=MEMBERS[HOSPITAL]), kind, 500)
    is_error(gateway.x_road("GET", path, x_road_client="VN-TEST/COM/Z01"), kind, 500)
    is_error(gateway.x_road("GET", path, authorization=""), kind, 500)
    wrong = base64.b64encode(f"{BANK}:wrong".encode()).decode()
    is_error(gateway.x_road("GET", path, authorization=f"Basic {wrong}"), kind, 500)


def test_4_3_an_answer_names_client_service_and_message(gateway: Gateway) -> None:
    answered = gateway.x_road(
        "GET", f"{OURS}/territory/v1/units/25000", x_road_id="fa2e18a5-c2cb-4d09-b994-f57727f7c3fb"
    )
    assert answered.headers["X-Road-Client"] == MEMBERS[BANK]
    assert answered.headers["X-Road-Service"] == "VN-TEST/GOV/G01/lienthong/territory"
    assert answered.headers["X-Road-Id"] == "fa2e18a5-c2cb-4d09-b994-f57727f7c3fb"
    assert "X-Road-Error" not in answered.headers


def test_4_3_an_id_is_made_where_none_is_given_and_every_request_has_its_own(gateway: Gateway) -> None:
    one, other = (gateway.x_road("GET", f"{OURS}/territory/v1/units/25000") for _ in range(2))
    for name in ("X-Road-Id", "X-Road-Request-Id"):
        assert one.headers[name] != other.headers[name]
        assert len(one.headers[name]) == 36


def test_4_3_the_hash_is_over_the_hashes_of_headers_and_body() -> None:
    head = hashlib.sha512(b"POST\r\n/r1/a\r\nx-road-client:A/B/C\r\n").digest()
    both = hashlib.sha512(head + hashlib.sha512(b"{}").digest()).digest()
    assert request_hash("POST", "/r1/a", {"X-Road-Client": "A/B/C"}, b"{}") == base64.b64encode(both).decode()
    alone = hashlib.sha512(b"GET\r\n/r1/a\r\nx-road-client:A/B/C\r\n").digest()
    assert request_hash("GET", "/r1/a", {"X-Road-Client": "A/B/C"}, b"") == base64.b64encode(alone).decode()


def test_4_3_the_answer_s_hash_is_that_of_this_request(gateway: Gateway) -> None:
    answered = gateway.x_road("POST", MATCH, PERSON, x_road_id="m-1", content_type="application/json")
    headers = {"x-road-client": MEMBERS[BANK], "x-road-id": "m-1", "content-type": "application/json",
               "x-road-request-id": answered.headers["X-Road-Request-Id"]}  # fmt: skip
    import json

    expected = request_hash("POST", MATCH, headers, json.dumps(PERSON).encode())
    assert answered.headers["X-Road-Request-Hash"] == expected
    changed = request_hash("POST", MATCH, headers, b"{}")
    assert answered.headers["X-Road-Request-Hash"] != changed


def test_4_3_a_hash_in_the_request_is_ignored(gateway: Gateway) -> None:
    answered = gateway.x_road("GET", f"{OURS}/territory/v1/units/25000", x_road_request_hash="AAAA")
    assert answered.status == 200
    assert len(base64.b64decode(answered.headers["X-Road-Request-Hash"])) == 64


def test_4_3_hop_by_hop_and_host_headers_are_no_part_of_the_request() -> None:
    plain = request_hash("GET", "/r1/a", {"x-road-client": "A/B/C"}, b"")
    more = {"x-road-client": "A/B/C", "host": "h", "connection": "close", "user-agent": "u", "authorization": "s"}
    assert request_hash("GET", "/r1/a", more, b"") == plain


@pytest.mark.parametrize(("name", "value"), [("x_road_security_server", "a/b/c"), ("x_road_represented_party", "a/b/c"),
                                             ("x_road_userid", "a b"), ("x_road_issue", "a\tb"),
                                             ("x_road_id", "a" * 65)])  # fmt: skip
def test_4_3_optional_headers_are_checked_where_they_stand(gateway: Gateway, name: str, value: str) -> None:
    is_error(gateway.x_road("GET", f"{OURS}/territory/v1/units", **{name: value}), "Client.BadRequest", 400)


def test_4_3_user_issue_and_represented_party_reach_the_owner_s_log(gateway: Gateway) -> None:
    headers = {"x_road_userid": "VN068080000009", "x_road_issue": "HD-77", "x_road_represented_party": "COM/Z02"}
    assert gateway.x_road("POST", MATCH, PERSON, **headers).status == 200
    sql = "SELECT payload::jsonb AS p FROM journal_entry WHERE kind = 'read' AND payload LIKE '%%HD-77%%'"
    (row,) = gateway.rows("G01", sql)
    assert (row.p["officer"], row.p["case"]) == ("VN068080000009 highland-bank/COM.Z02", "HD-77")
    assert row.p["purpose"] == "outside/bank-account"


def test_4_3_the_service_answers_what_the_right_of_its_client_opens(gateway: Gateway) -> None:
    bank = gateway.x_road("POST", MATCH, PERSON).json
    hospital = gateway.x_road("POST", MATCH, PERSON, HOSPITAL).json
    assert set(bank) == {"number", "full_name", "birth_date", "died_on"}
    assert set(hospital) == {*bank, "gender"}


def test_4_6_what_the_service_itself_refuses_has_its_own_status_and_no_error_header(gateway: Gateway) -> None:
    for method, path, body, status in (
        ("GET", f"{OURS}/territory/v1/units/99999", None, 404),
        ("GET", f"{OURS}/territory/nowhere", None, 404),
        ("POST", f"{OURS}/territory/v1/units", {}, 405),
        ("POST", MATCH, PERSON | {"number": "1"}, 400),
        ("POST", MATCH, PERSON | {"more": "x"}, 400),
        ("POST", MATCH, b"{", 400),
        ("POST", MATCH, b"\xff", 400),
        ("POST", MATCH, PERSON | {"number": "068195999999"}, 404),
        ("POST", MATCH, PERSON | {"birth_date": "1995-04-03"}, 404),
    ):
        answered = gateway.x_road(method, path, body)
        assert answered.status == status, (path, body)
        assert "X-Road-Error" not in answered.headers
        assert answered.headers["X-Road-Request-Hash"]


def test_4_6_unknown_and_somebody_else_look_alike(gateway: Gateway) -> None:
    one, other = (gateway.x_road("POST", MATCH, PERSON | c) for c in ({"number": "068195999999"}, {"full_name": "Ka"}))
    assert (one.status, one.body) == (other.status, other.body)


def test_4_6_a_service_that_does_not_answer_is_an_error_of_the_provider_s_server(gateway: Gateway) -> None:
    gateway.country.silent = {"G01"}
    is_error(gateway.x_road("POST", MATCH, PERSON), "Server.ServerProxy.ServiceFailed", 500)


def test_4_6_an_unknown_service_and_one_not_granted(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    is_error(gateway.x_road("GET", f"{OURS}/nothing"), "Server.ServerProxy.UnknownService", 500)
    import msgspec

    outside = gateway.node.catalogue.outside
    changed = {**outside, BANK: msgspec.structs.replace(outside[BANK], purposes={})}
    monkeypatch.setattr(gateway.node.catalogue, "outside", changed)
    is_error(gateway.x_road("POST", MATCH, PERSON), "Server.ServerProxy.AccessDenied", 500)


def test_4_6_errors_are_written_as_the_client_accepts_them(gateway: Gateway) -> None:
    answered = gateway.x_road("GET", f"{OURS}/nothing", accept="application/xml")
    assert answered.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert b"<type>Server.ServerProxy.UnknownService</type>" in answered.body


def test_4_6_too_large_a_body_is_a_bad_request(gateway: Gateway) -> None:
    is_error(gateway.x_road("POST", MATCH, b" " * 70_000), "Client.BadRequest", 400)


def test_too_many_calls_are_the_service_s_own_429(gateway: Gateway) -> None:
    answers = [gateway.x_road("GET", f"{OURS}/territory/v1/units/25000") for _ in range(61)]
    assert [one.status for one in answers].count(200) == 60
    assert answers[-1].status == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1


def services(answered: Answered) -> set[str]:
    return {one["service_code"] for one in answered.json["service"]}


def test_mrest_4_methods_are_listed_all_and_those_allowed(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    assert services(gateway.x_road("GET", f"{OURS}/listMethods")) == {"territory", "population"}
    assert services(gateway.x_road("GET", f"{OURS}/allowedMethods")) == {"territory", "population"}
    import msgspec

    outside = gateway.node.catalogue.outside
    changed = {**outside, BANK: msgspec.structs.replace(outside[BANK], purposes={})}
    monkeypatch.setattr(gateway.node.catalogue, "outside", changed)
    assert services(gateway.x_road("GET", f"{OURS}/allowedMethods")) == {"territory"}
    one = gateway.x_road("GET", f"{OURS}/listMethods").json["service"][0]
    assert one == {
        "object_type": "SERVICE", "service_type": "OPENAPI", "xroad_instance": "VN-TEST", "member_class": "GOV",
        "member_code": "G01", "subsystem_code": "lienthong", "service_code": "territory",
        "endpoint_list": [{"method": "GET", "path": "/v1/units"}, {"method": "GET", "path": "/v1/units/*"}],
    }  # fmt: skip


def test_mrest_5_a_service_is_described_in_openapi(gateway: Gateway) -> None:
    told: Any = gateway.x_road("GET", f"{OURS}/getOpenAPI?serviceCode=population").json
    assert told["openapi"].startswith("3.0")
    operation = told["paths"]["/v1/persons/match"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["number", "full_name", "birth_date"]
    assert {"200", "400", "404", "429"} <= set(operation["responses"])
    is_error(gateway.x_road("GET", f"{OURS}/getOpenAPI"), "Client.BadRequest", 400)
    unknown = gateway.x_road("GET", f"{OURS}/getOpenAPI?serviceCode=nothing")
    is_error(unknown, "Server.ServerProxy.UnknownService", 500)
