"""Dossiers told to the national portal: by our province, by a system without a node, by us to a portal outside."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
import msgspec
import pytest
from django.apps import apps
from django.conf import settings

from lienthong.casework import holding, intake, journey, national_shape, synchronising
from lienthong.casework.dossiers import Content
from lienthong.casework.synchronising import Body
from lienthong.casework.tests.country import CHAIR, DI_LINH, in_node
from lienthong.gateways import synchronising_out
from lienthong.gateways.synchronising_out import Portal
from lienthong.gateways.tests.outsiders import BANK, ONE_STOP, SECRETS, Answered, Gateway
from lienthong.gateways.tests.test_national import token
from lienthong.identity.types import Officer, Post

if not settings.configured:
    settings.configure(SECRET_KEY="only for tests")
if not apps.ready:
    django.setup()

RECEIVER = Officer("068080000003", "Trần Thị Nhận", (Post("reception_officer", DI_LINH),))
OWNER = "068195001234"
DECLARED = {
    "requester_number": OWNER, "requester_name": "Ka Wẽn", "requester_birth_date": "1995-04-02",
    "document_title": "Bằng tốt nghiệp", "pages": "1", "copies": "2",
}  # fmt: skip
FOREIGN = "H36.99-261120-0007"
TOLD = {
    "MaHoSo": FOREIGN, "MaTTHC": "1.004222", "TenTTHC": "Đăng ký thường trú", "ChuHoSo": "Nguyễn Văn An",
    "DinhDanhCHS": [{"LoaiDinhDanh": 1, "SoDinhDanh": "067092001111"}], "TrangThaiHoSo": 2,
    "NgayTiepNhan": "20261120093000", "NgayHenTra": "20261127170000", "KenhThucHien": 1, "PhiKhac": "unknown to us",
}  # fmt: skip
STEP = {
    "MaHoSo": FOREIGN, "NguoiXuLy": "Lê Văn Trú", "ThoiDiemXuLy": "20261121101500", "NoiDungXuLy": "Đang thẩm định",
    "TrangThai": 4,
}  # fmt: skip


@pytest.fixture(scope="module")
def gateway(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    made = Gateway(node_database, Path(tmp_path_factory.mktemp("run")), "portal", "H36")
    yield made
    made.country.close()


@pytest.fixture(autouse=True)
def fresh(gateway: Gateway) -> None:
    gateway.fresh()


def told(gateway: Gateway, code: str) -> Any:
    gateway.country.deliver()
    portal = gateway.country.nodes["portal"]
    return in_node(portal, lambda tx: (synchronising.one(tx, code), synchronising.steps_of(tx, code)))


def tell(gateway: Gateway, *data: Any, service: str = "DongBoHoSoMC", session: str = "", **more: Any) -> Answered:
    session = session or token(gateway).json["access_token"]
    body = {"service": service, "session": session, "data": list(data), **more}
    return gateway.call("POST", "/dongBoHoSo", json.dumps(body).encode(), content_type="application/json")


def at_the_counter(gateway: Gateway) -> str:
    h36 = gateway.country.nodes["H36"]
    service = h36.catalogue.service("certification/certified-copy")
    who = {"applicant": OWNER, "channel": "counter", "unit": DI_LINH, "subject": "Ka Wẽn"}
    content = Content(DECLARED, contact={"name": "Ka Wẽn", "phone": "0912345678"})
    opened = in_node(h36, lambda tx: intake.open_here(h36, tx, RECEIVER, service, content, **who))
    return opened.identity.code


def test_what_is_done_at_a_counter_is_told_in_order_and_once(gateway: Gateway) -> None:
    h36, code = gateway.country.nodes["H36"], at_the_counter(gateway)
    assert synchronising.send_due(h36) == 1
    row, steps = told(gateway, code)
    assert (row.status, row.owner, row.owner_name, row.channel, row.sender) == (1, OWNER, "Ka Wẽn", 1, "H36")
    in_node(h36, lambda tx: holding.take(h36, tx, code, RECEIVER))
    assert synchronising.send_due(h36) == 0, "on whose desk it lies is nobody's business outside"
    in_node(h36, lambda tx: journey.receive_dossier(h36, tx, code, RECEIVER))
    in_node(h36, lambda tx: journey.decide(h36, tx, code, CHAIR))
    assert (synchronising.send_due(h36), synchronising.send_due(h36)) == (1, 0)
    row, steps = told(gateway, code)
    assert (row.status, row.due is None, row.finished_at is None) == (10, False, False)
    assert [step.who for step in steps] == ["Hệ thống", RECEIVER.name, CHAIR.name, "Hệ thống"]
    results = json.loads(row.content)["DanhSachGiayToKetQua"]
    assert results[0]["MaGiayToKetQua"] == "KQ.G15.000101"


def test_a_province_without_a_node_tells_at_the_gateway(gateway: Gateway) -> None:
    assert tell(gateway, TOLD).json["error_code"] == "0"
    row, _ = told(gateway, FOREIGN)
    assert (row.sender, row.status, row.procedure) == (f"gate/{ONE_STOP}", 2, "1.004222")
    assert tell(gateway, TOLD).json["error_code"] == "0", "the same again is the same"
    changed = {**TOLD, "TrangThaiHoSo": 4}
    assert tell(gateway, changed).json["error_code"] == "3"
    assert tell(gateway, changed, isUpdating=True).json["error_code"] == "0"
    assert tell(gateway, STEP, service="CapNhatTienDoHoSoMC", isUpdating=True).json["error_code"] == "0"
    row, steps = told(gateway, FOREIGN)
    assert (row.status, [step.what for step in steps]) == (4, ["Đang thẩm định"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"TrangThaiHoSo": 11}, "1"),
        ({"MaHoSo": "x"}, "1"),
        ({"NgayTiepNhan": "20/11/2026"}, "1"),
        ({"MaHoSo": "H37.01-261120-0001"}, "5"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_nothing_of_the_call_is_taken(
    gateway: Gateway, change: dict[str, Any], code: str
) -> None:
    good = {**TOLD, "MaHoSo": "H36.99-261120-0100"}
    refused = tell(gateway, good, {**TOLD, **change})
    assert refused.json["error_code"] == code
    assert told(gateway, "H36.99-261120-0100")[0] is None


def test_who_may_not_tell_is_turned_away(gateway: Gateway) -> None:
    assert tell(gateway, TOLD, session="made.up").status == 401
    assert (
        tell(gateway, {**STEP, "MaHoSo": "H36.99-261120-9999"}, service="CapNhatTienDoHoSoMC").json["error_code"] == "7"
    )
    assert tell(gateway, TOLD, service="XoaHoSo").json["error_code"] == "2"
    assert gateway.call("GET", "/dongBoHoSo").status == 405
    assert BANK in SECRETS


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_told: Any) -> None:
        """Nothing."""


@pytest.fixture
def outside(gateway: Gateway) -> Iterator[WSGIServer]:
    """The gateway as another country's national portal would be: at an address."""
    with make_server("127.0.0.1", 0, gateway._application, handler_class=_Quiet) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_ours_are_told_to_a_portal_outside_in_its_own_shape(gateway: Gateway, outside: WSGIServer) -> None:
    node, code = gateway.node, "H36.99-261121-0042"
    secret = quote(SECRETS[ONE_STOP])
    portal = Portal(f"http://{ONE_STOP}:{secret}@127.0.0.1:{outside.server_port}/dongBoHoSo?MaDinhDanhDV=H36.99")
    steps = [{**STEP, "MaHoSo": code, "ThoiDiemXuLy": f"202611211{n:05d}"} for n in range(12)]
    for status in (2, 4):  # the second is there already, and is sent again as an update
        body = msgspec.convert({"dossier": {**TOLD, "MaHoSo": code, "TrangThaiHoSo": status}, "steps": steps}, Body)
        row = (f"m-{status}", code, msgspec.json.encode(body).decode(), national_shape.read("20261121100000"))
        in_node(node, lambda tx, row=row: tx.run(synchronising_out._KEEP, row))
    assert synchronising_out.tell_due(node, portal) == 1, "one at a time for each dossier"
    assert synchronising_out.tell_due(node, portal) == 1
    row, kept = told(gateway, code)
    assert (row.status, len(kept)) == (4, 12)


def test_what_the_portal_outside_does_not_take_is_kept_with_what_it_said(gateway: Gateway, outside: WSGIServer) -> None:
    node = gateway.node
    portal = Portal(f"http://{ONE_STOP}:s1@127.0.0.1:{outside.server_port}/dongBoHoSo?MaDinhDanhDV=H36")
    body = msgspec.convert({"dossier": {**TOLD, "MaHoSo": "H99-261121-0001"}}, Body)
    row = ("m-bad", "H99-261121-0001", msgspec.json.encode(body).decode(), national_shape.read("20261121100000"))
    in_node(node, lambda tx: tx.run(synchronising_out._KEEP, row))
    for _ in range(synchronising_out.MOST_TRIES + 1):
        assert synchronising_out.tell_due(node, portal) == 0
    kept = in_node(node, lambda tx: tx.one("SELECT tries, said FROM national_out WHERE message = 'm-bad'"))
    assert (kept.tries, kept.said) == (synchronising_out.MOST_TRIES, "5")


def test_a_portal_that_is_away_costs_no_try(gateway: Gateway) -> None:
    portal = Portal("http://a:b@127.0.0.1:9/x?MaDinhDanhDV=H36")
    body = msgspec.convert({"dossier": {**TOLD, "MaHoSo": "H36.99-261121-0077"}}, Body)
    row = ("m-away", "H36.99-261121-0077", msgspec.json.encode(body).decode(), national_shape.read("20261121100000"))
    in_node(gateway.node, lambda tx: tx.run(synchronising_out._KEEP, row))
    assert synchronising_out.tell_due(gateway.node, portal) == 0
    assert in_node(gateway.node, lambda tx: tx.value("SELECT tries FROM national_out WHERE message = 'm-away'")) == 0
