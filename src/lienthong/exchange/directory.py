"""Who is on the exchange: nodes, where they answer, and the keys by which they are believed."""

from pathlib import Path

import msgspec

from lienthong.kit.signatures import VerifyKey


class UnknownNode(LookupError):
    """No such node in the directory."""


class PublishedKey(msgspec.Struct, frozen=True):
    purpose: str
    public: str
    since: str = msgspec.field(name="from", default="")


class Entry(msgspec.Struct, frozen=True):
    """A node as published: `address` for machines, `site` for people."""

    address: str
    site: str
    keys: list[PublishedKey]


class _File(msgspec.Struct, frozen=True):
    nodes: dict[str, Entry]
    demo: bool = False


class Directory:
    def __init__(self, nodes: dict[str, Entry], demo: bool = False) -> None:
        self.nodes = nodes
        self.demo = demo
        self._keys = {
            (name, purpose): [VerifyKey.parse(key.public) for key in entry.keys if key.purpose == purpose]
            for name, entry in nodes.items()
            for purpose in ("transport", "seal")
        }

    @classmethod
    def load(cls, path: Path) -> "Directory":
        """Raises OSError when the file cannot be read, msgspec.DecodeError or ValueError when it is no directory."""
        file = msgspec.json.decode(path.read_bytes(), type=_File)
        return cls(file.nodes, file.demo)

    def entry(self, node: str) -> Entry:
        try:
            return self.nodes[node]
        except KeyError:
            raise UnknownNode(node) from None

    def keys(self, node: str, purpose: str) -> list[VerifyKey]:
        try:
            return self._keys[node, purpose]
        except KeyError:
            raise UnknownNode(node) from None
