"""Process tables as files at the desk, and dossiers of an older revision moved by an administrator's hand."""

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lienthong.casework import journey, moving_revisions
from lienthong.casework.tests.authors import Authors
from lienthong.casework.tests.case import RECEIVER, Case
from lienthong.casework.tests.country import CHECKER, Country, in_node
from lienthong.desk import process_drafts, process_table
from lienthong.desk.tests import office
from lienthong.identity.types import Officer, Post
from lienthong.journal import entries

BIRTH = "civil-status/birth-registration"
LINH = Officer("068080000041", "Trần Thị Linh", (Post("process_admin", "68"),))
PLAIN = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d"><process id="p"><laneSet id="l">
<lane id="l1" name="Phòng lạ"><flowNodeRef>t</flowNodeRef></lane></laneSet>
<startEvent id="s"/><userTask id="t" name="Xem hồ sơ"/>%s<endEvent id="e"/>
<sequenceFlow id="a" sourceRef="s" targetRef="t"/><sequenceFlow id="b" sourceRef="t" targetRef="e"/>
</process></definitions>"""


@pytest.fixture(scope="module")
def authors(country: Country, node_database: Callable[[str], Any]) -> Authors:
    with psycopg.connect(node_database("H36").owner) as owner:
        owner.execute(
            "INSERT INTO officer (number, name, role, unit, starts)"
            " VALUES (%s, %s, 'process_admin', '68', '2025-07-01')",
            (LINH.number, LINH.name),
        )
    return Authors(country)


@pytest.fixture
def linh(desks: office.Desks, authors: Authors) -> Client:
    return desks("H36", LINH)


def upload(client: Client, text: bytes, slug: str = BIRTH, **more: str) -> Any:
    file = SimpleUploadedFile("quy-trinh.bpmn", text)
    return client.post(f"/process-tables/{slug}/upload", {"file": file, **more})


def draft(country: Country, slug: str = BIRTH) -> process_table.Table:
    found = in_node(country.nodes["H36"], lambda tx: process_drafts.load(tx, slug))
    assert found is not None
    return found.table


@pytest.mark.parametrize("slug", [BIRTH, "construction/house-permit"])
def test_a_table_downloaded_and_uploaded_is_the_same_draft(linh: Client, country: Country, slug: str) -> None:
    page = linh.get(f"/process-tables/{slug}").content.decode()
    assert f"/process-tables/{slug}/file.bpmn" in page
    assert f"/process-tables/{slug}/upload" in page
    file = linh.get(f"/process-tables/{slug}/file.bpmn")
    assert file["Content-Disposition"].startswith("attachment")
    answer = upload(linh, file.content, slug)
    assert (answer.status_code, answer["Location"]) == (303, f"/process-tables/{slug}/draft?checked")
    service = country.nodes["H36"].at_hand().catalogue.service(slug)
    assert draft(country, slug) == process_table.of_process(service.process)


def test_a_file_from_elsewhere_leaves_open_what_it_does_not_say(linh: Client, country: Country) -> None:
    answer = upload(linh, (PLAIN % "").encode())
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "vai trò nào là làn «Phòng lạ»?" in page
    (row,) = draft(country).rows
    assert (row.vi, row.verb, row.role, row.of) == ("Xem hồ sơ", "", "", "")
    editor = linh.get(f"/process-tables/{BIRTH}/draft?checked")
    assert "Hãy chọn việc của bước." in editor.content.decode()
    assert linh.get(f"/process-tables/{BIRTH}/propose").status_code == 302, "not to be proposed as it is"


def test_a_file_that_no_table_holds_changes_nothing_and_says_where(linh: Client, country: Country) -> None:
    before = draft(country)
    answer = upload(linh, (PLAIN % '<callActivity id="Call_7" name="G"/>').encode())
    assert answer.status_code == 422
    assert "Call_7" in answer.content.decode()
    assert upload(linh, b"<!DOCTYPE x><x/>").status_code == 422
    assert linh.post(f"/process-tables/{BIRTH}/upload", {}).status_code == 422
    assert draft(country) == before


def test_who_is_not_an_administrator_has_none_of_it(desks: office.Desks, authors: Authors) -> None:
    checker = desks("H36", CHECKER)
    for page in (f"/process-tables/{BIRTH}/file.bpmn", f"/process-tables/{BIRTH}/upload", "/process-moves"):
        assert checker.get(page).status_code in (302, 403, 404)
    assert upload(checker, (PLAIN % "").encode()).status_code in (302, 403, 404)


def longer_check(content: Any) -> None:
    next(step for step in content["steps"] if step["step"] == "check")["step"] = "look"
    next(step for step in content["steps"] if step["step"] == "record")["refused_to"] = "look"


def test_an_administrator_tries_moves_and_takes_back(linh: Client, authors: Authors) -> None:
    country, node = authors.country, authors.country.nodes["H36"]
    case = Case(country, 71)
    if case.branch().state.step == "receive":
        case.at("H36", journey.receive_dossier, RECEIVER)
    old = case.branch().identity
    authors.edit(f"services/{BIRTH}/process.yaml", longer_check)
    authors.publish()
    authors.reach()
    page = linh.get("/process-moves").content.decode()
    where = re.search(rf'href="(/process-moves/{BIRTH}/[0-9a-f]+)"', page).group(1)  # type: ignore[union-attr]
    assert where.endswith(old.revision)
    dry = linh.get(where).content.decode()
    assert old.code in dry
    assert "Quy trình mới không có bước này" in dry
    assert "Giữ lại để chuyển" not in dry
    chosen = linh.get(where, {"kind": "move", "step.check": "look"}).content.decode()
    assert "Chuyển được, sang bước đã chọn" in chosen
    assert "Giữ lại để chuyển 1 hồ sơ" in chosen
    assert not in_node(node, moving_revisions.runs), "a dry run is not kept"
    sent = {"kind": "move", "step.check": "look", "decision": "Quyết định 45/QĐ-UBND"}
    assert linh.post(where, {**sent, "decision": " "}).status_code == 422
    run = linh.post(where, sent)["Location"]
    assert "Chưa chuyển" in linh.get(run).content.decode()
    assert linh.post(f"{run}/begin").status_code == 303
    assert linh.post(f"{run}/begin").status_code == 409
    while moving_revisions.work(node):
        pass
    assert case.branch().state.step == "look"
    assert "Đã chuyển" in linh.get(run).content.decode()
    assert "Quyết định 45/QĐ-UBND" in linh.get(run).content.decode()
    assert linh.post(f"{run}/back").status_code == 303
    while moving_revisions.work(node):
        pass
    assert (case.branch().state.step, case.branch().identity.revision) == ("check", old.revision)
    assert "Đã chuyển lại" in linh.get(f"{run}?verdict=elsewhere").content.decode()
    with node.database.transaction() as tx:
        found = moving_revisions.load(tx, run.rpartition("/")[2])
        assert found is not None
        assert entries.verify_stream(tx, f"revision-run/{found.id}", found.chain) == 5
