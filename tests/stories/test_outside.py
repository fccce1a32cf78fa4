"""Systems that run no node, over HTTP and real processes: they ask through the gateway, and G01 asks one of them."""

import base64
import json
import time
from typing import Any

import pytest
import urllib3

from lienthong.bench.driver import Country
from lienthong.config.state import write_json
from lienthong.demo.population_office import PopulationOffice
from lienthong.gateways import moments
from lienthong.gateways.population import signature

pytestmark = pytest.mark.long

PEOPLE = 500
ONE_STOP, LOOK_UP = "dak-nong-one-stop", "/dancu/TraCuuThongTinCongDan"
OUTSIDE = {"SoDinhDanh": "068195123456", "HoVaTen": "HỒ THỊ NGOÀI", "NgayThangNam": "19950402", "GioiTinh": "2",
           "DanToc": "16", "QuocTich": "VN"}  # fmt: skip
HTTP = urllib3.PoolManager(retries=False, timeout=20.0)


def at(country: Country, path: str) -> str:
    """An address of the gateway as machines call it."""
    return country.places["gate"].address + path


def secret(country: Country, system: str) -> str:
    return country.command("gateway", "secret", system).strip()


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def look_up(country: Country, number: str, name: str, birth: str) -> Any:
    """The population look-up, as the earlier one-stop program signs it; the person, None for nobody. Told to try again
    later, it does, as it is told."""
    for _ in range(6):
        answered = ask_once(country, number, name, birth)
        if answered.status != 503:
            break
        time.sleep(int(answered.headers["Retry-After"]))
    assert answered.status == 200, answered.data
    return answered.json()["Body"]["CongdanCollection"].get("CongDan")


def ask_once(country: Country, number: str, name: str, birth: str) -> Any:
    address, stamp = at(country, LOOK_UP), moments.stamp()
    body = {"MaYeuCau": f"YC-{stamp}", "MaDVC": "VPCP", "MaCanBo": "067085000001", "MaDonVi": "H36.67.01",
            "SoDinhDanh": number, "HoVaTen": name, "NgayThangNamSinh": birth}  # fmt: skip
    signed = signature(address, ONE_STOP, stamp, secret(country, ONE_STOP))
    headers = {"Timestamp": stamp, "Authorization": basic(ONE_STOP, signed), "Content-Type": "application/json"}
    return HTTP.request("POST", address, body=json.dumps(body).encode(), headers=headers)


def first(country: Country, sql: str) -> Any:
    with country.looking("G01") as tx:
        return tx.one(sql)


def grown_up(country: Country) -> Any:
    return first(
        country,
        "SELECT number, full_name, birth_date FROM persons WHERE died_on IS NULL ORDER BY birth_date, number LIMIT 1",
    )


def test_an_earlier_program_asks_for_a_person_and_the_owner_knows_who_asked(country: Country) -> None:
    person = grown_up(country)
    found = look_up(country, person.number, person.full_name.upper(), f"{person.birth_date:%Y%m%d}")
    assert found["SoDinhDanh"] == person.number
    assert look_up(country, person.number, "AI KHÁC", f"{person.birth_date:%Y%m%d}") is None
    sql = "SELECT payload::jsonb AS p FROM journal_entry WHERE kind = 'read' AND subject = %s ORDER BY id"
    with country.looking("G01") as tx:
        rows = tx.all(sql, (person.number,))
    assert [row.p["officer"] for row in rows] == [f"067085000001 {ONE_STOP}/H36.67.01"]


def test_a_member_asks_over_x_road(country: Country) -> None:
    person, member = grown_up(country), "hoa-vang-hospital"
    body = {"number": person.number, "full_name": person.full_name, "birth_date": person.birth_date.isoformat()}
    answered = HTTP.request(
        "POST", at(country, "/r1/VN-TEST/GOV/G01/lienthong/population/v1/persons/match"),
        body=json.dumps(body).encode(),
        headers={"X-Road-Client": "VN-TEST/GOV/G18/hoa-vang", "X-Road-Id": "m-1", "Content-Type": "application/json",
                 "Authorization": basic(member, secret(country, member))},
    )  # fmt: skip
    assert (answered.status, answered.json()["number"]) == (200, person.number)
    assert answered.headers["X-Road-Id"] == "m-1"
    assert len(base64.b64decode(answered.headers["X-Road-Request-Hash"])) == 64


def test_a_birth_filed_outside_reaches_the_register_and_its_word_comes_back(country: Country) -> None:
    credentials = basic(ONE_STOP, secret(country, ONE_STOP))
    given = HTTP.request(
        "POST", at(country, "/token"), body=b"grant_type=client_credentials",
        headers={"Authorization": credentials, "Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    headers = {"Authorization": f"Bearer {given.json()['access_token']}", "Content-Type": "application/json"}

    def call(operation: str, **body: Any) -> Any:
        address = at(country, f"/apiHoTichTuPhap/{operation}")
        return HTTP.request("POST", address, body=json.dumps(body).encode(), headers=headers).json()

    communes = HTTP.request("GET", at(country, "/dmdc/Category/donvihanhchinhcap3"), headers=headers).json()
    assert len(communes) == 124
    mother = first(
        country,
        "SELECT number, full_name FROM persons WHERE gender = 'female' AND died_on IS NULL"
        " AND birth_date BETWEEN '1990-01-01' AND '2002-01-01' LIMIT 1",
    )
    elements = {"nksHoTen": "Hồ Mới", "nksNgaySinh": "02/11/2026", "nksGioiTinh": "1", "nksDanToc": "01",
                "nksQuocTich": "VN", "nksQueQuan": "25000", "nksNoiSinh": "Trạm y tế xã",
                "meSoDDCN": mother.number, "meHoTen": mother.full_name}  # fmt: skip
    data = "<hoTich>" + "".join(f"<{name}>{text}</{name}>" for name, text in elements.items()) + "</hoTich>"
    asked = {"maDonVi": "24611", "maHoSo": "HS-1"}
    filed = call("dangKyHoTich", **asked, module="KS", ngayTiepNhan="20/11/2026", data=data)
    assert filed == {"status": "1", "value": None}
    status = ""
    for _ in range(60):
        status = call("traTrangThaiHoSo", **asked)["status"]
        if status != "1":
            break
        time.sleep(0.5)
    assert status == "4"
    assert len(call("ketQuaDangKyHS", **asked)["value"]["nksSoDDCN"]) == 12


def test_a_country_whose_population_register_lies_outside(country: Country) -> None:
    office = PopulationOffice([OUTSIDE], "g01", "between us").open()
    try:
        country.down()
        address = office.address.replace("http://", "http://g01:between%20us@") + "?MaDVC=LT&MaDonVi=G01"
        write_json(country.state.root / "settings.json", {"G01": {"LIENTHONG_POPULATION": address}})
        country.up()
        found = look_up(country, OUTSIDE["SoDinhDanh"], OUTSIDE["HoVaTen"], OUTSIDE["NgayThangNam"])
        assert found["HoVaTen"] == {"Ten": OUTSIDE["HoVaTen"]}
        assert look_up(country, OUTSIDE["SoDinhDanh"], "AI KHÁC", OUTSIDE["NgayThangNam"]) is None
        person = grown_up(country)  # of G01's own tables, which are not asked any more
        assert look_up(country, person.number, person.full_name, f"{person.birth_date:%Y%m%d}") is None
        assert {one["MaDonVi"] for one in office.asked} == {"G01"}
        assert {one["MaCanBo"] for one in office.asked} == {"067085000001"}
    finally:
        office.close()
