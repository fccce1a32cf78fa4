"""`lienthong up`: the country in a box, from an empty folder to pages that answer."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from lienthong.config import bootstrap, memory, supervisor
from lienthong.config.bootstrap import HOST, Place
from lienthong.config.children import Child
from lienthong.config.postgres import Cluster
from lienthong.config.state import State, sole_instance
from lienthong.config.supervisor import Door, Supervisor
from lienthong.config.trouble import disk_troubles_named

INVITATIONS = {
    "portal": "declare a birth: type «khai sinh» with or without accents, sign in as a demo parent",
    "eid": "the sign-in of the portal; opened from there",
    "notices": "issue a birth notice, as the hospital's clerk",
    "gateway": "systems that run no node: who may ask what; `lienthong gateway` tells how",
    "desk": "what waits for the officers of {title}",
}


@dataclass
class Report:
    """What a start took: seconds by phase, memory, and where each node answers."""

    first: bool = False
    seconds: float = 0.0
    memory_mb: float = 0.0
    processes: int = 0
    phases: dict[str, float] = field(default_factory=dict)
    nodes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Wishes:
    """The arguments of `up`; None means not said."""

    port: int
    people: int | None = None
    seed: int | None = None


class Start:
    """Says what it does with the seconds since the beginning, and keeps the time of each phase."""

    def __init__(self, said: Callable[[str], None]) -> None:
        # counted from the launcher's last step, so that our own imports are in the figure
        ahead = time.time() - float(os.environ.get("LIENTHONG_BEGAN", time.time()))
        self._began = self._phase = time.monotonic() - ahead
        self._said = said
        self.report = Report()

    def say(self, line: str) -> None:
        self._said(f"{time.monotonic() - self._began:6.1f} s  {line}")

    def done(self, phase: str, line: str) -> None:
        now = time.monotonic()
        self.report.phases[phase] = round(now - self._phase, 3)
        self._phase = now
        self.say(line)

    def finish(self) -> None:
        self.report.seconds = round(time.monotonic() - self._began, 3)


def up(wishes: Wishes, as_json: bool, when_ready: Callable[[], None] = lambda: None) -> None:
    """Runs the country until SIGINT or SIGTERM; calls `when_ready` once it answers. Trouble when it cannot start."""
    progress = sys.stderr if as_json else sys.stdout
    start = Start(lambda line: print(line, file=progress, flush=True))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, supervisor.interruptible)
    with disk_troubles_named():
        state = State.open()
        with sole_instance(state):
            _run(state, wishes, start, as_json, when_ready)


def _run(state: State, wishes: Wishes, start: Start, as_json: bool, when_ready: Callable[[], None]) -> None:
    country = bootstrap.places(wishes.port)
    doors = [Door(place.name, HOST, place.port) for place in country]
    supervisor.demand_free(doors)
    state.rotate("postgres")
    cluster = Cluster(state, start.say)
    try:
        _start_database(cluster, country, wishes, start)
        watcher = Supervisor(_children(cluster, country), doors, cluster)
        try:
            watcher.start()
            if not watcher.is_stopping:
                start.done("nodes", f"{len(country)} nodes answer")
                _tell(start, watcher, country, as_json)
                when_ready()
                watcher.watch()
            start.say("stopping …")
        finally:
            watcher.stop()
    finally:
        cluster.stop()
    start.say("stopped; the next start goes on from here")


def _start_database(cluster: Cluster, country: list[Place], wishes: Wishes, start: Start) -> None:
    if cluster.ensure():
        start.done("cluster", f"PostgreSQL {cluster.programs.major} made in {cluster.data}")
    cluster.start()
    supervisor.import_rooms()  # while the server comes up
    bootstrap.ensure_keys(cluster.state, country)
    cluster.wait()
    start.done("database", f"PostgreSQL {cluster.programs.major} runs")
    start.report.first = bootstrap.prepare(cluster, country, wishes.people, wishes.seed, start.say)
    start.done("definitions", "databases in place")


def _children(cluster: Cluster, country: list[Place]) -> list[Child]:
    children = []
    for place in country:
        for kind, body in (("web", _web(place)), ("worker", _work)):
            name = f"{place.name}-{kind}"
            log = cluster.state.rotate(name)
            children.append(Child(name, log, partial(bootstrap.environment, cluster, place), body))
    return children


def _web(place: Place) -> Callable[[], None]:
    def serve() -> None:
        from lienthong.config import web_process

        web_process.serve(HOST, place.port)

    return serve


def _work() -> None:
    from lienthong.config import worker_process

    worker_process.run()


def _tell(start: Start, watcher: Supervisor, country: list[Place], as_json: bool) -> None:
    start.finish()
    report = start.report
    report.memory_mb = round(watcher.megabytes(), 1)
    report.processes = len(memory.family(os.getpid()))
    report.nodes = {place.name: place.site for place in country}
    if as_json:
        print(json.dumps(vars(report)), flush=True)
        return
    width = max(len(place.site) for place in country)
    lines = [f"\n{len(country)} nodes in {report.seconds:.1f} s, {report.memory_mb:.0f} MB with PostgreSQL. Now open\n"]
    lines += [f"  {place.site:<{width}}  {INVITATIONS[place.faces[0]].format(title=place.title)}" for place in country]
    lines += [
        "",
        "  ./lienthong trace CODE   one dossier's story across the nodes",
        "  ./lienthong stuck        what waits, with whom, and why",
        "  ./lienthong clock +2d    two days later",
        "  Ctrl-C                   stop; the next start goes on from here\n",
    ]
    print("\n".join(lines), flush=True)
