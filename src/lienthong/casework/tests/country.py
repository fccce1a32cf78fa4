"""A country inside one test: real nodes over real databases, the wire replaced by a function call."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Event
from typing import Any

import msgspec

from lienthong.casework import alerts
from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import load
from lienthong.config.state import HOME
from lienthong.config.wiring import ANSWERERS, HANDLERS, ON_TASK_CLOSED, SETTLERS, followers
from lienthong.exchange import answering, evidence, following, inbox
from lienthong.exchange.asking import Asker, Question
from lienthong.exchange.courier import Lane
from lienthong.exchange.directory import Directory, Entry, PublishedKey
from lienthong.exchange.envelopes import WIRE, Envelope, Message, Refused, decode, open_envelope
from lienthong.exchange.node import Node
from lienthong.identity.types import Account, Officer, Post
from lienthong.journal import sealer
from lienthong.kit import clock
from lienthong.kit.doorbell import Doorbell
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Database, Tx
from lienthong.registers import records
from lienthong.territory.units import Territory

CATALOGUE = HOME / "catalogue"
NAMES = ("portal", "G01", "G01-eid", "G15", "G18", "BHXH", "H36")
DI_LINH = "25000"
MOTHER, FATHER, CHILD_NOTICE = "068195001234", "068092004321", "GCS.68009.2026.000001"
CHECKER = Officer("068080000001", "Lê Thị Kiểm", (Post("civil_status_officer", DI_LINH),))
CHAIR = Officer("068080000002", "K’ Brèo", (Post("chair", DI_LINH),))


class DirectAsker(Asker):
    """Asks by calling the other node; those in `silent` do not answer."""

    def __init__(self, country: "Country", name: str, key: SigningKey, directory: Directory) -> None:
        super().__init__(name, key, directory)
        self._country = country

    def ask_all(self, questions: Sequence[Question], within: float = 2.0) -> list[Message | None]:
        return [self._ask_directly(question) for question in questions]

    def _ask_directly(self, question: Question) -> Message | None:
        if question.recipient in self._country.silent:
            return None
        request = self._sign(question)
        try:
            raw = answering.answer(self._country.nodes[question.recipient], msgspec.json.encode(request))
        except Refused:
            return None
        return open_envelope(decode(raw), self._directory, recipient=self._name, at=clock.now())


class DirectLane(Lane):
    """Delivers by calling the other node."""

    def __init__(self, country: "Country", node: Node, recipient: str) -> None:
        super().__init__(node, recipient, Event())
        self._country = country

    def _post(self, rows: Sequence[Any]) -> list[Envelope | None]:
        envelopes = [Envelope(msgspec.Raw(r.header.encode()), msgspec.Raw(r.body.encode()), r.signature) for r in rows]
        reply = inbox.receive(self._country.nodes[self._recipient], msgspec.json.encode(inbox.Batch(envelopes)))
        return msgspec.json.decode(reply, type=inbox.Reply).receipts


class Country:
    def __init__(self, node_database: Callable[[str], Any], run: Path, names: Sequence[str] = NAMES) -> None:
        keys = {name: (SigningKey.generate(), SigningKey.generate()) for name in names}
        directory = Directory(
            {
                name: Entry(
                    "", "", [PublishedKey("transport", a.public.text), PublishedKey("seal", b.public.text)], WIRE
                )
                for name, (a, b) in keys.items()
            }
        )
        territory = Territory.load(CATALOGUE / "territory")
        self.silent: set[str] = set()
        self.nodes = {
            name: Node(
                name,
                Database(node_database(name).run, size=4),
                key,
                seal,
                directory,
                load(CATALOGUE, name, source_hashes()),
                territory,
                Doorbell(run / name),
                DirectAsker(self, name, key, directory),
                HANDLERS,
                ANSWERERS,
                SETTLERS,
                on_task_closed=ON_TASK_CLOSED,
                on_alert=alerts.raised,
                on_alert_over=alerts.over,
                followers=followers(load(CATALOGUE, name, source_hashes())),
            )
            for name, (key, seal) in keys.items()
        }

    def deliver(self, *, without: Sequence[str] = ()) -> int:
        """Deliver everything that can be delivered, until nothing moves; how many messages went."""
        total = 0
        while moved := sum(
            DirectLane(self, node, recipient).deliver()
            for node in self.nodes.values()
            for recipient in self.nodes
            if recipient != node.name and not {recipient, node.name} & set(without)
        ):
            total += moved
        return total

    def follow(self) -> None:
        """Seal every journal, and let every follower take in what there is."""
        for node in self.nodes.values():
            with node.database.transaction() as tx:
                sealer.seal_ready(tx)
        for node in self.nodes.values():
            for subscription in following.wanted(node):
                while following.advance(node, subscription):
                    pass

    def close(self) -> None:
        for node in self.nodes.values():
            node.database.close()
            node.doorbell.close()

    def enter(self, node: str, register: str, **fields: Any) -> None:
        """Put a record into a register, as a load would."""
        place = self.nodes[node]
        declared = place.catalogue.owned[register]
        row = {name: fields.get(name) for name in declared.fields}
        with place.database.transaction() as tx:
            records.enter(tx, declared, row, at=clock.now(), valid_from=date(2020, 1, 1), by="load:test")

    def family(self, number: int = 1, householder: str | None = None) -> Account:
        """A married couple in Di Linh with a fresh birth notice; the mother's account."""
        mother, father = f"0681950{number:05d}", f"0680920{number:05d}"
        shared = {"ethnicity": "16", "nationality": "VN", "hometown": DI_LINH, "birth_unit": DI_LINH}
        people = [(mother, "Ka Wẽn", "1995-04-02", "female", father), (father, "K’ Brèo", "1992-09-17", "male", mother)]
        for person, name, born, gender, spouse in people:
            self.enter(
                "G01", "persons", number=person, full_name=name, birth_date=born, gender=gender, spouse=spouse, **shared
            )
        home = f"HK68{number:08d}"
        self.enter("G01", "households", code=home, unit=DI_LINH, address="Thôn 3", householder=householder or father)
        for person, relation in ((father, "householder"), (mother, "spouse")):
            self.enter(
                "G01", "residences", person=person, household=home, relation=relation, kind="permanent",
                since="2020-02-14",
            )  # fmt: skip
        self.enter(
            "G15", "marriages", number=f"KH-{number}", husband=father, husband_name="K’ Brèo", wife=mother,
            wife_name="Ka Wẽn", married_on="2020-02-14", unit=DI_LINH,
        )  # fmt: skip
        self.notice(number, mother)
        return self.signed_in(Account(mother, "Ka Wẽn", date(1995, 4, 2), "female", 2))

    def signed_in(self, account: Account, client: str = "portal") -> Account:
        """The account as a node has it once e-identity has vouched for the person."""
        return replace(account, proofs=(evidence.of_session(self.nodes["G01-eid"], account.number, client),))

    def submitted(self, account: Account, case: str, *people: str) -> tuple[str, ...]:
        """What proves to others that this person submitted a case at the portal, naming these people."""
        return tuple(evidence.of_submission(self.nodes["portal"], case, account.number, people, account.proofs))

    def notice(self, number: int, mother: str) -> str:
        code = f"GCS.68009.2026.{number:06d}"
        self.enter(
            "G18", "birth_notices", number=code, facility="68009", mother=mother, mother_name="Ka Wẽn",
            mother_birth_date="1995-04-02", born_at="2026-11-12T03:20:00+07:00", gender="male", weight=3100,
            birth_order=1, birth_count=1, attendant="Trần Thị Đỡ", issued_on="2026-11-12", seal="-",
        )  # fmt: skip
        return code


def in_node(node: Node, act: Callable[[Tx], Any]) -> Any:
    with node.database.transaction() as tx:
        return act(tx)
