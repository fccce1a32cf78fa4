"""Offers, the timeline of side paths, answering a supplement, taking a dossier back: as their pages do it."""

import pytest

from lienthong.casework import pauses, tasks
from lienthong.casework.pauses import Item
from lienthong.casework.tests.country import Country, in_node
from lienthong.casework.tests.test_side_paths import RECEIVER, STEWARD, Case, only_task
from lienthong.exchange.node import Node
from lienthong.portal.tests import browsing
from lienthong.portal.tests.citizens import rows, text

pytestmark = pytest.mark.usefixtures("pages")


# what is offered


def test_a_notified_birth_is_offered_until_somebody_declares_it(portal: Node, country: Country) -> None:
    mother = country.family(301)
    said = text(browsing.browser(portal, mother).get("/"))
    assert "Con bạn sinh ngày 12/11/2026 đã sẵn sàng để khai sinh" in said
    assert "sẵn sàng" not in text(browsing.browser(portal).get("/"))
    case = Case(country, 302)
    assert "sẵn sàng" not in text(browsing.browser(portal, case.mother).get("/"))


def test_who_opts_out_is_not_read_about_any_more(portal: Node, country: Country) -> None:
    mother = country.family(303)
    client = browsing.browser(portal, mother)
    assert client.post("/offers", {"wanted": "no"}).status_code == 303
    reads = "SELECT 1 FROM journal_entry WHERE subject = %s AND kind = 'read'"
    before = len(rows(country.nodes["G18"], reads, mother.number))
    said = text(client.get("/"))
    assert "sẵn sàng" not in said
    assert "Bạn đã chọn không tìm sẵn việc cho bạn" in said
    assert len(rows(country.nodes["G18"], reads, mother.number)) == before
    client.post("/offers", {"wanted": "yes"})
    assert "sẵn sàng để khai sinh" in text(client.get("/"))


@pytest.mark.parametrize("owner", ["G18", "G15"])
def test_a_silent_source_makes_no_offer_and_no_error(portal: Node, country: Country, owner: str) -> None:
    mother = country.family({"G18": 304, "G15": 305}[owner])
    country.silent = {owner}
    try:
        page = browsing.browser(portal, mother).get("/")
    finally:
        country.silent = set()
    assert page.status_code == 200
    assert "sẵn sàng" not in text(page)


# a supplement


@pytest.fixture(scope="module")
def asked(country: Country) -> Case:
    case = Case(country, 310)
    items = [Item(field="child_name", text="Viết rõ dấu"), Item(paper="Giấy chứng nhận kết hôn")]
    case.at("H36", pauses.supplement, RECEIVER, items, "missing-value: tên chưa rõ")
    return case


def supplement(case: Case) -> str:
    return f"/dossiers/{case.code}/supplement/birth"


def test_the_timeline_says_what_is_wanted_until_when_and_that_the_clock_stands(portal: Node, asked: Case) -> None:
    client = browsing.browser(portal, asked.mother)
    said = text(client.get(f"/dossiers/{asked.code}"))
    for wanted in (
        "Chờ người nộp bổ sung",
        "Viết rõ dấu",
        "Giấy chứng nhận kết hôn",
        "Thời hạn dừng tính từ",
        "mẫu số 02",
    ):
        assert wanted in said
    assert supplement(asked) in client.get(f"/dossiers/{asked.code}").content.decode()
    assert "Bổ sung cho phần Khai sinh" in text(client.get("/dossiers"))


def test_what_is_missing_in_the_answer_is_told_beside_it_and_nothing_is_sent(portal: Node, asked: Case) -> None:
    client = browsing.browser(portal, asked.mother)
    assert "Bạn đã khai: K’ Brêm" in text(client.get(supplement(asked)))
    page = client.post(supplement(asked), {"child_name": "K9"})
    assert page.status_code == 422
    said = text(page)
    assert "Họ tên chỉ gồm chữ cái" in said
    assert "Hãy chọn một tệp" in said
    assert 'value="K9"' in page.content.decode()
    assert asked.states()["birth"] == "applicant"


def test_a_strangers_supplement_and_an_unknown_branch_are_not_there(
    portal: Node, asked: Case, country: Country
) -> None:
    stranger = browsing.browser(portal, country.family(311))
    for path in (supplement(asked), f"/dossiers/{asked.code}/withdraw", f"/dossiers/{asked.code}"):
        assert stranger.get(path).status_code == 404
    own = browsing.browser(portal, asked.mother)
    assert own.get(f"/dossiers/{asked.code}/supplement/nothing").status_code == 404
    assert own.get(f"/dossiers/{asked.code}/supplement/card").status_code == 409


def test_an_answer_reaches_the_agency_once_with_everything_else_kept(portal: Node, country: Country) -> None:
    case = Case(country, 312)
    case.at("H36", pauses.supplement, RECEIVER, [Item(field="child_name")], "missing-value")
    client = browsing.browser(portal, case.mother)
    assert client.post(supplement(case), {"child_name": "K’ Brêm Ka"}).status_code == 303
    on_its_way = text(client.get(f"/dossiers/{case.code}"))
    assert "Phần bổ sung đã gửi" in on_its_way
    assert client.post(supplement(case), {"child_name": "K’ Khác"}).status_code == 409
    country.deliver()
    sql = "SELECT declared FROM dossier_content WHERE code = %s"
    declared = rows(country.nodes["H36"], sql, case.branch().identity.code)[0].declared
    assert "K’ Brêm Ka" in str(declared)
    assert case.mother.number in str(declared)
    assert case.branch().state.waiting == "open"
    case.decide()  # its news is not held back
    said = text(client.get(f"/dossiers/{case.code}"))
    assert "Người nộp đã bổ sung" in said
    assert "Phần bổ sung đã gửi" not in said


# taking back


def test_a_dossier_is_taken_back_only_when_that_is_meant(portal: Node, country: Country) -> None:
    case = Case(country, 313)
    client = browsing.browser(portal, case.mother)
    way = f"/dossiers/{case.code}/withdraw"
    assert "Dừng lại" in text(client.get(way))
    assert client.post(way, {"reason": "khai lại"}).status_code == 422
    assert case.states()["birth"] == "open"
    assert client.post(way, {"reason": "khai lại", "sure": "yes"}).status_code == 303
    country.deliver()
    assert case.parent.state.status == 7
    assert client.get(way).status_code == 409
    said = text(client.get(f"/dossiers/{case.code}"))
    assert "Người nộp đã rút hồ sơ: khai lại" in said
    assert "Công dân yêu cầu rút hồ sơ" in said


# other waits


def test_the_timeline_masks_who_must_agree_and_leads_to_e_identity(portal: Node, country: Country) -> None:
    grandmother = country.family(314).number
    country.enter(
        "G01-eid", "accounts", number=grandmother, full_name="Ka Brếp", birth_date="1960-01-01", gender="female",
        level=2, status="active",
    )  # fmt: skip
    case = Case(country, 315, householder=grandmother, householder_name="Ka Brếp")
    case.decide()
    said = text(browsing.browser(portal, case.mother).get(f"/dossiers/{case.code}"))
    assert "Chờ người khác đồng ý" in said
    assert "K* B***" in said
    assert "Ka Brếp" not in said
    assert "chạy tiếp khi mọi người được hỏi đã trả lời" in said


def test_the_timeline_tells_a_correction_from_report_to_answer(portal: Node, country: Country) -> None:
    wrong = {
        "field": "residence_address", "register": "households", "owner": "G01", "key": f"HK68{316:08d}",
        "column": "address", "held": "Thôn 3", "says": "Thôn 8", "note": "đổi tên thôn",
    }  # fmt: skip
    case = Case(country, 316, corrections=[wrong])
    client = browsing.browser(portal, case.mother)
    said = text(client.get(f"/dossiers/{case.code}"))
    for wanted in (
        "Điều bạn báo sai",
        "Thôn 3",
        "Thôn 8",
        "Đang xem xét",
        "Đang chờ điều này: Thường trú",
        "Phần khác vẫn",
    ):
        assert wanted in said
    g01 = country.nodes["G01"]
    task = only_task(country, "G01", STEWARD, "correction", case.code)
    in_node(g01, lambda tx: tasks.correct(g01, tx, task.id, STEWARD, "Thôn 8", "theo quyết định"))
    country.deliver()
    said = text(client.get(f"/dossiers/{case.code}"))
    assert "Đã sửa" in said
    assert "theo quyết định" in said


def test_the_pages_speak_english_too(portal: Node, asked: Case) -> None:
    client = browsing.browser(portal, asked.mother, language="en")
    said = text(client.get(f"/dossiers/{asked.code}"))
    assert "Waiting for the applicant" in said
    assert "form no. 02" in said
    assert "You declared: K’ Brêm" in text(client.get(supplement(asked)))
