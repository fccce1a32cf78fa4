"""Identifiers of RFC 9562, version 7."""

import time
from uuid import RFC_4122, UUID

from lienthong.kit.identifiers import new_id


def test_version_and_variant_are_those_of_rfc_9562() -> None:
    found = [UUID(new_id()) for _ in range(200)]
    assert {(value.version, value.variant) for value in found} == {(7, RFC_4122)}


def test_the_first_48_bits_are_unix_milliseconds() -> None:
    before = time.time_ns() // 1_000_000
    stamp = UUID(new_id()).int >> 80
    assert before <= stamp <= time.time_ns() // 1_000_000


def test_they_sort_by_time_as_text() -> None:
    earlier = new_id()
    time.sleep(0.002)
    assert earlier < new_id()


def test_they_do_not_repeat() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000
