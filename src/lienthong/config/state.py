"""Where the country in a box keeps its state: one folder, `var/` beside the program or LIENTHONG_STATE."""

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lienthong.config.trouble import Trouble

HOME = Path(__file__).resolve().parents[3]
SHORTEST_SOCKET_ROOM = 80  # a socket's whole path must stay below 104 bytes on every system we support


@dataclass(frozen=True)
class State:
    """The paths below one state folder. Nothing is created by naming it; `State.open` makes the folders."""

    root: Path

    @classmethod
    def open(cls) -> "State":
        """The state folder of this call, created with its parts. OSError when it cannot be written."""
        state = cls(Path(os.environ.get("LIENTHONG_STATE") or HOME / "var").resolve())
        # 0711: the database server may run under another account and must pass through, but not list
        for folder, mode in ((state.root, 0o711), (state.keys, 0o700), (state.log, 0o700)):
            folder.mkdir(parents=True, exist_ok=True)
            if folder.stat().st_uid == os.geteuid():
                folder.chmod(mode)
        return state

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def directory(self) -> Path:
        return self.root / "directory.json"

    @property
    def root_certificate(self) -> Path:
        """The demo country's root of trust for signed papers (PEM): who trusts it believes this country's seals."""
        return self.root / "demo-root.pem"

    @property
    def clock(self) -> Path:
        return self.root / "clock"

    @property
    def country(self) -> Path:
        """Which population was loaded into which cluster: {major: {"people", "seed"}}; written when complete."""
        return self.root / "country.json"

    @property
    def fingerprint(self) -> str:
        """Eight hex digits that tell two state folders of one machine apart."""
        return hashlib.sha256(f"{os.geteuid()}:{self.root}".encode()).hexdigest()[:8]

    @property
    def short(self) -> Path:
        """A folder with a path short enough for sockets, private to this state folder and account."""
        place = Path(tempfile.gettempdir())
        if len(str(place)) > SHORTEST_SOCKET_ROOM - 40:
            place = Path("/tmp")  # noqa: S108 — the folder below is checked for its owner
        return place / f"lienthong-{self.fingerprint}"

    @property
    def run(self) -> Path:
        """Sockets of the doorbells."""
        return self.short / "run"

    def make_short(self) -> None:
        """Creates the folder for sockets; refuses one that somebody else put there first."""
        for folder, mode in ((self.short, 0o711), (self.run, 0o700)):
            folder.mkdir(mode=mode, exist_ok=True)
            found = folder.lstat()
            if folder.is_symlink() or found.st_uid != os.geteuid():
                raise Trouble(f"{folder} belongs to somebody else", "remove it, or set TMPDIR to a folder of yours")
            folder.chmod(mode)

    def rotate(self, name: str) -> Path:
        """The log file called `name`, empty; the one of the start before is kept as `name`.1."""
        file = self.log / f"{name}.log"
        if file.exists():
            file.replace(file.with_suffix(".log.1"))
        return file


def read_json(file: Path) -> Any:
    """The file's value, or an empty dict when there is none."""
    return json.loads(file.read_text()) if file.exists() else {}


def write_json(file: Path, value: Any, mode: int = 0o600) -> None:
    """Writes the whole file or nothing."""
    write_bytes(file, json.dumps(value, ensure_ascii=False, indent=1).encode(), mode)


def write_bytes(file: Path, content: bytes, mode: int = 0o600) -> None:
    """Writes the whole file or nothing, durable before it takes its name."""
    partial = file.with_name(file.name + ".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(file)


@contextmanager
def sole_instance(state: State) -> Iterator[None]:
    """Holds the state folder for this process; Trouble when another supervisor holds it.

    A POSIX lock: forked children do not inherit it, so an orphan can never keep a country locked.
    """
    descriptor = os.open(state.root / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as held:
        os.close(descriptor)
        raise Trouble(
            f"this country is running already (process {running(state)}, state in {state.root})", "./lienthong down"
        ) from held
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    try:
        yield
    finally:
        os.close(descriptor)


def running(state: State) -> int | None:
    """The process id of the supervisor that holds this state folder, or None."""
    try:
        descriptor = os.open(state.root / "lock", os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return None
    except OSError:
        return int(os.pread(descriptor, 20, 0) or b"0") or None
    finally:
        os.close(descriptor)
