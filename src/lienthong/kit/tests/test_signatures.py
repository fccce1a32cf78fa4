"""Signatures: what was signed stands, anything else does not."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.kit import signatures
from lienthong.kit.signatures import KeyFile, SigningKey, VerifyKey, _decode, _encode

KEY = SigningKey.generate()
TEXT = "Trẻ K’ Brêm".encode()


def test_what_was_signed_verifies_through_the_published_text() -> None:
    assert VerifyKey.parse(KEY.public.text).verify(TEXT, KEY.sign(TEXT))


def test_an_altered_content_does_not_verify() -> None:
    assert not KEY.public.verify(TEXT + b" ", KEY.sign(TEXT))


def test_a_foreign_signature_does_not_verify() -> None:
    assert not KEY.public.verify(TEXT, SigningKey.generate().sign(TEXT))


@settings(deadline=None, max_examples=60, database=None)
@given(st.text(max_size=120))
def test_a_text_that_is_no_signature_is_a_plain_no(text: str) -> None:
    assert not KEY.public.verify(TEXT, text)


@settings(deadline=None, max_examples=60, database=None)
@given(place=st.integers(0, 60), bit=st.integers(0, 7))
def test_a_signature_with_one_bit_changed_does_not_verify(place: int, bit: int) -> None:
    raw = bytearray(_decode(KEY.sign(TEXT)))
    raw[place] ^= 1 << bit
    assert not KEY.public.verify(TEXT, _encode(bytes(raw)))


def _published(key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> str:
    return _encode(key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))


@pytest.mark.parametrize(
    "text",
    [
        _published(ec.generate_private_key(ec.SECP384R1()).public_key()),
        _published(ed25519.Ed25519PrivateKey.generate().public_key()),
        "",
        "not a key",
        "khóa",
        KEY.public.text[:-8],
    ],
)
def test_a_key_of_another_curve_or_kind_is_not_read(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 — worded by whichever library stumbles first
        VerifyKey.parse(text)


def test_a_key_file_is_its_owners_alone_and_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "transport.pem"
    KEY.save(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert SigningKey.load(file).public.text == KEY.public.text
    with pytest.raises(FileExistsError):
        SigningKey.generate().save(file)
    assert SigningKey.load(file).public.text == KEY.public.text


def test_a_private_key_of_another_curve_is_not_loaded(tmp_path: Path) -> None:
    file = tmp_path / "wrong.pem"
    file.write_bytes(
        ec.generate_private_key(ec.SECP384R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    with pytest.raises(ValueError, match="no P-256"):
        SigningKey.load(file)


def test_a_private_key_never_shows_itself() -> None:
    assert "PRIVATE" not in repr(KEY)
    assert "PRIVATE" not in str(vars(KEY))


# ---------------------------------------------------------------------- a key that stands in a file


def replaced(file: Path, content: bytes) -> None:
    draft = file.with_suffix(".draft")
    draft.write_bytes(content)
    draft.replace(file)


def test_a_replaced_file_signs_with_the_new_key_after_whoever_watches_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signatures, "LOOK_AGAIN", -1.0)
    file, second = tmp_path / "key.pem", SigningKey.generate()
    KEY.save(file)
    told: list[str] = []
    key = KeyFile(file, lambda: told.append(key._inside.public.text))
    assert key.public.text == KEY.public.text
    replaced(file, second.pem())
    assert second.public.verify(TEXT, key.sign(TEXT))
    assert told == [KEY.public.text]


@pytest.mark.parametrize("rubbish", [b"", b"no key", ed25519.Ed25519PrivateKey.generate().private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())])  # fmt: skip
def test_a_file_that_does_not_read_leaves_the_key_that_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rubbish: bytes
) -> None:
    monkeypatch.setattr(signatures, "LOOK_AGAIN", -1.0)
    file = tmp_path / "key.pem"
    KEY.save(file)
    key = KeyFile(file)
    replaced(file, rubbish)
    assert KEY.public.verify(TEXT, key.sign(TEXT))
    file.unlink()
    assert KEY.public.verify(TEXT, key.sign(TEXT))
    replaced(file, SigningKey.generate().pem())
    assert not KEY.public.verify(TEXT, key.sign(TEXT))


def test_the_file_is_looked_at_now_and_then_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key.pem"
    KEY.save(file)
    key = KeyFile(file)
    monkeypatch.setattr(signatures, "_stamp", lambda path: pytest.fail("looked at once more"))
    for _ in range(3):
        key.sign(TEXT)
