"""`lienthong package`: rows in bulk between nodes, as a signed folder: export it, import it there, countersign it here.

lienthong package export --at H36 --to G15 --unit 25000 FOLDER      a unit's dossiers with acts and contents
lienthong package export --at G01 --to NEW --register persons FOLDER
lienthong package import --at G15 FOLDER                            all of it or nothing; leaves receipt.json
lienthong package countersign --at H36 FOLDER                       the sender keeps the recipient's receipt
"""

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lienthong.casework import handing as dossiers
from lienthong.config.local_nodes import local_nodes
from lienthong.config.trouble import Trouble
from lienthong.exchange import package_taking, packages
from lienthong.exchange.directory import UnknownNode
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node
from lienthong.registers import handing as registers

KINDS = {dossiers.NAME: dossiers.kind, registers.NAME: registers.kind}


def main(arguments: list[str]) -> int:
    told = _parser().parse_args(arguments)
    do: Callable[[Node, Any], int] = {"export": _export, "import": _import, "countersign": _countersign}[told.verb]
    with local_nodes(told.at) as nodes:
        try:
            return do(nodes[0], told)
        except UnknownNode as unknown:
            raise Trouble(f"the directory knows no node {unknown}", "see `lienthong status`") from unknown
        except Refused as refused:
            raise Trouble(f"not believed: {refused}", "nothing was changed; ask the sender for the package anew") from (
                refused
            )
        except FileExistsError as present:
            raise Trouble(f"{told.folder} is there already", "name a folder that is not") from present
        except FileNotFoundError as missing:
            raise Trouble(f"{missing.filename} is missing", "name the package's folder") from missing


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lienthong package", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verb", choices=["export", "import", "countersign"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--at", required=True, metavar="NODE", help="the node that does it")
    parser.add_argument("--to", default="", metavar="NODE", help="export: for whom")
    parser.add_argument("--unit", default="", help="export: this unit's dossiers")
    parser.add_argument("--register", default="", help="export: the records of this register")
    return parser


def _export(node: Node, told: Any) -> int:
    if not told.to or bool(told.unit) == bool(told.register):
        raise Trouble("say for whom and what", "--to NODE, and --unit CODE or --register NAME")
    name, about = (dossiers.NAME, {"unit": told.unit}) if told.unit else (registers.NAME, {"register": told.register})
    began = time.monotonic()
    manifest = packages.export(node, told.to, name, KINDS[name](node, about), about, told.folder)
    rows = {part.table: part.rows for part in manifest.parts}
    _tell("packed", rows, time.monotonic() - began)
    print(f"package {manifest.id} for {told.to} in {told.folder}")
    return 0


def _import(node: Node, told: Any) -> int:
    began = time.monotonic()
    report = package_taking.take_in(node, told.folder, KINDS)
    again = " before" if report.again else ""
    if report.outcome == "refused":
        print(
            f"refused{again}: {report.refused:,} rows, listed in {told.folder / package_taking.REFUSED};"
            " nothing was kept"
        )
        return 1
    _tell(f"taken{again}", report.rows, time.monotonic() - began)
    print(f"the receipt is {told.folder / packages.RECEIPT}: the sender countersigns with it")
    return 0


def _countersign(node: Node, told: Any) -> int:
    outcome, body = packages.countersign(node, told.folder)
    print(f"package {body['package']}: {outcome} by its recipient; the receipt is kept")
    return 0 if outcome == "taken" else 1


def _tell(what: str, rows: Mapping[str, int], seconds: float) -> None:
    for table, count in rows.items():
        print(f"  {table:<20} {count:>12,}")
    total = sum(rows.values())
    print(f"{what}: {total:,} rows in {seconds:.1f} s ({total / max(seconds, 0.001):,.0f}/s)")
