"""The national platform's services, asked of the gateway: tokens, shared categories, civil status."""

import base64
import json
import time
from typing import Any

import pytest

from lienthong.gateways.tests.outsiders import FATHER, HOSPITAL, MOTHER, ONE_STOP, SECRETS, Answered, Gateway

KIEN_DUC = "24736"  # a commune of former Đắk Nông
BIRTH = {
    "nksHoTen": "Ka Mới", "nksNgaySinh": "12/11/2026", "nksGioiTinh": "2", "nksDanToc": "16", "nksQuocTich": "VN",
    "nksQueQuan": "25000", "nksNoiSinh": "Trạm y tế", "meSoDDCN": MOTHER, "meHoTen": "Ka Wẽn",
    "chaSoDDCN": FATHER, "chaHoTen": "K’ Brèo",
}  # fmt: skip


@pytest.fixture(autouse=True)
def fresh(gateway: Gateway) -> None:
    gateway.fresh()


@pytest.fixture(scope="module")
def unit(gateway: Gateway) -> str:
    return next(unit.code for unit in gateway.node.territory.units() if unit.former_province == "067")


def token(gateway: Gateway, user: str = ONE_STOP, secret: str = "") -> Answered:
    pair = base64.b64encode(f"{user}:{secret or SECRETS[user]}".encode()).decode()
    return gateway.call("POST", "/token", b"grant_type=client_credentials", authorization=f"Basic {pair}")


def call(gateway: Gateway, operation: str, body: Any, **headers: str) -> Answered:
    told = {"authorization": f"Bearer {token(gateway).json['access_token']}"} | headers
    path = f"/apiHoTichTuPhap/{operation}"
    return gateway.call("POST", path, json.dumps(body).encode(), content_type="application/json", **told)


def category(gateway: Gateway, path: str, method: str = "GET") -> Answered:
    bearer = f"Bearer {token(gateway).json['access_token']}"
    return gateway.call(method, f"/dmdc/{path}", authorization=bearer)


def filing(unit: str, code: str = "HS-1", **changes: str) -> dict[str, str]:
    elements = "".join(f"<{name}>{value}</{name}>" for name, value in (BIRTH | changes).items())
    data = f"<hoTich>{elements}</hoTich>"
    return {"maDonVi": unit, "module": "KS", "maHoSo": code, "ngayTiepNhan": "20/11/2026", "data": data}


def test_a_token_is_given_for_a_secret_and_for_half_an_hour(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    given = token(gateway)
    assert (given.status, given.json["token_type"], given.json["expires_in"]) == (200, "Bearer", 1800)
    wrong = token(gateway, secret="wrong")
    assert (wrong.status, wrong.json) == (401, {"error": "invalid_client"})
    assert token(gateway, HOSPITAL).json == {"error": "invalid_client"}  # speaks another language
    bearer = f"Bearer {given.json['access_token']}"
    later = time.time() + 1801
    monkeypatch.setattr(time, "time", lambda: later)
    assert gateway.call("GET", "/dmdc/Category/madantoc", authorization=bearer).json["errorCode"] == "100"


@pytest.mark.parametrize("bearer", ["", "Bearer", "Bearer x.y", "Bearer ZGFrLW5vbmc6OTk5OTk5OTk5OQ==.00", "Basic x"])
def test_a_made_up_token_opens_nothing(gateway: Gateway, bearer: str) -> None:
    answered = gateway.call("GET", "/dmdc/Category/madantoc", authorization=bearer)
    assert (answered.status, answered.json["errorCode"]) == (401, "100")


def test_a_new_secret_ends_the_tokens_of_the_old_one(gateway: Gateway) -> None:
    bearer = f"Bearer {token(gateway).json['access_token']}"
    kept = gateway.systems.secrets
    gateway.systems.secrets = {**kept, ONE_STOP: "another"}
    try:
        assert gateway.call("GET", "/dmdc/Category/madantoc", authorization=bearer).status == 401
    finally:
        gateway.systems.secrets = kept


def test_shared_categories_with_their_columns(gateway: Gateway) -> None:
    peoples = category(gateway, "Category/madantoc").json
    assert len(peoples) == 54
    assert {"MaDanToc": "16", "TenDanToc": "Cơ-ho"} in peoples
    assert {"MaGioiTinh": "2", "TenGioiTinh": "Nữ"} in category(gateway, "Category/magioitinh").json
    communes = category(gateway, "Category/donvihanhchinhcap3").json
    assert len(communes) == 124
    assert {"MaXa": "25000", "TenXa": "Xã Di Linh", "MaTinh": "68"} in communes
    agencies = category(gateway, "Category/qlvanbandieuhanhcap1").json
    assert {row["MaDinhDanhCap1"] for row in agencies} >= {"G01", "G15", "H36"}
    columns = category(gateway, "Metadata/qlvanbandieuhanhcap1").json
    assert columns[0] == {
        "PropertyCode": "MaDinhDanhCap1", "PropertyName": "MaDinhDanhCap1", "PropertyType": "String"
    }  # fmt: skip
    assert columns[-2]["PropertyType"] == "DateTime"


def test_categories_are_read_here_and_written_where_their_owner_keeps_them(gateway: Gateway) -> None:
    assert category(gateway, "Category/madantoc", "POST").status == 405
    assert category(gateway, "Category/matongiao").json["errorCode"] == "302"
    assert category(gateway, "Anything/madantoc").status == 404


def test_a_birth_is_filed_and_its_owner_s_word_is_told(gateway: Gateway, unit: str) -> None:
    asked = {"maDonVi": unit, "maHoSo": "HS-1"}
    assert call(gateway, "traTrangThaiHoSo", asked).json["errorCode"] == "201"
    assert call(gateway, "dangKyHoTich", filing(unit)).json == {"status": "1", "value": None}
    assert call(gateway, "traTrangThaiHoSo", asked).json["status"] == "1"
    unfinished = call(gateway, "ketQuaDangKyHS", asked)
    assert (unfinished.status, unfinished.json["errorCode"]) == (200, "200")
    gateway.country.deliver()
    assert call(gateway, "traTrangThaiHoSo", asked).json == {"status": "4", "value": None}
    result = call(gateway, "ketQuaDangKyHS", asked).json["value"]
    (born,) = gateway.rows("G15", "SELECT * FROM births WHERE dossier = 'dak-nong-one-stop/HS-1'")
    assert (result["so"], result["nksSoDDCN"]) == (born.number, born.child_number)
    assert (born.child_name, born.unit, born.state) == ("Ka Mới", unit, "registered")
    again = call(gateway, "dangKyHoTich", filing(unit))
    assert again.json["status"] == "1"
    assert gateway.country.deliver() == 0
    other = call(gateway, "dangKyHoTich", filing(unit, nksHoTen="Ka Khác"))
    assert (other.status, other.json["errorCode"]) == (422, "500")


def test_what_the_owner_refuses_is_to_be_supplemented_and_may_be_filed_again(gateway: Gateway, unit: str) -> None:
    asked = {"maDonVi": unit, "maHoSo": "HS-2"}
    call(gateway, "dangKyHoTich", filing(unit, "HS-2", nksNgaySinh="13/01/2025", nksDanToc="99"))
    gateway.country.deliver()
    told = call(gateway, "traTrangThaiHoSo", asked).json
    assert told["status"] == "2"
    assert "ethnicity" in told["value"]
    call(gateway, "dangKyHoTich", filing(unit, "HS-2", nksNgaySinh="13/01/2025"))
    gateway.country.deliver()
    assert call(gateway, "traTrangThaiHoSo", asked).json["status"] == "4"


def test_lists_by_number(gateway: Gateway) -> None:
    assert len(call(gateway, "danhMuc", {"loaiDanhMuc": "3"}).json["value"]) == 54
    assert call(gateway, "danhMuc", {"loaiDanhMuc": "9"}).json["errorCode"] == "302"


def test_a_filing_is_for_a_commune_that_the_system_serves(gateway: Gateway, unit: str) -> None:
    for code in ("", "99999", "25000"):
        answered = call(gateway, "dangKyHoTich", filing(unit) | {"maDonVi": code})
        assert (answered.status, answered.json["errorCode"]) == (403, "106"), code


def bad(unit: str) -> dict[str, Any]:
    whole = filing(unit, "HS-bad")
    return {
        "no module": whole | {"module": "KT"},
        "no code": whole | {"maHoSo": ""},
        "a code with a line": whole | {"maHoSo": "a\nb"},
        "no day": whole | {"ngayTiepNhan": "yesterday"},
        "no data": whole | {"data": ""},
        "data that is no text": whole | {"data": {"a": 1}},
        "entities": whole | {"data": '<!DOCTYPE x [<!ENTITY a "b">]><hoTich>&a;</hoTich>'},
        "a day that does not read": filing(unit, "HS-bad", nksNgaySinh="12-Nov"),
        "a gender that is none": filing(unit, "HS-bad", nksGioiTinh="7"),
        "a list": [1],
    }


def test_bad_filings_are_refused_with_a_code_and_leave_nothing(gateway: Gateway, unit: str) -> None:
    for name, body in bad(unit).items():
        answered = call(gateway, "dangKyHoTich", body)
        assert answered.status in (400, 403), name
        assert answered.json["status"] == "0", name
        assert answered.json["errorCode"] in ("500", "302"), name
    assert gateway.rows("gate", "SELECT 1 FROM outside_filing WHERE code = 'HS-bad'") == []


def test_an_operation_that_is_none_and_a_wrong_method(gateway: Gateway) -> None:
    assert call(gateway, "xoaHoSo", {}).status == 404
    bearer = f"Bearer {token(gateway).json['access_token']}"
    assert gateway.call("GET", "/apiHoTichTuPhap/danhMuc", authorization=bearer).status == 405
