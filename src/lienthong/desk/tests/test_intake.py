"""Intake at the counter and by post: nothing is typed that the state has, what is wrong is told, a receipt at once."""

import re
from datetime import timedelta
from itertools import count
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lienthong.casework import dossiers
from lienthong.casework.dossiers import Dossier
from lienthong.casework.tests.country import DI_LINH, Country, in_node
from lienthong.desk.tests.office import FARAWAY, RECEIVER, STRANGER, Desks
from lienthong.desk.tests.test_counter import card
from lienthong.documents.receiving import begin
from lienthong.documents.tests.test_contents import picture
from lienthong.kit import clock

families = count(900)
MARITAL, HOUSE = "civil-status/marital-status", "construction/house-permit"
NEEDED = {"certificate_use": "marriage", "pledge": "yes", "contact_phone": "0912345678"}


def intake_of(browser: Client, service: str, person: str, channel: str = "counter") -> str:
    """Identify by the card and open an intake; its address."""
    browser.post("/quay/identify", {"card": card(person), "next": "intakes"})
    answer = browser.post("/quay/intake/begin", {"service": service, "channel": channel})
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def send(browser: Client, url: str, do: str, **typed: Any) -> Any:
    page = browser.get(url).content.decode()
    asked = re.search(r'name="asked" value="([^"]*)"', page)
    assert asked
    return browser.post(url, {"asked": asked[1], "do": do, **typed})


def dossier_at(country: Country, address: str) -> Dossier:
    code = address.rpartition("/")[2]
    found = in_node(country.nodes["H36"], lambda tx: dossiers.load(tx, code))
    assert found is not None
    return found


def test_what_the_state_has_is_shown_and_not_asked(country: Country, desks: Desks) -> None:
    person = country.family(next(families)).number
    browser = desks("H36", RECEIVER)
    url = intake_of(browser, MARITAL, person)
    page = browser.get(url).content.decode()
    assert "Nhà nước đã có" in page
    assert "Thôn 3" in page
    assert 'name="residence_address"' not in page
    assert 'name="certificate_use"' in page


def test_a_complete_file_is_taken_in_with_its_receipt_at_once(country: Country, desks: Desks) -> None:
    person = country.family(next(families)).number
    browser = desks("H36", RECEIVER)
    url = intake_of(browser, MARITAL, person)
    answer = send(browser, url, "take", **NEEDED)
    assert answer.status_code == 303, re.findall('href="#f-[^>]*>([^<]*)', answer.content.decode())
    dossier = dossier_at(country, answer.headers["Location"])
    assert (dossier.identity.channel, dossier.identity.unit, dossier.identity.intake) == ("counter", DI_LINH, "")
    assert dossier.times.accepted_at is not None
    page = browser.get(answer.headers["Location"]).content.decode()
    assert dossier.identity.code in page
    assert "Hẹn trả trước" in page
    assert "form-01" in page
    assert browser.post(url, {"do": "take", **NEEDED}).headers["Location"] == answer.headers["Location"]
    sql = "SELECT typed, applicant, answers FROM intake WHERE id = %s"
    kept = in_node(country.nodes["H36"], lambda tx: tx.one(sql, (url.rpartition("/")[2],)))
    assert tuple(kept) == ("{}", "{}", "[]"), "nothing of the person is kept twice"


def test_what_is_missing_is_told_by_field_and_kept(country: Country, desks: Desks) -> None:
    person = country.family(next(families)).number
    browser = desks("H36", RECEIVER)
    url = intake_of(browser, MARITAL, person)
    answer = send(browser, url, "take", contact_phone="0912345678")
    assert answer.status_code == 422
    assert {"certificate_use", "pledge"} <= wrong_in(answer)
    assert 'value="0912345678"' in browser.get(url).content.decode()
    answer = send(browser, url, "take", **{**NEEDED, "contact_phone": "12"})
    assert wrong_in(answer) == {"contact_phone"}


def wrong_in(answer: Any) -> set[str]:
    """The fields that the summary of errors names."""
    return set(re.findall('href="#f-([a-z_-]+)"', answer.content.decode()))


def test_a_silent_register_lets_the_officer_go_on_and_marks_what_to_verify(country: Country, desks: Desks) -> None:
    person = country.family(next(families)).number
    browser = desks("H36", RECEIVER)
    country.silent = {"G01", "G15"}
    known = {
        "number": person,
        "name": "Ka Wẽn",
        "birth_date-day": "2",
        "birth_date-month": "4",
        "birth_date-year": "1995",
    }
    assert "Nhận hồ sơ, kiểm tra sau" in browser.post("/quay/identify", known).content.decode()
    browser.post("/quay/intake/who", known)
    url = browser.post("/quay/intake/begin", {"service": MARITAL}).headers["Location"]
    typed = {
        "requester_number": person, "requester_name": "Ka Wẽn", "requester_birth_date-day": "2",
        "requester_birth_date-month": "4", "requester_birth_date-year": "1995", "residence_unit": DI_LINH,
        "residence_address": "Thôn 3",
    }  # fmt: skip
    answer = send(browser, url, "take", **typed, **NEEDED)
    assert answer.status_code == 303, wrong_in(answer)
    code = answer.headers["Location"].rpartition("/")[2]
    contact = in_node(country.nodes["H36"], lambda tx: dossiers.content(tx, code)).contact
    assert {"applicant", "requester_name", "residence_unit"} <= set(contact["to_verify"])
    assert "Cần kiểm tra lại khi dữ liệu gốc trả lời" in browser.get(answer.headers["Location"]).content.decode()


def test_who_hands_in_for_another_shows_by_which_paper(country: Country, desks: Desks) -> None:
    person = country.family(next(families)).number
    browser = desks("H36", RECEIVER)
    url = intake_of(browser, MARITAL, person)
    answer = send(browser, url, "take", **NEEDED, helper_number="068092004321", helper_name="K’ Brèo")
    assert wrong_in(answer) == {"helper_paper"}
    paper = "Giấy ủy quyền 12/CT ngày 20/11/2026, UBND xã Di Linh"
    files = {"file-authorisation": SimpleUploadedFile("uy-quyen.jpg", picture())}
    who = {"helper_number": "068092004321", "helper_name": "K’ Brèo", "helper_paper": paper}
    answer = send(browser, url, "take", **NEEDED, **who, **files)
    dossier = dossier_at(country, answer.headers["Location"])
    content = in_node(country.nodes["H36"], lambda tx: dossiers.content(tx, dossier.identity.code))
    assert content.contact["helper"]["paper"] == paper
    assert [entry["kind"] for entry in content.attachments] == ["authorisation"]
    assert paper in browser.get(answer.headers["Location"]).content.decode()


HOME = {
    "house_address": "Số 7", "land_plot": "112/14", "land_area": "120", "floor_area": "90", "floors": "2",
    "house_kind": "plain", "pledge": "yes", "contact_phone": "0912345678",
}  # fmt: skip


def test_a_paper_that_did_not_arrive_cannot_be_submitted_past(country: Country, desks: Desks) -> None:
    person = country.family(next(families)).number
    browser = desks("H36", RECEIVER)
    url = intake_of(browser, HOUSE, person)
    assert wrong_in(send(browser, url, "take", **HOME, house_unit=DI_LINH)) == {"drawings"}
    broken = SimpleUploadedFile("ban-ve.pdf", b"%PDF-1.7 torn")
    answer = send(browser, url, "take", **HOME, house_unit=DI_LINH, **{"file-drawings": broken})
    assert answer.status_code == 422
    assert wrong_in(answer) == {"drawings"}
    in_node(
        country.nodes["H36"], lambda tx: begin(tx, f"intake/{url.rpartition('/')[2]}", person, "drawings", "b.pdf", 900)
    )
    whole = SimpleUploadedFile("ban-ve.jpg", picture())
    answer = send(browser, url, "take", **HOME, house_unit=DI_LINH, **{"file-drawings": whole})
    assert wrong_in(answer) == {"drawings"}, "another file of it was announced and has not arrived"
    in_node(country.nodes["H36"], lambda tx: tx.run("DELETE FROM upload WHERE holder = %s", (person,)))
    answer = send(browser, url, "take", **HOME, house_unit=DI_LINH)
    assert answer.status_code == 303, wrong_in(answer)
    assert "bản quét: 1" in browser.get(answer.headers["Location"]).content.decode()


def test_an_incomplete_file_gets_form_02_and_one_that_cannot_be_taken_form_03(country: Country, desks: Desks) -> None:
    browser = desks("H36", RECEIVER)
    url = intake_of(browser, HOUSE, country.family(next(families)).number)
    some = {"house_unit": DI_LINH, "house_address": "Số 7"}
    assert "reason-supplement" in wrong_in(send(browser, url, "supplement", **some, items="drawings"))
    reason = {"reason-supplement": "missing-paper", "items": ["drawings", "land_plot"]}
    answer = send(browser, url, "supplement", **some, **reason)
    assert answer.status_code == 303, wrong_in(answer)
    dossier = dossier_at(country, answer.headers["Location"])
    assert (dossier.state.status, dossier.state.waiting) == (5, "applicant")
    page = browser.get(answer.headers["Location"]).content.decode()
    assert "Phiếu yêu cầu bổ sung" in page
    assert "Bản vẽ thiết kế" in page
    url = intake_of(browser, HOUSE, country.family(next(families)).number)
    assert "reason-refuse" in wrong_in(send(browser, url, "refuse"))
    answer = send(browser, url, "refuse", **{"reason-refuse": "not-competent", "note-refuse": "Đất ở tỉnh khác"})
    dossier = dossier_at(country, answer.headers["Location"])
    assert dossier.state.status == 3
    assert "Đất ở tỉnh khác" in browser.get(answer.headers["Location"]).content.decode()


def test_an_envelope_counts_from_the_day_it_came(country: Country, desks: Desks) -> None:
    browser = desks("H36", RECEIVER)
    url = intake_of(browser, MARITAL, country.family(next(families)).number, "post")
    came = clock.now() - timedelta(days=2)
    day = {"came_at-day": str(came.day), "came_at-month": str(came.month), "came_at-year": str(came.year)}
    late = {**day, "came_at-year": str(came.year + 1)}
    assert wrong_in(send(browser, url, "take", **NEEDED, **late)) == {"came_at"}
    answer = send(browser, url, "take", **NEEDED, **day, came_time="09:10")
    dossier = dossier_at(country, answer.headers["Location"])
    assert dossier.identity.channel == "post"
    assert dossier.identity.received_at.astimezone(clock.ZONE).strftime("%d %H:%M") == f"{came:%d} 09:10"
    assert dossier.state.deadline is not None
    expected = country.nodes["H36"].catalogue.calendar.due(dossier.identity.received_at, 3)
    assert dossier.state.deadline == expected


def test_only_what_the_channel_allows_is_offered_and_only_to_this_point(country: Country, desks: Desks) -> None:
    browser = desks("H36", RECEIVER)
    here = browser.get("/quay/intake?channel=counter").content.decode()
    post = browser.get("/quay/intake?channel=post").content.decode()
    assert "2.000815" in here
    assert "2.000815" not in post
    found = browser.get("/quay/intake?q=x%C3%A2y%20nh%C3%A0").content.decode()
    assert "1.013225" in found
    assert "1.004873" not in found
    url = intake_of(browser, MARITAL, country.family(next(families)).number)
    assert desks("H36", FARAWAY).get(url).status_code == 404
    assert desks("H36", STRANGER).get(url).status_code == 403
