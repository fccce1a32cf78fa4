"""A small country of trust: a root, a sealed node, a time-stamp authority that answers over HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from asn1crypto import pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from lienthong.config import certificates
from lienthong.config.state import State, write_bytes
from lienthong.documents import stamping
from lienthong.documents.sealing import read_chain
from lienthong.kit.identifiers import new_id
from lienthong.kit.signatures import SigningKey


@dataclass(frozen=True)
class Trust:
    state: State
    root: x509.Certificate

    def chain(self, node: str, seal: SigningKey) -> tuple[bytes, ...]:
        """A certificate for a node's seal, and the root."""
        folder = self.state.keys / node
        folder.mkdir(exist_ok=True)
        if not (folder / "seal.pem").exists():
            seal.save(folder / "seal.pem")
        certificates.ensure_seal(certificates.ensure_root(self.state, write_bytes), folder, node, "H36", write_bytes)
        return read_chain(str(folder / "seal.crt"))

    def node(self, time_stamps: str = "") -> Any:
        """As much of a node as a seal needs."""
        seal = SigningKey.generate()
        chain = self.chain(new_id(), seal)
        return SimpleNamespace(name="H36", seal=seal, seal_chain=chain, time_stamps=time_stamps)

    def verdict(self, pdf: bytes) -> Any:
        """pyHanko's, trusting this root and nobody else."""
        signature = PdfFileReader(BytesIO(pdf)).embedded_signatures[0]
        trusted = [ValidationContext(trust_roots=[self.root], allow_fetching=False) for _ in range(2)]
        return validate_pdf_signature(signature, trusted[0], ts_validation_context=trusted[1])


def make(folder: Path) -> Trust:
    state = State(folder)
    state.keys.mkdir(parents=True)
    root = certificates.ensure_root(state, write_bytes)
    (state.keys / "eid").mkdir()
    certificates.ensure_time_stamps(root, state.keys / "eid", write_bytes)
    _, _, raw = pem.unarmor(root.pem)
    return Trust(state, x509.Certificate.load(raw))


@contextmanager
def authority(trust: Trust) -> Iterator[str]:
    """The address of a time-stamp authority while the block lasts."""
    served = stamping.Authority.load(trust.state.keys / "eid" / certificates.TIME_STAMPS)
    server = make_server("127.0.0.1", 0, stamping.authority(served, _nothing), handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{stamping.PATH}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _nothing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [("Content-Length", "0")])
    return []


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass
