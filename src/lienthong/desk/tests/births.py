"""Births declared in the test country, as far as an officer's desk."""

from itertools import count
from typing import Any

from lienthong.casework import dossiers
from lienthong.casework.dossiers import Dossier
from lienthong.casework.tests.country import Country, in_node
from lienthong.identity.types import Account
from lienthong.kit.series import Block
from lienthong.portal import drafts

SERVICE = "interlinked/birth-residence-card"
TYPED = {
    "child_name": "K’ Brêm",
    "surname_after": "father",
    "ethnicity": "mother",
    "hometown": "father",
    "lives_with": "mother",
    "birth_count": "1",
    "facility": "68009",
}
families = count(100)


def declare(country: Country, account: Account, **typed: Any) -> str:
    """A parent submits; the code of the birth branch at H36."""
    return branch(country, "H36", submit(country, account, **typed))


def submit(country: Country, account: Account, corrections: tuple[dict[str, Any], ...] = (), **typed: Any) -> str:
    """A parent submits, and everything goes as far as it can; the parent's code."""
    portal = country.nodes["portal"]
    service = portal.catalogue.service(SERVICE)
    said = {**TYPED, "pledge": True, **typed}
    draft = in_node(portal, lambda tx: drafts.open_draft(tx, account, service))
    kept = in_node(portal, lambda tx: drafts.load(tx, draft, account))
    reading = drafts.fill(portal, kept, account, service, said)
    assert reading.declaration.errors == {}
    parent = drafts.submit(portal, Block(portal.database), reading, account, service, corrections=list(corrections))
    country.deliver()
    return parent


def branch(country: Country, node: str, parent: str) -> str:
    sql = "SELECT code FROM dossier WHERE parent = %s"
    return str(in_node(country.nodes[node], lambda tx: tx.value(sql, (parent,))))


def declared_birth(country: Country, **typed: Any) -> str:
    return declare(country, country.family(next(families)), **typed)


def load(country: Country, code: str, node: str = "H36") -> Dossier:
    found = in_node(country.nodes[node], lambda tx: dossiers.load(tx, code))
    assert found is not None
    return found


def verbs(country: Country, code: str, node: str = "H36") -> list[str]:
    return [act.verb for act in in_node(country.nodes[node], lambda tx: dossiers.acts(tx, code))]


def mother_of(country: Country, code: str) -> str:
    content = in_node(country.nodes["H36"], lambda tx: dossiers.content(tx, code))
    return str(content.declared["mother_number"])
