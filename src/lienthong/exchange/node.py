"""A node as its own code sees it: everything a room needs, handed to it as an argument."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lienthong.catalogue.catalogue import Catalogue
from lienthong.exchange.directory import Directory
from lienthong.exchange.envelopes import Message
from lienthong.kit.doorbell import Doorbell
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Database, Tx
from lienthong.territory.units import Territory

if TYPE_CHECKING:
    from lienthong.exchange.asking import Asker


@dataclass(frozen=True)
class Done:
    """The effect stands."""

    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stored:
    """Safe with us; the outcome follows as a receipt of its own."""


@dataclass(frozen=True)
class Refusal:
    """The effect will not come about: a code for machines, a sentence for people."""

    code: str
    reason: str


Outcome = Done | Stored | Refusal


@dataclass(frozen=True)
class Read:
    """One person's data opened by an answer."""

    subject: str
    register: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    body: dict[str, Any]
    reads: tuple[Read, ...] = ()


@dataclass(frozen=True)
class Sent:
    """A message of our own, as remembered when its receipt arrives."""

    message: str
    recipient: str
    service: str
    case: str
    body: dict[str, Any]


@dataclass
class Node:
    """One installation. `handlers` answer sends, `answerers` answer asks, `settlers` hear of our own sends' outcome.

    `on_act` hear of every act of a parent dossier, in its transaction; `on_task_closed`, by kind, of tasks that other
    nodes closed for this one. `seal_chain` is the seal's certificate and its issuers (DER), `time_stamps` the address
    of an RFC 3161 authority: without the first a node makes no papers, without the second they bear no time-stamp.
    """

    name: str
    database: Database
    key: SigningKey
    seal: SigningKey
    directory: Directory
    catalogue: Catalogue
    territory: Territory
    doorbell: Doorbell
    asker: "Asker"
    handlers: Mapping[str, Callable[["Node", Tx, Message], Outcome]] = field(default_factory=dict)
    answerers: Mapping[str, Callable[["Node", Tx, Message], Answer]] = field(default_factory=dict)
    settlers: Mapping[str, Callable[["Node", Tx, Sent, Outcome], None]] = field(default_factory=dict)
    seal_chain: tuple[bytes, ...] = ()
    time_stamps: str = ""
    on_act: tuple[Callable[["Node", Tx, Any, Any], None], ...] = ()
    on_task_closed: Mapping[str, Callable[["Node", Tx, dict[str, Any]], None]] = field(default_factory=dict)
