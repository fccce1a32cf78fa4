"""People, homes and papers while they are being made up; `rows` turns them into register rows."""

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(slots=True, eq=False)
class Person:
    """Somebody who does not exist. `days` is the birth date as a day number; numbers and names are filled in later."""

    born: date
    age: float
    gender: str
    days: int
    people: str = ""
    clan: str = ""
    name: str = ""
    number: str = ""
    hometown: str = ""
    birth_unit: str = ""
    phone: str | None = None
    level: int = 0
    died: date | None = None
    mother: "Person | None" = field(default=None, repr=False)
    father: "Person | None" = field(default=None, repr=False)
    partner: "Person | None" = field(default=None, repr=False)
    married: "Marriage | None" = field(default=None, repr=False)
    recorded_as: str = ""  # what the population register holds instead of the name, where it is wrong
    heir: bool = True
    capacity: int = 0
    children: list["Person"] = field(default_factory=list, repr=False)


@dataclass(slots=True, eq=False)
class Marriage:
    """A couple with a certificate; `ended` is the day one of them died."""

    husband: Person
    wife: Person
    on: date | None = None
    ended: date | None = None
    number: str = ""


@dataclass(slots=True, eq=False)
class Household:
    """People who live at one address; `members` begins with the householder, each with the relation to them. `unit` is
    set where that is another commune than the batch's."""

    members: list[tuple[Person, str]]
    code: str = ""
    address: str = ""
    unit: str = ""


@dataclass(slots=True)
class Notice:
    """A hospital's notice of a birth nobody has registered yet; the child is not a person of any register. `order` and
    `count` are of this delivery; `father_name` is a father's whom no register of ours knows."""

    number: str
    facility: str
    mother: Person
    father: Person | None
    born_at: datetime
    gender: str
    weight: int
    attendant: str
    issued: date
    order: int = 1
    count: int = 1
    father_name: str = ""


@dataclass(slots=True)
class Case:
    """A family of the sign-in page: which story, who, when the child was born; who files for them, if somebody does."""

    story: str
    mother: Person
    father: Person | None
    born: datetime
    helper: Person | None = None


@dataclass(slots=True)
class Officer:
    """A post: one person, one role, one unit, at one node."""

    node: str
    person: Person
    role: str
    unit: str


@dataclass(slots=True)
class Batch:
    """A few thousand neighbours of one commune: the living, their homes, their dead and their papers."""

    unit: str
    living: list[Person]
    dead: list[Person]
    marriages: list[Marriage]
    households: list[Household]
    notices: list[Notice]
    officers: list[Officer]
    cases: list[Case] = field(default_factory=list)
