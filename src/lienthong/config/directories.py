"""The directory of the country in a box: its authority's key, and how a new version is published.

The authority's private half (`keys/directory.pem`) stands in for an office that no node belongs to. Commands publish;
nodes have its public half only.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psycopg

from lienthong.config.environment import value
from lienthong.config.state import State, write_bytes
from lienthong.config.trouble import Trouble
from lienthong.exchange import directory_document
from lienthong.exchange.directory import Directory, Entry
from lienthong.exchange.directory_document import BadDirectory, Content
from lienthong.kit import clock
from lienthong.kit.signatures import SigningKey, VerifyKey

AUTHORITY = "directory.pem"


class _Unsigned(msgspec.Struct):
    """A directory of version 0.2."""

    nodes: dict[str, Entry]


def authority(state: State) -> SigningKey:
    """Made where there is none."""
    file = state.keys / AUTHORITY
    if not file.exists():
        write_bytes(file, SigningKey.generate().pem())
    return SigningKey.load(file)


def published(state: State) -> Directory:
    """What the country's file says now. Raises FileNotFoundError before its first start; Trouble when it is altered."""
    try:
        return directory_document.load(state.directory, [authority(state).public])
    except BadDirectory as bad:
        raise Trouble(f"{state.directory}: {bad}", "./lienthong up publishes it anew") from bad


@contextmanager
def changing(state: State) -> Iterator[dict[str, Entry]]:
    """The published nodes, to be changed inside; what differs afterwards is the next version."""
    with (state.root / "directory.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        version, before = _last(state)
        nodes = dict(before)
        yield nodes
        if nodes != before or not version:
            content = Content(version + 1, clock.now(), nodes, demo=True)
            document = directory_document.sign(content, authority(state))
            write_bytes(state.directory, document, mode=0o644)


def _last(state: State) -> tuple[int, dict[str, Entry]]:
    if not state.directory.exists():
        return 0, {}
    raw = state.directory.read_bytes()
    try:
        content = directory_document.read(raw, [authority(state).public])
    except BadDirectory as bad:
        if bad.code == "unsigned":
            return 0, msgspec.json.decode(raw, type=_Unsigned).nodes
        raise Trouble(f"{state.directory}: {bad}", f"put back the file, or begin anew: rm {state.directory}") from bad
    return content.version, content.nodes


def told() -> tuple[Path, Sequence[VerifyKey]]:
    """Where this process's directory is, and whose signature it believes."""
    return Path(value("LIENTHONG_DIRECTORY")), directory_document.authority(value("LIENTHONG_DIRECTORY_KEY"))


def at_start() -> Directory:
    """This process's directory: the file's, or, where that is not to be believed, the last that this node took over.

    Raises BadDirectory when there is neither.
    """
    path, keys = told()
    try:
        return directory_document.load(path, keys)
    except BadDirectory:
        kept = _kept()
        if not kept:
            raise
        content = directory_document.read(kept, keys)
        return Directory(content.nodes, content.demo, content.version, kept.decode())


def _kept() -> bytes:
    try:
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            row = connection.execute("SELECT document FROM directory_version ORDER BY version DESC LIMIT 1").fetchone()
    except (psycopg.Error, KeyError):
        return b""
    return str(row[0]).encode() if row else b""
