"""One birth crosses six agencies: what a parent, two officers and an operator see, and what must not be possible.

The tests tell one story in order, over one country; each leaves it as the next one needs it.
"""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from html import unescape
from urllib.request import Request, urlopen

import msgspec
import pytest
from tests.stories.waiting import known_cases, waits

from lienthong.bench import families
from lienthong.bench.browser import Answer, Browser, forms
from lienthong.bench.driver import Country, until
from lienthong.bench.families import START, Family, choices, declaration_form, whole_form
from lienthong.bench.signing_in import pick, sign_in
from lienthong.exchange.envelopes import Envelope, Header, close, digest
from lienthong.exchange.inbox import Batch, Reply
from lienthong.identity import Account
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.signatures import SigningKey

PEOPLE = 3_000
CHILD = "K' Brêm"
DEMO_MOTHERS = "SELECT number FROM demo_person WHERE role = 'parent' ORDER BY position"
OFFICER = "SELECT number, name FROM officer WHERE role = %s AND unit = %s ORDER BY number LIMIT 1"


@dataclass
class Told:
    """What the story knows so far."""

    families: list[Family]
    parent: Browser
    known: set[str]
    page: str = ""
    code: str = ""
    branch: str = ""


@pytest.fixture(scope="module")
def told(country: Country) -> Iterator[Told]:
    with Browser() as parent:
        yield Told(families.with_notices(country, 3), parent, known_cases(country))


def errors(page: Answer) -> dict[str, str]:
    """What the page's summary of errors says, by field; each is also told beside its field."""
    told = dict(re.findall(r'<a href="#f-(\w+)">([^<]*)</a>', page.text))
    beside = page.text.count('class="govuk-error-message"')
    assert page.status == 422
    assert beside == len(told), f"{told}, but {beside} beside their fields"
    return told


def count(country: Country, node: str, sql: str, *values: str) -> int:
    with country.looking(node) as tx:
        return int(tx.value(sql, values))


# 1 — the parent


def test_a_parent_finds_the_service_without_accents(country: Country, told: Told) -> None:
    page = told.parent.get(country.url("portal", "/search?q=khai+sinh"))
    assert page.status == 200
    assert f"/services/{families.SERVICE}" in page.text


def test_she_signs_in_at_e_identity_and_the_form_arrives_filled(country: Country, told: Told) -> None:
    mother = told.families[0].mother
    page = sign_in(country, told.parent, "portal", mother, onward=START)
    assert page.url.startswith(country.url("portal", f"/services/{families.SERVICE}/drafts/"))
    shown = unescape(page.text)
    assert mother.name in shown
    assert told.families[0].father in shown
    assert "bạn chỉ cần cho biết <strong>6</strong>" in shown
    whole = whole_form(told.parent, page)
    form = declaration_form(whole.text)
    asked = set(form.fields) | set(form.offered)
    assert asked >= {"child_name", "surname_after", "ethnicity", "hometown", "lives_with", "facility", "pledge"}
    assert not asked & {"mother_number", "mother_name", "father_name", "birth_date", "gender", "household", "relation"}
    told.page = whole.url


def test_a_demo_parent_can_be_picked(country: Country) -> None:
    with country.looking("G01-eid") as tx:
        number = str(tx.value(DEMO_MOTHERS))
    with Browser() as browser:
        assert "/sign-out" in pick(country, browser, "portal", number).text


# 2 — wrong input is told beside its field, keeps what was typed, and changes nothing


def test_a_birth_date_in_the_future_is_told_while_the_hospitals_are_silent(country: Country, told: Told) -> None:
    with Browser() as father_free:
        sign_in(country, father_free, "portal", told.families[1].mother)
        country.hold("G18")
        try:
            page = whole_form(father_free, father_free.get(country.url("portal", START)))
            form = declaration_form(page.text)
            assert {"birth_date-day", "gender", "birth_at"} <= set(form.fields) | set(form.offered)
            tomorrow = clock.today() + timedelta(days=1)
            posted = {**form.fields, **choices(form, CHILD), **day("birth_date", tomorrow), "gender": "male"}
            posted |= {"birth_at": "facility", "birth_place": "68001", "birth_count": "1"}
            page = father_free.post(page.url, posted, follow=False)
        finally:
            country.resume()
        assert set(errors(page)) == {"birth_date"}
        again = declaration_form(page.text)
        assert again.fields["child_name"] == CHILD
        assert again.fields["birth_date-year"] == str(tomorrow.year)
    assert count(country, "portal", "SELECT count(*) FROM dossier") == 0


def day(name: str, when: date) -> dict[str, str]:
    return {f"{name}-day": str(when.day), f"{name}-month": str(when.month), f"{name}-year": str(when.year)}


def test_an_unknown_parent_is_told_as_soon_as_the_register_speaks_again(country: Country, told: Told) -> None:
    with Browser() as browser:
        mother = told.families[2].mother
        sign_in(country, browser, "portal", mother)
        country.hold("G01")
        try:
            page = whole_form(browser, browser.get(country.url("portal", START)))
        finally:
            country.resume()
        form = declaration_form(page.text)
        typed = {
            "mother_papers": "number", "mother_number": "068195999999", "mother_name": "Nguyễn Thị Lạ",
            "father_papers": "number", "father_number": "068092999999", "father_name": "Nguyễn Văn Lạ",
            **day("mother_birth_date", date(1995, 1, 1)), "mother_ethnicity": "01", "mother_nationality": "VN",
            "requester_number": mother.number, "requester_name": mother.name, "requester_relation": "mother",
            "birth_unit": told.families[2].unit, "relation": "child", "birth_at": "facility", "birth_count": "1",
            "residence_unit": told.families[2].unit, "residence_address": "Thôn 3",
            "household": f"{told.families[2].unit}000001",
            "householder_number": mother.number, "householder_name": mother.name,
            **day("birth_date", clock.today() - timedelta(days=3)), "gender": "female", "birth_place": "68001",
            "hometown": "mother", "mother_hometown": told.families[2].unit,
        }  # fmt: skip
        open_fields = set(form.fields) | set(form.offered)
        posted = {**form.fields, **choices(form, CHILD), **{n: v for n, v in typed.items() if n in open_fields}}
        page = browser.post(page.url, posted, follow=False)
        assert set(errors(page)) >= {"mother_number", "father_number"}
    assert count(country, "portal", "SELECT count(*) FROM dossier") == 0


def test_a_forged_binding_is_refused(country: Country, told: Told) -> None:
    form = declaration_form(told.parent.get(told.page).text)
    posted = {**form.fields, **choices(form, CHILD), "binding": "0" * 64}
    page = told.parent.post(told.page, posted, follow=False)
    assert set(errors(page)) == {"pledge"}
    assert count(country, "portal", "SELECT count(*) FROM dossier") == 0


# 3 — submission, while the province is away


def test_submission_is_acknowledged_while_the_province_is_away(country: Country, told: Told) -> None:
    country.hold("H36")
    try:
        form = declaration_form(told.parent.get(told.page).text)
        posted = {**form.fields, **choices(form, CHILD)}
        receipt = told.parent.post(told.page, posted)
        assert receipt.status == 200
        assert receipt.url.endswith("/receipt")
        told.code = receipt.url.split("/")[-2]
        assert told.code in receipt.text
        again = told.parent.post(told.page, posted)
        assert again.url == receipt.url
        assert count(country, "portal", "SELECT count(*) FROM dossier") == 1
        assert count(country, "portal", "SELECT status FROM dossier WHERE code = %s", told.code) == 1
    finally:
        country.resume()
    received = "SELECT count(*) FROM dossier WHERE code = %s AND status = 2"
    until(lambda: count(country, "portal", received, told.code), 20, "reception by the province")


def test_a_stranger_does_not_find_the_dossier(country: Country, told: Told) -> None:
    with Browser() as stranger:
        sign_in(country, stranger, "portal", told.families[1].mother)
        pages = [country.url("portal", f"/dossiers/{told.code}{rest}") for rest in ("", "/receipt")]
        assert [stranger.get(url).status for url in (*pages, told.page)] == [404, 404, 404]


# 4 — the commune


def test_the_officer_checks_and_the_chair_signs(country: Country, told: Told) -> None:
    unit = told.families[0].unit
    for role, verb in (("civil_status_officer", "check"), ("chair", "decide")):
        with country.looking("H36") as tx:
            post = tx.one(OFFICER, (role, unit))
            told.branch = str(tx.value("SELECT code FROM dossier WHERE parent = %s", (told.code,)))
        with Browser() as browser:
            account = Account(post.number, post.name, date(1980, 1, 1), "female", 2)
            queue = sign_in(country, browser, "H36", account, onward="/queue")
            assert f"/dossiers/{told.branch}" in queue.text
            page = browser.get(country.url("H36", f"/dossiers/{told.branch}"))
            assert CHILD in unescape(page.text)
            form = next(form for form in forms(page.text) if form.action.endswith(f"/{verb}"))
            onward = browser.post(country.url("H36", form.action), form.fields, follow=False)
            assert onward.status == 303


def test_the_record_the_number_the_residence_and_the_card_follow(country: Country, told: Told) -> None:
    ended = "SELECT count(*) FROM dossier WHERE code = %s AND status = 10"
    until(lambda: count(country, "portal", ended, told.code), 20, "the last effect")
    with country.looking("G15") as tx:
        birth = tx.one("SELECT * FROM births WHERE notice = %s", (told.families[0].notice,))
    assert (birth.child_name, birth.state, birth.mother) == (CHILD, "registered", told.families[0].mother.number)
    child = birth.child_number
    assert count(country, "G01", "SELECT count(*) FROM persons WHERE number = %s", child) == 1
    assert count(country, "G01", "SELECT count(*) FROM residences WHERE person = %s", child) == 1
    assert count(country, "BHXH", "SELECT count(*) FROM insurance_cards WHERE person = %s", child) == 1
    page = told.parent.get(country.url("portal", f"/dossiers/{told.code}"))
    assert page.status == 200
    assert page.text.count(child) >= 1


def test_the_operator_reads_the_story_and_nothing_is_stuck(country: Country, told: Told) -> None:
    story = country.command("trace", told.code)
    for node in ("portal", "H36", "G15", "G01", "BHXH"):
        assert f" {node} " in story
    assert told.branch in story
    assert "decide" in story
    until(lambda: not waits(country, told.known), 20, "nothing of the story that waits", pause=0.5)


# 5 — messages from nowhere


def send(country: Country, node: str, envelope: Envelope) -> Reply:
    body = msgspec.json.encode(Batch([envelope]))
    address = country.places[node].address + "/exchange/send"
    request = Request(address, body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=20) as answer:
        return msgspec.json.decode(answer.read(), type=Reply)


def refused_as(country: Country, node: str, envelope: Envelope) -> str:
    """The code of the refusal in the receipt; it must have reached the node's journal too."""
    before = count(country, node, "SELECT count(*) FROM journal_entry WHERE kind = 'refusal'")
    receipt = send(country, node, envelope).receipts[0]
    assert receipt is not None
    assert count(country, node, "SELECT count(*) FROM journal_entry WHERE kind = 'refusal'") == before + 1
    body = json.loads(bytes(receipt.body))
    assert body["outcome"] == "refused"
    return str(body["code"])


def test_an_altered_message_is_refused_and_logged(country: Country, told: Told) -> None:
    with country.looking("portal") as tx:
        sent = tx.one("SELECT * FROM outbox WHERE case_code = %s AND recipient = 'H36' LIMIT 1", (told.code,))
    altered = sent.body.replace(CHILD, "K' Khac")
    assert altered != sent.body
    envelope = Envelope(msgspec.Raw(sent.header.encode()), msgspec.Raw(altered.encode()), sent.signature)
    assert refused_as(country, "H36", envelope) == "altered"


def test_a_message_with_a_foreign_signature_is_refused_and_logged(country: Country, told: Told) -> None:
    body, at = b'{"register":"births","fields":{},"dossier":"x"}', clock.now()
    header = Header(
        new_id(), "H36", "G15", "register.record", "civil-status/birth-registration", told.code, at,
        at + timedelta(minutes=5), digest(body),
    )  # fmt: skip
    assert refused_as(country, "G15", close(header, body, SigningKey.generate())) == "bad-signature"


# 6 — the next start goes on from here


def test_the_next_start_resumes(country: Country, told: Told) -> None:
    country.down()
    began = time.monotonic()
    assert country.up()["first"] is False
    assert time.monotonic() - began < 20
    page = told.parent.get(country.url("portal", f"/dossiers/{told.code}"))
    assert page.status == 200
    assert told.code in page.text
    assert waits(country, told.known) == []


# 7 — what the machine keeps to itself


def test_no_log_of_the_whole_story_names_its_people(country: Country, told: Told) -> None:
    people = {CHILD, CHILD.replace("'", "’"), *(family.mother.number for family in told.families)}
    people |= {family.mother.name for family in told.families} | {family.father for family in told.families}
    mothers = [family.mother.number for family in told.families]
    with country.looking("G15") as tx:
        rows = tx.all("SELECT child_number, father FROM births WHERE mother = ANY (%s)", (mothers,))
    people |= {value for row in rows for value in row if value}
    logs = [path for path in country.state.log.rglob("*") if path.is_file()]
    assert {path.name.split(".")[0] for path in logs} >= {"portal-web", "portal-worker", "H36-web", "postgres"}
    for path in logs:
        text = path.read_text("utf-8", errors="replace")
        assert not [name for name in people if name in text], f"{path.name} names somebody"
