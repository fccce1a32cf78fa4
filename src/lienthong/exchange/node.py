"""A node as its own code sees it: everything a room needs, handed to it as an argument."""

from collections.abc import Callable, Mapping, Sequence, Set
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lienthong.catalogue.catalogue import Catalogue
from lienthong.catalogue.shapes import Words
from lienthong.exchange import envelopes
from lienthong.exchange.directory import Directory
from lienthong.exchange.envelopes import Header, Message
from lienthong.exchange.heads import Heads
from lienthong.exchange.quotas import Quotas
from lienthong.kit.doorbell import Doorbell
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Database, Tx
from lienthong.territory.units import Territory

if TYPE_CHECKING:
    from lienthong.exchange.asking import Asker
    from lienthong.exchange.replaying import Replay


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
    """`evidence` names the statements that proved the case, for the log. `upkeep`: the exchange's own, with no news in
    it; asked every second, it is logged only where it opened somebody."""

    body: dict[str, Any]
    reads: tuple[Read, ...] = ()
    evidence: tuple[str, ...] = ()
    upkeep: bool = False


@dataclass(frozen=True)
class Sent:
    """A message of our own, as remembered when its receipt arrives."""

    message: str
    recipient: str
    service: str
    case: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Alert:
    """Something that a person should look at, found below casework. `id` names the cause: raised again it is the same
    task. `title` in both languages or as it is (a code, a name); `detail` holds no personal data."""

    kind: str
    id: str
    title: Words | str
    role: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    case: str = ""
    due_hours: int = 0  # clock hours of working days; none: today's close
    unit: str | None = None


@dataclass(frozen=True)
class Event:
    """One sealed change of another node's register, or a publication of its: number `sequence` of the publisher's feed.

    `data` is what our right opens of it, None where that is nothing (or it was lawfully erased). A set of rows from a
    bulk load has them in `rows`. `purpose` is that of our right: the register that follows. `id` names the
    event for good: `G01/persons/42`.
    """

    publisher: str
    feed: str
    purpose: str
    sequence: int
    id: str
    type: str
    subject: str
    time: str
    seal: int
    data: dict[str, Any] | None = None
    rows: tuple[dict[str, Any], ...] = ()


def _unheard(node: "Node", tx: Tx, *alert: Any) -> None:
    """A node without a room that makes tasks."""


def _as_it_is(node: "Node") -> "Node":
    """A node whose catalogue never changes."""
    return copy(node)


def _all_known(_node: "Node", _messages: Sequence[Message]) -> frozenset[str]:
    """A node that gets no revisions from others."""
    return frozenset()


def _no_word(node: "Node", person: str, client: str) -> str:
    """A node that vouches for nobody."""
    return ""


def _no_head() -> str:
    """A node whose journal's head nobody fills in."""
    return ""


def _nothing_seen(_partner: str) -> str:
    """A node that keeps no account of its partners' journals."""
    return ""


@dataclass
class Node:
    """One installation. `handlers` answer sends, `answerers` answer asks, `settlers` hear of our own sends' outcome.

    `on_act` hear of every act of a parent dossier, in its transaction; `on_task_closed`, by kind, of tasks that other
    nodes closed for this one. `on_alert` makes a task of an alert, `on_alert_over` (id, note) closes it when its cause
    is gone. `seal_chain` is the seal's certificate and its issuers (DER), `time_stamps` the address of an RFC 3161
    authority: without the first a node makes no papers, without the second they bear no time-stamp.
    `followers` take in other nodes' events, by feed; the effect of one is committed with the position after it.
    `on_contact` look at every envelope before it has effect and may raise Refused; `on_rejoined` hear of a partner that
    was restored from a backup and is in order again. `seen` names the head we hold of a partner's journal.
    `replay` is set while what was lost is done again (rejoining).
    `head` says how far our journal is sealed ("<seal>:<hex chain>"): every message to a partner of wire 2 carries it.
    `sources` look up the records of registers that lie in a system outside (who asks, by, value, second attributes);
    `outside` asks a service outside for another node.
    `standing` gives the node with the catalogue in force; `prepare` gets what messages name before they are handled,
    and says which of them (ids) must wait for it. `row_sources` are where rows of registers lie that have no table of
    their own here (`registers.buckets.Source`), by register.
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
    on_alert: Callable[["Node", Tx, Alert], None] = _unheard
    on_alert_over: Callable[["Node", Tx, str, str], None] = _unheard
    head: Callable[[], str] = _no_head
    seen: Callable[[str], str] = _nothing_seen
    on_contact: tuple[Callable[["Node", Message], None], ...] = ()
    on_rejoined: tuple[Callable[["Node", Tx, str], None], ...] = ()
    replay: "Replay | None" = None
    heads: Heads = None  # type: ignore[assignment]  # made below, and shared by copies of the node
    followers: Mapping[str, Callable[["Node", Tx, Event], None]] = field(default_factory=dict)
    row_sources: Mapping[str, Callable[["Node", Sequence[str]], Any]] = field(default_factory=dict)
    quotas: Quotas = field(default_factory=Quotas)
    vouches: Callable[["Node", str, str], str] = _no_word
    sources: Mapping[str, Callable[["Node", Header, str, str, Mapping[str, str]], list[dict[str, Any]]]] = field(
        default_factory=dict
    )
    outside: Callable[[Message, str, dict[str, str]], Answer] | None = None
    standing: Callable[["Node"], "Node"] = _as_it_is
    prepare: Callable[["Node", Sequence[Message]], Set[str]] = _all_known

    def at_hand(self) -> "Node":
        """This node as it stands now, for one request or one round: its catalogue stays the same until that ends."""
        return self.standing(self)

    def vouch(self, person: str, client: str) -> str:
        """Our sealed word that a person signed in at a node (exchange.evidence); empty where we give none."""
        return self.vouches(self, person, client)

    def __post_init__(self) -> None:
        self.heads = self.heads or Heads(self.database)

    def wire_to(self, recipient: str, *, handed_on: bool = False) -> dict[str, Any]:
        """The header fields of the newest wire version that a partner reads: none where that is wire 1."""
        return envelopes.wire_fields(self.directory, recipient, self.head, self.seen, handed_on=handed_on)
