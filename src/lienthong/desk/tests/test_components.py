"""A dossier's papers at the desk: scanning one, and an act that rests on a reused paper which holds no more."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lienthong.casework import digitisation, revisions
from lienthong.casework.dossiers import Dossier
from lienthong.casework.tests.country import CHAIR, Country, in_node
from lienthong.casework.tests.test_store import RECEIVER, applied, at, components, copied, handed_in, mine, referred
from lienthong.desk.tests.office import STRANGER, Desks
from lienthong.documents.tests import trust as trusting
from lienthong.documents.tests.test_contents import pdf, picture


@pytest.fixture(scope="module", autouse=True)
def _sealed(country: Country, node_database: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """H36 makes papers, and has this officer at its counter."""
    h36 = country.nodes["H36"]
    h36.seal_chain = trusting.make(Path(tmp_path_factory.mktemp("trust"))).chain("H36", h36.seal)
    with psycopg.connect(node_database("H36").owner) as owner:
        sql = "INSERT INTO officer (number, name, role, unit, starts) VALUES (%s, %s, %s, %s, '2025-07-01')"
        post = RECEIVER.posts[0]
        owner.execute(sql, (RECEIVER.number, RECEIVER.name, post.role, post.unit))


def permit(country: Country, number: int) -> Dossier:
    handed_in(country, f"draft/{number}", "drawings")
    return applied(country, country.family(number), number, [])


def scan(desk: Client, dossier: Dossier, version: int = 1, *, file: bytes | None = None, **typed: Any) -> Any:
    sent = {"kind": "drawings", "version": version, "originals": "1", "reason": "scan-better", **typed}
    files = {} if file is None else {"file": SimpleUploadedFile("quet.png", file)}
    return desk.post(f"/dossiers/{dossier.identity.code}/components/scan", {**sent, **files})


def test_an_officers_scan_is_counted_and_replaces_with_history(country: Country, desks: Desks) -> None:
    dossier, desk = permit(country, 971), desks("H36", RECEIVER)
    assert "Đã số hóa" in desk.get(f"/dossiers/{dossier.identity.code}/components").content.decode()
    sheet = picture("PNG", size=(2400, 1700))
    assert scan(desk, dossier).status_code == 422, "no file"
    assert scan(desk, dossier, file=sheet, originals="2").status_code == 422, "a page is missing"
    assert scan(desk, dossier, file=sheet, reason="").status_code == 422, "why?"
    assert scan(desk, dossier, file=sheet, number="12/BV", issued_on="2026-10-01").status_code == 303
    assert scan(desk, dossier, file=pdf()).status_code == 422, "the page is older than the paper"
    found = components(country, dossier)["drawings"]
    assert (found.version, found.about.number, found.pages, found.flaws) == (2, "12/BV", 1, [])
    page = desk.get(f"/dossiers/{dossier.identity.code}/components").content.decode()
    assert "Các bản trước" in page
    assert RECEIVER.name in page
    file = desk.get(f"/dossiers/{dossier.identity.code}/files/{found.files[0].id}")
    assert file.status_code == 200
    assert desks("H36", STRANGER).get(f"/dossiers/{dossier.identity.code}/components").status_code == 404


def test_a_reused_paper_is_asked_after_when_the_dossier_is_received(country: Country, desks: Desks) -> None:
    node, owner = country.nodes["H36"], country.family(972)
    first = copied(country, owner)
    handed_in(country, "draft/972", "drawings")
    referred(country, owner, 972, mine(country, owner)[0])
    dossier, desk = applied(country, owner, 972, []), desks("H36", RECEIVER)
    code = dossier.identity.code
    page = desk.get(f"/dossiers/{code}/components").content.decode()
    assert "Còn giá trị, nơi giữ vừa trả lời" in page
    assert desk.get(f"/dossiers/{code}/components/land_paper/paper").content.startswith(b"%PDF-")
    in_node(node, lambda tx: revisions.annul(node, tx, first.identity.code, CHAIR, "12/QĐ (2026-11-22)", "annul-false"))
    assert "Đã bị thu hồi" in desk.get(f"/dossiers/{code}/components").content.decode()
    refused = desk.post(f"/dossiers/{code}/receive", {"version": dossier.acts})
    assert refused.status_code in (409, 422)
    assert at(country, code).state.status == 1
    asked = in_node(node, lambda tx: tx.all("SELECT act, state FROM component_asked WHERE dossier = %s", (code,)))
    assert [(row.act, row.state) for row in asked] == [("receive", "revoked")]
    assert components(country, dossier)["land_paper"].state == digitisation.OF_RESULT
