"""Receiving: what is altered, foreign, late or rubbish has no effect, is refused, and leaves a trace."""

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.exchange import envelopes, inbox
from lienthong.exchange.envelopes import Envelope, Refused
from lienthong.exchange.inbox import Batch
from lienthong.exchange.tests.pair import EFFECT, Pair, header
from lienthong.exchange.validity import CLOCK_SKEW
from lienthong.kit import clock
from lienthong.kit.signatures import SigningKey

quickly = settings(
    deadline=None, max_examples=40, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def with_header(envelope: Envelope, **changes: object) -> Envelope:
    """The envelope with other words in its header, under the signature it had."""
    facts = msgspec.json.decode(envelope.header) | changes
    return Envelope(msgspec.Raw(msgspec.json.encode(facts)), envelope.body, envelope.signature)


def test_a_message_that_is_in_order_has_its_effect_and_a_receipt_bound_to_it(pair: Pair) -> None:
    sent = pair.envelope(body={"do": "write"})
    receipt = pair.receive(sent)[0]
    assert pair.said(receipt) == "done"
    assert receipt is not None
    assert header(receipt).answers == sent.hash
    assert pair.effects(header(sent).id) == [header(sent).id]


@pytest.mark.parametrize(
    ("code", "broken"),
    [
        ("altered", lambda pair, sent: Envelope(sent.header, msgspec.Raw(b'{"do":"more"}'), sent.signature)),
        ("bad-signature", lambda pair, sent: with_header(sent, case="T-2")),
        ("bad-signature", lambda pair, sent: with_header(sent, sender="C")),
        ("bad-signature", lambda pair, sent: with_header(sent, expires="2099-01-01T00:00:00Z")),
        ("bad-signature", lambda pair, sent: Envelope(sent.header, sent.body, "")),
        ("bad-signature", lambda pair, sent: pair.envelope(pair.keys["C"])),
        ("bad-signature", lambda pair, sent: pair.envelope(SigningKey.generate())),
        ("unknown-sender", lambda pair, sent: pair.envelope(sender="Z")),
        ("misdirected", lambda pair, sent: pair.envelope(recipient="C")),
        ("expired", lambda pair, sent: pair.envelope(expires=clock.now() - timedelta(seconds=1))),
        ("expired", lambda pair, sent: pair.envelope(issued=clock.now() + CLOCK_SKEW + timedelta(minutes=1))),
        ("malformed", lambda pair, sent: with_header(sent, trick=1)),
        ("malformed", lambda pair, sent: with_header(sent, id=5)),
        ("malformed", lambda pair, sent: pair.envelope(id="a\x00b")),
        ("malformed", lambda pair, sent: Envelope(msgspec.Raw(b"[]"), sent.body, sent.signature)),
        ("malformed", lambda pair, sent: pair.envelope(body=["no", "object"])),
        ("malformed", lambda pair, sent: pair.envelope(raw=b'{"do":"\xff\xfe"}')),
        ("malformed", lambda pair, sent: pair.envelope(issued=clock.now().replace(tzinfo=None))),
        ("too-large", lambda pair, sent: pair.envelope(body={"do": "x" * envelopes.LARGEST})),
        ("no-right", lambda pair, sent: pair.envelope(purpose="another/purpose")),
        ("no-right", lambda pair, sent: pair.envelope(pair.keys["C"], sender="C")),
        ("unknown-service", lambda pair, sent: pair.envelope(service="toy.nothing")),
    ],
)
def test_what_is_not_in_order_is_refused_without_effect_and_logged(
    pair: Pair, code: str, broken: Callable[[Pair, Envelope], Envelope]
) -> None:
    sent = broken(pair, pair.envelope(body={"do": "write"}, case=f"T-{code}"))
    in_order = pair.envelope(body={"do": "write"}, key="T-else")
    before = len(pair.refusals(""))
    receipts = pair.receive(sent, in_order)
    assert [pair.said(receipt) for receipt in receipts] == [code, "done"]
    assert pair.refusals("")[before:] == [code]
    assert pair.effects(header(in_order).id) == [header(in_order).id]
    if code != "malformed":
        assert pair.effects(header(sent).id) == []


def test_a_refusal_that_is_logged_keeps_the_header_and_nothing_of_the_body(pair: Pair) -> None:
    sent = pair.envelope(pair.keys["C"], body={"do": "bí mật"}, case="T-quiet")
    pair.receive(sent)
    with pair.b.database.transaction() as tx:
        row = tx.one("SELECT payload FROM journal_entry WHERE kind = 'refusal' AND payload LIKE '%%T-quiet%%'")
    assert "bí mật" not in row.payload
    assert header(sent).id in row.payload


def test_a_right_that_has_ended_or_not_begun_is_none(pair: Pair) -> None:
    today = clock.today()
    for since, until in ((today + timedelta(days=1), None), (today - timedelta(9), today - timedelta(days=1))):
        pair.rights[:] = [msgspec.structs.replace(pair.rights[0], since=since, until=until)]
        assert pair.said(pair.receive(pair.envelope())[0]) == "no-right"


def test_the_same_message_twice_is_one_effect_and_the_same_receipt(pair: Pair) -> None:
    sent = pair.envelope(body={"do": "write"})
    first, again = pair.receive(sent, sent)
    later = pair.receive(sent)[0]
    assert first == again == later
    assert pair.effects(header(sent).id) == [header(sent).id]


def test_a_used_id_with_other_content_is_refused_and_logged(pair: Pair) -> None:
    sent = pair.envelope(body={"do": "write"})
    pair.receive(sent)
    other = pair.envelope(body={"do": "other"}, id=header(sent).id, case="T-used")
    assert pair.said(pair.receive(other)[0]) == "replayed"
    assert pair.effects(header(sent).id) == [header(sent).id]
    assert pair.refusals("T-used") == ["replayed"]


def test_a_refusal_by_the_handler_undoes_what_it_wrote_and_is_the_final_word(pair: Pair) -> None:
    sent = pair.envelope(body={"do": "refuse"})
    assert pair.said(pair.receive(sent)[0]) == "not-possible"
    assert pair.effects(header(sent).id) == []
    assert pair.said(pair.receive(sent)[0]) == "not-possible"


def test_a_message_that_fails_here_gets_no_receipt_and_may_come_again(pair: Pair) -> None:
    sent = pair.envelope(body={"do": "later"})
    pair.failing.add("later")
    assert pair.receive(sent) == [None]
    assert pair.effects(header(sent).id) == []
    pair.failing.clear()
    assert pair.said(pair.receive(sent)[0]) == "done"


def test_a_failing_message_parks_its_own_key_and_order_there_holds(pair: Pair) -> None:
    pair.failing.add("bad")
    batch = [
        pair.envelope(body={"do": "bad"}, case="T-a", key="a"),
        pair.envelope(body={"do": "fine"}, case="T-b", key="b"),
        pair.envelope(body={"do": "fine"}, case="T-a", key="a"),
    ]
    receipts = pair.receive(*batch)
    assert [receipt is not None for receipt in receipts] == [False, True, False]
    ids = [header(sent).id for sent in batch]
    assert pair.effects(*ids) == [ids[1]]
    pair.failing.clear()
    pair.receive(*batch)
    assert pair.effects(*ids) == [ids[1], ids[0], ids[2]]


def test_messages_of_one_key_take_effect_in_the_order_they_were_stored_whatever_their_cases(pair: Pair) -> None:
    batch = [pair.envelope(body={"do": case}, case=f"T-{case}", key="record") for case in "ZAMB"]
    pair.receive(*batch)
    ids = [header(sent).id for sent in batch]
    assert pair.effects(*ids) == ids


def test_a_batch_that_is_none_is_refused_whole(pair: Pair) -> None:
    many = msgspec.json.encode(Batch([pair.envelope()] * (inbox.LARGEST_BATCH_NOW + 1)))
    nested = b'{"envelopes":[{"header":' + b"[" * 60_000 + b"]" * 60_000 + b',"body":{},"signature":""}]}'
    for raw, code in (
        (many, "too-large"),
        (b" " * (inbox.LARGEST_POST + 1), "too-large"),
        (nested, "malformed"),
        (b'{"envelopes":[],"more":1}', "malformed"),
        (b"", "malformed"),
    ):
        with pytest.raises(Refused) as refused:
            inbox.receive(pair.b, raw)
        assert refused.value.code == code


def test_a_deeply_nested_body_is_refused(pair: Pair) -> None:
    with pytest.raises(Refused):
        pair.receive(pair.envelope(raw=b'{"do":' + b"[" * 60_000 + b"]" * 60_000 + b"}"))


@quickly
@given(st.binary(max_size=400))
def test_rubbish_is_refused_and_nothing_else(pair: Pair, raw: bytes) -> None:
    for read in (lambda: inbox.receive(pair.b, raw), lambda: envelopes.decode(raw)):
        with pytest.raises(Refused):
            read()


@quickly
@given(place=st.integers(0, 10_000), change=st.integers(1, 255))
def test_a_message_with_any_byte_changed_has_no_effect_and_breaks_nothing(pair: Pair, place: int, change: int) -> None:
    sent = pair.envelope(body={"do": "write", "name": "K’ Brêm"})
    raw = bytearray(msgspec.json.encode(Batch([sent])))
    raw[place % len(raw)] ^= change
    try:
        receipts = msgspec.json.decode(inbox.receive(pair.b, bytes(raw)), type=inbox.Reply).receipts
        assert all(receipt is None or pair.said(receipt) != "done" for receipt in receipts) or _same(sent, bytes(raw))
    except Refused:
        pass
    assert pair.effects(header(sent).id) == [] or _same(sent, bytes(raw))


def _same(sent: Envelope, raw: bytes) -> bool:
    """Whether a change fell on a byte that says nothing: a bit of padding in the signature's last letter."""
    found = msgspec.json.decode(raw, type=Batch).envelopes
    return len(found) == 1 and (bytes(found[0].header), bytes(found[0].body)) == (bytes(sent.header), bytes(sent.body))


def test_an_ask_posted_as_a_message_has_no_effect(pair: Pair) -> None:
    question = pair.a.asker._sign(pair.question("xin chào"))
    assert pair.said(pair.receive(question)[0]) == "unknown-service"
    assert EFFECT in pair.b.handlers
