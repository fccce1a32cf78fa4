"""What officers see and do, over real databases; the other nodes answer by a function call."""

import pytest

from lienthong.casework import dossiers, journey
from lienthong.casework.states import NotPossible
from lienthong.casework.tests.country import CHAIR, CHECKER, Country, in_node
from lienthong.desk.tests.births import branch, declare, declared_birth, families, load, mother_of, verbs
from lienthong.desk.tests.office import COLLEAGUE, POLICE, STRANGER, Desks
from lienthong.kit import clock
from lienthong.registers import records


def amend_person(country: Country, number: str, **changes: str) -> None:
    node = country.nodes["G01"]
    persons, at = node.catalogue.owned["persons"], clock.now()
    in_node(
        node,
        lambda tx: records.amend(tx, persons, number, changes, at=at, valid_from=at.date(), by="test"),
    )


def test_nobody_and_citizens_are_led_to_what_is_theirs(country: Country, desks: Desks) -> None:
    page = desks("H36").get("/")
    assert "Đăng ký khai sinh" in page.content.decode()
    assert desks("H36").get("/queue").headers["Location"] == "/sign-in?next=%2Fqueue"
    assert desks("H36", CHECKER).get("/").headers["Location"] == "/queue"
    assert desks("H36", POLICE).get("/queue").status_code == 403


def test_a_queue_holds_this_units_work_and_nothing_is_calm(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    mine = desks("H36", CHECKER).get("/queue").content.decode()
    assert code in mine
    assert "K’ Brêm" in mine
    assert "Xã Di Linh" in mine
    theirs = desks("H36", STRANGER).get("/queue?show=all").content.decode()
    assert code not in theirs
    assert "Không còn việc nào ở đây" in theirs
    assert code not in desks("H36", CHAIR).get("/queue").content.decode()
    assert code in desks("H36", CHAIR).get("/queue?show=all").content.decode()
    assert desks("H36", CHAIR).get("/queue?show=everything").status_code == 200


def test_a_dossier_of_another_commune_is_not_there(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    browser = desks("H36", STRANGER)
    assert browser.get(f"/dossiers/{code}").status_code == 404
    assert browser.post(f"/dossiers/{code}/check").status_code == 404
    assert browser.post(f"/dossiers/{code}/refuse", {"reason": "mismatch"}).status_code == 404
    assert browser.get("/dossiers/H36.001-260101-0001").status_code == 404
    assert load(country, code).acts == 2


def test_three_values_stand_side_by_side_and_a_change_since_filing_is_marked(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    browser = desks("H36", CHECKER)
    page = browser.get(f"/dossiers/{code}").content.decode()
    assert page.count("Ka Wẽn") >= 3
    assert 'class="differs"' not in page
    amend_person(country, mother_of(country, code), full_name="Ka Wẽn Mới")
    page = browser.get(f"/dossiers/{code}").content.decode()
    assert "Ka Wẽn Mới" in page
    assert page.count('class="differs"') == 2  # the mother, who is also the person declaring


def test_the_fresh_look_is_logged_under_the_officer_and_the_case(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    desks("H36", CHECKER).get(f"/dossiers/{code}")
    sql = (
        "SELECT count(*) FROM journal_entry WHERE kind = 'read' AND subject = %s AND payload::jsonb ->> 'officer' = %s"
        " AND payload::jsonb ->> 'case' = %s"
    )
    wanted = (mother_of(country, code), CHECKER.as_asker, load(country, code).identity.parent)
    assert in_node(country.nodes["G01"], lambda tx: tx.value(sql, wanted)) >= 1
    assert in_node(country.nodes["G15"], lambda tx: tx.value(sql, wanted)) == 1  # her marriage; no birth yet
    assert in_node(country.nodes["G18"], lambda tx: tx.value(sql, wanted)) == 1


def test_a_silent_register_is_marked_and_the_page_opens(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    country.silent = {"G01", "G18"}
    page = desks("H36", CHECKER).get(f"/dossiers/{code}")
    assert page.status_code == 200
    assert "chưa trả lời" in page.content.decode()
    assert "Ka Wẽn" in page.content.decode()


def test_an_answer_altered_after_signing_is_pointed_out(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    sql = "UPDATE dossier_content SET sources = replace(sources, 'Ka Wẽn', 'Ka Wẻn') WHERE code = %s"
    in_node(country.nodes["H36"], lambda tx: tx.run(sql, (code,)))
    assert "không đúng chữ ký" in desks("H36", CHECKER).get(f"/dossiers/{code}").content.decode()


def test_a_notice_used_elsewhere_and_a_mother_dead_by_now_are_pointed_out(country: Country, desks: Desks) -> None:
    account = country.family(next(families))
    code = declare(country, account)
    notice = in_node(country.nodes["H36"], lambda tx: dossiers.content(tx, code)).declared["notice_number"]
    country.enter(
        "G15", "births", number="KS-other", notice=notice, child_name="Ai Khác", birth_date="2026-11-12", gender="male",
        ethnicity="16", nationality="VN", hometown="25000", birth_place="68009", mother=account.number,
        unit="24848", registered_on="2026-11-13", dossier="another", state="registered",
    )  # fmt: skip
    amend_person(country, account.number, died_on="2026-11-01")
    page = desks("H36", CHECKER).get(f"/dossiers/{code}").content.decode()
    assert "KS-other của Ai Khác" in page
    assert "Người này đã mất trước ngày sinh của trẻ" in page


def test_the_officer_checks_and_the_chair_signs(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    done = desks("H36", CHECKER).post(f"/dossiers/{code}/check")
    assert (done.status_code, done.headers["Location"]) == (303, f"/queue?done={code}")
    assert "K’ Brêm: Đang xử lý" in desks("H36", CHECKER).get(f"/queue?done={code}").content.decode()
    assert "Ký quyết định" in desks("H36", CHAIR).get(f"/dossiers/{code}").content.decode()
    assert desks("H36", CHAIR).post(f"/dossiers/{code}/decide").status_code == 303
    assert code in desks("H36", CHAIR).get("/queue?show=pending").content.decode()
    country.deliver()
    assert load(country, code).state.status == 10
    assert code in desks("H36", CHAIR).get("/queue?show=done").content.decode()


def test_the_same_act_again_is_answered_like_the_first_time(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    for form in ({"version": "2"}, {"version": "2"}, {}):
        assert desks("H36", CHECKER).post(f"/dossiers/{code}/check", form).status_code == 303
    for form in ({"version": "3"}, {"version": "3"}, {}):
        assert desks("H36", CHAIR).post(f"/dossiers/{code}/decide", form).status_code == 303
    country.deliver()
    assert desks("H36", CHECKER).post(f"/dossiers/{code}/check", {"version": "2"}).status_code == 303
    assert verbs(country, code) == ["acknowledge", "receive", "check", "decide", "issue"]


def test_another_officers_late_act_is_told_who_was_there_before(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    assert desks("H36", CHECKER).post(f"/dossiers/{code}/check", {"version": "2"}).status_code == 303
    for form in ({"version": "2"}, {}):
        late = desks("H36", COLLEAGUE).post(f"/dossiers/{code}/check", form)
        assert late.status_code == 409
        assert CHECKER.name in late.content.decode()
    assert load(country, code).acts == 3


def test_a_page_older_than_the_dossier_changes_nothing(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    desks("H36", CHECKER).post(f"/dossiers/{code}/check")
    desks("H36", CHAIR).post(f"/dossiers/{code}/return", {"reason": "look-again", "note": "xem lại  tên"})
    late = desks("H36", COLLEAGUE).post(f"/dossiers/{code}/check", {"version": "2"})
    assert late.status_code == 409
    assert load(country, code).acts == 4
    page = desks("H36", COLLEAGUE).get(f"/dossiers/{code}").content.decode()
    assert "Cần kiểm tra lại thông tin: xem lại tên" in page
    assert desks("H36", COLLEAGUE).post(f"/dossiers/{code}/check", {"version": "4"}).status_code == 303


def test_no_officer_takes_the_act_of_another_step(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    assert desks("H36", CHAIR).post(f"/dossiers/{code}/decide").status_code == 403
    assert desks("H36", CHECKER).post(f"/dossiers/{code}/decide").status_code == 403
    desks("H36", CHECKER).post(f"/dossiers/{code}/check")
    h36 = country.nodes["H36"]
    with pytest.raises(NotPossible), h36.database.transaction() as tx:
        journey.check(h36, tx, code, CHAIR)
    assert load(country, code).state.waiting == "open"


@pytest.mark.parametrize("reason", ["", "because"])
def test_a_refusal_needs_a_reason_from_the_list(country: Country, desks: Desks, reason: str) -> None:
    code = declared_birth(country)
    page = desks("H36", CHECKER).post(f"/dossiers/{code}/refuse", {"reason": reason, "note": "không rõ"})
    assert page.status_code == 422
    assert "không rõ" in page.content.decode()
    assert 'href="#f-refuse-reason"' in page.content.decode()
    assert load(country, code).acts == 2


def test_a_refusal_reaches_the_parent_with_its_reason(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    form = {"reason": "registered-before", "note": "số 12"}
    assert desks("H36", CHECKER).post(f"/dossiers/{code}/refuse", form).status_code == 303
    country.deliver()
    parent = load(country, str(load(country, code).identity.parent), "portal")
    assert parent.state.status == 3
    assert parent.state.branches["birth"].reason == "registered-before: số 12"


def test_a_residence_that_registers_could_not_verify_waits_with_its_conditions(country: Country, desks: Desks) -> None:
    number = next(families)
    elder = f"0680600{number:05d}"
    country.enter(
        "G01", "persons", number=elder, full_name="K’ Ông", birth_date="1960-01-01", gender="male", ethnicity="16",
        nationality="VN",
    )  # fmt: skip
    code = declare(country, country.family(number, householder=elder), relation="grandchild")
    parent = str(load(country, code).identity.parent)
    desks("H36", CHECKER).post(f"/dossiers/{code}/check")
    desks("H36", CHAIR).post(f"/dossiers/{code}/decide")
    country.deliver()
    waiting = branch(country, "G01", parent)
    police = desks("G01", POLICE)
    assert load(country, waiting, "G01").state.consents == {"householder": "paper"}, "the elder has no account"
    assert waiting in police.get("/queue").content.decode()
    page = police.get(f"/dossiers/{waiting}").content.decode()
    assert "Chủ hộ là cha hoặc mẹ, hoặc đã đồng ý" in page
    assert "Chưa xác minh được" in page
    assert "phải có văn bản đồng ý" in page
    assert "K’ Ông" in page
    assert "K’ Brêm" in page
    assert police.post(f"/dossiers/{waiting}/decide").status_code == 303
    country.deliver()
    assert load(country, parent, "portal").state.status == 10


def test_every_page_speaks_english(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    browser = desks("H36", CHECKER)
    browser.cookies["lang"] = "en"
    page = browser.get(f"/dossiers/{code}").content.decode()
    assert "The mother" in page
    assert "Civil-status officer checks" in page
    assert "To do" in browser.get("/queue").content.decode()
