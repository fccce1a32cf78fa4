"""The doorbell: quick when somebody is at home, harmless when nobody is."""

import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lienthong.kit.doorbell import Doorbell, Porch


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "node.bell"


@pytest.fixture
def bell(place: Path) -> Iterator[Doorbell]:
    made = Doorbell(place)
    yield made
    made.close()


@pytest.fixture
def porch(place: Path) -> Iterator[Porch]:
    made = Porch(place)
    yield made
    made._socket.close()


def test_a_ring_is_heard_at_once_and_says_for_whom(bell: Doorbell, porch: Porch) -> None:
    bell.ring("H36")
    start = time.monotonic()
    assert porch.wait(5) == "H36"
    assert time.monotonic() - start < 1


def test_rings_before_anybody_listens_are_kept(bell: Doorbell, porch: Porch) -> None:
    for name in ("G01", "BHXH"):
        bell.ring(name)
    assert [porch.wait(1), porch.wait(1), porch.wait(0.01)] == ["G01", "BHXH", None]


def test_nobody_at_home_is_a_normal_answer(bell: Doorbell) -> None:
    bell.ring("H36")


def test_a_porch_that_is_full_holds_up_nobody(bell: Doorbell, porch: Porch) -> None:
    start = time.monotonic()
    for _ in range(2000):
        bell.ring("H36")
    assert time.monotonic() - start < 5
    assert porch.wait(1) == "H36"


def test_a_worker_that_starts_again_takes_over_the_place(place: Path, bell: Doorbell) -> None:
    first = Porch(place)
    second = Porch(place)
    bell.ring("G15")
    assert second.wait(1) == "G15"
    for porch in (first, second):
        porch._socket.close()


def test_the_place_is_closed_to_strangers_and_rubbish_does_no_harm(place: Path, porch: Porch) -> None:
    assert stat.S_IMODE(place.stat().st_mode) == 0o660
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"\xff\xfe" * 300, str(place))
    assert isinstance(porch.wait(1), str)
