"""What every outside language shares: a call as it came, the reply, and the problems a call may have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NoReturn

from lienthong.exchange.node import Node
from lienthong.gateways.registered import Registered

LARGEST = 64 * 1024

# What can be wrong with a call. Each language says it in its own words and codes; `silent` is a partner of ours.
Kind = Literal[
    "malformed", "too-large", "unknown-operation", "wrong-method", "unknown-caller", "wrong-unit", "wrong-purpose",
    "too-many", "not-found", "unfinished", "refused", "silent", "broken",
]  # fmt: skip


class Problem(Exception):
    """A call that is not served. `text` is for the caller's engineer and names nobody; `after` seconds to wait."""

    def __init__(self, kind: Kind, text: str = "", *, after: int = 0) -> None:
        super().__init__(kind)
        self.kind, self.text, self.after = kind, text, after


@dataclass(frozen=True)
class Call:
    """A request from outside. `path` is decoded, `headers` are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    kind: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Gate:
    """The gateway of one node: the node that carries what is said, and the secrets of those who may speak."""

    node: Node
    systems: Registered


@dataclass(frozen=True)
class Language:
    """One outside language: the paths it speaks at, how it answers, how it says that it does not."""

    name: str
    prefixes: tuple[str, ...]
    answer: Callable[[Gate, Call], Reply]
    refusal: Callable[[Call, Problem], Reply]


def refuse(kind: Kind, text: str = "") -> NoReturn:
    raise Problem(kind, text)
