"""The clock at the desk: how a date was counted, another promised time, the register of dossiers."""

import csv
import io
from datetime import datetime, timedelta

import pytest

from lienthong.casework import drafting, limits
from lienthong.casework.tests.country import CHAIR, CHECKER, Country, in_node
from lienthong.desk.tests.births import declared_birth, load
from lienthong.desk.tests.office import FARAWAY, RECEIVER, Desks
from lienthong.kit import clock

UNUSUAL = {"support": "yes", "poor_household_number": "HN-12", "payment": "cash"}


def received(country: Country, desks: Desks) -> str:
    """A birth that an officer has received; its code."""
    code = declared_birth(country, **UNUSUAL)
    assert desks("H36", RECEIVER).post(f"/dossiers/{code}/receive").status_code == 303
    return code


def later(country: Country, code: str) -> list[str]:
    """The promised time, and closes of the working days after it."""
    node, dossier = country.nodes["H36"], load(country, code)
    deadline = dossier.state.deadline
    assert deadline is not None
    calendar = limits.competent(node, dossier)
    return [calendar.due(deadline.replace(hour=0, minute=0), days).isoformat() for days in (1, 2)]


def test_the_page_tells_how_the_promised_time_was_counted(country: Country, desks: Desks) -> None:
    code = received(country, desks)
    page = desks("H36", CHECKER).get(f"/dossiers/{code}").content.decode()
    assert "Hạn này được tính thế nào" in page
    assert "24 giờ của ngày làm việc" in page


def test_the_chair_apologises_and_promises_another_time_after_reading_what_follows(
    country: Country, desks: Desks
) -> None:
    code = received(country, desks)
    until, too_far = later(country, code)
    browser, said = desks("H36", CHAIR), {"reason": "verification-long", "note": "Chờ xã Bảo Thuận", "until": ""}
    assert "Xin lỗi, hẹn lại" in browser.get(f"/dossiers/{code}").content.decode()
    assert "Xin lỗi, hẹn lại" not in desks("H36", CHECKER).get(f"/dossiers/{code}").content.decode()
    for wrong in ({**said}, {**said, "until": too_far}, {**said, "until": until, "reason": "no-such"}):
        assert browser.post(f"/dossiers/{code}/extend", wrong).status_code == 422
    asked = browser.post(f"/dossiers/{code}/extend", {**said, "until": until})
    assert "Chỉ hẹn lại một lần" in asked.content.decode()
    assert not load(country, code).state.extended, "it is asked once more before it is done"
    done = browser.post(f"/dossiers/{code}/extend", {**said, "until": until, "confirmed": "yes"})
    assert done.status_code == 303
    state = load(country, code).state
    assert (state.extended, state.deadline) == (True, datetime.fromisoformat(until))
    page = browser.get(f"/dossiers/{code}").content.decode()
    assert "xin lỗi và hẹn lại đến" in page
    assert "Xin lỗi, hẹn lại" not in page, "once"


def test_a_drafted_apology_is_signed_in_the_task(
    country: Country, desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = received(country, desks)
    node = country.nodes["H36"]
    monkeypatch.setattr(drafting, "_is_time", lambda node, service, dossier: dossier.identity.code == code)
    assert in_node(node, lambda tx: drafting.look(node, tx)) == 1
    browser, place = desks("H36", CHAIR), f"/tasks/extension/{code}"
    page = browser.get(place).content.decode()
    assert "Ký văn bản xin lỗi, hẹn lại" in page
    assert "Ký chậm nhất" in page
    assert browser.post(place, {"answer": "sign", "until": "", "reason": ""}).status_code == 422
    assert browser.post(place, {"answer": "not_needed", "note": ""}).status_code == 422
    assert desks("H36", CHECKER).get(place).status_code == 404
    until = later(country, code)[0]
    signed = browser.post(place, {"answer": "sign", "until": until, "reason": "disaster", "note": "bão số 12"})
    assert signed.status_code == 303
    assert load(country, code).state.deadline == datetime.fromisoformat(until)
    assert "Ký văn bản xin lỗi, hẹn lại" not in browser.get(place).content.decode()


def test_the_register_tells_a_month_of_what_the_unit_took_in_and_nobody_elses(country: Country, desks: Desks) -> None:
    code, month = received(country, desks), f"{clock.today():%Y-%m}"
    browser = desks("H36", CHECKER)
    page = browser.get("/register").content.decode()
    assert code in page
    assert "-".join(code.split("-")[-2:]) in page
    lines = list(
        csv.reader(io.StringIO(browser.get(f"/register?month={month}&format=csv").content.decode("utf-8-sig")))
    )
    assert lines[0][:2] == ["Số vào sổ", "Mã hồ sơ"]
    [line] = [line for line in lines if line[1] == code]
    assert "Xã Di Linh" in line
    assert code not in desks("H36", FARAWAY).get("/register").content.decode()
    assert code not in browser.get("/register?service=civil-status/marital-status").content.decode()
    before = clock.today().replace(day=1) - timedelta(days=1)
    assert code not in browser.get(f"/register?month={before:%Y-%m}").content.decode()
    assert browser.get("/register?month=x&page=zzz&service=no/such").status_code == 200
    assert desks("H36").get("/register").status_code == 302


def test_what_people_typed_is_text_in_a_spreadsheet(country: Country, desks: Desks) -> None:
    code = declared_birth(country, **UNUSUAL)
    typed = 'UPDATE dossier_content SET contact = \'{"name": "=1+2"}\' WHERE code = %s'
    in_node(country.nodes["H36"], lambda tx: tx.run(typed, (code,)))
    found = desks("H36", CHECKER).get("/register?format=csv").content.decode("utf-8-sig")
    [line] = [line for line in csv.reader(io.StringIO(found)) if line[1] == code]
    assert line[3] == "'=1+2"
