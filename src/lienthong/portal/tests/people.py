"""A portal with the country's catalogue whose registers answer what a test wants, and two parents."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import msgspec

from lienthong.casework.prefill import Found, resolve, tagged
from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import load
from lienthong.config.state import HOME
from lienthong.exchange import envelopes
from lienthong.exchange.asking import Question
from lienthong.exchange.directory import Directory, Entry, PublishedKey
from lienthong.exchange.envelopes import Header, Message
from lienthong.identity.types import Account
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.signatures import SigningKey
from lienthong.territory.units import Territory

CATALOGUE = load(HOME / "catalogue", "portal", source_hashes())
TERRITORY = Territory.load(HOME / "catalogue" / "territory")
LINKED = CATALOGUE.service("interlinked/birth-residence-card")
FORM = LINKED.form
TODAY = date(2026, 11, 20)
KEYS = {name: SigningKey.generate() for name in ("portal", "G01", "G15", "G18")}
DIRECTORY = Directory({n: Entry("", "", [PublishedKey("transport", k.public.text)]) for n, k in KEYS.items()})

MOTHER = Account("068195001234", "Ka Wẽn", date(1995, 4, 2), "female", 2)
FATHER = Account("068092004321", "K’ Brèo", date(1992, 9, 17), "male", 2)
NOTICE = {
    "number": "GCS.1", "facility": "68009", "mother": MOTHER.number, "born_at": "2026-11-12T03:20:00+07:00",
    "gender": "male", "birth_order": 1, "birth_count": 1,
}  # fmt: skip


def person(account: Account, spouse: Account | None) -> dict[str, Any]:
    return {
        "number": account.number, "full_name": account.name, "birth_date": account.birth_date.isoformat(),
        "gender": account.gender, "ethnicity": "16", "nationality": "VN", "hometown": "25000",
        "spouse": spouse.number if spouse else None, "died_on": None, "phone": None,
    }  # fmt: skip


HOUSEHOLD = {"code": "HK-1", "unit": "25000", "address": "Thôn 3", "householder": FATHER.number}


def home(account: Account) -> dict[str, Any]:
    relation = "householder" if account == FATHER else "spouse"
    return {"person": account.number, "household": "HK-1", "relation": relation}


def rows(account: Account = MOTHER, spouse: Account | None = FATHER, **changes: Any) -> dict[str, Any]:
    """What registers say, by look-up, about a married couple in Di Linh with one fresh notice."""
    return {
        "me": person(account, spouse),
        "home": home(account),
        "household": HOUSEHOLD,
        "householder": person(FATHER, MOTHER),
        "spouse": person(spouse, account) if spouse else None,
        "spouse_home": home(spouse) if spouse else None,
        "spouse_household": HOUSEHOLD if spouse else None,
        "spouse_householder": person(FATHER, MOTHER) if spouse else None,
        "marriage": {"number": "KH-1", "married_on": "2020-02-14"} if spouse else None,
        "notice": [NOTICE],
        "registered": [],
    } | changes


@dataclass
class Registers:
    """Stands where the exchange does: answers every look-up, signed by its owner, unless that one is silent."""

    rows: dict[str, Any] = field(default_factory=rows)
    silent: set[str] = field(default_factory=set)
    waves: list[dict[str, set[str]]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    def ask_all(self, questions: Sequence[Question], within: float = 2.0) -> list[Message | None]:
        self.waves.append({question.recipient: set(question.body["items"]) for question in questions})
        self.questions += questions
        return [None if q.recipient in self.silent else answer(q.recipient, self.rows, q) for q in questions]

    def ask(self, question: Question, within: float = 2.0) -> Message | None:
        return self.ask_all([question], within)[0]


def answer(owner: str, known: dict[str, Any], question: Question) -> Message:
    at = clock.now()
    found = {item: row_for(known, item) for item in question.body["items"]}
    body = msgspec.json.encode({"items": found, "at": at.isoformat()})
    facts = (new_id(), owner, "portal", question.service, question.purpose, question.case, at, at + timedelta(days=1))
    header = Header(*facts, envelopes.digest(body))
    return Message(header, msgspec.json.decode(body), envelopes.close(header, body, KEYS[owner]))


def row_for(known: dict[str, Any], item: str) -> Any:
    """The row of a look-up; of one that goes by what was typed, only when it is that person's."""
    name, _, typed = item.partition(":")
    row = known.get(name)
    return row if not typed or not isinstance(row, dict) or row.get("number", typed) == typed else None


def portal(registers: Registers | None = None) -> Any:
    return SimpleNamespace(
        name="portal", catalogue=CATALOGUE, directory=DIRECTORY, territory=TERRITORY, asker=registers or Registers()
    )


def found(account: Account = MOTHER, typed: dict[str, Any] | None = None, **changes: Any) -> Found:
    """Everything answered; a look-up given as `...` was not. `named_father={…}` is there for the typed father."""
    spouse = changes.pop("married_to", FATHER if account == MOTHER else MOTHER)
    known = {name: row for name, row in rows(account, spouse, **changes).items() if row is not ...}
    meant = TYPED if typed is None else typed
    source: Any = SimpleNamespace()
    before = resolve(FORM, account, {}, meant)
    kept = {tagged(name, before.tags.get(name, "")): (row, source) for name, row in known.items()}
    again = resolve(FORM, account, kept, meant)
    kept |= {tagged(name, again.tags.get(name, "")): (row, source) for name, row in known.items()}
    return resolve(FORM, account, kept, meant)


TYPED = {
    "child_name": "K’ Brêm", "surname_after": "custom", "ethnicity": "mother", "hometown": "father",
    "lives_with": "mother", "facility": "68009", "pledge": True,
}  # fmt: skip

Change = Callable[[dict[str, Any]], None]
NOW = datetime(2026, 11, 20, 9, tzinfo=clock.ZONE)
