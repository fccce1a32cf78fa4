"""Loading the catalogue folder as one node sees it: what it owns, handles or asks for, and nothing else."""

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec
import yaml

from lienthong.catalogue.papers import BadTemplate, Papers, read_papers
from lienthong.catalogue.references import dangling
from lienthong.catalogue.shapes import (
    Branch,
    Example,
    Form,
    NodeCard,
    Process,
    Register,
    Right,
    Service,
    ServiceCard,
    Term,
)
from lienthong.kit.worktime import WorkCalendar

LARGEST_FILE = 200_000
EVERY = "every"
_loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CatalogueError(Exception):
    """The catalogue does not hold together; the message names the file and what is wrong with it."""


class Catalogue:
    """The part of the catalogue that concerns one node."""

    def __init__(
        self,
        node: str,
        *,
        nodes: dict[str, NodeCard],
        terms: dict[str, Term],
        registers: dict[str, Register],
        services: dict[str, Service],
        rights: list[Right],
        calendar: WorkCalendar,
        papers: Papers | None = None,
    ) -> None:
        self.node, self.nodes, self.terms, self.calendar = node, nodes, terms, calendar
        self.registers, self.services, self.rights = registers, services, rights
        self.papers = papers or Papers()

    @property
    def card(self) -> NodeCard:
        return self.nodes[self.node]

    @cached_property
    def owned(self) -> dict[str, Register]:
        """The registers this node is the trusted source of."""
        return {name: register for name, register in self.registers.items() if register.owner == self.node}

    def service(self, slug: str, revision: str = "") -> Service:
        """Raises LookupError when this node does not know the service, or knows another revision of it."""
        service = self.services[slug]
        if revision and service.revision != revision:
            raise LookupError(f"{slug} is known here as {service.revision[:12]}, not {revision[:12]}")
        return service

    def permits(self, grantee: str, service: str, purpose: str, on: date) -> bool:
        """Whether a node may call a service of ours at all for a purpose."""
        return any(self._granted(grantee, service, purpose, on))

    def granted_fields(self, grantee: str, service: str, purpose: str, register: str, on: date) -> frozenset[str]:
        """The fields of one of our registers that a node may read, or write, for a purpose."""
        rights = self._granted(grantee, service, purpose, on)
        return frozenset(field for right in rights if right.register == register for field in right.fields)

    def may_withdraw(self, grantee: str, service: str, purpose: str, register: str, on: date) -> bool:
        """Whether a node may have a record of ours withdrawn as a whole: a right to the register without fields."""
        rights = self._granted(grantee, service, purpose, on)
        return any(right.register == register and not right.fields for right in rights)

    def _granted(self, grantee: str, service: str, purpose: str, on: date) -> list[Right]:
        return [
            right
            for right in self.rights
            if right.grantor in (self.node, "*")
            and (right.grantee, right.service, right.purpose) == (grantee, service, purpose)
            and right.since <= on
            and (right.until is None or on <= right.until)
        ]


def load(folder: Path, node: str, rules: Mapping[str, str]) -> Catalogue:
    """Read the folder for one node. `rules` maps the name of every decision rule at hand to its source hash.

    Raises CatalogueError naming the file: unknown keys, dangling references, a missing rule or example.
    """
    nodes = read_nodes(folder)
    if node not in nodes:
        raise CatalogueError(f"directory.yaml knows no node {node!r}; it knows {', '.join(sorted(nodes))}")
    terms: dict[str, Term] = _section(folder / "dictionary.yaml", "terms", dict[str, Term])
    registers = {r.register: r for r in read_registers(folder)}
    services = read_services(folder, rules)
    rights = read_rights(folder)
    calendar = _read(folder / "calendars" / "vietnam.yaml", WorkCalendar)
    if problem := dangling(nodes, terms, registers, services, rights):
        raise CatalogueError(problem)

    handled = {slug for slug, service in services.items() if service.card.handled_by == node}
    handled |= {branch.service for slug in handled for branch in services[slug].branches}
    handled |= {slug for taker in handled for slug in services[taker].card.takes.values()}
    mine = [right for right in rights if node in (right.grantor, right.grantee) or right.grantor == "*"]
    asked = {right.register for right in mine if right.register}
    return Catalogue(
        node,
        nodes=nodes,
        terms=terms,
        registers={name: r for name, r in registers.items() if r.owner == node or name in asked},
        services={slug: service for slug, service in services.items() if slug in handled},
        rights=mine,
        calendar=calendar,
        papers=_read_papers(folder, handled),
    )


def _read_papers(folder: Path, services: set[str]) -> Papers:
    try:
        return read_papers(folder, services)
    except (OSError, ValueError, BadTemplate, yaml.YAMLError) as error:
        raise CatalogueError(str(error)) from error


def read_nodes(folder: Path) -> dict[str, NodeCard]:
    return _section(folder / "directory.yaml", "nodes", dict[str, NodeCard])  # type: ignore[no-any-return]


def read_registers(folder: Path) -> list[Register]:
    return [_read(path, Register) for path in sorted((folder / "registers").glob("*.yaml"))]


def read_rights(folder: Path) -> list[Right]:
    """What every node grants: a file for each, named after it; `every.yaml` holds what all grant alike.

    Raises CatalogueError for a right that stands in another's file: only the owner of data gives rights to it.
    """
    found: list[Right] = []
    for path in sorted((folder / "rights").glob("*.yaml")):
        rights: list[Right] = _read(path, list[Right])
        grantor = "*" if path.stem == EVERY else path.stem
        if stray := next((right for right in rights if right.grantor != grantor), None):
            raise CatalogueError(f"{path}: a right of {stray.grantor} does not belong here")
        found += rights
    return found


def read_services(folder: Path, rules: Mapping[str, str]) -> dict[str, Service]:
    """Every service, by slug `sector/name`."""
    cards = sorted((folder / "services").glob("*/*/service.yaml"))
    return {f"{c.parent.parent.name}/{c.parent.name}": _read_service(c.parent, rules) for c in cards}


def _read_service(folder: Path, rules: Mapping[str, str]) -> Service:
    slug = f"{folder.parent.name}/{folder.name}"
    branches = folder / "branches.yaml"
    examples = [_read(path, Example) for path in sorted((folder / "examples").glob("*.yaml"))]
    if not examples:
        raise CatalogueError(f"{slug}: a service without an example does not load")
    process: Process = _read(folder / "process.yaml", Process)
    named = sorted(
        {step.straight_through for step in process.steps if step.straight_through}
        | {consent.when for consent in process.consents}
    )
    if missing := [name for name in named if name not in rules]:
        raise CatalogueError(f"{slug}: no such rule: {', '.join(missing)}")
    parts = [raw(path) for path in sorted(folder.glob("*.yaml"))]
    top = folder.parents[2]
    shared = [raw(top / "dictionary.yaml"), raw(top / "calendars" / "vietnam.yaml")]  # they decide a case too
    decisive = [parts, shared, {name: rules[name] for name in named}]
    content = msgspec.json.encode(decisive, order="deterministic", enc_hook=str)
    return Service(
        slug=slug,
        revision=hashlib.sha256(content).hexdigest(),
        card=_read(folder / "service.yaml", ServiceCard),
        form=_read(folder / "form.yaml", Form),
        process=process,
        branches=_read(branches, list[Branch]) if branches.exists() else [],
        examples=examples,
    )


@cache
def raw(path: Path) -> Any:
    """A YAML file as plain values. Raises CatalogueError when it is missing, too large or not YAML."""
    try:
        text = path.read_text(encoding="utf-8")
        if len(text) > LARGEST_FILE:
            raise CatalogueError(f"{path}: larger than {LARGEST_FILE} characters")
        return yaml.load(text, Loader=_loader)  # noqa: S506 — both are safe loaders
    except (OSError, yaml.YAMLError) as error:
        raise CatalogueError(f"{path}: {error}") from error


def _read(path: Path, shape: Any) -> Any:
    try:
        return msgspec.convert(raw(path), shape)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"{path}: {error}") from error


def _section(path: Path, key: str, shape: Any) -> Any:
    content = raw(path)
    try:
        return msgspec.convert(content[key], shape)
    except (KeyError, TypeError, msgspec.ValidationError) as error:
        raise CatalogueError(f"{path}: {error}") from error
