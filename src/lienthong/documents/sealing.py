"""The agency's seal inside a PDF: a PAdES signature, with a time-stamp where the authority for it answers.

The signature covers the whole file. Level B-T holds a time-stamp (RFC 3161), so that the paper outlives the seal's
certificate; level B-B holds none. A silent authority costs `stamping.PATIENCE` once, then nothing for a while.
"""

import base64
import io
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from asn1crypto import algos, pem, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from lienthong.documents import stamping
from lienthong.exchange.node import Node
from lienthong.kit.signatures import SigningKey

FIELD = "seal"
_DIGEST = "sha256"
_ROOM = 2 * 9_000  # hexadecimal digits kept for signature, time-stamp and both chains; the demo's take half


class NoCertificate(Exception):
    """This node has no certificate for its seal: nobody could believe its papers."""


@dataclass(frozen=True)
class Sealed:
    """`level` is B-T, or B-B where no time-stamp was to be had."""

    pdf: bytes
    level: str


def seal(node: Node, pdf: bytes, at: datetime, *, reason: str, place: str, stamped: bool = False) -> Sealed:
    """Sign a PDF with the node's seal, as of `at`.

    Raises NoCertificate; stamping.NoStamp where `stamped` demands a time-stamp that the node's authority does not give.
    """
    if not node.seal_chain:
        raise NoCertificate(node.name)
    key = node.seal.current()
    signer = _signer(key, _chain_of(key, node))
    try:
        stamper = stamping.stamper(node)
        sealed = _signed(pdf, signer, at, reason, place, stamper)
        return Sealed(sealed, "B-T" if stamper else "B-B")
    except stamping.NoStamp:
        if stamped:
            raise
        return Sealed(_signed(pdf, signer, at, reason, place, None), "B-B")  # the level tells the reader


def read_chain(file: str) -> tuple[bytes, ...]:
    """The certificates of a PEM file, the seal's first; none where no file is named. Raises OSError, ValueError."""
    if not file:
        return ()
    parts = list(pem.unarmor(Path(file).read_bytes(), multiple=True))
    chain = tuple(raw for name, _, raw in parts if name == "CERTIFICATE")
    if not chain:
        raise ValueError(f"{file} holds no certificate")
    return chain


def _chain_of(key: SigningKey, node: Node) -> tuple[bytes, ...]:
    """The certificates behind a seal: the file may hold those of earlier keys, for papers under way. Raises
    NoCertificate."""
    for place, certificate in enumerate(node.seal_chain):
        if x509.Certificate.load(certificate).public_key.dump() == key.public.der:
            issuers = [one for one in node.seal_chain[place + 1 :] if x509.Certificate.load(one).ca]
            return certificate, *issuers
    raise NoCertificate(f"{node.name}: none for its present seal")


def _signed(pdf: bytes, signer: Signer, at: datetime, reason: str, place: str, stamper: TimeStamper | None) -> bytes:
    about = PdfSignatureMetadata(
        field_name=FIELD, md_algorithm=_DIGEST, subfilter=SigSeedSubFilter.PADES, reason=reason, location=place
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    field = SigFieldSpec(FIELD, on_page=0)
    machine = _Machine(about, signer, timestamper=stamper, new_field_spec=field)
    machine.at = at
    out = machine.sign_pdf(writer, bytes_reserved=_ROOM)
    return bytes(out.getbuffer())


class _Machine(PdfSigner):
    """States the country's time as the time of signing, not the machine's, and leaves the file PDF 1.7."""

    at: datetime

    def init_signing_session(self, pdf_out: Any, existing_fields_only: bool = False) -> Any:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self.at
        return session

    def register_extensions(self, pdf_out: Any, *, md_algorithm: str) -> None:
        """None: declaring the curve as an extension would make the file a PDF 2.0, which PDF/A-2 forbids."""


@lru_cache(maxsize=8)
def _signer(key: SigningKey, chain: tuple[bytes, ...]) -> Signer:
    return _SealSigner(key, [x509.Certificate.load(certificate) for certificate in chain])


class _SealSigner(Signer):
    """pyHanko's signer over our own key, which may be a device."""

    def __init__(self, key: SigningKey, chain: list[x509.Certificate]) -> None:
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        store.register_multiple(chain)
        mechanism = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})
        super().__init__(signing_cert=chain[0], cert_registry=store, signature_mechanism=mechanism)
        self._key = key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        text = self._key.sign(data)
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
