"""How much memory the country takes: the proportional share (PSS) of every process below the supervisor."""

from pathlib import Path

PROC = Path("/proc")


def family(root: int) -> list[int]:
    """The process and all its descendants. Empty where there is no /proc."""
    parents = {}
    for place in PROC.glob("[0-9]*"):
        try:
            # the name in parentheses may hold anything; the parent is the second word after it
            parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
    found = [root] if root in parents else []
    for pid in found:
        found.extend(child for child, parent in parents.items() if parent == pid)
    return found


def megabytes(pids: list[int]) -> float:
    """Shared pages counted once in all. Processes that ended meanwhile count nothing."""
    kilobytes = 0
    for pid in pids:
        try:
            lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024
