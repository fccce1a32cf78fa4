"""Keys change while nodes run: published before they sign, whole after every interruption, revoked for good."""

import subprocess
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import typst
from asn1crypto import pem
from asn1crypto import x509 as asn1
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from lienthong.config import bootstrap, cli, directories, keys
from lienthong.config.state import State
from lienthong.config.trouble import Trouble
from lienthong.documents import sealing
from lienthong.exchange import directory_document, envelopes
from lienthong.exchange.directory import Entry, PublishedKey
from lienthong.exchange.directory_document import BadDirectory, Content
from lienthong.kit import clock, signatures
from lienthong.kit.signatures import KeyFile, SigningKey, VerifyKey

PLACES = bootstrap.places(8600)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    made = State(tmp_path)
    made.keys.mkdir()
    monkeypatch.setenv("LIENTHONG_STATE", str(tmp_path))
    monkeypatch.setenv("LIENTHONG_CLOCK", str(made.clock))
    monkeypatch.setattr(signatures, "LOOK_AGAIN", -1.0)
    bootstrap.ensure_keys(made, PLACES)
    return made


def published(state: State, node: str, purpose: str = "transport") -> list[PublishedKey]:
    return [key for key in directories.published(state).entry(node).keys if key.purpose == purpose]


def test_a_rotated_key_is_published_signs_at_once_and_the_old_one_counts_a_while(state: State) -> None:
    running = KeyFile(state.keys / "H36" / "transport.pem")
    before = running.public.text
    rotated = keys.rotate(state, "H36", "transport", timedelta(hours=5))
    old, new = published(state, "H36")
    assert (old.public, new.public) == (before, running.public.text) == (rotated.old.text, rotated.new.text)
    assert old.until is not None
    assert timedelta(hours=4.9) < old.until - clock.now() < timedelta(hours=5)
    assert old.counts(clock.now())
    assert new.counts(clock.now())
    assert VerifyKey.parse(new.public).verify(b"x", running.sign(b"x"))
    assert directories.published(state).version == 2


def test_a_key_made_in_a_moved_clocks_future_counts_after_the_clock_is_set_back(state: State) -> None:
    clock.shift(timedelta(days=3))
    keys.rotate(state, "H36", "transport")
    clock.shift(None)
    assert published(state, "H36")[-1].counts(clock.now())


@pytest.mark.parametrize("purpose", ["transport", "seal"])
def test_a_rotation_cut_off_after_publishing_is_finished_and_before_it_is_dropped(
    state: State, monkeypatch: pytest.MonkeyPatch, purpose: str
) -> None:
    with monkeypatch.context() as cut:
        cut.setattr(keys, "finish", _once(keys.finish))
        with pytest.raises(KeyboardInterrupt):
            keys.rotate(state, "H36", purpose)
    bootstrap.ensure_keys(state, PLACES)
    assert (
        SigningKey.load(state.keys / "H36" / f"{purpose}.pem").public.text
        == published(state, "H36", purpose)[-1].public
    )
    with monkeypatch.context() as cut:
        cut.setattr(directories, "changing", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            keys.rotate(state, "H36", purpose)
    bootstrap.ensure_keys(state, PLACES)
    assert len(published(state, "H36", purpose)) == 2
    assert (
        SigningKey.load(state.keys / "H36" / f"{purpose}.pem").public.text
        == published(state, "H36", purpose)[-1].public
    )
    assert list((state.keys / "H36").glob("*.new.pem")) == []


def _once(finish: Callable[..., None]) -> Callable[..., None]:
    """The first call works, the second is cut off."""
    calls: list[int] = []

    def cut(*given: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        finish(*given)

    return cut


def _interrupted(*_: Any) -> Any:
    raise KeyboardInterrupt


def test_a_later_start_keeps_every_key_that_was_ever_published(state: State) -> None:
    keys.rotate(state, "H36", "seal")
    before = directories.published(state)
    bootstrap.ensure_keys(state, PLACES)
    assert directories.published(state).document == before.document
    bootstrap.ensure_keys(state, bootstrap.places(8700))
    assert published(state, "H36", "seal") == [key for key in before.entry("H36").keys if key.purpose == "seal"]


def test_an_unsigned_directory_of_version_0_2_is_signed_with_the_keys_it_had(state: State) -> None:
    before = directories.published(state)
    signed = msgspec.json.decode(state.directory.read_bytes())["signed"]
    state.directory.write_bytes(msgspec.json.encode({"demo": True, "nodes": signed["nodes"]}))
    with pytest.raises(Trouble, match="unsigned"):
        directories.published(state)
    bootstrap.ensure_keys(state, PLACES)
    after = directories.published(state)
    assert (after.version, after.nodes) == (1, before.nodes)


def test_an_altered_directory_stops_the_start_and_is_named(state: State) -> None:
    state.directory.write_bytes(state.directory.read_bytes().replace(b"127.0.0.1", b"127.0.0.2"))
    with pytest.raises(Trouble, match="wrong-signature"):
        bootstrap.ensure_keys(state, PLACES)


def test_revoking_the_key_in_use_gives_the_node_another_first(state: State) -> None:
    present = published(state, "G01")[0]
    running = KeyFile(state.keys / "G01" / "transport.pem")
    key, rotated = keys.revoke(state, "G01", present.public)
    assert rotated is not None
    assert key.revoked is not None
    revoked, fresh = published(state, "G01")
    assert not revoked.counts(clock.now())
    assert fresh.counts(clock.now())
    assert running.public.text == fresh.public
    again, nothing = keys.revoke(state, "G01", rotated.old.fingerprint[:6], clock.now() + timedelta(days=1))
    assert (again.revoked, nothing) == (key.revoked, None), "a revocation is never put off"


@pytest.mark.parametrize(("node", "which"), [("G99", "0000"), ("G01", "zzzz"), ("G01", "a")])
def test_what_cannot_be_revoked_is_named(state: State, node: str, which: str) -> None:
    with pytest.raises(Trouble, match=r"knows no node|keys of this node"):
        keys.revoke(state, node, which)


# ---------------------------------------------------------------------- the seal


PDF = typst.Compiler(b"#set document(title: [K])\nK").compile(format="pdf", pdf_standards=["a-2b"])


def test_a_rotated_seal_has_a_certificate_and_what_the_old_one_sealed_stands(state: State) -> None:
    folder = state.keys / "H36"
    seal = KeyFile(folder / "seal.pem")
    node = SimpleNamespace(
        name="H36", seal=seal, seal_chain=sealing.read_chain(str(folder / "seal.crt")), time_stamps=""
    )
    seal.on_change = lambda: setattr(node, "seal_chain", sealing.read_chain(str(folder / "seal.crt")))
    result = envelopes.sealed("H36", "dossier.result", "p", "T-1", {"n": 1}, seal, clock.now())
    paper = sealing.seal(node, PDF, clock.now(), reason="r", place="p").pdf
    keys.rotate(state, "H36", "seal", timedelta())
    later = sealing.seal(node, PDF, clock.now(), reason="r", place="p").pdf
    assert signer(later) != signer(paper)
    assert believed(state, paper)
    assert believed(state, later)
    clock.shift(timedelta(days=800))
    opened = envelopes.open_envelope(
        envelopes.decode(result.encode()), directories.published(state), recipient="", at=None, purpose="seal"
    )
    assert opened.body == {"n": 1}


def signer(pdf: bytes) -> int:
    found: int = PdfFileReader(BytesIO(pdf)).embedded_signatures[0].signer_cert.serial_number
    return found


def believed(state: State, pdf: bytes) -> bool:
    _, _, raw = pem.unarmor(state.root_certificate.read_bytes())
    trusted = ValidationContext(trust_roots=[asn1.Certificate.load(raw)], allow_fetching=False)
    signature = PdfFileReader(BytesIO(pdf)).embedded_signatures[0]
    return bool(validate_pdf_signature(signature, trusted).bottom_line)


def test_papers_do_not_say_which_seals_came_before(state: State) -> None:
    keys.rotate(state, "H36", "seal")
    folder = state.keys / "H36"
    node = SimpleNamespace(
        name="H36",
        seal=KeyFile(folder / "seal.pem"),
        seal_chain=sealing.read_chain(str(folder / "seal.crt")),
        time_stamps="",
    )
    sealed = sealing.seal(node, PDF, clock.now(), reason="r", place="p").pdf
    others = PdfFileReader(BytesIO(sealed)).embedded_signatures[0].other_embedded_certs
    assert [certificate.ca for certificate in others] == [True]


# ---------------------------------------------------------------------- the commands


def test_the_command_line_rotates_revokes_and_lists(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli._dispatch(["key", "rotate", "BHXH", "--overlap", "48"]) == 0
    old = published(state, "BHXH")[0]
    fingerprint = VerifyKey.parse(old.public).fingerprint
    assert cli._dispatch(["key", "revoke", "BHXH", fingerprint[:8], "--at", "2026-11-01T08:00"]) == 0
    capsys.readouterr()
    assert cli._dispatch(["key", "list", "BHXH"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert "version 3" in told[0]
    assert [line.split()[3] for line in told[1:]] == ["revoked", "in", "in"]
    assert f"{fingerprint}  revoked" in told[1]
    assert "revoked 2026-11-01 08:00" in told[1]


def test_the_authority_signs_version_after_version_and_refuses_what_makes_no_sense(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    authority, out, draft = tmp_path / "a.pem", tmp_path / "directory.json", tmp_path / "nodes.json"
    key = SigningKey.generate()
    key.save(authority)
    public = SigningKey.generate().public.text
    draft.write_text(
        '{"nodes": {"T01": {"address": "http://t", "site": "http://t", "keys": [{"purpose": "transport",'
        f' "public": "{public}"'
        "}]}}}"
    )
    sign = ["directory", "sign", str(draft), "--key", str(authority), "--out", str(out)]
    for version in (1, 2):
        assert cli._dispatch(sign) == 0
        assert directory_document.load(out, [key.public]).version == version
    capsys.readouterr()
    assert cli._dispatch(["directory", "show", str(out)]) == 0
    shown = capsys.readouterr().out
    draft.write_text(shown)
    assert cli._dispatch(sign) == 0, "what is shown can be edited and signed"
    before = out.read_bytes()
    draft.write_text(shown.replace(public, "AAAA"))
    with pytest.raises(Trouble, match="of no use"):
        cli._dispatch(sign)
    assert out.read_bytes() == before


def test_a_node_makes_a_certificate_and_the_directory_takes_what_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, out = tmp_path / "tls.pem", tmp_path / "tls.crt"
    SigningKey.generate().save(key)
    make = ["key", "certificate", str(key), str(out), "--node", "T01", "--host", "t01.example"]
    assert cli._dispatch(make) == 0
    told = msgspec.json.decode(capsys.readouterr().out, type=PublishedKey)
    entry = Entry("https://t01.example", "https://t01.example", [told])
    content = Content(1, clock.now(), {"T01": entry})
    directory_document.sign(content, SigningKey.generate())
    other = msgspec.structs.replace(told, public=SigningKey.generate().public.text)
    wrong = msgspec.structs.replace(content, nodes={"T01": msgspec.structs.replace(entry, keys=[other])})
    with pytest.raises(BadDirectory, match="certificate"):
        directory_document.sign(wrong, SigningKey.generate())
    with pytest.raises(Trouble, match="exists"):
        cli._dispatch(make)


def test_no_private_half_is_readable_by_others_after_a_rotation(state: State) -> None:
    for purpose in ("transport", "seal"):
        keys.rotate(state, "H36", purpose)
    assert all(file.stat().st_mode & 0o077 == 0 for file in state.keys.rglob("*") if file.is_file())
    assert subprocess.run(["grep", "-l", "PRIVATE", str(state.directory)], check=False, capture_output=True).returncode
