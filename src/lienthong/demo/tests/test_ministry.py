"""A step that a ministry's system does: told by machine and answered, or carried over once by hand with its proof."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import django
import psycopg
import pytest
import urllib3
from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory, override_settings

if not settings.configured:
    settings.configure(SECRET_KEY="only for tests")
if not apps.ready:
    django.setup()

from lienthong.casework import dossiers, handoff, intake, journey
from lienthong.casework.dossiers import Content, Dossier
from lienthong.casework.states import NotPossible
from lienthong.casework.tests.country import CHAIR, DI_LINH, Country, in_node
from lienthong.demo.ministry import SYSTEM, Ministry, _pdf
from lienthong.desk.tests.conftest import _settings as desk_settings
from lienthong.desk.tests.office import Desks
from lienthong.documents.portable import check_pdf
from lienthong.documents.tests.test_contents import picture
from lienthong.gateways import ministries
from lienthong.identity import sessions
from lienthong.identity.types import Officer, Post

SERVICE, SECRET = "business/household-business", "only for tests"
RECEIVER = Officer("068080000003", "Trần Thị Nhận", (Post("reception_officer", DI_LINH),))
CLERK = Officer("068080000031", "Lê Văn Đất", (Post("land_officer", DI_LINH),))


@pytest.fixture(scope="module")
def country(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    made = Country(node_database, Path(tmp_path_factory.mktemp("run")))
    with psycopg.connect(node_database("H36").owner) as owner:
        for officer, role in ((CLERK, "land_officer"), (CHAIR, "chair"), (RECEIVER, "reception_officer")):
            sql = "INSERT INTO officer (number, name, role, unit, starts) VALUES (%s, %s, %s, %s, '2025-07-01')"
            owner.execute(sql, (officer.number, officer.name, role, DI_LINH))
    yield made
    made.close()


@pytest.fixture
def desks(country: Country, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desks]:
    monkeypatch.setattr(sessions, "_in_use", {})
    with override_settings(**desk_settings()):
        yield Desks(country)


@pytest.fixture
def back(country: Country) -> Iterator[str]:
    """An address at which H36 hears reports, over real HTTP."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            shown = {"HTTP_AUTHORIZATION": self.headers.get("Authorization", "")}
            request = RequestFactory().post("/handoff/report", body, content_type="application/json", **shown)
            request.node = country.nodes["H36"]  # type: ignore[attr-defined]
            answer = ministries.report(request)
            self.send_response(answer.status_code)
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_told: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    with override_settings(SECRET_KEY=SECRET):
        yield f"http://127.0.0.1:{server.server_address[1]}/handoff/report"
    server.shutdown()
    server.server_close()


@pytest.fixture
def patient(back: str) -> Iterator["Patient"]:
    made = Patient(back)
    made.site = made.open()
    yield made
    made.close()


class Patient(Ministry):
    """Keeps what it was given until the test lets it answer."""

    def __init__(self, back: str) -> None:
        super().__init__()
        self.back, self.site, self.given = back, "", list[dict[str, Any]]()

    def take(self, message: dict[str, Any]) -> dict[str, Any]:
        message["phanHoi"]["diaChi"] = self.back
        self.given.append(message)
        return {"soHoSoLT": "DKKD-1", "trangThai": 1}

    def answer(self) -> None:
        self._answer(self.given[-1])


def opened(country: Country, name: str, **changed: Any) -> Dossier:
    """A business declared at the counter, received, at the ministry's step."""
    node, owner = country.nodes["H36"], "068195001234"
    service = node.catalogue.service(SERVICE)
    said = {
        "requester_number": owner, "requester_name": "Ka Wẽn", "requester_birth_date": "1995-04-02",
        "business_name": name, "business_unit": DI_LINH, "business_address": "Thôn 3", "business_line": "retail",
        "capital": "50000000", "pledge": True, **changed,
    }  # fmt: skip
    more = {"applicant": owner, "channel": "counter", "unit": DI_LINH, "subject": name}
    content = Content(said)
    made = in_node(node, lambda tx: intake.open_here(node, tx, RECEIVER, service, content, **more))
    in_node(node, lambda tx: journey.receive_dossier(node, tx, made.identity.code, RECEIVER))
    return standing(country, made)


def standing(country: Country, dossier: Dossier) -> Dossier:
    found: Dossier | None = in_node(country.nodes["H36"], lambda tx: dossiers.load(tx, dossier.identity.code))
    assert found is not None
    return found


def row(country: Country, dossier: Dossier) -> handoff.Row:
    found: handoff.Row | None = in_node(
        country.nodes["H36"], lambda tx: handoff.row_of(tx, dossier.identity.code, "register")
    )
    assert found is not None
    return found


def test_the_dossier_goes_and_comes_back_by_itself(country: Country, patient: Patient) -> None:
    node, ministry = country.nodes["H36"], patient
    dossier = opened(country, "Tạp hóa Ka Wẽn")
    away = {SYSTEM: "http://127.0.0.1:9/api/ho-so"}
    assert ministries.hand_over(node, away, SECRET) == 0
    assert (row(country, dossier).state, row(country, dossier).attempts) == ("waiting", 1), "it is tried again"
    in_node(node, lambda tx: tx.run("UPDATE handoff SET next_at = opened_at"))
    assert ministries.hand_over(node, {SYSTEM: f"{ministry.site}/api/ho-so"}, SECRET) == 1
    assert ministry.given[0]["duLieu"]["ten_ho_kinh_doanh"] == "Tạp hóa Ka Wẽn"
    assert ministries.hand_over(node, away, SECRET) == 0, "once"
    with pytest.raises(NotPossible):
        in_node(node, lambda tx: journey.check(node, tx, dossier.identity.code, CLERK))
    for _again in range(2):
        ministry.answer()
    after, done = standing(country, dossier), row(country, dossier)
    acts = in_node(node, lambda tx: dossiers.acts(tx, dossier.identity.code))
    assert (after.state.step, acts[-1].verb, len(acts)) == ("sign", "check", 3)
    assert acts[-1].detail["handoff"] == {
        "system": SYSTEM, "number": "42A8000001", "issued_on": done.issued_on.isoformat() if done.issued_on else "",
        "sha256": done.sha256, "copied": 0,
    }  # fmt: skip
    in_node(node, lambda tx: journey.decide(node, tx, dossier.identity.code, CHAIR))
    sealed = in_node(node, lambda tx: dossiers.kept_results(tx, dossier.identity.code))["own"]
    assert "42A8000001" in sealed, "the ministry's number stands in the result"


def test_nobody_reports_who_was_not_given_the_dossier(country: Country, back: str) -> None:
    dossier = opened(country, "Quán phở")
    ministries.hand_over(country.nodes["H36"], {SYSTEM: "http://127.0.0.1:9/x"}, SECRET)
    told = {
        "maHoSo": dossier.identity.code,
        "maBuoc": "register",
        "trangThai": 4,
        "soKetQua": "1",
        "ngayKetQua": "01/11/2026",
    }
    other = handoff.token(SECRET, "H36.001-261122-9999", "register")
    for shown in ("", "Bearer x", f"Bearer {other}"):
        answer = urllib3.request("POST", back, json=told, headers={"Authorization": shown})
        assert answer.status == 403
    assert standing(country, dossier).state.step == "register"


def test_what_the_system_refuses_waits_for_an_officer_with_the_reason(country: Country, patient: Patient) -> None:
    node, ministry = country.nodes["H36"], patient
    dossier = opened(country, "Cắt tóc")
    ministries.hand_over(node, {SYSTEM: f"{ministry.site}/api/ho-so"}, SECRET)
    ministry.given[-1]["duLieu"].pop("ho_ten")
    ministry.answer()
    found = row(country, dossier)
    assert (found.state, found.status, standing(country, dossier).state.step) == ("refused", 6, "register")
    assert "Họ tên" in found.said


def test_an_officer_carries_it_over_once_and_brings_back_the_proof(country: Country, desks: Desks) -> None:
    dossier = opened(country, "Sửa xe")
    code, desk = dossier.identity.code, desks("H36", CLERK)
    assert f"/dossiers/{code}/handoff" in desk.get(f"/dossiers/{code}").content.decode()
    page = desk.get(f"/dossiers/{code}/handoff").content.decode()
    places = [page.index(value) for value in ("Sửa xe", "068195001234", "Bán lẻ (4711)", "50000000")]
    assert places == sorted(places), "in the order of the foreign screen"
    began = page.partition('name="began" value="')[2].partition('"')[0]
    sent = {"number": "42A8000777", "issued_on": "2026-11-20", "copied": ["ho_ten", "von", "unknown"], "began": began}
    assert desk.post(f"/dossiers/{code}/handoff", sent).status_code == 422, "no proof, no going on"
    proof = SimpleUploadedFile("man-hinh.png", picture("PNG"))
    assert (
        desk.post(f"/dossiers/{code}/handoff", {**sent, "issued_on": "2099-01-01", "proof": proof}).status_code == 422
    )
    proof.seek(0)
    assert desk.post(f"/dossiers/{code}/handoff", {**sent, "proof": proof}).status_code == 303
    done = row(country, dossier)
    assert (done.state, done.way, done.number, done.copied) == ("done", "copy", "42A8000777", 2)
    assert standing(country, dossier).state.step == "sign"
    costs = desks("H36", CHAIR).get("/handoff").content.decode()
    assert "Hệ thống thông tin quốc gia" in costs
    assert desks("H36", CLERK).get("/handoff").status_code == 403, "the head's page"


def test_the_screen_of_the_ministry_registers_what_is_typed(patient: Patient) -> None:
    site, typed = patient.site, "ten_ho_kinh_doanh=A&so_dinh_danh=1&ho_ten=B"
    assert "name='ho_ten'" in urllib3.request("GET", site).data.decode()
    first, again = (urllib3.request("POST", site, body=typed).data.decode() for _turn in range(2))
    assert "42A8000001" in first
    assert first == again, "the same business, the same number"
    assert urllib3.request("POST", site, body="ho_ten=B").status == 422
    check_pdf(_pdf("x"))
