"""Sending: stored with the act, delivered once in effect, in order, whoever is away."""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import msgspec
import pytest
import urllib3

from lienthong.casework import operation
from lienthong.exchange import courier, envelopes, inbox, outbox
from lienthong.exchange.courier import Lane
from lienthong.exchange.envelopes import Envelope, Refused
from lienthong.exchange.inbox import LARGEST_BATCH, Reply
from lienthong.exchange.node import Done, Refusal
from lienthong.exchange.outbox import RECEIPT
from lienthong.exchange.settling import ATTEMPTS
from lienthong.exchange.tests.pair import PURPOSE, Pair, header
from lienthong.kit.doorbell import Porch


def replies(change: Callable[[list[Envelope | None]], list[Envelope | None]]) -> Callable[[bytes], bytes]:
    """What goes over the wire when somebody changes the receipts on their way back."""
    return lambda raw: msgspec.json.encode(Reply(change(msgspec.json.decode(raw, type=Reply).receipts)))


def test_a_message_of_an_act_that_was_undone_is_not_sent(pair: Pair) -> None:
    def act() -> None:
        with pair.a.database.transaction() as tx:
            outbox.send(pair.a, tx, "B", "toy.effect", {}, case="T-1", purpose=PURPOSE)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        act()
    assert pair.deliver() == 0


def test_a_delivered_message_is_done_and_its_sender_told_once(pair: Pair) -> None:
    message = pair.send("write")
    assert pair.deliver() == 1
    row = pair.outbox(message)
    assert (row.state, row.problem) == ("done", None)
    assert pair.said(msgspec.json.decode(row.receipt, type=Envelope)) == "done"
    assert pair.settled(message) == 1
    assert pair.deliver() == 0


def test_a_refusal_is_settled_with_its_reason(pair: Pair) -> None:
    message = pair.send("refuse")
    pair.deliver()
    assert (pair.outbox(message).state, pair.outbox(message).problem) == ("refused", "not-possible: B does not want to")


def test_a_receipt_lost_on_its_way_delays_and_does_not_double(pair: Pair) -> None:
    message = pair.send("write")
    pair.door.status = 502
    with pytest.raises(Refused):
        pair.deliver()
    assert (pair.outbox(message).state, pair.settled(message)) == ("waiting", 0)
    pair.door.status = 0
    pair.deliver()
    assert (pair.outbox(message).state, pair.settled(message)) == ("done", 1)
    assert pair.effects(message) == [message]


def test_a_partner_that_is_away_costs_no_attempt(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    message = pair.send()
    monkeypatch.setitem(pair.directory.nodes, "B", pair.directory.nodes["C"])
    with pytest.raises(urllib3.exceptions.HTTPError):
        pair.deliver()
    assert (pair.outbox(message).state, pair.outbox(message).attempts) == ("waiting", 0)


def test_a_receipt_that_belongs_to_another_message_is_not_believed(pair: Pair) -> None:
    messages = [pair.send("one", case="T-1"), pair.send("two", case="T-2")]
    pair.door.changed = replies(lambda receipts: receipts[::-1])
    pair.deliver()
    assert [pair.outbox(m).state for m in messages] == ["waiting", "waiting"]
    assert [pair.settled(m) for m in messages] == [0, 0]
    pair.door.changed = None
    pair.hurry()
    pair.deliver()
    assert [pair.outbox(m).state for m in messages] == ["done", "done"]


def _forged(pair: Pair, sender: str, key: str) -> Callable[[list[Envelope | None]], list[Envelope | None]]:
    def forge(receipts: list[Envelope | None]) -> list[Envelope | None]:
        body = b'{"outcome":"refused","code":"forged","reason":"forged"}'
        facts = [msgspec.structs.asdict(header(r)) for r in receipts if r]
        hashed = {"sender": sender, "body_hash": envelopes.digest(body)}
        return [envelopes.close(envelopes.Header(**(f | hashed)), body, pair.keys[key]) for f in facts]

    return forge


def test_a_receipt_by_another_hand_is_not_believed(pair: Pair) -> None:
    message = pair.send("write")
    for sender, key in (("B", "C"), ("C", "C"), ("Z", "C")):
        pair.door.changed = replies(_forged(pair, sender, key))
        pair.hurry()
        pair.deliver()
        assert (pair.outbox(message).state, pair.settled(message)) == ("waiting", 0)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: b"\xff",
        lambda raw: b'{"receipts":[]}',
        lambda raw: b'{"receipts":[null,null]}',
        lambda raw: b'{"receipts":' + b"[" * 60_000,
    ],
)
def test_a_reply_that_does_not_match_the_batch_changes_nothing(pair: Pair, change: Callable[[bytes], bytes]) -> None:
    message = pair.send()
    pair.door.changed = change
    with pytest.raises(Refused):
        pair.deliver()
    assert pair.outbox(message).state == "waiting"


@pytest.mark.parametrize(
    "receipt", [b'{"header":[],"body":{},"signature":""}', b'{"header":{},"body":1,"signature":"x"}']
)
def test_a_receipt_that_does_not_read_is_tried_again(pair: Pair, receipt: bytes) -> None:
    message = pair.send()
    pair.door.changed = lambda _: b'{"receipts":[' + receipt + b"]}"
    pair.deliver()
    assert (pair.outbox(message).state, pair.outbox(message).attempts) == ("waiting", 1)


def test_a_failing_message_holds_back_its_key_and_nothing_else(pair: Pair) -> None:
    pair.failing.add("bad")
    bad, behind, other = pair.send("bad", case="T-1"), pair.send("fine", case="T-1"), pair.send("fine", case="T-2")
    assert pair.deliver() == 3
    assert [pair.outbox(m).state for m in (bad, behind, other)] == ["waiting", "waiting", "done"]
    newcomer = pair.send("fine", case="T-1")
    assert pair.deliver() == 0  # the key waits for its first
    pair.failing.clear()
    pair.hurry()
    assert pair.deliver() == 3
    assert pair.effects(bad, behind, other, newcomer) == [other, bad, behind, newcomer]


def test_a_message_that_keeps_failing_is_parked_with_its_key_and_told_as_stuck(pair: Pair) -> None:
    pair.failing.add("bad")
    bad = pair.send("bad", case="T-parked")
    for _ in range(ATTEMPTS):
        assert pair.deliver() == 1
        pair.hurry()
    assert pair.outbox(bad).state == "parked"
    pair.failing.clear()
    behind, other = pair.send("fine", case="T-parked"), pair.send("fine", case="T-free")
    assert pair.deliver() == 1
    assert [pair.outbox(m).state for m in (bad, behind, other)] == ["parked", "waiting", "done"]
    with pair.a.database.transaction() as tx:
        waiting = operation.stuck(pair.a, tx, _nothing()).body["waiting"]
    listed = {entry["case"]: entry for entry in waiting if entry["case"].startswith("T-")}
    assert set(listed) == {"T-parked"}
    parked = [entry for entry in waiting if entry["case"] == "T-parked" and "operator" in entry["next"]]
    assert [(entry["owner"], entry["reason"]) for entry in parked] == [("B", "failed-there: B could not handle it yet")]


def _nothing() -> Any:
    return None


def test_a_sender_that_fails_to_hear_a_receipt_hears_it_again(pair: Pair) -> None:
    message = pair.send("write")
    pair.failing.add("settling")
    pair.deliver()
    assert (pair.outbox(message).state, pair.settled(message)) == ("waiting", 0)
    pair.failing.clear()
    pair.hurry()
    pair.deliver()
    assert (pair.outbox(message).state, pair.settled(message)) == ("done", 1)
    assert pair.effects(message) == [message]


# the later word on a message that was only stored


def later_word(pair: Pair, message: object, sender: str = "B", **outcome: Any) -> Envelope:
    body = {"message": message, **(outcome or outbox.describe(Done({"key": "K-1"})))}
    return pair.envelope(pair.keys[sender], body, sender=sender, recipient="A", service=RECEIPT, purpose="receipt")


def hear(pair: Pair, receipt: Envelope) -> str:
    raw = inbox.receive(pair.a, msgspec.json.encode(inbox.Batch([receipt])))
    found = msgspec.json.decode(raw, type=Reply).receipts[0]
    return "failed" if found is None else pair.said(found)


def stored(pair: Pair) -> str:
    message = pair.send("store")
    pair.deliver()
    assert pair.outbox(message).state == "stored"
    return message


def test_a_stored_message_is_settled_by_its_recipients_later_word_once(pair: Pair) -> None:
    message = stored(pair)
    assert pair.settled(message) == 0
    assert hear(pair, later_word(pair, message)) == "done"
    assert (pair.outbox(message).state, pair.settled(message)) == ("done", 1)
    assert hear(pair, later_word(pair, message)) == "not-waiting"
    assert pair.settled(message) == 1


def test_a_later_word_that_overtakes_the_first_one_stands(pair: Pair) -> None:
    message = pair.send("store")
    heard: list[str] = []

    def overtaken(raw: bytes) -> bytes:
        heard.append(hear(pair, later_word(pair, message)))
        return raw

    pair.door.changed = overtaken
    pair.deliver()
    assert heard == ["done"]
    assert (pair.outbox(message).state, pair.settled(message)) == ("done", 1)


def test_a_later_word_may_be_a_refusal(pair: Pair) -> None:
    message = stored(pair)
    assert hear(pair, later_word(pair, message, **outbox.describe(Refusal("dead-parent", "…")))) == "done"
    assert pair.outbox(message).state == "refused"


def test_nobody_but_the_recipient_has_the_later_word(pair: Pair) -> None:
    message = stored(pair)
    assert hear(pair, later_word(pair, message, sender="C")) == "not-waiting"
    assert pair.outbox(message).state == "stored"


@pytest.mark.parametrize("outcome", [{"outcome": "perhaps"}, {"outcome": "done"}, {"outcome": "stored"}])
def test_a_later_word_that_says_nothing_final_is_refused_and_changes_nothing(
    pair: Pair, outcome: dict[str, str]
) -> None:
    message = stored(pair)
    assert hear(pair, later_word(pair, message, **outcome)) == "malformed"
    assert (pair.outbox(message).state, pair.settled(message)) == ("stored", 0)


@pytest.mark.parametrize("message", [None, 5, ["x"], "nobody's"])
def test_a_later_word_about_no_message_of_ours_is_refused(pair: Pair, message: object) -> None:
    assert hear(pair, later_word(pair, message)) == "not-waiting"


def test_a_later_word_that_the_room_refuses_changes_nothing(pair: Pair) -> None:
    message = stored(pair)
    pair.failing.add("settling-refused")
    assert hear(pair, later_word(pair, message)) == "unknown-case"
    assert (pair.outbox(message).state, pair.settled(message)) == ("stored", 0)


# the courier itself


def test_the_courier_delivers_at_the_ring_and_what_waited_before_it_started(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "LOOK_ANYWAY", 0.05)
    before = pair.send("before", case="T-1")
    stop, porch = Event(), Porch(Path(pair.a.doorbell._path))
    thread = Thread(target=courier.run, args=(pair.a, stop, porch))
    thread.start()
    try:
        _until(lambda: pair.outbox(before).state == "done")
        after = pair.send("after", case="T-2")
        _until(lambda: pair.outbox(after).state == "done")
    finally:
        stop.set()
        thread.join(timeout=10)
        porch._socket.close()
    assert not thread.is_alive()
    assert pair.effects(before, after) == [before, after]


def test_two_couriers_of_one_node_deliver_each_message_once(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "LOOK_ANYWAY", 0.05)
    stop = Event()
    porches = [Porch(tmp_path / f"{n}.bell") for n in range(2)]
    threads = [Thread(target=courier.run, args=(pair.a, stop, porch)) for porch in porches]
    for thread in threads:
        thread.start()
    messages = [pair.send("write", case=f"T-{n % 3}") for n in range(20)]
    try:
        _until(lambda: all(pair.outbox(message).state == "done" for message in messages))
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=10)
        for porch in porches:
            porch._socket.close()
    assert sorted(pair.effects(*messages)) == sorted(messages)
    assert [pair.settled(message) for message in messages] == [1] * 20


def _until(holds: Callable[[], bool], within: float = 20.0) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_long_queue_goes_in_growing_batches_each_settled_behind_the_next(pair: Pair) -> None:
    sent = [pair.send(f"{place}", key=f"key-{place % 7}") for place in range(3 * LARGEST_BATCH)]
    lane = Lane(pair.a, "B", Event())
    sizes = [lane.deliver(), lane.deliver(), lane.deliver()]
    assert sizes == [LARGEST_BATCH, LARGEST_BATCH, LARGEST_BATCH]  # to a partner of wire 1
    assert lane.deliver() == 0
    assert {pair.outbox(message).state for message in sent} == {"done"}
    assert pair.effects(*sent) == sent


def test_a_batch_to_a_partner_of_today_may_hold_more(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = pair.directory.nodes["B"]
    monkeypatch.setitem(pair.directory.nodes, "B", msgspec.structs.replace(entry, wire=envelopes.WIRE))
    bad = 4 * LARGEST_BATCH
    sent = [
        pair.send("bad" if place == bad else f"{place}", key=f"key-{place % 7}") for place in range(6 * LARGEST_BATCH)
    ]
    pair.failing.add("bad")
    lane = Lane(pair.a, "B", Event())
    assert [lane.deliver(), lane.deliver()] == [LARGEST_BATCH, 2 * LARGEST_BATCH]
    lane.deliver()  # the failing one is in it: from here on small again
    behind = [place for place in range(bad, len(sent)) if place % 7 == bad % 7]
    assert lane.deliver() == 0
    open_ = [place for place, message in enumerate(sent) if pair.outbox(message).state == "waiting"]
    assert open_ == behind
    pair.failing.clear()
    pair.hurry()
    assert lane.deliver() == len(behind)
    effects = pair.effects(*sent)
    assert len(effects) == len(sent)
    assert [effects.index(sent[place]) for place in behind] == sorted(effects.index(sent[place]) for place in behind)
