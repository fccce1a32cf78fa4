"""What registers hold about a person, each read of it, and a question that is answered."""

import re
from html import unescape

import pytest
from django.test import Client

from lienthong.casework import tasks
from lienthong.casework.tests.country import CHECKER, Country, in_node
from lienthong.casework.tests.test_side_paths import STEWARD, Case
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.portal.tests import browsing
from lienthong.portal.tests.citizens import rows, text

pytestmark = pytest.mark.usefixtures("pages")


def test_my_data_shows_what_registers_hold_with_owner_and_basis(mother: Client, country: Country) -> None:
    said = text(mother.get("/du-lieu-cua-toi"))
    for held in ("Ka Wẽn", "Cơ sở dữ liệu quốc gia về dân cư", "HK6800000001", "K’ Brèo", "GCS.68009.2026.000001"):
        assert held in said
    assert "Luật Hộ tịch" in said
    assert "Không ghi gì về bạn" in said
    country.silent = {"G15"}
    try:
        silent = text(mother.get("/du-lieu-cua-toi"))
    finally:
        country.silent = set()
    assert "Chưa trả lời kịp: Hộ tịch điện tử – Bộ Tư pháp" in silent
    assert "HK6800000001" in silent


def read_by_officer(country: Country, mother: Account) -> None:
    from lienthong.exchange.asking import Question

    code = "H36.104-261120-0001"
    item = {"register": "persons", "by": "number", "value": {"is": mother.number}}
    question = Question(
        "G01", "register.read", {"items": {"it": item}}, "civil-status/birth-registration", code, CHECKER.as_asker,
        country.submitted(mother, code),
    )  # fmt: skip
    assert country.nodes["H36"].asker.ask(question) is not None


def test_each_read_is_shown_with_who_why_and_what_but_no_officers_number(
    mother: Client, country: Country, case: Case
) -> None:
    read_by_officer(country, case.mother)
    page = mother.get("/du-lieu-cua-toi/lan-doc")
    said = text(page)
    assert "công chức tư pháp – hộ tịch" in said
    assert "Một cửa tỉnh Lâm Đồng" in said
    assert "H36.104-261120-0001" in said
    assert "Họ, chữ đệm và tên" in said
    assert CHECKER.number not in page.content.decode()
    assert "Chính bạn xem dữ liệu của mình" not in said
    assert "Chính bạn xem dữ liệu của mình" in text(mother.get("/du-lieu-cua-toi/lan-doc?own=yes"))


def test_somebody_else_sees_their_own_reads_only(portal: Node, country: Country, case: Case) -> None:
    stranger = country.family(90)
    said = text(browsing.browser(portal, stranger).get("/du-lieu-cua-toi/lan-doc"))
    assert "H36.104-261120-0001" not in said
    read = rows(
        country.nodes["G01"], "SELECT stream FROM journal_entry WHERE subject = %s AND kind = 'read'",
        case.mother.number,
    )[0].stream.removeprefix("read/")  # fmt: skip
    page = browsing.browser(portal, stranger).get(f"/du-lieu-cua-toi/lan-doc/G01/{read}")
    assert page.status_code == 404


def test_many_reads_come_in_pages_without_gap_or_repetition(portal: Node, country: Country) -> None:
    person = country.family(91)
    for _ in range(45):
        read_by_officer(country, person)
    client, at, seen = browsing.browser(portal, person), "/du-lieu-cua-toi/lan-doc", []
    for _ in range(5):
        page = client.get(at).content.decode()
        seen += re.findall(r"lan-doc/G01/([0-9a-f-]{36})", page)
        onward = re.search(r'href="(\?before=[^"]+)"', page)
        if onward is None:
            break
        at = "/du-lieu-cua-toi/lan-doc" + unescape(onward[1])
    assert len(seen) == len(set(seen)) == 45


def test_a_question_about_a_read_goes_to_its_owner_and_the_answer_comes_back(
    mother: Client, country: Country, case: Case
) -> None:
    listed = mother.get("/du-lieu-cua-toi/lan-doc").content.decode()
    link = re.search(r'"(/du-lieu-cua-toi/lan-doc/G01/[^"]+)"', listed)
    assert link
    assert mother.post(link[1], {"question": "  "}).status_code == 422
    assert mother.post(link[1], {"question": "x" * 1001}).status_code == 422
    asked = "Vì sao xã xem dữ liệu của tôi?"
    for _ in range(2):  # pressed twice
        assert "Đã chuyển cho cơ quan giữ sổ" in text(mother.post(link[1], {"question": asked}, follow=True))
    assert "Đã hỏi, chờ trả lời" in text(mother.get("/du-lieu-cua-toi/lan-doc"))
    country.deliver()
    g01 = country.nodes["G01"]
    waiting = [t for t in in_node(g01, lambda tx: tasks.mine(tx, STEWARD)) if t.kind == "question"]
    assert [task.detail["question"] for task in waiting] == [asked]
    in_node(g01, lambda tx: tasks.answer(g01, tx, waiting[0].id, STEWARD, "Để kiểm tra hồ sơ khai sinh."))
    country.deliver()
    assert "Để kiểm tra hồ sơ khai sinh." in text(mother.get(link[1]))
    assert "Câu hỏi của bạn đã được trả lời" in text(mother.get("/thong-bao"))


@pytest.mark.parametrize(
    "path", ["/thong-bao", "/du-lieu-cua-toi", "/du-lieu-cua-toi/lan-doc", "/du-lieu-cua-toi/lan-doc/G01/x"]
)
def test_pages_of_a_person_are_for_who_is_signed_in(portal: Node, path: str) -> None:
    page = browsing.browser(portal).get(path)
    assert page.status_code == 302
    assert page["Location"].startswith("/sign-in")


@pytest.mark.parametrize(
    "path",
    [
        "/thong-bao?before=rubbish", "/du-lieu-cua-toi/lan-doc?before=2026-13-99",
        "/du-lieu-cua-toi/lan-doc?before=0001-01-01",
        "/demo/thu-tin?before=-1", "/tra-cuu?code=%00%ff",
    ],
)  # fmt: skip
def test_an_address_that_reads_as_nothing_is_taken_as_none(mother: Client, path: str) -> None:
    assert mother.get(path).status_code == 200
