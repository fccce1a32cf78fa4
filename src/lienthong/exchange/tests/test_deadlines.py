"""How long a message may take: its right says so; who is late is told once, and again when it is over."""

from datetime import timedelta

import pytest

from lienthong.exchange import deadlines
from lienthong.exchange.node import Alert, Node
from lienthong.exchange.tests.pair import EFFECT, Pair, right
from lienthong.kit import clock
from lienthong.kit.storage import Tx


class Told:
    """Names of alerts at A's operators, as they begin and end."""

    def __init__(self) -> None:
        self.raised: list[Alert] = []
        self.over: list[str] = []

    def hear(self, node: Node, tx: Tx, alert: Alert) -> None:
        self.raised.append(alert)

    def hear_over(self, node: Node, tx: Tx, alert: str, note: str) -> None:
        self.over.append(alert)


@pytest.fixture
def told(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Told:
    heard = Told()
    monkeypatch.setattr(pair.a, "on_alert", heard.hear)
    monkeypatch.setattr(pair.a, "on_alert_over", heard.hear_over)
    return heard


def look(pair: Pair, minutes: int) -> int:
    """Look as the worker does, so many minutes from now."""
    with clock.at(clock.now() + timedelta(minutes=minutes)), pair.a.database.transaction() as tx:
        return deadlines.look(pair.a, tx)


def test_what_takes_longer_than_its_right_allows_is_one_alert_which_ends_with_the_delivery(
    pair: Pair, told: Told
) -> None:
    pair.rights[:] = [right(EFFECT, within="5m")]
    messages = [pair.send("one", case="T-1"), pair.send("two", case="T-2")]
    assert look(pair, 4) == 0
    assert look(pair, 6) == 1
    assert look(pair, 7) == 0
    (alert,) = told.raised
    assert (alert.id, alert.detail["messages"]) == (deadlines.name("B", EFFECT), 2)
    assert told.over == []
    pair.deliver()
    assert {pair.outbox(message).state for message in messages} == {"done"}
    assert look(pair, 8) == 0
    assert look(pair, 9) == 0
    assert told.over == [alert.id]


@pytest.mark.parametrize(("within", "minutes"), [("90m", 90), ("2h", 120)])
def test_the_right_says_how_long(pair: Pair, within: str, minutes: int) -> None:
    pair.rights[:] = [right(EFFECT, within=within)]
    row = pair.outbox(pair.send("one"))
    assert row.due_at - row.created_at == timedelta(minutes=minutes)
