"""Two process tables beside each other: what one says otherwise than the other, line by line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from lienthong.catalogue.shapes import Process, Step

Kind = Literal["added", "dropped", "moved", "changed"]
COLUMNS: Final = (
    "name", "verb", "role", "hours", "rule", "when", "unit", "asks", "refused_to", "straight_through", "velocity",
    "register", "fields", "result",
)  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """A line that is there in one table only, stands elsewhere, or says something else in a column."""

    kind: Kind
    before: Step | None
    after: Step | None
    column: str = ""
    was: Any = None
    now: Any = None

    @property
    def step(self) -> Step:
        step = self.after or self.before
        assert step is not None, "a difference is about a line"
        return step


def differences(old: Process, new: Process) -> list[Difference]:
    """In the new table's order, what was dropped last. Lines are the same when they bear the same code."""
    before, after = ({step.step: step for step in table.steps} for table in (old, new))
    shared = [name for name in after if name in before]
    moved = _moved([name for name in before if name in after], shared)
    found: list[Difference] = []
    for name, step in after.items():
        if name not in before:
            found.append(Difference("added", None, step))
            continue
        if name in moved:
            found.append(Difference("moved", before[name], step))
        found += _changed(before[name], step)
    return found + [Difference("dropped", step, None) for name, step in before.items() if name not in after]


def _changed(before: Step, after: Step) -> Iterator[Difference]:
    for column in COLUMNS:
        was, now = getattr(before, column), getattr(after, column)
        if was != now:
            yield Difference("changed", before, after, column, msgspec.to_builtins(was), msgspec.to_builtins(now))


def _moved(before: list[str], after: list[str]) -> set[str]:
    """Which lines left their place: all but the longest run that kept its order."""
    best: list[list[str]] = []
    for place, name in enumerate(after):
        earlier = [run for run in best[:place] if before.index(run[-1]) < before.index(name)]
        best.append([*_longest(earlier), name])
    return set(after) - set(_longest(best))


def _longest(runs: list[list[str]]) -> list[str]:
    return max(runs, key=len) if runs else []
