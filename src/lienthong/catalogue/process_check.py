"""What is wrong with a process table, and where: at which step, in which column.

The loader refuses a service by this, and the desk's editor shows it at the very cell: one list for both.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from lienthong.catalogue.holdings import Register
from lienthong.catalogue.internal_process import InternalProcess
from lienthong.catalogue.process_words import SENTENCES
from lienthong.catalogue.references import condition_on
from lienthong.catalogue.shapes import Consent, OpinionAsked, Process, Service, Step, Words

# Posts that a step may name; administrators and stewards decide no case.
ROLES: Final = frozenset(
    {
        "reception_officer", "civil_status_officer", "chair", "residence_officer", "identity_officer",
        "insurance_officer", "land_officer", "planning_officer", "fire_officer",
    }
)  # fmt: skip
BY_PEOPLE: Final = ("receive", "check", "decide")
GIVES_RESULT: Final = ("record", "issue")
HOURS_A_DAY: Final = 8  # as decisions on internal processes count
LONGEST_NAME: Final = 80
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_WHEN = re.compile(r"[a-z][a-z0-9_]*(!?=[^=!]*)?")
# Names that the diagram gives to the side paths of every process.
_TAKEN = frozenset(
    {
        "start", "finished", "refused", "stopped", "withdrawn", "gathered", "supplement", "supplement_at",
        "supplement_expired", "consents", "consents_needed", "consents_expired",
    }
)  # fmt: skip
_TAKEN_ENDS = ("_rule", "_verified", "_result")


@dataclass(frozen=True)
class Problem:
    """`row` is the line's place in the table, -1 for what concerns the table as a whole; `column` the name of the
    step's field, `asks.0.role` for one inside an opinion."""

    step: str
    column: str
    code: str
    row: int = -1
    about: str = ""

    @property
    def words(self) -> Words:
        said = SENTENCES[self.code]
        return Words(said.vi.replace("{}", self.about), said.en.replace("{}", self.about))

    def told(self, file: str) -> str:
        """For a log or a command: the file, the place in it, the sentence."""
        place = f"step {self.row + 1} ({self.step or 'no name'}), {self.column}" if self.row >= 0 else self.column
        return f"{file}: {place}: {self.words.en}"


def problems(process: Process, service: Service, registers: Mapping[str, Register] | None = None) -> list[Problem]:
    """Everything that is wrong with a table for a service, in the table's order. An agency's own is also held against
    the ministry's (`service.model`, or the service's process), which alone says what the result and who must agree is.

    `registers` are those that this node knows; without them a register's name is not looked up.
    """
    if not process.steps:
        return [Problem("", "steps", "no-steps")]
    model = service.model or service.process
    found = [
        *_of_table(process, service),
        *(problem for row, step in enumerate(process.steps) for problem in _of_step(process, row, step, service)),
        *_unknown_registers(process, registers),
        *(problem for consent in process.consents for problem in _of_consent(consent, service)),
        *(_against(process, model, service) if isinstance(process, InternalProcess) else ()),
    ]
    return sorted(found, key=lambda problem: (problem.row < 0, problem.row))


def _of_table(process: Process, service: Service) -> Iterator[Problem]:
    """What the lines together must be: received first, decided, and ended with the result."""
    steps = process.steps
    if [step.verb for step in steps] == ["gather"]:
        return
    last = len(steps) - 1
    if steps[0].verb not in BY_PEOPLE:
        yield _at(0, steps[0], "verb", "first-by-people")
    if not any(step.verb == "decide" and not step.when for step in steps):
        yield Problem("", "steps", "no-decision")
    if steps[last].verb not in GIVES_RESULT:
        yield _at(last, steps[last], "verb", "no-result")
    for row, (before, step) in enumerate(pairwise(steps), start=1):
        if before.verb in GIVES_RESULT:
            yield _at(row, step, "verb", "after-result")
    total, most = total_hours(process), hours_allowed(service)
    if most and total > most:
        yield Problem("", "hours", "hours-over-limit", about=f"{total} > {most}")


def total_hours(process: Process) -> int:
    """Working hours of all steps one after the other; opinions asked side by side count as the longest of them."""
    return sum(max(step.hours, *(HOURS_A_DAY * one.days for one in step.asks), 0) for step in process.steps)


def hours_allowed(service: Service) -> int:
    """How many working hours the steps may take together by the service's own limit."""
    limit, today = service.card.limit, HOURS_A_DAY if service.card.on_the_spot else 0
    return limit.hours or HOURS_A_DAY * limit.working_days or today


def _of_step(process: Process, row: int, step: Step, service: Service) -> Iterator[Problem]:
    yield from (_at(row, step, column, code) for column, code in _name(process, row, step))
    yield from (_at(row, step, column, code) for column, code in _work(row, step))
    yield from (_at(row, step, column, code) for column, code in _result(process, row, step))
    yield from (_at(row, step, column, code, about) for column, code, about in _condition(process, row, step, service))
    if step.verb == "consult" and not step.asks:
        yield _at(row, step, "asks", "asks-missing")
    for place, asked in enumerate(step.asks):
        for column, code in _asked(step, asked, service):
            yield _at(row, step, f"asks.{place}.{column}", code)


def _name(process: Process, row: int, step: Step) -> Iterator[tuple[str, str]]:
    if not _ID.fullmatch(step.step):
        yield "step", "step-name"
    elif step.step in _TAKEN or step.step.endswith(_TAKEN_ENDS):
        yield "step", "step-taken"
    elif any(other.step == step.step for other in process.steps[:row]):
        yield "step", "step-twice"
    for column, text in (("vi", step.name.vi), ("en", step.name.en)):
        if not text.strip():
            yield column, "name-missing" if column == "vi" else "english-missing"
        elif len(text) > LONGEST_NAME:
            yield column, "name-long"


def _work(row: int, step: Step) -> Iterator[tuple[str, str]]:
    """Who does it, how long, by which rule."""
    if step.verb == "receive" and row:
        yield "verb", "receive-first"
    if step.verb == "gather" and row:
        yield "verb", "gather-alone"
    if step.role and step.role not in ROLES:
        yield "role", "role-unknown"
    if step.verb in BY_PEOPLE:
        if not step.role:
            yield "role", "role-missing"
        if step.hours < 1:
            yield "hours", "hours-missing"
    elif step.hours < 0:
        yield "hours", "hours-missing"
    if step.verb not in {"gather", "consult"} and not step.rule.strip():
        yield "rule", "rule-missing"
    if step.straight_through and step.verb not in ("receive", "decide"):
        yield "straight_through", "automatic-not-here"


def _result(process: Process, row: int, step: Step) -> Iterator[tuple[str, str]]:
    """What a step leaves behind, and where it goes back to."""
    if step.verb == "record" and not step.register:
        yield "register", "register-missing"
    if step.verb == "issue" and not step.result:
        yield "result", "result-missing"
    if step.register and step.verb != "record":
        yield "register", "register-not-here"
    if step.result and step.verb != "issue":
        yield "result", "result-not-here"
    if step.asks and step.verb != "consult":
        yield "asks", "asks-not-here"
    earlier = [other.step for other in process.steps[:row] if other.verb in ("check", "decide")]
    if step.refused_to and step.verb not in GIVES_RESULT:
        yield "refused_to", "refused-to-not-here"
    elif step.refused_to and step.refused_to not in earlier:
        yield "refused_to", "refused-to-later"
    elif step.verb == "record" and not step.refused_to:
        yield "refused_to", "refused-to-missing"


def _condition(process: Process, row: int, step: Step, service: Service) -> Iterator[tuple[str, str, str]]:
    """When the step is passed over, and in which unit it is done."""
    fields = service.form.fields
    if step.unit and not _is_unit(step.unit, service):
        yield "unit", "not-a-unit", step.unit
    if not step.when:
        return
    if row in (0, len(process.steps) - 1) or row == first_judged(process):
        yield "when", "when-not-here", ""
    name, value = condition_on(step.when), step.when.partition("=")[2]
    if not _WHEN.fullmatch(step.when):
        yield "when", "when-unreadable", step.when
    elif name not in fields:
        yield "when", "when-no-field", name
    elif value and (codes := _codes(name, service)) and value not in codes:
        yield "when", "when-no-code", value


def first_judged(process: Process) -> int:
    """The row to which dossiers are returned: the first after reception."""
    return next((row for row, step in enumerate(process.steps) if step.verb != "receive"), 0)


def _codes(name: str, service: Service) -> Collection[str]:
    term = service.terms.get(service.form.fields[name].term)
    return term.codes if term else ()


def _is_unit(name: str, service: Service) -> bool:
    field = service.form.fields.get(name)
    term = service.terms.get(field.term) if field else None
    return term is not None and term.type == "unit"


def _asked(step: Step, asked: OpinionAsked, service: Service) -> Iterator[tuple[str, str]]:
    if not asked.role:
        yield "role", "role-missing"
    elif asked.role not in ROLES:
        yield "role", "role-unknown"
    if asked.days < 1:
        yield "days", "days-missing"
    for column, text in (("vi", asked.says.vi), ("en", asked.says.en)):
        if not text.strip():
            yield column, "question-missing"
    if asked.unit.startswith("$") and not _is_unit(asked.unit[1:], service):
        yield "unit", "not-a-unit"


def _unknown_registers(process: Process, registers: Mapping[str, Register] | None) -> Iterator[Problem]:
    for row, step in enumerate(process.steps):
        if step.register and registers is not None and step.register not in registers:
            yield _at(row, step, "register", "register-unknown", step.register)


def _of_consent(consent: Consent, service: Service) -> Iterator[Problem]:
    if not consent.of.startswith("$") and consent.of not in service.form.fields:
        yield Problem("", "consents", "consent-of", about=consent.of)
    if consent.days < 1:
        yield Problem("", "consents", "consent-days", about=consent.consent)


def _against(own: InternalProcess, model: Process, service: Service) -> Iterator[Problem]:
    """An agency orders its own work; what the procedure gives, and who must agree, is not its to change."""
    if service.branches:
        yield Problem("", "steps", "no-own-process")
    if own.consents != model.consents:
        yield Problem("", "consents", "consents-differ")
    last, wanted = own.steps[-1], model.steps[-1]
    if _gives(last) != _gives(wanted):
        yield _at(len(own.steps) - 1, last, "verb", "result-differs")
    rules = {(step.verb, step.straight_through): step.velocity for step in model.steps if step.straight_through}
    for row, step in enumerate(own.steps):
        if step.straight_through and (step.verb, step.straight_through) not in rules:
            yield _at(row, step, "straight_through", "automatic-unknown")
        elif step.velocity != rules.get((step.verb, step.straight_through), []):
            yield _at(row, step, "straight_through", "guard-differs")


def _gives(step: Step) -> tuple[object, ...]:
    return step.verb, step.register, step.fields, step.result


def _at(row: int, step: Step, column: str, code: str, about: str = "") -> Problem:
    return Problem(step.step, column, code, row, about)


def first(services: Iterable[Service], registers: Mapping[str, Register]) -> str:
    """What is wrong with the first process that is not in order, as a sentence with its place; empty when all are."""
    told = (
        problem.told(f"services/{service.slug}/process.yaml")
        for service in services
        for problem in problems(service.process, service, registers)
    )
    return next(told, "")
