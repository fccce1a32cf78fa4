"""A one-stop, e-identity and a portal in one test: real databases and envelopes, the wire replaced by a call."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.test import Client

from lienthong.agreements import consents, mandates
from lienthong.agreements.urls import agreement_patterns
from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import load
from lienthong.config.state import HOME
from lienthong.exchange import answering, inbox
from lienthong.exchange.asking import Asker, Question
from lienthong.exchange.directory import Directory, Entry, PublishedKey
from lienthong.exchange.envelopes import Envelope, Message, Refused, decode, open_envelope
from lienthong.exchange.node import Node
from lienthong.identity import sessions, validity
from lienthong.identity.urls import provider_patterns
from lienthong.kit import clock
from lienthong.kit.doorbell import Doorbell
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Database, Tx
from lienthong.kit.web.urls import urlpatterns as frame_patterns
from lienthong.registers import reading, recording, records
from lienthong.territory.units import Territory

NAMES = ("G01-eid", "H36", "portal")
BIRTH, DI_LINH = "civil-status/birth-registration", "25000"
ELDER, OTHER, LOW, LOCKED = "068060000001", "068061000002", "068062000003", "068063000004"
HEAD = "068070000005"
ACCOUNTS = {
    ELDER: ("K’ Ông", "1960-01-01", "male", 2, "active"),
    OTHER: ("Ka Bà", "1961-02-02", "female", 2, "active"),
    LOW: ("Nguyễn Văn Một", "1962-03-03", "male", 1, "active"),
    LOCKED: ("Trần Thị Khóa", "1963-04-04", "female", 2, "closed"),
    HEAD: ("K’ Trưởng", "1970-05-05", "male", 2, "active"),
}


def _routes() -> ModuleType:
    module = ModuleType("eid_routes")
    module.__dict__["urlpatterns"] = [*provider_patterns, *agreement_patterns, *frame_patterns]
    module.__dict__["handler404"] = "lienthong.kit.web.views.page_not_found"
    return module


ROUTES = _routes()
SERVED: dict[str, Node] = {}


def choose_node(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def answer(request: HttpRequest) -> HttpResponse:
        request.node, request.urlconf = SERVED["eid"], ROUTES  # type: ignore[attr-defined]
        sessions.use(SERVED["eid"].database)
        return get_response(request)

    return answer


class Town:
    def __init__(self, node_database: Callable[[str], Any], run: Path) -> None:
        keys = {name: (SigningKey.generate(), SigningKey.generate()) for name in NAMES}
        self.directory = Directory(
            {
                name: Entry("", "", [PublishedKey("transport", a.public.text), PublishedKey("seal", b.public.text)])
                for name, (a, b) in keys.items()
            },
            demo=True,
        )
        self.heard: list[Message] = []
        territory, catalogue = Territory.load(HOME / "catalogue" / "territory"), HOME / "catalogue"
        self.nodes = {
            name: Node(
                name,
                Database(node_database(name).run, size=4),
                *keys[name],
                self.directory,
                load(catalogue, name, source_hashes()),
                territory,
                Doorbell(run / name),
                Asker(name, keys[name][0], self.directory),
                {
                    consents.ASK: consents.asked,
                    recording.SERVICE: recording.record,
                    consents.ANSWER: lambda _node, _tx, message: self.heard.append(message) or inbox.Done(),
                },
                {consents.MINE: consents.mine, mandates.HELD: mandates.held, reading.SERVICE: reading.read},
            )
            for name in NAMES
        }
        self.eid, self.h36, self.portal = (self.nodes[name] for name in NAMES)
        SERVED["eid"] = self.eid
        for number, (name, born, gender, level, status) in ACCOUNTS.items():
            row = {"number": number, "full_name": name, "birth_date": born, "gender": gender, "level": level}
            self.enter("accounts", {**row, "phone": None, "status": status})

    def enter(self, register: str, row: dict[str, Any]) -> None:
        """Put a record into a register of e-identity, as a load would."""
        declared, day = self.eid.catalogue.owned[register], date(2024, 7, 1)
        in_node(self.eid, lambda tx: records.enter(tx, declared, row, at=clock.now(), valid_from=day, by="load:test"))

    def deliver(self, sender: str, recipient: str) -> list[dict[str, Any]]:
        """Deliver what waits, twice, as a courier does who lost the reply; the receipts of the second time."""
        rows = in_node(
            self.nodes[sender],
            lambda tx: tx.all(
                "UPDATE outbox SET state = 'done' WHERE recipient = %s AND state = 'waiting'"
                " RETURNING id, header, body, signature",
                (recipient,),
            ),
        )
        sent = [
            Envelope(msgspec.Raw(r.header.encode()), msgspec.Raw(r.body.encode()), r.signature) for r in sorted(rows)
        ]
        raw = msgspec.json.encode(inbox.Batch(sent))
        for _ in range(2):
            reply = msgspec.json.decode(inbox.receive(self.nodes[recipient], raw), type=inbox.Reply)
        return [msgspec.json.decode(receipt.body) for receipt in reply.receipts if receipt]

    def ask(self, service: str, purpose: str, body: Mapping[str, Any], by: str = "portal") -> dict[str, Any]:
        """Raises Refused."""
        asker: Any = self.nodes[by].asker
        request = asker._sign(Question("G01-eid", service, dict(body), purpose, "T-1"))
        raw = answering.answer(self.eid, msgspec.json.encode(request))
        return open_envelope(decode(raw), self.directory, recipient=by, at=clock.now()).body

    def browser(self, person: str | None) -> Client:
        """A browser at e-identity, of somebody signed in there or of nobody."""
        client = Client(HTTP_HOST="eid.localhost")
        if person:
            sessions.use(self.eid.database)
            session = sessions.SessionStore()
            session["person"] = {"number": person, "at": validity.seconds()}
            session.save()
            client.cookies["sessionid"] = str(session.session_key)
        return client

    def close(self) -> None:
        for node in self.nodes.values():
            node.database.close()
            node.doorbell.close()


def in_node(node: Node, act: Callable[[Tx], Any]) -> Any:
    with node.database.transaction() as tx:
        return act(tx)


__all__ = ["Refused", "Town", "in_node"]
