"""The first start of the country in a box, and the few checks of every later one.

Keys and secrets per node, the directory that publishes them, databases and their definitions, the demo population.
What was interrupted is done again from its beginning; what is complete is left alone.
"""

import os
import secrets
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import yaml

from lienthong.config import certificates, databases, directories, keys
from lienthong.config.lifeline import die_with_parent
from lienthong.config.postgres import Cluster
from lienthong.config.state import HOME, State, read_json, write_bytes, write_json
from lienthong.config.trouble import Trouble, disk_troubles_named
from lienthong.exchange.directory import Entry, PublishedKey
from lienthong.exchange.envelopes import WIRE
from lienthong.kit import clock
from lienthong.kit.signatures import SigningKey

Say = Callable[[str], None]
CATALOGUE = HOME / "catalogue"
HOST = "127.0.0.1"
SEALER_OF_NOTICES = "G18"
OUTSIDE = "outside.json"  # secrets of the systems that speak at a gateway, in its node's folder
PEOPLE = 20_000
SEED = 6
MOST_NAMED = 4  # parts that a start names as published


@dataclass(frozen=True)
class Place:
    """A node of the country in a box: its name, where it answers, and what it shows to whom."""

    name: str
    slug: str
    title: str
    faces: tuple[str, ...]
    port: int
    title_vi: str = ""
    agency: str = ""

    @property
    def address(self) -> str:
        """For machines."""
        return f"http://{HOST}:{self.port}"

    @property
    def site(self) -> str:
        """For people: a host of its own, because cookies do not tell ports apart."""
        return f"http://{self.slug}.localhost:{self.port}"


def places(base_port: int, catalogue: Path = CATALOGUE) -> list[Place]:
    """The nodes of `catalogue/directory.yaml`, each on the next port."""
    nodes = yaml.safe_load((catalogue / "directory.yaml").read_text())["nodes"]
    return [
        Place(
            name,
            entry["slug"],
            entry["name"]["en"],
            tuple(entry["faces"]),
            base_port + offset,
            entry["name"]["vi"],
            entry["agency"],
        )
        for offset, (name, entry) in enumerate(nodes.items())
    ]


def ensure_keys(state: State, country: list[Place]) -> None:
    """Keys and web secret of every node, and the directory that publishes the public halves and where nodes answer."""
    for place in country:
        folder = state.keys / place.name
        folder.mkdir(mode=0o700, exist_ok=True)
        keys.finish(state, folder)
        for purpose in keys.PURPOSES:
            if not (folder / f"{purpose}.pem").exists():
                write_bytes(folder / f"{purpose}.pem", SigningKey.generate().pem())
        if not (folder / "secret").exists():
            write_bytes(folder / "secret", secrets.token_urlsafe(48).encode())
        if "gateway" in place.faces:
            _ensure_outside(folder / OUTSIDE)
    _ensure_certificates(state, country)
    with directories.changing(state) as nodes:
        known = dict(nodes)
        nodes.clear()
        nodes.update({place.name: _entry(state, place, known.get(place.name)) for place in country})


def _ensure_outside(file: Path) -> None:
    """A secret for every outside system that the catalogue registers; those that are gone lose theirs."""
    systems = yaml.safe_load((CATALOGUE / "gateways" / "systems.yaml").read_text())["systems"]
    known = read_json(file)
    kept = {name: known.get(name) or secrets.token_urlsafe(24) for name in systems}
    if kept != known:
        write_json(file, kept)


def _entry(state: State, place: Place, known: Entry | None) -> Entry:
    """A node as published: with every key that it ever had, and those in its folder."""
    found = list(known.keys) if known else []
    for purpose in keys.PURPOSES:
        public = SigningKey.load(state.keys / place.name / f"{purpose}.pem").public.text
        if public not in [key.public for key in found]:
            found.append(PublishedKey(purpose, public, clock.now().replace(microsecond=0)))
    return Entry(place.address, place.site, found, wire=WIRE)


def _ensure_certificates(state: State, country: list[Place]) -> None:
    """What makes papers believable: the demo's root, a certificate for every seal, the time-stamp authority."""
    root = certificates.ensure_root(state, write_bytes)
    for place in country:
        folder = state.keys / place.name
        certificates.ensure_seal(root, folder, place.title_vi, place.agency, write_bytes)
        if "eid" in place.faces:
            certificates.ensure_time_stamps(root, folder, write_bytes)


def environment(cluster: Cluster, place: Place) -> dict[str, str]:
    """All that one node's processes are told: its own credentials and keys, nobody else's."""
    state = cluster.state
    folder = state.keys / place.name
    told = {
        "LIENTHONG_NODE": place.name,
        "DATABASE_URL": databases.credentials(state, place.name).conninfo(cluster, "run"),
        "LIENTHONG_KEY": str(folder / "transport.pem"),
        "LIENTHONG_SEAL_KEY": str(folder / "seal.pem"),
        "LIENTHONG_SEAL_CERT": str(folder / certificates.SEAL_CERTIFICATE),
        "LIENTHONG_TIME_STAMPS": _time_stamps_at(state),
        "LIENTHONG_SECRET": (folder / "secret").read_text(),
        "LIENTHONG_DIRECTORY": str(state.directory),
        "LIENTHONG_DIRECTORY_KEY": directories.authority(state).public.text,
        "LIENTHONG_CATALOGUE": str(CATALOGUE),
        "LIENTHONG_CLOCK": str(state.clock),
        "LIENTHONG_RUN": str(state.run),
        "LIENTHONG_BIND": HOST,
    }
    if (traps := state.root / "failpoints").is_dir():
        told["LIENTHONG_FAILPOINTS"] = str(traps)
    told |= read_json(state.root / "settings.json").get(place.name, {})  # by node, what this country wants otherwise
    if "gateway" in place.faces:
        told["LIENTHONG_OUTSIDE"] = str(folder / OUTSIDE)
    if "eid" in place.faces:
        told["LIENTHONG_TOKEN_KEY"] = str(folder / "token.pem")
        told["LIENTHONG_TIME_STAMP_KEY"] = str(folder / certificates.TIME_STAMPS)
    return told


def _time_stamps_at(state: State) -> str:
    """Where the country's time-stamp authority answers: beside e-identity, whose folder holds its key."""
    nodes = directories.published(state).nodes
    stamping = [name for name in nodes if (state.keys / name / certificates.TIME_STAMPS).exists()]
    return f"{nodes[stamping[0]].address}/time-stamp" if stamping else ""


def prepare(cluster: Cluster, country: list[Place], people: int | None, seed: int | None, say: Say) -> bool:
    """Databases, definitions and population; True when the population was loaded now.

    The work is done in a process of its own: the owners' passwords and the generator's memory end with it.
    """
    names = [place.name for place in country]
    plan = _plan(cluster, people, seed)
    _note(cluster, plan)
    databases.ensure_databases(cluster, names)
    _in_child(lambda: _define_and_populate(cluster, names, plan, say))
    _note(cluster, replace(plan, is_loaded=True))
    return not plan.is_loaded


@dataclass(frozen=True)
class Plan:
    """The population of one cluster: how many, drawn from which seed, and whether it is there already."""

    people: int
    seed: int
    is_loaded: bool = False


def _plan(cluster: Cluster, people: int | None, seed: int | None) -> Plan:
    """What the cluster's population is or shall be. Trouble when it is another than asked for."""
    noted = read_json(cluster.state.country).get(str(cluster.programs.major))
    if noted is None:
        return Plan(people or PEOPLE, SEED if seed is None else seed)
    plan = Plan(**noted)
    if people not in (None, plan.people) or seed not in (None, plan.seed):
        raise Trouble(
            f"this country already has its {plan.people:,} people (seed {plan.seed})",
            f"start it without --people and --seed, or begin a new one: rm -r {cluster.state.root}",
        )
    return plan


def _note(cluster: Cluster, plan: Plan) -> None:
    noted = read_json(cluster.state.country)
    entry = {str(cluster.programs.major): asdict(plan)}
    if noted | entry != noted:
        write_json(cluster.state.country, noted | entry)


def _define_and_populate(cluster: Cluster, names: list[str], plan: Plan, say: Say) -> None:
    from lienthong.catalogue.files import of_folder
    from lienthong.config import schema
    from lienthong.demo import legacy_tax

    owners = {name: databases.credentials(cluster.state, name).conninfo(cluster, "owner") for name in names}
    began = time.monotonic()
    files = of_folder(CATALOGUE)
    for name, conninfo in owners.items():
        if name == legacy_tax.NODE:
            legacy_tax.prepare(conninfo)
        schema.migrate(name, conninfo, files)
        databases.grant_runtime(conninfo)
    _publish(cluster, names, say, is_first=not plan.is_loaded)
    if not plan.is_loaded:
        say(f"tables and rights of {len(names)} databases in {time.monotonic() - began:.1f} s")
        _populate(cluster.state, owners, plan, say)
        if {legacy_tax.NODE, "G01", "BHXH"} <= owners.keys():
            places = (owners["G01"], owners[legacy_tax.NODE], owners["BHXH"])
            codes = legacy_tax.fill(*places, today=clock.today(), seed=plan.seed)
            say(f"{codes:,} tax codes in the tax office's own database")
        _remember(cluster.state, owners, plan, say)


def _remember(state: State, owners: dict[str, str], plan: Plan, say: Say) -> None:
    """The demo one-stop's past, where there is one."""
    from lienthong.casework.rules import source_hashes
    from lienthong.catalogue.catalogue import load
    from lienthong.demo import history_load
    from lienthong.territory.units import Territory

    if {"H36", "G01", "G15"} <= owners.keys():
        catalogue, territory = load(CATALOGUE, "H36", source_hashes()), Territory.load(CATALOGUE / "territory")
        seal = SigningKey.load(state.keys / "H36" / "seal.pem")
        told = history_load.of_demo(owners, catalogue, territory, now=clock.now(), seed=plan.seed, seal=seal)
        say(f"{told.dossiers:,} past dossiers with {told.acts:,} acts in {told.seconds:.1f} s")


def _publish(cluster: Cluster, names: list[str], say: Say, *, is_first: bool) -> None:
    """The folder is what the demo's publishers work in: what changed in it since is published at a start."""
    from lienthong.catalogue.files import CatalogueError, of_folder
    from lienthong.config import publishing
    from lienthong.kit.storage import Database

    state = cluster.state
    texts = {name: databases.credentials(state, name).conninfo(cluster, "run") for name in names}
    seats = [
        publishing.Seat(name, SigningKey.load(state.keys / name / "seal.pem"), Database(text, size=1))
        for name, text in texts.items()
    ]
    try:
        changed = publishing.bring_up(seats, of_folder(CATALOGUE), on=clock.today(), at=clock.now())
    except CatalogueError as error:
        raise Trouble(f"the catalogue cannot be published: {error}", "put it right, then ./lienthong up") from error
    if changed and not is_first:
        words = [change.words for change in changed]
        rest = f"; and {len(words) - MOST_NAMED} more" if len(words) > MOST_NAMED else ""
        say(f"published: {'; '.join(words[:MOST_NAMED])}{rest}")


def _populate(state: State, owners: dict[str, str], plan: Plan, say: Say) -> None:
    from lienthong.demo.destination import NotEmpty
    from lienthong.demo.populate import populate
    from lienthong.territory.units import Territory

    seal = SigningKey.load(state.keys / SEALER_OF_NOTICES / "seal.pem")
    try:
        summary = populate(
            owners,
            territory=Territory.load(CATALOGUE / "territory"),
            catalogue=CATALOGUE,
            today=clock.today(),
            people=plan.people,
            seed=plan.seed,
            sign=seal.sign,
            progress=_now_and_then(say),
        )
    except NotEmpty as present:
        raise Trouble(f"a register is not empty: {present}", f"begin anew: rm -r {state.root}") from present
    say(f"{plan.people:,} people in {summary.seconds:.1f} s")


def _now_and_then(say: Say, pause: float = 2.0) -> Callable[[int, int], None]:
    """A line of progress every `pause` seconds."""
    last = time.monotonic()

    def tell(done: int, whole: int) -> None:
        nonlocal last
        if time.monotonic() - last > pause:
            last = time.monotonic()
            say(f"  {done:,} of {whole:,} people")

    return tell


def _in_child(work: Callable[[], None]) -> None:
    """Runs `work` in a forked process; raises SystemExit with its code when it failed, having said why."""
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            die_with_parent(parent=parent)
            with disk_troubles_named():
                work()
            code = 0
        except Trouble as trouble:
            trouble.show()
        except KeyboardInterrupt:
            code = 130
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(code)
    try:
        _, status = os.waitpid(pid, 0)
    except KeyboardInterrupt:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
    if status:
        raise SystemExit(os.waitstatus_to_exitcode(status))
