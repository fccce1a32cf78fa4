"""A partner stands still for seconds or for an hour, at 60 messages a second: nothing is lost, order is kept, nothing
happens twice, and what waited is worked off while everybody goes on asking.

The shortest outage is lived through in real time. Of the longer ones the partner stands still for as long as it takes
to store what an outage of that length leaves behind, and the country's clock is moved on by the rest: the courier's
rests in real seconds are proved beside it (`exchange/tests/test_pacing.py`).
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lienthong.bench import delivering
from lienthong.bench.delivering import Publisher
from lienthong.bench.driver import Country
from lienthong.casework import operation
from lienthong.exchange.asking import Question

pytestmark = pytest.mark.long

PEOPLE = 2_000
AWAY, A_SECOND, KEYS = "G15", 60, 40
DRAIN = 1_500  # a second, at least
IN_REAL_TIME, BEHIND_THE_CLOCK = 10, (60, 300, 600, 3_600)


@contextmanager
def asking(publisher: Publisher, *recipients: str) -> Iterator["Counter[str]"]:
    """Ask each of them again and again; how many answers and how many silences there were, by node."""
    enough, heard = threading.Event(), Counter[str]()

    def ask() -> None:
        while not enough.wait(0.05):
            questions = [Question(name, operation.STUCK, {}, "operation", "outage") for name in recipients]
            answers = publisher.node.asker.ask_all(questions, within=2.0)
            heard.update(f"{n} {'answers' if a else 'silences'}" for n, a in zip(recipients, answers, strict=True))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield heard
    finally:
        enough.set()
        thread.join(10)


@pytest.fixture
def publisher(country: Country) -> Iterator[Publisher]:
    made = Publisher.of(country)
    yield made
    made.close()


def worked_off(country: Country, publisher: Publisher, messages: int) -> tuple[float, "Counter[str]"]:
    """Let the partner go on; messages a second until the last receipt, and the asks meanwhile."""
    with asking(publisher, AWAY, "G01") as heard:
        country.resume()
        first = publisher.left()
        while publisher.left() == first:  # the lane's rest ends
            time.sleep(0.05)
        began, left = time.monotonic(), publisher.left()
        publisher.settled(120 + messages / 200)
        rate = left / max(time.monotonic() - began, 0.001)
    return rate, heard


def test_ten_seconds_in_real_time(country: Country, publisher: Publisher) -> None:
    with asking(publisher, "G01") as elsewhere:
        country.hold(AWAY)
        began = time.monotonic()
        for second in range(IN_REAL_TIME):
            publisher.send(A_SECOND, [AWAY, "BHXH"], keys=KEYS)
            time.sleep(max(0.0, began + second + 1 - time.monotonic()))
        with country.looking("BHXH") as tx:
            arrived = tx.value("SELECT count(*) FROM inbox WHERE case_code LIKE %s", (f"bench/{publisher.mark}/%",))
    rate, heard = worked_off(country, publisher, IN_REAL_TIME * A_SECOND)
    sent = IN_REAL_TIME * A_SECOND
    print(f"\n10 s: {sent} messages waited, {arrived} passed by to another node meanwhile; {rate:,.0f}/s; asks {heard}")
    assert arrived >= sent * 0.8
    assert elsewhere["G01 silences"] == 0 < elsewhere["G01 answers"]
    assert delivering.effects(country, publisher, keys=KEYS) == 2 * sent


@pytest.mark.parametrize("outage", BEHIND_THE_CLOCK)
def test_minutes_and_an_hour(country: Country, publisher: Publisher, outage: int) -> None:
    messages = outage * A_SECOND
    country.hold(AWAY)
    publisher.send(messages, [AWAY], keys=KEYS)
    country.command("clock", f"+{outage}s")
    rate, heard = worked_off(country, publisher, messages)
    print(f"\n{outage} s: {messages:,} messages waited; worked off at {rate:,.0f}/s; asks meanwhile {dict(heard)}")
    assert delivering.effects(country, publisher, keys=KEYS) == messages
    assert heard[f"{AWAY} answers"]
    assert heard["G01 answers"]
    assert heard["G01 silences"] == 0
    assert rate >= DRAIN
