"""The form page by page: short for who is known, longer only where an answer opens something; review, receipt, twin."""

import re
from html import unescape
from io import BytesIO
from typing import Any

import segno
from django.test import Client

from lienthong.bench.browser import Form, forms
from lienthong.casework import dossiers
from lienthong.casework.tests.country import Country, in_node
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.portal.tests import browsing
from lienthong.portal.tests.citizens import text

SERVICE = "/services/interlinked/birth-residence-card"
NAME = {"child_name": "K’ Brêm", "surname_after": "custom", "ethnicity": "mother", "hometown": "mother"}


def form_of(page: Any) -> Form:
    return next(f for f in forms(page.content.decode()) if "sign-out" not in f.action)


def fields(page: Any) -> set[str]:
    form = form_of(page)
    return (set(form.fields) | set(form.offered)) - {"csrfmiddlewaretoken", "binding"}


class Walk:
    """Somebody going through the pages."""

    def __init__(self, portal: Node, account: Account) -> None:
        self.client: Client = browsing.browser(portal, account)
        self.page: Any = self.client.get(f"{SERVICE}/start", follow=True)

    @property
    def place(self) -> str:
        return str(self.page.request["PATH_INFO"].rpartition("/")[2])

    @property
    def draft(self) -> str:
        return str(re.match(r"(.*/drafts/[^/]+)", self.page.request["PATH_INFO"])[1])  # type: ignore[index]

    def answer(self, **given: str) -> str:
        """Send the page with these answers; where it leads."""
        form = form_of(self.page)
        self.page = self.client.post(self.page.request["PATH_INFO"], {**form.fields, **given}, follow=True)
        return self.place

    def to_review(self) -> None:
        self.answer()
        self.answer(**NAME)
        self.answer(lives_with="mother")
        self.answer(facility="68009")
        while self.place != "review":
            self.answer()


def test_a_married_mother_is_asked_six_things_on_short_pages(pages: None, country: Country, portal: Node) -> None:
    walk = Walk(portal, country.family(601))
    assert "bạn chỉ cần cho biết 6" in text(walk.page)
    assert (walk.place, fields(walk.page)) == ("requester", set())
    assert walk.answer() == "child"
    assert fields(walk.page) == set(NAME)
    assert walk.answer(**NAME) == "residence"
    assert fields(walk.page) == {"lives_with"}
    assert walk.answer(lives_with="father") == "card"
    assert walk.answer(facility="68009") == "support"
    assert walk.answer() == "delivery"
    assert walk.answer() == "review"
    shown = text(walk.page)
    assert "K’ Brêm" in shown
    assert "Cơ sở dữ liệu quốc gia về dân cư" in shown
    assert walk.answer(pledge="yes") == "receipt"
    assert "Hẹn trả trước" in text(walk.page)


def test_an_answer_opens_what_hangs_on_it_on_the_same_page(pages: None, country: Country, portal: Node) -> None:
    walk = Walk(portal, country.family(602))
    walk.answer()
    walk.answer(**NAME)
    assert walk.answer(lives_with="other") == "residence"
    assert walk.page.status_code == 200
    assert {"host_number", "host_name"} <= fields(walk.page)
    assert walk.answer(lives_with="mother") == "card"


def test_an_error_stays_on_its_page_and_the_review_leads_back_to_what_is_missing(
    pages: None, country: Country, portal: Node
) -> None:
    walk = Walk(portal, country.family(603))
    walk.answer()
    walk.answer(child_name="2")
    assert (walk.place, walk.page.status_code) == ("child", 422)
    walk.page = walk.client.get(f"{walk.draft}/review", follow=True)
    assert (walk.place, walk.page.status_code) == ("child", 200)


def test_the_review_wants_the_promise(pages: None, country: Country, portal: Node) -> None:
    walk = Walk(portal, country.family(604))
    walk.to_review()
    walk.answer()
    assert (walk.place, walk.page.status_code) == ("review", 422)


def test_what_is_said_to_be_wrong_holds_only_what_depends_on_it(pages: None, country: Country, portal: Node) -> None:
    walk = Walk(portal, country.family(605))
    page = walk.client.get(f"{walk.draft}/wrong/residence_address", follow=True)
    assert page.status_code == 404  # nothing is held before the household is chosen
    walk.to_review()
    draft = walk.draft
    mark = {"says": "Thôn 4", "note": "Nhà tôi đã chuyển"}
    walk.page = walk.client.post(f"{draft}/wrong/residence_address?to=review", mark, follow=True)
    shown = text(walk.page)
    assert "Bạn báo là sai, phải là: Thôn 4. Lý do: Nhà tôi đã chuyển" in shown
    assert "Phải chờ sửa xong: Thường trú" in shown
    assert "Vẫn đi tiếp ngay: Khai sinh, Thẻ BHYT" in shown
    walk.answer(pledge="yes")
    code = walk.page.request["PATH_INFO"].split("/")[2]
    parent = in_node(portal, lambda tx: dossiers.load(tx, code))
    assert [name for name, branch in parent.state.branches.items() if branch.held] == ["residence"]
    declared = in_node(portal, lambda tx: dossiers.content(tx, code)).declared
    assert declared["residence_address"] == "Thôn 3"  # the register's, until its owner has corrected it
    country.deliver()
    g01 = country.nodes["G01"]
    task = in_node(
        g01, lambda tx: tx.one("SELECT * FROM task WHERE kind = 'correction' ORDER BY opened_at DESC LIMIT 1")
    )
    assert '"says":"Thôn 4"' in task.detail
    assert '"register":"households"' in task.detail


def test_a_mark_can_be_taken_back(pages: None, country: Country, portal: Node) -> None:
    walk = Walk(portal, country.family(606))
    where = f"{walk.draft}/wrong/mother_name"
    marked = walk.client.post(where, {"says": "Ka Khác", "note": "Giấy ghi khác"}, follow=True)
    assert "Bạn báo là sai" in text(marked)
    assert "Bạn báo là sai" not in text(walk.client.post(where, {"take_back": "yes"}, follow=True))


def test_a_derived_value_is_corrected_where_it_comes_from(pages: None, country: Country, portal: Node) -> None:
    walk = Walk(portal, country.family(607))
    assert walk.client.get(f"{walk.draft}/wrong/parents").status_code == 404
    assert walk.client.get(f"{walk.draft}/wrong/marriage_number").status_code == 200
    assert walk.client.get(f"{walk.draft}/wrong/nothing").status_code == 404


def test_the_second_twin_begins_with_everything_known(pages: None, country: Country, portal: Node) -> None:
    mother = country.family(608)
    second = country.notice(698, mother.number)
    g18 = country.nodes["G18"]
    in_node(g18, lambda tx: tx.run("UPDATE birth_notices SET birth_count = 2 WHERE mother = %s", (mother.number,)))
    in_node(g18, lambda tx: tx.run("UPDATE birth_notices SET birth_order = 2 WHERE number = %s", (second,)))
    walk = Walk(portal, mother)
    walk.answer()
    assert walk.place == "birth"
    walk.answer(notice_number="GCS.68009.2026.000608")
    walk.answer(**NAME)
    walk.answer(lives_with="mother")
    walk.answer(facility="68009")
    while walk.place != "review":
        walk.answer()
    walk.answer(pledge="yes")
    again = next(form.action for form in forms(walk.page.content.decode()) if form.action.endswith("/again"))
    walk.page = walk.client.post(again, follow=True)
    assert walk.answer() == "birth"
    assert form_of(walk.page).fields["notice_number"] == second
    assert walk.answer() == "child"
    assert form_of(walk.page).fields["child_name"] == ""
    assert form_of(walk.page).fields["ethnicity"] == "mother"
    assert walk.answer(**{**NAME, "child_name": "K’ Brơi"}) == "residence"


def test_the_receipt_has_a_picture_that_leads_anybody_to_the_status_and_says_no_name(
    pages: None, country: Country, portal: Node
) -> None:
    walk = Walk(portal, country.family(609))
    walk.to_review()
    walk.answer(pledge="yes")
    picture = re.search(r'src="([^"]+receipt\.svg)"', walk.page.content.decode())
    assert picture
    answer = walk.client.get(unescape(picture[1]))
    assert answer["Content-Type"] == "image/svg+xml"
    code = walk.page.request["PATH_INFO"].split("/")[2]
    says, drawn = f"http://portal.localhost/tra-cuu?code={code}", BytesIO()
    segno.make(says, error="m", micro=False).save(drawn, kind="svg", xmldecl=False, border=2, scale=4, dark="#1d1d1b",
                                                  light="#fff")  # fmt: skip
    assert answer.content == drawn.getvalue()
    anybody = browsing.browser(portal).get(f"/tra-cuu?code={code}").content.decode()
    assert f'value="{code}"' in anybody
    assert "Wẽn" not in anybody
    stranger = browsing.browser(portal, country.family(610))
    assert stranger.get(unescape(picture[1])).status_code == 404


def test_a_stranger_does_not_find_any_page_of_a_draft(pages: None, country: Country, portal: Node) -> None:
    walk = Walk(portal, country.family(611))
    stranger = browsing.browser(portal, country.family(612))
    for place in ("", "/child", "/review", "/wrong/mother_name"):
        assert stranger.get(f"{walk.draft}{place}").status_code == 404
