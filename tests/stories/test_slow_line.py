"""The portal over a village's line: what pages weigh, how long the form takes, and what a lost line costs: nothing.

Bytes are those that Chromium counts on the wire, headers included. The slow line is Chromium's own: 400 kbit/s each
way, 400 ms for every answer.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright
from tests.stories.browsing import ARGUMENTS, CHROMIUM, Person

from lienthong.bench.driver import Country, until

PEOPLE = 3_000
SERVICE = "/services/interlinked/birth-residence-card"
FIRST, LATER = 100 * 1024, 30 * 1024
USABLE_SECONDS = 5.0
MOTHER, AT_HOME, CIVIL = "Mẹ, đã kết hôn", "sinh tại nhà", "Công chức tư pháp – hộ tịch"
ANSWERS = {
    "child_name": "H’ Ni Kdoh", "birth_at": "home", "proof": "village_head", "lives_with": "mother",
    "birth_place_text": "Thôn 3, xã Cư Jút, tỉnh Lâm Đồng", "support": "no", "parents": "married",
}  # fmt: skip

# What is on the device becomes another person's.
OF_ANOTHER = """
() => {
  const key = localStorage.key(0);
  localStorage.setItem(key, JSON.stringify({ ...JSON.parse(localStorage.getItem(key)), who: "another" }));
}
"""

OPENED = """
async (address) => {
  const got = await fetch(address);
  const begins = [...new Uint8Array(await got.arrayBuffer()).slice(0, 3)];
  const [type, policy] = ["content-type", "content-security-policy"].map((name) => got.headers.get(name));
  return { status: got.status, type, begins, policy };
}
"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the line was not tried")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


class Wire:
    """What came over the line to a page, by address."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.came: dict[str, float] = {}
        self._names: dict[str, str] = {}
        self.devtools = page.context.new_cdp_session(page)
        self.devtools.send("Network.enable")
        self.devtools.on("Network.responseReceived", self._begun)
        self.devtools.on("Network.loadingFinished", self._ended)

    def _begun(self, told: dict[str, Any]) -> None:
        self._names[told["requestId"]] = told["response"]["url"]

    def _ended(self, told: dict[str, Any]) -> None:
        name = self._names.get(told["requestId"], "?")
        self.came[name] = self.came.get(name, 0) + told["encodedDataLength"]

    def weighs(self, most: int, what: str) -> None:
        """What came since the last time is no more than that, apart from the viewer of process diagrams."""
        self.page.wait_for_load_state("networkidle")
        came = {name: size for name, size in self.came.items() if "/bpmn-js/" not in name}
        self.came.clear()
        assert came, f"nothing was heard of {what}"
        assert sum(came.values()) <= most, f"{what}: {sum(came.values()):.0f} bytes: {came}"

    def slow(self) -> None:
        """A village's line, and nothing kept from before."""
        line = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
        self.devtools.send("Network.emulateNetworkConditions", line)


def signed_in(person: Person, who: str) -> str:
    """At the first page of the form; its address."""
    person.visit("portal", f"{SERVICE}/start")
    person.sign_in_as(who)
    person.page.wait_for_url("**/drafts/**")
    return person.page.url


def answer(person: Person, **changed: str) -> None:
    """What the page asks."""
    person.fill({**ANSWERS, **changed})
    for part, value in (("day", "8"), ("month", "11"), ("year", "2026")):
        if person.page.locator(f"main input[name=birth_date-{part}]").count():
            person.page.fill(f"main input[name=birth_date-{part}]", value)


def go_on(person: Person, until_there: str) -> None:
    """Page by page, and once more where an answer opens another question, to what is looked for."""
    for _ in range(12):
        if until_there in person.page.url or person.page.locator(f"[data-kind={until_there}]").count():
            return
        answer(person)
        person.send("Tiếp tục")
    raise AssertionError((person.page.url, person.page.locator(".govuk-error-summary").all_inner_texts()))


def test_the_first_page_and_every_later_one_are_light(country: Country, browser: Browser) -> None:
    mother = Person(browser, country)
    wire = Wire(mother.page)
    mother.visit("portal", "/")
    wire.weighs(FIRST, "the first page")
    for path in ("/search?q=khai+sinh", SERVICE, f"{SERVICE}/ahead", "/tra-cuu"):
        mother.visit("portal", path)
        wire.weighs(LATER, path)
    mother.visit("portal", f"{SERVICE}/start")
    chosen = mother.page.locator("main .govuk-radios__item", has_text=MOTHER).first.inner_text()
    commune = str(re.search(r"(xã|phường) [^\n]+$", chosen.strip())[0])  # type: ignore[index]
    wire.weighs(FIRST, "e-identity's first page")
    mother.sign_in_as(MOTHER)
    mother.page.wait_for_url("**/drafts/**")
    for number in range(12):
        wire.weighs(LATER, f"page {number} of the form: {mother.page.url}")
        if "/review" in mother.page.url:
            break
        answer(mother)
        mother.send("Tiếp tục")
    if mother.page.locator("main input[name=pledge]").count():
        mother.page.locator("main input[name=pledge]").first.check()
    mother.send("Nộp hồ sơ")
    wire.weighs(LATER, "the receipt")
    mother.visit("portal", mother.page.url.split(":", 2)[2].partition("/")[2].join(("/", "")).removesuffix("/receipt"))
    wire.weighs(LATER, "the timeline")

    officer = Person(browser, country)
    wire = Wire(officer.page)
    officer.visit("H36", "/queue")
    officer.sign_in_as(f"{CIVIL}, {commune}")
    row = officer.page.locator("[data-row]").first
    until(lambda: officer.page.reload() and row.count(), 15, "the dossier in the queue", pause=0.5)
    wire.came.clear()
    officer.follow(row)
    wire.weighs(LATER, "the dossier at the desk")


def usable(context: BrowserContext, url: str) -> float:
    """Seconds from the address to a form that one can type into, its styles and its script in place."""
    page = context.new_page()
    Wire(page).slow()
    begun = time.monotonic()
    page.goto(url, wait_until="commit")
    page.locator("[data-device]:not([hidden])").wait_for(timeout=20_000)
    page.wait_for_function("getComputedStyle(document.querySelector('main h1')).fontFamily.includes('Be Vietnam Pro')")
    return time.monotonic() - begun


def test_on_a_slow_line_the_form_is_usable_in_five_seconds(country: Country, browser: Browser) -> None:
    assert usable(browser.new_context(), country.url("portal", f"{SERVICE}/ahead")) <= USABLE_SECONDS
    mother = Person(browser, country)
    form = signed_in(mother, AT_HOME)
    kept = mother.page.context.storage_state()
    answer(mother)
    mother.send("Tiếp tục")
    for url in (mother.page.url, form.rpartition("/")[0]):  # a page with questions, and everything on one page
        assert usable(browser.new_context(storage_state=kept), url) <= USABLE_SECONDS, url


def test_what_is_typed_survives_a_lost_line_and_goes_by_itself_when_it_is_back(
    country: Country, browser: Browser
) -> None:
    person = Person(browser, country)
    page, line = person.page, person.page.context
    person.visit("portal", f"{SERVICE}/ahead")
    page.fill("#f-child_name", "K’ Brêm")
    until(lambda: "Brêm" in page.evaluate("JSON.stringify(localStorage)"), 5, "the copy on the device")
    line.set_offline(True)
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        page.reload()
    line.set_offline(False)
    person.visit("portal", f"{SERVICE}/ahead")
    assert page.input_value("#f-child_name") == "K’ Brêm"
    person.press("Đăng nhập và khai tiếp")
    person.sign_in_as("Mẹ, người Cơ-ho")
    page.wait_for_url("**/drafts/**")
    for _ in range(6):
        if page.locator("#f-child_name").count():
            break
        answer(person)
        person.send("Tiếp tục")
    assert page.input_value("#f-child_name") == "K’ Brêm"
    answer(person, child_name="K’ Brêm Hai")
    before = page.url
    line.set_offline(True)
    page.get_by_role("button", name="Tiếp tục").click()
    page.locator("[data-device-lost]:not([hidden])").wait_for()
    assert page.url == before
    line.set_offline(False)
    page.wait_for_function("before => location.href !== before", arg=before)
    page.go_back()
    page.locator("#f-child_name").wait_for()
    assert page.input_value("#f-child_name") == "K’ Brêm Hai"
    page.get_by_role("button", name="Xóa khỏi máy này").click()
    assert page.evaluate("localStorage.length") == 0


def test_another_person_on_the_same_device_sees_nothing_of_it(country: Country, browser: Browser) -> None:
    person = Person(browser, country)
    page = person.page
    person.visit("portal", f"{SERVICE}/ahead")
    page.fill("#f-child_name", "Tên của nhà khác")
    until(lambda: page.evaluate("localStorage.length"), 5, "the copy on the device")
    form = signed_in(person, AT_HOME).rpartition("/")[0]  # everything on one page
    person.visit("portal", "/")
    page.evaluate(OF_ANOTHER)
    page.goto(form)
    page.locator("[data-device]:not([hidden])").wait_for()
    assert page.input_value("#f-child_name") == ""
    assert page.evaluate("localStorage.length") == 0


def test_a_photograph_shrinks_goes_on_after_a_lost_line_and_reaches_the_commune(
    country: Country, browser: Browser, tmp_path: Path
) -> None:
    photograph = tmp_path / "xác nhận.jpg"
    Image.effect_noise((1000, 750), 60).resize((4000, 3000)).convert("RGB").save(photograph, quality=92)
    mother = Person(browser, country)
    page = mother.page
    signed_in(mother, AT_HOME)
    go_on(mother, "village_statement")
    sent: list[int] = []

    def lose_the_second(route: Route) -> None:
        if route.request.method == "PATCH":
            sent.append(len(route.request.post_data_buffer or b""))
            if len(sent) == 2:
                return route.abort("connectionfailed")
        return route.continue_()

    page.route("**/uploads/*", lose_the_second)
    page.locator("[data-kind=village_statement] input[type=file]").set_input_files(photograph)
    page.locator("[data-kind=village_statement] .upload__files a").wait_for(timeout=20_000)
    whole = sum(sent) - sent[1]
    assert whole < photograph.stat().st_size / 2
    assert len(sent) > 3
    go_on(mother, "review")
    if page.locator("main input[name=pledge]").count():
        page.locator("main input[name=pledge]").first.check()
    mother.send("Nộp hồ sơ")
    assert "/receipt" in page.url
    code, h36 = page.url.split("/dossiers/")[1].split("/")[0], country.database("H36")
    arrived = "SELECT id FROM attachment WHERE case_code = %s AND content IS NOT NULL"
    file = until(lambda: h36.one(arrived, (code,)), 20, "the photograph at the commune", pause=0.5).id
    part = h36.one("SELECT code FROM dossier WHERE parent = %s", (code,)).code
    officer = Person(browser, country)
    officer.visit("H36", "/queue")
    officer.sign_in_as(f"{CIVIL}, xã Cư Jút")
    got = officer.page.evaluate(OPENED, f"/dossiers/{part}/files/{file}")
    assert got == {
        "status": 200,
        "type": "image/jpeg",
        "begins": [255, 216, 255],
        "policy": "default-src 'none'; sandbox",
    }
