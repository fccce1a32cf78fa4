"""The clock: Vietnamese time, movable only in a demo country."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lienthong.kit import clock


@pytest.fixture
def country(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "clock"
    monkeypatch.setenv("LIENTHONG_CLOCK", str(file))
    return file


def ahead() -> timedelta:
    return timedelta(seconds=round((clock.now() - datetime.now(UTC)).total_seconds()))


def test_now_is_vietnamese_time(country: Path) -> None:
    assert clock.now().utcoffset() == timedelta(hours=7)
    assert ahead() == timedelta()


def test_time_moves_and_comes_back(country: Path) -> None:
    assert clock.shift(timedelta(days=2)) == timedelta(days=2)
    assert ahead() == timedelta(days=2)
    assert clock.shift(timedelta(hours=-5)) == timedelta(days=2, hours=-5)
    assert ahead() == timedelta(days=2, hours=-5)
    assert clock.shift(None) == timedelta()
    assert ahead() == timedelta()


def test_moves_in_quick_succession_all_count(country: Path) -> None:
    for _ in range(50):
        clock.shift(timedelta(minutes=1))
    assert ahead() == timedelta(minutes=50)


def test_another_process_that_moved_time_is_noticed(country: Path) -> None:
    assert ahead() == timedelta()
    country.write_text("86400")
    time.sleep(clock.LOOK_AGAIN * 1.5)
    assert ahead() == timedelta(days=1)
    assert clock.today() == (datetime.now(clock.ZONE) + timedelta(days=1)).date()


def test_real_time_is_nobodys_to_move(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIENTHONG_CLOCK", raising=False)
    with pytest.raises(RuntimeError):
        clock.shift(timedelta(days=1))
    assert ahead() == timedelta()
