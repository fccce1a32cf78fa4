"""A sealed paper is believed by others' software, a touched one is not, and a silent authority holds nobody up."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
import typst

from lienthong.config import wiring
from lienthong.documents import sealing, stamping
from lienthong.documents.tests import trust as trusting
from lienthong.documents.tests.trust import Trust
from lienthong.kit import clock

PDF = typst.Compiler(b"#set document(title: [Th\xe1\xbb\xad])\nK\xe2\x80\x99 Br\xc3\xaam").compile(
    format="pdf", pdf_standards=["a-2b"]
)
ABOUT = {"reason": "Giấy khai sinh", "place": "Xã Di Linh"}


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    return trusting.make(Path(tmp_path_factory.mktemp("trust")))


@pytest.fixture(scope="module")
def stamps(trust: Trust) -> Iterator[str]:
    with trusting.authority(trust) as address:
        yield address


def test_a_sealed_paper_bears_a_time_stamp_and_is_believed_by_who_trusts_the_root(trust: Trust, stamps: str) -> None:
    sealed = sealing.seal(trust.node(stamps), PDF, clock.now(), **ABOUT)
    verdict = trust.verdict(sealed.pdf)
    assert sealed.level == "B-T"
    assert verdict.bottom_line
    assert verdict.timestamp_validity.trusted
    assert verdict.coverage.name == "ENTIRE_FILE"


def test_the_stamp_and_the_time_of_signing_follow_the_countrys_clock(
    trust: Trust, stamps: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIENTHONG_CLOCK", str(tmp_path / "clock"))
    (tmp_path / "clock").write_text("172800")
    at = clock.now()
    verdict = trust.verdict(sealing.seal(trust.node(stamps), PDF, at, **ABOUT).pdf)
    assert abs((verdict.timestamp_validity.timestamp - at).total_seconds()) < 60
    assert abs((verdict.signer_reported_dt - at).total_seconds()) < 60


def test_one_changed_byte_is_found(trust: Trust, stamps: str) -> None:
    sealed = sealing.seal(trust.node(stamps), PDF, clock.now(), **ABOUT).pdf
    place = sealed.index(b"stream") + 40
    touched = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
    assert not trust.verdict(touched).intact


def test_another_countrys_root_does_not_believe_it(trust: Trust, stamps: str, tmp_path: Path) -> None:
    sealed = sealing.seal(trust.node(stamps), PDF, clock.now(), **ABOUT).pdf
    assert not trusting.make(tmp_path / "elsewhere").verdict(sealed).trusted


def test_the_file_stays_a_pdf_a_2b(trust: Trust, stamps: str) -> None:
    sealed = sealing.seal(trust.node(stamps), PDF, clock.now(), **ABOUT).pdf
    assert sealed.startswith(b"%PDF-1.7")
    assert b"/Version/2.0" not in sealed.replace(b" ", b"")
    catalogue = trusting.PdfFileReader(BytesIO(sealed)).root
    meta = catalogue["/Metadata"].data.decode()
    assert re.search(r'pdfaid:part="?>?2', meta)
    assert re.search(r'pdfaid:conformance="?>?B', meta)


def test_a_silent_authority_costs_a_moment_once_and_the_paper_says_so(trust: Trust) -> None:
    node = trust.node("http://127.0.0.1:9/time-stamp")
    began = time.monotonic()
    assert sealing.seal(node, PDF, clock.now(), **ABOUT).level == "B-B"
    assert time.monotonic() - began < 3
    with pytest.raises(stamping.NoStamp):
        sealing.seal(node, PDF, clock.now(), stamped=True, **ABOUT)


def test_without_a_certificate_there_is_no_paper(trust: Trust) -> None:
    node = trust.node()
    node.seal_chain = ()
    with pytest.raises(sealing.NoCertificate):
        sealing.seal(node, PDF, clock.now(), **ABOUT)


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="no pdfsig (poppler-utils) on this machine")
def test_pdfsig_finds_the_signature_valid_and_the_whole_document_signed(
    trust: Trust, stamps: str, tmp_path: Path
) -> None:
    file = tmp_path / "paper.pdf"
    file.write_bytes(sealing.seal(trust.node(stamps), PDF, clock.now(), **ABOUT).pdf)
    said = subprocess.run(["pdfsig", str(file)], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said


@pytest.mark.skipif(
    shutil.which("pdfsig") is None or shutil.which("certutil") is None,
    reason="no pdfsig (poppler-utils) with certutil (libnss3-tools) on this machine",
)
def test_pdfsig_trusts_the_certificate_where_the_demo_root_is_trusted(
    trust: Trust, stamps: str, tmp_path: Path
) -> None:
    store = f"sql:{tmp_path}"
    subprocess.run(["certutil", "-N", "-d", store, "--empty-password"], check=True)
    root = str(trust.state.root_certificate)
    subprocess.run(["certutil", "-A", "-d", store, "-n", "demo", "-t", "CT,CT,CT", "-i", root], check=True)
    file = tmp_path / "paper.pdf"
    file.write_bytes(sealing.seal(trust.node(stamps), PDF, clock.now(), **ABOUT).pdf)
    command = ["pdfsig", "-no-ocsp", "-nssdir", str(tmp_path), str(file)]
    assert "Certificate is Trusted" in subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [("GET", b"", "405"), ("POST", b"", "413"), ("POST", b"hello", "400"), ("POST", b"x" * 9000, "413")],
)
def test_what_is_no_request_gets_no_stamp(trust: Trust, method: str, body: bytes, status: str) -> None:
    served = stamping.Authority.load(trust.state.keys / "eid" / "time-stamps.pem")
    said: list[str] = []
    door = stamping.authority(served, trusting._nothing)
    environ = {
        "PATH_INFO": stamping.PATH, "REQUEST_METHOD": method, "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    }  # fmt: skip
    list(door(environ, lambda line, _headers: said.append(line)))
    assert said[0].startswith(status)


def test_a_node_without_the_authoritys_key_has_no_door_for_it() -> None:
    assert stamping.authority(None, trusting._nothing) is trusting._nothing


def test_the_authority_is_refused_outside_a_demo_directory(trust: Trust, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from types import SimpleNamespace

    import lienthong.config

    key = str(trust.state.keys / "eid" / "time-stamps.pem")
    monkeypatch.setenv("LIENTHONG_TIME_STAMP_KEY", key)
    for demo in (True, False):
        settings = SimpleNamespace(DIRECTORY=SimpleNamespace(demo=demo))
        monkeypatch.setitem(sys.modules, "lienthong.config.settings", settings)
        monkeypatch.setattr(lienthong.config, "settings", settings, raising=False)
        assert (wiring.time_stamp_authority() is not None) == demo
