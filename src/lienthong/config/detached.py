"""Leaving a command to run in the background once it is ready."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from lienthong.config.trouble import Trouble


def run(work: Callable[[Callable[[], None]], None], log: Path) -> None:
    """Returns when `work` calls what it is given, leaving it to run; SystemExit when it ends before.

    Until then `work` writes to our terminal, afterwards to `log`.
    """
    outcome, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(outcome)
        _in_background(work, log, told)
    os.close(told)
    os.waitpid(pid, 0)
    with os.fdopen(outcome, "rb") as answer:
        if answer.read(1) != b"+":
            raise SystemExit(1)


def _in_background(work: Callable[[Callable[[], None]], None], log: Path, told: int) -> NoReturn:
    """A new session, no terminal to hang up with, and no parent to wait for."""
    os.setsid()
    if os.fork():
        os._exit(0)

    def ready() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for descriptor, target in ((nothing, 0), (file, 1), (file, 2)):
            os.dup2(descriptor, target)
        os.write(told, b"+")
        os.close(told)

    code = 1
    try:
        work(ready)
        code = 0
    except Trouble as trouble:
        trouble.show()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except KeyboardInterrupt:
        code = 130
    except Exception:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
