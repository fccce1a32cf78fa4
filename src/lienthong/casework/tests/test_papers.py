"""A dossier's papers: made once, replaced by a correction, void after an annulment, told to nobody else."""

import base64
import hashlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import django
import pytest
from django.apps import apps
from django.conf import settings

if not settings.configured:
    settings.configure(SECRET_KEY="only for tests")
if not apps.ready:
    django.setup()

from lienthong.casework import dossiers, extending, journey, paper_idle, papers, pauses, revisions
from lienthong.casework.pauses import Item
from lienthong.casework.tests.country import CHAIR, CHECKER, Country, in_node
from lienthong.casework.tests.test_side_paths import RECEIVER, Case
from lienthong.documents import papers as kept
from lienthong.documents import sealing
from lienthong.documents.tests import trust as trusting
from lienthong.documents.tests.trust import Trust
from lienthong.exchange.asking import Question
from lienthong.journal import sealer
from lienthong.kit import clock

BIRTH, CARD, NOTICE = "birth-certificate", "health-card", "residence-notice"
AT = {"birth": "H36", "residence": "G01", "card": "BHXH"}
SERVICES = {
    "birth": "civil-status/birth-registration", "residence": "residence/newborn-residence",
    "card": "health-insurance/child-health-card",
}  # fmt: skip


@pytest.fixture(scope="module")
def country(node_database: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    made = Country(node_database, Path(tmp_path_factory.mktemp("run")))
    yield made
    made.close()


@pytest.fixture(scope="module")
def trust(country: Country, tmp_path_factory: pytest.TempPathFactory) -> Trust:
    """The nodes have certificates for their seals."""
    made = trusting.make(Path(tmp_path_factory.mktemp("trust")))
    for name in ("H36", "G01", "BHXH"):
        node = country.nodes[name]
        node.seal_chain = made.chain(name, node.seal)
    return made


@pytest.fixture(autouse=True)
def own_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENTHONG_CLOCK", str(tmp_path / "clock"))


@pytest.fixture(scope="module")
def done(country: Country, trust: Trust) -> Case:
    """A birth that all agencies have settled."""
    case = Case(country, 1, requester_phone="0912345678")
    case.decide()
    assert set(case.states().values()) == {"done"}
    return case


def paper(case: Case, branch: str, name: str) -> kept.Paper:
    node = case.country.nodes[AT[branch]]
    code = case.branch(AT[branch], branch).identity.code
    return in_node(node, lambda tx: papers.paper(node, tx, code, name))


def ask(case: Case, branch: str, service: str, body: dict[str, Any], *, case_code: str = "", purpose: str = "") -> Any:
    portal = case.country.nodes["portal"]
    question = Question(AT[branch], service, body, purpose or SERVICES[branch], case_code or case.code)
    answer = portal.asker.ask(question)
    return answer.body if answer else None


def text_of(made: kept.Paper, folder: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext (poppler-utils) on this machine")
    file = folder / "paper.pdf"
    file.write_bytes(made.pdf)
    return subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True).stdout


def test_three_papers_of_one_birth_say_what_the_registers_say(done: Case, trust: Trust, tmp_path: Path) -> None:
    birth, notice, card = (paper(done, *one) for one in (("birth", BIRTH), ("residence", NOTICE), ("card", CARD)))
    number = in_node(done.country.nodes["G15"], lambda tx: tx.value("SELECT child_number FROM births"))
    grouped = f"{number[:3]} {number[3:6]} {number[6:]}"
    said = text_of(birth, tmp_path)
    for words in ("GIẤY KHAI SINH", "K’ BRÊM", "12/11/2026", "tháng mười một", "Cơ-ho", grouped, "KA WẼN", "Nam"):
        assert words in said, words
    assert "K’ Brèo" in said  # the chair who signed
    assert "MẪU" not in said
    assert all(word in text_of(notice, tmp_path) for word in ("THÔNG BÁO", "K’ BRÊM", grouped, "Thôn 3, xã Di Linh"))
    assert all(word in text_of(card, tmp_path) for word in ("THẺ BẢO HIỂM Y TẾ", "K’ BRÊM", "TE1", grouped))
    for made in (birth, notice, card):
        assert trust.verdict(made.pdf).bottom_line
        assert len(made.pdf) < kept.LARGEST
        assert made.level == "B-B"  # no time-stamp authority is named here


def test_a_second_request_gets_the_same_bytes(done: Case, trust: Trust) -> None:
    one, two = paper(done, "birth", BIRTH), paper(done, "birth", BIRTH)
    assert (one.pdf, one.code, one.version) == (two.pdf, two.code, 1)


def test_requests_at_the_same_moment_make_one_paper(country: Country, trust: Trust) -> None:
    case = Case(country, 2)
    case.decide()
    with ThreadPoolExecutor(3) as crew:
        made = list(crew.map(lambda _: paper(case, "birth", BIRTH), range(3)))
    assert len({one.code for one in made}) == 1
    assert case.count("H36", "SELECT count(*) FROM document WHERE dossier = %s", made[0].dossier) == 1


def test_who_waits_long_for_another_maker_is_told_instead_of_held(
    country: Country, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(country, 9)
    case.decide()
    monkeypatch.setattr(kept, "_WAIT", "50ms")
    code, node = case.branch().identity.code, country.nodes["H36"]
    with node.database.transaction() as tx:
        papers.paper(node, tx, code, BIRTH)
        told = ask(case, "birth", papers.FETCH, {"dossier": code, "name": BIRTH})
    assert told == {"found": False, "why": "being-made"}


def test_what_dies_between_seal_and_commit_leaves_nothing(
    country: Country, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(country, 3)
    case.decide()
    real = sealing.seal

    def killed(*arguments: Any, **named: Any) -> Any:
        real(*arguments, **named)
        raise ConnectionResetError("killed")

    monkeypatch.setattr(sealing, "seal", killed)
    with pytest.raises(ConnectionResetError):
        paper(case, "birth", BIRTH)
    monkeypatch.undo()
    code = case.branch().identity.code
    count = "SELECT count(*) FROM document WHERE dossier = %s"
    assert case.count("H36", count, code) == 0
    paper(case, "birth", BIRTH)
    assert case.count("H36", count, code) == 1


def test_the_portal_fetches_it_in_the_case_only_and_the_read_is_logged(done: Case, trust: Trust) -> None:
    code = done.branch().identity.code
    told = ask(done, "birth", papers.FETCH, {"dossier": code, "name": BIRTH})
    assert hashlib.sha256(base64.b64decode(told["pdf"])).hexdigest() == told["sha256"]
    reads = "SELECT count(*) FROM journal_entry WHERE kind = 'read' AND subject = %s AND payload LIKE '%%document%%'"
    assert done.count("H36", reads, done.mother.number) == 1
    body = {"dossier": code, "name": BIRTH}
    assert ask(done, "birth", papers.FETCH, body, case_code="another-case") == {"found": False}
    assert ask(done, "birth", papers.FETCH, {"dossier": code, "name": "form-03"}) == {"found": False}
    assert ask(done, "birth", papers.FETCH, body, purpose="verification") is None  # no right


def test_who_holds_the_code_learns_that_it_is_valid_and_no_more(done: Case, trust: Trust) -> None:
    made = paper(done, "birth", BIRTH)
    told = ask(done, "birth", papers.VERIFY, {"code": made.code}, purpose="verification")
    assert (told["state"], told["holder"], told["sha256"]) == ("valid", "K* B***", made.sha256)
    assert told["title"]["en"] == "Birth certificate"
    assert "Di Linh" in told["issuer"]
    assert not {"pdf", "dossier", "facts"} & set(told)
    assert done.mother.number not in str(told)
    unknown = ask(done, "birth", papers.VERIFY, {"code": kept.new_code()}, purpose="verification")
    assert unknown == {"found": False}
    assert ask(done, "birth", papers.VERIFY, {"code": None}, purpose="verification") == unknown


def test_an_annulled_registration_voids_its_certificate_and_not_its_receipt(country: Country, trust: Trust) -> None:
    case = Case(country, 4)
    case.decide()
    birth, receipt = paper(case, "birth", BIRTH), paper(case, "birth", "form-01")
    case.at("H36", revisions.annul, CHAIR, "12/QĐ-UBND", "false-statement")
    assert case.branch().state.reason == "annulled"
    told = ask(case, "birth", papers.VERIFY, {"code": birth.code}, purpose="verification")
    assert told["state"] == "revoked"
    assert told["ended_at"]
    still = ask(case, "birth", papers.VERIFY, {"code": receipt.code}, purpose="verification")
    assert still["state"] == "valid"
    with pytest.raises(papers.Void):
        paper(case, "birth", BIRTH)


def test_forms_follow_from_acts(country: Country, trust: Trust, tmp_path: Path) -> None:
    case = Case(country, 5)
    case.at("H36", journey.receive_dossier, RECEIVER)
    receipt = text_of(paper(case, "birth", "form-01"), tmp_path)
    for words in ("GIẤY TIẾP NHẬN HỒ SƠ", case.branch().identity.code, "Trần Thị Nhận", "Ka Wẽn"):
        assert words in receipt, words
    case.at("H36", pauses.supplement, CHECKER, [Item("child_name", "", "Viết rõ tên đệm")], "unclear-evidence")
    asked = text_of(paper(case, "birth", "form-02"), tmp_path)
    assert all(words in asked for words in ("PHIẾU YÊU CẦU", "Viết rõ tên đệm", "Chưa đủ căn cứ", "Lê Thị Kiểm"))
    with pytest.raises(LookupError):
        paper(case, "birth", "form-03")

    other = Case(country, 6)
    other.at("H36", journey.receive_dossier, RECEIVER)
    other.at("H36", journey.refuse, CHECKER, "not-competent: Xã Bảo Thuận giải quyết")
    refused = text_of(paper(other, "birth", "form-03"), tmp_path)
    assert all(words in refused for words in ("PHIẾU TỪ CHỐI", "thẩm quyền", "Xã Bảo Thuận giải quyết", "khiếu nại"))
    with pytest.raises(LookupError):
        paper(other, "birth", BIRTH)


def test_an_apology_and_a_control_slip_say_what_the_acts_say(country: Country, trust: Trust, tmp_path: Path) -> None:
    clock.shift(datetime(2026, 12, 7, 9, tzinfo=clock.ZONE) - clock.now())
    case = Case(country, 28)
    case.at("H36", journey.receive_dossier, RECEIVER)
    clock.shift(timedelta(hours=2))  # of the twenty-four there are
    until = datetime(2026, 12, 9, 17, tzinfo=clock.ZONE)
    case.at("H36", extending.extend, CHAIR, until, "verification-long: Chờ xã Bảo Thuận trả lời")
    apology = text_of(paper(case, "birth", "form-04"), tmp_path)
    told = (
        "VĂN BẢN XIN LỖI",
        "/PXL",
        "Ka Wẽn",
        "Phải xác minh lâu hơn",
        "Chờ xã Bảo Thuận",
        "lập muộn",
        "ngày 09 tháng",
    )
    assert all(words in apology for words in told), apology
    clock.shift(timedelta(days=5))
    case.at("H36", journey.check, CHECKER)
    slip = text_of(paper(case, "birth", "form-06"), tmp_path)
    told = ("PHIẾU KIỂM SOÁT", "/PKS", "Trần Thị Nhận", "Lê Thị Kiểm", "Quá hạn", "Chủ tịch")
    assert all(words in " ".join(slip.split()) for words in told), slip
    body = {"dossier": case.branch().identity.code, "name": "form-06"}
    assert ask(case, "birth", papers.FETCH, body) == {"found": False}, "the slip is the agency's own"


def test_what_is_received_by_verified_data_has_its_form_too(done: Case, trust: Trust, tmp_path: Path) -> None:
    assert "THẺ" not in text_of(paper(done, "card", "form-01"), tmp_path).split("Nội dung")[0]
    names = papers.available(
        done.country.nodes["BHXH"],
        done.branch("BHXH", "card"),
        in_node(done.country.nodes["BHXH"], lambda tx: dossiers.acts(tx, done.branch("BHXH", "card").identity.code)),
    )
    assert list(names) == [CARD, "form-01", "form-06"]


def test_papers_of_a_demo_country_are_stamped_sample(
    country: Country, trust: Trust, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(country, 7)
    case.decide()
    monkeypatch.setattr(case.country.nodes["H36"].directory, "demo", True)
    assert "BẢN MẪU" in text_of(paper(case, "birth", BIRTH), tmp_path)


def test_idle_work_makes_results_once_and_goes_on_where_it_was(country: Country, trust: Trust) -> None:
    case, node = Case(country, 8), country.nodes["BHXH"]
    case.decide()
    with node.database.transaction() as tx:
        sealer.seal_ready(tx)
    while paper_idle.work(node):
        pass
    code = case.branch("BHXH", "card").identity.code
    rows = "SELECT count(*) FROM document WHERE dossier = %s"
    assert case.count("BHXH", rows, code) == 1
    assert paper_idle.work(node) == 0
    assert paper(case, "card", CARD).version == 1


def test_a_node_without_a_certificate_says_so_instead_of_making_a_paper(
    done: Case, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(done.country.nodes["H36"], "seal_chain", ())
    code = done.branch().identity.code
    told = ask(done, "birth", papers.FETCH, {"dossier": code, "name": "form-01"})
    assert told == {"found": False, "why": "no-certificate"}
    assert clock.offset().total_seconds() == 0
