"""Feedback from a dossier's page to the unit's head and back, each answer against its limit; ratings."""

from datetime import timedelta
from typing import Any

import pytest

from lienthong.casework import dossiers, feedback, journey, ratings, tasks
from lienthong.casework.tests.country import CHAIR, CHECKER, Country, in_node
from lienthong.casework.tests.test_side_paths import RECEIVER, Case
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer, Post
from lienthong.kit import clock
from lienthong.portal import feedback_own
from lienthong.portal.tests import browsing
from lienthong.portal.tests.citizens import rows, text

pytestmark = pytest.mark.usefixtures("pages")
TEXT = "Tôi chờ ở quầy cả buổi sáng mà không ai gọi."
ELSEWHERE = Officer("068080000099", "Lý Thị Khác", (Post("chair", "24781"),))


@pytest.fixture(scope="module")
def held(country: Country) -> Case:
    case = Case(country, 401)
    case.at("H36", journey.receive_dossier, RECEIVER)
    return case


def say(case: Case, portal: Node, verb: str = "receive") -> str:
    """The mother says something about an act; its id."""
    h36, mother = case.country.nodes["H36"], browsing.browser(portal, case.mother)
    in_node(h36, lambda tx: tx.touch("UPDATE outbox SET next_at = clock_timestamp() WHERE state = 'waiting'"))
    case.country.deliver()  # what the agency holds back to send it with more news
    told = next(s for s in subjects(case, portal) if s.branch == "birth" and s.told.get("verb", "") == verb)
    page = mother.post(f"/dossiers/{case.code}/phan-anh", {"about": told.key, "text": TEXT})
    assert page.status_code == 303, text(page)
    case.country.deliver()
    return str(page.headers["Location"].rsplit("/", 1)[1])


def subjects(case: Case, portal: Node) -> list[feedback_own.Subject]:
    acts = in_node(portal, lambda tx: dossiers.acts(tx, case.code))
    return feedback_own.subjects(case.parent, acts)


def turn(country: Country, made: str, officer: Officer = CHAIR) -> tasks.Task:
    found = in_node(country.nodes["H36"], lambda tx: tasks.mine(tx, officer))
    return next(task for task in found if task.kind == "feedback" and task.detail["feedback"] == made)


def do(country: Country, act: Any, task: str, *more: Any, by: Officer = CHAIR, **named: Any) -> None:
    h36 = country.nodes["H36"]
    in_node(h36, lambda tx: act(h36, tx, task, by, *more, **named))
    country.deliver()


def shown(case: Case, portal: Node, made: str) -> str:
    return text(browsing.browser(portal, case.mother).get(f"/dossiers/{case.code}/phan-anh/{made}"))


def late(country: Country, made: str) -> list[str]:
    sql = "SELECT verb FROM feedback_act WHERE feedback = %s AND at > until ORDER BY number"
    return [row.verb for row in rows(country.nodes["H36"], sql, made)]


def test_it_bears_the_step_and_rule_of_the_agencys_own_act(country: Country, portal: Node, held: Case) -> None:
    made = say(held, portal)
    found = in_node(country.nodes["H36"], lambda tx: feedback.load(tx, made))
    process = country.nodes["H36"].catalogue.service("civil-status/birth-registration").process
    assert (found.step, found.text, found.state) == ("receive", TEXT, "new")
    assert found.rule
    assert process.step(found.step)
    calendar = country.nodes["H36"].catalogue.calendar_of(found.unit)
    assert found.due == calendar.due(found.received_at, 15)
    assert turn(country, made).due == calendar.due(found.received_at, 2), "refused or passed on within two working days"
    said = shown(held, portal, made)
    assert "Cơ quan đã nhận" in said
    assert "Trả lời trước" in said
    assert TEXT in text(browsing.browser(portal, held.mother).get(f"/dossiers/{held.code}"))


def test_nobody_else_sees_it_or_says_anything(country: Country, portal: Node, held: Case) -> None:
    made, stranger = say(held, portal), browsing.browser(portal, country.family(402))
    assert stranger.get(f"/dossiers/{held.code}/phan-anh").status_code == 404
    assert stranger.get(f"/dossiers/{held.code}/phan-anh/{made}").status_code == 404
    assert browsing.browser(portal, held.mother).get(f"/dossiers/{held.code}/phan-anh/no").status_code == 404
    wrong = browsing.browser(portal, held.mother).post(f"/dossiers/{held.code}/phan-anh", {"about": "x|", "text": ""})
    assert wrong.status_code == 422
    assert "Hãy chọn điều bạn muốn nói đến" in text(wrong)


def test_what_is_asked_stops_the_time_and_the_answer_is_judged_once(country: Country, portal: Node) -> None:
    case = Case(country, 403)
    case.at("H36", journey.receive_dossier, RECEIVER)
    made, h36 = say(case, portal), country.nodes["H36"]
    before = in_node(h36, lambda tx: feedback.load(tx, made))
    do(country, feedback.supplement, turn(country, made).id, "Chị đến ngày nào?")
    assert in_node(h36, lambda tx: feedback.load(tx, made)).due is None
    assert "Chị đến ngày nào?" in shown(case, portal, made)
    mother = browsing.browser(portal, case.mother)
    with clock.at(clock.now() + timedelta(days=30)):
        assert mother.post(f"/dossiers/{case.code}/phan-anh/{made}", {"text": ""}).status_code == 422
        assert mother.post(f"/dossiers/{case.code}/phan-anh/{made}", {"text": "Ngày 12"}).status_code == 303
        country.deliver()
        found = in_node(h36, lambda tx: feedback.load(tx, made))
        hours = h36.catalogue.calendar_of(found.unit).hours_between
        assert hours(clock.now(), found.due) == pytest.approx(hours(before.asked_at, before.due), abs=0.1)
        do(country, feedback.answer, turn(country, made).id, "Đã nhắc bộ phận một cửa.", general=False)
        assert late(country, made) == [], "the time she took is not the agency's"
        assert "Đã nhắc bộ phận một cửa." in shown(case, portal, made)
        assert mother.post(f"/dossiers/{case.code}/phan-anh/{made}", {"content": "no"}).status_code == 303
        mother.post(f"/dossiers/{case.code}/phan-anh/{made}", {"content": "yes"})
        country.deliver()
    judged = rows(h36, "SELECT content FROM feedback_act WHERE feedback = %s AND verb = 'judge'", made)
    assert [row.content for row in judged] == [False]
    sql = "SELECT kind FROM notice WHERE dossier = %s AND kind LIKE 'feedback%%' ORDER BY at"
    notices = rows(portal, sql, case.code)
    assert [row.kind for row in notices] == ["feedback_supplement", "feedback_answered"]


def test_a_refusal_after_two_working_days_is_marked_late_and_has_a_reason(country: Country, portal: Node) -> None:
    case = Case(country, 404)
    made = say(case, portal, "")
    task = turn(country, made)
    with pytest.raises(ValueError, match="required"):
        do(country, feedback.refuse, task.id, " ")
    assert task.due is not None
    with clock.at(task.due + timedelta(minutes=1)):
        do(country, feedback.refuse, task.id, "Nội dung đã trả lời trong phản ánh trước.")
    assert late(country, made) == ["refuse"]
    said = shown(case, portal, made)
    assert "(quá hạn)" in said
    assert "Nội dung đã trả lời" in said
    with pytest.raises(tasks.Ended):
        do(country, feedback.accept, task.id)


def test_another_unit_answers_in_its_own_time(country: Country, portal: Node) -> None:
    case = Case(country, 405)
    made, h36 = say(case, portal, ""), country.nodes["H36"]
    task = turn(country, made)
    with pytest.raises(ValueError, match="not-in-list"):
        do(country, feedback.transfer, task.id, "24781", "Thuộc xã khác")
    row = (ELSEWHERE.number, ELSEWHERE.name, "chair", "24781", clock.today() - timedelta(days=9))
    put = "INSERT INTO officer (number, name, role, unit, starts) VALUES (%s, %s, %s, %s, %s)"
    in_node(h36, lambda tx: tx.run(put, row))
    with clock.at(clock.now() + timedelta(hours=1)):
        do(country, feedback.transfer, task.id, "24781", "Thuộc xã khác")
        found = in_node(h36, lambda tx: feedback.load(tx, made))
        assert (found.unit, found.state) == ("24781", "new")
        assert found.received_at > found.asked_at
        do(country, feedback.accept, turn(country, made, ELSEWHERE).id, by=ELSEWHERE)
        with pytest.raises(PermissionError):
            do(country, feedback.answer, turn(country, made, ELSEWHERE).id, "x", general=False)


def test_a_public_answer_names_nobody(country: Country, portal: Node) -> None:
    case = Case(country, 406)
    made = say(case, portal, "")
    do(country, feedback.answer, turn(country, made).id, "Quầy đã có bảng gọi số.", general=True)
    task = turn(country, made)
    for named in ("K’ Brêm chờ ở quầy", "gọi 0912 345 678", case.code):
        with pytest.raises(ValueError, match="names-person"):
            do(country, feedback.publish, task.id, "Chờ lâu ở quầy thì làm gì?", named)
    anybody = browsing.browser(portal)
    assert "bảng gọi số" not in text(anybody.get("/phan-anh"))
    do(country, feedback.publish, task.id, "Chờ lâu ở quầy thì làm gì?", "Quầy đã có bảng gọi số.")
    said = text(anybody.get("/phan-anh"))
    assert "Chờ lâu ở quầy thì làm gì?" in said
    assert "Quầy đã có bảng gọi số." in said
    for private in ("Wẽn", "Brêm", case.code, TEXT):
        assert private not in said


def test_an_ended_dossier_is_rated_by_its_applicant_and_changed_for_a_week(country: Country, portal: Node) -> None:
    case = Case(country, 407)
    mother, address = browsing.browser(portal, case.mother), f"/dossiers/{case.code}/danh-gia"
    whole = {"overall": "5", **dict.fromkeys(ratings.INDICATORS, "2"), "note": "Nhanh"}
    assert mother.post(address, whole).status_code == 409, "it is under way"
    case.at("H36", journey.receive_dossier, RECEIVER)
    case.at("H36", journey.refuse, CHECKER, "not-competent: xã khác giải quyết")
    assert mother.get(address).status_code == 200
    assert mother.post(address, {**whole, "7": ""}).status_code == 422
    assert browsing.browser(portal, country.family(408)).get(address).status_code == 404
    assert mother.post(address, whole).status_code == 303
    country.deliver()
    h36, code = country.nodes["H36"], case.branch().identity.code
    assert in_node(h36, lambda tx: ratings.latest(tx, code)) == (5, dict.fromkeys(ratings.INDICATORS, 2), "Nhanh")
    assert "5 trên 5 điểm" in text(mother.get(f"/dossiers/{case.code}"))
    with clock.at(clock.now() + timedelta(days=6)):
        assert mother.post(address, {**whole, "overall": "1"}).status_code == 303
        country.deliver()
    assert in_node(h36, lambda tx: ratings.latest(tx, code))[0] == 1
    assert len(rows(h36, "SELECT 1 FROM dossier_rating WHERE dossier = %s", code)) == 2, "what it was before is kept"
    with clock.at(clock.now() + timedelta(days=8)):
        assert mother.post(address, whole).status_code == 409
