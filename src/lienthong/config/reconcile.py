"""`lienthong reconcile`: compare registers with those they follow, now, and say what differs and what it took."""

import argparse
import time
from collections.abc import Iterator, Mapping
from typing import Any

from lienthong.config.asking import ask_everybody
from lienthong.config.trouble import Trouble
from lienthong.exchange.envelopes import Message
from lienthong.registers import reconcile_runs

LONGEST_RUN = 1_800.0
LOOKS = 0.5  # seconds between two looks
_OVER = ("done", "not finished")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lienthong reconcile", description=__doc__)
    parser.add_argument("register", nargs="?", default="*", help="one that follows another; all when none is named")
    parser.add_argument("--cold", action="store_true", help="make all sums from the rows themselves first")
    parser.add_argument("--last", action="store_true", help="only say how the last comparisons ended")
    told = parser.parse_args(arguments)
    wanted = {} if told.last else _start(told.register, cold=told.cold)
    rows = _wait(wanted, told.register)
    print("\n".join(line for node, row in rows for line in _lines(node, row)) or "nothing was compared yet")
    return 1 if any(row["state"] != "done" or row["differences"] for _, row in rows) else 0


def _start(register: str, *, cold: bool) -> dict[tuple[str, str], int]:
    """Have the registers compared; the run of each, by node and register."""
    nodes = [name for name, told in _ask({}).items() if register in ("*", *told["follow"])]
    if not nodes:
        remedy = "lienthong reconcile --last names those that were compared"
        raise Trouble(f"no node has a register {register!r} that follows another", remedy)
    answers = _ask({"start": [register], "cold": cold}, nodes)
    return {(node, name): run for node, told in answers.items() for name, run in told["started"].items()}


def _wait(wanted: Mapping[tuple[str, str], int], register: str) -> list[tuple[str, dict[str, Any]]]:
    """The last run of each register once all that were started have ended."""
    deadline = time.monotonic() + LONGEST_RUN
    while True:
        rows = [(node, row) for node, told in _ask({}).items() for row in told["runs"]]
        rows = [(node, row) for node, row in rows if register in ("*", row["register"])]
        ended = {(node, row["register"]): row["id"] for node, row in rows if row["state"] in _OVER}
        if all(ended.get(name, 0) >= run for name, run in wanted.items()):
            return rows
        if time.monotonic() > deadline:
            raise Trouble("the comparison takes very long", "lienthong reconcile --last says later how it ended")
        time.sleep(LOOKS)


def _ask(body: dict[str, Any], nodes: list[str] | None = None) -> dict[str, dict[str, Any]]:
    """What the nodes say that answer, by node."""
    answers: dict[str, Message | None] = ask_everybody(reconcile_runs.SERVICE, body, "reconcile", nodes)
    return {name: found.body for name, found in answers.items() if found is not None}


def _lines(node: str, row: Mapping[str, Any]) -> Iterator[str]:
    about = f"{node:<8} {row['register']} ↔ {row['theirs']} of {row['partner']}"
    if row["state"] != "done":
        yield f"{about}: {row['state']}{': ' if row['problem'] else ''}{row['problem']}"
        return
    took = f"{row['opened']:,} opened, {row['bytes']:,} bytes, {row['seconds']:.2f} s{' cold' if row['cold'] else ''}"
    yield f"{about}: {row['rows']:,} rows in {row['buckets']:,} buckets, {took}"
    by = ", ".join(f"{name} {count:,}" for name, count in sorted(row["fields"].items()))
    yield f"{'':<10}{row['differences']:,} differ{f' ({by})' if by else ''}{_unsettled(row)}"


def _unsettled(row: Mapping[str, Any]) -> str:
    return f"; {row['unsettled']:,} were still changing" if row["unsettled"] else ""
