"""A paper asked for, handed in at the portal, and opened by the officer who asked – and by nobody else."""

from itertools import count

import pytest

from lienthong.casework import parents, pauses
from lienthong.casework.pauses import Item
from lienthong.casework.tests.country import CHECKER, Country, in_node
from lienthong.desk.tests.births import branch, families, load, submit
from lienthong.desk.tests.office import COLLEAGUE, POLICE, STRANGER, Desks
from lienthong.documents import attachments, fetching, receiving
from lienthong.documents.attachments import Entry
from lienthong.documents.tests.test_contents import picture
from lienthong.portal import uploads

shades = count(10)


@pytest.fixture
def handed_in(country: Country) -> tuple[str, Entry]:
    """The birth branch at H36 after a supplement: its code, and the file that came with it."""
    mother = country.family(next(families))
    parent = submit(country, mother)
    h36, portal, code = country.nodes["H36"], country.nodes["portal"], branch(country, "H36", parent)
    items = [Item(paper="notice_paper", text="Ảnh giấy chứng sinh")]
    in_node(h36, lambda tx: pauses.supplement(h36, tx, code, CHECKER, items, "unclear-evidence"))
    country.deliver()
    data = picture(size=(next(shades), 60))
    entry = receiving.take(portal.database, parent, mother.number, "notice_paper", "giấy.jpg", data, len(data))
    with portal.database.transaction() as tx:
        manifest = uploads.filed(tx, parent, parent)
        parents.supply(portal, tx, parent, "birth", mother.number, {}, manifest)
    country.deliver()
    return code, entry


def test_an_officer_opens_a_file_that_is_fetched_when_it_is_wanted(
    country: Country, desks: Desks, handed_in: tuple[str, Entry]
) -> None:
    code, entry = handed_in
    page = desks("H36", CHECKER).get(f"/dossiers/{code}").content.decode()
    assert f"/dossiers/{code}/files/{entry.id}" in page
    assert "Đang chuyển từ cổng về" in page
    answer = desks("H36", CHECKER).get(f"/dossiers/{code}/files/{entry.id}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert answer["Content-Disposition"] == "attachment; filename*=UTF-8''gi%E1%BA%A5y.jpg"
    assert (answer["Content-Security-Policy"], answer["X-Content-Type-Options"]) == (
        "default-src 'none'; sandbox",
        "nosniff",
    )
    assert answer.content.startswith(b"\xff\xd8\xff")
    logged = in_node(
        country.nodes["portal"],
        lambda tx: tx.all("SELECT payload FROM journal_entry WHERE kind = 'read' AND payload LIKE '%%attachments%%'"),
    )
    assert any(CHECKER.number in row.payload and '"H36"' in row.payload for row in logged)
    country.silent = {"portal"}
    assert desks("H36", COLLEAGUE).get(f"/dossiers/{code}/files/{entry.id}").status_code == 200
    assert "Đang chuyển từ cổng về" not in desks("H36", CHECKER).get(f"/dossiers/{code}").content.decode()


def test_a_silent_portal_is_said_plainly_and_the_file_comes_later(
    country: Country, desks: Desks, handed_in: tuple[str, Entry]
) -> None:
    code, entry = handed_in
    country.silent = {"portal"}
    answer = desks("H36", CHECKER).get(f"/dossiers/{code}/files/{entry.id}")
    assert answer.status_code == 503
    assert "Tệp chưa về tới nơi" in answer.content.decode()
    country.silent = set()
    in_node(country.nodes["H36"], lambda tx: tx.run("UPDATE attachment SET next_at = created_at"))
    assert fetching.fetch_missing(country.nodes["H36"]) >= 1
    assert desks("H36", CHECKER).get(f"/dossiers/{code}/files/{entry.id}").status_code == 200


def test_nobody_else_opens_it(country: Country, desks: Desks, handed_in: tuple[str, Entry]) -> None:
    code, entry = handed_in
    path = f"/dossiers/{code}/files/{entry.id}"
    assert desks("H36", STRANGER).get(path).status_code == 404
    assert desks("H36", POLICE).get(path).status_code == 403
    assert desks("H36").get(path).headers["Location"].startswith("/sign-in")
    nothing = "00000000-0000-4000-8000-000000000000"
    assert desks("H36", CHECKER).get(f"/dossiers/{code}/files/{nothing}").status_code == 404
    other = branch(country, "H36", submit(country, country.family(next(families))))
    assert desks("H36", CHECKER).get(f"/dossiers/{other}/files/{entry.id}").status_code == 404


def test_an_agency_that_was_not_sent_a_file_does_not_get_it(country: Country, handed_in: tuple[str, Entry]) -> None:
    code, entry = handed_in
    g01, case = country.nodes["G01"], load(country, code).identity.case
    manifest = [{name: getattr(entry, name) for name in entry.__struct_fields__}]
    purpose = "residence/newborn-residence"
    in_node(g01, lambda tx: attachments.expect(tx, manifest, origin="portal", case=case, purpose=purpose))
    assert not fetching.fetch(g01, entry.id)


def test_a_dossier_whose_paper_has_not_come_is_not_passed_on_and_the_page_says_why(
    country: Country, desks: Desks, handed_in: tuple[str, Entry]
) -> None:
    code, entry = handed_in
    browser = desks("H36", CHECKER)
    page = browser.get(f"/dossiers/{code}").content.decode()
    assert "Chưa làm được: giấy tờ đã nộp chưa về tới nơi" in page
    assert f'action="/dossiers/{code}/check"' not in page
    refused = browser.post(f"/dossiers/{code}/check")
    assert refused.status_code == 422
    assert "chưa về tới nơi" in refused.content.decode()
    assert load(country, code).state.step == "check"
    assert fetching.fetch(country.nodes["H36"], entry.id)
    assert browser.post(f"/dossiers/{code}/check").status_code == 303
