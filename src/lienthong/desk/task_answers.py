"""Answering a task: what each kind asks, what is wrong with an answer, and what it does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse

from lienthong.casework import automation, dead_letters, differences, revisions, tasks
from lienthong.casework.tasks import LONGEST_NOTE, Task
from lienthong.catalogue import forms
from lienthong.catalogue.shapes import Column, Register, Service, Step
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers.differences import Difference

# What an officer can answer, by kind; the first needs more than a note.
ANSWERS: Final[Mapping[str, tuple[str, ...]]] = {
    "correction": ("accept", "decline"),
    "error": ("accept", "decline"),
    "review": ("right", "wrong"),
    "alert": ("note",),
    "question": ("note",),
    "dead_letter": ("resend", "resend_alike", "give_up"),
    "difference": ("take", "tell", "note"),
    "freshness": ("note",),
    "review_read": ("note",),
    "fork": ("note",),
}
MOST_CHOICES: Final = 60


@dataclass(frozen=True)
class AtHand:
    """A task; of one about a result of ours the service that gave it; of a difference what both registers say."""

    node: Node
    task: Task
    service: Service | None = None
    difference: Difference | None = None
    theirs: Mapping[str, Any] | None = None

    @property
    def answers(self) -> tuple[str, ...]:
        """What can be answered: whose value holds, only where two records stand that differ in fields; a joined
        database is put right where it lies."""
        if self.task.kind != "difference":
            return ANSWERS[self.task.kind]
        if self.difference is None or self.difference.kind != "fields":
            return ("note",)
        return ("tell", "note") if self.difference.register.joined else ANSWERS["difference"]

    @property
    def register(self) -> Register | None:
        """The register whose record is in doubt."""
        catalogue = self.node.catalogue
        if self.task.kind == "correction":
            return catalogue.owned[self.task.detail["register"]]
        step = _record_step(self.service) if self.service else None
        return catalogue.registers.get(step.register) if step else None

    @property
    def columns(self) -> dict[str, Column]:
        """What an answer may change: of a correction the column in doubt, of a result those that were declared."""
        register, task = self.register, self.task
        if register is None:
            return {}
        if task.kind == "correction":
            return {task.detail["column"]: register.fields[task.detail["column"]]}
        declared = _record_step(self.service).fields if self.service else {}
        return {
            name: register.fields[name] for name, said in declared.items() if self._changeable(register, name, said)
        }

    def _changeable(self, register: Register, name: str, said: str) -> bool:
        term = self.node.catalogue.terms[register.fields[name].term]
        fixed = said.startswith(("=", "$")) or "|" in said or name in ("notice", "dossier")
        return not fixed and term.type in ("text", "date", "code") and len(term.codes) <= MOST_CHOICES

    def label(self, name: str, language: str) -> str:
        """A column as the form calls it: of whom, and what."""
        node, register = self.node, self.register
        if self.service:
            said = _record_step(self.service).fields.get(name, "")
            for section in self.service.form.sections:
                if said in section.fields:
                    spec = section.fields[said]
                    words = spec.label or node.catalogue.terms[spec.term].words
                    return f"{section.title.in_language(language)}: {words.in_language(language).lower()}"
        column = register.fields.get(name) if register else None
        return node.catalogue.terms[column.term].words.in_language(language) if column else name


def _record_step(service: Service) -> Step:
    return next(step for step in service.process.steps if step.verb == "record")


def problems(at_hand: AtHand, sent: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by control: not-in-list, required, and what `forms.problem_of` finds in a value."""
    node, task = at_hand.node, at_hand.task
    answer = sent.get("answer", "")
    if answer not in at_hand.answers:
        return {"answer": "not-in-list" if answer else "required"}
    needs_note = answer in ("decline", "wrong", "note", "give_up", "tell") or task.kind == "error"
    found = {} if forms.clean(sent.get("note", "")) or not needs_note else {"note": "required"}
    if answer in ("take", "tell") and at_hand.theirs is None:
        return {"answer": "not-answered", **found}
    if answer != "accept":
        return found
    values = changes(at_hand, sent)
    if not values:
        found[blamed(task)] = "nothing-changed" if task.kind == "error" else "required"
    for name, value in values.items():
        term = node.catalogue.terms[at_hand.columns[name].term]
        if problem := forms.problem_of(term, value, clock.today()):
            found[name] = problem
    return found


def changes(at_hand: AtHand, sent: Mapping[str, str]) -> dict[str, str]:
    """The values an answer gives, by column; of a result only those that differ from what the page showed."""
    given = {name: _value(at_hand.node, column, name, sent) for name, column in at_hand.columns.items()}
    if at_hand.task.kind == "correction":
        return {name: value for name, value in given.items() if value}
    return {name: value for name, value in given.items() if value and value != sent.get(f"was-{name}", "")}


def _value(node: Node, column: Column, name: str, sent: Mapping[str, str]) -> str:
    if node.catalogue.terms[column.term].type == "date":
        parts = [sent.get(f"{name}-{part}", "").strip() for part in ("year", "month", "day")]
        if not any(parts):
            return ""
        year, month, day = parts
        return f"{year.zfill(4)}-{month.zfill(2)}-{day.zfill(2)}"
    return forms.clean(sent.get(name, ""))


def blamed(task: Task) -> str:
    """The control beside which an error of the whole stands."""
    return str(task.detail.get("column" if task.kind == "correction" else "field", "note"))


def answer(at_hand: AtHand, tx: Tx, officer: Officer, sent: Mapping[str, str]) -> str:
    """Do it; where to go on, or "" for the list. Raises as casework does: Ended, LookupError, Refused."""
    node, task = at_hand.node, at_hand.task
    note, given = forms.clean(sent.get("note", ""))[:LONGEST_NOTE], sent["answer"]
    match task.kind, given:
        case "correction", "accept":
            tasks.correct(node, tx, task.id, officer, changes(at_hand, sent)[task.detail["column"]], note)
        case "correction", _:
            tasks.decline(node, tx, task.id, officer, note)
        case "error", "accept":
            revisions.accept(node, tx, task.id, officer, changes(at_hand, sent), note)
        case "error", _:
            revisions.dismiss(node, tx, task.id, officer, note)
        case "dead_letter", "give_up":
            dead_letters.answer_give_up(node, tx, task.id, officer, note)
        case "dead_letter", _:
            dead_letters.answer_resend(node, tx, task.id, officer, alike=given == "resend_alike")
        case "difference", "take":
            differences.take_over(node, tx, task.id, officer, at_hand.theirs or {}, note)
        case "difference", "tell":
            differences.tell_owner(node, tx, task.id, officer, at_hand.theirs or {}, note)
        case "review", _:
            code = automation.judge(node, tx, task.id, officer, given == "right", note)
            return "" if given == "right" else f"{reverse('dossier', args=[code])}?wrong=1"
        case _:
            tasks.answer(node, tx, task.id, officer, note)
    return ""
