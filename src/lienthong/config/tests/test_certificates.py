"""The demo's root certifies every seal of its country, once, and no node ever sees the root's key."""

from pathlib import Path

import pytest
from cryptography import x509

from lienthong.config import bootstrap, certificates
from lienthong.config.state import State
from lienthong.kit.signatures import SigningKey


@pytest.fixture
def made(tmp_path: Path) -> State:
    state = State(tmp_path)
    state.keys.mkdir()
    bootstrap.ensure_keys(state, bootstrap.places(8600))
    return state


def contents(state: State) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in state.root.rglob("*") if path.is_file()}


def test_every_node_has_a_certificate_for_its_seal_and_a_later_start_changes_nothing(made: State) -> None:
    root = x509.load_pem_x509_certificate(made.root_certificate.read_bytes())
    for place in bootstrap.places(8600):
        folder = made.keys / place.name
        certificate, *issuers = x509.load_pem_x509_certificates((folder / certificates.SEAL_CERTIFICATE).read_bytes())
        certificate.verify_directly_issued_by(root)
        assert issuers == [root]
        assert certificate.public_key() == SigningKey.load(folder / "seal.pem").public.public
        assert "MẪU" in certificate.subject.rfc4514_string()
    before = contents(made)
    bootstrap.ensure_keys(made, bootstrap.places(8600))
    assert contents(made) == before


def test_a_new_seal_key_gets_a_new_certificate(made: State) -> None:
    folder = made.keys / "H36"
    (folder / "seal.pem").unlink()
    bootstrap.ensure_keys(made, bootstrap.places(8600))
    certificate = x509.load_pem_x509_certificate((folder / certificates.SEAL_CERTIFICATE).read_bytes())
    assert certificate.public_key() == SigningKey.load(folder / "seal.pem").public.public


def test_secret_halves_are_ours_alone_and_the_root_can_be_read_by_anybody(made: State) -> None:
    for secret in (made.keys / "root.pem", made.keys / "G01-eid" / certificates.TIME_STAMPS):
        assert secret.stat().st_mode & 0o777 == 0o600
    assert made.root_certificate.stat().st_mode & 0o777 == 0o644
    assert b"PRIVATE" not in made.root_certificate.read_bytes()
    keepers = list(made.keys.rglob(certificates.TIME_STAMPS))
    assert [path.parent.name for path in keepers] == ["G01-eid"]
