"""The closed vocabulary of the catalogue. A key that is not here does not load."""

from datetime import date
from typing import Any, Literal

import msgspec

Verb = Literal["check", "decide", "record", "gather"]
TermType = Literal["text", "number", "date", "moment", "person", "code", "unit", "facility", "flag", "key"]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Words(_Strict, frozen=True):
    """One thing in both languages."""

    vi: str
    en: str

    def in_language(self, language: str) -> str:
        return self.en if language.startswith("en") else self.vi


class Term(_Strict, frozen=True):
    """An entry of the shared data dictionary. `past` dates may not lie ahead; `name` text is a person's name."""

    type: TermType
    vi: str
    en: str
    most: int = 200
    past: bool = False
    name: bool = False
    codes: dict[str, Words] = {}

    @property
    def words(self) -> Words:
        return Words(self.vi, self.en)


class Column(_Strict, frozen=True):
    term: str
    optional: bool = False
    unique: bool = False


class Completion(_Strict, frozen=True):
    """A record that waits for another register: what that one takes, and what it gives back."""

    register: str
    takes: dict[str, str]
    gives: dict[str, str]
    state: dict[str, str]


class Register(_Strict, frozen=True):
    """A declared register: one owner, one key, columns by term, look-ups by name over one or more columns."""

    register: str
    owner: str
    name: Words
    legal_basis: str
    key: str
    fields: dict[str, Column]
    lookups: dict[str, list[str]]
    subject: str = ""
    rule: str = ""
    completed_by: Completion | None = None


class LookUp(_Strict, frozen=True):
    """What a form reads: rows of a register, or one of two earlier rows chosen by gender."""

    register: str = ""
    by: str = ""
    value: str = ""
    many: bool = False
    either: list[str] = []
    gender: str = ""


class Choice(_Strict, frozen=True, rename={"excluding": "except", "excluding_key": "except_key"}):
    """Which of several rows is meant: by a field's value, leaving out those already used."""

    of: str
    by: str
    key: str
    excluding: str = ""
    excluding_key: str = ""


class Field(_Strict, frozen=True, rename={"source": "from"}):
    term: str
    source: str = ""
    optional: bool = False
    label: Words | None = None
    help: Words | None = None
    only: list[str] = []
    alive: str = ""
    verify: str = ""


class Section(_Strict, frozen=True):
    id: str
    title: Words
    fields: dict[str, Field]


class Form(_Strict, frozen=True):
    sections: list[Section]
    look_ups: dict[str, LookUp] = {}
    choose: Choice | None = None

    @property
    def fields(self) -> dict[str, Field]:
        return {name: field for section in self.sections for name, field in section.fields.items()}


class Step(_Strict, frozen=True):
    """A line of the process table. `record` steps name a register and what goes into each of its fields."""

    step: str
    verb: Verb
    name: Words
    role: str = ""
    hours: int = 0
    rule: str = ""
    straight_through: str = ""
    register: str = ""
    refused_to: str = ""
    fields: dict[str, str] = {}


class Process(_Strict, frozen=True):
    steps: list[Step]

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.step == name)

    def after(self, name: str) -> Step | None:
        """The line below a step; None after the last."""
        names = [step.step for step in self.steps]
        place = names.index(name) + 1
        return self.steps[place] if place < len(self.steps) else None


class Branch(_Strict, frozen=True):
    branch: str
    service: str
    unit: str = ""
    after: str = ""


class Limit(_Strict, frozen=True):
    working_days: int
    rule: str


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
    """A case with its expected answer, run as a test: the path of steps, the due moment, the fields in error."""

    title: str
    received: str
    declared: dict[str, Any]
    due: str = ""
    path: list[str] = []
    errors: dict[str, str] = {}


class Service(msgspec.Struct, frozen=True):
    """One revision of a service. `revision` is the hash of everything that decides a case under it."""

    slug: str
    revision: str
    card: ServiceCard
    form: Form
    process: Process
    branches: list[Branch]
    examples: list[Example]


class Right(_Strict, frozen=True, rename={"grantor": "of", "grantee": "to", "since": "from"}):
    """Default deny: only what a right names may be called. A register's right names its fields."""

    grantor: str
    grantee: str
    service: str
    purpose: str
    legal_basis: str
    since: date
    register: str = ""
    fields: list[str] = []
    until: date | None = None


class NodeCard(_Strict, frozen=True):
    """A node as everybody knows it: its name, the pages it shows, the agency it works for."""

    slug: str
    name: Words
    faces: list[Literal["portal", "desk", "eid", "notices"]]
    agency: str
    system_owner: str = ""
    units: str = ""
