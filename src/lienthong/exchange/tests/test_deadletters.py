"""Parked messages: told once, sent again in order, singly or in bulk, or given up with a reason."""

from collections.abc import Iterator

import pytest

from lienthong.exchange import deadletters
from lienthong.exchange.deadletters import MORE_ATTEMPTS, Which
from lienthong.exchange.node import Alert, Node
from lienthong.exchange.settling import ATTEMPTS
from lienthong.exchange.tests.pair import Pair
from lienthong.kit.storage import Tx


class Told:
    """What A's operators were told."""

    def __init__(self) -> None:
        self.raised: list[Alert] = []
        self.over: list[str] = []

    def hear(self, node: Node, tx: Tx, alert: Alert) -> None:
        self.raised.append(alert)

    def hear_over(self, node: Node, tx: Tx, alert: str, note: str) -> None:
        self.over.append(alert)


@pytest.fixture
def told(pair: Pair) -> Iterator[Told]:
    heard, before = Told(), (pair.a.on_alert, pair.a.on_alert_over)
    pair.a.on_alert, pair.a.on_alert_over = heard.hear, heard.hear_over
    yield heard
    pair.a.on_alert, pair.a.on_alert_over = before


def park(pair: Pair, message: str, attempts: int = ATTEMPTS) -> None:
    """Let a message fail at B until it is parked."""
    pair.failing.add("bad")
    for _ in range(attempts):
        pair.deliver()
        pair.hurry()
    pair.failing.clear()
    assert pair.outbox(message).state == "parked"


def resend(pair: Pair, which: Which) -> list[str]:
    with pair.a.database.transaction() as tx:
        return deadletters.resend(pair.a, tx, which, "Trực")


def give_up(pair: Pair, message: str, reason: str) -> bool:
    with pair.a.database.transaction() as tx:
        return deadletters.give_up(pair.a, tx, message, "Trực", reason)


def test_a_parked_message_is_told_once_with_whom_and_why_and_nothing_of_its_body(pair: Pair, told: Told) -> None:
    message = pair.send("bad", case="T-dead")
    park(pair, message)
    (alert,) = told.raised
    assert (alert.kind, alert.id, alert.case, alert.role) == ("dead_letter", f"dead/{message}", "T-dead", "operator")
    assert {name: alert.detail[name] for name in ("recipient", "service", "attempts")} == {
        "recipient": "B", "service": "toy.effect", "attempts": ATTEMPTS,
    }  # fmt: skip
    assert alert.detail["problem"].startswith("failed-there")
    assert "bad" not in str(alert.detail.values())


def test_sent_again_it_goes_before_what_waited_behind_it(pair: Pair, told: Told) -> None:
    bad, behind = pair.send("bad", case="T-1"), pair.send("fine", case="T-1")
    park(pair, bad)
    last = pair.send("fine", case="T-1")
    assert pair.deliver() == 0
    assert resend(pair, Which(messages=[bad])) == [bad]
    assert pair.deliver() == 3
    assert pair.effects(bad, behind, last) == [bad, behind, last]
    assert told.over == [f"dead/{bad}"]


def test_what_fails_again_is_parked_again_after_a_few_attempts_and_told_again(pair: Pair, told: Told) -> None:
    bad = pair.send("bad", case="T-1")
    park(pair, bad)
    resend(pair, Which())
    park(pair, bad, MORE_ATTEMPTS)
    assert [alert.id for alert in told.raised] == [f"dead/{bad}"] * 2
    assert told.over == []


def test_in_bulk_only_what_fits_is_sent_again(pair: Pair, told: Told) -> None:
    parked = [pair.send("bad", case=f"T-{n}") for n in range(3)]
    park(pair, parked[-1])
    waiting = pair.send("later", case="T-9")
    for which in (Which(to="C"), Which(service="toy.other"), Which(older=3600), Which(messages=[waiting])):
        assert resend(pair, which) == []
    assert sorted(resend(pair, Which(to="B", service="toy.effect"))) == sorted(parked)
    pair.deliver()
    assert {pair.outbox(message).state for message in parked} == {"done"}
    with pair.a.database.transaction() as tx:
        deed = tx.value("SELECT payload FROM journal_entry WHERE stream LIKE 'delivery/%%' ORDER BY id DESC LIMIT 1")
    assert all(message in deed for message in parked)


def test_given_up_its_sender_hears_a_refusal_and_the_key_goes_on(pair: Pair, told: Told) -> None:
    bad, behind = pair.send("bad", case="T-1"), pair.send("fine", case="T-1")
    park(pair, bad)
    with pytest.raises(ValueError, match="required"):
        give_up(pair, bad, "  ")
    assert give_up(pair, bad, "gửi bằng giấy")
    assert not give_up(pair, bad, "lần nữa")
    row = pair.outbox(bad)
    assert (row.state, row.problem) == ("refused", "given-up: gửi bằng giấy")
    assert pair.settled(bad) == 1
    pair.deliver()
    assert pair.effects(bad, behind) == [behind]
    assert told.over == [f"dead/{bad}"]


def test_what_is_not_parked_can_neither_be_sent_again_nor_given_up(pair: Pair) -> None:
    message = pair.send("fine")
    assert resend(pair, Which(messages=[message])) == []
    assert not give_up(pair, message, "vì sao không")
    pair.deliver()
    assert not give_up(pair, message, "vì sao không")
    assert pair.outbox(message).state == "done"
