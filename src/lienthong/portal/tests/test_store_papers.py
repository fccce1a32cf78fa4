"""My papers: asked of every agency, opened where they lie, and one of them named in a form instead of a file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lienthong.casework.tests.country import Country, in_node
from lienthong.casework.tests.test_store import PERMIT, copied
from lienthong.documents.tests import trust as trusting
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.portal import drafts, uploads
from lienthong.portal.tests import browsing

FIELD = "land_paper"


@pytest.fixture(scope="module")
def owner(country: Country, tmp_path_factory: pytest.TempPathFactory) -> Account:
    """Somebody who has a certified copy."""
    h36 = country.nodes["H36"]
    h36.seal_chain = trusting.make(Path(tmp_path_factory.mktemp("trust"))).chain("H36", h36.seal)
    person = country.family(950)
    copied(country, person)
    return person


@pytest.fixture
def draft(pages: None, portal: Node, owner: Account) -> Iterator[str]:
    service = portal.catalogue.service(PERMIT)
    made: str = in_node(portal, lambda tx: drafts.open_draft(tx, owner, service))
    yield made
    in_node(portal, lambda tx: tx.run("DELETE FROM draft WHERE id = %s", (made,)))


def address(draft: str, place: str) -> str:
    return f"/services/{PERMIT}/drafts/{draft}/{place}"


def kept(portal: Node, draft: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = in_node(portal, lambda tx: uploads.of_draft(tx, draft))
    return found


def test_my_papers_are_shown_and_opened_where_they_lie(
    pages: None, portal: Node, owner: Account, country: Country
) -> None:
    browser = browsing.browser(portal, owner)
    page = browser.get("/giay-to-cua-toi").content.decode()
    assert "KQ.G15.000101" in page
    url = page.partition('href="/giay-to-cua-toi/H36/')[2].partition('"')[0]
    file = browser.get(f"/giay-to-cua-toi/H36/{url}")
    assert file.content.startswith(b"%PDF-")
    assert "attachment" in file.headers["Content-Disposition"]
    stranger = browsing.browser(portal, country.family(951))
    assert "KQ.G15.000101" not in stranger.get("/giay-to-cua-toi").content.decode()
    assert stranger.get(f"/giay-to-cua-toi/H36/{url}").status_code == 503
    country.silent = {"H36"}
    try:
        assert "Một cửa" in browser.get("/giay-to-cua-toi").content.decode()
    finally:
        country.silent = set()


def test_a_paper_stands_for_a_file_in_the_draft(portal: Node, owner: Account, draft: str) -> None:
    browser = browsing.browser(portal, owner)
    pressed = browser.post(address(draft, "drawings"), {"reuse": FIELD})
    assert pressed.headers["Location"] == address(draft, f"reuse/{FIELD}")
    choices = browser.get(pressed.headers["Location"]).content.decode()
    value = choices.partition('name="paper" value="')[2].partition('"')[0]
    assert value.startswith("H36/")
    for _again in range(2):
        assert browser.post(address(draft, f"reuse/{FIELD}"), {"paper": value}).status_code == 303
    [entry] = kept(portal, draft)
    assert (entry["kind"], entry["reused"]["node"], entry["reused"]["origin"]) == (FIELD, "H36", "result")
    assert "từ kho giấy tờ của bạn" in browser.get(address(draft, "drawings")).content.decode()


def test_only_what_the_question_takes_stands_for_it(portal: Node, owner: Account, draft: str) -> None:
    browser = browsing.browser(portal, owner)
    choices = browser.get(address(draft, f"reuse/{FIELD}")).content.decode()
    value = choices.partition('name="paper" value="')[2].partition('"')[0]
    assert 'name="paper"' not in browser.get(address(draft, "reuse/drawings")).content.decode()
    assert browser.post(address(draft, "reuse/drawings"), {"paper": value}).status_code == 422, "of another kind"
    assert browser.post(address(draft, f"reuse/{FIELD}"), {"paper": "portal/x"}).status_code == 422
    assert browser.get(address(draft, "reuse/house_kind")).status_code == 404
    assert kept(portal, draft) == []
