"""The same birth as people see it: a mother, two officers and a hospital clerk in a real browser, no page left unseen.

Every page on the way must hold for axe (WCAG 2 A and AA) and fit 320 px without sideways scrolling. With
LIENTHONG_PICTURES set to a folder, each page is kept there as a picture.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from lienthong.bench.driver import Country

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
PEOPLE = 20_000

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the pages were not tried")


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


class Person:
    """Somebody at a screen."""

    def __init__(self, browser: Browser, country: Country) -> None:
        self.page: Page = browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
        self.country = country
        self.complaints: list[str] = []
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)

    def visit(self, node: str, path: str) -> None:
        self.page.goto(self.country.url(node, path))

    def press(self, name: str) -> None:
        self.follow(self.page.get_by_role("button", name=name).first)

    def follow(self, way: Locator) -> None:
        """Click what leads to another page, and be there."""
        with self.page.expect_navigation():
            way.click()

    def sign_in_as(self, who: str) -> None:
        self.page.locator("main .govuk-radios__item", has_text=who).locator("input").first.check()
        self.press("Tiếp tục")
        self.press("Đồng ý và tiếp tục")

    def look(self, name: str) -> None:
        """The page as it is: no serious finding, no sideways scrolling on the smallest phone, a picture if wanted."""
        if folder := os.environ.get("LIENTHONG_PICTURES"):
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
        found = Axe().run(self.page, options=RULES)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        self.page.set_viewport_size({"width": 320, "height": 700})
        width = self.page.evaluate("document.documentElement.scrollWidth")
        self.page.set_viewport_size({"width": 1200, "height": 900})
        assert width <= 320, f"{name} is {width} px wide on a phone"
        assert not [c for c in self.complaints if "422" not in c], (name, self.complaints)


def test_a_birth_declared_decided_and_followed(country: Country, browser: Browser) -> None:
    mother = Person(browser, country)
    page = mother.page
    mother.visit("portal", "/")
    mother.look("home")
    page.fill("#q", "khai sinh cho con")
    mother.press("Tìm")
    mother.look("search")
    mother.follow(page.locator("main ol.found a").first)
    mother.look("service")
    mother.follow(page.locator("main a.govuk-button"))
    mother.look("sign-in")
    chosen = page.locator("main .govuk-radios__item", has_text="Mẹ, đã kết hôn").first
    commune = str(re.search(r"(xã|phường) [^\n]+$", chosen.inner_text().strip())[0])  # type: ignore[index]
    mother.sign_in_as("Mẹ, đã kết hôn")
    assert "bạn chỉ cần cho biết 6" in page.locator(".count").inner_text()
    mother.look("form")

    mother.press("Nộp hồ sơ")
    assert page.locator(".govuk-error-message").count() == 6
    mother.look("errors")
    page.fill("#f-child_name", "Nguyễn An Nhiên")
    for name, value in (("ethnicity", "mother"), ("hometown", "father"), ("relation", "child"), ("pledge", "yes")):
        page.check(f"input[name={name}][value={value}]")
    page.select_option("select[name=facility]", index=1)
    mother.press("Nộp hồ sơ")
    mother.look("receipt")
    code = page.url.split("/dossiers/")[1].split("/")[0]

    for role in ("Công chức tư pháp – hộ tịch", "Chủ tịch Ủy ban nhân dân"):
        officer = Person(browser, country)
        officer.visit("H36", "/queue")
        officer.sign_in_as(f"{role}, {commune}")
        officer.page.wait_for_selector("[data-row]")
        officer.look(f"queue-{role[:4]}")
        officer.follow(officer.page.locator("[data-row]").first)
        officer.look(f"case-{role[:4]}")
        officer.follow(officer.page.locator("main .act form button").first)

    mother.visit("portal", f"/dossiers/{code}")
    page.get_by_text("Đã trả kết quả").first.wait_for(timeout=10_000)
    assert page.locator(".results li").count() == 3
    mother.look("timeline")
    mother.follow(page.get_by_role("link", name="English"))
    assert page.locator("html").get_attribute("lang") == "en"
    mother.look("timeline-en")
    mother.visit("portal", "/dossiers")
    mother.look("dossiers")


def test_a_hospital_clerk_makes_a_notice(country: Country, browser: Browser) -> None:
    clerk = Person(browser, country)
    clerk.visit("G18", "/notices")
    clerk.sign_in_as("Nhân viên lập giấy chứng sinh")
    clerk.look("notices")
    clerk.follow(clerk.page.locator("main a.govuk-button").first)
    clerk.press("Lập và ký")
    assert clerk.page.locator(".govuk-error-message").count() > 3
    clerk.look("notice-errors")


def test_what_is_not_there_says_so_in_the_look_of_the_site(country: Country, browser: Browser) -> None:
    somebody = Person(browser, country)
    somebody.visit("portal", "/dossiers-of-nobody")
    somebody.complaints.clear()
    somebody.look("not-found")
