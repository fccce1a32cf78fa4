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
from lienthong.catalogue.holdings import NodeCard, Register, Right
from lienthong.catalogue.indicators import ScoreSet
from lienthong.catalogue.indicators import read as score_sets
from lienthong.catalogue.internal_process import InternalProcess, part_of, path_of
from lienthong.catalogue.mappings import Joining, problems
from lienthong.catalogue.outside import FILE as OUTSIDE
from lienthong.catalogue.outside import OutsideSystem
from lienthong.catalogue.papers import BadTemplate, Papers, papers_of
from lienthong.catalogue.process_check import first
from lienthong.catalogue.process_check import problems as wrong_steps
from lienthong.catalogue.references import dangling
from lienthong.catalogue.shapes import Branch, Example, Form, Process, Service, ServiceCard, Term
from lienthong.kit.worktime import OwnDay, WorkCalendar

DICTIONARY, CALENDAR, DIRECTORY = "dictionary.yaml", "calendars/vietnam.yaml", "directory.yaml"
SHARED = (DICTIONARY, CALENDAR)  # what decides a case of every service
EVERY = "every"
EVERY_UNIT = "*"
SELF = "self"  # the branch of a service that is not interlinked, filed from the portal

OwnDays = Mapping[str, list[OwnDay]]  # by unit


def none_older(slug: str, revision: str) -> Service | None:
    """A catalogue read from a folder knows one revision of each service."""


class Catalogue:
    """The part of the catalogue that concerns one node. `revisions` are those in force of every service there is;
    `older` finds those that are not in force any more, or not yet. `own_processes` are the agencies' own processes that
    revisions stand on, part by service; `unfit` those that do not fit their service, with what is wrong: the ministry's
    holds there. `own_days` are the days on which units are closed, by node and unit."""

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
        own_processes: Mapping[str, str] | None = None,
        unfit: Mapping[str, str] | None = None,
        own_days: Mapping[str, OwnDays] | None = None,
        scores: Mapping[str, ScoreSet] | None = None,
    ) -> None:
        self.node, self.nodes, self.terms, self.calendar = node, nodes, terms, calendar
        self.registers, self.services, self.rights = registers, services, rights
        self.papers = papers or Papers()
        self.outside = outside or {}
        self.joinings = joinings or {}  # by register: how an existing database of ours is one
        self.revisions = revisions or {slug: service.revision for slug, service in services.items()}
        self.own_processes, self.unfit = own_processes or {}, unfit or {}
        self.own_days = own_days or {}
        self.scores = scores or {}  # sets of indicators by code, all their versions
        self._calendars: dict[tuple[str, str], WorkCalendar] = {}
        self.older: Callable[[str, str], Service | None] = none_older

    @property
    def card(self) -> NodeCard:
        return self.nodes[self.node]

    @cached_property
    def owned(self) -> dict[str, Register]:
        """The registers this node is the trusted source of."""
        return {name: register for name, register in self.registers.items() if register.owner == self.node}

    def calendar_of(self, unit: str | None, node: str = "") -> WorkCalendar:
        """Working time in a unit of a node, ours where none is named: the national calendar with the days on which that
        unit, or every unit of its node, is closed."""
        known = self._calendars.get(key := (node or self.node, unit or ""))
        if known is None:
            own = self.own_days.get(key[0], {})
            known = self.calendar.with_own([*own.get(EVERY_UNIT, []), *own.get(key[1], [])])
            self._calendars[key] = known
        return known

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
        found = from_portal(found) if "portal" in self.card.faces else found
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
            and right.is_for(service, purpose)
            and (right.purpose == purpose or purpose in self.services)
            and right.since <= on
            and (right.until is None or on <= right.until)
        ]


def load(folder: Path, node: str, rules: Mapping[str, str]) -> Catalogue:
    """Read the folder for one node. `rules` maps the name of every decision rule at hand to its source hash.

    Raises CatalogueError naming the file: unknown keys, dangling references, a missing rule or example.
    """
    found = assembled(of_folder(folder), node, rules)
    if found.unfit:
        raise CatalogueError(next(iter(found.unfit.values())))
    return found


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
    if problem := first(services.values(), registers):
        raise CatalogueError(problem)
    services, unfit = _with_own_processes(files, services, rules, registers)
    joinings = {name: _joining(files, register, terms) for name, register in registers.items() if register.joined}

    if "portal" in nodes[node].faces:
        services = {slug: from_portal(service) for slug, service in services.items()}
    handled = {slug for slug, service in services.items() if node == service.card.handled_by or _is_filed_here(service)}
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
        own_processes={slug: part_of(s.card.handled_by, slug) for slug, s in services.items() if s.model},
        unfit=unfit,
        own_days=_own_days(files, nodes),
        scores=score_sets(files),
    )


def from_portal(service: Service) -> Service:
    """A service as the portal files it: one that is not interlinked is the only branch of itself."""
    if service.branches or "online" not in service.card.channels:
        return service
    return msgspec.structs.replace(service, branches=[Branch(SELF, service.slug, service.card.unit)])


def _is_filed_here(service: Service) -> bool:
    return any(branch.branch == SELF for branch in service.branches)


def _own_days(files: Files, nodes: Mapping[str, NodeCard]) -> dict[str, OwnDays]:
    """What the units of each node close for: a file for each node, named after it. Raises CatalogueError."""
    found: dict[str, OwnDays] = {}
    for path in (path for path in inside(files, "calendars") if path != CALENDAR):
        name = path.removeprefix("calendars/").removesuffix(".yaml")
        if name not in nodes:
            raise CatalogueError(f"{path}: no node is called {name!r}")
        found[name] = shaped(files, path, dict[str, list[OwnDay]])
    return found


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
    """One service from its own files and the shared ones (SHARED), which is all it needs; with its agency's own process
    where that is among the files. Raises CatalogueError."""
    terms = section(files, DICTIONARY, "terms", dict[str, Term])
    return _with_own_process(files, _service(files, slug, rules, terms), rules)


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


def _with_own_processes(
    files: Files, services: dict[str, Service], rules: Mapping[str, str], registers: Mapping[str, Register]
) -> tuple[dict[str, Service], dict[str, str]]:
    """Every service with its agency's own process, and what is wrong with those that do not fit.

    One agency's table must not hold up the ministry's new form at every node: the ministry's process holds instead.
    """
    found, unfit = {}, {}
    for slug, model in services.items():
        part = part_of(model.card.handled_by, slug)
        try:
            service = _with_own_process(files, model, rules)
            wrong = wrong_steps(service.process, service, registers) if service.model else []
        except CatalogueError as error:
            service, unfit[part] = model, str(error)
        else:
            if wrong:
                service, unfit[part] = model, wrong[0].told(f"{part}.yaml")
        found[slug] = service
    return found, unfit


def _with_own_process(files: Files, service: Service, rules: Mapping[str, str]) -> Service:
    """The service as its agency's own process has it decided. Raises CatalogueError."""
    path = path_of(service.card.handled_by, service.slug)
    if path not in files:
        return service
    own: InternalProcess = shaped(files, path, InternalProcess)
    revision = _revision(files, service.slug, own, rules, instead={f"services/{service.slug}/process.yaml": path})
    return msgspec.structs.replace(service, process=own, model=service.process, revision=revision)


def _revision(
    files: Files, slug: str, process: Process, rules: Mapping[str, str], instead: Mapping[str, str] | None = None
) -> str:
    """The hash of everything that decides a case: the service's files, the shared ones, the rules it names; of the
    files `instead` names, those that stand for them."""
    named = sorted(
        {step.straight_through for step in process.steps if step.straight_through}
        | {consent.when for consent in process.consents}
    )
    if missing := [name for name in named if name not in rules]:
        raise CatalogueError(f"{slug}: no such rule: {', '.join(missing)}")
    parts = [raw(files, (instead or {}).get(path, path)) for path in inside(files, f"services/{slug}")]
    decisive = [parts, [raw(files, path) for path in SHARED], {name: rules[name] for name in named}]
    content = msgspec.json.encode(decisive, order="deterministic", enc_hook=str)
    return hashlib.sha256(content).hexdigest()
