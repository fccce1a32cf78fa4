"""Each node's description is true: schemathesis calls what it says, with what it allows and with what it does not."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from werkzeug.test import Client

from lienthong.casework.tests.country import CATALOGUE, Country
from lienthong.catalogue.catalogue import read_nodes
from lienthong.config import openapi
from lienthong.exchange.door import door
from lienthong.gateways import door as gateway_door
from lienthong.gateways import tables
from lienthong.gateways.calls import Gate
from lienthong.gateways.registered import Registered
from lienthong.gateways.tests.outsiders import MEDIATED, SECRETS, SUITE

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
KNOWN = {"Information-Mediator-Client": MEDIATED, "Authorization": SECRETS[SUITE]}
QUICK = settings(
    max_examples=15, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
NODES = sorted(read_nodes(CATALOGUE))


@pytest.fixture(scope="module")
def country(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    made = Country(node_database, Path(tmp_path_factory.mktemp("run")), NODES)
    yield made
    made.close()


def application(country: Country, name: str) -> Any:
    """A node's machine routes, as its web process has them."""
    node = country.nodes[name]

    def pages(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        if environ["PATH_INFO"] == "/openapi.json":
            start("200 OK", [("Content-Type", "application/json")])
            return [msgspec.json.encode(openapi.described(node))]
        start("200 OK" if environ["PATH_INFO"] == "/health" else "404 Not Found", [("Content-Type", "text/plain")])
        return [b"ok\n"]

    inner = door(node, pages)
    if "gateway" not in node.catalogue.card.faces:
        return inner
    return gateway_door.door(Gate(node, Registered(dict(SECRETS))), tables.load(CATALOGUE), inner)


@pytest.mark.parametrize("name", NODES)
def test_a_description_is_openapi_and_names_every_service_with_its_law(country: Country, name: str) -> None:
    node = country.nodes[name]
    told = openapi.described(node)
    services = {
        one["service"]: one["granted"]
        for path in ("/exchange/ask", "/exchange/send")
        for one in told["paths"][path]["post"]["x-services"]
    }
    assert set(services) == set(node.handlers) | set(node.answerers)
    assert all(right["law"] for granted in services.values() for right in granted)
    assert schemathesis.openapi.from_dict(told).validate() is None


@pytest.mark.parametrize("name", ["G01", "gate"])
def test_whatever_is_called_is_answered_as_described(country: Country, name: str) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", application(country, name))
    for found in schema.get_all_operations():
        operation = found.ok()
        told = KNOWN if "govstack" in operation.path else {}

        @settings(
            max_examples=15, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
        )
        @given(case=operation.as_strategy())
        def calls(case: Any) -> None:
            case.validate_response(case.call(headers=told), checks=CHECKS)  # noqa: B023 — called at once

        calls()


def test_rubbish_is_answered_too(country: Country) -> None:
    client = Client(application(country, "G01"))
    for body in (b"", b"{", b"[[", b"\xff", b"null", b'{"envelopes":[{}]}'):
        assert client.post("/exchange/ask", data=body).status_code == 400
        assert client.post("/exchange/send", data=body).status_code == 400
    assert client.get("/exchange/ask").status_code == 405
