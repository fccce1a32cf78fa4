"""Nodes as agencies run them: `lienthong node NAME`, each with its own database, keys, state and files."""

import base64
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from lienthong.config.state import HOME
from lienthong.exchange import directory_document
from lienthong.exchange.asking import Asker
from lienthong.exchange.directory import Directory, Entry, PublishedKey
from lienthong.exchange.directory_document import Content
from lienthong.exchange.lines import Identity, Lines, calling
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.signatures import SigningKey

PATIENCE = 120.0  # of a machine with much else to do
DAY = timedelta(days=1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(holds: Callable[[], Any], what: str) -> Any:
    """What `holds` returns once that is true; fails after a while, saying what was waited for."""
    deadline = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)
    return found


@dataclass
class Lone:
    """One node: its keys, where it listens, and its process once started."""

    name: str
    folder: Path
    database: Any = None
    secure: bool = False
    program: Path = HOME
    wire: int = 2
    key: SigningKey = field(default_factory=SigningKey.generate)
    seal: SigningKey = field(default_factory=SigningKey.generate)
    tls: SigningKey = field(default_factory=SigningKey.generate)
    port: int = field(default_factory=free_port)
    gate: int = field(default_factory=free_port)
    process: "subprocess.Popen[str] | None" = None

    def __post_init__(self) -> None:
        self.folder.mkdir()
        for name in ("key", "seal"):
            getattr(self, name).save(self.folder / f"{name}.pem")
        self.certificate = certificate(self.tls)
        self.identity = self.shows(self.tls, self.certificate)

    def entry(self, *more: PublishedKey) -> Entry:
        scheme, port = ("https", self.gate) if self.secure else ("http", self.port)
        keys = [PublishedKey("transport", self.key.public.text), PublishedKey("seal", self.seal.public.text)]
        secured = [published(self.tls, self.certificate)] if self.secure and not more else []
        site = f"{scheme}://{self.name.lower()}.localhost:{self.port}"
        return Entry(f"{scheme}://127.0.0.1:{port}", site, [*keys, *secured, *more], self.wire)

    def shows(self, key: SigningKey, its: x509.Certificate) -> Identity:
        """Files of a key and a certificate that this node may show."""
        made = Identity(self.folder / f"{its.serial_number}.pem", self.folder / f"{its.serial_number}.crt")
        self.replace(made, key, its)
        return made

    def replace(self, files: Identity, key: SigningKey, its: x509.Certificate) -> None:
        files.key.write_bytes(key.pem())
        files.certificate.write_bytes(its.public_bytes(serialization.Encoding.PEM))

    def environment(self, directory: Path, authority: SigningKey) -> dict[str, str]:
        told = {
            "DATABASE_URL": self.database.run,
            "LIENTHONG_KEY": str(self.folder / "key.pem"),
            "LIENTHONG_SEAL_KEY": str(self.folder / "seal.pem"),
            "LIENTHONG_DIRECTORY": str(directory),
            "LIENTHONG_DIRECTORY_KEY": authority.public.text,
            "LIENTHONG_CATALOGUE": str(self.program / "catalogue"),
            "LIENTHONG_SECRET": "only for this test",
            "LIENTHONG_STATE": str(self.folder / "state"),
        }
        if self.secure:
            told |= {
                "LIENTHONG_TLS_KEY": str(self.identity.key),
                "LIENTHONG_TLS_CERT": str(self.identity.certificate),
            }
        return {**clean(), **told, "PYTHONPATH": str(self.program / "src")}

    def start(self, directory: Path, authority: SigningKey) -> None:
        command = [
            sys.executable,
            "-m",
            "lienthong.config.cli",
            "node",
            self.name,
            "--listen",
            f"127.0.0.1:{self.port}",
        ]
        command += ["--exchange", f"127.0.0.1:{self.gate}"] if self.secure else []
        with (self.folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                command, env=self.environment(directory, authority), cwd=self.program, stdout=log, stderr=log, text=True
            )
        eventually(self._answers, f"{self.name} answers: {(self.folder / 'log').read_text()}")

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.words()
        return "answers on" in (self.folder / "log").read_text()

    def words(self) -> str:
        """All that the node has written."""
        logs = [self.folder / "log", *(self.folder / "state").glob("log/*.log")]
        return "\n".join(log.read_text() for log in logs if log.exists())

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=PATIENCE)
            self.process = None

    def asker(self, directory: Directory, identity: Identity | None = None) -> Asker:
        """Asks in this node's name."""
        return Asker(self.name, self.key, directory, lines=Lines(directory, identity))

    def sender(self, directory: Directory) -> Node:
        """As much of this node as putting a message into its outbox needs; its own courier finds it there."""
        nothing: Any = SimpleNamespace(rights=[], ring=lambda whom: None)
        return Node(
            self.name, nothing, self.key, self.seal, directory, nothing, nothing, nothing, self.asker(directory)
        )


def clean() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if not name.startswith(("LIENTHONG_", "DATABASE_"))}


def certificate(key: SigningKey, since: timedelta = -DAY, until: timedelta = 30 * DAY) -> x509.Certificate:
    """A self-signed certificate, as a node makes one for itself."""
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a node")]), datetime.now(UTC)
    builder = x509.CertificateBuilder(
        name, name, key.public.public, x509.random_serial_number(), now + since, now + until
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    return builder.sign(key._key, hashes.SHA256())


def published(key: SigningKey, its: x509.Certificate, **more: datetime) -> PublishedKey:
    der = its.public_bytes(serialization.Encoding.DER)
    text = base64.urlsafe_b64encode(der).rstrip(b"=").decode()
    return PublishedKey("tls", key.public.text, certificate=text, **more)


class Publication:
    """The directory's authority, and the file that nodes read."""

    def __init__(self, file: Path) -> None:
        self.file, self.authority, self.version = file, SigningKey.generate(), 0

    def publish(self, nodes: dict[str, Entry]) -> Directory:
        self.version += 1
        document = directory_document.sign(Content(self.version, clock.now(), nodes), self.authority)
        draft = self.file.with_suffix(".draft")
        draft.write_bytes(document)
        draft.replace(self.file)
        return directory_document.load(self.file, [self.authority.public])


def browser(trusted: x509.Certificate) -> urllib3.PoolManager:
    """Somebody who trusts a site's certificate and has none."""
    context = calling([trusted.public_bytes(serialization.Encoding.DER)], None)
    return urllib3.PoolManager(ssl_context=context, assert_hostname=False, retries=False, timeout=5.0)
