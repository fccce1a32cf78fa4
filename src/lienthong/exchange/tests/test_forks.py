"""A journal that contradicts itself is noticed at the first contact; what only looks so is not."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from lienthong.catalogue.catalogue import Catalogue
from lienthong.catalogue.holdings import Right
from lienthong.exchange import answering, contact, envelopes, forks, heads, inbox, outbox
from lienthong.exchange.asking import Asker, Question
from lienthong.exchange.directory import Directory, Entry, PublishedKey
from lienthong.exchange.envelopes import Envelope, Header, Message, Refused
from lienthong.exchange.heads import Head, Standing
from lienthong.exchange.inbox import Batch
from lienthong.exchange.node import Answer, Done, Node
from lienthong.journal import branches, entries, sealer
from lienthong.kit import clock
from lienthong.kit.doorbell import Doorbell
from lienthong.kit.identifiers import new_id
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Database
from lienthong.kit.worktime import WorkCalendar, Year
from lienthong.territory.units import Territory

NOTE, ECHO, PURPOSE = "toy.note", "toy.echo", "toy/purpose"
EMPTY = "TRUNCATE journal_entry, seal, seal_feed, branch, standing, partner_head, countersigned, inbox, outbox"


class Direct(Asker):
    """Asks by calling the other node."""

    def __init__(self, town: "Town", name: str) -> None:
        super().__init__(name, town.keys[name], town.directory)
        self._town = town

    def ask_all(self, questions: Sequence[Question], within: float = 2.0) -> list[Message | None]:
        return [self._one(question) for question in questions]

    def _one(self, question: Question) -> Message | None:
        if question.recipient in self._town.silent:
            return None
        with suppress(Refused):
            raw = answering.answer(self._town.nodes[question.recipient], msgspec.json.encode(self._sign(question)))
            answer = envelopes.open_envelope(
                envelopes.decode(raw), self._directory, recipient=self._name, at=clock.now()
            )
            self.heard(answer)
            return answer
        return None


class Town:
    """A and B, each with a journal, who witness each other."""

    def __init__(self, runs: dict[str, str], folder: Path) -> None:
        self.runs, self.folder = runs, folder
        self.keys = {name: SigningKey.generate() for name in runs}
        self.directory = Directory(
            {
                name: Entry("", "", [PublishedKey(use, key.public.text) for use in ("transport", "seal")][:1], wire=2)
                for name, key in self.keys.items()
            }
        )
        self.seals = {name: SigningKey.generate() for name in runs}
        self.directory.take(
            {
                name: Entry(
                    "", "", [PublishedKey("transport", self.keys[name].public.text),
                             PublishedKey("seal", self.seals[name].public.text)], wire=2,
                )
                for name in runs
            }, False, 1, "",
        )  # fmt: skip
        self.silent: set[str] = set()
        self.nodes: dict[str, Node] = {}
        for name in runs:
            self.start(name)

    def start(self, name: str) -> Node:
        """A process of a node: what it remembers is gone."""
        if name in self.nodes:
            self.nodes[name].database.close()
            self.nodes[name].doorbell.close()
        rights = [Right("*", "*", service, PURPOSE, "Toy Law", clock.today()) for service in (NOTE, ECHO)]
        rights.append(Right("*", "*", forks.SERVICE, forks.PURPOSE, "Toy Law", clock.today()))
        calendar = WorkCalendar([("07:30", "17:00")], "15:00", [Year(year, "toy", []) for year in range(2020, 2060)])
        catalogue = Catalogue(name, nodes={}, terms={}, registers={}, services={}, rights=rights, calendar=calendar)
        node = Node(
            name, Database(self.runs[name], size=6), self.keys[name], self.seals[name], self.directory, catalogue,
            Territory(own=[], elsewhere=[], former={}, facilities=[]), Doorbell(self.folder / name), Direct(self, name),
            handlers={NOTE: lambda node, tx, message: Done()},
            answerers={ECHO: lambda node, tx, message: Answer({}), forks.SERVICE: forks.answer},
            on_contact=(forks.heard,),
        )  # fmt: skip
        node.head = node.asker.head = node.heads.own
        node.seen = node.asker.seen = node.heads.seen
        node.asker.heard = lambda answer: contact.look(node, answer)
        self.nodes[name] = node
        return node

    def grow(self, name: str, seals: int = 1) -> Head:
        """A node's journal gains so many seals; its head."""
        node = self.nodes[name]
        for _ in range(seals):
            with node.database.transaction() as tx:
                entries.append(tx, f"toy/{new_id()}", "act", {"at": name}, at=clock.now())
            with node.database.transaction() as tx:
                assert sealer.seal_ready(tx)
        node.heads.look(now=True)
        return Head.parse(node.heads.own())

    def message(self, sender: str, recipient: str, **changes: Any) -> Envelope:
        body = b"{}"
        at = clock.now()
        facts = {
            "id": new_id(), "sender": sender, "recipient": recipient, "service": NOTE, "purpose": PURPOSE, "case": "T",
            "issued": at, "expires": at + timedelta(days=1), "body_hash": envelopes.digest(body), "key": "T",
            **self.nodes[sender].wire_to(recipient),
        }  # fmt: skip
        return envelopes.close(Header(**(facts | changes)), body, self.keys[sender])

    def deliver(self, envelope: Envelope, recipient: str) -> str:
        """What a message meets: the outcome of its receipt, or the code with which the batch is refused."""
        try:
            reply = inbox.receive(self.nodes[recipient], msgspec.json.encode(Batch([envelope])))
        except Refused as refused:
            return refused.code
        receipt = msgspec.json.decode(reply, type=inbox.Reply).receipts[0]
        assert receipt is not None
        return str(msgspec.json.decode(receipt.body)["outcome"])

    def restore(self, name: str, head: Head) -> None:
        """What a backup does: everything after a seal is gone, and nobody in the node remembers it."""
        with psycopg.connect(self.owners[name]) as owner:
            kept = owner.execute("SELECT window_to FROM seal WHERE number = %s", (head.number,)).fetchone()
            assert kept
            owner.execute("DELETE FROM journal_entry WHERE xid >= %s", (kept[0],))
            owner.execute("DELETE FROM seal WHERE number > %s", (head.number,))
            owner.execute("DELETE FROM countersigned WHERE number > %s", (head.number,))
        self.start(name)

    owners: dict[str, str]

    def standing(self, at: str, of: str) -> str:
        self.nodes[at].heads.look(now=True)
        found = self.nodes[at].heads.standing(of)
        return found.state if found else ""

    def close(self) -> None:
        for node in self.nodes.values():
            node.database.close()
            node.doorbell.close()


@pytest.fixture
def town(node_database: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setattr(forks, "ASK_AGAIN", 0.0)
    places = {"A": node_database("portal"), "B": node_database("G01")}
    for place in places.values():
        with psycopg.connect(place.owner) as owner:
            owner.execute(EMPTY)
    made = Town({name: place.run for name, place in places.items()}, tmp_path)
    made.owners = {name: place.owner for name, place in places.items()}
    yield made
    made.close()


def test_partners_countersign_each_others_heads_as_they_work(town: Town) -> None:
    head = town.grow("A", 2)
    assert town.deliver(town.message("A", "B"), "B") == "done"
    assert town.nodes["B"].seen("A") == str(head)
    assert town.deliver(town.message("B", "A"), "A") == "done"  # it says what B holds of A
    with town.nodes["A"].database.transaction() as tx:
        row = tx.one("SELECT * FROM countersigned")
    assert (row.partner, row.number, row.chain) == ("B", head.number, head.chain)
    assert town.directory.signer("B", "transport", row.header.encode(), row.signature)


def test_a_message_that_waited_says_an_older_head_and_nothing_is_wrong(town: Town) -> None:
    town.grow("A")
    late = town.message("A", "B")
    town.grow("A", 3)
    assert town.deliver(town.message("A", "B"), "B") == "done"
    assert town.deliver(late, "B") == "done"
    assert town.standing("B", "A") == ""


def test_a_lower_head_said_much_later_is_asked_about_and_forgiven_when_the_journal_is_whole(town: Town) -> None:
    """As when a process had not looked at its own journal, or a clock was moved."""
    old = str(town.grow("A"))
    town.grow("A", 3)
    assert town.deliver(town.message("A", "B"), "B") == "done"
    town.nodes["B"].heads.partner("A").highest = (
        town.nodes["B"]
        .heads.partner("A")
        .highest._replace(  # type: ignore[union-attr]
            at=clock.now() - timedelta(hours=1)
        )
    )
    assert town.deliver(town.message("A", "B", head=old), "B") == "done"
    assert town.standing("B", "A") == ""


def test_a_restored_node_is_noticed_by_both_at_the_first_contact(town: Town) -> None:
    backup = town.grow("A", 2)
    town.grow("A", 3)
    assert town.deliver(town.message("A", "B"), "B") == "done"
    town.restore("A", backup)
    forks.at_start(town.nodes["A"])
    assert (town.standing("A", "A"), town.standing("B", "A")) == ("restored", "forked")
    assert town.deliver(town.message("A", "B"), "B") == "forked"
    assert town.deliver(town.message("B", "A"), "A") == "restored"
    with pytest.raises(Refused, match="rejoin first"):
        answering.answer(town.nodes["A"], msgspec.json.encode(_ask(town, "B", "A")))


def test_a_restored_node_that_went_on_unnoticed_is_found_when_heads_are_exchanged(town: Town) -> None:
    backup = town.grow("A", 2)
    town.grow("A", 2)
    assert town.deliver(town.message("A", "B"), "B") == "done"
    town.restore("A", backup)
    town.grow("A", 5)  # above everything that B has heard of
    town.nodes["A"].heads.seen = lambda name: ""  # type: ignore[method-assign]  # and it does not listen
    assert town.deliver(town.message("A", "B"), "B") == "done"
    forks.greet(town.nodes["B"])
    assert town.standing("B", "A") == "forked"


def test_a_copy_of_a_node_is_refused_and_the_node_itself_is_not(town: Town) -> None:
    town.grow("A")
    head = town.grow("A")
    assert town.deliver(town.message("A", "B"), "B") == "done"
    copied = town.message("A", "B", head=f"{head.number}:{'0' * 64}")  # signed with its key, from another journal
    assert town.deliver(copied, "B") == "forked"
    assert town.standing("B", "A") == ""
    assert town.deliver(town.message("A", "B"), "B") == "done"


def test_while_a_partner_in_doubt_is_silent_its_messages_wait(town: Town) -> None:
    town.grow("A")
    head = town.grow("A")
    assert town.deliver(town.message("A", "B"), "B") == "done"
    town.silent.add("A")
    assert town.deliver(town.message("A", "B", head=f"{head.number}:{'0' * 64}"), "B") == "unclear"
    assert town.standing("B", "A") == ""


def test_a_partner_cannot_stop_a_node_by_claiming_a_head_that_it_never_signed(town: Town) -> None:
    head = town.grow("A")
    assert town.deliver(town.message("A", "B"), "B") == "done"
    invented = f"{head.number + 7}:{'1' * 64}"
    assert town.deliver(town.message("B", "A", seen=invented), "A") == "done"
    assert town.standing("A", "A") == ""


def test_a_quarantined_node_is_taken_back_on_its_sealed_word(town: Town) -> None:
    backup = town.grow("A", 2)
    lost = town.grow("A", 3)
    assert town.deliver(town.message("A", "B"), "B") == "done"
    town.restore("A", backup)
    forks.at_start(town.nodes["A"])
    _rejoin(town, backup, lost.number + 100)
    assert town.deliver(town.message("A", "B"), "B") == "done"
    assert (town.standing("A", "A"), town.standing("B", "A")) == ("rejoined", "rejoined")
    assert town.deliver(town.message("B", "A"), "A") == "done"


def test_a_statement_that_does_not_account_for_what_was_lost_opens_nothing(town: Town) -> None:
    backup = town.grow("A", 2)
    town.grow("A", 3)
    assert town.deliver(town.message("A", "B"), "B") == "done"
    town.restore("A", backup)
    forks.at_start(town.nodes["A"])
    _rejoin(town, backup, backup.number + 1)
    assert town.deliver(town.message("A", "B"), "B") == "forked"


def _rejoin(town: Town, after: Head, first: int) -> None:
    """What `rejoining.open_again` writes down."""
    node = town.nodes["A"]
    said = {"node": "A", "after": {"number": after.number, "chain": after.chain}, "first": first, "at": "now"}
    statement = envelopes.sealed("A", forks.REJOINED, forks.PURPOSE, "journal", said, node.seal, clock.now())
    with node.database.transaction() as tx:
        branches.begin(tx, first, after.number, clock.now(), statement)
        heads.record(tx, Standing("A", "rejoined", after.number, first), statement)
    assert town.grow("A").number >= first


def _ask(town: Town, sender: str, recipient: str) -> Envelope:
    return town.nodes[sender].asker._sign(Question(recipient, ECHO, {}, PURPOSE, "T"))


def test_a_node_that_was_restored_delivers_nothing(town: Town) -> None:
    from threading import Event

    from lienthong.exchange.courier import Lane

    node = town.nodes["A"]
    with node.database.transaction() as tx:
        outbox.send(node, tx, "B", NOTE, {}, case="T", purpose=PURPOSE)
        heads.record(tx, Standing("A", "restored"), "{}")
    node.heads.look(now=True)
    assert Lane(node, "B", Event()).deliver() == 0
