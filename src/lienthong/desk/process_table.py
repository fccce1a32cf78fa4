"""A process table as somebody fills it in: rows of text, right or wrong, and the process that they say.

What an agency may not change (what a step enters into a register, the rule that decides by itself and its guard, who
must agree) is not in a row; it comes from the step of the same origin (`of`) in the process the draft began with.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from lienthong.catalogue.holdings import Register
from lienthong.catalogue.internal_process import InternalProcess, Transition
from lienthong.catalogue.process_check import Problem, problems
from lienthong.catalogue.shapes import OpinionAsked, Process, Service, Step, Words
from lienthong.kit import clock
from lienthong.kit.text import fold

VERBS: Final = ("receive", "check", "consult", "decide", "record", "issue")
COMPARISONS: Final = ("is", "not", "given", "none")
MOST_ROWS, MOST_ASKED, LONGEST = 40, 8, 200
_TEXTS: Final = (
    "vi",
    "en",
    "verb",
    "role",
    "hours",
    "rule",
    "unit",
    "refused_to",
    "when_field",
    "when_is",
    "when_value",
)
_ASKED_TEXTS: Final = ("role", "days", "unit", "silence", "vi", "en")


class Asked(msgspec.Struct):
    role: str = ""
    days: str = "2"
    unit: str = ""
    silence: str = "without"
    vi: str = ""
    en: str = ""


class Row(msgspec.Struct):
    """A line as typed. `key` names it on the page for as long as the draft lives; `step` is its code, given once."""

    key: int
    step: str = ""
    of: str = ""
    vi: str = ""
    en: str = ""
    verb: str = "check"
    role: str = ""
    hours: str = ""
    rule: str = ""
    when_field: str = ""
    when_is: str = ""
    when_value: str = ""
    unit: str = ""
    refused_to: str = ""
    automatic: bool = False
    asks: list[Asked] = []


class Table(msgspec.Struct):
    symbol: str = ""
    rows: list[Row] = []
    next_key: int = 0


def of_process(process: Process) -> Table:
    """The table of a process, to be changed."""
    rows = [_row(key, step) for key, step in enumerate(process.steps)]
    symbol = process.symbol if isinstance(process, InternalProcess) else ""
    return Table(symbol, rows, len(rows))


def _row(key: int, step: Step) -> Row:
    field, comparison, value = taken_apart(step.when)
    return Row(
        key, step.step, step.step, step.name.vi, step.name.en, step.verb, step.role, str(step.hours or ""), step.rule,
        field, comparison, value, step.unit, step.refused_to, bool(step.straight_through),
        [Asked(a.role, str(a.days), a.unit, a.silence, a.says.vi, a.says.en) for a in step.asks],
    )  # fmt: skip


def taken_apart(when: str) -> tuple[str, str, str]:
    """`field!=value` as field, comparison and value."""
    if not when:
        return "", "", ""
    field, equals, value = when.partition("=")
    if field.endswith("!"):
        return field[:-1], "not", value
    return (field, "is", value) if value else (field, "none" if equals else "given", "")


def _put_together(row: Row) -> str:
    if not row.when_field:
        return ""
    endings = {"not": f"!={row.when_value}", "given": "", "none": "="}
    return row.when_field + endings.get(row.when_is, f"={row.when_value}")


# what was sent


def typed(table: Table, sent: Mapping[str, str]) -> Table:
    """The table with what a form sent for it. Rows that it does not name keep what they have."""
    rows = [_typed(row, sent) for row in table.rows]
    codes = {row.step for row in rows if row.step}
    for row in rows:
        if not row.step and row.vi:
            row.step = _code(row.vi, codes)
            codes.add(row.step)
    return Table(_clean(sent.get("symbol", table.symbol)), rows, table.next_key)


def _typed(row: Row, sent: Mapping[str, str]) -> Row:
    if f"vi.{row.key}" not in sent:
        return row
    said = {name: _clean(sent[f"{name}.{row.key}"]) for name in _TEXTS if f"{name}.{row.key}" in sent}
    asks = [
        Asked(**{name: _clean(sent.get(f"ask.{row.key}.{place}.{name}", getattr(one, name))) for name in _ASKED_TEXTS})
        for place, one in enumerate(row.asks)
    ]
    automatic = f"automatic.{row.key}" in sent if f"offers_automatic.{row.key}" in sent else row.automatic
    return msgspec.structs.replace(row, **said, asks=asks, automatic=automatic)


def _clean(text: str) -> str:
    return " ".join(text.split())[:LONGEST]


def _code(name: str, taken: Iterable[str]) -> str:
    """A code for a new step, from its name: «Thẩm định hồ sơ» is tham_dinh_ho_so."""
    plain = fold(name).replace(" ", "_")[:30].strip("_")
    code = plain if plain[:1].isalpha() else f"step_{plain}".strip("_")
    return next(one for one in (code, *(f"{code}_{n}" for n in range(2, MOST_ROWS + 3))) if one not in taken)


# moving rows


def edited(table: Table, wish: str) -> tuple[Table, int]:
    """The table after a button: `add:3` (below row 3), `drop:3`, `up:3`, `down:3`, `ask:3`, `unask:3:0`; and the key of
    the row to look at. An unknown wish changes nothing."""
    verb, _, rest = wish.partition(":")
    key, _, place = rest.partition(":")
    at = next((n for n, row in enumerate(table.rows) if str(row.key) == key), -1)
    change = _CHANGES.get(verb)
    if change is None or (at < 0 and not (verb == "add" and not table.rows)):
        return table, -1
    rows = list(table.rows)
    look_at = change(rows, at, int(place) if place.isdecimal() else 0, table.next_key)
    return Table(table.symbol, rows, table.next_key + (verb == "add")), look_at


def _add(rows: list[Row], at: int, _place: int, key: int) -> int:
    if len(rows) >= MOST_ROWS:
        return rows[at].key
    rows.insert(at + 1, Row(key))
    return key


def _drop(rows: list[Row], at: int, _place: int, _key: int) -> int:
    del rows[at]
    return rows[min(at, len(rows) - 1)].key if rows else -1


def _move(by: int) -> "Callable[[list[Row], int, int, int], int]":
    def move(rows: list[Row], at: int, _place: int, _key: int) -> int:
        to = min(max(at + by, 0), len(rows) - 1)
        rows.insert(to, rows.pop(at))
        return rows[to].key

    return move


def _ask(rows: list[Row], at: int, _place: int, _key: int) -> int:
    if len(rows[at].asks) < MOST_ASKED:
        rows[at] = msgspec.structs.replace(rows[at], asks=[*rows[at].asks, Asked()])
    return rows[at].key


def _unask(rows: list[Row], at: int, place: int, _key: int) -> int:
    kept = [one for n, one in enumerate(rows[at].asks) if n != place]
    rows[at] = msgspec.structs.replace(rows[at], asks=kept)
    return rows[at].key


_CHANGES: Mapping[str, Callable[[list[Row], int, int, int], int]] = {
    "add": _add, "drop": _drop, "up": _move(-1), "down": _move(1), "ask": _ask, "unask": _unask,
}  # fmt: skip


# what it says


def process_of(table: Table, service: Service, **decided: Any) -> InternalProcess:
    """The process that the table says; what is no number is 0 and what is no verb a check (`judged` says so). `decided`
    is the decision: decision, decided_on, transition, note."""
    model = service.model or service.process
    base = {step.step: step for step in (*model.steps, *service.process.steps)}
    steps = [_step(row, base.get(row.of)) for row in table.rows]
    head = {"symbol": table.symbol or "–", "decision": "–", "decided_on": clock.today(), **decided}
    return InternalProcess(steps=steps, consents=model.consents, **head)


def _step(row: Row, origin: Step | None) -> Step:
    """A row with what its origin gives to steps of the same verb."""
    verb: Any = row.verb if row.verb in VERBS else "check"
    kept = origin if origin is not None and origin.verb == verb else None
    automatic = kept is not None and row.automatic
    return Step(
        step=row.step,
        verb=verb,
        name=Words(row.vi, row.en),
        role=row.role,
        hours=_number(row.hours),
        rule=row.rule,
        straight_through=kept.straight_through if kept and automatic else "",
        velocity=kept.velocity if kept and automatic else [],
        register=kept.register if kept else "",
        refused_to=row.refused_to if verb in ("record", "issue") else "",
        fields=kept.fields if kept else {},
        when=_put_together(row),
        unit=row.unit,
        asks=[_asked(one) for one in row.asks] if verb == "consult" else [],
        result=kept.result if kept else "",
    )


def _asked(one: Asked) -> OpinionAsked:
    silence: Any = one.silence if one.silence in ("agreed", "without", "escalate") else "without"
    return OpinionAsked(one.role, Words(one.vi, one.en), _number(one.days), one.unit, silence)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= 4 else 0 if not text else -1


def judged(table: Table, service: Service, registers: Mapping[str, Register]) -> list[Problem]:
    """What is wrong with the table, each at its row and column."""
    if not table.rows:
        return [Problem("", "steps", "no-steps")]
    own = [] if table.symbol else [Problem("", "symbol", "symbol-missing")]
    unsaid = [Problem(row.step, "verb", "verb-missing", n) for n, row in enumerate(table.rows) if row.verb not in VERBS]
    return own + unsaid + problems(process_of(table, service), service, registers)


TRANSITIONS: Final[tuple[Transition, ...]] = ("stay", "move", "deadline")
