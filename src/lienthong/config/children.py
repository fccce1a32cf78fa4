"""Forked children of the supervisor: each with its own environment and log, none able to outlive it."""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lienthong.config.lifeline import die_with_parent

LONGEST_PAUSE = 5.0
STEADY_SECONDS = 10.0  # a child that lived this long starts anew at once
KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH", "HOME")


@dataclass
class Child:
    """One process to keep alive. `environment` is asked for inside the fork, so its secrets never are in the parent."""

    name: str
    log: Path
    environment: Callable[[], Mapping[str, str]]
    body: Callable[[], None]
    pid: int | None = None
    started: float = 0.0
    due: float = 0.0
    failures: int = field(default=0)

    def start(self) -> None:
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        self.started = time.monotonic()
        pid = os.fork()
        if pid:
            self.pid = pid
            return
        code = 1
        try:
            self._become(parent)
            self.body()
            code = 0
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _become(self, parent: int) -> None:
        os.setpgid(0, 0)  # Ctrl-C reaches the supervisor only, which stops us in order
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        die_with_parent(parent=parent)
        log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for descriptor, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(descriptor, target)
        os.closerange(3, 256)  # neither the lock nor another child's log or pipe
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        told = self.environment()
        os.environ.clear()
        os.environ.update({**kept, **told})

    def reap(self) -> bool:
        """True when the child has ended since the last call; its next start is then due after a pause."""
        if self.pid is None:
            return False
        pid, _ = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return False
        now = time.monotonic()
        self.failures = 0 if now - self.started > STEADY_SECONDS else self.failures + 1
        self.due = now + min(LONGEST_PAUSE, 0.05 * 2.0**self.failures)
        self.pid = None
        return True

    def signal(self, number: signal.Signals) -> None:
        """To the child and to what it started."""
        if self.pid is None:
            return
        for send in (os.killpg, os.kill):
            try:
                send(self.pid, number)
                return
            except ProcessLookupError:
                continue  # no group yet: the child has not come that far

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:]) if self.log.exists() else ""


def stop_all(children: list[Child], patience: float) -> None:
    """SIGTERM to all, SIGKILL after `patience` seconds to those that stay; returns when none is left."""
    for child in children:
        child.signal(signal.SIGTERM)
    deadline = time.monotonic() + patience
    while any(child.pid for child in children):
        for child in children:
            child.reap()
        if time.monotonic() > deadline:
            for child in children:
                child.signal(signal.SIGKILL)
        time.sleep(0.01)
