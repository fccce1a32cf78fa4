"""Keys that change: nothing signed with a key in order is lost, nothing signed with a revoked one gets in."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.exchange import envelopes, validity
from lienthong.exchange.directory import Directory, Entry, PublishedKey
from lienthong.exchange.envelopes import Envelope, Refused
from lienthong.exchange.tests.pair import Pair, header
from lienthong.kit import clock
from lienthong.kit.signatures import SigningKey

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)


class Keys:
    """What the directory says about A's keys, beside those of B and C."""

    def __init__(self, pair: Pair) -> None:
        self.pair, self.first, self.second = pair, pair.keys["A"], SigningKey.generate()
        self._before = dict(pair.directory.nodes)

    def publish(self, wire: int = 1, **about: dict[str, Any]) -> None:
        """`first` and `second`: what else is said of that key; a key that is not named is not published."""
        keys = [PublishedKey("transport", getattr(self, name).public.text, **more) for name, more in about.items()]
        nodes = {**self._before, "A": msgspec.structs.replace(self._before["A"], keys=keys, wire=wire)}
        self.pair.directory.take(nodes, False, self.pair.directory.version + 1, "")

    def restore(self) -> None:
        self.pair.directory.take(self._before, False, self.pair.directory.version + 1, "")
        self.pair.a.key = self.first

    def said(self, *sent: Envelope) -> list[str]:
        return [self.pair.said(receipt) for receipt in self.pair.receive(*sent)]


@pytest.fixture
def keys(pair: Pair) -> Iterator[Keys]:
    made = Keys(pair)
    yield made
    made.restore()


def test_in_the_overlap_both_keys_count(keys: Keys) -> None:
    keys.publish(first={"until": clock.now() + HOUR}, second={"since": clock.now()})
    pair = keys.pair
    assert keys.said(pair.envelope(keys.first), pair.envelope(keys.second)) == ["done", "done"]


@pytest.mark.parametrize(
    ("code", "about"),
    [
        ("ended-key", {"until": -HOUR}),
        ("done", {"until": -SECOND}),  # clocks differ a little
        ("early-key", {"since": HOUR}),
        ("done", {"since": SECOND}),
        ("revoked-key", {"revoked": -SECOND}),
        ("revoked-key", {"revoked": timedelta()}),
        ("done", {"revoked": HOUR}),
    ],
)
def test_a_message_is_believed_only_while_its_key_counts(keys: Keys, code: str, about: dict[str, timedelta]) -> None:
    keys.publish(first={name: clock.now() + by for name, by in about.items()}, second={})
    sent = keys.pair.envelope()
    assert keys.said(sent) == [code]
    assert keys.pair.refusals(header(sent).id) == ([] if code == "done" else [code])


def test_a_thief_who_dates_a_message_back_is_refused(keys: Keys) -> None:
    keys.publish(first={"revoked": clock.now() - HOUR})
    back = clock.now() - DAY
    assert keys.said(keys.pair.envelope(issued=back, expires=back + 30 * DAY)) == ["revoked-key"]


def test_what_was_taken_in_before_the_revocation_gets_its_receipt_again(keys: Keys) -> None:
    sent = keys.pair.envelope(body={"do": "write"})
    assert keys.said(sent) == ["done"]
    keys.publish(first={"revoked": clock.now() - HOUR}, second={})
    assert keys.said(sent) == ["done"]
    assert keys.pair.effects(header(sent).id) == [header(sent).id]


def test_a_receipt_given_again_is_signed_with_todays_key(keys: Keys) -> None:
    pair = keys.pair
    sent = pair.envelope()
    first = pair.receive(sent)[0]
    before, pair.b.key = pair.b.key, SigningKey.generate()
    try:
        again = pair.receive(sent)[0]
        assert first is not None
        assert again is not None
        assert bytes(again.header) == bytes(first.header)
        assert pair.b.key.public.verify(bytes(again.header), again.signature)
    finally:
        pair.b.key = before


def test_a_question_signed_with_a_revoked_key_is_not_answered(keys: Keys) -> None:
    assert keys.pair.a.asker.ask(keys.pair.question()) is not None
    keys.publish(first={"revoked": clock.now()}, second={})
    assert keys.pair.a.asker.ask(keys.pair.question()) is None


# ---------------------------------------------------------------------- evidence


def evidence(keys: Keys, about: dict[str, Any], issued: timedelta, received: timedelta | None) -> str:
    """How an envelope of A is read today that was issued and received so long ago; the code of its refusal."""
    keys.publish(first=about)
    at = clock.now() - issued
    sealed = keys.pair.envelope(issued=at, expires=at + DAY)
    moment = None if received is None else clock.now() - received
    try:
        envelopes.open_envelope(sealed, keys.pair.directory, recipient="B", at=None, received=moment)
    except Refused as refused:
        return refused.code
    return "believed"


@pytest.mark.parametrize(
    ("said", "about", "issued", "received"),
    [
        ("believed", {"until": -10 * DAY}, 20 * DAY, 15 * DAY),
        ("believed", {"until": -10 * DAY}, 20 * DAY, None),  # it ended in good order: what it sealed stays sealed
        ("ended-key", {"until": -10 * DAY}, 5 * DAY, 5 * DAY),
        ("believed", {"revoked": -10 * DAY}, 20 * DAY, 15 * DAY),
        ("revoked-key", {"revoked": -10 * DAY}, 20 * DAY, 5 * DAY),
        ("revoked-key", {"revoked": -10 * DAY}, 20 * DAY, None),  # dated back, for all that anybody can tell
        ("believed", {"since": -10 * DAY}, 20 * DAY, 5 * DAY),  # signed anew when it was sent
        ("early-key", {"since": -10 * DAY}, 20 * DAY, 15 * DAY),
    ],
)
def test_evidence_is_judged_by_when_it_was_received(
    keys: Keys, said: str, about: dict[str, timedelta], issued: timedelta, received: timedelta | None
) -> None:
    published = {name: clock.now() + by for name, by in about.items()}
    assert evidence(keys, published, issued, received) == said


moments = st.integers(-100, 100).map(lambda hours: clock.now() + timedelta(hours=hours))


@given(
    issued=moments, received=moments, since=st.none() | moments, until=st.none() | moments, revoked=st.none() | moments
)
def test_nothing_counts_that_arrives_after_a_revocation(
    issued: Any, received: Any, since: Any, until: Any, revoked: Any
) -> None:
    key = PublishedKey("transport", "", since, until, revoked)
    for live in (True, False):
        problem = validity.problem(key, issued, received, live=live)
        if revoked is not None and received >= revoked:
            assert problem == "revoked-key"
        if live and not problem:
            assert until is None or received <= until + validity.CLOCK_SKEW
            assert since is None or received >= since - validity.CLOCK_SKEW


# ---------------------------------------------------------------------- what waits in the outbox


def test_what_waited_while_the_key_changed_goes_out_under_the_new_one(keys: Keys) -> None:
    pair = keys.pair
    waiting = [pair.send("write") for _ in range(3)]
    kept = [pair.outbox(message) for message in waiting]
    keys.publish(first={"revoked": clock.now()}, second={})
    pair.a.key = keys.second
    pair.deliver()
    for message, before in zip(waiting, kept, strict=True):
        after = pair.outbox(message)
        assert (after.state, after.header) == ("done", before.header)
        assert keys.second.public.verify(after.header.encode(), after.signature)
        assert after.signer == keys.second.public.fingerprint
    assert pair.effects(*waiting) == waiting


def test_a_partner_who_does_not_know_the_new_key_yet_refuses_nothing_for_good(keys: Keys) -> None:
    pair = keys.pair
    message = pair.send("write")
    pair.a.key = keys.second  # B's directory is behind
    pair.deliver()
    assert pair.outbox(message).state == "waiting"
    assert "bad-signature" in pair.outbox(message).problem
    keys.publish(first={}, second={})
    pair.hurry()
    pair.deliver()
    assert pair.outbox(message).state == "done"


def test_what_is_in_order_is_not_signed_again(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = keys.pair
    message = pair.send()
    before = pair.outbox(message).signature
    pair.deliver()
    assert (pair.outbox(message).signature, pair.outbox(message).state) == (before, "done")


def test_what_was_written_for_a_newer_wire_is_put_into_the_partners_words(keys: Keys) -> None:
    pair = keys.pair
    nodes = dict(pair.directory.nodes)
    pair.directory.take({**nodes, "B": msgspec.structs.replace(nodes["B"], wire=2)}, False, 1, "")
    message = pair.send("write")
    assert '"wire":2' in pair.outbox(message).header
    pair.directory.take(nodes, False, 2, "")  # B was put back to an earlier program
    pair.deliver()
    assert '"wire"' not in pair.outbox(message).header
    assert pair.outbox(message).state == "done"


# ---------------------------------------------------------------------- what an operator looks at


def test_an_operator_sees_how_every_key_stands_and_which_must_be_rotated() -> None:
    now, keys = clock.now(), [SigningKey.generate().public.text for _ in range(6)]
    of_a = [
        PublishedKey("transport", keys[0], now - DAY, until=now - HOUR),
        PublishedKey("transport", keys[1], now - DAY, until=now + 10 * DAY),
        PublishedKey("transport", keys[2], now + DAY),
        PublishedKey("seal", keys[3], now - DAY, revoked=now - HOUR),
        PublishedKey("seal", keys[4], now - DAY, until=now + 20 * DAY + HOUR),
    ]
    directory = Directory({"A": Entry("", "", of_a), "B": Entry("", "", [PublishedKey("seal", keys[5])])})
    assert [one.state for one in validity.standings(directory, now)] == [
        "ended", "ending", "coming", "revoked", "ending", "in use",
    ]  # fmt: skip
    assert [(one.purpose, one.days_left) for one in validity.ending(directory, now)] == [("seal", 20)]
