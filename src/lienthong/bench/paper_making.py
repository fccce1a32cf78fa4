"""Papers made through the product's own function, in this process, and the bare parts doing the same.

The floor typesets the same facts with the same template and fonts, and has pyHanko sign them with key and certificates
of the same kinds, time-stamp included: no database, no other process.
"""

import io
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from asn1crypto import keys, pem, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from lienthong.bench.driver import Country, until
from lienthong.casework import papers
from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import load
from lienthong.config import bootstrap, certificates, databases, directories, wiring
from lienthong.documents.papers import Wanted
from lienthong.documents.sealing import read_chain
from lienthong.documents.stamping import Authority
from lienthong.documents.typesetting import qr_code, typeset
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Database
from lienthong.territory.units import Territory

NODE, NAME = "H36", "birth-certificate"
_SETTLED = """
SELECT code FROM dossier d WHERE status = 10 AND parent IS NOT NULL
AND NOT EXISTS (SELECT FROM document WHERE dossier = d.code AND name = %s) ORDER BY code
"""
_BUSY = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND state <> 'idle'"


@dataclass
class Maker:
    """Makes papers at one node; `dossiers` are settled births without a certificate."""

    node: Node
    dossiers: list[str]
    sample: Wanted
    signer: SimpleSigner
    stamper: DummyTimeStamper
    size: int = 0

    def make(self, codes: Sequence[str]) -> list[float]:
        """Seconds of each paper, from the question to the commit. Raises RuntimeError for one without time-stamp."""
        taken = []
        for code in codes:
            began = time.perf_counter()
            with self.node.database.transaction() as tx:
                made = papers.paper(self.node, tx, code, NAME)
            taken.append(time.perf_counter() - began)
            if made.level != "B-T":
                raise RuntimeError("the time-stamp authority of the country is silent")
            self.size = len(made.pdf)
        return taken

    def floor(self, runs: int) -> float:
        """The bare parts a second."""
        code = "h36/" + "a" * 27
        verify = {
            "code": code,
            "url": code,
            "shown": "portal/xac-minh",
            "qr": qr_code(f"http://portal.localhost/{code}"),
        }
        facts = {**self.sample.facts, "demo": True, "signed": "08:00 ngày 01/01/2026", "verify": verify}
        about = PdfSignatureMetadata(field_name="seal", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
        began = time.perf_counter()
        for _ in range(runs):
            pdf = typeset(self.node.catalogue.papers, self.sample.template, facts, clock.now())
            writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
            PdfSigner(about, self.signer, timestamper=self.stamper).sign_pdf(writer, bytes_reserved=18_000)
        return runs / (time.perf_counter() - began)

    @property
    def shape(self) -> str:
        return (
            f"{self.size / 1024:.0f} KB each; floor: Typst and pyHanko with its own time-stamper, same facts and keys"
        )


@contextmanager
def maker(country: Country) -> Iterator[Maker]:
    """A maker at the one-stop, whose own idle work is held meanwhile."""
    node = _node(country)
    _hold_worker(country)
    try:
        with node.database.transaction() as tx:
            settled = [row.code for row in tx.all(_SETTLED, (NAME,))]
            sample = papers.wanted(node, tx, settled[0], NAME)
        yield Maker(node, settled, sample, _signer(country), _stamper(country))
    finally:
        node.database.close()
        country.resume()


def _hold_worker(country: Country) -> None:
    """Stop it between two papers: one it is at would stay locked."""

    def is_held() -> bool:
        country.hold(NODE, kinds=("worker",))
        with psycopg.connect(country.cluster.superuser(), autocommit=True) as link:
            busy = link.execute(_BUSY, (databases.database_name(NODE),)).fetchone()
        if busy:
            country.resume()
        return not busy

    until(is_held, 60, "a quiet moment of the one-stop's worker")


def _node(country: Country) -> Node:
    told = bootstrap.environment(country.cluster, country.places[NODE])
    folder = Path(told["LIENTHONG_CATALOGUE"])
    return wiring.assemble(
        load(folder, NODE, source_hashes()),
        Territory.load(folder / "territory"),
        directories.published(country.state),
        Database(told["DATABASE_URL"], size=2),
        key=SigningKey.load(Path(told["LIENTHONG_KEY"])),
        seal=SigningKey.load(Path(told["LIENTHONG_SEAL_KEY"])),
        run=country.state.run,
        seal_chain=read_chain(told["LIENTHONG_SEAL_CERT"]),
        time_stamps=told["LIENTHONG_TIME_STAMPS"],
    )


def _signer(country: Country) -> SimpleSigner:
    folder = country.state.keys / NODE
    chain = [x509.Certificate.load(raw) for raw in read_chain(str(folder / certificates.SEAL_CERTIFICATE))]
    _, _, raw = pem.unarmor((folder / "seal.pem").read_bytes())
    return SimpleSigner(chain[0], keys.PrivateKeyInfo.load(raw), _store(chain))


def _stamper(country: Country) -> DummyTimeStamper:
    return Authority.load(next(country.state.keys.glob(f"*/{certificates.TIME_STAMPS}"))).machine()


def _store(chain: Sequence[x509.Certificate]) -> SimpleCertificateStore:
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple(chain)
    return store
