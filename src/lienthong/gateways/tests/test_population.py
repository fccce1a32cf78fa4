"""The national population look-up, asked of the gateway: what is told, to whom, and what looks alike."""

import json
import time
from datetime import date
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from lienthong.gateways.tests.outsiders import (
    BANK,
    HOSPITAL,
    LOOK_UP,
    MOTHER,
    NAME,
    ONE_STOP,
    SECRETS,
    Gateway,
    asked,
)

NOBODY = {"Body": {"CongdanCollection": {}}}


@pytest.fixture(autouse=True)
def fresh(gateway: Gateway) -> None:
    gateway.fresh()


def change(gateway: Gateway, monkeypatch: pytest.MonkeyPatch, system: str, **changes: Any) -> None:
    """One registration is another for this test."""
    outside = gateway.node.catalogue.outside
    changed = {**outside, system: msgspec.structs.replace(outside[system], **changes)}
    monkeypatch.setattr(gateway.node.catalogue, "outside", changed)


def xml(**changes: str) -> bytes:
    fields = asked(**changes)
    birth = fields.pop("NgayThangNamSinh")
    part = "Nam" if len(birth) == 4 else "NgayThangNam"
    inner = "".join(f"<d:{name}>{value}</d:{name}>" for name, value in fields.items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:d="http://dancuquocgia.bca"><e:Header/><e:Body><d:TraCuuThongTinCongDan>'
        f"{inner}<d:NgayThangNamSinh><d:{part}>{birth}</d:{part}></d:NgayThangNamSinh>"
        "</d:TraCuuThongTinCongDan></e:Body></e:Envelope>"
    ).encode()


def test_who_names_all_three_is_told_as_much_as_the_right_says(gateway: Gateway) -> None:
    answered = gateway.look_up()
    assert answered.status == 200
    person = answered.json["Body"]["CongdanCollection"]["CongDan"]
    assert person["SoDinhDanh"] == MOTHER
    assert person["HoVaTen"] == {"Ten": NAME}
    assert person["NgayThangNamSinh"] == {"Nam": "1995", "NgayThangNam": "19950402"}
    assert (person["GioiTinh"], person["DanToc"], person["TrangThai"]) == ("2", "16", "1")
    assert person["QueQuan"] == {"MaPhuongXa": "25000", "ChiTiet": "xã Di Linh, tỉnh Lâm Đồng"}
    assert "VoChong" not in person


def test_a_year_of_birth_is_enough_and_a_wrong_one_is_not(gateway: Gateway) -> None:
    assert gateway.look_up(NgayThangNamSinh="1995").json != NOBODY
    assert gateway.look_up(NgayThangNamSinh={"Nam": "1995"}).json != NOBODY
    assert gateway.look_up(NgayThangNamSinh="1996").json == NOBODY


@pytest.mark.parametrize(
    "changes",
    [{"SoDinhDanh": "068195999999"}, {"HoVaTen": "KA WÔN"}, {"NgayThangNamSinh": "19950403"},
     {"SoDinhDanh": None, "SoCMND": "250000001"}],
)  # fmt: skip
def test_unknown_and_somebody_else_look_alike(gateway: Gateway, changes: dict[str, Any]) -> None:
    answered = gateway.look_up(**changes)
    assert (answered.status, answered.json) == (200, NOBODY)


def test_the_same_in_xml_with_the_observed_names(gateway: Gateway) -> None:
    answered = gateway.call("POST", LOOK_UP, xml(), content_type="text/xml; charset=utf-8", **gateway.signed())
    assert answered.status == 200
    ns = {"s": "http://schemas.xmlsoap.org/soap/envelope/", "n": "http://www.mic.gov.vn/dancu/1.0"}
    person = ET.fromstring(answered.body).find("s:Body/n:CongdanCollection/n:CongDan", ns)
    assert person is not None
    assert person.findtext("n:SoDinhDanh", namespaces=ns) == MOTHER
    assert person.findtext("n:HoVaTen/n:Ten", namespaces=ns) == NAME
    nobody = gateway.call("POST", LOOK_UP, xml(HoVaTen="AI ĐÓ"), content_type="text/xml", **gateway.signed())
    assert b"CongdanCollection" in nobody.body
    assert b"CongDan>" not in nobody.body


def test_the_owners_log_names_officer_system_unit_and_request(gateway: Gateway) -> None:
    gateway.look_up(MaYeuCau="R-log", MaCanBo="067085000009", MaDonVi="H36.67.09")
    sql = "SELECT payload::jsonb AS p FROM journal_entry WHERE kind = 'read' AND payload LIKE '%%R-log%%'"
    (row,) = gateway.rows("G01", sql)
    assert row.p["asker"] == "gate"
    assert row.p["officer"] == "067085000009 dak-nong-one-stop/H36.67.09"
    assert (row.p["case"], row.p["purpose"]) == ("R-log", "outside/one-stop")
    (call,) = gateway.rows("gate", "SELECT * FROM outside_call WHERE request = 'R-log'")
    assert (call.system, call.officer, call.unit) == (ONE_STOP, "067085000009", "H36.67.09")


def test_nobody_is_logged_as_read_who_was_not_told(gateway: Gateway) -> None:
    gateway.look_up(MaYeuCau="R-miss", HoVaTen="AI KHÁC")
    sql = "SELECT subject FROM journal_entry WHERE kind = 'read' AND payload LIKE '%%R-miss%%' AND subject IS NOT NULL"
    assert gateway.rows("G01", sql) == []


def test_a_bank_is_told_less(gateway: Gateway) -> None:
    person = gateway.look_up(BANK, MaDVC="KYC", MaDonVi="Z01.1").json["Body"]["CongdanCollection"]["CongDan"]
    assert set(person) == {"SoDinhDanh", "HoVaTen", "NgayThangNamSinh", "TrangThai"}


def refused(answered: Any) -> tuple[int, str]:
    return answered.status, answered.json["errorCode"]


def test_a_wrong_unknown_stale_or_repeated_signature_looks_alike(gateway: Gateway) -> None:
    stale = str(int((time.time() - 121) * 1000))
    used = gateway.signed()
    assert gateway.look_up(headers=used).status == 200
    for headers in (
        {},
        {"authorization": "Basic !!", "timestamp": gateway.stamp()},
        gateway.signed(secret="wrong"),
        gateway.signed(user="nobody"),
        gateway.signed(stamp=stale),
        gateway.signed(stamp="20260101000000"),
        gateway.signed(path="/other"),
        gateway.signed(user=HOSPITAL),  # known, but speaks another language
        {"authorization": gateway.signed()["authorization"], "timestamp": gateway.stamp()},
        used,
    ):
        assert refused(gateway.look_up(headers=headers)) == (401, "100"), headers


def test_a_system_past_its_time_is_nobody(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    change(gateway, monkeypatch, ONE_STOP, until=date(2026, 1, 2))
    assert refused(gateway.look_up()) == (401, "100")


def test_another_service_and_another_unit_are_refused_with_the_national_codes(gateway: Gateway) -> None:
    assert refused(gateway.look_up(MaDVC="KYC")) == (403, "302")
    assert refused(gateway.look_up(MaDonVi="H42.01")) == (403, "106")
    sql = "SELECT payload::jsonb AS p FROM journal_entry WHERE kind = 'refusal' ORDER BY id DESC LIMIT 1"
    (row,) = gateway.rows("gate", sql)
    assert row.p == {"outside": ONE_STOP, "language": "population", "code": "wrong-unit"}


def test_a_missing_right_reads_as_no_answer(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway.country.nodes["G01"].catalogue, "rights", [])
    assert refused(gateway.look_up()) == (503, "503")


def test_a_silent_source_is_said_so_with_a_time(gateway: Gateway) -> None:
    gateway.country.silent = {"G01"}
    answered = gateway.look_up()
    assert refused(answered) == (503, "503")
    assert answered.headers["Retry-After"] == "5"


def test_calls_beyond_the_minutes_number_are_429_with_the_time(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(gateway, monkeypatch, BANK, per_minute=3)
    answers = [gateway.look_up(BANK, MaDVC="KYC", MaDonVi="Z01") for _ in range(3)]
    assert [one.status for one in answers] == [200, 200, 200]
    assert [one.headers["X-RateLimit-Remaining"] for one in answers] == ["2", "1", "0"]
    answered = gateway.look_up(BANK, MaDVC="KYC", MaDonVi="Z01")
    assert refused(answered) == (429, "429")
    assert 1 <= int(answered.headers["Retry-After"]) <= 60
    assert answered.headers["X-RateLimit-Remaining"] == "0"


BAD = {
    "not JSON": b"{",
    "a list": b"[1]",
    "deep": b'{"a":' * 5_000,
    "not UTF-8": b'{"HoVaTen": "\xff"}',
    "no number": json.dumps(asked(SoDinhDanh="12")).encode(),
    "no officer": json.dumps(asked(MaCanBo=None)).encode(),
    "a mark with a line": json.dumps(asked(MaYeuCau="R\n1")).encode(),
    "no name": json.dumps(asked(HoVaTen=" ")).encode(),
    "a day that is none": json.dumps(asked(NgayThangNamSinh="19951399")).encode(),
    "two days": json.dumps(asked(NgayThangNamSinh={"Nam": "1995", "NgayThangNam": "19960101"})).encode(),
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_malformed_json_is_400_and_names_no_value(gateway: Gateway, body: bytes) -> None:
    answered = gateway.call("POST", LOOK_UP, body, content_type="application/json", **gateway.signed())
    assert refused(answered) == (400, "500")
    assert MOTHER.encode() not in answered.body


EVIL = {
    "entities": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + xml().split(b"?>", 1)[1],
    "a file": b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + xml().split(b"?>", 1)[1],
    "half": xml()[:-20],
    "deep": b"<a>" * 20_000,
    "another envelope": xml().replace(b"schemas.xmlsoap.org", b"example.org"),
    "another namespace": xml().replace(b"dancuquocgia.bca", b"tempuri.org"),
    "twice": xml().replace(b"<d:HoVaTen>", b"<d:HoVaTen>X</d:HoVaTen><d:HoVaTen>"),
    "an encoding nobody has": xml().replace(b'"UTF-8"', b'"KLINGON-8"'),
    "nothing": b"",
}


@pytest.mark.parametrize("body", EVIL.values(), ids=EVIL.keys())
def test_malformed_and_dangerous_xml_is_a_fault(gateway: Gateway, body: bytes) -> None:
    answered = gateway.call("POST", LOOK_UP, body, content_type="text/xml", **gateway.signed())
    assert answered.status == 400
    assert b"<errorCode>500</errorCode>" in answered.body
    assert b"Fault" in answered.body


def test_a_huge_body_is_refused_unread_and_other_methods_too(gateway: Gateway) -> None:
    answered = gateway.call("POST", LOOK_UP, b" " * 70_000, content_type="application/json", **gateway.signed())
    assert refused(answered) == (413, "500")
    assert refused(gateway.call("GET", LOOK_UP, **gateway.signed())) == (405, "302")


def test_secrets_and_people_are_in_no_log(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    gateway.look_up(SoDinhDanh="x" + MOTHER)
    gateway.look_up(headers=gateway.signed(secret="wrong"))
    gateway.country.silent = {"G01"}
    gateway.look_up()
    assert MOTHER not in caplog.text
    assert not any(secret in caplog.text.split() for secret in SECRETS.values())


def test_what_is_no_outside_language_goes_on_to_the_pages(gateway: Gateway) -> None:
    assert gateway.call("GET", "/").body == b"pages"
    assert gateway.call("GET", LOOK_UP + "x").body == b"pages"
