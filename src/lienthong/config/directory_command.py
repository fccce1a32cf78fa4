"""`lienthong directory …`: the authority's tool. Nodes take over only what it has signed.

lienthong key generate authority.pem                    once; its public half goes to every node
lienthong directory show directory.json > nodes.json    the content, to be edited by hand
lienthong directory sign nodes.json --key authority.pem --out directory.json
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from lienthong.config.state import State, write_bytes
from lienthong.config.trouble import Trouble
from lienthong.exchange import directory_document
from lienthong.exchange.directory import Entry
from lienthong.exchange.directory_document import BadDirectory, Content
from lienthong.kit import clock
from lienthong.kit.signatures import SigningKey


class _Draft(msgspec.Struct, forbid_unknown_fields=True):
    """What a person edits: version and time of the last one may stand in it and are passed over."""

    nodes: dict[str, Entry]
    demo: bool = False
    version: int = 0
    issued: str = ""


def main(arguments: Sequence[str]) -> int:
    told = _parser().parse_args(arguments)
    try:
        {"show": _show, "sign": _sign}[told.verb](told)
    except BadDirectory as bad:
        raise Trouble(str(bad), "nothing was signed or changed") from bad
    return 0


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="lienthong directory", description="Show a directory, or sign a new version.")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    show = verbs.add_parser("show", help="print what a directory says; version 0.2 reads this as its own directory")
    show.add_argument("file", nargs="?", type=Path, help="not said: the country in a box's")
    sign = verbs.add_parser("sign", help="sign the next version")
    sign.add_argument("draft", type=Path, help="the nodes, as `show` prints them")
    sign.add_argument("--key", type=Path, required=True, help="the authority's private key (PEM)")
    sign.add_argument("--out", type=Path, required=True, help="the directory, of which this is the next version")
    return top


def _show(told: argparse.Namespace) -> None:
    file = told.file or State.open().directory
    document = msgspec.json.decode(_read(file), type=dict[str, msgspec.Raw])
    if "signed" not in document:
        raise BadDirectory("unsigned", f"{file} is not a signed directory")
    directory_document.parse(bytes(document["signed"]))
    print(bytes(document["signed"]).decode())


def _sign(told: argparse.Namespace) -> None:
    key = SigningKey.load(told.key)
    try:
        draft = msgspec.json.decode(_read(told.draft), type=_Draft)
    except msgspec.DecodeError as error:
        raise BadDirectory("malformed", str(error)) from error
    before = directory_document.read(told.out.read_bytes(), [key.public]).version if told.out.exists() else 0
    content = Content(before + 1, clock.now(), draft.nodes, draft.demo)
    write_bytes(told.out, directory_document.sign(content, key), mode=0o644)
    print(f"version {content.version}: {len(content.nodes)} nodes", file=sys.stderr)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as missing:
        raise Trouble(f"there is no {file}", "name the file of a directory") from missing
