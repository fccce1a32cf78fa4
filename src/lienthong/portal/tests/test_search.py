"""Finding a service by the words people use."""

import pytest

from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import read_services
from lienthong.config.state import HOME
from lienthong.portal.search import find

SERVICES = list(read_services(HOME / "catalogue", source_hashes()).values())
LINKED, CARD = "interlinked/birth-residence-card", "health-insurance/child-health-card"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("khai sinh", LINKED),
        ("giấy khai sinh cho con", LINKED),
        ("giay khai sinh", LINKED),
        ("KHAI SINH", LINKED),
        ("khai si", LINKED),
        ("em be", LINKED),
        ("sinh con", LINKED),
        ("newborn", LINKED),
        ("3.000722", LINKED),
        ("thẻ bảo hiểm", LINKED),
        ("bhyt 6 tuoi", LINKED),
        ("1.014137", CARD),
    ],
)
def test_a_service_is_found_with_accents_or_without_by_whole_words_or_their_beginnings(text: str, first: str) -> None:
    assert find(SERVICES, text)[0].slug == first


@pytest.mark.parametrize("text", ["", "   ", "!?", "thi bằng lái xe ô tô", "xyz", "hải quan", "%"])
def test_what_matches_nothing_finds_nothing(text: str) -> None:
    assert find(SERVICES, text) == []


def test_the_more_words_match_the_higher_a_service_stands() -> None:
    found = [service.slug for service in find(SERVICES, "đăng ký thường trú trẻ mới sinh")]
    assert set(found[:2]) == {LINKED, "residence/newborn-residence"}


def test_accents_typed_apart_are_the_same_words() -> None:
    assert find(SERVICES, "tre\u0309 so sinh") == find(SERVICES, "trẻ sơ sinh") == find(SERVICES, "tre so sinh")
