"""A commune's line is down: a real browser writes slips without one, and every slip becomes one dossier, once.

The answer to a slip is lost and the node killed with `kill -9` at just that moment; what was sent before is not sent
twice, what was not is. What lies on the machine meanwhile can be read by nobody.
"""

import os
import re
import signal
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright
from tests.stories.browsing import ARGUMENTS, CHROMIUM, Person

from lienthong.bench.driver import Country

PEOPLE = 2_000
PATIENCE = 60_000.0  # milliseconds: a machine may be busy with other things
RECEPTION = "Công chức tiếp nhận"
_PEOPLE = """
SELECT p.number, p.full_name, p.birth_date FROM persons p JOIN residences r ON r.person = p.number
JOIN households h ON h.code = r.household WHERE p.died_on IS NULL AND p.birth_date < '1996-01-01' AND h.unit = %s
AND NOT p.number = ANY(%s) ORDER BY p.number LIMIT 3
"""
_BUSY = "SELECT applicant FROM dossier WHERE service = 'civil-status/marital-status' AND status IN (1, 2, 4, 5, 6)"
_SLIPS = """
SELECT s.number, s.state, s.said_at, d.received_at, d.deadline FROM offline_slip s
LEFT JOIN dossier d ON d.code = s.dossier ORDER BY s.number
"""
_OPENED = "SELECT count(*) FROM dossier WHERE applicant = ANY(%s) AND received_at >= current_date"
_READ_ALL = """
() => new Promise((told) => {
  const opening = indexedDB.open("lienthong-offline", 1);
  opening.onsuccess = () => {
    const all = opening.result.transaction("slips").objectStore("slips").getAll();
    all.onsuccess = () => told(JSON.stringify(all.result));
  };
})
"""

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the page was not tried"),
]


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


def test_slips_written_without_a_line_become_dossiers_once(country: Country, browser: Browser) -> None:
    officer = Person(browser, country)
    officer.page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page, commune = at_the_counter(officer)
    with country.looking("H36") as tx:
        busy = [row.applicant for row in tx.all(_BUSY)]
    with country.looking("G01") as tx:
        people = tx.all(_PEOPLE, (commune, busy))
    page.context.set_offline(True)
    page.reload()
    expect(page.locator("[data-part=line]")).to_contain_text("Mất mạng")
    numbers = [write(page, person) for person in people]
    assert [number[-4:] for number in numbers] == ["0001", "0002", "0003"]
    kept = page.evaluate(_READ_ALL)
    assert not [person.number for person in people if person.number in kept or person.full_name in kept]
    page.reload()
    expect(page.locator("[data-part=list] li")).to_have_count(3)
    page.context.set_offline(False)
    lose_the_second_answer(page, country)
    page.reload()
    page.get_by_role("button", name="Gửi các phiếu này").click()
    expect(page.locator("[data-part=said]")).to_contain_text("Mạng lại mất")
    expect(page.locator("[data-part=list] li")).to_have_count(2)
    page.unroute_all()
    page.wait_for_timeout(500)
    resend(page)
    expect(page.locator("[data-part=list] li")).to_have_count(0)
    assert page.evaluate(_READ_ALL) == "[]", "what was sent is erased"
    with country.looking("H36") as tx:
        slips = tx.all(_SLIPS)
        opened = tx.value(_OPENED, ([person.number for person in people],))
    assert [(slip.number, slip.state) for slip in slips] == [(number, "opened") for number in numbers]
    assert opened == 3
    assert all(slip.said_at == slip.received_at for slip in slips), "each came in when it was written"
    officer.complaints.clear()  # that the line was down
    officer.visit("H36", "/quay/offline/slips")
    officer.look("offline-slips")


def at_the_counter(officer: Person) -> tuple[Page, str]:
    """A reception officer at the offline page, which this machine now keeps; and the code of the commune."""
    page = officer.page
    officer.visit("H36", "/quay/offline")
    officer.sign_in_as(RECEPTION)
    page.locator("[data-ready=yes]").wait_for()
    officer.look("offline")
    series = page.evaluate(
        """() => new Promise((told) => {
          const opening = indexedDB.open("lienthong-offline", 1);
          opening.onsuccess = () => {
            const one = opening.result.transaction("machine").objectStore("machine").get("numbers");
            one.onsuccess = () => told(one.result.series);
          };
        })"""
    )
    found = re.fullmatch(r"T-(\d{5})-\d{2}", series)
    assert found
    return page, found[1]


def write(page: Page, person: Any) -> str:
    """One slip; its number."""
    page.fill("#f-number", person.number)
    page.fill("#f-name", person.full_name)
    page.fill("#f-birth_date", f"{person.birth_date:%d/%m/%Y}")
    page.select_option("#f-service", "civil-status/marital-status")
    page.select_option("#f-certificate_use", "marriage")
    page.check("#f-pledge")
    page.fill("#f-phone", "0912345678")
    before = (
        page.locator("[data-part=slip-number]").inner_text() if page.locator("[data-part=slip]").is_visible() else ""
    )
    page.get_by_role("button", name="Ghi phiếu").click()
    expect(page.locator("[data-part=slip-number]")).not_to_have_text(before)
    expect(page.locator("[data-part=slip-name]")).to_have_text(person.full_name)
    return page.locator("[data-part=slip-number]").inner_text()


def lose_the_second_answer(page: Page, country: Country) -> None:
    """The node has taken the second slip and is killed before the page hears of it."""
    sent: list[str] = []

    def pass_on(route: Route) -> None:
        sent.append(route.request.url)
        if len(sent) < 2:
            route.continue_()
            return
        send_for(route)
        for process in country.processes():
            if (process.kind, process.node) == ("web", "H36"):
                os.kill(process.pid, signal.SIGKILL)
        route.abort()

    page.route("**/quay/offline/take", pass_on)


def send_for(route: Route) -> None:
    """What the page would have sent, so that only the node hears of it."""
    address = urlsplit(route.request.url)
    line = HTTPConnection("127.0.0.1", address.port, timeout=20)
    headers = {**route.request.all_headers(), "host": address.netloc}
    line.request("POST", address.path, route.request.post_data_buffer, headers)
    assert line.getresponse().status == 200
    line.close()


def resend(page: Page) -> None:
    """Again, as soon as the node is back."""
    for _ in range(40):
        page.reload()
        page.locator("[data-ready=yes]").wait_for()
        if page.locator("[data-standing=line]").count():
            break
        page.wait_for_timeout(500)
    for _ in range(10):  # what the population register was too slow for waits, and is sent again
        page.get_by_role("button", name="Gửi các phiếu này").click()
        expect(page.locator("[data-part=said]")).to_contain_text(re.compile("Đã gửi xong|Hãy gửi lại"))
        if "Đã gửi xong" in page.locator("[data-part=said]").inner_text():
            return
