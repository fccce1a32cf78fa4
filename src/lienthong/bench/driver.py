"""A country of its own for a measure or a story: started from the command line, watched, stopped, always removed."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from lienthong.config import databases, memory, programs
from lienthong.config.bootstrap import Place, places
from lienthong.config.postgres import Cluster
from lienthong.config.state import HOME, State, running
from lienthong.kit.storage import Database, Tx

FIRST_PORT, LAST_PORT = 18_000, 28_000
LONGEST_START_SECONDS = 900.0
LONGEST_COMMAND_SECONDS = 180.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """A process of the country: `kind` is web, worker, postgres or supervisor; only the first two have a node."""

    pid: int
    kind: str
    node: str = ""


class Country:
    """A country in a box, its state below the temporary folder; a context that leaves nothing behind."""

    def __init__(self, people: int | None = None) -> None:
        """`people` None: the default population of `up`."""
        self.people = people
        self.port = _free_ports(len(places(0)))
        self.state = State(Path(tempfile.mkdtemp(prefix="lienthong-country-")))
        self.state.root.chmod(0o711)
        self._databases: dict[tuple[str, str], Database] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    # ------------------------------------------------------------------ its life

    def up(self) -> dict[str, Any]:
        """Start it, or start it again; what `--report json` tells."""
        first = ["--people", str(self.people)] if self.people and not self.state.country.exists() else []
        # into a file: the supervisor keeps standard error for life, a pipe would never end
        with tempfile.TemporaryFile("w+") as told:
            command = [*first, "--port", str(self.port), "--detach", "--report", "json"]
            done = self._run(["up", *command], LONGEST_START_SECONDS, stdout=told, stderr=subprocess.STDOUT)
            told.seek(0)
            lines = told.read().splitlines()
        if done.returncode:
            raise RuntimeError("the country did not start:\n" + "\n".join(lines[-20:]))
        report: dict[str, Any] = json.loads(next(line for line in reversed(lines) if line.startswith("{")))
        return report

    def down(self) -> None:
        for database in self._databases.values():
            database.close()
        self._databases.clear()
        if running(self.state):
            self.command("down")

    def remove(self) -> None:
        """Stop it whatever state it is in, and leave nothing behind."""
        try:
            self.resume()
            self.down()
        finally:
            pid = running(self.state)
            if pid:
                os.kill(pid, signal.SIGKILL)  # its children and the database server end with it
            for folder in (self.state.root, self.state.short, programs.SHARED_PLACE / self.state.fingerprint):
                shutil.rmtree(folder, ignore_errors=True)

    def command(self, *arguments: str) -> str:
        """Output of `lienthong ARGUMENTS` in this country. Raises RuntimeError when it fails."""
        done = self._run(list(arguments), LONGEST_COMMAND_SECONDS, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            raise RuntimeError(f"lienthong {' '.join(arguments)} failed:\n{done.stdout}")
        return str(done.stdout)

    def _run(self, arguments: list[str], patience: float, **where: Any) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "LIENTHONG_STATE": str(self.state.root)}
        command = [sys.executable, str(HOME / "lienthong"), *arguments]
        return subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, text=True, timeout=patience, check=False, **where
        )

    # ------------------------------------------------------------------ where it answers

    @cached_property
    def places(self) -> dict[str, Place]:
        return {place.name: place for place in places(self.port)}

    def url(self, node: str, path: str = "/") -> str:
        """An address as people type it."""
        return self.places[node].site + path

    # ------------------------------------------------------------------ its databases

    @cached_property
    def cluster(self) -> Cluster:
        return Cluster(self.state)

    def conninfo(self, node: str, role: str = "read") -> str:
        """Connection text of one node's database for `owner`, `run` or `read`."""
        return databases.credentials(self.state, node).conninfo(self.cluster, role)

    def database(self, node: str, role: str = "read") -> Database:
        """One node's database, looked into from outside; closed by `down`."""
        key = (node, role)
        if key not in self._databases:
            self._databases[key] = Database(self.conninfo(node, role), size=2)
        return self._databases[key]

    def forget(self, node: str) -> None:
        """Let go of a node's database: it is about to be replaced."""
        for key in [key for key in self._databases if key[0] == node]:
            self._databases.pop(key).close()

    @contextmanager
    def looking(self, node: str, role: str = "read") -> Iterator[Tx]:
        with self.database(node, role).transaction() as tx:
            yield tx

    # ------------------------------------------------------------------ its processes

    def processes(self) -> list[Process]:
        """All that run now, told apart by the log they write to."""
        supervisor = running(self.state)
        if supervisor is None:
            return []
        found = [Process(supervisor, "supervisor")]
        for pid in memory.family(supervisor)[1:]:
            try:
                log = Path(f"/proc/{pid}/fd/1").readlink()
            except OSError:
                continue  # ended meanwhile
            node, _, kind = log.stem.rpartition("-")
            if log.parent == self.state.log and (kind in {"web", "worker"} or log.stem == "postgres"):
                found.append(Process(pid, kind, node))
        return found

    def of(self, *nodes: str, kinds: tuple[str, ...] = ("web", "worker")) -> list[Process]:
        """The processes of these nodes."""
        return [process for process in self.processes() if process.node in nodes and process.kind in kinds]

    def hold(self, *nodes: str, kinds: tuple[str, ...] = ("web", "worker")) -> None:
        """Stop nodes where they stand (SIGSTOP): connections stay, nothing answers."""
        _signal(self.of(*nodes, kinds=kinds), signal.SIGSTOP)

    def resume(self) -> None:
        """Let everything that was held go on."""
        _signal([process for process in self.processes() if process.node], signal.SIGCONT)

    def processor_seconds(self) -> "Counter[str]":
        """Processor time used so far by kind and node (`H36 web`), of the database server in all."""
        used: Counter[str] = Counter()
        for process in self.processes():
            try:
                words = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            own, ended = sum(map(int, words[11:13])), sum(map(int, words[13:15]))
            used[f"{process.node} {process.kind}".strip()] += (own + ended * (process.kind == "postgres")) / _TICKS  # type: ignore[assignment]
        return used


def _signal(processes: list[Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            continue


def _free_ports(count: int) -> int:
    """The first of `count` neighbouring ports that nobody uses."""
    start = FIRST_PORT + os.getpid() % 500 * 10
    tried: list[int] = [*range(start, LAST_PORT, 10), *range(FIRST_PORT, start, 10)]
    for first in tried:
        if all(is_free(port) for port in range(first, first + count)):
            return first
    raise RuntimeError(f"no {count} free ports between {FIRST_PORT} and {LAST_PORT}")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def until(holds: Callable[[], Any], seconds: float, what: str, pause: float = 0.05) -> Any:
    """The first true value of `holds`. Raises TimeoutError, naming `what`, after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := holds()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come about within {seconds:.0f} s")
        time.sleep(pause)
    return value
