"""Status by code: a second factor, completion and no name, the same pages whatever exists."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from lienthong.casework import journey, pauses
from lienthong.casework.pauses import Item
from lienthong.casework.tests.country import CHECKER, Country
from lienthong.casework.tests.test_side_paths import RECEIVER, Case
from lienthong.demo.post_office import PostOffice
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.portal import outgoing, sending, status
from lienthong.portal.tests import browsing
from lienthong.portal.tests.citizens import CHANNELS, PHONE, SECRET, letters, text

pytestmark = pytest.mark.usefixtures("pages")


def digits_for(portal: Node, office: PostOffice) -> str:
    """The newest code that reached a phone; empty when none did."""
    known = {row.id for row in letters(portal, "sms")}
    sending.spread(portal, CHANNELS)
    sending.deliver(portal, "sms", lambda row: sending._send_sms(office, SECRET, row))
    new = [row.text[:6] for row in letters(portal, "sms") if row.id not in known and row.text[:6].isdigit()]
    return new[-1] if new else ""


def start(client: Client, code: str) -> Any:
    return client.post("/tra-cuu", {"code": code})


def test_status_by_code_shows_completion_and_no_name(portal: Node, case: Case, office: PostOffice) -> None:
    anybody = browsing.browser(portal)
    loose = f" {case.code.lower()[:6]} {case.code.lower()[6:]} ".replace("-", "–")
    onward = start(anybody, loose)
    assert onward.status_code == 302
    items = [Item("child_name", "", "Viết rõ chữ đệm")]
    case.at("H36", journey.receive_dossier, RECEIVER)
    case.at("H36", pauses.supplement, CHECKER, items, "unclear-evidence")
    page = anybody.post(onward["Location"], {"digits": digits_for(portal, office)}, follow=True)
    said = text(page)
    assert "Yêu cầu bổ sung" in said
    assert case.code in said
    assert "cần bạn bổ sung" in said
    for private in ("Brêm", "Wẽn", "Brèo", PHONE, case.mother.number, "Di Linh", "Thôn 3"):
        assert private not in said
    english = browsing.browser(portal, language="en")
    english.cookies["sessionid"] = anybody.cookies["sessionid"].value
    assert "The agency needs something more" in text(english.get(onward["Location"] + "/ho-so"))
    assert "Brêm" not in text(browsing.browser(portal).get(onward["Location"] + "/ho-so"))
    assert "Mã không còn dùng được" in text(browsing.browser(portal).get(onward["Location"] + "/ho-so"))


def test_a_code_is_used_once_and_five_wrong_tries_end_it(portal: Node, case: Case, office: PostOffice) -> None:
    anybody = browsing.browser(portal)
    onward = start(anybody, case.code)["Location"]
    digits = digits_for(portal, office)
    for _ in range(status.TRIES):
        assert anybody.post(onward, {"digits": f"{(int(digits) + 1) % 10**6:06d}"}).status_code == 422
    assert "nhập sai quá nhiều lần" in text(anybody.post(onward, {"digits": digits}))
    onward = start(anybody, case.code)["Location"]
    digits = digits_for(portal, office)
    assert anybody.post(onward, {"digits": digits}).status_code == 302
    assert anybody.post(onward, {"digits": digits}).status_code == 422


def test_too_many_look_ups_are_refused_alike_for_what_exists_and_what_does_not(portal: Node, case: Case) -> None:
    stranger = browsing.browser(portal)
    assert start(stranger, case.code).status_code == 429  # three within the hour already
    unknown = "G01.001.00-260101-019999"
    assert [start(stranger, unknown).status_code for _ in range(4)] == [302, 302, 302, 429]
    elsewhere = Client(HTTP_HOST="portal.localhost", REMOTE_ADDR="203.0.113.9")
    seen = [start(elsewhere, f"G01.001.00-260102-01{n:04d}").status_code for n in range(status.MOST_OF_A_CLIENT + 1)]
    assert seen == [302] * status.MOST_OF_A_CLIENT + [429]


def test_an_unknown_code_looks_like_a_known_one_and_no_digits_ever_open_it(
    country: Country, portal: Node, office: PostOffice
) -> None:
    clock.shift(timedelta(hours=3))
    known, unknown = Case(country, 4).code, "G01.001.00-260101-018888"
    anybody = browsing.browser(portal)
    pages = {}
    for code in (known, unknown):
        onward = start(anybody, code)["Location"]
        changing = r"[0-9a-f-]{36}|value=\"\w{64}\"|<time.*?</time>"
        pages[code] = re.sub(changing, "", anybody.get(onward).content.decode())
        look_up = onward.rsplit("/", 1)[1]
        if code == unknown:
            assert digits_for(portal, office) == ""
            right = outgoing.one_time_code(SECRET, look_up)
            assert anybody.post(onward, {"digits": right}).status_code == 422
    assert pages[known] == pages[unknown]


def test_what_is_no_code_is_told_beside_its_field(portal: Node) -> None:
    for typed in ("", "abc", "'; DROP TABLE dossier; --", "1" * 5000):
        page = start(browsing.browser(portal), typed)
        assert page.status_code == 422
        assert page.content.decode().count("govuk-error-message") == 1


def test_digits_sent_too_late_do_not_count(portal: Node, office: PostOffice) -> None:
    anybody = browsing.browser(portal)
    clock.shift(timedelta(days=2))
    with portal.database.transaction() as tx:
        code = tx.value("SELECT code FROM dossier WHERE parent IS NULL ORDER BY received_at LIMIT 1")
    onward = start(anybody, code)["Location"]
    digits = digits_for(portal, office)
    clock.shift(timedelta(minutes=11))
    assert anybody.post(onward, {"digits": digits}).status_code == 422
