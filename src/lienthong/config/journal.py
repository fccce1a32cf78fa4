"""`lienthong journal export NODE > FILE`: a node's whole journal as lines of JSON, for `lienthong verify`."""

import argparse
import sys
from collections.abc import Iterator


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lienthong journal", description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["export"])
    parser.add_argument("node", help="whose journal")
    told = parser.parse_args(arguments)
    for line in exported(told.node):
        sys.stdout.write(line)
    return 0


def exported(name: str) -> Iterator[str]:
    """The journal of a node, read in one snapshot, under its seal."""
    from lienthong.config import one_node
    from lienthong.journal import export

    database, directory, seal = one_node.storage(name)
    with database.transaction() as tx:
        tx.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield from export.lines(tx, name, directory, seal.sign)
    database.close()
