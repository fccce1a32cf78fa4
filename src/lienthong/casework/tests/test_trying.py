"""A process table tried on past dossiers: what would have been late, told from their acts alone."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from lienthong.casework import trying
from lienthong.casework.acts import Act
from lienthong.casework.trying import Visit, mapped, try_out, visits
from lienthong.catalogue.shapes import Process, Service, Step
from lienthong.catalogue.tests.folder import FOLDER, loaded
from lienthong.kit.clock import ZONE

CATALOGUE = loaded(FOLDER, "H36")
BIRTH: Service = CATALOGUE.service("civil-status/birth-registration")
MONDAY = datetime(2026, 11, 16, 7, 30, tzinfo=ZONE)


def act(verb: Any, hours: float, step: str = "", **more: Any) -> Act:
    """An act so many working hours after Monday's opening."""
    return Act(verb, CATALOGUE.calendar.after_hours(MONDAY, hours), "ai", "role", "H36.1", step, **more)


def table(**hours: int) -> Process:
    """The process of births with other hours."""
    steps = [msgspec.structs.replace(step, hours=hours.get(step.step, step.hours)) for step in BIRTH.process.steps]
    return Process(steps, BIRTH.process.consents)


WHOLE = [
    act("acknowledge", 0, deadline=MONDAY + timedelta(days=1)),
    act("receive", 1, "receive"),
    act("check", 4, "check"),
    act("decide", 6, "sign"),
    act("issue", 6.5, "record"),
]


def test_stays_are_told_from_acts_in_working_hours() -> None:
    assert visits(BIRTH, WHOLE, CATALOGUE.calendar) == [
        Visit("receive", 1), Visit("check", 3), Visit("sign", 2), Visit("record", 0),
    ]  # fmt: skip


def test_what_waits_outside_is_not_counted_and_a_return_begins_anew() -> None:
    asked = {"asks": {"fields": []}, "due": MONDAY + timedelta(days=9)}
    acts = [
        act("acknowledge", 0),
        act("receive", 1, "receive"),
        act("supplement", 2, "check", **asked),
        act("supply", 40, "check", detail={"paused_hours": 38.0}),
        act("check", 42, "check"),
        act("return", 43, "sign", reason="look-again"),
        act("check", 44.5, "check"),
        act("decide", 45, "sign"),
        act("issue", 45, "record"),
    ]
    assert visits(BIRTH, acts, CATALOGUE.calendar) == [
        Visit("receive", 1), Visit("check", 3), Visit("sign", 1), Visit("check", 1.5), Visit("sign", 0.5),
        Visit("record", 0),
    ]  # fmt: skip


def test_a_shorter_table_tells_who_would_have_been_late_and_where() -> None:
    past = {
        "A": [Visit("receive", 1), Visit("check", 3.5), Visit("sign", 1), Visit("record", 0)],
        "B": [Visit("receive", 1), Visit("check", 1), Visit("sign", 1), Visit("check", 2.5), Visit("sign", 1)],
        "C": [Visit("receive", 1), Visit("check", 5), Visit("sign", 1)],
        "D": [Visit("receive", 1), Visit("check", 2), Visit("sign", 1)],
    }
    trial = try_out(table(), table(check=2), past)
    check = next(line for line in trial.steps if line.step.step == "check")
    assert (check.dossiers, check.median, check.late_before, check.late_after) == (4, 3.0, 1, 3)
    assert (trial.late_before, trial.late_after, trial.newly_late, trial.no_longer_late) == (1, 3, 2, 0)
    assert [(one.code, one.step, one.hours, one.limit) for one in trial.newly] == [
        ("A", "check", 3.5, 2), ("B", "check", 2.5, 2),
    ]  # fmt: skip
    back = try_out(table(check=2), table(), past)
    assert (back.newly_late, back.no_longer_late, [one.code for one in back.no_longer]) == (0, 2, ["A", "B"])


def test_the_whole_is_held_against_the_sum_of_the_steps() -> None:
    past = {"A": [Visit("receive", 7), Visit("check", 3), Visit("sign", 3)]}
    trial = try_out(table(), table(receive=7, check=3, sign=2), past)
    assert (trial.total_before, trial.total_after) == (16, 12)
    assert [(one.step, one.hours, one.limit) for one in trial.newly] == [("sign", 3, 2)]
    whole = try_out(table(), table(receive=7, check=3, sign=3), {"A": [*past["A"], Visit("receive", 1)]})
    assert [(one.step, one.limit) for one in whole.newly] == [("", 13)]


@pytest.mark.parametrize(
    ("old", "new", "way"),
    [
        (["a", "b"], ["a", "b"], {"a": "a", "b": "b"}),
        (["a", "b"], ["a", "c"], {"a": "a", "b": "c"}),  # the only one left that does the same
        (["a", "b"], ["a"], {"a": "a"}),
        (["a"], ["a", "c"], {"a": "a"}),
        (["a", "b", "x"], ["c", "d"], {}),  # which is which nobody can tell
    ],
)
def test_steps_are_mapped_by_their_code_or_as_the_only_ones_alike(
    old: list[str], new: list[str], way: dict[str, str]
) -> None:
    def process(names: list[str]) -> Process:
        words = {"vi": "x", "en": "x"}
        return Process([msgspec.convert({"step": n, "verb": "check", "name": words, "role": "r"}, Step) for n in names])

    assert mapped(process(old), process(new)) == way


def test_what_cannot_be_mapped_and_what_nobody_had_is_said() -> None:
    steps = [step for step in BIRTH.process.steps if step.step != "check"]
    appraise = msgspec.structs.replace(BIRTH.process.step("check"), step="appraise", role="chair", verb="consult")
    new = Process([steps[0], appraise, *steps[1:]])
    past = {"A": [Visit("receive", 1), Visit("check", 3), Visit("sign", 1)], "B": [Visit("receive", 9)]}
    trial = try_out(BIRTH.process, new, past)
    assert trial.unmapped == {"check": 1}
    assert [step.step for step in trial.untried] == ["appraise"]
    assert [(one.code, one.step) for one in trial.newly] == []
    assert trial.late_after == 1


def test_only_so_many_are_named_and_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "MOST_NAMED", 2)
    past = {str(n): [Visit("check", 3.5)] for n in range(5)}
    trial = try_out(table(), table(check=3), past)
    assert (trial.newly_late, len(trial.newly)) == (5, 2)
