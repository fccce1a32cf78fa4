"""What people say, as it was known on any day: answered in time, to their content, rated, told to the portal."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from lienthong.casework.tests.country import in_node
from lienthong.exchange.node import Node
from lienthong.kit.clock import ZONE
from lienthong.steering import index_voices
from lienthong.steering.index_sums import Grid, Period
from lienthong.steering.tests.walking import SERVICE, UNITS, Walk, node

__all__ = ["node"]
MONDAY = datetime(2026, 3, 2, 9, tzinfo=ZONE)
_PUT = """
INSERT INTO feedback
    (id, dossier, case_code, portal, unit, service, step, rule, text, asked_at, received_at, state, acts)
VALUES (%s, %s, '', 'portal', %s, %s, '', '', 'x', %s, %s, 'new', 1)
"""
_ACT = """
INSERT INTO feedback_act (feedback, number, at, verb, by_whom, unit, text, until, due, content)
VALUES (%s, %s, %s, %s, '', %s, '', %s, %s, %s)
"""


def day(number: int) -> datetime:
    return MONDAY + timedelta(days=number)


@pytest.fixture(scope="module")
def codes(node: Node) -> list[str]:
    """Five dossiers, and what was said of four of them: (what was done: day, verb, limit, due, content)."""
    walk = Walk(node, 7)
    in_node(node, lambda tx: [walk.file(tx, MONDAY) for _ in range(5)])
    made = [one.identity.code for one in walk.open]
    said: list[list[tuple[Any, ...]]] = [
        [(0, "open", None, 15, None), (4, "answer", 15, None, None), (6, "judge", None, None, True)],
        [(0, "open", None, 15, None), (4, "answer", 15, None, None), (6, "judge", None, None, False)],
        [(0, "open", None, 15, None), (3, "refuse", 2, None, None)],
        [(0, "open", None, 15, None)],
    ]
    for number, acts in enumerate(said):
        in_node(node, lambda tx, n=number, acts=acts: _put(tx, made[n], UNITS[n % 2], acts))
    rate = "INSERT INTO dossier_rating VALUES (%s, %s, %s, %s, %s, '{}', '')"
    for at, overall in ((5, 1), (8, 4)):
        in_node(node, lambda tx, at=at, o=overall: tx.run(rate, (made[4], UNITS[0], SERVICE, day(at), o)))
    return made


def _put(tx: Any, code: str, unit: str, acts: list[tuple[Any, ...]]) -> None:
    tx.run(_PUT, (code, code, unit, SERVICE, MONDAY, MONDAY))
    for number, (at, verb, until, due, content) in enumerate(acts, start=1):
        limits = (day(until) if until else None, day(due) if due else None)
        tx.run(_ACT, (code, number, day(at), verb, unit, *limits, content))


def known(node: Node, number: int, unit: str = "") -> dict[str, int]:
    until = day(number).date()
    period = Period.of(date(2026, 3, 1), until)
    return in_node(node, lambda tx: index_voices.values(node, tx, period, Grid({}), lambda u, _s: unit in ("", u)))


@pytest.mark.parametrize(
    ("on", "said", "in_time", "content", "rated", "liked", "complained"),
    [
        (1, 4, 4, 4, 0, 0, 4),  # nothing is late yet
        (3, 4, 3, 3, 0, 0, 4),  # refused a day after its limit
        (5, 4, 3, 3, 1, 0, 5),  # a bad rating
        (6, 4, 3, 2, 1, 0, 5),  # somebody is not content
        (8, 4, 3, 2, 1, 1, 4),  # the rating was changed
        (15, 4, 2, 1, 1, 1, 4),  # one was never answered
    ],
)
def test_every_day_knows_what_had_been_done_by_then(
    node: Node,
    codes: list[str],
    on: int,
    said: int,
    in_time: int,
    content: int,
    rated: int,
    liked: int,
    complained: int,
) -> None:
    found = known(node, on)
    assert (found["feedback"], found["feedback_in_time"], found["feedback_content"]) == (said, in_time, content)
    assert (found["rated"], found["rated_content"], found["complained"]) == (rated, liked, complained)


def test_a_unit_has_its_own(node: Node, codes: list[str]) -> None:
    assert known(node, 15, UNITS[0])["feedback"] == 2
    assert known(node, 15, UNITS[1])["feedback_in_time"] == 1
    assert known(node, 15, "24846")["feedback"] == 0


def test_in_step_with_the_portal_is_what_it_was_told_by_then(node: Node, codes: list[str]) -> None:
    told = "INSERT INTO national_sync (code, acts, first_sent, last_sent) VALUES (%s, 1, %s, %s)"
    fact = f"""
    INSERT INTO index_fact SELECT (SELECT generation FROM index_state), %s, '{SERVICE}', '{UNITS[0]}', 'counter', '',
        %s, %s, NULL, NULL, NULL, 0, false, false, 0, NULL, NULL, '', 0, 0, false, false, false, '', '', '', 1, 0
    """
    for code, at in zip(codes[:2], (day(1), day(9)), strict=True):
        in_node(node, lambda tx, code=code, at=at: tx.run(told, (code, at, at)))
        in_node(node, lambda tx, code=code: tx.run(fact, (code, MONDAY, MONDAY)))
    assert [known(node, on)["synced"] for on in (0, 1, 9)] == [0, 1, 2]
