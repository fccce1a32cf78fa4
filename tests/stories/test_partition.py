"""A network that is cut between two nodes on two hosts: two namespaces, one line, taken down and up again.

Needs root and network namespaces; elsewhere it is skipped and says so.
"""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lienthong.bench.delivering import Publisher
from lienthong.bench.driver import until
from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import load
from lienthong.config import wiring
from lienthong.config.state import HOME
from lienthong.exchange import directory_document
from lienthong.exchange.directory import Directory, Entry, PublishedKey
from lienthong.exchange.directory_document import Content
from lienthong.kit import clock
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Database
from lienthong.territory.units import Territory

pytestmark = pytest.mark.long

HOSTS = {"portal": "10.203.77.1", "G01": "10.203.77.2"}
PORT, KEYS, CUTS, A_CUT = 8600, 7, 3, 150
FIRST = "SELECT substr(stream, 6) AS task FROM journal_entry WHERE stream LIKE %s AND number = 1 ORDER BY id"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@dataclass
class Line:
    """A namespace for each host, and the cable between them."""

    spaces: dict[str, str]

    @classmethod
    def laid(cls) -> "Line":
        """Raises CalledProcessError, FileNotFoundError where this is not allowed here."""
        made = cls({name: f"lt-{os.getpid()}-{place}" for place, name in enumerate(HOSTS)})
        try:
            for space in made.spaces.values():
                ip("netns", "add", space)
            first, second = made.spaces.values()
            ip("link", "add", "cable", "netns", first, "type", "veth", "peer", "name", "cable", "netns", second)
            for name, space in made.spaces.items():
                ip("-n", space, "addr", "add", f"{HOSTS[name]}/24", "dev", "cable")
                ip("-n", space, "link", "set", "lo", "up")
            made.set("up")
        except BaseException:
            made.remove()
            raise
        return made

    def set(self, state: str) -> None:
        for space in self.spaces.values():
            ip("-n", space, "link", "set", "cable", state)

    def remove(self) -> None:
        for space in self.spaces.values():
            with suppress(subprocess.CalledProcessError, FileNotFoundError):
                ip("netns", "del", space)


@pytest.fixture
def line() -> Iterator[Line]:
    try:
        made = Line.laid()
    except (subprocess.CalledProcessError, FileNotFoundError) as missing:
        pytest.skip(f"no network namespaces here: {missing}")
    yield made
    made.remove()


class Hosts:
    """Both nodes as `lienthong node` runs them, each in its namespace, over a database of its own."""

    def __init__(self, line: Line, node_database: Callable[[str], Any], root: Path) -> None:
        self.authority = SigningKey.generate()
        self.keys = {name: (SigningKey.generate(), SigningKey.generate()) for name in HOSTS}
        nodes = {name: self._entry(name) for name in HOSTS}
        document = directory_document.sign(Content(1, clock.now(), nodes), self.authority)
        self.file = root / "directory.json"
        self.file.write_bytes(document)
        self.running = [self._start(line, name, node_database(name).run, root / name) for name in HOSTS]
        self.publisher = Publisher(self._portal(node_database("portal").run, Directory(nodes), root / "portal"))

    def _entry(self, name: str) -> Entry:
        transport, seal = self.keys[name]
        published = [PublishedKey("transport", transport.public.text), PublishedKey("seal", seal.public.text)]
        return Entry(f"http://{HOSTS[name]}:{PORT}", f"http://{HOSTS[name]}:{PORT}", published, wire=2)

    def _start(self, line: Line, name: str, conninfo: str, folder: Path) -> "subprocess.Popen[bytes]":
        folder.mkdir(mode=0o711)
        for file, key in zip(("transport.pem", "seal.pem"), self.keys[name], strict=True):
            key.save(folder / file)
        told = {
            "LIENTHONG_STATE": str(folder), "DATABASE_URL": conninfo, "LIENTHONG_SECRET": secrets.token_hex(24),
            "LIENTHONG_KEY": str(folder / "transport.pem"), "LIENTHONG_SEAL_KEY": str(folder / "seal.pem"),
            "LIENTHONG_DIRECTORY": str(self.file), "LIENTHONG_DIRECTORY_KEY": self.authority.public.text,
        }  # fmt: skip
        command = ["ip", "netns", "exec", line.spaces[name], sys.executable, str(HOME / "lienthong"), "node", name]
        with (folder / "up.log").open("wb") as log:
            return subprocess.Popen(
                [*command, "--listen", f"{HOSTS[name]}:{PORT}"],
                env={**os.environ, **told}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def _portal(self, conninfo: str, directory: Directory, run: Path) -> Any:
        """The portal as it sends, from outside: its database, its keys."""
        catalogue = HOME / "catalogue"
        return wiring.assemble(
            load(catalogue, "portal", source_hashes()),
            Territory.load(catalogue / "territory"),
            directory,
            Database(conninfo, size=2),
            key=self.keys["portal"][0],
            seal=self.keys["portal"][1],
            run=run,
        )

    def close(self) -> None:
        self.publisher.close()
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(60)


@pytest.fixture
def hosts(line: Line, node_database: Callable[[str], Any], tmp_path: Path) -> Iterator[Hosts]:
    made = Hosts(line, node_database, tmp_path)
    yield made
    made.close()


def test_a_cut_line_loses_nothing_doubles_nothing_and_keeps_order(
    hosts: Hosts, line: Line, node_database: Callable[[str], Any]
) -> None:
    publisher, gaps = hosts.publisher, []
    publisher.send(10, ["G01"], keys=KEYS)
    publisher.settled(120)
    for _ in range(CUTS):
        publisher.send(A_CUT, ["G01"], keys=KEYS)
        until(lambda: publisher.left() < A_CUT, 60, "the first of them")
        line.set("down")  # in the midst of them
        publisher.send(A_CUT, ["G01"], keys=KEYS)
        time.sleep(3.0)
        behind = publisher.left()
        assert behind >= A_CUT
        line.set("up")
        began = time.monotonic()
        publisher.settled(120)
        gaps.append((behind, time.monotonic() - began))
    target = Database(node_database("G01").run, size=1)
    with target.transaction() as tx:
        found = [row.task for row in tx.all(FIRST, (f"task/bench/{publisher.mark}/%",))]
    target.close()
    print(
        "\n"
        + "; ".join(f"{behind} waited, settled {seconds:.1f} s after the line came back" for behind, seconds in gaps)
    )
    assert sorted(found) == sorted(publisher.sent["G01"])
    for key in range(KEYS):
        of_key = [task for task in found if int(task[-8:]) % KEYS == key]
        assert of_key == sorted(of_key)
