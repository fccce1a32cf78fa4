"""Loading the catalogue as one node sees it: what it owns, handles or asks for, and nothing else.

It comes from the folder of its authors, or from the publications that a node received (`exchange/shelf.py`).
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path

import msgspec

from lienthong.catalogue.files import CatalogueError, Files, inside, of_folder, raw, section, shaped
from lienthong.catalogue.mappings import Joining, problems
from lienthong.catalogue.outside import FILE as OUTSIDE
from lienthong.catalogue.outside import OutsideSystem
from lienthong.catalogue.papers import BadTemplate, Papers, papers_of
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

DICTIONARY, CALENDAR, DIRECTORY = "dictionary.yaml", "calendars/vietnam.yaml", "directory.yaml"
SHARED = (DICTIONARY, CALENDAR)  # what decides a case of every service
EVERY = "every"


def none_older(slug: str, revision: str) -> Service | None:
    """A catalogue read from a folder knows one revision of each service."""


class Catalogue:
    """The part of the catalogue that concerns one node. `revisions` are those in force of every service there is;
    `older` finds those that are not in force any more, or not yet."""

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
        revisions: Mapping[str, str] | None = None,
        outside: Mapping[str, OutsideSystem] | None = None,
        joinings: Mapping[str, Joining] | None = None,
    ) -> None:
        self.node, self.nodes, self.terms, self.calendar = node, nodes, terms, calendar
        self.registers, self.services, self.rights = registers, services, rights
        self.papers = papers or Papers()
        self.outside = outside or {}
        self.joinings = joinings or {}  # by register: how an existing database of ours is one
        self.revisions = revisions or {slug: service.revision for slug, service in services.items()}
        self.older: Callable[[str, str], Service | None] = none_older

    @property
    def card(self) -> NodeCard:
        return self.nodes[self.node]

    @cached_property
    def owned(self) -> dict[str, Register]:
        """The registers this node is the trusted source of."""
        return {name: register for name, register in self.registers.items() if register.owner == self.node}

    def service(self, slug: str, revision: str = "") -> Service:
        """A service as it is now, or as it was: a dossier keeps the revision it was received under.

        Raises LookupError when this node does not know the service, or not this revision of it.
        """
        service = self.services.get(slug)
        if service is not None and revision in ("", service.revision):
            return service
        found = self.older(slug, revision) if revision else None
        if found is None:
            if service is None:
                raise KeyError(slug)
            raise LookupError(f"{slug} is known here as {service.revision[:12]}, not {revision[:12]}")
        if gone := found.terms.keys() - self.terms.keys():
            self.terms = {**{name: found.terms[name] for name in gone}, **self.terms}
        return found

    def shown(self, slug: str, revision: str) -> Service:
        """For pages: the revision, or the service as it is now where that one is not at hand. Raises KeyError."""
        try:
            return self.service(slug, revision)
        except KeyError:
            raise
        except LookupError:
            return self.services[slug]

    def permits(self, grantee: str, service: str, purpose: str, on: date) -> bool:
        """Whether a node may call a service of ours at all for a purpose."""
        return any(self.granted(grantee, service, purpose, on))

    def granted_fields(self, grantee: str, service: str, purpose: str, register: str, on: date) -> frozenset[str]:
        """The fields of one of our registers that a node may read, or write, for a purpose."""
        rights = self.granted(grantee, service, purpose, on)
        return frozenset(field for right in rights if right.register == register for field in right.fields)

    def may_withdraw(self, grantee: str, service: str, purpose: str, register: str, on: date) -> bool:
        """Whether a node may have a record of ours withdrawn as a whole: a right to the register without fields."""
        rights = self.granted(grantee, service, purpose, on)
        return any(right.register == register and not right.fields for right in rights)

    def granted(self, grantee: str, service: str, purpose: str, on: date) -> list[Right]:
        """What we let a node do for a purpose on a day: nothing, unless a right says so."""
        return [
            right
            for right in self.rights
            if right.grantor in (self.node, "*")
            and right.grantee in (grantee, "*")
            and (right.service, right.purpose) == (service, purpose)
            and right.since <= on
            and (right.until is None or on <= right.until)
        ]


def load(folder: Path, node: str, rules: Mapping[str, str]) -> Catalogue:
    """Read the folder for one node. `rules` maps the name of every decision rule at hand to its source hash.

    Raises CatalogueError naming the file: unknown keys, dangling references, a missing rule or example.
    """
    return assembled(of_folder(folder), node, rules)


def assembled(files: Files, node: str, rules: Mapping[str, str]) -> Catalogue:
    """A node's catalogue from all files. Raises CatalogueError as `load` does."""
    nodes: dict[str, NodeCard] = section(files, DIRECTORY, "nodes", dict[str, NodeCard])
    if node not in nodes:
        raise CatalogueError(f"directory.yaml knows no node {node!r}; it knows {', '.join(sorted(nodes))}")
    terms: dict[str, Term] = section(files, DICTIONARY, "terms", dict[str, Term])
    registers = {register.register: register for register in _registers(files)}
    services = _services(files, rules, terms)
    rights = _rights(files)
    calendar = shaped(files, CALENDAR, WorkCalendar)
    if problem := dangling(nodes, terms, registers, services, rights):
        raise CatalogueError(problem)
    joinings = {name: _joining(files, register, terms) for name, register in registers.items() if register.joined}

    handled = {slug for slug, service in services.items() if service.card.handled_by == node}
    handled |= {branch.service for slug in handled for branch in services[slug].branches}
    handled |= {slug for taker in handled for slug in services[taker].card.takes.values()}
    mine = [right for right in rights if {node, "*"} & {right.grantor, right.grantee}]
    asked = {right.register for right in mine if right.register}
    return Catalogue(
        node,
        nodes=nodes,
        terms=terms,
        registers={name: r for name, r in registers.items() if r.owner == node or name in asked},
        services={slug: service for slug, service in services.items() if slug in handled},
        rights=mine,
        calendar=calendar,
        papers=_papers(files, handled),
        revisions={slug: service.revision for slug, service in services.items()},
        outside=section(files, OUTSIDE, "systems", dict[str, OutsideSystem]) if OUTSIDE in files else {},
        joinings={name: found for name, found in joinings.items() if found.owner == node},
    )


def _joining(files: Files, register: Register, terms: Mapping[str, Term]) -> Joining:
    """The mapping of a joined register. Raises CatalogueError for one that does not hold together."""
    found: Joining = shaped(files, f"mappings/{register.joined}.yaml", Joining)
    if problem := next(problems(register, found, terms), None):
        raise CatalogueError(problem)
    return found


def _papers(files: Files, services: set[str]) -> Papers:
    try:
        return papers_of(files, services)
    except (KeyError, ValueError, BadTemplate) as error:
        raise CatalogueError(str(error)) from error


def read_nodes(folder: Path) -> dict[str, NodeCard]:
    files = {DIRECTORY: (folder / DIRECTORY).read_text("utf-8")}
    return section(files, DIRECTORY, "nodes", dict[str, NodeCard])  # type: ignore[no-any-return]


def read_registers(folder: Path) -> list[Register]:
    return _registers(of_folder(folder))


def read_terms(folder: Path) -> dict[str, Term]:
    """The shared data dictionary."""
    return section(of_folder(folder), DICTIONARY, "terms", dict[str, Term])  # type: ignore[no-any-return]


def read_services(folder: Path, rules: Mapping[str, str]) -> dict[str, Service]:
    """Every service, by slug `sector/name`."""
    files = of_folder(folder)
    return _services(files, rules, section(files, DICTIONARY, "terms", dict[str, Term]))


def _registers(files: Files) -> list[Register]:
    return [shaped(files, path, Register) for path in inside(files, "registers")]


def _rights(files: Files) -> list[Right]:
    """What every node grants: a file for each, named after it; `every.yaml` holds what all grant alike.

    Raises CatalogueError for a right that stands in another's file: only the owner of data gives rights to it.
    """
    found: list[Right] = []
    for path in inside(files, "rights"):
        rights: list[Right] = shaped(files, path, list[Right])
        name = path.removeprefix("rights/").removesuffix(".yaml")
        grantor = "*" if name == EVERY else name
        if stray := next((right for right in rights if right.grantor != grantor), None):
            raise CatalogueError(f"{path}: a right of {stray.grantor} does not belong here")
        found += rights
    return found


def _services(files: Files, rules: Mapping[str, str], terms: dict[str, Term]) -> dict[str, Service]:
    cards = sorted(path for path in files if path.startswith("services/") and path.endswith("/service.yaml"))
    slugs = [path.removeprefix("services/").removesuffix("/service.yaml") for path in cards]
    return {slug: _service(files, slug, rules, terms) for slug in slugs if slug.count("/") == 1}


def service_of(files: Files, slug: str, rules: Mapping[str, str]) -> Service:
    """One service from its own files and the shared ones (SHARED), which is all it needs. Raises CatalogueError."""
    return _service(files, slug, rules, section(files, DICTIONARY, "terms", dict[str, Term]))


def _service(files: Files, slug: str, rules: Mapping[str, str], terms: dict[str, Term]) -> Service:
    folder = f"services/{slug}"
    examples = [shaped(files, path, Example) for path in inside(files, f"{folder}/examples")]
    if not examples:
        raise CatalogueError(f"{slug}: a service without an example does not load")
    process: Process = shaped(files, f"{folder}/process.yaml", Process)
    return Service(
        slug=slug,
        revision=_revision(files, slug, process, rules),
        card=shaped(files, f"{folder}/service.yaml", ServiceCard),
        form=shaped(files, f"{folder}/form.yaml", Form),
        process=process,
        branches=shaped(files, f"{folder}/branches.yaml", list[Branch]) if f"{folder}/branches.yaml" in files else [],
        examples=examples,
        terms=terms,
    )


def _revision(files: Files, slug: str, process: Process, rules: Mapping[str, str]) -> str:
    """The hash of everything that decides a case: the service's files, the shared ones, the rules it names."""
    named = sorted(
        {step.straight_through for step in process.steps if step.straight_through}
        | {consent.when for consent in process.consents}
    )
    if missing := [name for name in named if name not in rules]:
        raise CatalogueError(f"{slug}: no such rule: {', '.join(missing)}")
    parts = [raw(files, path) for path in inside(files, f"services/{slug}")]
    decisive = [parts, [raw(files, path) for path in SHARED], {name: rules[name] for name in named}]
    content = msgspec.json.encode(decisive, order="deterministic", enc_hook=str)
    return hashlib.sha256(content).hexdigest()
