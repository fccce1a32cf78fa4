"""`lienthong stuck`: everything that waits, with whom, why, since when, and what happens next by itself."""

import argparse
from datetime import datetime
from typing import Any

from lienthong.casework import operation
from lienthong.config.asking import ask_everybody
from lienthong.kit import clock


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lienthong stuck", description=__doc__)
    parser.add_argument("--older", type=float, default=0.0, metavar="SECONDS", help="only what waits longer")
    older = parser.parse_args(arguments).older
    answers = ask_everybody(operation.STUCK, {}, "stuck")
    rows = [row for name, answer in answers.items() for row in _rows(name, answer.body if answer else None)]
    rows = [row for row in rows if row[0] >= older]
    for age, node, text in sorted(rows, reverse=True):
        print(f"{_age(age):>8}  {node:<8} {text}")
    print(f"{len(rows)} waiting" if rows else "nothing waits")
    return 0


def _rows(node: str, told: dict[str, Any] | None) -> list[tuple[float, str, str]]:
    if told is None:
        return [(0.0, node, "does not answer")]
    return [
        (
            (clock.now() - datetime.fromisoformat(item["since"])).total_seconds(),
            node,
            f"{item['case']}  {item['what']}  with {item['owner']}: {item['reason']}; next: {item['next']}"
            + (
                f"; due {datetime.fromisoformat(item['due']).astimezone(clock.ZONE):%d/%m %H:%M}" if item["due"] else ""
            ),
        )
        for item in told["waiting"]
    ]


def _age(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
