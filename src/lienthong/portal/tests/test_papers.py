"""Papers for the citizen, and for whoever is shown one: downloads, the public page, a file held against it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from lienthong.casework import dossiers, papers, revisions
from lienthong.casework.tests.country import CHAIR, Country, in_node
from lienthong.casework.tests.test_side_paths import Case
from lienthong.documents import papers as kept
from lienthong.documents.tests import trust as trusting
from lienthong.portal.papers import PaperLink, links
from lienthong.portal.tests import browsing

BIRTH = "birth-certificate"


@pytest.fixture(scope="module")
def settled(country: Country, case: Case, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The case, with every result, at nodes whose seals have certificates."""
    trust = trusting.make(Path(tmp_path_factory.mktemp("trust")))
    for name in ("H36", "G01", "BHXH"):
        country.nodes[name].seal_chain = trust.chain(name, country.nodes[name].seal)
    case.decide()
    return case


@pytest.fixture
def made(settled: Case) -> kept.Paper:
    node, code = settled.country.nodes["H36"], settled.branch().identity.code
    return in_node(node, lambda tx: papers.paper(node, tx, code, BIRTH))


@pytest.fixture
def anybody(pages: None, portal: Any) -> Client:
    return browsing.browser(portal)


@pytest.fixture
def silent(country: Country) -> Iterator[None]:
    country.silent.add("H36")
    yield
    country.silent.discard("H36")


def links_of(case: Case, language: str = "vi") -> list[PaperLink]:
    with case.portal.database.transaction() as tx:
        acts, results = dossiers.acts(tx, case.code), dossiers.kept_results(tx, case.code)
    with translation.override(language):
        return links(case.portal, case.parent, acts, results)


def test_the_timeline_lists_results_before_forms_in_the_readers_language(mother: Client, settled: Case) -> None:
    titles = [link.title for link in links_of(settled) if link.kind == "result"]
    assert titles == ["Giấy khai sinh", "Thông báo kết quả đăng ký thường trú", "Thẻ bảo hiểm y tế"]
    found = links_of(settled, "en")
    assert [link.kind for link in found] == sorted((link.kind for link in found), reverse=True)
    assert found[0].title == "Birth certificate"
    assert all(link.made_at for link in found)
    assert {link.branch for link in found if link.kind == "form"} == {"birth", "residence", "card"}


def test_every_paper_that_is_listed_can_be_downloaded_by_its_applicant(mother: Client, settled: Case) -> None:
    for link in links_of(settled):
        answer = mother.get(link.url)
        assert answer.status_code == 200, link
        assert answer.content.startswith(b"%PDF-1.7")
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Content-Disposition"].startswith("attachment;")
        assert answer["Cache-Control"] == "no-store"
        assert "Ka" not in answer["Content-Disposition"]


def test_nobody_else_gets_it_and_what_is_not_there_is_not_there(
    mother: Client, anybody: Client, settled: Case, country: Country
) -> None:
    address = f"/dossiers/{settled.code}/papers/birth/{BIRTH}"
    assert anybody.get(address).status_code == 302  # to the sign-in
    stranger = browsing.browser(settled.portal, country.family(77))
    assert stranger.get(address).status_code == 404
    for missing in ("birth/form-03", "birth/base", "birth/health-card", "nothing/form-01"):
        assert mother.get(f"/dossiers/{settled.code}/papers/{missing}").status_code == 404, missing
    assert mother.post(address).status_code == 405


def test_a_silent_agency_is_named_and_nothing_is_lost(mother: Client, settled: Case, silent: None) -> None:
    answer = mother.get(f"/dossiers/{settled.code}/papers/birth/{BIRTH}")
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert "Lâm Đồng" in answer.content.decode()


def test_anybody_who_holds_a_paper_learns_that_it_is_valid(anybody: Client, made: kept.Paper) -> None:
    page = anybody.get(f"/xac-minh/h36/{made.code}").content.decode()
    for words in ("Giấy này còn giá trị", "Giấy khai sinh", "K* B***", "xã Di Linh", made.sha256):
        assert words in page, words
    assert "Brêm" not in page
    english = browsing.browser(browsing.SERVED["portal"], language="en")
    assert "This paper is valid" in english.get(f"/xac-minh/h36/{made.code}").content.decode()


def test_every_code_that_is_none_gets_the_same_page(anybody: Client, made: kept.Paper) -> None:
    unknown = [
        f"h36/{kept.new_code()}", f"g01/{made.code}", f"nobody/{made.code}", "h36/short", f"portal/{made.code}",
        f"h36/{made.code[:-1]}.", "h36/%27%20OR%201=1", f"h36/{'x' * 300}",
    ]  # fmt: skip
    answers = [anybody.get(f"/xac-minh/{address}") for address in unknown]
    assert {answer.status_code for answer in answers} == {404}
    pages = {answer.content.decode().replace(address, "") for answer, address in zip(answers, unknown, strict=True)}
    assert len({page[page.index("<main") : page.index("</main")] for page in pages}) == 1


def test_unknown_codes_and_unknown_agencies_take_the_same_question(
    anybody: Client, made: kept.Paper, portal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    real = portal.asker.ask_all
    monkeypatch.setattr(portal.asker, "ask_all", lambda questions, within: asked.extend(questions) or real(questions))
    for address in (f"h36/{kept.new_code()}", f"nobody/{made.code}", "h36/short"):
        anybody.get(f"/xac-minh/{address}")
    assert len(asked) == 3
    assert all(kept.is_code(question.body["code"]) for question in asked)
    assert made.code not in str(asked)


def test_a_silent_agency_is_not_taken_for_an_unknown_paper(anybody: Client, made: kept.Paper, silent: None) -> None:
    answer = anybody.get(f"/xac-minh/h36/{made.code}")
    assert answer.status_code == 503
    assert "chưa biết" in answer.content.decode()


@pytest.mark.parametrize(
    ("file", "said"),
    [("same", "Đúng là tệp này"), ("other", "Không phải tệp này"), ("none", "Chưa có tệp"), ("large", "10 MB")],
)
def test_a_file_held_against_the_paper_is_judged(anybody: Client, made: kept.Paper, file: str, said: str) -> None:
    contents = {"same": made.pdf, "other": made.pdf + b"\n", "large": b"x" * (10 * 1024 * 1024 + 1)}
    posted = {"file": SimpleUploadedFile("a.pdf", contents[file])} if file in contents else {}
    answer = anybody.post(f"/xac-minh/h36/{made.code}", posted)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not answer.cookies


def test_a_printed_code_can_be_typed(anybody: Client, made: kept.Paper) -> None:
    for typed in (
        f"h36/{made.code}",
        f" H36/{made.code.upper()} ",
        f"http://portal.localhost/xac-minh/h36/{made.code}",
    ):
        answer = anybody.get("/xac-minh", {"code": typed})
        assert answer.status_code == 302, typed
        assert answer["Location"] == f"/xac-minh/h36/{made.code}"
    wrong = anybody.get("/xac-minh", {"code": made.code})
    assert wrong.status_code == 422
    assert "gạch chéo" in wrong.content.decode()
    assert anybody.get("/xac-minh").status_code == 200


def test_an_annulled_paper_is_told_as_revoked_and_no_longer_listed(
    mother: Client, anybody: Client, settled: Case, made: kept.Paper
) -> None:
    settled.at("H36", revisions.annul, CHAIR, "12/QĐ-UBND", "false-statement")
    page = anybody.get(f"/xac-minh/h36/{made.code}").content.decode()
    assert "Giấy này đã bị thu hồi" in page
    assert "Thu hồi từ" in page
    assert BIRTH not in " ".join(link.url for link in links_of(settled))
    assert mother.get(f"/dossiers/{settled.code}/papers/birth/{BIRTH}").status_code == 404
