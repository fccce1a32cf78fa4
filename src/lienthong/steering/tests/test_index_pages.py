"""The officers' pages over lived dossiers: figures that add up, files that read back, who may see which dossiers."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.test import Client, override_settings

from lienthong.casework.tests.country import in_node
from lienthong.desk.tests import conftest as desk_tests
from lienthong.desk.tests import office
from lienthong.desk.urls import desk_patterns
from lienthong.exchange.node import Node
from lienthong.identity import sessions
from lienthong.identity.types import Officer, Post
from lienthong.steering import index_asked, report_rows
from lienthong.steering.report_rows import COLUMNS, Line
from lienthong.steering.tests.walking import UNITS, lived, node
from lienthong.steering.urls import index_patterns

__all__ = ["lived", "node"]
PERIOD = "since=2026-03-05&until=2026-04-10"
STEERING = Officer("068080000031", "Lê Văn Sát", (Post("steering_office", "68"),))
CHAIR = Officer("068080000032", "K’ Chủ", (Post("chair", UNITS[0]),))
REGISTRAR = Officer("068080000033", "Ka Tịch", (Post("civil_status_officer", UNITS[0]),))


@pytest.fixture(scope="module")
def officers(node: Node, node_database: Callable[[str], Any]) -> None:
    with psycopg.connect(node_database("H36").owner) as owner:
        owner.cursor().executemany(
            "INSERT INTO officer (number, name, role, unit, starts) VALUES (%s, %s, %s, %s, '2025-07-01')",
            [(o.number, o.name, post.role, post.unit) for o in (STEERING, CHAIR, REGISTRAR) for post in o.posts],
        )


@pytest.fixture
def browser(
    lived: Any, node: Node, officers: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Officer], Client]]:
    monkeypatch.setattr(sessions, "_in_use", {})
    monkeypatch.setattr(office, "DESK", office._routes("steered_desk", [*desk_patterns, *index_patterns]))
    country: Any = type("One", (), {"nodes": {"H36": node}})
    settings = desk_tests._settings()
    settings["TEMPLATES"][0]["DIRS"].append(Path(__file__).parents[1] / "templates")
    with override_settings(**settings):
        desks = office.Desks(country)
        yield lambda officer: desks("H36", officer)


@pytest.fixture(scope="module")
def rows(lived: Any, node: Node) -> list[Line]:
    asked = index_asked.Asked(date(2026, 3, 5), date(2026, 4, 10), date(2026, 4, 10))
    return list(report_rows.lines(node, in_node(node, lambda tx: report_rows.grid(tx, asked)), "vi"))


def test_what_came_is_what_is_done_and_what_is_open(rows: list[Line]) -> None:
    for line in rows:
        came = ("TiepNhanKyTruoc", "TiepNhanQuaMang", "TiepNhanTrucTiep", "TiepNhanBCCI")
        stands = ("DaXuLyTruocHan", "DaXuLyDungHan", "DaXuLyQuaHan", "DangXuLyTrongHan", "DangXuLyQuaHan", "TamDung")
        assert line["TongSo"] == sum(line[name] for name in came) == sum(line[name] for name in stands)
        assert min(line.figures) >= 0
    assert all(rows[0][name] for name in COLUMNS), "the lives met everything that is counted"


def test_children_add_up_to_their_parents(rows: list[Line]) -> None:
    for line in rows:
        depth = report_rows.LEVELS.index(line.level)
        if depth == len(report_rows.LEVELS) - 1:
            continue
        below = [
            one.figures
            for one in rows
            if one.level == report_rows.LEVELS[depth + 1]
            and line.unit in ("", one.unit)
            and line.sector in ("", one.sector)
        ]
        assert tuple(map(sum, zip(*below, strict=True))) == line.figures


def test_the_report_reads_the_same_on_screen_as_csv_and_as_workbook(
    browser: Callable[[Officer], Client], rows: list[Line]
) -> None:
    client = browser(STEERING)
    text = client.get(f"/bao-cao.csv?{PERIOD}").content.decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    assert [tuple(int(row[name]) for name in COLUMNS) for row in table] == [line.figures for line in rows]
    book = zipfile.ZipFile(io.BytesIO(client.get(f"/bao-cao.xlsx?{PERIOD}").content))
    cells = re.findall(r'<c r="F(\d+)"[^>]*><v>(\d+)</v>', book.read("xl/worksheets/sheet1.xml").decode())
    assert [int(value) for row, value in cells if int(row) > 5] == [line["TongSo"] for line in rows]
    page = client.get(f"/bao-cao?{PERIOD}").content.decode()
    assert f"<b>{rows[0]['TongSo']}</b>" in page


def test_a_figure_leads_to_its_dossiers_and_says_why_they_are_late(browser: Callable[[Officer], Client]) -> None:
    client = browser(STEERING)
    page = client.get(f"/chi-so?{PERIOD}").content.decode()
    link = re.search(r'href="(/chi-so/ho-so\?[^"]*measures=late%2Clate_open)"', page)
    assert link
    listed = client.get(link[1].replace("&amp;", "&")).content.decode()
    codes = set(re.findall(r"H36\.\d+-\d+-\d+", listed))
    assert codes
    assert re.search("xong sau (giờ )?hẹn", listed)
    assert re.search("quá (giờ )?hẹn", listed)
    assert "0680" not in listed, "nobody's number is shown"


def test_a_chair_sees_the_dossiers_of_the_own_commune_only(browser: Callable[[Officer], Client]) -> None:
    client = browser(CHAIR)
    assert client.get(f"/chi-so?{PERIOD}").status_code == 200
    assert client.get(f"/chi-so/ho-so?{PERIOD}&measures=received&unit={UNITS[0]}").status_code == 200
    for other in ("", f"&unit={UNITS[1]}"):
        assert client.get(f"/chi-so/ho-so?{PERIOD}&measures=received{other}").status_code == 403


def test_pages_are_for_those_who_answer_for_the_work(browser: Callable[[Officer], Client]) -> None:
    for path in ("chi-so", "bao-cao", "bao-cao.csv", "chi-so/dau-hieu", "chi-so/ho-so?measures=late"):
        assert browser(REGISTRAR).get(f"/{path}").status_code == 403
    assert browser(STEERING).get(f"/chi-so/dau-hieu?{PERIOD}").status_code == 200


def test_strange_questions_are_answered_calmly(browser: Callable[[Officer], Client]) -> None:
    client = browser(STEERING)
    strange = (
        "since=x&until=y", "since=2026-05-01&until=2026-01-01", "unit=' OR 1=1", "since=0001-01-01&until=2026-04-01",
        "known=9999-12-31&since=2026-03-01&until=2026-03-09", "span=week", "sector=%00x&after=%00",
        "since=2020-02-29&until=2021-01-01",
    )  # fmt: skip
    for query in strange:
        for page in ("chi-so", "bao-cao", "chi-so/ho-so"):
            more = "&measures=late" if page.endswith("so") else ""
            assert client.get(f"/{page}?{query}{more}").status_code == 200, (page, query)
