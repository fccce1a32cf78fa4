"""What nodes are, keep and grant: registers, rights, the nodes themselves, as the catalogue declares them."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Literal

import msgspec

from lienthong.catalogue.shapes import Strict, Words


class Column(Strict, frozen=True):
    """A field of a register; `label` says what it is here where the term alone does not (a mother's name)."""

    term: str
    optional: bool = False
    unique: bool = False
    label: Words | None = None


class Completion(Strict, frozen=True):
    """A record that waits for another register: what that one takes, and what it gives back."""

    register: str
    takes: dict[str, str]
    gives: dict[str, str]
    state: dict[str, str]


class Ending(Strict, frozen=True):
    """How our record ends when the other says so: `by` is their column that then has a day, `sets` our columns; the
    value `$day` is that day."""

    by: str
    sets: dict[str, str]


class Follow(Strict, frozen=True):
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


class Register(Strict, frozen=True):
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


class Without(Strict, frozen=True):
    """What a right that demands evidence still gives to who brings none: `fields` of a register's, at a low rate; with
    `review` some of these reads are drawn for the owner's reviewers."""

    fields: list[str] = []
    per_minute: int = 30
    review: bool = True


TEN_MINUTES = "10m"
ANY = "*"


class Right(Strict, frozen=True, rename={"grantor": "of", "grantee": "to", "since": "from"}):
    """Default deny: only what a right names may be called. A register's right names its fields.

    `per_minute` is how often it may be used. `evidence` is what must prove the case: the person's `session` at the
    asker, their `submission`, or their `consent`; what does not, has what `without` grants, or nothing. `reach` is over
    how many other people a look-up may lead from whom the evidence names.
    `within` is how long a message may take: minutes, hours, hours of working days. The purpose ANY is that of messages
    about dossiers of whatever service; data is never given for it.
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

    def is_for(self, service: str, purpose: str) -> bool:
        return self.service == service and self.purpose in (purpose, ANY)


class NodeCard(Strict, frozen=True):
    """A node as everybody knows it: its name, the pages it shows, the agency it works for."""

    slug: str
    name: Words
    faces: list[Literal["portal", "desk", "eid", "notices", "gateway"]]
    agency: str
    system_owner: str = ""
    units: str = ""
