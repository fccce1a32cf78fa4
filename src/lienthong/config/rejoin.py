"""`lienthong rejoin NODE`: after its database was restored from a backup, while its processes run.

Partners give back what they hold of the node; it is done again; numbers jump ahead; the node says under its seal from
where on its journal counts, and partners take it back. It prints what came back and what did not.
"""

import argparse
from typing import Any

from lienthong.config.trouble import Trouble

WITHIN = 10.0  # seconds that a partner has to answer


def main(arguments: list[str]) -> int:
    from lienthong.config import one_node

    parser = argparse.ArgumentParser(prog="lienthong rejoin", description=__doc__.splitlines()[0])
    parser.add_argument("node", help="the node that was restored")
    parser.add_argument("--without", action="append", default=[], metavar="PARTNER", help="go on although it is silent")
    told = parser.parse_args(arguments)
    node = one_node.opened(told.node)
    print("\n".join(rejoined(node, told.without)))
    node.database.close()
    return 0


def rejoined(node: Any, without: list[str]) -> list[str]:
    """Do it; what to tell. Trouble when there is nothing to rejoin, or a partner is silent."""
    from lienthong.casework.restoring import Restoring
    from lienthong.exchange import forks, rejoining

    ahead = forks.greet(node, within=WITHIN)
    if not node.heads.is_restored(node.name):
        raise Trouble(f"no partner proves that {node.name} lost anything", "there is nothing to rejoin")
    _demand_one_cluster(node)
    if silent := sorted(set(node.directory.nodes) - {node.name} - set(ahead) - set(without)):
        raise Trouble(
            f"{', '.join(silent)} does not answer: what it holds would be missing",
            "wait for it, or go on without it: " + " ".join(f"--without {name}" for name in silent),
        )
    report = rejoining.Report()
    known = list(forks.known_of_us(node, WITHIN).values())
    gathered = rejoining.collect(node, sorted(ahead), report)
    rejoining.redo(node, gathered, Restoring, report)
    rejoining.open_again(node, known, report)
    return told(node.name, report, max(known).number)


def _demand_one_cluster(node: Any) -> None:
    """Seals close windows of transaction ids: a cluster that counts from the beginning would seal nothing any more."""
    row = node.database.one(
        "SELECT (SELECT max(window_to) FROM seal) > pg_snapshot_xmax(pg_current_snapshot()) AS behind,"
        " (SELECT max(window_to)::text::numeric FROM seal) AS reached"
    )
    if row.behind:
        epoch = int(row.reached) // 2**32 + 1
        raise Trouble(
            "this PostgreSQL cluster counts transactions lower than the one the backup came from",
            f"stop it, run  pg_resetwal -e {epoch} DATA_FOLDER  once, start it, then the same command",
        )


def told(name: str, report: Any, lost: int) -> list[str]:
    """The report in lines."""
    restored = report.restored.number if report.restored else 0
    lines = [
        f"{name} rejoined: from seal {report.first} on; partners knew {lost}, the restored journal has {restored}",
        f"  partners that gave back: {', '.join(report.partners)}"
        + (f"; silent: {', '.join(report.silent)}" if report.silent else ""),
        *_counts("put back from what we had told", report.received),
        *_counts("received messages done again", report.again),
        *_counts("messages of ours known to partners", report.sent),
        f"  series moved ahead: {report.series}",
        f"  taken back by: {', '.join(report.readmitted)}",
        "  not recovered: reads that were answered since the backup, and acts that no partner was told of",
    ]
    lines += [f"  ended otherwise this time: {one}" for one in report.different]
    return lines + [f"  could not be put back: {one}" for one in report.left]


def _counts(what: str, counted: Any) -> list[str]:
    listed = ", ".join(f"{number} {service}" for service, number in sorted(counted.items()))
    return [f"  {what}: {sum(counted.values())}" + (f" ({listed})" if listed else "")]
