"""How an end counts (domain.md §4.2), and that no act changes what an earlier day said."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import load
from lienthong.config.state import HOME
from lienthong.kit.clock import ZONE
from lienthong.steering.index_facts import MEASURES, PLACE, SHARES, STOCKS, Act, Component, Fold, Kind, Service, day_of
from lienthong.steering.index_store import as_date, number_of

MONDAY = datetime(2026, 3, 2, 9, tzinfo=ZONE)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DUE = MONDAY + 3 * DAY


class Told:
    """A dossier told act by act, and what of it every day counts, as known on any other."""

    def __init__(self, kind: Kind | None = None) -> None:
        self.moves: list[tuple[int, int, int, int]] = []
        self.fold = Fold(kind or Kind("counter"), lambda *move: self.moves.append(move))

    def act(self, verb: str, at: datetime, known: datetime | None = None, **more: Any) -> "Told":
        told = msgspec.convert({"verb": verb, "at": at, **more}, Act)
        self.fold.add(told, day_of(known) if known else 0)
        return self

    def received(self, due: datetime | None = DUE) -> "Told":
        return self.act("acknowledge", MONDAY).act("receive", MONDAY, deadline=due)

    def counts(self, day: date, known: date | None = None) -> Counter[str]:
        """What counts at the end of a day: stocks up to it, flows of it."""
        on, by = number_of(day), number_of(known or day)
        found = Counter[str]()
        for measure, when, posted, count in self.moves:
            if posted <= by and (when == on or (measure < len(STOCKS) and when < on)):
                found[MEASURES[measure]] += count
        return +found


def test_finished_before_on_and_after_the_promised_day() -> None:
    for days, counted in ((-1, "early"), (0, "on_time"), (1, "late")):
        told = Told().received(DUE + HOUR).act("issue", DUE + days * DAY)
        assert told.counts((DUE + days * DAY).date())[counted] == 1
    assert Told().received(DUE).act("issue", DUE + HOUR).counts(DUE.date())["late"] == 1


def test_what_is_open_past_its_promised_day_is_late_every_evening_until_it_ends() -> None:
    told = Told().received()
    days = [(MONDAY + n * DAY).date() for n in range(6)]
    assert [told.counts(day)["late_open"] for day in days] == [0, 0, 0, 1, 1, 1]
    told.act("issue", MONDAY + 5 * DAY)
    assert [told.counts(day)["late_open"] for day in days] == [0, 0, 0, 1, 1, 0]
    assert [told.counts(day)["open"] for day in days] == [1, 1, 1, 1, 1, 0]


def test_a_supplement_that_nobody_answers_counts_as_the_end_when_it_was_asked_for() -> None:
    told = Told().received().act("supplement", MONDAY + DAY)
    assert told.counts((DUE + 9 * DAY).date()) == Counter({"open": 1, "paused": 1})
    told.act("stop", DUE + 9 * DAY)
    assert told.counts((DUE + 9 * DAY).date())["early"] == 1
    asked_late = Told().received().act("supplement", DUE + DAY).act("stop", DUE + 9 * DAY)
    assert asked_late.counts((DUE + 9 * DAY).date())["late"] == 1


def test_asking_for_supplements_twice_is_late_at_once_and_for_good() -> None:
    told = Told().received().act("supplement", MONDAY + HOUR).act("supply", MONDAY + 2 * HOUR, deadline=DUE)
    assert not told.counts(MONDAY.date())["late_open"]
    told.act("supplement", MONDAY + 3 * HOUR)
    assert told.counts(MONDAY.date())["late_open"] == 1
    told.act("supply", MONDAY + DAY, deadline=DUE).act("issue", MONDAY + DAY + HOUR)
    assert told.counts((MONDAY + DAY).date())["late"] == 1


def test_the_promised_time_moves_once_and_before_it_has_passed() -> None:
    once = Told().received().act("extend", MONDAY + DAY, deadline=DUE + 2 * DAY)
    assert once.fold.fact.due == DUE + 2 * DAY
    assert not once.counts((DUE + DAY).date())["late_open"]
    twice = once.act("extend", DUE + DAY, deadline=DUE + 9 * DAY)
    assert (twice.fold.fact.due, twice.fold.fact.moved_late) == (DUE + 2 * DAY, True)
    too_late = Told().received().act("extend", DUE + HOUR, deadline=DUE + 9 * DAY)
    assert (too_late.fold.fact.due, too_late.fold.fact.moved_late) == (DUE, True)


def test_without_a_promised_time_the_longest_of_the_procedure_holds_pauses_taken_away() -> None:
    calendar = load(HOME / "catalogue", "H36", source_hashes()).calendar
    told = Told(Kind("counter", Service(hours=8.0, calendar=calendar))).received(None)
    first = told.fold.fact.due
    assert first
    assert calendar.hours_between(MONDAY, first) == pytest.approx(8.0)
    told.act("supplement", MONDAY + HOUR).act("supply", MONDAY + DAY + HOUR)
    assert told.fold.fact.due
    stood = calendar.hours_between(MONDAY + HOUR, MONDAY + DAY + HOUR)
    assert calendar.hours_between(MONDAY, told.fold.fact.due) == pytest.approx(8.0 + stood)


def test_a_later_word_about_an_earlier_day_is_known_only_from_then_on() -> None:
    """Finished on Tuesday, stored on Friday: until then it was open, and late on Thursday evening."""
    tuesday, thursday, friday = (MONDAY + n * DAY for n in (1, 3, 4))
    told = Told().received().act("issue", tuesday, known=friday)
    assert told.counts(thursday.date())["late_open"] == 1
    assert told.counts(thursday.date(), friday.date())["late_open"] == 0
    assert told.counts(tuesday.date())["early"] == 0
    assert told.counts(tuesday.date(), friday.date())["early"] == 1
    assert told.fold.fact.backdated


def test_no_movement_lies_before_the_day_on_which_its_act_was_known() -> None:
    told = Told().received()
    for number, verb in enumerate(("supplement", "supply", "ask_payment", "paid", "extend", "issue"), start=1):
        before = len(told.moves)
        told.act(verb, MONDAY + number * DAY, deadline=DUE + DAY if verb in ("supply", "paid", "extend") else None)
        for measure, day, posted, _count in told.moves[before:]:
            assert posted >= day_of(MONDAY + number * DAY)
            assert posted >= day
            assert measure >= PLACE[SHARES[0]] or day >= day_of(MONDAY + number * DAY)


def test_papers_count_once_they_are_there() -> None:
    told = Told().received()
    told.fold.hold([Component("deed", 0, MONDAY), Component("plan", 1, MONDAY)])
    told.act("paid", MONDAY + HOUR)
    assert not told.counts(MONDAY.date())["digitised_parts"]
    told.fold.hold([Component("deed", 2, MONDAY + DAY)])
    told.act("issue", MONDAY + DAY)
    counted = told.counts(MONDAY.date(), (MONDAY + DAY).date())
    assert counted["digitised_parts"] == counted["digitised"] == counted["from_store"] == counted["e_results"] == 1
    assert as_date(day_of(MONDAY)) == MONDAY.date()
