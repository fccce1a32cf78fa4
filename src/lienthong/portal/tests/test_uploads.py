"""Files handed in at the portal, in pieces by the script or whole with the form: whose they are, what is not taken."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lienthong.casework.tests.country import Country, in_node
from lienthong.catalogue.messages import message
from lienthong.documents import attachments
from lienthong.documents.tests.test_contents import pdf, picture, png_that_claims
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.kit.web import files
from lienthong.portal import drafts, uploads
from lienthong.portal.tests import browsing

SERVICE = "interlinked/birth-residence-card"
KIND = "notice_paper"


@dataclass
class Page:
    """A parent at the form, and the draft it is about."""

    portal: Node
    account: Account
    browser: Client
    draft: str

    @property
    def case(self) -> str:
        return uploads.draft_case(self.draft)

    def announce(self, data: bytes, *, by: Client | None = None, **changed: Any) -> Any:
        told = {"case": self.case, "kind": KIND, "name": "ảnh.jpg", "size": len(data)}
        return (by or self.browser).post("/uploads", told | changed)

    def add(self, url: str, offset: Any, piece: bytes, by: Client | None = None) -> Any:
        headers = {"Upload-Offset": str(offset)}
        return (by or self.browser).patch(url, piece, content_type="application/offset+octet-stream", headers=headers)

    def send(self, data: bytes, **changed: Any) -> Any:
        """What comes of a whole file in one piece."""
        answer = self.announce(data, **changed)
        return answer if answer.status_code != 201 else self.add(answer.json()["url"], 0, data)

    def kept(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = in_node(self.portal, lambda tx: uploads.of(tx, self.case))
        return found


@pytest.fixture(scope="module")
def parent(country: Country) -> Account:
    return country.family(700)


@pytest.fixture
def page(pages: None, portal: Node, parent: Account) -> Iterator[Page]:
    service = portal.catalogue.service(SERVICE)
    draft = in_node(portal, lambda tx: drafts.open_draft(tx, parent, service))
    yield Page(portal, parent, browsing.browser(portal, parent), draft)
    in_node(portal, lambda tx: tx.run("DELETE FROM draft WHERE id = %s", (draft,)))


@pytest.fixture
def stranger(page: Page) -> Client:
    number = "068095009999"
    return browsing.browser(page.portal, Account(number, "K’ Lạ", page.account.birth_date, "male", 2))


def test_a_file_goes_on_where_the_line_was_lost(page: Page) -> None:
    data = picture(size=(800, 600))
    announced = page.announce(data, sha256=hashlib.sha256(data).hexdigest())
    url = announced.json()["url"]
    assert (announced.status_code, announced.headers["Location"], announced.json()["offset"]) == (201, url, 0)
    assert page.add(url, 0, data[:500]).headers["Upload-Offset"] == "500"
    again = page.add(url, 0, data[:500])  # the answer to the first was lost
    assert (again.status_code, again.json()["code"], again.headers["Upload-Offset"]) == (409, "file-offset", "500")
    asked = page.browser.head(url)
    assert (asked.headers["Upload-Offset"], asked.headers["Upload-Length"]) == ("500", str(len(data)))
    assert page.announce(data, sha256=hashlib.sha256(data).hexdigest()).json()["offset"] == 500  # after a new page
    done = page.add(url, 500, data[500:]).json()
    assert page.browser.get(url).json()["file"] == done["file"]
    assert page.kept() == [{name: value for name, value in done["file"].items() if name != "url"}]
    shown = page.browser.get(done["file"]["url"])
    assert shown.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%E1%BA%A3nh.jpg"
    assert shown.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert hashlib.sha256(shown.content).hexdigest() == done["file"]["sha256"]
    assert page.browser.delete(url).status_code == 204
    assert page.kept() == []


@pytest.mark.parametrize(
    ("data", "name", "status", "code"),
    [
        (b"<script>alert(1)</script>", "ảnh.jpg", 415, "file-type"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "anh.svg", 415, "file-type"),
        (b"MZ\x90\x00", "giay.pdf.exe", 415, "file-type"),
        (picture()[:300], "ảnh.jpg", 422, "file-damaged"),
        (png_that_claims(60_000, 60_000), "ảnh.png", 422, "file-too-many-pixels"),
        (pdf(encrypted=True), "giấy.pdf", 422, "file-encrypted"),
        (b"%PDF-1.7 nothing", "giấy.pdf", 422, "file-damaged"),
    ],
)
def test_what_is_not_taken_is_said_in_words(page: Page, data: bytes, name: str, status: int, code: str) -> None:
    answer = page.send(data, name=name)
    assert (answer.status_code, answer.json()) == (status, {"code": code, "message": message(code)})
    page.browser.cookies["lang"] = "en"
    english = page.send(data, name=name).json()["message"]
    assert english != message(code)
    assert page.kept() == []


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"size": 11 * 1024 * 1024}, 413, "file-too-large"),
        ({"size": "0"}, 422, "file-empty"),
        ({"size": "-1"}, 422, "file-empty"),
        ({"size": "99999999999999999999"}, 422, "file-empty"),
        ({"kind": "child_name"}, 422, "file-not-asked"),
        ({"kind": "../x"}, 422, "file-not-asked"),
        ({"sha256": "not a hash"}, 422, "file-hash"),
        ({"sha256": "0" * 64}, 422, "file-hash"),
        ({"case": "draft/00000000-0000-4000-8000-000000000000"}, 404, ""),
        ({"case": "000.00.01.G22-261122-000000"}, 404, ""),
        ({"case": ""}, 404, ""),
    ],
)
def test_an_announcement_that_does_not_fit_is_refused(
    page: Page, changed: dict[str, Any], status: int, code: str
) -> None:
    answer = page.send(picture(), **changed)
    assert answer.status_code == status
    assert not code or answer.json()["code"] == code


def test_pieces_that_do_not_fit_are_refused(page: Page) -> None:
    data = picture()
    url = page.announce(data).json()["url"]
    for offset in (7, -1, "", "x", 10**30):
        assert page.add(url, offset, data).status_code == 409
    assert page.add(url, 0, data + b"more").status_code == 413
    assert page.browser.get(url).json()["offset"] == 0


def test_a_strangers_files_are_not_there(page: Page, stranger: Client) -> None:
    data = picture()
    url = page.announce(data).json()["url"]
    assert page.announce(data, by=stranger).status_code == 404
    for answer in (stranger.get(url), stranger.delete(url), page.add(url, 0, data, by=stranger)):
        assert answer.status_code == 404
    kept = page.add(url, 0, data).json()["file"]
    assert stranger.get(kept["url"]).status_code == 404
    assert stranger.delete(url).status_code == 404
    assert len(page.kept()) == 1
    nobody = browsing.browser(page.portal)
    assert nobody.get(url).headers["Location"].startswith("/sign-in")
    assert nobody.patch(url, data).status_code == 403
    assert page.browser.get("/uploads/00000000-0000-4000-8000-000000000000").status_code == 404


def test_ten_files_are_enough(page: Page) -> None:
    for width in range(10):
        assert page.send(picture(size=(20 + width, 10))).status_code == 200
    assert page.send(picture(size=(99, 10))).json()["code"] == "file-too-many"
    assert len(page.kept()) == attachments.MOST_FILES


def test_what_was_submitted_takes_no_more_files_and_can_still_be_looked_at(page: Page) -> None:
    late = page.announce(picture(size=(31, 7))).json()["url"]
    kept = page.send(picture()).json()["file"]
    code = f"T-{page.draft[:8]}"

    def submit(tx: Any) -> None:
        assert [entry["id"] for entry in uploads.filed(tx, page.case, code)] == [kept["id"]]
        assert uploads.filed(tx, page.case, code) == []
        tx.run("UPDATE draft SET submitted = %s WHERE id = %s", (code, page.draft))

    in_node(page.portal, submit)
    assert page.send(picture()).json()["code"] == "file-closed"
    assert page.add(late, 0, b"x").json()["code"] == "file-closed"
    assert page.browser.delete(f"/uploads/{kept['id']}").status_code == 404
    assert in_node(page.portal, lambda tx: attachments.known(tx, kept["id"])) is not None


# without the script


def form(page: Page, browser: Client, **posted: Any) -> Any:
    return browser.post(f"/services/{SERVICE}/drafts/{page.draft}", posted)


def named(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="image/jpeg")


def test_without_the_script_the_form_brings_the_file_and_nothing_typed_is_lost(page: Page) -> None:
    brought = {f"file-{KIND}": named("ảnh của K’ Brèo.jpg", picture())}
    answer = form(page, page.browser, child_name="K’ Brêm", upload=KIND, **brought)
    assert (answer.status_code, len(page.kept())) == (200, 1)
    assert "K’ Brêm" in answer.content.decode()
    form(page, page.browser, upload=KIND, **{f"file-{KIND}": named("b.jpg", picture())})
    assert len(page.kept()) == 1  # the same file, sent again
    answer = form(page, page.browser, remove=page.kept()[0]["id"])
    assert (answer.status_code, page.kept()) == (200, [])


def test_without_the_script_a_bad_file_is_told_beside_its_field(page: Page) -> None:
    for data, code in ((b"<html>", "file-type"), (b"", "file-missing")):
        brought = {f"file-{KIND}": named("ảnh.jpg", data)} if data else {}
        answer = form(page, page.browser, upload=KIND, proof="witness", birth_at="home", **brought)
        assert answer.status_code == 422
        assert message(code) in answer.content.decode()
    assert page.kept() == []


def test_a_file_in_the_form_is_never_kept_beyond_the_bound(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_A_REQUEST", 100_000)
    answer = form(
        page, page.browser, upload=KIND, **{f"file-{KIND}": named("a.jpg", picture() + bytes(11 * 1024 * 1024))}
    )
    assert message("file-too-large") in answer.content.decode()
