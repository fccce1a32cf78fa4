"""Time-stamps (RFC 3161): asking an authority for one, and being the demo country's authority.

The authority proves nothing but that a digest existed at a moment; it sees no paper. A real one is a qualified service
by contract (Decree 23/2025/NĐ-CP); the demo's own lives at e-identity's node and works with a demo directory only.
"""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import urllib3
from asn1crypto import cms, core, pem, tsp, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pyhanko.sign.general import as_signing_certificate
from pyhanko.sign.timestamps import DummyTimeStamper, TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore
from pyhanko_certvalidator.util import get_pyca_cryptography_hash

from lienthong.exchange.node import Node
from lienthong.kit import clock

PATH = "/time-stamp"
PATIENCE = 1.0
STAYS_OPEN = 30.0
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"
_LARGEST = 4096
_log = logging.getLogger(__name__)

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class NoStamp(Exception):
    """The authority was silent, or answered what is no time-stamp."""


# asking


@dataclass
class _Line:
    """The way to one authority: kept-open connections, and until when it is not asked because it was silent."""

    http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(maxsize=4, retries=False))
    open_until: float = 0.0


_lines: dict[str, _Line] = {}


def stamper(node: Node) -> TimeStamper | None:
    """Asks this node's authority; None where there is none. Raises NoStamp where it was silent a moment ago."""
    if not node.time_stamps:
        return None
    line = _lines.setdefault(node.time_stamps, _Line())
    if time.monotonic() < line.open_until:
        raise NoStamp(node.time_stamps)
    return _Client(node.time_stamps, line)


class _Client(TimeStamper):
    def __init__(self, url: str, line: _Line) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._url, self._line = url, line

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """pyHanko's own question; the thread waits, for it has nothing else to do."""
        try:
            reply = self._line.http.request(
                "POST",
                self._url,
                body=req.dump(),
                headers={"Content-Type": _QUERY},
                timeout=urllib3.Timeout(total=PATIENCE),
            )
            if reply.status != 200:
                raise NoStamp(f"status {reply.status}")
            answer = tsp.TimeStampResp.load(reply.data)
            if answer["status"]["status"].native != "granted":
                raise NoStamp("not granted")
            return answer
        except (urllib3.exceptions.HTTPError, ValueError, NoStamp) as error:
            self._line.open_until = time.monotonic() + STAYS_OPEN
            _log.warning("no time-stamp from %s: %s", self._url, type(error).__name__)
            raise NoStamp(self._url) from error


# being asked


class Authority:
    """The demo country's own time-stamp authority."""

    def __init__(self, key: RSAPrivateKey, chain: list[x509.Certificate]) -> None:
        self._key, self._chain = key, chain

    @classmethod
    def load(cls, file: Path) -> "Authority":
        """From a PEM file of an RSA key and its certificates. Raises ValueError, OSError."""
        content = file.read_bytes()
        key = serialization.load_pem_private_key(content, password=None)
        chain = [raw for name, _, raw in pem.unarmor(content, multiple=True) if name == "CERTIFICATE"]
        if not isinstance(key, RSAPrivateKey) or not chain:
            raise ValueError(f"{file} holds no RSA key with its certificate")
        return cls(key, [x509.Certificate.load(raw) for raw in chain])

    def answer(self, request: bytes) -> bytes:
        """The time-stamp for one request, by the country's clock. Raises ValueError for what is no request."""
        query = tsp.TimeStampReq.load(request, strict=True)
        imprint = query["message_imprint"]
        if imprint["hash_algorithm"]["algorithm"].native not in ("sha256", "sha384", "sha512"):
            raise ValueError("a digest of the SHA-2 family, please")
        response: bytes = self.machine().request_tsa_response(query).dump()
        return response

    def machine(self) -> DummyTimeStamper:
        """What makes time-stamps of this moment."""
        return _Machine(self._key, self._chain)


class _Machine(DummyTimeStamper):
    """pyHanko's time-stamper with a key that was read once: reading it costs more than all the rest."""

    def __init__(self, key: RSAPrivateKey, chain: list[x509.Certificate]) -> None:
        super().__init__(chain[0], None, _store(chain), fixed_dt=clock.now())
        self._key = key

    def _sign_tst_info(self, tst_info_data: bytes, md_algorithm: str, dt: datetime) -> tuple[bytes, cms.CMSAttributes]:
        algorithm = get_pyca_cryptography_hash(md_algorithm)
        digest = hashes.Hash(algorithm)
        digest.update(tst_info_data)
        attributes = cms.CMSAttributes(
            [
                _attribute("content_type", "tst_info"),
                _attribute("signing_time", cms.Time({"utc_time": core.UTCTime(dt)})),
                _attribute("signing_certificate", as_signing_certificate(self.tsa_cert)),
                _attribute("message_digest", digest.finalize()),
            ]
        )
        return self._key.sign(attributes.dump(), PKCS1v15(), algorithm), attributes


def _attribute(kind: str, value: Any) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": cms.CMSAttributeType(kind), "values": (value,)})


def _store(chain: list[x509.Certificate]) -> SimpleCertificateStore:
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple(chain)
    return store


def authority(served: Authority | None, pages: Application) -> Application:
    """The node's application with the authority's door before the pages; no door where nothing is served."""
    if served is None:
        return pages

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH:
            return pages(environ, start_response)
        status, body = _stamp(served, environ)
        kind = _REPLY if status.startswith("200") else "text/plain; charset=utf-8"
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    return application


def _stamp(served: Authority, environ: Environ) -> tuple[str, bytes]:
    try:
        if environ["REQUEST_METHOD"] != "POST":
            return "405 Method Not Allowed", b""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if not 0 < length <= _LARGEST:
            return "413 Content Too Large", b""
        return "200 OK", served.answer(environ["wsgi.input"].read(length))
    except (ValueError, KeyError, TypeError):
        return "400 Bad Request", b"not a time-stamp request (RFC 3161)\n"
