"""People at a screen: a real browser, signing in, filling in, and looking at a page with the eyes of everybody.

`Person.look` is the whole demand on a page: axe without findings (WCAG 2 A and AA), no sideways scrolling at 320 px and
at 200 % zoom, an order of the keyboard that begins with the way past the header, no complaint of the browser's own
(content policy included). With LIENTHONG_PICTURES set to a folder, each page is kept there as a picture.
"""

import os
import shutil
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page

from lienthong.bench.driver import Country

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"], "preload": False}
DESKTOP, ZOOMED, PHONE = (1280, 900), (640, 450), (320, 700)  # at 200 % a window of 1280 holds 640

# What the keyboard meets: nothing is lifted out of the page's order, nothing that is met is invisible.
KEYBOARD = """
() => {
  const kinds = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";
  const met = [...document.querySelectorAll(kinds)]
    .filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility({ visibilityProperty: true }));
  const lifted = met.filter((one) => one.tabIndex > 0).map((one) => one.outerHTML.slice(0, 80));
  const flat = met.filter((one) => !one.getClientRects().length).map((one) => one.outerHTML.slice(0, 80));
  return { lifted, flat, first: met[0] ? met[0].className : "" };
}
"""


class Person:
    """Somebody at a screen of their own."""

    def __init__(self, browser: Browser, country: Country) -> None:
        self.page: Page = browser.new_context(viewport=_size(DESKTOP)).new_page()
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

    def send(self, name: str) -> None:
        """Press a form's button, and be at what came of it: another page, or the same with its main part replaced."""
        self.page.evaluate("document.querySelector('main').dataset.before = 'yes'")
        self.page.get_by_role("button", name=name).first.click()
        self.page.locator("main:not([data-before])").wait_for(timeout=15_000)

    def sign_in_as(self, who: str) -> None:
        """Choose somebody on e-identity's page; agree to what is handed over where it asks for that."""
        self.page.locator("main .govuk-radios__item", has_text=who).locator("input").first.check()
        self.press("Tiếp tục")
        if self.page.get_by_role("button", name="Đồng ý và tiếp tục").count():
            self.press("Đồng ý và tiếp tục")

    def fill(self, wanted: dict[str, str]) -> None:
        """Answer what the page asks: as `wanted` says by name, else with the first choice there is."""
        page = self.page
        names = "es => [...new Set(es.map(e => e.name))]"
        for name in page.eval_on_selector_all("main input[type=radio]", names):
            if not page.locator(f"main input[name={name}]:checked").count():
                value = wanted.get(name)
                page.locator(f"main input[name={name}]" + (f"[value={value}]" if value else "")).first.check()
        for name in page.eval_on_selector_all("main input[type=text]", names):
            if name in wanted:
                page.fill(f"main input[name={name}]", wanted[name])
        for name in page.eval_on_selector_all("main select", names):
            page.select_option(f"main select[name={name}]", index=1)

    def look(self, name: str) -> None:
        """The page as it is, for everybody. Raises AssertionError naming what is wrong with it."""
        page = self.page
        if folder := os.environ.get("LIENTHONG_PICTURES"):
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
        found = Axe().run(page, options=RULES)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        keys: dict[str, Any] = page.evaluate(KEYBOARD)
        assert not keys["lifted"], f"{name}: lifted out of the order of the keyboard: {keys['lifted']}"
        assert not keys["flat"], f"{name}: the keyboard meets what nobody sees: {keys['flat']}"
        assert "skip-link" in keys["first"], f"{name}: the keyboard first meets {keys['first']!r}"
        for size in (ZOOMED, PHONE):
            page.set_viewport_size(_size(size))
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= size[0], f"{name} is {width} px wide in a window of {size[0]}"
        page.set_viewport_size(_size(DESKTOP))
        assert not [said for said in self.complaints if "status of 4" not in said], (name, self.complaints)

    def walk_by_keyboard(self) -> list[str]:
        """The controls of the page in the order in which the tabulator meets them, by their names or addresses."""
        met = []
        here = "(() => { const e = document.activeElement; return e.name || e.getAttribute('href') || e.tagName })()"
        for _ in range(200):
            self.page.keyboard.press("Tab")
            now = str(self.page.evaluate(here))
            if now == "BODY":
                break
            met.append(now)
        return met


def _size(size: tuple[int, int]) -> Any:
    return {"width": size[0], "height": size[1]}
