"""`lienthong test`: every check in one order, with titles and seconds; it stops at none, and fails if one fails."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lienthong.config.state import HOME


@dataclass(frozen=True)
class Check:
    title: str
    command: list[str]


def _program(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def checks(with_long: bool) -> Iterator[Check]:
    places = [place for place in ("src", "tests", "scripts") if (HOME / place).is_dir()]
    yield Check("lint", _program("ruff", "check", "--quiet", *places))
    yield Check("format", _program("ruff", "format", "--check", "--quiet", *places))
    yield Check("types", _program("mypy"))
    yield Check("layers", [_beside("lint-imports"), "--no-logo"])
    yield Check("catalogue", _program("lienthong.catalogue.check"))
    yield Check("messages", [sys.executable, "scripts/messages.py", "--check"])
    marks = [] if with_long else ["-m", "not long"]
    yield Check("tests", _program("pytest", *marks))


def _beside(program: str) -> str:
    """A program of our own environment, whether or not that is on PATH."""
    return shutil.which(program, path=str(Path(sys.executable).parent)) or program


def run(with_long: bool) -> int:
    """0 when every check passed. pytest comes last and ends with its own closing line."""
    failed: list[str] = []
    for check in checks(with_long):
        is_last = check.title == "tests"
        if is_last and failed:
            print(f"failed so far: {', '.join(failed)}")
        print(f"── {check.title}", flush=True)
        start = time.monotonic()
        code = subprocess.run(check.command, cwd=HOME, check=False).returncode
        if not is_last:
            print(f"   {'ok' if code == 0 else 'FAILED'} in {time.monotonic() - start:.1f} s", flush=True)
        if code:
            failed.append(check.title)
    return 1 if failed else 0
