"""The board of databases: every word with the figure that its owner measured, a silent node shown as silent."""

import json
import re
from collections.abc import Iterator
from datetime import date
from html import unescape

import pytest
from django.test import Client

from lienthong.casework.tests.country import Country
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.portal.tests import browsing
from lienthong.registers import records
from lienthong.steering import board

pytestmark = pytest.mark.usefixtures("pages")
NUMBER = "068195000777"


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    board._told.forget()
    yield
    board._told.forget()


def text(client: Client) -> str:
    board._told.forget()
    page = client.get("/co-so-du-lieu")
    assert page.status_code == 200
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page.content.decode())))


def part(said: str, name: str) -> str:
    """What the page says of one register."""
    return said[said.index(name) :][:420]


def test_the_figures_are_those_of_the_registers_and_their_followers(country: Country, portal: Node) -> None:
    country.enter(
        "G01", "persons", number=NUMBER, full_name="Ka Bảng", birth_date="1995-04-02", gender="female",
        ethnicity="16", nationality="VN",
    )  # fmt: skip
    country.follow()
    visitor = browsing.browser(portal)
    held = country.nodes["G01"].database.one("SELECT count(*) AS n FROM persons").n
    persons = part(text(visitor), "Cơ sở dữ liệu quốc gia về dân cư")
    assert f"{held} bản ghi" in persons
    assert "Đã chia sẻ" in persons
    assert re.search(r"Đang đồng bộ 2 nơi theo dõi; chậm nhất 0 thay đổi", persons)
    assert "hứa trong 60 giây" in persons
    assert "theo dõi Cơ sở dữ liệu quốc gia về dân cư" in part(text(visitor), "Tài khoản định danh điện tử")
    assert NUMBER not in text(visitor)


def test_a_follower_that_is_behind_its_promise_is_shown_as_behind(country: Country, portal: Node) -> None:
    country.follow()
    g01, at = country.nodes["G01"], clock.now()
    with g01.database.transaction() as tx:
        declared = g01.catalogue.owned["persons"]
        number = tx.value("SELECT number FROM persons LIMIT 1")
        records.amend(tx, declared, number, {"phone": "0912345678"}, at=at, valid_from=date(2026, 11, 1), by="x")
    late = "UPDATE subscription SET as_of = as_of - interval '10 minutes' WHERE feed = 'persons'"
    with country.nodes["BHXH"].database.transaction() as tx:
        tx.touch(late)
    assert "Đồng bộ chậm" in part(text(browsing.browser(portal)), "Cơ sở dữ liệu quốc gia về dân cư")
    country.follow()
    assert "Đang đồng bộ" in part(text(browsing.browser(portal)), "Cơ sở dữ liệu quốc gia về dân cư")


def test_a_silent_node_is_shown_as_silent_and_the_json_says_so_too(country: Country, portal: Node) -> None:
    country.silent = {"BHXH"}
    try:
        said = text(browsing.browser(portal, language="en"))
        given = json.loads(browsing.browser(portal).get("/co-so-du-lieu.json").content)
    finally:
        country.silent = set()
    assert "Are the databases in step?" in said
    assert "Silent" in part(said, "Vietnam Social Security")
    assert given["nodes"]["BHXH"]["state"] is None
    registers = {one["register"] for one in given["nodes"]["G01"]["state"]["registers"]}
    assert registers == {"persons", "households", "residences", "identity_cards"}
