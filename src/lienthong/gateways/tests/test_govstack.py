"""What GovStack's scenarios leave out: strangers, rubbish, other systems' registries, the journal behind it all."""

import json
from typing import Any

import pytest

from lienthong.gateways import sandbox
from lienthong.gateways.tests.outsiders import SUITE, Gateway
from lienthong.journal.entries import verify_stream

DATA = "/data/Persons/2.1"
CHILD = {"id": "EE1", "name": "K’ Brêm", "age": 3}


def described(code: str = "Persons", **more: Any) -> dict[str, Any]:
    types = {"id": "string", "name": "string", "age": "integer"}
    schema = {"type": "object", "properties": {n: {"type": t} for n, t in types.items()}, "required": ["id"]}
    return {"groupName": "Trial", "catalogName": "Persons", "code": code, "version": "2.1", "schema": schema} | more


@pytest.fixture
def api(gateway: Gateway) -> Gateway:
    gateway.fresh()
    assert gateway.govstack("POST", "/database/modify", described()).status == 200
    return gateway


def written(content: Any) -> dict[str, Any]:
    return {"write": {"content": content}}


def wanted(content: Any) -> dict[str, Any]:
    return {"query": {"content": content}}


def test_a_record_is_kept_changed_found_and_deleted_and_its_journal_tells_all_of_it(api: Gateway) -> None:
    made = api.govstack("POST", f"{DATA}/create", written(CHILD)).json["content"]
    assert made == CHILD | {"uuid": made["uuid"]}
    assert api.govstack("PUT", f"{DATA}/updateEntries", wanted({"id": "EE1"}) | written({"age": 4})).json == {
        "count": 1
    }
    read = api.govstack("POST", f"{DATA}/read", wanted({"id": "EE1"}), x_road_userid="EE9")
    assert read.json["content"]["age"] == 4
    assert api.govstack("GET", f"{DATA}/{made['uuid']}/readValue/name.json").json == {"value": "K’ Brêm"}
    used = api.govstack("GET", "/data/myPersonalDataUsage", query="userId=EE1&databaseId=Persons").json
    assert [one["readerId"] for one in used] == [SUITE, "EE9"]
    assert api.govstack("DELETE", f"{DATA}/EE1/delete").status == 204
    assert api.govstack("DELETE", f"{DATA}/EE1/delete").status == 404
    with api.node.database.transaction() as tx:
        assert verify_stream(tx, f"sandbox/{made['uuid']}") == 3


def test_many_records_come_in_pages_in_order(api: Gateway) -> None:
    for age in (5, 3, 4):
        api.govstack("POST", f"{DATA}/create", written({"id": f"P{age}", "name": "page", "age": age}))
    query = "filter=id&search=^P&ordering=descending&pageSize=2"
    first = api.govstack("GET", DATA, query=query).json
    assert ([one["id"] for one in first["results"]], first["count"]) == (["P5", "P4"], 3)
    path, _, following = first["next"].partition("?")
    second = api.govstack("GET", path.removeprefix("/govstack"), query=following).json
    assert [one["id"] for one in second["results"]] == ["P3"]
    assert "next" not in second
    assert "page=1" in second["previous"]


@pytest.mark.parametrize(
    ("method", "path", "body", "query", "status"),
    [
        ("POST", f"{DATA}/create", b"{", "", 400),
        ("POST", f"{DATA}/create", b"[" * 5000, "", 400),
        ("POST", f"{DATA}/create", {"write": {}}, "", 400),
        ("POST", f"{DATA}/create", written({"name": "no id"}), "", 400),
        ("POST", f"{DATA}/create", written({"id": 7}), "", 400),
        ("POST", f"{DATA}/create", written({"id": "x", "age": True}), "", 400),
        ("POST", f"{DATA}/create", written({"id": "x", "height": 1}), "", 400),
        ("POST", f"{DATA}/create", written({"id": "x" * 3000}), "", 400),
        ("POST", f"{DATA}/create", written({"id": "\u0000"}), "", 400),
        ("POST", f"{DATA}/read", wanted({"id": "nobody"}), "", 404),
        ("POST", "/data/Persons/9.9/read", wanted({"id": "x"}), "", 404),
        ("POST", "/data/Nobody/1/read", wanted({"id": "x"}), "", 404),
        ("GET", f"{DATA}/not-a-uuid/readValue/name.json", None, "", 404),
        ("GET", DATA, None, "search=((((", 400),
        ("GET", DATA, None, "search=" + "x" * 200, 400),
        ("GET", DATA, None, "filter=password", 400),
        ("GET", DATA, None, "page=0", 400),
        ("GET", DATA, None, "pageSize=9999999999", 400),
        ("GET", DATA, None, "&".join(f"a{n}=1" for n in range(50)), 400),
        ("DELETE", DATA, None, "", 405),
        ("GET", "/moon", None, "", 404),
        ("GET", "/database/999999999999999999", None, "", 404),
        ("DELETE", "/database/999999999", None, "", 404),
        ("POST", "/database/modify", described(code="1; DROP"), "", 400),
        ("POST", "/database/modify", described(schema={"properties": {"a": {"type": "blob"}}}), "", 400),
        ("POST", "/database/modify", described(schema={"properties": {}}), "", 400),
        ("POST", "/database/modify", described(schema={"properties": {"a": {}}, "required": ["b"]}), "", 400),
        ("POST", "/database/modify", described(schema={"properties": [1]}), "", 400),
        ("GET", "/data/myPersonalDataUsage", None, "userId=EE1", 400),
    ],
)  # fmt: skip
def test_rubbish_is_refused_and_said_why(
    api: Gateway, method: str, path: str, body: Any, query: str, status: int
) -> None:
    answered = api.govstack(method, path, body, query)
    assert answered.status == status, answered.body
    assert answered.json["detail"]


def test_who_is_not_known_gets_nothing_and_nobody_sees_anothers_registries(api: Gateway) -> None:
    assert api.govstack("GET", "/databases", authorization="wrong").status == 401
    assert api.govstack("GET", "/databases", information_mediator_client="eGovStack/GOV/1/other").status == 401
    with api.node.database.transaction() as tx:
        assert sandbox.registries(tx, "somebody-else") == []


def test_a_full_registry_says_so(api: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MOST_RECORDS", 0)
    monkeypatch.setattr(sandbox, "MOST_REGISTRIES", 0)
    assert "at most" in api.govstack("POST", f"{DATA}/create", written(CHILD)).json["detail"]
    assert "at most" in api.govstack("POST", "/database/modify", described("Another")).json["detail"]
    assert json.loads(api.govstack("POST", "/database/modify", described()).body)["type"] == "object"
