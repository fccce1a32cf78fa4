"""`lienthong publications`: which version of each part of the catalogue every node holds, with differences marked.

`export FILE` writes the parts that the nodes here have in force, as sealed: an installation's packaged set.
`import FILE` takes such a set in at the node of the environment (`LIENTHONG_NODE`), each part only under its
publisher's seal.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lienthong.catalogue import parts
from lienthong.config.asking import ask_everybody
from lienthong.config.local_nodes import local_nodes
from lienthong.config.trouble import Trouble
from lienthong.exchange import publications
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node
from lienthong.kit import clock


def main(arguments: list[str]) -> int:
    told = _parser().parse_args(arguments)
    if told.verb == "list":
        return _list()
    if told.file is None:
        raise Trouble("no file was named", f"lienthong publications {told.verb} FILE")
    return _export(told.file) if told.verb == "export" else _import(told.file)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lienthong publications", description=__doc__)
    parser.add_argument("verb", nargs="?", default="list", choices=["list", "export", "import"])
    parser.add_argument("file", nargs="?", type=Path)
    return parser


def _list() -> int:
    answers = ask_everybody(publications.LIST, {}, "publications")
    told = {name: answer.body["parts"] for name, answer in answers.items() if answer}
    for line in table(told):
        print(line)
    for name in answers.keys() - told.keys():
        print(f"{name} does not answer")
    return 1 if len(told) < len(answers) else 0


def table(told: Mapping[str, Iterable[Mapping[str, Any]]]) -> Iterator[str]:
    """A line for each part as most nodes have it, and below it each node that has it otherwise."""
    held = {name: {row["part"]: row for row in rows} for name, rows in told.items()}
    names = sorted({part for rows in held.values() for part in rows})
    width = max((len(part) for part in names), default=0)
    for part in names:
        common, _ = Counter(rows[part]["hash"] for rows in held.values() if part in rows).most_common(1)[0]
        row = next(rows[part] for rows in held.values() if part in rows and rows[part]["hash"] == common)
        yield f"{part:<{width}}  {row['version']:>3}  {row['publisher']:<8} {row['since']}  {common[:12]}"
        yield from (f"{'':<{width}}  {name}: {why}" for name, why in _otherwise(held, part, common))
    yield f"{len(names)} parts at {len(held)} nodes"


def _otherwise(held: Mapping[str, Mapping[str, Any]], part: str, common: str) -> Iterator[tuple[str, str]]:
    for name, rows in held.items():
        row = rows.get(part)
        if row is None:
            yield name, "has it not"
        elif row["hash"] != common:
            yield name, f"version {row['version']} ({row['hash'][:12]})"
        elif not row["in_force"]:
            yield name, "not in force there (its day has not come, or it waits: lienthong stuck)"


def _export(file: Path) -> int:
    rows: dict[str, Any] = {}
    with local_nodes() as nodes:
        for node in nodes:
            with node.database.transaction() as tx:
                rows |= {row.part: row for row in publications.in_force(tx, clock.today())}
    lists_first = sorted(rows.values(), key=lambda row: (row.part != parts.PUBLISHERS, row.part))
    file.write_text("".join(f"{row.envelope}\n" for row in lists_first), "utf-8")
    print(f"{len(rows)} parts in {file}")
    return 0


def _import(file: Path) -> int:
    with local_nodes() as nodes:
        if len(nodes) != 1:
            raise Trouble("a set is imported at one node", "set LIENTHONG_NODE and what `lienthong node` needs")
        try:
            taken = sum(_take(nodes[0], line) for line in file.read_text("utf-8").splitlines())
        except (OSError, UnicodeDecodeError, Refused) as bad:
            raise Trouble(f"{file}: {bad}", "take the file from who exported it, whole") from bad
    print(f"{taken} parts taken in; apply what registers need with: lienthong migrate {nodes[0].name}")
    return 0


def _take(node: Node, line: str) -> bool:
    found = publications.opened(line, node.directory)
    with node.database.transaction() as tx:
        return publications.keep(tx, found, at=clock.now(), history=True)
