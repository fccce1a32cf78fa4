"""The gateway as consumer: a node asks a service behind a security server, and only this request's answer counts."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lienthong.casework.tests.country import CATALOGUE, Country
from lienthong.exchange import answering
from lienthong.exchange.asking import Question
from lienthong.exchange.envelopes import Refused
from lienthong.gateways import tables
from lienthong.gateways.xroad_asking import Consumer

CHILD = "068224000001"
HASH = base64.b64encode(b"x" * 64).decode()


class SecurityServer:
    """What a member's own security server answers; `changes` to its headers, a status, a body."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, dict[str, str], bytes]] = []
        self.changes: dict[str, str] = {}
        self.status, self.body = 200, b'{"doses": 3}'
        house = self

        class Desk(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                house.serve(self)

            do_POST = do_GET  # noqa: N815 — http.server's own name

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.place = f"127.0.0.1:{self._server.server_port}"

    def serve(self, desk: BaseHTTPRequestHandler) -> None:
        body = desk.rfile.read(int(desk.headers.get("Content-Length") or 0))
        asked = {name.lower(): value for name, value in desk.headers.items()}
        self.heard.append((desk.command, desk.path, asked, body))
        service = "/".join(desk.path.split("?")[0].split("/")[2:7])
        headers = {
            "X-Road-Id": asked["x-road-id"], "X-Road-Client": asked["x-road-client"], "X-Road-Service": service,
            "X-Road-Request-Id": "r", "X-Road-Request-Hash": HASH, "Content-Type": "application/json",
        } | self.changes  # fmt: skip
        desk.send_response(self.status)
        for name, value in headers.items():
            if value:
                desk.send_header(name, value)
        desk.send_header("Content-Length", str(len(self.body)))
        desk.end_headers()
        desk.wfile.write(self.body)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[SecurityServer]:
    made = SecurityServer()
    yield made
    made.close()


@pytest.fixture(scope="module")
def country(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    made = Country(node_database, Path(tmp_path_factory.mktemp("run")), ("H36", "gate"))
    yield made
    made.close()


@pytest.fixture
def ask(country: Country, server: SecurityServer) -> Callable[..., Any]:
    address = f"http://gate:s%20s@{server.place}?client=VN-TEST/GOV/G01/lienthong"
    country.nodes["gate"].outside = Consumer(tables.load(CATALOGUE).xroad, address)

    def asked(service: str = "vaccinations", purpose: str = "", **parameters: str) -> Any:
        given = parameters or {"number": CHILD, "birth_date": "2024-02-03"}
        question = Question(
            "gate", "outside.ask", {"service": service, "parameters": given}, purpose or f"outside/{service}",
            "H36.104-261120-0001", "068080000001 civil_status_officer",
        )  # fmt: skip
        signed = country.nodes["H36"].asker._sign(question)
        raw = answering.answer(country.nodes["gate"], msgspec.json.encode(signed))
        return json.loads(raw)["body"]

    return asked


def test_a_service_outside_is_asked_in_the_protocols_headers(ask: Callable[..., Any], server: SecurityServer) -> None:
    told = ask()
    assert (told["status"], told["body"], told["request_hash"]) == (200, {"doses": 3}, HASH)
    ((method, path, headers, body),) = server.heard
    assert (method, path) == ("POST", "/r1/VN-TEST/GOV/G18/vaccination/doses/v1/doses/search")
    assert json.loads(body) == {"number": CHILD, "birth_date": "2024-02-03"}
    assert headers["x-road-client"] == "VN-TEST/GOV/G01/lienthong"
    assert headers["x-road-userid"] == "VN068080000001"
    assert headers["x-road-issue"] == "H36.104-261120-0001"
    assert headers["x-road-represented-party"] == "H36"
    assert headers["x-road-id"] == told["id"]
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")) == b"gate:s s"


def test_path_and_query_are_percent_encoded(ask: Callable[..., Any], server: SecurityServer) -> None:
    ask("company", tax_number="01/../é", day="2026-11-22&x=1")
    ((method, path, _, _),) = server.heard
    assert method == "GET"
    assert path.endswith("/companies/v1/companies/01%2F..%2F%C3%A9?day=2026-11-22%26x%3D1")


def test_whom_it_opened_is_logged_at_the_gateway(ask: Callable[..., Any], country: Country) -> None:
    ask()
    with country.nodes["gate"].database.transaction() as tx:
        rows = tx.all("SELECT payload::jsonb AS p FROM journal_entry WHERE kind = 'read' AND subject = %s", (CHILD,))
    assert rows[-1].p["asker"] == "H36"
    assert rows[-1].p["register"] == "vaccinations"


@pytest.mark.parametrize(
    "changes",
    [{"X-Road-Id": "another"}, {"X-Road-Client": "VN-TEST/GOV/G01/other"}, {"X-Road-Service": "VN-TEST/GOV/G18/x/y"},
     {"X-Road-Request-Hash": ""}, {"X-Road-Request-Hash": "AAAA"}, {"X-Road-Request-Hash": "!"}],
)  # fmt: skip
def test_an_answer_to_another_request_is_refused(
    ask: Callable[..., Any], server: SecurityServer, changes: dict[str, str]
) -> None:
    server.changes = changes
    with pytest.raises(Refused, match="wrong-answer"):
        ask()


def test_an_error_of_x_road_is_silence_and_one_of_the_service_is_its_answer(
    ask: Callable[..., Any], server: SecurityServer
) -> None:
    server.status, server.body = 404, b'{"error": "nobody"}'
    assert (ask()["status"], ask()["body"]) == (404, {"error": "nobody"})
    server.status, server.changes = 500, {"X-Road-Error": "Server.ServerProxy.AccessDenied"}
    with pytest.raises(Refused, match=r"silent-source.*AccessDenied"):
        ask()


def test_rubbish_redirects_and_absence(ask: Callable[..., Any], server: SecurityServer) -> None:
    server.body = b"<html>"
    with pytest.raises(Refused, match="wrong-answer"):
        ask()
    server.status, server.body, server.changes = 302, b"{}", {"Location": "http://127.0.0.1:1/"}
    assert ask()["status"] == 302
    server.close()
    with pytest.raises(Refused, match="silent-source"):
        ask()


def test_what_is_asked_must_fit_the_table_and_the_right(ask: Callable[..., Any], server: SecurityServer) -> None:
    for arguments, code in (
        ({"number": CHILD}, "malformed"),
        ({"number": CHILD, "birth_date": "2024-02-03", "more": "x"}, "malformed"),
        ({"service": "nothing", "purpose": "outside/company", "number": CHILD}, "unknown-service"),
        ({"service": "vaccinations", "purpose": "outside/company"}, "no-right"),
        ({"service": "vaccinations", "purpose": "my-data"}, "no-right"),
    ):
        with pytest.raises(Refused, match=code):
            ask(**arguments)
    assert server.heard == []


def test_without_a_security_server_nothing_is_asked(ask: Callable[..., Any], country: Country) -> None:
    country.nodes["gate"].outside = None
    with pytest.raises(Refused, match="not-connected"):
        ask()
