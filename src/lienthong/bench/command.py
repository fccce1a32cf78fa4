"""`lienthong bench NAME…`: one JSON line a measure, on standard output."""

import argparse
import json
from dataclasses import asdict

from lienthong.bench.measured import CLIENTS, MOST_OPEN, Options
from lienthong.bench.measures import MEASURES


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lienthong bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="measures to take; all when none is named")
    parser.add_argument("--list", action="store_true", help="name the measures and say what they are")
    parser.add_argument(
        "--births", type=int, metavar="N", help="a quick look with fewer births; the note says how many"
    )
    parser.add_argument("--rows", type=int, metavar="N", help="rows of the measures over registers and feeds")
    parser.add_argument("--clients", type=int, default=CLIENTS, help=f"of birth.complete (default {CLIENTS})")
    parser.add_argument("--open", type=int, default=MOST_OPEN, help=f"births under way at most (default {MOST_OPEN})")
    parser.add_argument("--verbose", action="store_true", help="processor time by kind of process, round by round")
    told = parser.parse_args(arguments)
    if told.list:
        for name, measure in MEASURES.items():
            print(f"{name:<16} {(measure.__doc__ or '').strip()}")
        return 0
    unknown = [name for name in told.names if name not in MEASURES]
    if unknown:
        parser.error(f"no measure {', '.join(unknown)}; --list names them all")  # exit code 2
    options = Options(told.births, told.verbose, told.clients, told.open, told.rows)
    for name in told.names or MEASURES:
        print(json.dumps(asdict(MEASURES[name](options)), ensure_ascii=False), flush=True)
    return 0
