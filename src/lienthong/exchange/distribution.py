"""How a new version of the directory comes to a node that runs: from its file, its database, or a partner.

The operator's file is looked at once a second. Partners are asked now and then, and at once when a message comes from
somebody unknown or is signed with an unknown key; whoever hands a version on need not be believed, the authority's
signature is. What was taken over is kept in the database: another process of the node finds it there, and a file of an
earlier version never comes into force again, whatever is restarted.
"""

import logging
import random
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Lock

import msgspec
import urllib3

from lienthong.exchange.asking import Question
from lienthong.exchange.directory import UnknownNode
from lienthong.exchange.directory_document import BadDirectory, read
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Answer, Node
from lienthong.kit import clock
from lienthong.kit.signatures import VerifyKey
from lienthong.kit.storage import Tx, is_away

SERVICE, PURPOSE = "directory.current", "operation"
LOOK_EVERY, ASK_EVERY = 1.0, 60.0
REST = 2.0  # seconds between two rounds of questions that strangers cause
WITHIN = 1.0
ASKED_AT_ONCE = 2
_log = logging.getLogger(__name__)

_NEWEST = "SELECT document FROM directory_version WHERE version > %s ORDER BY version DESC LIMIT 1"
_KEEP = """
INSERT INTO directory_version (version, document, taken_at) VALUES (%s, %s, %s) ON CONFLICT (version) DO NOTHING
"""


def current(node: Node, tx: Tx, message: Message) -> Answer:
    """The answerer of `directory.current`: our version, with its document where the asker's is older."""
    directory, theirs = node.directory, message.body.get("version")
    newer = isinstance(theirs, int) and theirs < directory.version
    return Answer({"version": directory.version, "document": directory.document if newer else ""}, upkeep=not newer)


class Follower:
    """Keeps the directory of one process at the newest version that there is to know."""

    def __init__(self, node: Node, path: Path, authority: Sequence[VerifyKey]) -> None:
        self._node, self._path, self._authority = node, path, authority
        self._seen: object = None
        self._kept = 0
        self._asked = -REST
        self._lock = Lock()
        node.directory.renew = self.renew

    def run(self, stop: Event, *, asks: bool) -> None:
        """Until told to stop; `asks`: also of partners."""
        last = time.monotonic() - random.random() * ASK_EVERY  # noqa: S311 — so that not all ask at once
        while not stop.wait(LOOK_EVERY):
            self.look()
            if asks and time.monotonic() - last > ASK_EVERY:
                last = time.monotonic()
                self._ask(self._some(1))

    def look(self) -> None:
        """Take over what stands in the file, then what another process of this node took over; keep what is new."""
        self._look_at_file()
        try:
            self._look_at_database()
        except Exception as error:
            if not is_away(error):
                _log.exception("the kept directory does not read")

    def renew(self, sender: str) -> bool:
        """Look for a version that knows a sender and its key; True when a newer one came.

        Takes no database connection: its caller may hold one.
        """
        before = self._node.directory.version
        self._look_at_file()
        if self._node.directory.version == before and self._rested():
            known = sender in self._node.directory.nodes and sender != self._node.name
            self._ask([sender] if known else self._some(ASKED_AT_ONCE))
        return self._node.directory.version > before

    def offer(self, raw: bytes) -> None:
        """Take over a document. Raises BadDirectory when it is not signed, not newer, or without us."""
        directory = self._node.directory
        with self._lock:
            content = read(raw, self._authority, above=directory.version)
            if self._node.name not in content.nodes:
                raise BadDirectory("wrong", f"{self._node.name} is not in it any more")
            directory.take(content.nodes, content.demo, content.version, raw.decode())

    def _rested(self) -> bool:
        """Whether strangers may make us ask again: once in a while, whatever they send."""
        with self._lock:
            if time.monotonic() - self._asked < REST:
                return False
            self._asked = time.monotonic()
            return True

    def _look_at_file(self) -> None:
        try:
            found = self._path.stat()
            seen = (found.st_mtime_ns, found.st_size, found.st_ino)
            if seen == self._seen:
                return
            self._seen, raw = seen, self._path.read_bytes()
            if raw.decode() != self._node.directory.document:
                self.offer(raw)
        except (OSError, ValueError) as error:
            _log.error(
                "the directory's file is not taken over, version %d stays: %s", self._node.directory.version, error
            )

    def _look_at_database(self) -> None:
        directory = self._node.directory
        with self._node.database.transaction() as tx:
            kept = tx.value(_NEWEST, (directory.version,))
            if kept is None and self._kept < directory.version:
                tx.run(_KEEP, (directory.version, directory.document, clock.now()))
        if kept is not None:
            try:
                self.offer(kept.encode())
            except BadDirectory as error:
                _log.error("a kept directory is not taken over: %s", error)
        self._kept = directory.version

    def _some(self, most: int) -> list[str]:
        others = [name for name in self._node.directory.nodes if name != self._node.name]
        return random.sample(others, min(most, len(others)))

    def _ask(self, partners: list[str]) -> None:
        """Ask partners in turn until one has a newer version."""
        for partner in partners:
            question = Question(partner, SERVICE, {"version": self._node.directory.version}, PURPOSE, "", upkeep=True)
            try:
                answer = self._node.asker.fetch(question, WITHIN)
                document = msgspec.json.decode(answer.body).get("document")
                if document:
                    self.offer(document.encode())
                    return
            except (Refused, BadDirectory, UnknownNode, urllib3.exceptions.HTTPError, ValueError) as error:
                _log.warning("no directory from %s: %s", partner, error)
