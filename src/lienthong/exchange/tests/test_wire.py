"""A node of wire 2 beside one of wire 1: what the program of version 0.2 wrote is read, and what is written for it is
in its words. `wire1.json` holds its own envelopes (commit 4d669ad); the shapes below are its rules, and stay as they
were: a field it does not know makes it refuse the whole message."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest

from lienthong.exchange import answering, envelopes, inbox
from lienthong.exchange.directory import Directory, Entry, PublishedKey
from lienthong.exchange.envelopes import Envelope, Refused, decode, open_envelope
from lienthong.exchange.inbox import Batch, Reply
from lienthong.exchange.tests.pair import EFFECT, Pair, header
from lienthong.kit.signatures import VerifyKey

GOLDEN = json.loads(Path(__file__).with_name("wire1.json").read_text())
AT = datetime.fromisoformat(GOLDEN["at"])
DIRECTORY = Directory(
    {
        name: Entry("", "", [PublishedKey("transport", key), PublishedKey("seal", key)])
        for name, key in GOLDEN["keys"].items()
    }
)


class Header1(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    id: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f-]{36}$")]
    sender: str
    recipient: str
    service: str
    purpose: str
    case: str
    issued: Annotated[datetime, msgspec.Meta(tz=True)]
    expires: Annotated[datetime, msgspec.Meta(tz=True)]
    body_hash: str
    key: str = ""
    officer: str = ""
    answers: str = ""


class Envelope1(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    header: msgspec.Raw
    body: msgspec.Raw
    signature: str


class Batch1(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    envelopes: list[Envelope1]


class Reply1(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    receipts: list[Envelope1 | None]


def read_by_wire_1(envelope: Envelope1, keys: list[VerifyKey]) -> Header1:
    """As version 0.2 does it. Raises what makes it refuse the message."""
    read = msgspec.json.decode(envelope.header, type=Header1)
    assert any(key.verify(bytes(envelope.header), envelope.signature) for key in keys)
    assert envelopes.digest(bytes(envelope.body)) == read.body_hash
    return read


# ---------------------------------------------------------------------- what wire 1 wrote


@pytest.mark.parametrize(("name", "recipient"), [("ask", "B"), ("answer", "A")])
def test_what_version_0_2_asked_and_answered_is_read(name: str, recipient: str) -> None:
    message = open_envelope(decode(GOLDEN[name].encode()), DIRECTORY, recipient=recipient, at=AT)
    assert (message.header.wire, message.header.head) == (1, "")
    assert (message.body.get("say") or message.body.get("echo")) == "xin chào"


def test_what_version_0_2_sent_and_receipted_is_read() -> None:
    batch = msgspec.json.decode(GOLDEN["batch"], type=Batch)
    sent = [open_envelope(envelope, DIRECTORY, recipient="B", at=AT) for envelope in batch.envelopes]
    assert [message.header.key for message in sent] == ["K-0", "K-1"]
    reply = msgspec.json.decode(GOLDEN["reply"], type=Reply)
    given = [open_envelope(receipt, DIRECTORY, recipient="A", at=AT) for receipt in reply.receipts if receipt]
    assert [receipt.header.answers for receipt in given] == [message.envelope.hash for message in sent]
    assert reply.receipts[2] is None


def test_what_version_0_2_sealed_is_read_years_later() -> None:
    message = open_envelope(decode(GOLDEN["sealed"].encode()), DIRECTORY, recipient="", at=None, purpose="seal")
    assert message.body == {"code": "000.1"}


def test_a_field_that_we_do_not_know_is_refused_as_wire_1_does() -> None:
    envelope = decode(GOLDEN["ask"].encode())
    more = msgspec.json.encode(msgspec.json.decode(envelope.header) | {"wire": 3, "new": 1})
    with pytest.raises(Refused, match="malformed"):
        open_envelope(msgspec.structs.replace(envelope, header=msgspec.Raw(more)), DIRECTORY, recipient="B", at=AT)


# ---------------------------------------------------------------------- what we write


@pytest.fixture
def wires(pair: Pair) -> Iterator[Any]:
    """`wires(A=1, B=2)` says which wire each speaks."""
    before = dict(pair.directory.nodes)

    def speak(**spoken: int) -> Pair:
        nodes = {name: msgspec.structs.replace(entry, wire=spoken.get(name, 2)) for name, entry in before.items()}
        pair.directory.take(nodes, False, 1, "")
        for node in (pair.a, pair.b):
            node.head = node.asker.head = lambda: "7:00ff"
        return pair

    yield speak
    pair.directory.take(before, False, 2, "")
    for node in (pair.a, pair.b):
        del node.head
        node.asker.head = lambda: ""


def heard(pair: Pair) -> bytes:
    return pair.door.heard[-1]


def test_towards_wire_1_every_message_is_in_its_words(wires: Any) -> None:
    pair = wires(B=1)
    keys = pair.directory.keys("A", "transport")
    pair.a.asker.ask(pair.question("xin chào"))
    asked = read_by_wire_1(msgspec.json.decode(heard(pair), type=Envelope1), keys)
    assert asked.officer
    pair.send("write")
    pair.deliver()
    for envelope in msgspec.json.decode(heard(pair), type=Batch1).envelopes:
        assert read_by_wire_1(envelope, keys).service == EFFECT


def test_what_is_given_back_to_wire_1_is_in_its_words(wires: Any) -> None:
    pair = wires(A=1)
    keys = pair.directory.keys("B", "transport")
    raw = inbox.receive(pair.b, msgspec.json.encode(Batch([pair.envelope(), pair.envelope(sender="Z")])))
    for receipt in msgspec.json.decode(raw, type=Reply1).receipts:
        assert receipt is not None
        assert read_by_wire_1(receipt, keys).answers
    answer = answering.answer(pair.b, msgspec.json.encode(pair.a.asker._sign(pair.question())))
    assert read_by_wire_1(msgspec.json.decode(answer, type=Envelope1), keys).answers


def test_between_nodes_of_wire_2_the_sender_says_how_far_its_journal_is_sealed(wires: Any) -> None:
    pair = wires()
    answer = pair.a.asker.ask(pair.question())
    assert answer is not None
    assert (answer.header.wire, answer.header.head) == (2, "7:00ff")
    asked = msgspec.json.decode(heard(pair), type=Envelope)
    assert (header(asked).wire, header(asked).head) == (2, "7:00ff")
    message = pair.send()
    assert '"head":"7:00ff"' in pair.outbox(message).header
    receipt = pair.receive(pair.envelope())[0]
    assert receipt is not None
    assert header(receipt).wire == 2


def test_an_answer_may_be_handed_on_to_wire_1_and_is_written_for_it(wires: Any) -> None:
    pair = wires(C=1)  # neither who asks nor who answers, but somebody to whom the answer may go as evidence
    answer = pair.a.asker.ask(pair.question())
    assert answer is not None
    read_by_wire_1(
        msgspec.convert(answer.envelope, Envelope1, from_attributes=True), pair.directory.keys("B", "transport")
    )


def test_a_sealed_result_is_in_the_words_of_wire_1(wires: Any) -> None:
    pair = wires()
    text = envelopes.sealed("A", "toy.result", "p", "T-1", {}, pair.keys["A"], AT + timedelta(days=1))
    read_by_wire_1(msgspec.json.decode(text, type=Envelope1), [pair.keys["A"].public])
