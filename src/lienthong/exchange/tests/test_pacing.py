"""Rests between attempts: they grow, they differ, they end; a partner that is heard ends them at once."""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest

from lienthong.exchange import contact, courier, pacing
from lienthong.exchange.pacing import LONGEST, Pacing
from lienthong.exchange.tests.pair import Pair
from lienthong.kit.doorbell import Porch


def rests_of_an_outage(seconds: float, draw: float) -> list[float]:
    made, rests = Pacing(lambda: draw), []
    while sum(rests) < seconds:
        rests.append(made.failed())
    return rests


@pytest.mark.parametrize("outage", [10, 60, 300, 600, 3_600])
@pytest.mark.parametrize("draw", [0.0, 0.5, 0.999])
def test_a_rest_is_at_most_half_of_the_outage_so_far_and_a_partner_is_asked_rarely(outage: int, draw: float) -> None:
    rests = rests_of_an_outage(outage, draw)
    assert max(rests) <= LONGEST
    assert all(rest <= 0.3 + sum(rests[:place]) / 1.9 for place, rest in enumerate(rests))
    assert len(rests) <= 15 + outage / (LONGEST / 2)


def test_many_that_lost_one_partner_do_not_come_back_together() -> None:
    at_once = [Pacing() for _ in range(50)]
    rests = {round(made.failed(), 6) for made in at_once}
    assert len(rests) > 40
    assert all(pacing.FIRST / 2 <= rest <= pacing.FIRST for rest in rests)


def test_after_a_success_rests_begin_anew() -> None:
    made = Pacing(lambda: 1.0)
    first = [made.failed() for _ in range(9)]
    made.succeeded()
    assert made.failed() == first[0] < first[-1]


def test_a_partner_that_is_heard_ends_the_rest(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "LOOK_ANYWAY", 0.05)
    monkeypatch.setattr(pacing, "FIRST", 60.0)
    monkeypatch.setattr(pacing, "LONGEST", 60.0)
    contact._rung.clear()
    pair.door.status = 502
    message, stop, porch = pair.send(), Event(), Porch(Path(pair.a.doorbell._path))
    thread = Thread(target=courier.run, args=(pair.a, stop, porch))
    thread.start()
    try:
        _until(lambda: len(pair.door.heard) == 1)
        pair.door.status = 0
        pair.a.doorbell.ring("B")  # more mail for them says nothing about them
        time.sleep(0.2)
        assert len(pair.door.heard) == 1
        contact.heard(pair.a, "B")
        _until(lambda: pair.outbox(message).state == "done")
    finally:
        stop.set()
        thread.join(timeout=10)
        porch._socket.close()


def _until(holds: Callable[[], bool], within: float = 20.0) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
