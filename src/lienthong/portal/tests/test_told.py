"""Dossiers that another system holds, at the citizen's; a plain service's supplement and withdrawal by its pages."""

from typing import Any

import pytest

from lienthong.casework import dossiers, intake, journey, parents, pauses, synchronising
from lienthong.casework.dossiers import Content
from lienthong.casework.pauses import Item
from lienthong.casework.tests.country import DI_LINH, Country, in_node
from lienthong.casework.tests.test_side_paths import RECEIVER
from lienthong.demo.post_office import PostOffice
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.portal.tests import browsing
from lienthong.portal.tests.citizens import PHONE, text
from lienthong.portal.tests.test_status import digits_for, start

pytestmark = pytest.mark.usefixtures("pages")
SINGLE = "civil-status/marital-status"


def declared(who: Account, **more: Any) -> Content:
    said = {
        "requester_number": who.number, "requester_name": who.name, "requester_birth_date": "1995-04-02",
        "residence_unit": DI_LINH, "residence_address": "Thôn 3", "certificate_use": "loan", "pledge": True,
    }  # fmt: skip
    return Content({**said, **more}, contact={"name": who.name, "phone": PHONE})


@pytest.fixture(scope="module")
def told(country: Country) -> tuple[Account, str]:
    """The mother hands in a dossier at the commune's counter, which tells the portal of it."""
    h36, mother = country.nodes["H36"], country.family(501)
    service = h36.catalogue.service(SINGLE)
    who = {"applicant": mother.number, "channel": "counter", "unit": DI_LINH, "subject": mother.name}
    opened = in_node(h36, lambda tx: intake.open_here(h36, tx, RECEIVER, service, declared(mother), **who))
    in_node(h36, lambda tx: journey.receive_dossier(h36, tx, opened.identity.code, RECEIVER))
    synchronising.send_due(h36)
    country.deliver()
    return mother, opened.identity.code


def test_it_stands_in_the_list_and_says_whose_word_it_is(country: Country, portal: Node, told: Any) -> None:
    mother, code = told
    client = browsing.browser(portal, mother)
    assert in_node(portal, lambda tx: dossiers.load(tx, code)) is None, "the portal holds no dossier of its own"
    holder = portal.catalogue.nodes["H36"].name.vi
    listed = text(client.get("/dossiers"))
    assert code in listed
    assert f"{holder} giữ hồ sơ này" in listed
    page = text(client.get(f"/ho-so-noi-khac/{code}"))
    for said in (holder, "do họ cho biết", "Hẹn trả", RECEIVER.name, "Tiếp nhận"):
        assert said in page
    assert browsing.browser(portal, country.family(502)).get(f"/ho-so-noi-khac/{code}").status_code == 404
    assert client.get("/ho-so-noi-khac/H36.01.01-261122-9999").status_code == 404


def test_by_its_code_one_learns_completion_and_of_an_unknown_one_nothing(
    portal: Node, told: Any, office: PostOffice
) -> None:
    mother, code = told
    anybody = browsing.browser(portal)
    onward, unknown = start(anybody, code), start(anybody, f"{code[:-1]}{(int(code[-1]) + 1) % 10}")
    pages = [text(anybody.get(one["Location"])) for one in (onward, unknown)]
    assert pages[0] == pages[1], "the same page whether it is there or not"
    digits = digits_for(portal, office)
    assert digits
    assert anybody.post(unknown["Location"], {"digits": digits}).status_code == 422
    said = text(anybody.post(onward["Location"], {"digits": digits}, follow=True))
    assert code in said
    assert "Hẹn trả trước" in said
    for private in (mother.name, mother.number, RECEIVER.name, PHONE):
        assert private not in said


def test_a_plain_service_is_supplemented_and_withdrawn_on_its_pages(country: Country, portal: Node) -> None:
    mother, h36, code = country.family(503), country.nodes["H36"], "000.00.01.G22-261122-050301"
    service = portal.catalogue.service(SINGLE)
    content = declared(mother)
    in_node(portal, lambda tx: parents.submit(portal, tx, service, code=code, applicant=mother.number, content=content))
    country.deliver()
    asked = [Item(field="residence_address", text="Ghi rõ thôn")]
    in_node(h36, lambda tx: pauses.supplement(h36, tx, code, RECEIVER, asked, "missing-value: thiếu thôn"))
    country.deliver()
    client = browsing.browser(portal, mother)
    assert "Ghi rõ thôn" in text(client.get(f"/dossiers/{code}"))
    answered = client.post(f"/dossiers/{code}/supplement/self", {"residence_address": "Thôn 3, xóm Đoài"})
    assert answered.status_code == 303, text(answered)
    country.deliver()
    assert in_node(h36, lambda tx: dossiers.content(tx, code)).declared["residence_address"] == "Thôn 3, xóm Đoài"
    assert in_node(h36, lambda tx: dossiers.load(tx, code)).state.waiting == "open"
    assert client.post(f"/dossiers/{code}/withdraw", {"sure": "yes", "reason": "đổi ý"}).status_code == 303
    country.deliver()
    at_both = [in_node(node, lambda tx: dossiers.load(tx, code)).state.status for node in (h36, portal)]
    assert at_both == [7, 7]
