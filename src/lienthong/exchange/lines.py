"""Lines to partners: connections kept open, over mutual TLS where the directory's address says https.

Over TLS a partner is who holds the key of a certificate that the directory publishes for it, and nobody else: no
authority of the machine is asked, names in certificates do not count. The same certificates admit partners at our own
door (`gate`). When the directory changes, or our certificate's files, new connections are made under the new rules.
"""

import base64
import ssl
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import urllib3

from lienthong.exchange.directory import TLS, Directory
from lienthong.kit import clock

KEPT_OPEN = 8  # to one partner


@dataclass(frozen=True)
class Identity:
    """Files of a node's TLS key and of its certificate (PEM)."""

    key: Path
    certificate: Path

    @property
    def stamp(self) -> tuple[int, int]:
        return self.key.stat().st_mtime_ns, self.certificate.stat().st_mtime_ns


class NoLine(urllib3.exceptions.HTTPError):
    """Our own certificate or a partner's does not read."""


class Lines:
    """The lines of one node, for all its threads."""

    def __init__(self, directory: Directory, identity: Identity | None = None) -> None:
        self._directory, self._identity = directory, identity
        self._plain = urllib3.PoolManager(num_pools=64, maxsize=KEPT_OPEN, retries=False)
        self._secure: dict[str, tuple[object, urllib3.PoolManager]] = {}
        self._lock = Lock()

    def to(self, node: str) -> urllib3.PoolManager:
        """The connections to a partner. Raises UnknownNode, NoLine."""
        if not self._directory.entry(node).address.startswith("https:"):
            return self._plain
        trusted = certificates(self._directory, node)
        try:
            return self._secured(node, trusted)
        except OSError as error:
            raise NoLine(f"no secure line to {node}: {error}") from error

    def _secured(self, node: str, trusted: list[bytes]) -> urllib3.PoolManager:
        rules = (trusted, self._identity and self._identity.stamp)
        with self._lock:
            known = self._secure.get(node)
            if known is None or known[0] != rules:
                context = calling(trusted, self._identity)
                pool = urllib3.PoolManager(maxsize=KEPT_OPEN, retries=False, ssl_context=context, assert_hostname=False)
                known = self._secure[node] = (rules, pool)
            return known[1]


def certificates(directory: Directory, node: str) -> list[bytes]:
    """Certificates (DER) of a node's TLS keys that count now."""
    keys = [key for key in directory.entry(node).keys if key.purpose == TLS and key.counts(clock.now())]
    return [base64.urlsafe_b64decode(key.certificate + "=" * (-len(key.certificate) % 4)) for key in keys]


def calling(trusted: list[bytes], identity: Identity | None) -> ssl.SSLContext:
    """How we call a partner who holds one of these certificates. Raises OSError when our own does not read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # the certificate itself is known: a name in it adds nothing
    return _ruled(context, trusted, identity)


def answering(trusted: list[bytes], identity: Identity) -> ssl.SSLContext:
    """How we let in whoever holds one of these certificates. Raises OSError when our own does not read."""
    return _ruled(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), trusted, identity)


def _ruled(context: ssl.SSLContext, trusted: list[bytes], identity: Identity | None) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # these very certificates, whoever issued them
    for certificate in trusted:
        context.load_verify_locations(cadata=certificate)
    if identity is not None:
        context.load_cert_chain(identity.certificate, identity.key)
    return context
