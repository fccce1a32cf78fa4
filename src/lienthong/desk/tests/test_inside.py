"""What officers do for each other beside a dossier: notes, opinions, phrases; and why somebody does not see one."""

import re
from datetime import timedelta

import pytest

from lienthong.casework import journey, opinions, pauses
from lienthong.casework.tests.country import CHAIR, CHECKER, DI_LINH, Country, in_node
from lienthong.desk.tests.births import declared_birth, load, mother_of
from lienthong.desk.tests.office import COLLEAGUE, ONE_STOP_STEWARD, RECEIVER, STRANGER, Desks
from lienthong.desk.tests.test_desk import amend_person
from lienthong.kit import clock

ASKED = {"whom": f"chair/{DI_LINH}", "question": "Có nên xác minh nơi sinh?", "days": "2", "silence": "without"}


def test_a_note_is_for_officers_and_is_no_act(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    assert desks("H36", CHECKER).post(f"/dossiers/{code}/note", {"note": " "}).status_code == 422
    sent = {"note": "Đã gọi điện, mẹ cháu hẹn chiều", "version": "1"}
    assert desks("H36", CHECKER).post(f"/dossiers/{code}/note", sent).status_code == 303
    page = desks("H36", CHAIR).get(f"/dossiers/{code}").content.decode()
    assert "Đã gọi điện, mẹ cháu hẹn chiều" in page
    assert load(country, code).acts == 2
    h36 = country.nodes["H36"]
    journal = "SELECT count(*) FROM journal_entry WHERE stream LIKE 'note/%%' AND payload LIKE %s"
    assert in_node(h36, lambda tx: tx.value(journal, (f'%"{code}"%',))) == 1
    assert desks("H36", STRANGER).post(f"/dossiers/{code}/note", {"note": "x"}).status_code == 404
    two = declared_birth(country)
    form = {"verb": "note", "answered": "yes", "note": "cùng một nhà", "pick": [f"{code}:2", f"{two}:2"]}
    assert "Đã làm 2 trong 2" in desks("H36", CHECKER).post("/queue/batch", form).content.decode()


@pytest.mark.parametrize(
    ("answer", "note", "says"),
    [
        ("agree", "", "Trả lời: đồng ý"),
        ("disagree", "thiếu căn cứ", "Trả lời: không đồng ý"),
        ("conditions", "sau khi gọi", "Trả lời: có điều kiện"),
    ],
)
def test_an_opinion_is_asked_answered_in_the_queue_and_shown(
    country: Country, desks: Desks, answer: str, note: str, says: str
) -> None:
    code = declared_birth(country)
    browser = desks("H36", CHECKER)
    assert browser.post(f"/dossiers/{code}/consult", ASKED).status_code == 303
    assert load(country, code).state.waiting == "opinion"
    page = browser.get(f"/dossiers/{code}").content.decode()
    assert "Có nên xác minh nơi sinh?" in page
    assert "giải quyết tiếp, không có ý kiến ấy" in page, "what silence means is said"
    [task] = load(country, code).state.opinions
    assert f"/tasks/{task}" in desks("H36", CHAIR).get("/queue?kind=opinion").content.decode()
    chair = desks("H36", CHAIR)
    assert "Có nên xác minh nơi sinh?" in chair.get(f"/tasks/{task}").content.decode()
    if note:
        assert chair.post(f"/tasks/{task}", {"answer": answer, "note": ""}).status_code == 422
    answered = chair.post(f"/tasks/{task}?list=show%3Dmine", {"answer": answer, "note": note})
    assert answered.headers["Location"].startswith("/queue/next?list=show%3Dmine&past="), "on in the same list"
    assert load(country, code).state.waiting == "open"
    page = browser.get(f"/dossiers/{code}").content.decode()
    assert says in page
    assert note in page
    assert CHAIR.name in page


@pytest.mark.parametrize(
    ("silence", "waits", "says"),
    [
        ("agreed", "open", "coi như đồng ý"),
        ("without", "open", "giải quyết tiếp"),
        ("escalate", "opinion", "đã lên người"),
    ],
)
def test_silence_has_the_effect_that_was_said(
    country: Country, desks: Desks, silence: str, waits: str, says: str
) -> None:
    code, h36 = declared_birth(country), country.nodes["H36"]
    desks("H36", CHECKER).post(f"/dossiers/{code}/consult", {**ASKED, "silence": silence})
    due = load(country, code).state.due
    assert due is not None
    with clock.at(due + timedelta(minutes=1)):
        in_node(h36, lambda tx: opinions.silent(h36, tx, code))
    assert load(country, code).state.waiting == waits
    assert says in desks("H36", CHECKER).get(f"/dossiers/{code}").content.decode()


@pytest.mark.parametrize("left_out", ["whom", "question", "days", "silence"])
def test_a_question_that_is_not_whole_is_not_asked(country: Country, desks: Desks, left_out: str) -> None:
    code = declared_birth(country)
    sent = {name: value for name, value in ASKED.items() if name != left_out}
    page = desks("H36", CHECKER).post(f"/dossiers/{code}/consult", sent)
    assert page.status_code == 422
    assert f'href="#f-consult-{left_out}"' in page.content.decode()


def test_a_units_phrase_is_kept_chosen_and_reaches_the_reason(country: Country, desks: Desks) -> None:
    browser = desks("H36", CHECKER)
    assert browser.post("/phrases", {"deed": "refuse", "text": "  "}).status_code == 422
    assert (
        browser.post("/phrases", {"deed": "refuse", "text": "Tên  trẻ không khớp giấy chứng sinh"}).status_code == 303
    )
    assert browser.post("/phrases", {"deed": "take", "text": "x"}).status_code == 403
    assert browser.post("/phrases", {"deed": "refuse", "unit": "24848", "text": "x"}).status_code == 403
    assert "Tên trẻ không khớp" in desks("H36", COLLEAGUE).get("/phrases").content.decode()
    assert "Tên trẻ không khớp" not in desks("H36", STRANGER).get("/phrases").content.decode()
    code = declared_birth(country)
    assert 'name="phrase"' in browser.get(f"/dossiers/{code}").content.decode()
    form = {"reason": "mismatch", "phrase": "một câu lạ", "note": ""}
    assert browser.post(f"/dossiers/{code}/refuse", form).status_code == 422
    form = {"reason": "mismatch", "phrase": "Tên trẻ không khớp giấy chứng sinh", "note": "xem bản gốc"}
    assert browser.post(f"/dossiers/{code}/refuse", form).status_code == 303
    assert load(country, code).state.reason == "mismatch: Tên trẻ không khớp giấy chứng sinh; xem bản gốc"
    id_ = re.search(r'name="phrase" value="([^"]+)"', browser.get("/phrases").content.decode())
    assert id_ is not None
    desks("H36", STRANGER).post("/phrases/drop", {"phrase": id_[1]})
    assert "Tên trẻ không khớp" in browser.get("/phrases").content.decode()
    browser.post("/phrases/drop", {"phrase": id_[1]})
    assert "Tên trẻ không khớp" not in browser.get("/phrases").content.decode()


def test_nothing_is_refused_returned_or_asked_anew_without_a_reason(country: Country) -> None:
    code, h36 = declared_birth(country), country.nodes["H36"]
    item = [pauses.Item(field="child_name")]
    for act in (
        lambda tx: journey.refuse(h36, tx, code, CHECKER, " "),
        lambda tx: pauses.supplement(h36, tx, code, CHECKER, item, ""),
        lambda tx: pauses.verify(h36, tx, code, CHECKER, ""),
        lambda tx: pauses.withdraw(h36, tx, code, RECEIVER, ""),
    ):
        with pytest.raises(ValueError, match="required"):
            in_node(h36, act)
    in_node(h36, lambda tx: journey.check(h36, tx, code, CHECKER))
    with pytest.raises(ValueError, match="required"):
        in_node(h36, lambda tx: journey.send_back(h36, tx, code, CHAIR, ""))
    assert load(country, code).state.step == "sign"


def why(desks: Desks, officer: object, code: str) -> str:
    return str(desks("H36", officer).post("/queue/why", {"code": code}).content.decode())  # type: ignore[arg-type]


def test_why_somebody_does_not_see_a_dossier_is_told_as_far_as_they_may_know(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    assert "Bạn mở được hồ sơ này" in why(desks, CHECKER, code.lower())
    assert "Bạn mở được hồ sơ này" in why(desks, CHECKER, str(load(country, code).identity.parent))
    assert "Đang ở bước của người khác" in why(desks, CHAIR, code)
    elsewhere = why(desks, STRANGER, code)
    assert "Xã Di Linh" in elsewhere
    assert CHECKER.name in elsewhere
    desks("H36", CHECKER).post(f"/dossiers/{code}/take")
    assert CHECKER.name in why(desks, COLLEAGUE, code)
    desks("H36", CHECKER).post(f"/dossiers/{code}/refuse", {"reason": "mismatch"})
    assert "Hồ sơ đã kết thúc" in why(desks, CHECKER, code)


def test_who_has_no_part_in_it_cannot_tell_a_dossier_from_no_dossier(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    real, unreal = (why(desks, ONE_STOP_STEWARD, one) for one in (code, "H36.104-260101-9999"))
    bare = [re.sub(r"H36[.\d-]+|csrfmiddlewaretoken[^>]+", "", page) for page in (real, unreal)]
    assert bare[0] == bare[1]
    assert "Không có gì để nói về mã này" in real
    assert "vì sao" in desks("H36", STRANGER).get(f"/dossiers/{code}").content.decode().lower()


def test_what_changed_at_the_source_since_filing_stands_in_a_box_of_its_own(country: Country, desks: Desks) -> None:
    code = declared_birth(country)
    browser = desks("H36", CHECKER)
    assert "vẫn như lúc nộp" in browser.get(f"/dossiers/{code}").content.decode()
    amend_person(country, mother_of(country, code), full_name="Ka Wẽn Mới")
    page = browser.get(f"/dossiers/{code}").content.decode()
    box = page[page.index('id="changed-title"') : page.index("</section>", page.index('id="changed-title"'))]
    assert "Lúc nộp (" in box
    assert "<mark>Ka Wẽn Mới</mark>" in box
    country.silent = {"G01"}
    page = browser.get(f"/dossiers/{code}").content.decode()
    box = page[page.index('id="changed-title"') : page.index("</section>", page.index('id="changed-title"'))]
    assert "chưa biết có thay đổi không" in box
    assert "<mark>" not in box
