"""The closed vocabulary of the catalogue. A key that is not here does not load."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal

import msgspec

Verb = Literal["receive", "check", "decide", "record", "gather"]
TermType = Literal[
    "text", "number", "date", "moment", "person", "code", "unit", "facility", "place", "flag", "key", "paper"
]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Words(_Strict, frozen=True):
    """One thing in both languages."""

    vi: str
    en: str

    def in_language(self, language: str) -> str:
        return self.en if language.startswith("en") else self.vi


class Term(_Strict, frozen=True):
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


class Column(_Strict, frozen=True):
    """A field of a register; `label` says what it is here where the term alone does not (a mother's name)."""

    term: str
    optional: bool = False
    unique: bool = False
    label: Words | None = None


class Completion(_Strict, frozen=True):
    """A record that waits for another register: what that one takes, and what it gives back."""

    register: str
    takes: dict[str, str]
    gives: dict[str, str]
    state: dict[str, str]


class Ending(_Strict, frozen=True):
    """How our record ends when the other says so: `by` is their column that then has a day, `sets` our columns; the
    value `$day` is that day."""

    by: str
    sets: dict[str, str]


class Follow(_Strict, frozen=True):
    """A register whose records hold fields of another's: `by` is our column with the other's key, `takes` our columns
    with theirs. Changes there are followed here, within `fresh` seconds. `whole`: all of theirs must be here
    too. Both are compared every `compared` seconds; our columns in `unaccented` without accents."""

    register: str
    by: str
    takes: dict[str, str]
    unaccented: list[str] = []
    fresh: int = 60
    whole: bool = False
    compared: int = 86_400
    ends: Ending | None = None


class Register(_Strict, frozen=True):
    """A declared register: one owner, one key, columns by term, look-ups by name over one or more columns.

    `subject` is the column of the person a record is about, `also` those of others it is about as much. Registers
    are compared by the column `buckets`; `joined` is the mapping by which a database is this register.
    """

    register: str
    owner: str
    name: Words
    legal_basis: str
    key: str
    fields: dict[str, Column]
    lookups: dict[str, list[str]]
    subject: str = ""
    also: list[str] = []
    rule: str = ""
    completed_by: Completion | None = None
    follows: Follow | None = None
    buckets: str = ""
    joined: str = ""

    def whom(self, rows: Iterable[Mapping[str, Any]]) -> list[str]:
        """Everybody whose data these records are: each gets an entry in the log of reads."""
        columns = [self.subject, *self.also] if self.subject else []
        return sorted({str(row[column]) for row in rows for column in columns if row[column]})


class LookUp(_Strict, frozen=True):
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


class Choice(_Strict, frozen=True, rename={"excluding": "except", "excluding_key": "except_key"}):
    """Which of several rows is meant: by a field's value, leaving out those already used."""

    of: str
    by: str
    key: str
    excluding: str = ""
    excluding_key: str = ""


class Suggestion(_Strict, frozen=True):
    """What is marked beforehand on the page, never decided: by another field's value, or always; `says` is why."""

    by: str = ""
    values: dict[str, str] = {}
    otherwise: str = ""
    says: Words | None = None


class Field(_Strict, frozen=True, rename={"source": "from", "derived": "as"}):
    """A question, or a value that a register answers.

    `when` is one comparison with an earlier field: `field=value`, `field!=value` (has another value), `field` (has a
    value), `field=` (has none). What does not apply is neither asked nor accepted. `differ` names two register values:
    the field is offered only where they differ. `derived` says what a register's value means here (`*`: any value). A
    `quiet` field is not shown while a register answers it. `hints` lays a register's value beside a choice. `wide`:
    units of other provinces too. `most`: a field whose number this one may not exceed.
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


class Note(_Strict, frozen=True):
    """What a person must know before they go on: when a comparison holds, or a date lies more than `days` back."""

    says: Words
    when: str = ""
    date: str = ""
    days: int = 0


class Section(_Strict, frozen=True):
    """A page of the form where something is asked in it."""

    id: str
    title: Words
    fields: dict[str, Field]
    notes: list[Note] = []


class Form(_Strict, frozen=True, dict=True):
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


class Velocity(_Strict, frozen=True):
    """How many decisions a rule may make about the same thing (a facility, a mother) within some hours."""

    by: str
    most: int
    hours: int
    says: Words


class Step(_Strict, frozen=True):
    """A line of the process table. `record` steps name a register and what goes into each of its fields."""

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


class Consent(_Strict, frozen=True):
    """A person who must agree before the decision: whose number the field `of` holds, when the named rule says so.

    The time it takes is not counted; after `days` working days without an answer the dossier stops.
    """

    consent: str
    of: str
    when: str
    says: Words
    rule: str
    days: int = 5


class Process(_Strict, frozen=True):
    steps: list[Step]
    consents: list[Consent] = []

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.step == name)

    def after(self, name: str) -> Step | None:
        """The line below a step; None after the last."""
        names = [step.step for step in self.steps]
        place = names.index(name) + 1
        return self.steps[place] if place < len(self.steps) else None


class Branch(_Strict, frozen=True):
    """One of an interlinked service's dossiers. `when` is one comparison over the parent's form; empty is always."""

    branch: str
    service: str
    unit: str = ""
    after: str = ""
    when: str = ""


class Limit(_Strict, frozen=True):
    """How long a decision may take from a complete dossier: working days, or clock hours that fall on working days.

    `verified_days` holds instead once an officer has found that something must be verified on the spot.
    """

    rule: str
    working_days: int = 0
    hours: int = 0
    verified_days: int = 0


class ServiceCard(_Strict, frozen=True):
    """service.yaml: what people and other agencies are told. `takes` are the results it is handed, by branch, with the
    service that gives each."""

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


class Example(_Strict, frozen=True):
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
    dictionary by which its form is checked."""

    slug: str
    revision: str
    card: ServiceCard
    form: Form
    process: Process
    branches: list[Branch]
    examples: list[Example]
    terms: dict[str, Term] = {}


class Without(_Strict, frozen=True):
    """What a right that demands evidence still gives to who brings none: `fields` of a register's, at a low rate; with
    `review` some of these reads are drawn for the owner's reviewers."""

    fields: list[str] = []
    per_minute: int = 30
    review: bool = True


TEN_MINUTES = "10m"


class Right(_Strict, frozen=True, rename={"grantor": "of", "grantee": "to", "since": "from"}):
    """Default deny: only what a right names may be called. A register's right names its fields.

    `per_minute` is how often it may be used. `evidence` is what must prove the case: the person's `session` at the
    asker, their `submission`, or their `consent`; what does not, has what `without` grants, or nothing. `reach` is over
    how many other people a look-up may lead from whom the evidence names.
    `within` is how long a message may take: minutes, hours, hours of working days.
    """

    grantor: str
    grantee: str
    service: str
    purpose: str
    legal_basis: str
    since: date
    register: str = ""
    fields: list[str] = []
    until: date | None = None
    per_minute: int = 1_200
    evidence: Literal["", "session", "submission", "consent"] = ""
    without: Without | None = None
    reach: int = 2
    within: Annotated[str, msgspec.Meta(pattern=r"^[1-9]\d{0,3}(m|h|wh)$")] = TEN_MINUTES


class NodeCard(_Strict, frozen=True):
    """A node as everybody knows it: its name, the pages it shows, the agency it works for."""

    slug: str
    name: Words
    faces: list[Literal["portal", "desk", "eid", "notices", "gateway"]]
    agency: str
    system_owner: str = ""
    units: str = ""
