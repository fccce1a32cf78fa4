"""Two owners of registers over real databases: G01 (persons, households, residences) and G15 (births, marriages)."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from lienthong.casework.rules import source_hashes
from lienthong.catalogue.catalogue import load
from lienthong.catalogue.holdings import Register, Right
from lienthong.config.state import HOME
from lienthong.exchange import envelopes, evidence
from lienthong.exchange.asking import Asker
from lienthong.exchange.directory import Directory, Entry, PublishedKey
from lienthong.exchange.envelopes import WIRE, Header, Message
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.doorbell import Doorbell
from lienthong.kit.identifiers import new_id
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Database, Tx
from lienthong.registers import records
from lienthong.territory.units import Territory

CATALOGUE = HOME / "catalogue"
DI_LINH = "25000"
LINKED, BIRTH = "interlinked/birth-residence-card", "civil-status/birth-registration"


KEYS = {name: SigningKey.generate() for name in ("portal", "G01", "G01-eid", "G15", "G18", "H36", "BHXH")}
DIRECTORY = Directory(
    {
        name: Entry("", "", [PublishedKey(purpose, key.public.text) for purpose in ("transport", "seal")], WIRE)
        for name, key in KEYS.items()
    }
)


def node(name: str, run: str, folder: Path) -> Node:
    key, directory = KEYS[name], DIRECTORY
    return Node(
        name,
        Database(run, size=10),
        key,
        key,
        directory,
        load(CATALOGUE, name, source_hashes()),
        Territory.load(CATALOGUE / "territory"),
        Doorbell(folder / name),
        Asker(name, key, directory),
    )


def message(sender: str, service: str, purpose: str, body: dict[str, Any], case: str = "T-1") -> Message:
    """A message as the exchange hands it to a handler, its envelope long checked."""
    at = clock.now()
    content = msgspec.json.encode(body)
    facts = (new_id(), sender, "", service, purpose, case, at, at + timedelta(days=1), envelopes.digest(content))
    header = Header(*facts)
    return Message(header, msgspec.json.decode(content), envelopes.close(header, content, SigningKey.generate()))


def sealer(name: str) -> Any:
    """What evidence needs of the node that gives it."""
    return SimpleNamespace(name=name, seal=KEYS[name])


def session(person: str, client: str = "portal") -> str:
    return evidence.of_session(sealer("G01-eid"), person, client)


def submission(case: str, person: str, *people: str) -> list[str]:
    return evidence.of_submission(sealer("portal"), case, person, people, [session(person)])


def narrowed(place: Node, wanted: Callable[[Right], bool], **changes: Any) -> Node:
    """The node, with one of its rights changed."""
    rights = [msgspec.structs.replace(r, **changes) if wanted(r) else r for r in place.catalogue.rights]
    place.catalogue.rights = rights
    return place


def in_node(place: Node, act: Callable[[Tx], Any]) -> Any:
    with place.database.transaction() as tx:
        return act(tx)


def enter(place: Node, register: str, **fields: Any) -> None:
    declared = place.catalogue.owned[register]
    row = {name: fields.get(name) for name in declared.fields}
    at = clock.now()
    in_node(place, lambda tx: records.enter(tx, declared, row, at=at, valid_from=at.date(), by="load:test"))


def person(place: Node, number: str, name: str = "Ka Wẽn", **more: Any) -> str:
    facts = {"birth_date": "1995-04-02", "gender": "female", "ethnicity": "16", "nationality": "VN", **more}
    enter(place, "persons", number=number, full_name=name, **facts)
    return number


def owned(place: Node, register: str) -> Register:
    return place.catalogue.owned[register]
