"""The site's own files: kept for good under their hash, packed for the line, and nothing beside them."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from lienthong.kit.web import assets, middleware
from lienthong.kit.web.assets import Assets, serving

LINE = 27 * 512  # what both stylesheets may weigh packed
TYPEFACE = 34 * 1024  # what a Vietnamese page needs of it: two weights, Latin and Vietnamese letters


@pytest.fixture
def files(tmp_path: Path) -> Assets:
    (tmp_path / "web" / "fonts").mkdir(parents=True)
    for name, text in {
        "web/fonts/a.woff2": "font",
        "web/page.css": '@font-face { src: url("fonts/a.woff2"), url(data:x), url("none.woff2") }' + " " * 200,
        "web/run.js": 'import { a } from "./part.js"; import "./none.js";' + " " * 200,
        "web/part.js": "export const a = 1;",
    }.items():
        (tmp_path / name).write_text(text)
    (tmp_path.parent / "secret.txt").write_text("secret")
    return Assets(tmp_path)


def get(files: Assets, path: str, method: str = "GET", **headers: str) -> tuple[str, dict[str, str], bytes]:
    told: list[Any] = []

    def pages(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("404 Not Found", [])
        return [b"a page"]

    environ = {"PATH_INFO": f"/static/{path}", "REQUEST_METHOD": method} | headers
    body = b"".join(serving(files, "/static/", pages)(environ, lambda *start: told.extend(start)))
    return told[0], dict(told[1]), body


def test_a_file_has_an_address_that_changes_with_it_and_with_what_it_names(files: Assets, tmp_path: Path) -> None:
    page, font, part = (files.address(f"web/{name}") for name in ("page.css", "fonts/a.woff2", "part.js"))
    text = get(files, page)[2].decode()
    assert f'url("fonts/{Path(font).name}")' in text
    assert "url(data:x)" in text
    assert 'url("none.woff2")' in text
    assert f'"./{Path(part).name}"' in get(files, files.address("web/run.js"))[2].decode()
    (tmp_path / "web/fonts/a.woff2").write_text("another font")
    newer = Assets(tmp_path)
    assert newer.address("web/fonts/a.woff2") != font
    assert newer.address("web/page.css") != page
    with pytest.raises(KeyError):
        files.address("web/none.css")


def test_by_its_hash_it_is_kept_for_good_by_its_name_asked_for_each_time(files: Assets) -> None:
    status, headers, _ = get(files, files.address("web/page.css"))
    assert (status, headers["Cache-Control"]) == ("200 OK", "public, max-age=31536000, immutable")
    assert headers["X-Content-Type-Options"] == "nosniff"
    status, headers, body = get(files, "web/page.css")
    assert (status, headers["Cache-Control"]) == ("200 OK", "no-cache")
    status, again, nothing = get(files, "web/page.css", HTTP_IF_NONE_MATCH=headers["ETag"])
    assert (status, nothing, again["ETag"]) == ("304 Not Modified", b"", headers["ETag"])
    assert get(files, "web/page.css", "HEAD")[1]["Content-Length"] == str(len(body))


def test_texts_leave_packed_for_who_can_unpack_them(files: Assets) -> None:
    _, plain, body = get(files, "web/page.css")
    _, packed, small = get(files, "web/page.css", HTTP_ACCEPT_ENCODING="gzip, br")
    assert (packed["Content-Encoding"], packed["Vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(small) == body
    assert len(small) < len(body)
    assert (plain["Content-Type"], plain["Vary"]) == ("text/css; charset=utf-8", "Accept-Encoding")
    assert "Content-Encoding" not in get(files, "web/fonts/a.woff2", HTTP_ACCEPT_ENCODING="gzip")[1]


@pytest.mark.parametrize("path", ["../secret.txt", "web/../../secret.txt", "web", "web/", "", "web/none.css"])
def test_what_is_no_file_of_ours_goes_on_to_the_pages(files: Assets, path: str) -> None:
    assert get(files, path) == ("404 Not Found", {}, b"a page")


def test_nothing_is_posted_to_a_file(files: Assets) -> None:
    assert get(files, "web/page.css", "POST")[0] == "404 Not Found"


def test_a_page_names_a_file_by_its_address_and_no_file_that_is_not_there(site: Client) -> None:
    assert assets.Addresses().url("web/lienthong.css") == f"/static/{assets.own().address('web/lienthong.css')}"
    with pytest.raises(KeyError):
        assets.Addresses().url("web/none.css")


def test_what_a_first_visit_needs_stays_light() -> None:
    own = assets.own()
    styles = [own.find(f"web/{name}")[0] for name in ("lienthong.css", "vendor/govuk-frontend/govuk.css")]
    letters = [f"{letters}-{weight}" for letters in ("latin", "vietnamese") for weight in (400, 600)]
    fonts = [own.find(f"web/vendor/be-vietnam-pro/{name}.woff2")[0] for name in letters]
    assert sum(len(style.packed) for style in styles if style) <= LINE
    assert sum(len(font.data) for font in fonts if font) <= TYPEFACE


def test_pages_leave_packed_and_files_of_people_do_not() -> None:
    packed = middleware.Packed(lambda request: HttpResponse("Đ" * 2000, content_type=request.META["kind"]))
    for kind, encoding in (("text/html; charset=utf-8", "gzip"), ("image/jpeg", None), ("application/pdf", None)):
        request = RequestFactory().get("/", headers={"accept-encoding": "gzip"}, kind=kind)
        assert packed(request).headers.get("Content-Encoding") == encoding
