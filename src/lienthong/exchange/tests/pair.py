"""Two nodes and a stranger: A sends and asks, B keeps a journal of effects, C has a key that others know.

B listens on a real socket of this machine, so that deadlines, silence and rubbish are what they are on a wire.
"""

import logging
from collections.abc import Callable
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any, ClassVar

import msgspec

from lienthong.catalogue.catalogue import Catalogue
from lienthong.catalogue.holdings import Right
from lienthong.exchange import answering, envelopes, inbox, outbox
from lienthong.exchange.asking import Asker, Question
from lienthong.exchange.courier import Lane
from lienthong.exchange.directory import Directory, Entry, PublishedKey
from lienthong.exchange.envelopes import Envelope, Header, Message, Refused
from lienthong.exchange.inbox import Batch, Reply
from lienthong.exchange.node import Answer, Done, Node, Outcome, Read, Sent, Stored
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.doorbell import Doorbell
from lienthong.kit.identifiers import new_id
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Database, Tx
from lienthong.kit.worktime import WorkCalendar, Year
from lienthong.territory.units import Territory

EFFECT, ECHO, PURPOSE = "toy.effect", "toy.echo", "toy/purpose"
CITIZEN = "068195001234"


def right(service: str, **more: Any) -> Right:
    return Right("B", "A", service, PURPOSE, "Toy Law, Art. 1", date(2024, 7, 1), **more)


class Pair:
    def __init__(self, run_of_a: str, run_of_b: str, folder: Path) -> None:
        self.keys = {name: SigningKey.generate() for name in ("A", "B", "C")}
        self.door = Door()
        address = {"A": "http://127.0.0.1:9", "B": self.door.address, "C": "http://127.0.0.1:9"}
        self.directory = Directory(
            {n: Entry(address[n], "", [PublishedKey("transport", k.public.text)]) for n, k in self.keys.items()}
        )
        self.failing: set[str] = set()
        self.rights = [right(EFFECT), right(ECHO)]
        self.a = self._node("A", run_of_a, folder, settlers={EFFECT: self._settle})
        self.b = self._node("B", run_of_b, folder, handlers={EFFECT: self._effect}, answerers={ECHO: self._echo})
        self.door.routes = {
            "/exchange/ask": lambda raw: answering.answer(self.b, raw),
            "/exchange/send": lambda raw: inbox.receive(self.b, raw),
        }

    def _node(self, name: str, run: str, folder: Path, **parts: Any) -> Node:
        calendar = WorkCalendar([("07:30", "17:00")], "15:00", [Year(year, "toy", []) for year in range(2020, 2060)])
        catalogue = Catalogue(
            name, nodes={}, terms={}, registers={}, services={}, rights=self.rights, calendar=calendar
        )
        key, territory = self.keys[name], Territory(own=[], elsewhere=[], former={}, facilities=[])
        asker = Asker(name, key, self.directory)
        bell = Doorbell(folder / f"{name}.bell")
        return Node(name, Database(run, size=8), key, key, self.directory, catalogue, territory, bell, asker, **parts)

    def reset(self) -> None:
        """Nothing waits, nobody fails, the door is open and every breaker closed."""
        self.failing.clear()
        self.door.reset()
        self.rights[:] = [right(EFFECT), right(ECHO)]
        self.a.asker = Asker("A", self.keys["A"], self.directory)
        with self.a.database.transaction() as tx:
            tx.run("DELETE FROM outbox")

    def close(self) -> None:
        self.door.close()
        for node in (self.a, self.b):
            node.database.close()
            node.doorbell.close()

    # what B does

    def _effect(self, node: Node, tx: Tx, message: Message) -> Outcome:
        body = message.body
        entries.append(tx, f"effect/{message.header.id}", "change", body, at=clock.now())
        if body.get("do") in self.failing:
            raise RuntimeError("B is not well")
        if body.get("do") == "refuse":
            raise Refused("not-possible", "B does not want to")
        return Stored() if body.get("do") == "store" else Done({"said": body.get("do")})

    def _echo(self, node: Node, tx: Tx, message: Message) -> Answer:
        subjects = message.body.get("subjects", [CITIZEN])
        reads = tuple(Read(subject, "persons", ("number",)) for subject in subjects)
        return Answer({"echo": message.body.get("say")}, reads)

    def _settle(self, node: Node, tx: Tx, sent: Sent, outcome: Outcome) -> None:
        if "settling" in self.failing:
            raise RuntimeError("A is not well")
        if "settling-refused" in self.failing:
            raise Refused("unknown-case", "A knows no such case")
        entries.append(tx, f"settled/{sent.message}", "act", outbox.describe(outcome), at=clock.now())

    # what tests do

    def envelope(self, by: SigningKey | None = None, body: Any = None, raw: bytes = b"", **changes: Any) -> Envelope:
        """A message from A to B as A would sign it, except for what is changed."""
        content = raw or msgspec.json.encode({} if body is None else body)
        at = clock.now()
        facts = {
            "id": new_id(), "sender": "A", "recipient": "B", "service": EFFECT, "purpose": PURPOSE, "case": "T-1",
            "issued": at, "expires": at + timedelta(days=1), "body_hash": envelopes.digest(content), "key": "T-1",
        }  # fmt: skip
        return envelopes.close(Header(**(facts | changes)), content, by or self.keys["A"])

    def receive(self, *sent: Envelope) -> list[Envelope | None]:
        """The receipts B gives for a batch."""
        raw = inbox.receive(self.b, msgspec.json.encode(Batch(list(sent))))
        return msgspec.json.decode(raw, type=Reply).receipts

    def said(self, receipt: Envelope | None) -> str:
        """A receipt in a word: done, stored, or the code of its refusal."""
        assert receipt is not None
        body = envelopes.open_envelope(receipt, self.directory, recipient=header(receipt).recipient, at=None).body
        return str(body.get("code") or body["outcome"])

    def send(self, do: str = "", *, case: str = "T-1", key: str = "") -> str:
        with self.a.database.transaction() as tx:
            return outbox.send(self.a, tx, "B", EFFECT, {"do": do}, case=case, purpose=PURPOSE, key=key)

    def deliver(self) -> int:
        return Lane(self.a, "B", Event()).deliver()

    def outbox(self, message: str) -> Any:
        with self.a.database.transaction() as tx:
            return tx.one("SELECT * FROM outbox WHERE message = %s", (message,))

    def hurry(self) -> None:
        """Let what waits for its next attempt be tried now."""
        with self.a.database.transaction() as tx:
            tx.run("UPDATE outbox SET next_at = clock_timestamp() WHERE state = 'waiting'")

    def effects(self, *messages: str) -> list[str]:
        """Which of these messages had their effect at B, in the order of the effects."""
        with self.b.database.transaction() as tx:
            wanted = [f"effect/{message}" for message in messages]
            rows = tx.all("SELECT stream FROM journal_entry WHERE stream = ANY(%s) ORDER BY id", (wanted,))
        return [row.stream.removeprefix("effect/") for row in rows]

    def settled(self, message: str) -> int:
        with self.a.database.transaction() as tx:
            return int(tx.value("SELECT count(*) FROM journal_entry WHERE stream = %s", (f"settled/{message}",)))

    def refusals(self, text: str) -> list[str]:
        """Codes of the refusals that B logged about a header holding this text."""
        with self.b.database.transaction() as tx:
            rows = tx.all(
                "SELECT payload::jsonb ->> 'code' AS code FROM journal_entry WHERE kind = 'refusal'"
                " AND payload::jsonb ->> 'header' LIKE %s ORDER BY id",
                (f"%{text}%",),
            )
        return [row.code for row in rows]

    def question(
        self, say: str = "", subjects: list[str] | None = None, recipient: str = "B", purpose: str = PURPOSE
    ) -> Question:
        body: dict[str, Any] = {"say": say, "subjects": [CITIZEN] if subjects is None else subjects}
        return Question(recipient, ECHO, body, purpose, "draft/1", officer="068080000001")


def header(envelope: Envelope) -> Header:
    return msgspec.json.decode(envelope.header, type=Header)


class Door:
    """B's door: a small server that can hang, close, or hand out something else than B said."""

    def __init__(self) -> None:
        self.routes: dict[str, Callable[[bytes], bytes]] = {}
        self.open = Event()
        self.heard: list[bytes] = []
        self.changed: Callable[[bytes], bytes] | None = None
        self.status = 0
        self.reset()
        door = self

        class Handler(_Handler):
            house = door

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def reset(self) -> None:
        self.open.set()
        self.heard.clear()
        self.changed, self.status = None, 0

    def close(self) -> None:
        self.open.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    house: ClassVar[Door]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        self.house.heard.append(raw)
        self.house.open.wait(5)
        try:
            found, status = self.house.routes[self.path](raw), 200
        except Refused as refused:
            found, status = refused.code.encode(), 403
        if self.house.changed:
            found = self.house.changed(found)
        try:
            self.send_response(self.house.status or status)
            self.send_header("Content-Length", str(len(found)))
            self.end_headers()
            self.wfile.write(found)
        except ConnectionError:
            logging.getLogger(__name__).debug("the caller has gone")

    def log_message(self, *_: Any) -> None:
        """Nothing is printed between tests' dots."""
