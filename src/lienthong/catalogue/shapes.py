"""The closed vocabulary of the catalogue. A key that is not here does not load."""

from functools import cached_property
from typing import Any, Literal

import msgspec

Verb = Literal["receive", "check", "consult", "decide", "record", "issue", "gather"]
Silence = Literal["agreed", "without", "escalate"]
Channel = Literal["online", "counter", "post"]
TermType = Literal[
    "text", "number", "date", "moment", "person", "code", "unit", "facility", "place", "flag", "key", "paper"
]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A thing of the catalogue: an unknown key is refused."""


class Words(Strict, frozen=True):
    """One thing in both languages."""

    vi: str
    en: str

    def in_language(self, language: str) -> str:
        return self.en if language.startswith("en") else self.vi


class Term(Strict, frozen=True):
    """An entry of the shared data dictionary. `past` dates may not lie ahead; `name` text is a person's name; text with
    a `pattern` must match it as a whole, else `problem` is what is wrong. A `paper` is an attachment's kind."""

    type: TermType
    vi: str
    en: str
    most: int = 200
    past: bool = False
    name: bool = False
    pattern: str = ""
    problem: str = "not-text"
    codes: dict[str, Words] = {}

    @property
    def words(self) -> Words:
        return Words(self.vi, self.en)


class LookUp(Strict, frozen=True):
    """What a form reads: rows of a register, or one of earlier look-ups.

    `value` is what it goes by: `applicant.number`, `declared.field` as typed, or `look-up.column`. A person named by
    what was typed counts only where `match` (column: field) agrees too. `either` is the first with a row, of that
    `gender` where one is given; `cases` is the one that an answer (`pick`: `declared.field` or `applicant.gender`)
    names, else `otherwise`.
    """

    register: str = ""
    by: str = ""
    value: str = ""
    many: bool = False
    match: dict[str, str] = {}
    either: list[str] = []
    gender: str = ""
    pick: str = ""
    cases: dict[str, str] = {}
    otherwise: str = ""

    @property
    def among(self) -> list[str]:
        """The earlier look-ups that this one may be."""
        return [*self.either, *self.cases.values(), *([self.otherwise] if self.otherwise else [])]


class Choice(Strict, frozen=True, rename={"excluding": "except", "excluding_key": "except_key"}):
    """Which of several rows is meant: by a field's value, leaving out those already used."""

    of: str
    by: str
    key: str
    excluding: str = ""
    excluding_key: str = ""


class Suggestion(Strict, frozen=True):
    """What is marked beforehand on the page, never decided: by another field's value, or always; `says` is why."""

    by: str = ""
    values: dict[str, str] = {}
    otherwise: str = ""
    says: Words | None = None


class Field(Strict, frozen=True, rename={"source": "from", "derived": "as"}):
    """A question, or a value that a register answers.

    `when` is one comparison with an earlier field: `field=value`, `field!=value` (has another value), `field` (has a
    value), `field=` (has none). What does not apply is neither asked nor accepted. `differ` names two register values:
    the field is offered only where they differ. `derived` says what a register's value means here (`*`: any value). A
    `quiet` field is not shown while a register answers it. `hints` lays a register's value beside a choice. `wide`:
    units of other provinces too. `most`: a field whose number this one may not exceed. `accepts`: national codes (KQ…)
    of the papers that a paper's field takes, so that one in the person's store can stand for it.
    """

    term: str
    source: str = ""
    when: str = ""
    differ: list[str] = []
    derived: dict[str, str] = {}
    quiet: bool = False
    optional: bool = False
    label: Words | None = None
    help: Words | None = None
    only: list[str] = []
    hints: dict[str, str] = {}
    suggest: list[Suggestion] = []
    wide: bool = False
    most: str = ""
    alive: str = ""
    accepts: list[str] = []


class Note(Strict, frozen=True):
    """What a person must know before they go on: when a comparison holds, or a date lies more than `days` back."""

    says: Words
    when: str = ""
    date: str = ""
    days: int = 0


class Section(Strict, frozen=True):
    """A page of the form where something is asked in it."""

    id: str
    title: Words
    fields: dict[str, Field]
    notes: list[Note] = []


class Form(Strict, frozen=True, dict=True):
    sections: list[Section]
    look_ups: dict[str, LookUp] = {}
    choose: Choice | None = None

    @cached_property
    def fields(self) -> dict[str, Field]:
        return {name: field for section in self.sections for name, field in section.fields.items()}

    @cached_property
    def named_by(self) -> dict[str, str]:
        """Fields that say whom a look-up is about, with that look-up."""
        typed = {n: one.value.removeprefix("declared.") for n, one in self.look_ups.items()}
        return {field: name for name, field in typed.items() if self.look_ups[name].value.startswith("declared.")}


class Velocity(Strict, frozen=True):
    """How many decisions a rule may make about the same thing (a facility, a mother) within some hours."""

    by: str
    most: int
    hours: int
    says: Words


class OpinionAsked(Strict, frozen=True):
    """An opinion that a `consult` step asks of a role: in a unit that is named, in that of a field (`$field`), or in
    the dossier's own. `silence` is what no answer within `days` working days means."""

    role: str
    says: Words
    days: int
    unit: str = ""
    silence: Silence = "without"


class Step(Strict, frozen=True):
    """A line of the process table. `record` steps name a register and what goes into each of its fields, `issue` steps
    the code of the result (`KQ…`) and what it says.

    A step is passed over where `when`, one comparison over what was declared, does not hold. It is done in the unit
    that the field `unit` names, else where the dossier lies.
    """

    step: str
    verb: Verb
    name: Words
    role: str = ""
    hours: int = 0
    rule: str = ""
    straight_through: str = ""
    velocity: list[Velocity] = []
    register: str = ""
    refused_to: str = ""
    fields: dict[str, str] = {}
    when: str = ""
    unit: str = ""
    asks: list[OpinionAsked] = []
    result: str = ""


class Consent(Strict, frozen=True):
    """A person who must agree before the decision: whose number the field `of` holds, when the named rule says so.

    The time it takes is not counted; after `days` working days without an answer the dossier stops.
    """

    consent: str
    of: str
    when: str
    says: Words
    rule: str
    days: int = 5


class Process(Strict, frozen=True):
    steps: list[Step]
    consents: list[Consent] = []

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.step == name)

    def after(self, name: str) -> Step | None:
        """The line below a step; None after the last."""
        names = [step.step for step in self.steps]
        place = names.index(name) + 1
        return self.steps[place] if place < len(self.steps) else None


class Branch(Strict, frozen=True):
    """One of an interlinked service's dossiers. `when` is one comparison over the parent's form; empty is always."""

    branch: str
    service: str
    unit: str = ""
    after: str = ""
    when: str = ""


class Limit(Strict, frozen=True):
    """How long a decision may take from a complete dossier: working days, or clock hours that fall on working days.

    `verified_days` holds instead once an officer has found that something must be verified on the spot.
    """

    rule: str
    working_days: int = 0
    hours: int = 0
    verified_days: int = 0


class HandOffField(Strict, frozen=True):
    """A field of a foreign screen: what it is called there, and the value that goes in (named as in a process)."""

    name: str
    label: Words
    value: str


class HandOff(Strict, frozen=True):
    """A step that is done in a ministry's own system. `adapter`: the system is told and calls back, where its address
    is known; `copy`, and wherever it is not: an officer carries the values over once, in the order of its screen."""

    step: str
    system: str
    name: Words
    kind: Literal["adapter", "copy"]
    rule: str
    fields: list[HandOffField]
    gives: Words


class ServiceCard(Strict, frozen=True):
    """service.yaml: what people and other agencies are told. `takes` are the results it is handed, by branch, with the
    service that gives each.

    `channels` are the ways in which it is filed by itself; without any it is only a branch of an interlinked one.
    `unit` is the field of the form that says which unit decides, `subject` the one that says whom it is about; a
    `placeless` service is taken in at any reception point of the province. `on_the_spot`: done while the person waits,
    a receipt only on request. `field` is the code of its field of law (lĩnh vực). `result` is the national code (KQ…)
    of what is recorded in a register; what is issued has it in the process. A result holds for `valid_months`; none:
    until it is taken back.
    """

    code: str
    name: Words
    short: Words
    summary: Words
    legal_basis: list[str]
    words: list[str]
    handled_by: str
    level: Literal["commune", "province", "ministry"]
    limit: Limit
    fee: int
    results: list[Words]
    life_event: str = ""
    about: str = ""
    takes: dict[str, str] = {}
    channels: tuple[Channel, ...] = ()
    on_the_spot: bool = False
    placeless: bool = False
    unit: str = ""
    subject: str = ""
    field: str = ""
    who: Words | None = None
    result: str = ""
    valid_months: int = 0
    handoff: HandOff | None = None


class Example(Strict, frozen=True):
    """A case with its expected answer, run as a test: the path of steps, the due moment, the fields in error.

    `verified_due` holds where something must be verified. `consents` are whom the case asks, until when; a supplement
    asked for on reception is awaited until `supplement_until`. `stood` is from when to when the clock stood still,
    `then_due` what is promised after that.
    """

    title: str
    received: str
    declared: dict[str, Any]
    due: str = ""
    verified_due: str = ""
    consents: list[str] | None = None
    consent_until: str = ""
    supplement_until: str = ""
    stood: list[str] = []
    then_due: str = ""
    path: list[str] = []
    errors: dict[str, str] = {}


class Service(msgspec.Struct, frozen=True):
    """One revision of a service. `revision` is the hash of everything that decides a case under it; `terms` is the
    dictionary by which its form is checked. `model` is the ministry's process where the agency has its own."""

    slug: str
    revision: str
    card: ServiceCard
    form: Form
    process: Process
    branches: list[Branch]
    examples: list[Example]
    terms: dict[str, Term] = {}
    model: Process | None = None

    @property
    def is_interlinked(self) -> bool:
        """Whether its branches are dossiers of other services; a plain service is the only branch of itself."""
        return any(branch.service != self.slug for branch in self.branches)
