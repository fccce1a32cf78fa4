"""Signs that figures were made rather than earned. A sign is a question to somebody, never a verdict.

Each kind is a rule over facts that names dossiers (`_CASES`), grouped by who did it. Two kinds are breaches by
themselves. The others happen to honest officers too: they are signs only where one officer has so many of them that
chance would not give it to one of a thousand officers, at the rate of all the others in the same service.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from lienthong.kit.clock import ZONE
from lienthong.kit.storage import Tx

KINDS: Final = ("ended_and_filed_again", "received_when_done", "bursts", "clock_stopped", "promise_moved", "filed_for")
FEWEST: Final = 3  # of one officer: one or two are chance
CHANCE: Final = 0.001  # for one of all the officers together
FLOOR: Final = 0.002  # rate at which anything may happen, where nobody else did it

_FACTS = """
WITH f AS (SELECT * FROM index_fact WHERE generation = (SELECT generation FROM index_state)
           AND came_at >= %(since)s AND came_at < %(until)s)
"""
# What a case of each kind is: code, service, unit, who is asked about it, how it groups.
_CASES: Final[Mapping[str, str]] = {
    # ended without a result within a working day of the promised time, and filed anew by the same person
    "ended_and_filed_again": """
        SELECT f.code, f.service, f.unit, f.closer AS officer, '' AS grouped FROM f JOIN dossier d USING (code)
        WHERE f.ending IN (3, 7, 8) AND f.closer <> '' AND f.received_at IS NOT NULL
          AND f.due - f.ended_at BETWEEN interval '0' AND interval '1 day'
          AND EXISTS (SELECT FROM dossier again WHERE again.applicant = d.applicant AND again.service = d.service
              AND again.received_at > f.ended_at AND again.received_at < f.ended_at + interval '5 days')""",
    # at the counter: hours until it was received, minutes until it was done
    "received_when_done": """
        SELECT f.code, f.service, f.unit, f.receiver AS officer, '' AS grouped FROM f
        WHERE f.receiver <> '' AND f.channel <> 'online' AND f.ending = 10
          AND f.received_at - f.came_at > interval '2 hours' AND f.ended_at - f.received_at < interval '30 minutes'""",
    # many at once for one person, or done within minutes when nobody is at work
    "bursts": """
        SELECT f.code, f.service, f.unit, f.receiver AS officer,
            to_char(f.came_at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYY-MM-DD ')
            || CASE WHEN {at_work} THEN d.applicant ELSE '' END AS grouped
        FROM f JOIN dossier d USING (code)
        WHERE f.receiver <> '' AND f.channel <> 'online' AND f.ending = 10
          AND f.ended_at - f.came_at < interval '10 minutes'""",
    # a supplement asked for in the last tenth of the time, for the same reason again and again
    "clock_stopped": """
        SELECT f.code, f.service, f.unit, f.asked_by AS officer, f.asked_phrase::text AS grouped FROM f
        WHERE f.asked_by <> '' AND f.received_at IS NOT NULL AND f.asked_at > f.received_at
          AND f.asked_due - f.asked_at BETWEEN interval '0' AND (f.asked_due - f.received_at) / 10""",
    # a promised time that the law does not allow, or an act stored after the day it is said to be of
    "promise_moved": """
        SELECT f.code, f.service, f.unit, coalesce(nullif(f.closer, ''), nullif(f.decider, ''), f.receiver) AS officer,
            '' AS grouped FROM f WHERE f.moved_late OR f.backdated""",
    # filed as if online, typed by somebody who holds a post here
    "filed_for": """
        SELECT f.code, f.service, f.unit, f.filed_by AS officer, '' AS grouped FROM f
        WHERE f.channel = 'online' AND f.filed_by <> ''
          AND EXISTS (SELECT FROM officer o WHERE o.number = f.filed_by)""",
}
# Of how many of the same sort such cases are: what an officer had to do with at all.
_EXPOSED: Final[Mapping[str, str]] = {
    "ended_and_filed_again": "SELECT coalesce(nullif(closer, ''), nullif(decider, ''), receiver) AS officer, service"
    " FROM f WHERE ended_at IS NOT NULL AND received_at IS NOT NULL",
    "received_when_done": "SELECT receiver AS officer, service FROM f WHERE channel <> 'online' AND ending = 10",
    "clock_stopped": "SELECT asked_by AS officer, service FROM f WHERE asked_by <> '' AND received_at IS NOT NULL",
}
_AT_WORK: Final = """
(extract(isodow FROM f.came_at AT TIME ZONE 'Asia/Ho_Chi_Minh') < 6 AND
 (f.came_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::time BETWEEN '06:30' AND '18:30')
"""
_BURST: Final = 5  # of one officer on one day: for one person, or out of hours


@dataclass(frozen=True)
class Sign:
    """One officer's cases of one kind: of how many, how many were to be expected; which dossiers."""

    kind: str
    unit: str
    officer: str
    codes: tuple[str, ...]
    of: int
    expected: float


def signs(tx: Tx, since: date, until: date) -> list[Sign]:
    """Every sign in dossiers that came in a period, most dossiers first."""
    params = {
        "since": datetime.combine(since, time(), ZONE),
        "until": datetime.combine(until + timedelta(days=1), time(), ZONE),
    }
    found = [one for kind in KINDS for one in _of_kind(tx, kind, params)]
    return sorted(found, key=lambda one: (-len(one.codes), one.kind, one.officer))


def _of_kind(tx: Tx, kind: str, params: Mapping[str, Any]) -> list[Sign]:
    cases = tx.all(_FACTS + _CASES[kind].format(at_work=_AT_WORK), params)
    if kind in ("bursts", "clock_stopped"):
        cases = _repeated(cases, _BURST if kind == "bursts" else FEWEST)
    by_officer: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for case in cases:
        by_officer[case.officer, case.unit].append(case)
    if kind not in _EXPOSED:
        fewest = 1 if kind == "promise_moved" else FEWEST
        return [_sign(kind, who, found) for who, found in by_officer.items() if len(found) >= fewest]
    rows = tx.all(f"{_FACTS} SELECT officer, service, count(*) AS n FROM ({_EXPOSED[kind]}) e GROUP BY 1, 2", params)
    exposed = {(row.officer, row.service): int(row.n) for row in rows}
    return list(_standing_out(kind, by_officer, exposed))


def _repeated(cases: Sequence[Any], times: int) -> list[Any]:
    """Those of which one officer has so many in one group."""
    counted = Counter((case.officer, case.grouped) for case in cases)
    return [case for case in cases if counted[case.officer, case.grouped] >= times]


def _standing_out(
    kind: str, by_officer: Mapping[tuple[str, str], list[Any]], exposed: Mapping[tuple[str, str], int]
) -> Iterable[Sign]:
    """Officers with more cases than chance gives, at the rate of all others in the same services."""
    all_cases = Counter((case.officer, case.service) for found in by_officer.values() for case in found)
    cases_in, exposed_in = _by_service(all_cases), _by_service(exposed)
    officers = max(1, len({officer for officer, _ in exposed}))
    for who, found in by_officer.items():
        expected, of = 0.0, 0
        for service in {service for officer, service in exposed if officer == who[0]}:
            own = exposed[who[0], service]
            others = exposed_in[service] - own
            rate = max((cases_in[service] - all_cases[who[0], service]) / others if others else 0.0, FLOOR)
            expected, of = expected + own * rate, of + own
        if len(found) >= FEWEST and at_least(len(found), expected) < CHANCE / officers:
            yield _sign(kind, who, found, of, expected)


def _by_service(counts: Mapping[tuple[str, str], int]) -> "Counter[str]":
    found = Counter[str]()
    for (_, service), count in counts.items():
        found[service] += count
    return found


def at_least(count: int, expected: float) -> float:
    """How likely so many or more are where so many are expected (Poisson)."""
    term, below = math.exp(-expected), 0.0
    for number in range(count):
        below += term
        term *= expected / (number + 1)
    return max(0.0, 1.0 - below)


def _sign(kind: str, who: tuple[str, str], found: Sequence[Any], of: int = 0, expected: float = 0.0) -> Sign:
    return Sign(kind, who[1], who[0], tuple(sorted(case.code for case in found)), of or len(found), expected)
