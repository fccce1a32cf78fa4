"""Feedback at the desk: what it is about and by when, each answer with what it needs, publication without names."""

from typing import Any

from lienthong.casework import dossiers, feedback, tasks
from lienthong.casework.tests.country import CHAIR, CHECKER, Country, in_node
from lienthong.desk.tests.births import declared_birth, load
from lienthong.desk.tests.office import Desks
from lienthong.identity.types import Account
from lienthong.kit import clock
from lienthong.portal import feedback_own

TEXT = "Tôi chờ ở quầy cả buổi sáng."


def said(country: Country) -> tuple[str, str]:
    """A mother says something of her dossier; the dossier's code and the feedback's id."""
    portal, code = country.nodes["portal"], declared_birth(country)
    parent = str(load(country, code).identity.parent)

    def put(tx: Any) -> str:
        dossier = dossiers.load(tx, parent)
        assert dossier is not None
        account = Account(dossier.identity.applicant, "Ka Wẽn", clock.today(), "female", 2)
        told = feedback_own.subjects(dossier, dossiers.acts(tx, parent))
        return feedback_own.put(portal, tx, account, dossier, next(one for one in told if one.branch == "birth"), TEXT)

    made = in_node(portal, put)
    country.deliver()
    return code, made


def task_of(country: Country, made: str) -> str:
    mine = in_node(country.nodes["H36"], lambda tx: tasks.mine(tx, CHAIR))
    return next(task.id for task in mine if task.kind == "feedback" and task.detail["feedback"] == made)


def test_the_head_takes_it_on_answers_and_publishes_without_names(country: Country, desks: Desks) -> None:
    code, made = said(country)
    first, chair = task_of(country, made), desks("H36", CHAIR)
    page = chair.get(f"/tasks/{first}").content.decode()
    for shown in (TEXT, "Phản ánh, kiến nghị", "Chuyển hoặc không xử lý trước", "Trả lời trước", f"/dossiers/{code}"):
        assert shown in page
    assert f"/tasks/{first}" in chair.get("/queue?kind=feedback").content.decode()
    assert desks("H36", CHECKER).get(f"/tasks/{first}").status_code == 404
    for answer in ("answer", "refuse", "supplement"):
        assert chair.post(f"/tasks/{first}", {"answer": answer, "note": " "}).status_code == 422, answer
    assert chair.post(f"/tasks/{first}", {"answer": "publish", "note": "x"}).status_code == 422
    assert chair.post(f"/tasks/{first}", {"answer": "accept"}).status_code == 303
    sent = {"answer": "answer_public", "note": "Đã đặt bảng gọi số."}
    assert chair.post(f"/tasks/{task_of(country, made)}", sent).status_code == 303
    last = task_of(country, made)
    page = chair.get(f"/tasks/{last}").content.decode()
    assert "Công khai trước" in page
    assert page.count("Đã đặt bảng gọi số.") >= 2, "the words are there to be edited"
    named = {"answer": "publish", "question": "Chị gọi 0912345678?", "note": "Đã đặt bảng."}
    refused = chair.post(f"/tasks/{last}", named)
    assert refused.status_code == 422
    assert "viết lại để không nêu ai" in refused.content.decode()
    assert chair.post(f"/tasks/{last}", {**named, "question": "Chờ lâu thì làm gì?"}).status_code == 303
    found = in_node(country.nodes["H36"], lambda tx: feedback.load(tx, made))
    assert found.state == "answered"
    country.deliver()
    answers = in_node(country.nodes["portal"], feedback_own.published)
    assert [one.answer for one in answers if one.id == made] == ["Đã đặt bảng."]
