"""`lienthong join check`: what the databases hold that are joined as registers, and what of it does not convert.

Counts only: of each field, rows in which the source has nothing and rows whose value its mapping cannot read.
"""

import argparse
from collections.abc import Iterator

from lienthong.config.local_nodes import local_nodes
from lienthong.config.trouble import Trouble
from lienthong.exchange.node import Node
from lienthong.registers import joined
from lienthong.registers.joined import Looked, NotJoined


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lienthong join", description=__doc__)
    parser.add_argument("what", choices=["check"])
    parser.add_argument("register", nargs="?", default="", help="one joined register; all when none is named")
    told = parser.parse_args(arguments)
    found = False
    with local_nodes() as nodes:
        for node in nodes:
            for name in node.catalogue.joinings:
                if told.register in ("", name):
                    found = True
                    print("\n".join(_lines(node, name)))
    if not found:
        raise Trouble(f"no joined register {told.register} is here", "`joined:` in catalogue/registers makes one")
    return 0


def _lines(node: Node, name: str) -> Iterator[str]:
    register, mapping = node.catalogue.owned[name], node.catalogue.joinings[name]
    with node.database.transaction() as tx:
        try:
            sql = joined.compiled(tx.connection, register, mapping, node.catalogue.terms)
        except NotJoined as problem:
            raise Trouble(str(problem), "put the mapping right, then lienthong publish") from problem
        looked = joined.look_over(tx, sql)
    ways = "triggers" if "triggers" in mapping.allows else "a watermark"
    yield f"{node.name} {name}: {mapping.db_schema}.{mapping.table}, {looked.rows:,} rows, changes by {ways}"
    yield f"  {looked.without_key:,} without a key that converts, {looked.double_keys:,} keys that stand twice"
    yield from _fields(looked)


def _fields(looked: Looked) -> Iterator[str]:
    yield f"  {'field':<12} {'column':<28} {'empty':>9} {'not readable':>13}"
    for one in looked.fields:
        yield f"  {one.field:<12} {one.column:<28} {one.empty:>9,} {one.inconvertible:>13,}"
