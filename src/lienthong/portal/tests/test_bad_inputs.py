"""Every wrong input of docs/bad-inputs.md through the real pages, in both languages: told, and nothing lost.

The page of documentation is the table of cases: a row that does not say what the page says fails here.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from lienthong.bench.browser import Form, forms
from lienthong.casework.tests.country import DI_LINH, Country, in_node
from lienthong.catalogue.messages import message
from lienthong.config.state import HOME
from lienthong.exchange.node import Node
from lienthong.exchange.quotas import Quotas
from lienthong.identity.types import Account
from lienthong.kit import clock
from lienthong.portal.tests import browsing

SERVICE = "/services/interlinked/birth-residence-card"
MARRIED, ALONE = 501, 502
WOMAN, DEAD, BOY = "068190000503", "068090000504", "068220000505"
TOMORROW = clock.today() + timedelta(days=1)

GOOD: dict[str, str] = {
    "child_name": "K’ Brêm", "surname_after": "custom", "ethnicity": "mother", "hometown": "mother",
    "lives_with": "mother", "facility": "68009", "pledge": "yes",
}  # fmt: skip
BORN = {"birth_at": "facility", "birth_place": "68009", "gender": "male", "birth_count": "1"}
DAY = {"birth_date-day": "12", "birth_date-month": "11", "birth_date-year": "2026"}
SINGLE = {**GOOD, **BORN, **DAY, "parents": "mother"}
UNMARRIED = {**GOOD, **BORN, **DAY, "parents": "unmarried", "father_papers": "number"}
PASSPORT = {
    **UNMARRIED, "father_papers": "passport", "father_name": "John O’Neill", "father_birth_date-day": "2",
    "father_birth_date-month": "1", "father_birth_date-year": "1990", "father_nationality": "US",
    "father_document": "C1234567",
}  # fmt: skip
HOME_BIRTH = {**SINGLE, "birth_at": "home", "birth_place_text": "Thôn 3", "proof": "witness", "witness_name": "Ka Mẽo"}
SUPPORT = {**GOOD, "support": "yes", "poor_household_number": "HN-1", "payment": "bank", "bank": "vbsp"}
SUPPORT |= {"bank_account": "5400205123456", "bank_holder": "Ka Wẽn"}
GONE = None


@dataclass(frozen=True)
class Bad:
    """A wrong input: the field it is told at, the code, what is sent instead of what is good (None: left out)."""

    field: str
    code: str
    sent: Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    good: Mapping[str, str] = dataclasses.field(default_factory=lambda: GOOD)
    where: str = ""

    @property
    def family(self) -> int:
        return MARRIED if self.good is GOOD or self.good is SUPPORT else ALONE


CASES = [
    Bad("child_name", "required", {"child_name": ""}),
    Bad("child_name", "not-a-name", {"child_name": "Nguyễn An 2"}),
    Bad("child_name", "not-a-name", {"child_name": "<script>alert(1)</script>"}),
    Bad("child_name", "too-long", {"child_name": "K" * 121}),
    Bad("surname_after", "required", {"surname_after": GONE}),
    Bad("ethnicity", "not-in-list", {"ethnicity": "klingon"}),
    Bad("hometown", "required", {"hometown": GONE}),
    Bad("facility", "required", {"facility": ""}),
    Bad("facility", "not-in-list", {"facility": "99999"}),
    Bad("facility", "not-a-number", {"facility": "68x"}),
    Bad("lives_with", "required", {"lives_with": GONE}),
    Bad("host_number", "required", {"lives_with": "other", "host_name": "Ka Mẽo", "relation": "grandchild"}),
    Bad("host_number", "no-such-person", {
        "lives_with": "other", "host_number": "068165009999", "host_name": "Ka Mẽo", "relation": "grandchild",
    }),
    Bad("host_number", "no-such-person", {
        "lives_with": "other", "host_number": WOMAN, "host_name": "Tên Khác", "relation": "grandchild",
    }),
    Bad("requester_email", "not-an-email", {"requester_email": "ka.wen"}),
    Bad("wants_identity_card", "not-in-list", {"wants_identity_card": "maybe"}),
    Bad("delivery_birth_address", "required", {"delivery_birth": "post"}),
    Bad("delivery_card", "not-in-list", {"delivery_card": "post"}),
    Bad("mother_name", "differs-from-register", {"mother_name": "Ka Khác"}),
    Bad("notice_number", "not-in-list", {"notice_number": "GCS.1"}),
    Bad("pledge", "required", {"pledge": GONE}),
    Bad("pledge", "stale", {"binding": "0" * 64}),
    Bad("poor_household_number", "required", {"poor_household_number": ""}, SUPPORT),
    Bad("bank", "required", {"bank": ""}, SUPPORT),
    Bad("bank_account", "not-an-account", {"bank_account": "12 34"}, SUPPORT),
    Bad("bank_holder", "not-a-name", {"bank_holder": "Ka 1"}, SUPPORT),
    Bad("parents", "required", {"parents": GONE}, SINGLE),
    Bad("surname_after", "no-such-parent", {"surname_after": "father"}, SINGLE),
    Bad("birth_at", "required", {"birth_at": GONE, "birth_place": GONE}, SINGLE),
    Bad("birth_date", "not-a-date", {"birth_date-day": "31", "birth_date-month": "2"}, SINGLE),
    Bad("birth_date", "not-a-date", {"birth_date-day": "", "birth_date-month": ""}, SINGLE),
    Bad("birth_date", "in-the-future", {
        "birth_date-day": str(TOMORROW.day), "birth_date-month": str(TOMORROW.month),
        "birth_date-year": str(TOMORROW.year),
    }, SINGLE),
    Bad("birth_order", "required", {"birth_count": "2"}, SINGLE),
    Bad("birth_order", "order-beyond-count", {"birth_count": "2", "birth_order": "3"}, SINGLE),
    Bad("birth_place_text", "required", {"birth_at": "elsewhere", "birth_place": GONE}, SINGLE),
    Bad("witness_name", "required", {"witness_name": ""}, HOME_BIRTH),
    Bad("witness_number", "not-a-number", {"witness_number": "068"}, HOME_BIRTH),
    Bad("witness_statement", "required", {}, HOME_BIRTH),
    Bad("father_number", "required", {"father_name": "K’ Brèo"}, UNMARRIED),
    Bad("father_number", "no-such-person", {"father_number": "068092999999", "father_name": "K’ Brèo"}, UNMARRIED),
    Bad("father_number", "wrong-gender", {"father_number": WOMAN, "father_name": "Ka Nữ"}, UNMARRIED),
    Bad("father_number", "dead-parent", {"father_number": DEAD, "father_name": "K’ Mất"}, UNMARRIED),
    Bad("father_number", "too-young", {"father_number": BOY, "father_name": "K’ Nhỏ"}, UNMARRIED),
    Bad("father_document", "not-a-passport", {"father_document": "C-1"}, PASSPORT),
    Bad("father_nationality", "not-in-list", {"father_nationality": "ZZ"}, PASSPORT),
    Bad("says", "required", {"says": "", "note": "Thẻ ghi khác"}, where="wrong/mother_name"),
    Bad("says", "same-as-register", {"says": "ka wẽn", "note": "Thẻ ghi khác"}, where="wrong/mother_name"),
    Bad("says", "not-a-name", {"says": "Ka 2", "note": "Thẻ ghi khác"}, where="wrong/mother_name"),
    Bad("note", "required", {"says": "Ka Khác", "note": ""}, where="wrong/mother_name"),
    Bad("note", "too-long", {"says": "Ka Khác", "note": "x" * 501}, where="wrong/mother_name"),
    Bad("witness_statement", "file-type", {"upload": "witness_statement"}, HOME_BIRTH),
    Bad("witness_statement", "file-missing", {"upload": "witness_statement"}, HOME_BIRTH),
]  # fmt: skip
NUMBERED = list(enumerate(CASES, start=1))


@pytest.fixture(scope="module")
def people(country: Country) -> dict[int, Account]:
    """A married couple with a notice, a woman alone without one, and those whom people name by mistake."""
    married = country.family(MARRIED)
    shared = {"ethnicity": "16", "nationality": "VN", "hometown": DI_LINH}
    strangers = [
        ("068195000502", "Ka Đơn", "1996-05-05", "female", None),
        (WOMAN, "Ka Nữ", "1990-01-01", "female", None),
        (DEAD, "K’ Mất", "1990-01-01", "male", "2024-01-01"),
        (BOY, "K’ Nhỏ", "2020-01-01", "male", None),
    ]
    for number, name, born, gender, died in strangers:
        country.enter(
            "G01", "persons", number=number, full_name=name, birth_date=born, gender=gender, died_on=died, **shared
        )
    alone = country.signed_in(Account("068195000502", "Ka Đơn", date(1996, 5, 5), "female", 2))
    country.enter("G01", "households", code="HK6800000502", unit=DI_LINH, address="Thôn 5", householder=alone.number)
    country.enter(
        "G01", "residences", person=alone.number, household="HK6800000502", relation="householder", kind="permanent",
        since="2020-02-14",
    )  # fmt: skip
    return {MARRIED: married, ALONE: alone}


def opened(client: Client, portal: Node) -> str:
    """The address of a fresh draft."""
    in_node(portal, lambda tx: tx.run("DELETE FROM draft"))
    first = client.get(f"{SERVICE}/start")
    return str(first["Location"].rpartition("/")[0])


def form_of(page: Any) -> Form:
    return next(f for f in forms(page.content.decode()) if "sign-out" not in f.action)


def sent(bad: Bad, client: Client, portal: Node) -> tuple[Any, dict[str, str]]:
    """The page that answers the wrong input, and what was sent."""
    address = opened(client, portal)
    if bad.where:
        client.get(address)
        posted = {name: value for name, value in bad.sent.items() if value is not None}
        return client.post(f"{address}/{bad.where}", posted), posted
    form = form_of(client.get(address))
    changed = {**bad.good, **bad.sent}
    every: dict[str, str | None] = {**form.fields, **changed}
    posted = {name: value for name, value in every.items() if value is not None}
    if "father_number" in posted and bad.code != "no-such-person":
        client.post(address, posted)  # whom they name is looked up first, and shown
        posted["binding"] = form_of(client.get(address)).fields["binding"]
    files = {"file-witness_statement": SimpleUploadedFile("x.jpg", b"no picture")} if bad.code == "file-type" else {}
    return client.post(address, {**posted, **files}), posted


def lost(page: Form, posted: Mapping[str, str]) -> dict[str, str]:
    """What was typed and is no longer on the page, where the page has a place for it."""
    gone = {name: value for name, value in posted.items() if name in page.fields}
    gone = {name: value for name, value in gone.items() if page.fields[name].lstrip("0") != value.lstrip("0")}
    offered = {name: value for name, value in gone.items() if value in page.offered.get(name, [value])}
    return {name: value for name, value in offered.items() if name not in ("binding", "csrfmiddlewaretoken")}


def documented() -> Iterator[tuple[int, str, str, str]]:
    """Rows of the page of documentation: number, field, the sentence in Vietnamese and in English."""
    text = (HOME / "docs" / "bad-inputs.md").read_text()
    for number, name, vi, en in re.findall(r"^\| (\d+) \| .+ \| `(\w+)` \| (.+?) \| (.+?) \|$", text, re.MULTILINE):
        yield int(number), name, vi, en


def said(code: str, language: str) -> str:
    with translation.override(language):
        return message(code)


@pytest.fixture(autouse=True)
def rested(country: Country) -> None:
    """More forms than a minute of a counter: every right to look up strangers begins anew."""
    for node in country.nodes.values():
        node.quotas = Quotas()


def test_the_page_of_documentation_says_what_the_pages_say(pages: None) -> None:
    told = [(n, bad.field, said(bad.code, "vi"), said(bad.code, "en")) for n, bad in NUMBERED]
    assert list(documented()) == told
    assert len(told) >= 30
    assert not [row for row in told if row[2] == row[3]], "every sentence is there in both languages"


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize(("number", "bad"), NUMBERED, ids=[f"{n}-{bad.field}-{bad.code}" for n, bad in NUMBERED])
def test_a_wrong_input_is_told_beside_its_field_and_nothing_is_lost(
    pages: None, portal: Node, people: dict[int, Account], number: int, bad: Bad, language: str
) -> None:
    client = browsing.browser(portal, people[bad.family], language)
    page, posted = sent(bad, client, portal)
    text = unescape(page.content.decode())
    assert page.status_code == 422
    told = dict(re.findall(r'<a href="#f-([\w-]+)">([^<]*)</a>', text))
    assert bad.field in told, f"told instead: {told}"
    assert said(bad.code, language).rstrip(".") in told[bad.field]
    if bad.code not in ("stale", "no-such-person", "required", "file-missing"):
        assert set(told) <= {bad.field, "pledge", "witness_statement"}, told
    assert lost(form_of(page), posted) == {}
    count = "SELECT count(*) FROM dossier WHERE applicant = %s"
    assert in_node(portal, lambda tx: tx.value(count, (people[bad.family].number,))) == 0
