"""The acts of the law at the desk: reception, supplement, verification, dispute, refusal, annulment."""

import re
from typing import Any

import pytest

from lienthong.casework import dossiers, parents, place
from lienthong.casework.tests.country import CHAIR, CHECKER, DI_LINH, Country, in_node
from lienthong.desk.tests.births import SERVICE, branch, declared_birth, families, load, mother_of, submit, verbs
from lienthong.desk.tests.office import INSURER, POLICE, RECEIVER, Desks
from lienthong.registers import records

UNUSUAL = {"support": "yes", "poor_household_number": "HN-12", "payment": "cash"}
SUPPLEMENT = {
    "reason": "missing-paper",
    "fields": ["child_name", "birth_date"],
    "papers": "Giấy chứng nhận hộ nghèo\n\n  Ảnh  chụp sổ  ",
    "note": "bản cũ đã hết hạn",
    "phone": "0263 3822 115",
}


def through(country: Country, desks: Desks) -> str:
    """A birth that goes its whole way, as far as no officer is needed for what follows; the parent's code."""
    parent = submit(country, country.family(next(families)))
    code = branch(country, "H36", parent)
    assert desks("H36", CHECKER).post(f"/dossiers/{code}/check").status_code == 303
    assert desks("H36", CHAIR).post(f"/dossiers/{code}/decide").status_code == 303
    country.deliver()
    return parent


def test_a_file_that_data_does_not_prove_complete_is_received_by_an_officer(country: Country, desks: Desks) -> None:
    code = declared_birth(country, **UNUSUAL)
    browser = desks("H36", RECEIVER)
    page = browser.get(f"/dossiers/{code}").content.decode()
    assert "Không đề nghị hỗ trợ sinh con" in page  # the condition that was not met
    assert "Giấy hẹn sẽ ghi: trả kết quả trước" in page
    assert browser.post(f"/dossiers/{code}/receive").status_code == 303
    assert load(country, code).state.status == 2
    assert browser.post(f"/dossiers/{code}/check").status_code == 403
    assert desks("H36", CHECKER).post(f"/dossiers/{code}/check").status_code == 303


def test_a_supplement_is_asked_once_and_fully_and_the_clock_stands(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    browser = desks("H36", CHECKER)
    assert "Người nộp có 7 ngày làm việc" in browser.get(f"/dossiers/{code}").content.decode()
    assert browser.post(f"/dossiers/{code}/supplement", SUPPLEMENT).status_code == 303
    state = load(country, code).state
    assert (state.waiting, state.status, state.supplements) == ("applicant", 5, 1)
    assert [item["field"] or item["paper"] for item in state.asks["items"]] == [
        "child_name", "birth_date", "Giấy chứng nhận hộ nghèo", "Ảnh chụp sổ",
    ]  # fmt: skip
    page = browser.get(f"/dossiers/{code}").content.decode()
    assert "Đồng hồ đang dừng" in page
    assert "0263 3822 115" in page
    assert code in browser.get("/queue?show=applicant").content.decode()
    assert code not in browser.get("/queue").content.decode()


def test_after_the_answer_the_dossier_goes_on_and_a_second_supplement_is_said_to_be_late(
    country: Country, desks: Desks
) -> None:
    code = declared_birth(country)
    browser, portal = desks("H36", CHECKER), country.nodes["portal"]
    browser.post(f"/dossiers/{code}/supplement", SUPPLEMENT)
    country.deliver()
    identity = load(country, code).identity
    given = {"child_name": "K’ Brêm Mới"}
    in_node(
        portal,
        lambda tx: parents.supply(portal, tx, str(identity.parent), "birth", identity.applicant, given, []),
    )
    country.deliver()
    page = browser.get(f"/dossiers/{code}").content.decode()
    assert "K’ Brêm Mới" in page
    assert "Người nộp đã bổ sung lúc" in page
    assert "Đây là lần thứ hai" in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    again = browser.post(f"/dossiers/{code}/supplement", {**SUPPLEMENT, "version": str(int(version[1]) - 1)})
    assert again.status_code in (303, 403, 409), "the first form sent again"
    assert load(country, code).state.supplements == 1
    assert browser.post(f"/dossiers/{code}/check").status_code == 303


@pytest.mark.parametrize(
    ("sent", "control"),
    [
        ({"reason": "missing-paper"}, "fields"),
        ({"reason": "", "fields": "child_name"}, "reason"),
        ({"reason": "withdrawn", "fields": "child_name"}, "reason"),
        ({"reason": "missing-value", "fields": "shoe_size"}, "fields"),
    ],
)
def test_a_supplement_that_asks_nothing_or_nonsense_is_not_sent(
    country: Country, desks: Desks, sent: dict[str, Any], control: str
) -> None:
    code = declared_birth(country)
    page = desks("H36", CHECKER).post(f"/dossiers/{code}/supplement", {**sent, "note": "xin  chào"})
    assert page.status_code == 422
    assert f'href="#f-supplement-{control}"' in page.content.decode()
    assert "xin chào" in page.content.decode()
    assert load(country, code).state.waiting == "open"


def test_a_refusal_tells_the_officer_what_the_person_will_read(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    page = desks("H36", CHECKER).get(f"/dossiers/{code}").content.decode()
    assert "quyền khiếu nại trong 90 ngày" in page
    assert "mẫu 03" in page


def second_child(country: Country, desks: Desks) -> str:
    """A birth to be signed whose mother has another one registered, five months before."""
    code = declared_birth(country)
    country.enter(
        "G15", "births", number=f"KS-{code}", child_name="Ka Nhung", birth_date="2026-06-14", gender="female",
        ethnicity="16", nationality="VN", hometown=DI_LINH, birth_place="68009", mother=mother_of(country, code),
        mother_name="Ka Wẽn", unit=DI_LINH, registered_on="2026-06-20", state="registered",
    )  # fmt: skip
    assert desks("H36", CHECKER).post(f"/dossiers/{code}/check").status_code == 303
    return code


def entered(country: Country, code: str) -> list[dict[str, Any]]:
    """What G15 holds of this dossier."""
    g15, mother = country.nodes["G15"], mother_of(country, code)
    rows = in_node(g15, lambda tx: records.find(tx, g15.catalogue.owned["births"], "mother", mother))
    return [row for row in rows if row["dossier"] == code]


def test_a_child_too_soon_after_another_is_signed_with_grounds_which_the_register_keeps(
    country: Country, desks: Desks
) -> None:
    code, browser = second_child(country, desks), desks("H36", CHAIR)
    page = browser.get(f"/dossiers/{code}").content.decode()
    assert "Người mẹ này đã có đăng ký khai sinh" in page
    assert "Căn cứ xác nhận là trẻ khác" in page
    empty = browser.post(f"/dossiers/{code}/decide", {"grounds": "  "})
    assert empty.status_code == 422
    assert 'href="#f-decide-grounds"' in empty.content.decode()
    assert load(country, code).state.waiting == "open"
    sent = {"grounds": "Biên bản  xác minh 12/BB-UBND", "version": str(load(country, code).acts)}
    assert browser.post(f"/dossiers/{code}/decide", sent).status_code == 303
    country.deliver()
    assert load(country, code).state.status == 10
    assert [row["confirmed_distinct"] for row in entered(country, code)] == ["Biên bản xác minh 12/BB-UBND"]


def test_signed_without_grounds_it_comes_back_with_the_registers_reason(country: Country, desks: Desks) -> None:
    code, browser = second_child(country, desks), desks("H36", CHAIR)
    country.silent = {"G15"}  # nobody warns
    assert "Căn cứ xác nhận là trẻ khác" not in browser.get(f"/dossiers/{code}").content.decode()
    assert browser.post(f"/dossiers/{code}/decide").status_code == 303
    country.silent = set()
    country.deliver()
    state = load(country, code).state
    assert (state.waiting, state.reason) == ("open", "registered-before")
    assert entered(country, code) == []
    assert "Việc này đã được đăng ký trước đó" in browser.get(f"/dossiers/{code}").content.decode()


def test_grounds_that_nobody_asked_for_are_not_written_down(country: Country, desks: Desks) -> None:
    code, browser = declared_birth(country), desks("H36", CHAIR)
    assert desks("H36", CHECKER).post(f"/dossiers/{code}/check").status_code == 303
    assert 'name="grounds"' not in browser.get(f"/dossiers/{code}").content.decode()
    assert browser.post(f"/dossiers/{code}/decide", {"grounds": "tôi muốn thế"}).status_code == 303
    country.deliver()
    assert [row["confirmed_distinct"] for row in entered(country, code)] == [None]


def test_a_refused_dossier_shows_how_far_it_got(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    assert desks("H36", CHECKER).post(f"/dossiers/{code}/check").status_code == 303
    sent = {"reason": "not-entitled"}
    assert desks("H36", CHAIR).post(f"/dossiers/{code}/refuse", sent).status_code == 303
    page = desks("H36", CHECKER).get(f"/dossiers/{code}").content.decode()
    assert re.findall(r'class="step step--(\w+)"', page) == ["done", "done", "ended", "later"]
    assert "Dừng ở bước này" in page
    country.deliver()
    portal, parent = country.nodes["portal"], load(country, str(load(country, code).identity.parent), "portal")
    acts = in_node(portal, lambda tx: dossiers.acts(tx, parent.identity.code))
    process = place.of_dossier(portal, portal.catalogue.services[SERVICE], parent.state, acts)
    assert [step.state for step in process.lines[0].lines] == ["done", "done", "ended", "later"]
    assert [line.label for line in process.lines if line.state == "ended"] == ["Bị từ chối", *["Dừng xử lý"] * 2]
    assert {step.state for line in process.lines[1:] for step in line.lines} == {"later"}


def test_a_registrar_who_must_look_on_the_spot_gets_the_longer_limit_once(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    browser = desks("H36", CHECKER)
    before = load(country, code).state.deadline
    limit = country.nodes["H36"].catalogue.services["civil-status/birth-registration"].card.limit
    if not limit.verified_days:
        pytest.skip("births have no longer limit")
    assert browser.post(f"/dossiers/{code}/verify", {"reason": "verify-statement"}).status_code == 303
    state = load(country, code).state
    assert state.verified
    assert state.deadline
    assert before
    assert state.deadline > before
    assert f"/dossiers/{code}/verify" not in browser.get(f"/dossiers/{code}").content.decode()


def test_an_insurer_disputes_a_result_and_civil_status_has_a_task(country: Country, desks: Desks) -> None:
    stop_rule(country)
    try:
        parent = through(country, desks)
    finally:
        start_rule(country)
    card = branch(country, "BHXH", parent)
    browser = desks("BHXH", INSURER)
    page = browser.get(f"/dossiers/{card}").content.decode()
    assert "Họ, chữ đệm và tên của trẻ: đang ghi K’ Brêm" in page
    wrong = browser.post(f"/dossiers/{card}/dispute", {"value": "birth.shoe_size", "says": "x", "note": "y"})
    assert wrong.status_code == 422
    sent = {"value": "birth.child_name", "says": "K’ Brem", "note": "Giấy chứng sinh ghi khác"}
    assert browser.post(f"/dossiers/{card}/dispute", sent).status_code == 303
    country.deliver()
    assert load(country, card, "BHXH").state.waiting == "correction"
    tasks = desks("H36", CHECKER).get("/tasks").content.decode()
    assert "Kết quả bị báo sai" in tasks


def stop_rule(country: Country, node: str = "BHXH") -> None:
    sql = "INSERT INTO automation_stop VALUES ('child-health-card@2026-09', now(), 'thử', 'thử')"
    in_node(country.nodes[node], lambda tx: tx.run(sql))


def start_rule(country: Country, node: str = "BHXH") -> None:
    in_node(country.nodes[node], lambda tx: tx.run("DELETE FROM automation_stop"))


def test_an_annulment_is_confirmed_and_takes_its_consequences_with_it(country: Country, desks: Desks) -> None:
    parent = through(country, desks)
    assert load(country, parent, "portal").state.status == 10
    code, browser = branch(country, "H36", parent), desks("H36", CHAIR)
    assert f"/dossiers/{code}/annul" not in desks("H36", CHECKER).get(f"/dossiers/{code}").content.decode()
    assert f"/dossiers/{code}/annul" in browser.get(f"/dossiers/{code}").content.decode()
    sent = {
        "decision": "12/QĐ-UBND", "decided_on-day": "20", "decided_on-month": "11", "decided_on-year": "2026",
        "reason": "annul-false", "note": "con của người khác",
    }  # fmt: skip
    for wrong, control in ({"decision": ""}, "decision"), ({"decided_on-year": "2099"}, "decided_on"):
        page = browser.post(f"/dossiers/{code}/annul", {**sent, **wrong})
        assert page.status_code == 422
        assert f'href="#f-annul-{control}"' in page.content.decode()
    asked = browser.post(f"/dossiers/{code}/annul", sent)
    assert asked.status_code == 200
    assert "Nếu bạn tiếp tục" in asked.content.decode()
    assert load(country, code).state.status == 10
    assert browser.post(f"/dossiers/{code}/annul", {**sent, "confirmed": "yes"}).status_code == 303
    country.deliver()
    assert load(country, code).state.reason == "annulled"
    assert verbs(country, branch(country, "G01", parent), "G01")[-1] == "annulled"
    assert verbs(country, branch(country, "BHXH", parent), "BHXH")[-1] == "annulled"
    g15 = country.nodes["G15"]
    found = in_node(
        g15,
        lambda tx: records.find(tx, g15.catalogue.owned["births"], "mother", load(country, code).identity.applicant),
    )
    assert found == []
    acts = in_node(country.nodes["H36"], lambda tx: dossiers.acts(tx, code))
    assert any(act.detail.get("decision", "").startswith("12/QĐ-UBND") for act in acts)


def test_nobody_annuls_what_another_role_decided(country: Country, desks: Desks) -> None:
    parent = through(country, desks)
    code = branch(country, "H36", parent)
    sent = {
        "decision": "1", "decided_on-day": "1", "decided_on-month": "1", "decided_on-year": "2026",
        "reason": "annul-false", "confirmed": "yes",
    }  # fmt: skip
    assert desks("H36", CHECKER).post(f"/dossiers/{code}/annul", sent).status_code == 403
    assert desks("G01", POLICE).post(f"/dossiers/{code}/annul", sent).status_code == 404
    assert load(country, code).state.status == 10
