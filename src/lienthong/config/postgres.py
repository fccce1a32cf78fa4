"""The embedded PostgreSQL: one cluster below the state folder, durable, reached through a socket by password only.

The supervisor is its parent: the server stops by itself when the supervisor dies. A server killed outright recovers at
its next start; however long that takes, we wait, and say so.
"""

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from lienthong.config import programs
from lienthong.config.lifeline import die_with_parent
from lienthong.config.state import State, read_json, write_json
from lienthong.config.trouble import Trouble

PORT = 5432  # only part of the socket's name: the server listens on no network address
SUPERUSER = "postgres"
FAST_SHUTDOWN = signal.SIGINT
LONGEST_RECOVERY_SECONDS = 900.0
LONGEST_SHUTDOWN_SECONDS = 120.0

SETTINGS = {
    "listen_addresses": "''",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "password_encryption": "'scram-sha-256'",
    "max_connections": "250",
    "shared_buffers": "64MB",
    "work_mem": "4MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "1GB",
    "max_parallel_workers_per_gather": "0",  # eight nodes share the machine; one query must not take it all
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_buffers": "8MB",
    "min_wal_size": "256MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "timezone": "'Asia/Ho_Chi_Minh'",
    "lc_messages": "'C'",
    "log_line_prefix": "'%m %d '",
    # no personal data in logs: neither the failing statement, nor its parameters, nor the conflicting key
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
ACCESS = "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\nhost all all ::1/128 scram-sha-256\n"


class Cluster:
    """One PostgreSQL server and its data folder. `say` is told in one line what takes long."""

    def __init__(self, state: State, say: Callable[[str], None] = lambda line: None) -> None:
        self.state = state
        self.say = say
        self.account = programs.Account.for_server()
        self.programs = programs.find(self.account)
        self.sockets = state.short / "pg"
        self.data = self._data_folder() / str(self.programs.major)
        self.log = state.log / "postgres.log"
        self._server: subprocess.Popen[bytes] | None = None
        self._began = 0.0

    # ------------------------------------------------------------------ the data folder

    def _data_folder(self) -> Path:
        """`pg` in the state folder, or, where the server's account cannot reach that, a place of its own."""
        if self.account.reaches(self.state.root):
            return self.state.root / "pg"
        return programs.SHARED_PLACE / self.state.fingerprint

    def ensure(self) -> bool:
        """Makes the cluster when there is none; True when it did. An interrupted making is begun anew."""
        self.state.make_short()
        self.sockets.mkdir(exist_ok=True)
        self.account.own(self.sockets, 0o700)
        if self.data.exists() and self._superuser_password():
            return False
        if self.data.exists() and self.data.is_relative_to(self.state.root):
            raise Trouble(
                f"{self.data} holds a database, but its keys in {self.state.keys} are gone",
                f"bring the keys back, or begin anew: rm -r {self.state.root}",
            )
        self._initialise()
        return True

    def _initialise(self) -> None:
        password = self._superuser_password() or secrets.token_hex(24)
        partial = self.data.with_name(self.data.name + ".partial")
        for leftover in (partial, self.data):
            shutil.rmtree(leftover, ignore_errors=True)
        self.data.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        partial.mkdir()
        self.account.own(partial, 0o700)
        secret = self.sockets / "superuser"
        secret.write_text(password)
        self.account.own(secret, 0o600)
        # the provider that needs nothing of the operating system exists from 17 on
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        made = subprocess.run(
            [self.programs.path("initdb"), "-D", partial, "-U", SUPERUSER, f"--pwfile={secret}", "-E", "UTF8", "-k",
             "-A", "scram-sha-256", "--no-instructions",
             *(locale if self.programs.major >= 17 else ["--locale=C.UTF-8"])],
            capture_output=True, text=True, check=False, **self.account.options,
        )  # fmt: skip
        secret.unlink()
        if made.returncode:
            shutil.rmtree(partial, ignore_errors=True)
            raise _named((made.stdout + made.stderr).strip(), "the database could not be made")
        write_json(self.state.keys / "cluster.json", {"superuser": password})
        partial.rename(self.data)

    def _superuser_password(self) -> str | None:
        password: str | None = read_json(self.state.keys / "cluster.json").get("superuser")
        return password

    def superuser(self, database: str = "postgres") -> str:
        """Connection text of the superuser: for setting up databases and roles, never for a node."""
        return self.conninfo(database, SUPERUSER, self._superuser_password() or "")

    def conninfo(self, database: str, role: str, password: str) -> str:
        return f"postgresql://{role}:{password}@/{database}?host={self.sockets}&port={PORT}"

    # ------------------------------------------------------------------ the server

    def start(self) -> None:
        """Starts the server and returns at once; `wait` returns when it answers."""
        self._end_predecessor()
        self._configure()
        self._began = time.monotonic()
        with self.log.open("ab") as log:
            self._server = subprocess.Popen(
                [self.programs.path("postgres"), "-D", self.data, "-k", self.sockets],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0,
                preexec_fn=partial(die_with_parent, FAST_SHUTDOWN),  # noqa: PLW1509 — no thread runs yet
                **self.account.options,
            )  # fmt: skip

    def wait(self) -> None:
        """Returns when the server takes connections; starts it anew while a killed predecessor still lets go."""
        announced = False
        while not self.is_ready():
            if self._server is None:
                raise RuntimeError("start() comes before wait()")
            waited = time.monotonic() - self._began
            if self._server.poll() is not None:
                if "shared memory block" not in self._last_words() or waited > 30:
                    raise _named(self._last_words(), f"PostgreSQL did not start (see {self.log})")
                time.sleep(0.3)
                began = self._began
                self.start()
                self._began = began
            if waited > 3 and not announced:
                announced = True
                self.say("PostgreSQL recovers what a crash interrupted; this may take minutes …")
            if waited > LONGEST_RECOVERY_SECONDS:
                raise Trouble(f"PostgreSQL did not come up in {waited:.0f} s", f"read {self.log}")
            time.sleep(0.02)

    def is_ready(self) -> bool:
        """Whether the server that we started says it takes connections."""
        lines = self._pid_lines()
        return self._server is not None and lines[:1] == [str(self._server.pid)] and lines[7:8] == ["ready"]

    def has_died(self) -> bool:
        return self._server is not None and self._server.poll() is not None

    @property
    def pid(self) -> int | None:
        return self._server.pid if self._server else None

    def stop(self) -> None:
        """Fast shutdown: sessions end, everything committed is on disk. Returns when the server is gone."""
        if self._server is None:
            return
        if self._server.poll() is None:
            self._server.send_signal(FAST_SHUTDOWN)
            try:
                self._server.wait(LONGEST_SHUTDOWN_SECONDS)
            except subprocess.TimeoutExpired:
                self._server.send_signal(signal.SIGQUIT)  # recovery at the next start; nothing committed is lost
                self._server.wait()
        self._server = None

    def _configure(self) -> None:
        text = "".join(f"{name} = {value}\n" for name, value in SETTINGS.items())
        for name, content in (("postgresql.conf", text), ("pg_hba.conf", ACCESS)):
            (self.data / name).write_text(content)
            self.account.own(self.data / name, 0o600)

    def _end_predecessor(self) -> None:
        """Ends a server that outlived its supervisor, and removes the trace of one that did not."""
        lines = self._pid_lines()
        if not lines:
            return
        deadline = time.monotonic() + LONGEST_SHUTDOWN_SECONDS
        while self._is_server(int(lines[0])):
            os.kill(int(lines[0]), FAST_SHUTDOWN)
            if time.monotonic() > deadline:
                raise Trouble(f"an earlier PostgreSQL (process {lines[0]}) does not stop", f"kill -QUIT {lines[0]}")
            time.sleep(0.1)
        # its number may by now belong to another program, which PostgreSQL would take for itself
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _is_server(self, pid: int) -> bool:
        command = Path(f"/proc/{pid}/cmdline")
        if command.parent.parent.joinpath("self").exists():
            return command.exists() and str(self.data) in command.read_text(errors="replace")
        told = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return str(self.data) in told.stdout

    def _pid_lines(self) -> list[str]:
        try:
            return [line.strip() for line in (self.data / "postmaster.pid").read_text().splitlines()]
        except FileNotFoundError:
            return []

    def _last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-4:])


def _named(output: str, what: str) -> Trouble:
    """The trouble behind a failed program's output."""
    if "No space left" in output:
        return Trouble("the disk is full", "free at least 500 MB, then the same command")
    if "Permission denied" in output or "Operation not permitted" in output:
        return Trouble(f"{what}: {output.splitlines()[-1]}", "give the folder back to the account that runs lienthong")
    return Trouble(f"{what}:\n{output}", "set LIENTHONG_PG_BIN to another PostgreSQL, or tell us with the lines above")
