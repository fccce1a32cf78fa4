"""Two nodes with registers that follow one another, each over a real database; questions go by a function call."""

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import load
from lienthong.catalogue.holdings import Follow, Register
from lienthong.exchange import answering
from lienthong.exchange.asking import Asker, Question
from lienthong.exchange.directory import Directory, Entry, PublishedKey
from lienthong.exchange.envelopes import Message, Refused, decode, open_envelope
from lienthong.exchange.node import Alert, Node
from lienthong.journal import sealer
from lienthong.kit import clock
from lienthong.kit.doorbell import Doorbell
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Database, Tx
from lienthong.registers import reconcile_runs, reconcile_wire, reconciled, records
from lienthong.registers.reconciling import Comparison, Result
from lienthong.registers.tests.offices import CATALOGUE
from lienthong.territory.units import Territory

OWNER, FOLLOWER = "G01", "BHXH"
ANSWERERS = {
    reconcile_wire.SERVICE: reconciled.compare,
    reconciled.DIFFERING: reconciled.differing,
    reconcile_runs.SERVICE: reconcile_runs.runs,
}


class Line(Asker):
    """Asks by calling the other node, whose worker makes sums in between; `spoil` changes what comes back."""

    def __init__(self, neighbours: "Neighbours", name: str, key: SigningKey, directory: Directory) -> None:
        super().__init__(name, key, directory)
        self._neighbours, self._key_of = neighbours, key

    def ask_all(self, questions: Sequence[Question], within: float = 2.0) -> list[Message | None]:
        return [self._directly(question) for question in questions]

    def _directly(self, question: Question) -> Message | None:
        neighbours = self._neighbours
        neighbours.said.append(question.body)
        try:
            raw = answering.answer(neighbours.nodes[question.recipient], msgspec.json.encode(self._sign(question)))
        except Refused as refused:
            neighbours.refusals.append(refused.code)
            return None
        finally:
            reconcile_runs.bring_up_to_date(neighbours.nodes[question.recipient])
        answer = open_envelope(decode(raw), self._directory, recipient=self._name, at=clock.now())
        told = neighbours.spoil(question.body, answer.body)
        return None if told is None else msgspec.structs.replace(answer, body=told)


class Neighbours:
    """G01 with persons, BHXH with insurance cards that follow them. `sleeping` is called where a run waits."""

    def __init__(self, node_database: Callable[[str], Any], folder: Path) -> None:
        keys = {name: SigningKey.generate() for name in (OWNER, FOLLOWER, "portal")}
        directory = Directory(
            {name: Entry("", "", [PublishedKey("transport", key.public.text)]) for name, key in keys.items()}
        )
        territory = Territory.load(CATALOGUE / "territory")
        self._numbers = count(1)
        self.said: list[dict[str, Any]] = []
        self.refusals: list[str] = []
        self.alerts: dict[str, Alert] = {}
        self.over: list[str] = []
        self.reset()
        self.nodes = {
            name: Node(
                name, Database(node_database(name).run, size=6), keys[name], keys[name], directory,
                load(CATALOGUE, name, source_hashes()), territory, Doorbell(folder / name),
                Line(self, name, keys[name], directory), answerers=ANSWERERS,
                on_alert=self._raised, on_alert_over=self._over,
            )
            for name in (OWNER, FOLLOWER)
        }  # fmt: skip

    def reset(self) -> None:
        for kept in (self.said, self.refusals, self.over):
            kept.clear()
        self.alerts.clear()
        self.spoil: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any] | None] = lambda asked, told: told
        self.sleeping: Callable[[float], None] = lambda seconds: None

    def _raised(self, node: Node, tx: Tx, alert: Alert) -> None:
        self.alerts[alert.id] = alert

    def _over(self, node: Node, tx: Tx, alert: str, note: str) -> None:
        self.over.append(alert)
        self.alerts.pop(alert, None)

    @property
    def cards(self) -> Register:
        return self.nodes[FOLLOWER].catalogue.owned["insurance_cards"]

    @property
    def persons(self) -> Register:
        return self.nodes[OWNER].catalogue.owned["persons"]

    @property
    def follow(self) -> Follow:
        assert self.cards.follows is not None
        return self.cards.follows

    def compare(self, **more: Any) -> Result:
        about = {"follow": self.follow, "pause": self.sleeping, **more}
        return Comparison(self.nodes[FOLLOWER], self.cards, **about).run()

    def ask(self, body: dict[str, Any], service: str = reconcile_wire.SERVICE) -> dict[str, Any] | None:
        """The owner's answer to the follower's question; None where it is refused."""
        question = Question(OWNER, service, body, reconcile_wire.PURPOSE, "test")
        answer = self.nodes[FOLLOWER].asker.ask(question)
        return answer.body if answer else None

    def told(self, person: str) -> dict[str, Any] | None:
        """What the owner tells of a record that differs."""
        asked = {"register": "persons", "of": "insurance_cards", "key": person}
        answer = self.ask(asked, reconciled.DIFFERING)
        return answer["record"] if answer else None

    def seal(self) -> None:
        with self.nodes[OWNER].database.transaction() as tx:
            sealer.seal_ready(tx)

    def work(self, *, cold: bool = False) -> dict[str, Any]:
        """A run as the worker does it; how it ended."""
        with self.nodes[FOLLOWER].database.transaction() as tx:
            reconcile_runs.want(self.nodes[FOLLOWER], tx, "insurance_cards", cold=cold)
        reconcile_runs.work(self.nodes[FOLLOWER], self.sleeping)
        with self.nodes[FOLLOWER].database.transaction() as tx:
            (last,) = reconcile_runs.last_runs(tx)
        return last

    # rows

    def person(self, number: str, **facts: Any) -> None:
        shared = {"full_name": "Ka Wẽn", "birth_date": "1995-04-02", "gender": "female", "ethnicity": "16"}
        self._enter(OWNER, self.persons, {"number": number, "nationality": "VN", **shared, **facts})

    def card(self, person: str, **facts: Any) -> None:
        shared = {"full_name": "Ka Wẽn", "birth_date": "1995-04-02", "gender": "female", "benefit": "GD"}
        kept = {"facility": "68009", "valid_from_date": "2024-01-01"}
        row = {"number": f"GD{person}", "person": person, **shared, **kept, **facts}
        self._enter(FOLLOWER, self.cards, row)

    def both(self, number: str, **facts: Any) -> None:
        self.person(number, **facts)
        self.card(number, **facts)

    def amend(self, node: str, key: str, **changes: Any) -> None:
        register = self.persons if node == OWNER else self.cards
        key = key if node == OWNER else f"GD{key}"
        with self.nodes[node].database.transaction() as tx:
            at = clock.now()
            records.amend(tx, register, key, changes, at=at, valid_from=at.date(), by="test")

    def withdraw(self, node: str, key: str) -> None:
        register = self.persons if node == OWNER else self.cards
        key = key if node == OWNER else f"GD{key}"
        with self.nodes[node].database.transaction() as tx:
            records.withdraw(tx, register, key, at=clock.now(), by="test", reason="test")

    def run(self, node: str, sql: str) -> None:
        """Past every rule and the journal: what should not happen, and does."""
        with self.nodes[node].database.transaction() as tx:
            tx.connection.execute(sql.encode())

    def _enter(self, node: str, register: Register, facts: dict[str, Any]) -> None:
        row = {name: facts.get(name) for name in register.fields}
        with self.nodes[node].database.transaction() as tx:
            records.enter(tx, register, row, at=clock.now(), valid_from=clock.today(), by="load:test")

    def close(self) -> None:
        for node in self.nodes.values():
            node.database.close()
            node.doorbell.close()

    def empty(self) -> None:
        """No rows, nothing kept."""
        for node, tables in ((OWNER, ("persons", "persons_past")), (FOLLOWER, ("insurance_cards", "difference"))):
            for table in (*tables, "shared_view"):
                self.run(node, f"DELETE FROM {table}")

    def fresh(self, count: int) -> list[str]:
        """Numbers that nobody has had here: a journal forgets nobody."""
        return [f"068195{next(self._numbers):06d}" for _ in range(count)]
