"""A service's page: what is known, what is asked, which papers in which case, who decides. The first page is honest."""

from collections.abc import Iterator

import pytest
from django.test import override_settings
from django.utils import translation

from lienthong.portal import cards
from lienthong.portal.tests.people import CATALOGUE, LINKED, portal


@pytest.fixture(autouse=True)
def vietnamese() -> Iterator[None]:
    with override_settings(ROOT_URLCONF="lienthong.portal.urls"), translation.override("vi"):
        yield


def test_every_field_of_the_form_is_named_once_as_known_or_asked() -> None:
    page = cards.page(portal(), LINKED, "vi")
    known = {label for one in page["known"] for label in one["fields"]}
    assert {"Ngày sinh của con", "Chủ hộ", "Số định danh của mẹ"} <= known
    assert "Họ, chữ đệm và tên của con" in page["needed"]
    assert not known & set(page["needed"])
    assert all(one["source"] in {r.name.vi for r in CATALOGUE.registers.values()} for one in page["known"])


def test_papers_are_asked_in_cases_that_are_told_in_words() -> None:
    papers = {one["label"]: one["case"] for one in cards.page(portal(), LINKED, "vi")["papers"]}
    assert papers["Ảnh chụp văn bản của người làm chứng"].startswith("Ai xác nhận việc sinh?")
    assert all(case and "_" not in case for case in papers.values())


def test_the_agencies_stand_in_order_with_their_terms_and_law() -> None:
    deciders = cards.page(portal(), LINKED, "vi")["deciders"]
    assert [one["decides"] for one in deciders] == ["Khai sinh", "Thường trú", "Thẻ BHYT", "Thẻ căn cước"]
    assert all("Nghị định" in one["term"] for one in deciders)


def test_a_life_event_without_a_service_says_so_and_where_to_go() -> None:
    events = {one["title"]: one for one in cards.life_events(portal(), "vi")}
    assert len(events) == 9
    here = {title for title, event in events.items() if event["url"]}
    assert here == {"Có con", "Kết hôn", "Xây nhà", "Mở hộ kinh doanh"}
    for title, event in events.items():
        assert bool(event["where"]) == (title not in here)
        assert title in here or event["where"].startswith("Chưa làm được ở đây. Hãy đến:")
