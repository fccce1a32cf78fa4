"""GovStack's own scenarios of the Digital Registries, its steps in Python, its answers held against its OpenAPI files.

What a feature takes for given (a registry, its records, a database under some number) is made through the API first.
Where the features and the OpenAPI files spell an address differently, the feature's spelling is called and the file's
schema holds.
"""

import re
import time
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import yaml
from jsonschema import Draft7Validator
from pytest_bdd import given, parsers, scenarios, then, when

from lienthong.config.state import HOME
from lienthong.gateways.tests.outsiders import Answered, Gateway

FOLDER = HOME.parent / "shared" / "data" / "govstack" / "bb-digital-registries"
REGISTRY, VERSION = "registryname", "111"
FIELDS = ("ID", "FirstName", "LastName", "BirthCertificateID")
VALUE = re.compile(r'"([^"]*)" as (?:invalid )?"?(\w+)"?')

if FOLDER.is_dir():
    scenarios(str(FOLDER / "test" / "openAPI" / "features"))
else:

    @pytest.mark.skip(reason="GovStack's scenarios are not on this machine")
    def test_govstack_scenarios() -> None: ...


class Call:
    """One scenario: what its steps say is asked for, and what came back."""

    def __init__(self, gateway: Gateway, tags: set[str]) -> None:
        told = dict(tag.split("=", 1) for tag in tags if "=" in tag)
        self.gateway, self.method, self.endpoint = gateway, told["method"], told["endpoint"]
        self.asked: dict[str, str] = {}
        self.written: dict[str, str] = {}
        self.seconds = 0.0
        self._answer: Answered | None = None

    def says(self, text: str) -> None:
        """Take up the values that a step names; those after the second object are to be written."""
        first, _, second = re.sub(r"\$\{(\w+)_(\d+)\}", r"\1-\2", text).partition(
            "overwrites" if "overwrites" in text else "write object that"
        )
        self.asked |= {name: value for value, name in VALUE.findall(first)}
        self.written |= {name: value for value, name in VALUE.findall(second)}

    @property
    def answer(self) -> Answered:
        if self._answer is None:
            self._prepare()
            began = time.monotonic()
            self._answer = self.gateway.govstack(self.method, self._path(), self._body(), self._query())
            self.seconds = time.monotonic() - began
        return self._answer

    @property
    def content(self) -> dict[str, str]:
        return {name: self.asked[name] for name in FIELDS if name in self.asked}

    def _prepare(self) -> None:
        """Make what the scenario finds there."""
        kind = self.endpoint.rstrip("/").rpartition("/")[2]
        if kind in ("update", "update-entries", "delete") or (
            kind == "read" and "NotExist" not in self.content.values()
        ):
            found = self.gateway.govstack("POST", f"{self._registry}/exists", {"query": {"content": self.content}})
            if not found.json["answer"]["status"]:
                create(self.gateway, self.content)
        if self.endpoint == "/database/{id}":
            self.asked["id"] = describe(self.gateway, f"D{self.asked.get('id', '')}")

    @property
    def _registry(self) -> str:
        return f"/data/{self.asked.get('registryname', REGISTRY)}/{self.asked.get('versionnumber', VERSION)}"

    def _path(self) -> str:
        names = {name.lower(): value for name, value in self.asked.items()}
        if "uuid" in names:
            names["uuid"] = SEEDED[names["uuid"]]
        return re.sub(r"\{(\w+)\}", lambda found: quote(names[found[1].lower()]), self.endpoint)

    def _body(self) -> Any:
        kind, query = self.endpoint.rpartition("/")[2], {"query": {"content": self.content}}
        if self.endpoint == "/database/modify":
            return described("MODIFIED")
        if kind == "create":
            return {"write": {"content": self.content}}
        if kind in ("exists", "read"):
            return query
        return query | {"write": {"content": self.written or self.content}} if kind.startswith("update") else None

    def _query(self) -> str:
        names = {"userID", "DatabaseID", "search", "filter", "ordering"}
        return urlencode({name: value for name, value in self.asked.items() if name in names})


SEEDED: dict[str, str] = {}


def described(code: str, version: str = "1.0") -> dict[str, Any]:
    properties = {name: {"type": "string", "primaryKey": name == "ID"} for name in FIELDS}
    schema = {"type": "object", "properties": properties, "required": []}
    return {"groupName": "Test", "catalogName": "Mother and Child", "code": code, "version": version, "schema": schema}


def describe(gateway: Gateway, code: str, version: str = "1.0") -> str:
    """Describe a registry; its number."""
    assert gateway.govstack("POST", "/database/modify", described(code, version)).status == 200
    databases = gateway.govstack("GET", "/databases").json["databases"]
    return str(next(one["id"] for one in databases if one["name"] == code))


def create(gateway: Gateway, content: dict[str, str]) -> str:
    made = gateway.govstack("POST", f"/data/{REGISTRY}/{VERSION}/create", {"write": {"content": content}})
    assert made.status == 200, made.body
    return str(made.json["content"]["uuid"])


@pytest.fixture(scope="module")
def seeded(gateway: Gateway) -> Gateway:
    """The registries and records that the features speak of."""
    gateway.fresh()
    for code, version in ((REGISTRY, VERSION), ("registryempty", VERSION), ("MCTS", "1.0")):
        describe(gateway, code, version)
    records = yaml.safe_load((FOLDER / "test" / "openAPI" / "test-data.json").read_text())["registries"]["records"]
    for record in records:
        content = {name: record["id" if name == "ID" else name] for name in FIELDS}
        SEEDED[record["uuid"]] = create(gateway, content)
    return gateway


@pytest.fixture
def call(seeded: Gateway, request: pytest.FixtureRequest) -> Call:
    seeded.fresh()
    return Call(seeded, request.node.feature_tags)


@cache
def files() -> dict[str, Any]:
    """Both OpenAPI files: paths in one spelling, and the schemas under every name they are called by."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for file in (FOLDER / "api").glob("*.yaml"):
        read = yaml.safe_load(file.read_text())
        paths |= {spelt(path): operations for path, operations in read["paths"].items()}
        schemas |= read["components"]["schemas"]
    schemas |= {name[0].upper() + name[1:]: schema for name, schema in schemas.items()}
    return {"paths": paths, "schemas": schemas}


def spelt(path: str) -> str:
    return path.lower().replace("-", "").removesuffix("/1.0").rstrip("/")


def follows_file(call: Call) -> None:
    answers = files()["paths"][spelt(call.endpoint)][call.method.lower()]["responses"]
    schema = answers[str(call.answer.status)]["content"]["application/json"]["schema"]
    Draft7Validator({**schema, "components": {"schemas": files()["schemas"]}}).validate(call.answer.json)


@given(parsers.re(r".*"))
def as_given() -> None:
    """What is given is made when the call is."""


@when(parsers.re(r"(?P<text>.*)"))
def asks(call: Call, text: str) -> None:
    call.says(text)


@then(parsers.re(r".*(receives? a response|is received).*"))
def answered(call: Call) -> None:
    assert call.answer


@then(parsers.re(r".*in a timely manner (?P<most>\d+)ms"))
def in_time(call: Call, most: str) -> None:
    assert call.answer
    assert call.seconds * 1000 < int(most)


@then(parsers.re(r".*should have status (?P<status>\d+)"))
def has_status(call: Call, status: str) -> None:
    assert call.answer.status == int(status), call.answer.body


@then(parsers.re(r'.*should have "content-type": "(?P<kind>[^"]+)" header'))
def has_kind(call: Call, kind: str) -> None:
    assert call.answer.headers["Content-Type"] == kind


@then(parsers.re(r".*should match json schema( with error message)?"))
def has_shape(call: Call) -> None:
    follows_file(call)


@then(parsers.re(r'.*should contain "(?P<name>[^"]*)" property equals "(?P<value>[^"]*)"'))
def holds(call: Call, name: str, value: str) -> None:
    assert call.answer.json["content"][name] == value


@then(parsers.re(r'.*is filtered by "(?P<search>[^"]*)" and "(?P<field>[^"]*)" provided.*'))
def is_filtered(call: Call, search: str, field: str) -> None:
    results = call.answer.json["results"]
    assert results
    assert all(search in one[field] for one in results)


@then(parsers.re(r"results array length is consistent with count field value"))
def is_counted(call: Call) -> None:
    assert call.answer.json["count"] == len(call.answer.json["results"])


@then(parsers.re(r"results field should be an empty array"))
def is_empty(call: Call) -> None:
    assert call.answer.json["results"] == []


@then(parsers.re(r".*should return status (?P<status>true|false) for .*"))
def exists(call: Call, status: str) -> None:
    assert call.answer.json["answer"]["status"] is (status == "true")


@then(parsers.re(r'.*should have body "(?P<body>[^"]*)"'))
def says(call: Call, body: str) -> None:
    assert call.answer.json == body
