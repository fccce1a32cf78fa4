"""Taken in for another unit: two clocks, papers by courier, a bag that arrives with one dossier missing."""

import re
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lienthong.casework import bags, dossiers
from lienthong.casework.dossiers import Dossier
from lienthong.casework.tests.country import DI_LINH, Country, in_node
from lienthong.desk.tests.office import FARAWAY, RECEIVER, Desks
from lienthong.desk.tests.test_intake import HOME, HOUSE, dossier_at, intake_of, send
from lienthong.documents.tests.test_contents import picture
from lienthong.kit import clock

POINT = "24829"


def taken(country: Country, browser: Client, number: int, **more: Any) -> Dossier:
    """A dossier about a house in Di Linh, taken in at another commune's counter."""
    person = country.family(number).number
    url = intake_of(browser, HOUSE, person)
    answer = send(browser, url, "take", **HOME, house_unit=DI_LINH, **more)
    assert answer.status_code == 303, re.findall('href="#f-[^>]*>([^<]*)', answer.content.decode())
    return dossier_at(country, answer.headers["Location"])


def now(country: Country, dossier: Dossier) -> Dossier:
    found = in_node(country.nodes["H36"], lambda tx: dossiers.load(tx, dossier.identity.code))
    assert found is not None
    return found


def test_what_needs_no_carrying_is_there_at_once(country: Country, desks: Desks) -> None:
    browser = desks("H36", FARAWAY)
    scan = {"file-drawings": SimpleUploadedFile("ban-ve.jpg", picture())}
    dossier = taken(country, browser, 950, contact_result="here", **scan)
    assert (dossier.identity.intake, dossier.identity.unit, dossier.desk) == (POINT, DI_LINH, DI_LINH)
    assert dossier.state.waiting == "open"
    content = in_node(country.nodes["H36"], lambda tx: dossiers.content(tx, dossier.identity.code))
    assert content.contact["result_at"] == POINT
    page = browser.get(f"/quay/receipts/{dossier.identity.code}").content.decode()
    assert "Thời hạn giải quyết tính từ lúc đó" in page


def test_papers_travel_in_a_bag_and_the_clock_starts_where_it_is_opened(country: Country, desks: Desks) -> None:
    point, unit = desks("H36", FARAWAY), desks("H36", RECEIVER)
    one, other = (taken(country, point, number, **{"pages-drawings": "4"}) for number in (951, 952))
    assert one.state.waiting == "transit"
    assert "Thời hạn giải quyết bắt đầu khi" in point.get(f"/quay/receipts/{one.identity.code}").content.decode()
    codes = [one.identity.code, other.identity.code]
    page = point.get("/quay/bags").content.decode()
    assert all(code in page for code in codes)
    packed = point.post("/quay/bags/pack", {"point": POINT, "unit": DI_LINH, "dossier": codes})
    url = packed.headers["Location"]
    assert codes[0] not in point.get("/quay/bags").content.decode(), "what is packed is packed once"
    assert point.post("/quay/bags/pack", {"point": POINT, "unit": DI_LINH, "dossier": codes}).status_code == 422
    assert unit.post("/quay/bags/pack", {"point": POINT, "unit": DI_LINH, "dossier": codes}).status_code == 403
    assert point.post(f"{url}/hand-over", {"courier": ""}).status_code == 422
    point.post(f"{url}/hand-over", {"courier": "Bưu điện Di Linh"})
    manifest = point.get(url).content.decode()
    assert "Bưu điện Di Linh" in manifest
    assert all(code in manifest for code in codes)
    assert point.post(f"{url}/open", {"dossier": codes}).status_code == 404, "only where it goes it is opened"
    unit.post(f"{url}/open", {"dossier": codes[:1]})
    arrived, missing = now(country, one), now(country, other)
    assert (arrived.state.waiting, arrived.desk) == ("open", DI_LINH)
    assert arrived.state.deadline == country.nodes["H36"].catalogue.calendar.due(arrived.state.since, 15)
    assert missing.state.waiting == "transit"
    assert task_states(country, f"courier/{url.rpartition('/')[2]}/{codes[1]}") == ["open"]
    assert codes[1] in point.get("/quay/bags").content.decode(), "what was missing can be packed again"
    unit.post(f"{url}/open", {"dossier": codes[1:]})
    assert now(country, other).state.waiting == "open"
    assert task_states(country, f"courier/{url.rpartition('/')[2]}/{codes[1]}") == ["done"]


def task_states(country: Country, task: str) -> list[str]:
    return [
        row.state
        for row in in_node(country.nodes["H36"], lambda tx: tx.all("SELECT state FROM task WHERE id = %s", (task,)))
    ]


def test_a_bag_that_does_not_arrive_is_told_once_and_closes_when_it_does(country: Country, desks: Desks) -> None:
    point, unit, node = desks("H36", FARAWAY), desks("H36", RECEIVER), country.nodes["H36"]
    dossier = taken(country, point, 953, **{"pages-drawings": "2"})
    code = dossier.identity.code
    url = point.post("/quay/bags/pack", {"point": POINT, "unit": DI_LINH, "dossier": [code]}).headers["Location"]
    number = url.rpartition("/")[2]
    assert in_node(node, lambda tx: bags.look(node, tx)) == 0
    yesterday = clock.now() - timedelta(days=1)
    in_node(node, lambda tx: tx.run("UPDATE courier_bag SET due = %s WHERE number = %s", (yesterday, number)))
    assert [in_node(node, lambda tx: bags.look(node, tx)) for _ in range(2)] == [1, 0]
    assert "Quá giờ, chưa tới" in unit.get("/quay/bags").content.decode()
    assert task_states(country, f"courier/{number}") == ["open"]
    unit.post(f"{url}/open", {"dossier": [code]})
    assert task_states(country, f"courier/{number}") == ["done"]
