"""Answering a task: what each kind asks, what is wrong with an answer, and what it does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.urls import reverse

from lienthong.casework import automation, dead_letters, differences, dossiers, feedback, opinions, revisions, tasks
from lienthong.casework.tasks import LONGEST_NOTE, Task
from lienthong.catalogue import forms
from lienthong.catalogue.holdings import Column, Register
from lienthong.catalogue.shapes import Service, Step
from lienthong.desk import extension_task, feedback_task
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
    "opinion": ("agree", "conditions", "disagree"),
    "extension": ("sign", "not_needed"),
    "feedback": feedback_task.ANSWERS,
}
MOST_CHOICES: Final = 60
_WITH_WORDS: Final = frozenset(
    {"conditions", "disagree", "decline", "wrong", "note", "give_up", "tell", "not_needed", *feedback_task.WITH_WORDS}
)  # fmt: skip


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
        if self.task.kind == "feedback":
            return feedback_task.answers(self.task)
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
    needs_note = answer in _WITH_WORDS or task.kind == "error"
    found = {} if forms.clean(sent.get("note", "")) or not needs_note else {"note": "required"}
    if answer in ("take", "tell") and at_hand.theirs is None:
        return {"answer": "not-answered", **found}
    if answer == "sign":
        return {**found, **extension_task.problems(task, sent)}
    if task.kind == "feedback":
        return {**found, **feedback_task.problems(sent), **_named(at_hand, sent)}
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


def _named(at_hand: AtHand, sent: Mapping[str, str]) -> dict[str, str]:
    """Where words for everybody tell of somebody."""
    if sent.get("answer") != "publish":
        return {}
    with at_hand.node.database.transaction() as tx:
        dossier = dossiers.load(tx, str(at_hand.task.detail["dossier"]))
    return {name: "names-person" for name in ("question", "note") if feedback.names_person(sent.get(name, ""), dossier)}


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


@dataclass(frozen=True)
class Given:
    """An answer as it was sent: which of those offered, in what words, with which values."""

    at_hand: AtHand
    tx: Tx
    officer: Officer
    answer: str
    note: str
    changes: Mapping[str, str]
    sent: Mapping[str, str] = field(default_factory=dict)

    @property
    def about(self) -> tuple[Node, Tx, str, Officer]:
        """What every function of casework that answers a task begins with."""
        return self.at_hand.node, self.tx, self.at_hand.task.id, self.officer


def answer(at_hand: AtHand, tx: Tx, officer: Officer, sent: Mapping[str, str]) -> str:
    """Do it; where to go on, or "" for the list. Raises as casework does: Ended, LookupError, Refused."""
    note, values = forms.clean(sent.get("note", ""))[:LONGEST_NOTE], changes(at_hand, sent)
    given = Given(at_hand, tx, officer, sent["answer"], note, values, sent)
    return _ANSWERING.get(at_hand.task.kind, _noted)(given)


def _noted(given: Given) -> str:
    tasks.answer(*given.about, given.note)
    return ""


def _correction(given: Given) -> str:
    if given.answer == "accept":
        tasks.correct(*given.about, given.changes[given.at_hand.task.detail["column"]], given.note)
    else:
        tasks.decline(*given.about, given.note)
    return ""


def _error(given: Given) -> str:
    if given.answer == "accept":
        revisions.accept(*given.about, given.changes, given.note)
    else:
        revisions.dismiss(*given.about, given.note)
    return ""


def _dead_letter(given: Given) -> str:
    if given.answer == "give_up":
        dead_letters.answer_give_up(*given.about, given.note)
    else:
        dead_letters.answer_resend(*given.about, alike=given.answer == "resend_alike")
    return ""


def _difference(given: Given) -> str:
    if given.answer == "note":
        return _noted(given)
    settle = differences.take_over if given.answer == "take" else differences.tell_owner
    settle(*given.about, given.at_hand.theirs or {}, given.note)
    return ""


def _opinion(given: Given) -> str:
    agrees = {"agree": True, "disagree": False}.get(given.answer)
    opinions.answer(*given.about, given.note, agrees=agrees)
    return ""


def _extension(given: Given) -> str:
    if given.answer == "sign":
        extension_task.sign(*given.about, given.sent, given.note)
    else:
        extension_task.not_needed(*given.about, given.note)
    return ""


def _feedback(given: Given) -> str:
    note = forms.clean(given.sent.get("note", ""))[: feedback.LONGEST]
    feedback_task.answer(*given.about, given.sent, note)
    return ""


def _review(given: Given) -> str:
    """A wrong decision leads to its dossier, where the annulment stands open."""
    right = given.answer == "right"
    code = automation.judge(*given.about, right, given.note)
    return "" if right else f"{reverse('dossier', args=[code])}?wrong=1"


_ANSWERING: Final[Mapping[str, Callable[[Given], str]]] = {
    "correction": _correction,
    "error": _error,
    "dead_letter": _dead_letter,
    "difference": _difference,
    "opinion": _opinion,
    "extension": _extension,
    "feedback": _feedback,
    "review": _review,
}
