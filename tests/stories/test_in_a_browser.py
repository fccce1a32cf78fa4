"""The same birth as people see it, and every family of pages once: in a real browser, no page left unseen.

A new page is a line of PAGES: its name, whose it is, where. What each page must hold is `browsing.Person.look`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.stories.browsing import ARGUMENTS, CHROMIUM, Person

from lienthong.bench.driver import Country, until

PEOPLE = 3_000
MOTHER, CIVIL, CHAIR = "Mẹ, đã kết hôn", "Công chức tư pháp – hộ tịch", "Chủ tịch Ủy ban nhân dân"
RECEPTION, ADMIN, STEERING = "Công chức tiếp nhận (Một cửa)", "Quản trị quy trình", "Cán bộ theo dõi, đánh giá"
OF_THE_PROVINCE = (ADMIN, STEERING)
ANSWERS = {
    "child_name": "Nguyễn An Nhiên", "ethnicity": "mother", "hometown": "father", "surname_after": "mother",
    "lives_with": "mother", "relation": "child", "parents": "married", "wants_identity_card": "no", "support": "no",
}  # fmt: skip

STATUS = "performance.getEntriesByType('navigation')[0].responseStatus"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the pages were not tried")


@dataclass(frozen=True)
class Seen:
    """A page to be looked at: where, and who looks (nobody: not signed in). `{code}` is the parent dossier's, `{part}`
    the birth branch's."""

    name: str
    node: str
    path: str
    who: str = ""
    status: int = 200


PAGES = (
    Seen("home", "portal", "/"),
    Seen("search", "portal", "/search?q=khai+sinh"),
    Seen("search-nothing", "portal", "/search?q=zzzz"),
    Seen("service", "portal", "/services/interlinked/birth-residence-card"),
    Seen("process", "portal", "/processes/interlinked/birth-residence-card?place=birth"),
    Seen("process-desk", "H36", "/processes/civil-status/birth-registration?place=check"),
    Seen("look-up", "portal", "/tra-cuu"),
    Seen("verify", "portal", "/xac-minh"),
    Seen("not-found", "portal", "/dossiers-of-nobody", status=404),
    Seen("eid-home", "G01-eid", "/"),
    Seen("eid-sign-in", "G01-eid", "/sign-in"),
    Seen("desk-home", "H36", "/"),
    Seen("notices-home", "G18", "/"),
    Seen("home-signed-in", "portal", "/", MOTHER),
    Seen("dossiers", "portal", "/dossiers", MOTHER),
    Seen("receipt-again", "portal", "/dossiers/{code}/receipt", MOTHER),
    Seen("withdraw", "portal", "/dossiers/{code}/withdraw", MOTHER),
    Seen("inbox", "portal", "/thong-bao", MOTHER),
    Seen("my-data", "portal", "/du-lieu-cua-toi", MOTHER),
    Seen("my-reads", "portal", "/du-lieu-cua-toi/lan-doc", MOTHER),
    Seen("eid-consents", "G01-eid", "/consents", MOTHER),
    Seen("eid-mandates", "G01-eid", "/mandates", MOTHER),
    Seen("eid-give-mandate", "G01-eid", "/mandates/new", MOTHER),
    Seen("desk-queue", "H36", "/queue", CIVIL),
    Seen("desk-dossier", "H36", "/dossiers/{part}", CIVIL),
    Seen("desk-filtered", "H36", "/queue?show=all&due=week", CIVIL),
    Seen("desk-why", "H36", "/queue/why", CIVIL),
    Seen("desk-keys", "H36", "/queue/keys", CIVIL),
    Seen("desk-phrases", "H36", "/phrases", CIVIL),
    Seen("desk-substitutes", "H36", "/substitutes", CIVIL),
    Seen("desk-sign", "H36", "/queue/sign", CHAIR),
    Seen("desk-tasks", "H36", "/tasks", CIVIL),
    Seen("desk-rules", "H36", "/rules", CIVIL),
    Seen("desk-counter", "H36", "/quay", CIVIL),
    Seen("desk-load", "H36", "/load", CHAIR),
    Seen("desk-register", "H36", "/register", CIVIL),
    Seen("desk-handoff-cost", "H36", "/handoff", CHAIR),
    Seen("desk-components", "H36", "/dossiers/{part}/components", CIVIL),
    Seen("desk-results", "H36", "/results", RECEPTION),
    Seen("desk-intake", "H36", "/quay/intake", RECEPTION),
    Seen("desk-bags", "H36", "/quay/bags", RECEPTION),
    Seen("desk-offline", "H36", "/quay/offline", RECEPTION),
    Seen("desk-slips", "H36", "/quay/offline/slips", RECEPTION),
    Seen("desk-processes", "H36", "/process-tables", ADMIN),
    Seen("desk-process-table", "H36", "/process-tables/civil-status/marital-status", ADMIN),
    Seen("desk-process-moves", "H36", "/process-moves", ADMIN),
    Seen("index", "H36", "/chi-so", STEERING),
    Seen("index-dossiers", "H36", "/chi-so/ho-so?measures=overdue", STEERING),
    Seen("index-signs", "H36", "/chi-so/dau-hieu", STEERING),
    Seen("report", "H36", "/bao-cao", STEERING),
    Seen("feedback-published", "portal", "/phan-anh"),
    Seen("feedback", "portal", "/dossiers/{code}/phan-anh", MOTHER),
    Seen("my-papers", "portal", "/giay-to-cua-toi", MOTHER),
    Seen("acting", "portal", "/acting", MOTHER),
)
ENGLISH = (
    "home",
    "service",
    "process",
    "dossiers",
    "desk-queue",
    "desk-dossier",
    "my-data",
    "index",
    "desk-process-table",
)


@pytest.fixture(scope="module")
def country() -> Iterator[Country]:
    with Country(PEOPLE) as made:
        made.up()
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@dataclass
class Birth:
    """What the story leaves for the other tests: its people at their screens, and the codes."""

    browser: Browser
    country: Country
    commune: str = ""
    code: str = ""
    part: str = ""
    people: dict[str, Person] = field(default_factory=dict)

    def person(self, who: str) -> Person:
        if who not in self.people:
            self.people[who] = Person(self.browser, self.country)
        return self.people[who]

    def at(self, who: str, node: str, path: str) -> Person:
        """That person at that page, signed in if the page wants it."""
        person = self.person(who)
        person.visit(node, path)
        if who and "/sign-in" not in path and person.page.locator("main .govuk-radios__item input").count():
            at_sign_in = "eid.localhost" in person.page.url
            if at_sign_in and ("/authorize" in person.page.url or "/sign-in" in person.page.url):
                person.sign_in_as(who if who in (MOTHER, *OF_THE_PROVINCE) else f"{who}, {self.commune}")
        return person


@pytest.fixture(scope="module")
def birth(country: Country, browser: Browser) -> Birth:
    """A birth declared page by page and asked about by the commune's officer."""
    story = Birth(browser, country)
    mother = story.person(MOTHER)
    page = mother.page
    mother.visit("portal", "/")
    page.fill("#q", "khai sinh cho con")
    mother.press("Tìm")
    mother.follow(page.locator("main ol.found a").first)
    mother.follow(page.locator("main a.govuk-button"))
    chosen = page.locator("main .govuk-radios__item", has_text=MOTHER).first
    story.commune = str(re.search(r"(xã|phường) [^\n]+$", chosen.inner_text().strip())[0])  # type: ignore[index]
    mother.sign_in_as(MOTHER)
    mother.look("form-first")
    _declare(mother)
    story.code = page.url.split("/dossiers/")[1].split("/")[0]
    officer = story.at(CIVIL, "H36", "/queue")
    way = officer.page.locator("[data-row]").first
    story.part = str(way.get_attribute("href")).partition("?")[0].rsplit("/", 1)[-1]
    return story


def _declare(mother: Person) -> None:
    """From the first page of the form to the receipt; on the way the first page with questions is sent empty once."""
    page, erred = mother.page, False
    for _ in range(20):
        if "/receipt" in page.url:
            break
        if "/review" in page.url:
            mother.look("review")
            if page.locator("main input[name=pledge]").count():
                page.locator("main input[name=pledge]").first.check()
            mother.send("Nộp hồ sơ")
            continue
        if not erred and page.locator("main input[name=child_name]").count():
            mother.send("Tiếp tục")
            assert page.locator(".govuk-error-message").count()
            mother.look("form-errors")
            erred = True
        mother.fill(ANSWERS)
        mother.send("Tiếp tục")
    assert "/receipt" in page.url, page.url
    mother.look("receipt")


@pytest.mark.parametrize("seen", PAGES, ids=lambda seen: seen.name)
def test_a_page_is_for_everybody(birth: Birth, seen: Seen) -> None:
    path = seen.path.format(code=birth.code, part=birth.part)
    person = birth.at(seen.who, seen.node, path)
    assert person.page.url == birth.country.url(seen.node, path), "led elsewhere"
    assert person.page.evaluate(STATUS) == seen.status
    person.look(seen.name)
    if seen.name in ENGLISH:
        person.follow(person.page.get_by_role("link", name="English"))
        assert person.page.locator("html").get_attribute("lang") == "en"
        person.look(f"{seen.name}-en")
        person.follow(person.page.get_by_role("link", name="Tiếng Việt"))


def test_the_keyboard_meets_the_form_in_the_order_of_the_page(birth: Birth) -> None:
    person = birth.at("", "portal", "/")
    met = person.walk_by_keyboard()
    assert met[0] == "#main"
    assert met.index("q") < met.index("/services/interlinked/birth-residence-card")
    assert len(met) < 60


def test_an_officer_works_through_the_queue_from_the_keyboard(birth: Birth) -> None:
    officer = birth.at(CIVIL, "H36", "/queue?show=free")
    page, keys = officer.page, officer.page.keyboard
    focused = "document.activeElement.closest('tr')?.querySelector('.number').textContent"
    first = page.evaluate("document.querySelector('[data-queue] .number').textContent")
    keys.press("j")
    assert page.evaluate(focused) == first
    keys.press("x")
    assert page.locator("[data-queue] input:checked").count() == 1
    assert page.locator("[data-count]").inner_text() == "1"
    keys.press("a")
    assert page.evaluate("document.activeElement.matches('[data-act]')")
    keys.press("j")
    with page.expect_navigation():
        keys.press("t")
    assert first not in page.locator("#work").inner_text(), "taken, it is nobody's no more"
    keys.press("g")
    with page.expect_navigation():
        keys.press("m")
    assert page.evaluate("document.querySelector('[data-queue] .number').textContent") == first
    keys.press("j")
    with page.expect_navigation():
        keys.press("Enter")
    assert f"/dossiers/{first}" in page.url
    keys.press("?")
    assert page.locator("dialog.key-sheet").get_attribute("open") is not None
    officer.look("desk-keys-sheet")
    keys.press("Escape")
    keys.press("a")
    assert page.evaluate("document.activeElement.matches('[data-act]')")
    with page.expect_navigation():
        keys.press("u")
    assert page.url.endswith("/queue?show=taken")
    keys.press("j")
    with page.expect_navigation():
        keys.press("t")
    assert first not in page.locator("#work").inner_text(), "given back"
    keys.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    keys.type("jt?")
    assert page.input_value("#q") == "jt?", "keys are letters where somebody types"


def test_a_supplement_is_asked_answered_and_followed_to_the_result(birth: Birth) -> None:
    officer = birth.at(CIVIL, "H36", f"/dossiers/{birth.part}")
    officer.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    form = officer.page.locator("form[action$='/supplement']")
    form.locator("select[name=reason]").select_option(index=1)
    form.locator("input[name=fields][value=child_name]").check()
    form.locator("textarea[name=note]").fill("Tên con viết chưa rõ")
    officer.follow(form.locator("button").last)
    mother = birth.at(MOTHER, "portal", f"/dossiers/{birth.code}")
    mother.page.get_by_role("link", name="Bổ sung").first.wait_for(timeout=10_000)
    mother.look("timeline-supplement")
    mother.follow(mother.page.get_by_role("link", name="Bổ sung").first)
    mother.look("supplement")
    mother.press("Gửi phần bổ sung")
    assert mother.page.locator(".govuk-error-message").count() == 1
    mother.look("supplement-errors")
    mother.page.fill("#f-child_name", "Nguyễn An Nhiên")
    mother.press("Gửi phần bổ sung")
    for who in (CIVIL, CHAIR):
        acting = birth.at(who, "H36", f"/dossiers/{birth.part}")
        until(partial(_has_the_next_act, acting.page), 10, "the next act of the dossier", pause=0.5)
        acting.follow(acting.page.locator(".act [data-act]"))
    mother.visit("portal", f"/dossiers/{birth.code}")
    mother.page.get_by_text("Đã trả kết quả").first.wait_for(timeout=15_000)
    assert mother.page.locator(".results li").count() >= 3
    mother.look("timeline")


def _has_the_next_act(page: Page) -> bool:
    """Whether the page has it by now; what the applicant supplied comes over the exchange."""
    page.reload()
    return page.locator(".act [data-act]").count() == 1


def test_a_hospital_clerk_makes_a_notice(country: Country, browser: Browser) -> None:
    clerk = Person(browser, country)
    clerk.visit("G18", "/notices")
    clerk.sign_in_as("Nhân viên lập giấy chứng sinh")
    clerk.look("notices")
    clerk.follow(clerk.page.locator("main a.govuk-button").first)
    clerk.press("Lập và ký")
    assert clerk.page.locator(".govuk-error-message").count() > 3
    clerk.look("notice-errors")
