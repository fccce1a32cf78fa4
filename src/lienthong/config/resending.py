"""`lienthong resend`: send parked messages again, list them, or give one up with a reason.

Without `--do-it` nothing is sent: the messages are listed. Who may read the node's keys may do this.
"""

import argparse
import getpass
from typing import Any

from lienthong.casework import dead_letters
from lienthong.config.local_nodes import local_nodes
from lienthong.config.trouble import Trouble
from lienthong.exchange import deadletters
from lienthong.exchange.deadletters import Which
from lienthong.exchange.node import Node
from lienthong.kit import clock

MOST_LISTED = 50


def main(arguments: list[str]) -> int:
    told = _parser().parse_args(arguments)
    which = Which(told.message or None, told.to, told.service, told.older)
    if told.give_up and len(told.message) != 1:
        raise Trouble("one message at a time is given up", "name it: lienthong resend MESSAGE --give-up REASON --do-it")
    with local_nodes(told.at) as nodes:
        total = sum(_at(node, which, told) for node in nodes)
    if not total:
        print("no parked message fits")
        return 1
    deed = "given up" if told.give_up else "sent again"
    print(f"{total} {deed}" if told.do_it else f"{total} would be {deed}; to do so add --do-it")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lienthong resend", description=__doc__)
    parser.add_argument("message", nargs="*", help="ids of messages; none: all that fit")
    parser.add_argument("--at", default="", metavar="NODE", help="only those that this node sent")
    parser.add_argument("--to", default="", metavar="NODE", help="only those to this node")
    parser.add_argument("--service", default="", help="only those of this service")
    parser.add_argument("--older", type=float, default=0.0, metavar="SECONDS", help="only those parked for so long")
    parser.add_argument("--give-up", default="", metavar="REASON", help="end one message; its sender hears a refusal")
    parser.add_argument("--do-it", action="store_true", help="not only list them")
    return parser


def _at(node: Node, which: Which, told: Any) -> int:
    by = f"{getpass.getuser()} (command)"
    if not told.do_it:
        return _list(node, which)
    if told.give_up:
        with node.database.transaction() as tx:
            return int(dead_letters.give_up(node, tx, which.messages[0] if which.messages else "", by, told.give_up))
    total = 0
    while moved := _resend(node, which, by):  # at most so many in one transaction
        total += moved
    return total


def _resend(node: Node, which: Which, by: str) -> int:
    with node.database.transaction() as tx:
        return len(dead_letters.resend(node, tx, which, by))


def _list(node: Node, which: Which) -> int:
    with node.database.transaction() as tx:
        rows = deadletters.parked(tx, which, 1_000_000)
    for row in rows[:MOST_LISTED]:
        parked = (clock.now() - row.parked_at).total_seconds()
        why = str(row.problem).split(":")[0]
        print(
            f"{node.name:<8} {row.message}  {row.service} to {row.recipient}  {row.case_code}  "
            f"parked {parked:,.0f} s, tried {row.attempts} times: {why}"
        )
    if len(rows) > MOST_LISTED:
        print(f"{node.name:<8} … and {len(rows) - MOST_LISTED} more")
    return len(rows)
