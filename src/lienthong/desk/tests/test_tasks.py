"""Inside work at the desk: corrections, disputed results, reviews, alerts, questions, the switch of a rule."""

from typing import Any

import pytest

from lienthong.casework import automation, tasks
from lienthong.casework.tasks import Task
from lienthong.casework.tests.country import CHAIR, CHECKER, DI_LINH, Country, in_node
from lienthong.desk.tests.births import branch, declared_birth, families, load, submit
from lienthong.desk.tests.office import (
    COLLEAGUE,
    INSURANCE_STEWARD,
    INSURER,
    ONE_STOP_STEWARD,
    POLICE,
    STEWARD,
    STRANGER,
    Desks,
)
from lienthong.desk.tests.test_acts import start_rule, stop_rule, through
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.registers import records


def open_task(country: Country, node: str, **about: Any) -> str:
    task = Task(id=new_id(), case="G01.001.00-261122-010001", title="K’ Brêm", opened_at=clock.now(), **about)
    in_node(country.nodes[node], lambda tx: tasks.open_task(tx, task))
    return task.id


def state_of(country: Country, node: str, task: str) -> Task:
    found = in_node(country.nodes[node], lambda tx: tasks.load(tx, task))
    assert found is not None
    return found


def wrong_name(country: Country, says: str = "Ka Wẽn Mới") -> tuple[str, str]:
    """A task about the mother's name: its id and her number."""
    mother = country.family(next(families)).number
    detail = {
        "field": "mother_name", "register": "persons", "owner": "G01", "key": mother, "column": "full_name",
        "held": "Ka Wẽn", "says": says, "note": "theo giấy khai sinh của tôi",
    }  # fmt: skip
    return open_task(country, "G01", kind="correction", role="data_steward", detail=detail), mother


def name_of(country: Country, number: str) -> str:
    g01 = country.nodes["G01"]
    rows = in_node(g01, lambda tx: records.find(tx, g01.catalogue.owned["persons"], "number", number))
    return str(rows[0]["full_name"])


def test_inside_work_stands_in_the_one_queue_with_the_dossiers(country: Country, desks: Desks) -> None:
    for officer in (STEWARD, POLICE):
        assert desks("G01", officer).get("/").headers["Location"] == "/queue"
    task, _mother = wrong_name(country)
    assert f"/tasks/{task}" in desks("G01", STEWARD).get("/queue").content.decode()
    assert f"/tasks/{task}" in desks("G01", STEWARD).get("/queue?kind=correction").content.decode()
    assert f"/tasks/{task}" not in desks("G01", STEWARD).get("/queue?kind=dossier").content.decode()
    assert f"/tasks/{task}" not in desks("G01", STEWARD).get("/queue?kind=error").content.decode()
    assert f"/tasks/{task}" not in desks("G01", POLICE).get("/queue").content.decode()
    assert "Không có việc nội bộ nào" in desks("G01", POLICE).get("/tasks").content.decode()
    assert desks("G01").get("/tasks").status_code == 302


def test_a_correction_shows_both_values_and_the_right_one_is_entered_once(country: Country, desks: Desks) -> None:
    task, mother = wrong_name(country)
    browser = desks("G01", STEWARD)
    assert "Đính chính dữ liệu" in browser.get("/tasks").content.decode()
    page = browser.get(f"/tasks/{task}").content.decode()
    assert "theo giấy khai sinh của tôi" in page
    assert 'value="Ka Wẽn Mới"' in page
    answer = {"answer": "accept", "full_name": "Ka Wẽn  Mới", "note": "đã đối chiếu"}
    assert browser.post(f"/tasks/{task}", answer).status_code == 303
    assert name_of(country, mother) == "Ka Wẽn Mới"
    assert state_of(country, "G01", task).state == "done"
    assert browser.post(f"/tasks/{task}", answer).status_code == 303  # the same again, like the first time
    assert desks("G01", POLICE).get(f"/tasks/{task}").status_code == 404


@pytest.mark.parametrize(
    ("answer", "control"),
    [
        ({}, "answer"),
        ({"answer": "burn"}, "answer"),
        ({"answer": "accept", "full_name": ""}, "full_name"),
        ({"answer": "accept", "full_name": "<b>"}, "full_name"),
        ({"answer": "decline", "note": "  "}, "note"),
    ],
)
def test_an_answer_that_says_nothing_is_asked_again(
    country: Country, desks: Desks, answer: dict[str, str], control: str
) -> None:
    task, mother = wrong_name(country)
    page = desks("G01", STEWARD).post(f"/tasks/{task}", answer)
    assert page.status_code == 422
    assert f'href="#f-{control}"' in page.content.decode()
    assert name_of(country, mother) == "Ka Wẽn"


def test_a_value_that_stands_is_declined_with_its_reason(country: Country, desks: Desks) -> None:
    task, mother = wrong_name(country)
    answer = {"answer": "decline", "note": "sổ gốc ghi đúng như vậy"}
    assert desks("G01", STEWARD).post(f"/tasks/{task}", answer).status_code == 303
    assert name_of(country, mother) == "Ka Wẽn"
    assert state_of(country, "G01", task).outcome["note"] == "sổ gốc ghi đúng như vậy"
    late = "UPDATE task SET closed_by = 'Ai Khác' WHERE id = %s"
    in_node(country.nodes["G01"], lambda tx: tx.run(late, (task,)))
    told = desks("G01", STEWARD).post(f"/tasks/{task}", answer)
    assert told.status_code == 409
    assert "Ai Khác đã trả lời" in told.content.decode()


def disputed(country: Country, desks: Desks) -> tuple[str, str, str]:
    """A card dossier whose birth result is in doubt: the task at civil status, the parent, the card."""
    stop_rule(country)
    try:
        parent = through(country, desks)
    finally:
        start_rule(country)
    card = branch(country, "BHXH", parent)
    sent = {"value": "birth.child_name", "says": "K’ Brem", "note": "Giấy chứng sinh ghi khác"}
    assert desks("BHXH", INSURER).post(f"/dossiers/{card}/dispute", sent).status_code == 303
    country.deliver()
    sql = "SELECT id FROM task WHERE kind = 'error' AND state = 'open' AND case_code = %s"
    return str(in_node(country.nodes["H36"], lambda tx: tx.value(sql, (parent,)))), parent, card


def test_a_wrong_result_is_corrected_and_the_branch_goes_on_from_it(country: Country, desks: Desks) -> None:
    task, parent, card = disputed(country, desks)
    browser = desks("H36", CHECKER)
    page = browser.get(f"/tasks/{task}").content.decode()
    assert "Bảo hiểm xã hội Việt Nam" in page
    assert "Giấy chứng sinh ghi khác" in page
    assert 'value="K’ Brem"' in page
    assert desks("H36", STRANGER).get(f"/tasks/{task}").status_code == 404
    shown = desks("H36", CHAIR).get(f"/dossiers/{branch(country, 'H36', parent)}").content.decode()
    assert "Đang có việc nội bộ chưa xong về hồ sơ này: Kết quả bị báo sai" in shown
    same = {"answer": "accept", "child_name": "K’ Brêm", "was-child_name": "K’ Brêm", "note": "x"}
    assert browser.post(f"/tasks/{task}", same).status_code == 422
    answer = {**same, "child_name": "K’ Brem", "note": "đã đối chiếu giấy chứng sinh"}
    assert browser.post(f"/tasks/{task}", answer).status_code == 303
    country.deliver()
    assert state_of(country, "H36", task).state == "done"
    g15 = country.nodes["G15"]
    code = branch(country, "H36", parent)
    mother = load(country, code).identity.applicant
    rows = in_node(g15, lambda tx: records.find(tx, g15.catalogue.owned["births"], "mother", mother))
    assert rows[0]["child_name"] == "K’ Brem"
    assert load(country, card, "BHXH").state.waiting in ("open", "")
    shown = desks("BHXH", INSURER).get(f"/dossiers/{card}").content.decode()
    assert "K’ Brem" in shown


def test_a_result_that_stands_lets_the_other_agency_go_on(country: Country, desks: Desks) -> None:
    task, _parent, card = disputed(country, desks)
    answer = {"answer": "decline", "note": "giấy chứng sinh trùng với sổ"}
    assert desks("H36", COLLEAGUE).post(f"/tasks/{task}", answer).status_code == 303
    country.deliver()
    assert load(country, card, "BHXH").state.waiting in ("open", "")
    assert state_of(country, "H36", task).state == "declined"


def test_an_alert_and_a_question_are_closed_with_words(country: Country, desks: Desks) -> None:
    detail = {"recipient": "G15", "service": "register.record", "message": "x"}
    alert = open_task(country, "H36", kind="alert", role="civil_status_officer", unit=DI_LINH, detail=detail)
    question = open_task(
        country, "G01", kind="question", role="data_steward", detail={"question": "Vì sao xã tôi xem dữ liệu này?"}
    )
    page = desks("H36", CHECKER).get(f"/tasks/{alert}").content.decode()
    assert "Hộ tịch điện tử" in page
    assert desks("H36", CHECKER).post(f"/tasks/{alert}", {"answer": "note", "note": ""}).status_code == 422
    assert desks("H36", CHECKER).post(f"/tasks/{alert}", {"answer": "note", "note": "đã gọi"}).status_code == 303
    page = desks("G01", STEWARD).get(f"/tasks/{question}").content.decode()
    assert "Vì sao xã tôi xem dữ liệu này?" in page
    asked = {"answer": "note", "note": "để giải quyết hồ sơ của bạn"}
    assert desks("G01", STEWARD).post(f"/tasks/{question}", asked).status_code == 303
    assert state_of(country, "G01", question).state == "done"


def test_a_wrong_automatic_decision_is_found_measured_and_led_to_its_annulment(
    country: Country, desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automation, "SHARE", 1.0)
    parent = submit(country, country.family(next(families)))
    code = branch(country, "H36", parent)
    desks("H36", CHECKER).post(f"/dossiers/{code}/check")
    desks("H36", CHAIR).post(f"/dossiers/{code}/decide")
    country.deliver()
    card = branch(country, "BHXH", parent)
    browser, task = desks("BHXH", INSURER), f"review/{card}"
    page = browser.get(f"/tasks/{task}").content.decode()
    assert "Trẻ chưa có thẻ bảo hiểm y tế" in page
    assert browser.post(f"/tasks/{task}", {"answer": "wrong", "note": ""}).status_code == 422
    found = browser.post(f"/tasks/{task}", {"answer": "wrong", "note": "trẻ đã có thẻ ở tỉnh khác"})
    assert found.headers["Location"] == f"/dossiers/{card}?wrong=1"
    page = browser.get(found.headers["Location"]).content.decode()
    assert f"/dossiers/{card}/annul" in page
    assert '<details class="govuk-details" open>' in page
    assert "khoảng tin cậy 95 %" in browser.get("/rules").content.decode()


def test_a_rule_is_stopped_and_started_by_a_steward_with_a_reason(country: Country, desks: Desks) -> None:
    rule, browser = "child-health-card@2026-09", desks("BHXH", INSURANCE_STEWARD)
    assert desks("BHXH", INSURER).post("/rules/switch", {"rule": rule, "verb": "stop"}).status_code == 403
    assert "/rules/switch" not in desks("BHXH", INSURER).get("/rules").content.decode()
    assert browser.post("/rules/switch", {"rule": rule, "verb": "stop", "reason": " "}).status_code == 422
    assert browser.post("/rules/switch", {"rule": "no-such", "verb": "stop", "reason": "x"}).status_code == 403
    stopped = {"rule": rule, "verb": "stop", "reason": "thấy thẻ cấp hai lần"}
    assert browser.post("/rules/switch", stopped).status_code == 303
    assert browser.post("/rules/switch", stopped).status_code == 303
    page = browser.get("/rules").content.decode()
    assert "thấy thẻ cấp hai lần" in page
    assert "Đang dừng" in page
    assert browser.post("/rules/switch", {"rule": rule, "verb": "start", "reason": "đã sửa"}).status_code == 303
    assert "Đang dừng" not in browser.get("/rules").content.decode()


def test_with_the_reception_rule_stopped_a_person_receives(country: Country, desks: Desks) -> None:
    browser, rule = desks("H36", ONE_STOP_STEWARD), "complete-birth-file@2026-09"
    assert load(country, declared_birth(country)).state.step == "check"
    browser.post("/rules/switch", {"rule": rule, "verb": "stop", "reason": "kiểm tra lại"})
    try:
        assert load(country, declared_birth(country)).state.step == "receive"
    finally:
        browser.post("/rules/switch", {"rule": rule, "verb": "start", "reason": "đã kiểm tra"})
