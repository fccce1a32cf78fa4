"""The index's facts and sums against the casework's own state, against a computation from nothing, and over time."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from lienthong.casework import dossiers
from lienthong.casework.acts import FINAL, PROCESSED
from lienthong.casework.tests.country import in_node
from lienthong.exchange.node import Node
from lienthong.steering import index_dossiers, index_full, index_sums
from lienthong.steering.index_asked import Asked
from lienthong.steering.index_facts import Act as Read
from lienthong.steering.index_facts import Fold, Kind
from lienthong.steering.index_sums import Period
from lienthong.steering.tests.walking import UNITS, Walk, grids, lived, node

__all__ = ["lived", "node"]


def not_empty(found: Any) -> Any:
    return [{key: sums for key, sums in cells.items() if any(sums.values)} for cells in found]


def test_the_fold_agrees_with_the_casework(lived: tuple[Walk, Any], node: Node) -> None:
    walk, _ = lived
    endings = set()
    for dossier in walk.open:
        fold = Fold(Kind(dossier.identity.channel))
        acts = in_node(node, lambda tx, code=dossier.identity.code: dossiers.acts(tx, code))
        for act in acts:
            fold.add(msgspec.convert(msgspec.to_builtins(act), Read), 0)
        times, state, fact = dossier.times, dossier.state, fold.fact
        assert fact.ended_at == times.finished_at
        assert (fact.ended_at is not None) == (state.status in (PROCESSED, *FINAL))
        assert fact.paused == (state.paused_at is not None and fact.received_at is not None and not fact.ended_at)
        assert fact.supplements == state.supplements
        assert fact.due == state.deadline or fact.moved_late
        assert fact.received_at == times.accepted_at or (fact.ending == 10 and not times.accepted_at)
        endings.add(fact.ending)
    assert endings == {0, 3, 7, 8, 10}


def test_a_computation_from_nothing_finds_the_same(lived: Any, node: Node) -> None:
    walk, _ = lived
    before = in_node(node, lambda tx: tx.value("SELECT generation FROM index_state"))
    facts = "SELECT * FROM index_fact WHERE generation = %s ORDER BY code"
    running = [row[1:] for row in in_node(node, lambda tx: tx.all(facts, (before,)))]
    full = index_full.recompute(node, processes=1)
    assert (full.dossiers, full.acts) == (len(walk.open), sum(one.acts for one in walk.open))
    assert in_node(node, lambda tx: index_full.differing(tx, before, full.generation)) == 0
    assert [row[1:] for row in in_node(node, lambda tx: tx.all(facts, (full.generation,)))] == running
    in_node(node, lambda tx: tx.touch("UPDATE index_day SET late = late + 1 WHERE generation = %s AND day = posted"
                                      " AND unit = '25000' AND day = '2026-03-20'", (before,)))  # fmt: skip
    assert in_node(node, lambda tx: index_full.differing(tx, before, full.generation)) == 1
    index_full.forget(node)


def test_a_past_day_is_what_it_was_that_evening(lived: Any, node: Node) -> None:
    """After everything that came later, corrections and late slips too; and from a computation from nothing as well."""
    _, told = lived
    for day, found in told.items():
        assert not_empty(grids(node, day)) == not_empty(found), day


def test_late_slips_change_the_past_only_where_that_is_asked_for(lived: Any, node: Node) -> None:
    _, told = lived
    last = max(told)
    changed = 0
    for day in told:
        month = day.replace(day=1)
        with node.database.transaction() as tx:
            then = index_sums.grid(tx, Period.of(month, day)).total
            now = index_sums.grid(tx, Period.of(month, day, last)).total
        changed += then["came"] != now["came"]
    assert changed >= 3


def test_months_and_days_add_up(lived: Any, node: Node) -> None:
    """Whatever the period: the same sums as from days alone."""
    with node.database.transaction() as tx:
        for since, until in ((5, 18), (1, 31), (2, 31), (1, 40), (20, 45)):
            begin, end = date(2026, 3, 1) + timedelta(days=since - 1), date(2026, 3, 1) + timedelta(days=until - 1)
            found = index_sums.grid(tx, Period.of(begin, end)).total
            generation = tx.value("SELECT generation FROM index_state")
            flat = tx.one(
                "SELECT sum(open) AS a, sum(late) FILTER (WHERE day >= %s) AS b FROM index_day"
                " WHERE generation = %s AND day <= %s AND posted <= %s", (begin, generation, end, end),
            )  # fmt: skip
            assert (found["open"], found["late"]) == (flat[0], flat[1] or 0)
            assert (
                found["carried"] + found["received"]
                == found["early"] + found["on_time"] + found["late"] + found["open"]
            )


def test_a_figure_opens_to_the_dossiers_it_counts(lived: Any, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """As known that evening, in every unit, however many pages that takes."""
    monkeypatch.setattr(index_dossiers, "MOST", 7)
    monkeypatch.setattr(index_dossiers, "_LOOKED_AT", 11)
    compared = 0
    for since, until in ((date(2026, 3, 2), date(2026, 3, 20)), (date(2026, 3, 15), date(2026, 4, 12))):
        for unit in ("", UNITS[0]):
            question = Asked(since, until, until, unit=unit)
            with node.database.transaction() as tx:
                total = index_sums.grid(tx, question.period).within({unit} if unit else None).total
                for measure in ("late", "late_open", "open", "paused", "received", "e_results", "stopped", "came",
                                "supplemented"):  # fmt: skip
                    assert len(paged(node, tx, question, measure)) == total[measure], (measure, question)
                    compared += total[measure]
    assert compared > 100


def paged(node: Node, tx: Any, question: Asked, measure: str) -> set[str]:
    codes, after = set[str](), ""
    while True:
        found, after = index_dossiers.behind(node, tx, question, [measure], after)
        assert not codes & {one.identity.code for one in found}
        codes |= {one.identity.code for one in found}
        if not after:
            return codes
