"""Public statistics: counted where the data lies, closed and sealed day by day, open to everybody."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import msgspec
import pytest
from django.test import Client

from lienthong.casework.tests.case import Case
from lienthong.casework.tests.country import Country
from lienthong.exchange import statistics
from lienthong.exchange.asking import Question
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node
from lienthong.exchange.statistics import Statement
from lienthong.journal import sealer
from lienthong.kit import clock
from lienthong.portal.tests import browsing
from lienthong.steering import exchanged

pytestmark = pytest.mark.usefixtures("pages")


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    exchanged._told.forget()
    yield
    exchanged._told.forget()


def today_of(node: Node) -> Statement:
    with node.database.transaction() as tx:
        return statistics.count(node, tx, clock.today(), closed=False)


def sealed_up(node: Node) -> None:
    with node.database.transaction() as tx:
        sealer.seal_ready(tx)


def text(client: Client, address: str) -> str:
    page = client.get(address)
    assert page.status_code == 200
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page.content.decode())))


def test_what_a_node_states_is_what_its_journal_and_inbox_hold(country: Country, portal: Node, case: Case) -> None:
    case.decide()
    browsing.browser(portal, case.mother).get("/du-lieu-cua-toi")
    population = country.nodes["G01"]
    stated = today_of(population)
    with population.database.transaction() as tx:
        opened = tx.value("SELECT count(*) FROM journal_entry WHERE kind = 'read' AND subject IS NOT NULL")
        taken = tx.value("SELECT count(*) FROM inbox")
    assert sum(one.opened for one in stated.look_ups) == opened > 0
    assert sum(one.times for one in stated.messages) == taken > 0
    assert all(one.questions <= one.opened for one in stated.look_ups)
    assert "068195" not in msgspec.json.encode(stated).decode()  # nobody's number


def test_a_day_is_closed_once_after_it_has_ended_and_then_stays(country: Country, case: Case) -> None:
    population = country.nodes["G01"]
    sealed_up(population)
    assert statistics.close(population) is None
    day = clock.today()
    before = today_of(population)
    clock.shift(timedelta(days=2))
    try:
        assert [statistics.close(population) for _ in range(3)] == [day, day + timedelta(days=1), None]
        with population.database.transaction() as tx:
            kept = tx.all("SELECT statement FROM exchange_day ORDER BY day")
        closed = statistics.read(kept[0].statement, population, "G01")
        assert closed == msgspec.structs.replace(before, closed=True)
        assert statistics.read(kept[1].statement, population, "G01").look_ups == []
    finally:
        clock.shift(None)


def test_a_statement_that_somebody_else_sealed_or_altered_does_not_count(country: Country) -> None:
    portal, population = country.nodes["portal"], country.nodes["G01"]
    stated = today_of(population)
    forged = statistics._sealed(portal, stated)
    with pytest.raises(Refused, match="wrong-answer"):
        statistics.read(forged, portal, "G01")
    altered = statistics._sealed(population, stated).replace('"closed":false', '"closed":true')
    with pytest.raises(Refused, match="altered"):
        statistics.read(altered, portal, "G01")


def test_everybody_sees_who_looks_up_what_and_who_did_not_answer(country: Country, portal: Node, case: Case) -> None:
    visitor = browsing.browser(portal)
    country.silent = {"G18"}
    try:
        said = text(visitor, "/thong-ke?days=1")
    finally:
        country.silent = set()
    assert "Các cơ quan hỏi nhau thay vì hỏi bạn" in said
    assert "Chuyển hồ sơ" in said
    assert "Chưa trả lời kịp: Giấy chứng sinh – Bộ Y tế" in said
    exchanged._told.forget()
    assert "Agencies ask each other instead of asking you" in text(browsing.browser(portal, language="en"), "/thong-ke")


def test_who_doubts_the_page_gets_the_sealed_statements(country: Country, portal: Node, case: Case) -> None:
    given = json.loads(browsing.browser(portal).get("/thong-ke/ban-ke.json?days=rubbish").content)
    assert given["silent"] == []
    texts = [msgspec.json.encode(one).decode() for one in given["statements"]]
    publishers = {msgspec.json.decode(text)["header"]["sender"] for text in texts}
    assert publishers == set(country.nodes)


def test_days_are_asked_for_within_reason(country: Country) -> None:
    portal = country.nodes["portal"]

    def asked(**body: str) -> object:
        return portal.asker.ask(Question("G01", statistics.SERVICE, body, statistics.PURPOSE, "statistics/test"))

    assert asked(since="2026-01-01", until="2026-12-31") is None
    assert asked(since="2026-11-20", until="2026-11-19") is None
    assert asked(since="yesterday", until="2026-11-19") is None
    assert asked(since="2026-11-19", until="2026-11-19") is not None
