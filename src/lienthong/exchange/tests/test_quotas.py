"""A right is used so often a minute and no more; who has used it up is told when to come again, and does."""

from io import BytesIO

import msgspec
import pytest

from lienthong.exchange.asking import OPENS_AFTER
from lienthong.exchange.door import door
from lienthong.exchange.quotas import Quotas, TooMany
from lienthong.exchange.tests.pair import ECHO, EFFECT, PURPOSE, Pair, right

OTHER = "toy/other"


class Clock:
    at = 0.0

    def __call__(self) -> float:
        return self.at


def used(quotas: Quotas, most: int, count: int = 1) -> int:
    """How often a right could be used before it was used up."""
    for turn in range(10_000):
        try:
            quotas.take({("it", most): count})
        except TooMany:
            return turn
    raise AssertionError("it is never used up")


def test_a_fresh_bucket_holds_a_tenth_and_fills_over_a_minute() -> None:
    clock = Clock()
    quotas = Quotas(clock)
    assert used(quotas, 600) == 60
    clock.at = 1.0
    assert used(quotas, 600) == 10
    clock.at = 10_000.0
    assert used(quotas, 600) == 600


def test_all_or_nothing_is_taken_and_the_wait_is_told() -> None:
    clock = Clock()
    quotas = Quotas(clock)
    with pytest.raises(TooMany) as late:
        quotas.take({("rich", 6_000): 1, ("poor", 60): 9})
    assert late.value.seconds == 3
    clock.at = 3.0
    quotas.take({("rich", 6_000): 600, ("poor", 60): 9})  # nothing of it was gone


def test_the_door_says_429_and_when(pair: Pair) -> None:
    pair.rights[:] = [right(ECHO, per_minute=10)]
    pair.b.quotas = Quotas(Clock())
    said: list[tuple[str, dict[str, str]]] = []
    for _ in range(4):
        raw = msgspec.json.encode(pair.a.asker._sign(pair.question()))
        environ = {
            "PATH_INFO": "/exchange/ask", "REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(raw)),
            "wsgi.input": BytesIO(raw),
        }  # fmt: skip
        door(pair.b, lambda *_: [])(environ, lambda status, headers: said.append((status, dict(headers))))
    assert [status[:3] for status, _ in said] == ["200", "429", "429", "429"]
    assert said[1][1]["Retry-After"] == "6"
    assert len(pair.refusals(PURPOSE)) == 1 + len(pair.refusals("no such text")), "a flood does not fill the journal"


def test_who_is_told_later_rests_for_that_purpose_alone_and_its_breaker_stays_closed(pair: Pair) -> None:
    pair.rights[:] = [right(EFFECT), right(ECHO), msgspec.structs.replace(right(ECHO), purpose=OTHER)]
    pair.b.quotas = Quotas()
    question = pair.question()
    pair.door.status = 429
    for turn in range(OPENS_AFTER):
        assert pair.a.asker.ask(pair.question(purpose=f"toy/{turn}")) is None
    assert pair.a.asker.ask(question) is None
    heard = len(pair.door.heard)
    pair.door.status = 0
    assert pair.a.asker.ask(question) is None
    assert len(pair.door.heard) == heard, "it is not asked again before its time"
    assert pair.a.asker.ask(pair.question(purpose=OTHER)) is not None
