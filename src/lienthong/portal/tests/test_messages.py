"""What a mother hears of her dossier: inbox, mail and SMS; the tests tell one story in order."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from lienthong.casework import journey, pauses, telling
from lienthong.casework.pauses import Item
from lienthong.casework.tests.country import CHECKER, Country, in_node
from lienthong.casework.tests.test_side_paths import RECEIVER, Case
from lienthong.demo.post_office import PostOffice
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.portal import lateness, notifying, sending
from lienthong.portal.channels import NotSent, Smtp
from lienthong.portal.tests import browsing
from lienthong.portal.tests.citizens import CHANNELS, MAIL, PHONE, SECRET, letters, rows, send_all, text

pytestmark = pytest.mark.usefixtures("pages")


def test_what_happens_is_told_in_the_inbox_in_full_words(
    case: Case, country: Country, mother: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "NEWS_WAITS", 0.0)
    case.at("H36", journey.receive_dossier, RECEIVER)
    items = [Item("child_name", "", "Viết rõ chữ đệm")]
    case.at("H36", pauses.supplement, CHECKER, items, "unclear-evidence")
    front = mother.get("/dossiers").content.decode()
    assert re.search(r'class="unread">3<', front)
    page = mother.get("/thong-bao")
    said = text(page)
    assert said.index("cần bạn bổ sung") < said.index("đã tiếp nhận") < said.index("Đã gửi hồ sơ")
    assert "K’ Brêm" in said
    assert "Hẹn trả trước" in said
    assert f'href="/dossiers/{case.code}"' in page.content.decode()
    assert "unread" not in mother.get("/thong-bao").content.decode()


def test_mail_and_sms_say_code_and_state_and_nothing_that_was_declared(
    case: Case, portal: Node, office: PostOffice, mail: Smtp
) -> None:
    send_all(portal, office, mail)
    sms, mails = letters(portal, "sms"), letters(portal, "email")
    assert [row.text.split(": ")[1].split(".")[0] for row in sms] == ["da gui", "da duoc tiep nhan", "can ban bo sung"]
    assert {row.recipient for row in sms} == {PHONE}
    assert [row.recipient for row in mails] == [MAIL] * 3
    declared = in_node(
        portal, lambda tx: tx.value("SELECT declared FROM dossier_content WHERE code = %s", (case.code,))
    )
    values = {v for v in re.findall(r'"([^"]*)"', declared) if len(v) > 1} - {"yes", "no"}
    assert {"K’ Brêm", "Ka Wẽn", PHONE, MAIL} <= values
    for row in (*sms, *mails):
        assert case.code in row.text
        body = (row.subject + row.text).replace(case.code, "")
        words = set(re.findall(r"\w+", body))
        assert not [v for v in values if (v in words if v.isalnum() else v in body)], body
        assert "http" not in body


def test_no_address_stays_behind_and_nothing_is_sent_twice(portal: Node, office: PostOffice, mail: Smtp) -> None:
    before = len(letters(portal, "sms")), len(letters(portal, "email"))
    assert {(row.state, row.address) for row in rows(portal, "SELECT state, address FROM delivery")} == {("sent", "")}
    send_all(portal, office, mail)
    assert (len(letters(portal, "sms")), len(letters(portal, "email"))) == before


def test_a_copy_after_a_crash_is_known_by_its_reference(portal: Node, office: PostOffice, mail: Smtp) -> None:
    """Killed after sending and before marking: the lease runs out, the same reference goes once more."""
    before = len(letters(portal, "sms")), len(letters(portal, "email"))
    restored = "UPDATE delivery SET state = 'waiting', next_at = clock_timestamp(), address = %s WHERE channel = %s"
    for address, channel in ((PHONE, "sms"), (MAIL, "email")):
        in_node(portal, lambda tx, a=address, c=channel: tx.run(restored, (a, c)))
    send_all(portal, office, mail)
    assert (len(letters(portal, "sms")), len(letters(portal, "email"))) == before


class Away:
    """A provider that fails with one code."""

    def __init__(self, code: str, *, for_good: bool = False) -> None:
        self.problem, self.tried = NotSent(code, for_good=for_good), 0

    def send(self, *_: str) -> None:
        self.tried += 1
        raise self.problem


def test_what_cannot_be_sent_is_tried_with_growing_pauses_and_given_up(portal: Node, case: Case, mail: Smtp) -> None:
    in_node(portal, lambda tx: notifying.tell(tx, case.mother.number, case.code, "late", {}))
    away, waits = Away("sms-99"), []
    sending.spread(portal, frozenset({"sms"}))
    waiting = "SELECT extract(epoch FROM next_at - clock_timestamp()) AS wait FROM delivery WHERE state = 'waiting'"
    while sending.deliver(portal, "sms", lambda row: sending._send_sms(away, SECRET, row)):
        if found := rows(portal, waiting):
            waits.append(round(found[0].wait))
        in_node(portal, lambda tx: tx.run("UPDATE delivery SET next_at = clock_timestamp() WHERE state = 'waiting'"))
    assert waits == list(sending.PAUSES)
    assert away.tried == len(sending.PAUSES) + 1
    ended = rows(portal, "SELECT problem, address FROM delivery WHERE state = 'failed'")
    assert [(row.problem, row.address) for row in ended] == [("sms-99", "")]


def test_a_number_that_cannot_be_reached_is_given_up_at_once(portal: Node, case: Case, mother: Client) -> None:
    in_node(portal, lambda tx: notifying.tell(tx, case.mother.number, case.code, "late", {}))
    sending.spread(portal, frozenset({"sms"}))
    away = Away("sms-146", for_good=True)
    assert sending.deliver(portal, "sms", lambda row: sending._send_sms(away, SECRET, row)) == 1
    assert sending.deliver(portal, "sms", lambda row: sending._send_sms(away, SECRET, row)) == 0
    assert "Tin nhắn: không gửi được" in text(mother.get("/thong-bao"))


def test_a_message_and_its_act_stand_or_fall_together(country: Country, portal: Node, case: Case) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("the transaction ends badly")

    before = len(rows(portal, "SELECT id FROM notice"))
    portal.on_act = (notifying.told, fail)
    try:
        with pytest.raises(RuntimeError):
            Case(country, 7)
    finally:
        portal.on_act = (notifying.told,)
    assert len(rows(portal, "SELECT id FROM notice")) == before


def test_where_no_phone_was_declared_e_identity_is_asked(country: Country, portal: Node, office: PostOffice) -> None:
    other = Case(country, 2)
    country.enter(
        "G01-eid", "accounts", number=other.mother.number, full_name="Ka Wẽn", birth_date="1995-04-02", gender="female",
        level=2, phone="0987654321", status="active",
    )  # fmt: skip
    country.silent = {"G01-eid"}
    assert sending.spread(portal, CHANNELS) == 0
    country.silent = set()
    assert sending.spread(portal, CHANNELS) > 0
    addresses = rows(portal, "SELECT DISTINCT channel, address FROM delivery WHERE dossier = %s", other.code)
    assert [(row.channel, row.address) for row in addresses] == [("sms", "0987654321")]
    sending.deliver(portal, "sms", lambda row: sending._send_sms(office, SECRET, row))


def test_a_broken_promise_is_told_once(country: Country, portal: Node) -> None:
    late = Case(country, 3)
    clock.shift(timedelta(days=30))
    count = "SELECT count(*) AS n FROM notice WHERE kind = 'late' AND dossier = %s"
    lateness.watch(portal)
    lateness.watch(portal)
    assert rows(portal, count, late.code)[0].n == 1


def test_the_demos_letters_are_on_a_page_the_newest_first(portal: Node) -> None:
    anybody = browsing.browser(portal)
    assert {row.recipient for row in letters(portal, "sms")} - {PHONE}
    said = text(anybody.get("/demo/thu-tin"))
    assert PHONE in said
    assert MAIL in said
    mine = text(anybody.get(f"/demo/thu-tin?like={letters(portal, 'sms')[0].id}"))
    assert mine.index("can ban bo sung") < mine.index("da gui")
    assert MAIL not in mine
    page = anybody.get("/demo/thu-tin").content.decode()
    assert not [link for link in re.findall(r'href="([^"]*)"', page) if PHONE in link or "%40" in link]
