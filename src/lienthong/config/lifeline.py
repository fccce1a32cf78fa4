"""A process that ends with its parent, however the parent ends."""

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1


def die_with_parent(with_signal: int = signal.SIGKILL, parent: int | None = None) -> None:
    """Asks the kernel to signal this process when its parent ends; elsewhere than on Linux a thread watches.

    `parent` is the process that must still be the parent: it may have died between the fork and this call.
    """
    if sys.platform == "linux":
        if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, with_signal, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
    elif parent is not None:
        threading.Thread(target=_watch, args=(parent, with_signal), daemon=True).start()
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), with_signal)


def _watch(parent: int, with_signal: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), with_signal)
