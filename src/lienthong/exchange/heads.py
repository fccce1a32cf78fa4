"""How far journals are sealed: our own head, the highest proven of each partner's, and what partners hold of ours.

A head is "<number>:<chain>" of a journal's last seal. Every envelope to a partner of wire 2 says our head and, under
the same signature, the head we hold of that partner's journal (`seen`): partners countersign each other as they work.
Nothing here asks the database for a message: our own head is read once a second, a partner's is kept when it is new
and half a minute has passed, and a claim that was looked at before is only compared.
"""

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Literal, NamedTuple

import msgspec
import psycopg
from psycopg_pool import PoolTimeout

from lienthong.kit import clock
from lienthong.kit.storage import Database, Tx

State = Literal["forked", "restored", "rejoined"]
READ_EVERY = 1.0
KEEP_EVERY = 30.0
CHECKED = 4  # heads of a partner that it is asked to show again
REMEMBERED = 64  # heads of one journal kept in memory

_LOOK = """
SELECT (SELECT number || ':' || encode(chain, 'hex') FROM seal ORDER BY number DESC LIMIT 1) AS head,
    (SELECT json_agg(s) FROM (SELECT DISTINCT ON (node) node, state, after_number, first_number
                              FROM standing ORDER BY node, id DESC) s)::text AS standings
"""
_HIGHEST = "SELECT * FROM partner_head WHERE partner = %s ORDER BY number DESC LIMIT 1"
_KNOWN = "SELECT chain FROM partner_head WHERE partner = %s AND number = %s LIMIT 1"
_LATEST = "SELECT number, chain FROM partner_head WHERE partner = %s ORDER BY at DESC LIMIT %s"
_OURS = "SELECT encode(chain, 'hex') AS chain FROM seal WHERE number = %s"
_KEEP = """
INSERT INTO {table} (partner, number, chain, at, header, signature) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING RETURNING number
"""


class Head(NamedTuple):
    """The number and chain (hexadecimal) of a journal's last seal."""

    number: int
    chain: str

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Raises ValueError."""
        number, _, chain = text.partition(":")
        if not number.isdecimal() or len(chain) != 64:
            raise ValueError("no head of a journal")
        return cls(int(number), chain)

    def __str__(self) -> str:
        return f"{self.number}:{self.chain}"


class Proven(NamedTuple):
    """A head with the header in which it was said, signed."""

    head: Head
    at: datetime
    header: str
    signature: str


class Standing(msgspec.Struct, frozen=True):
    """How a node stands: forked (a partner of ours), restored (we ourselves), rejoined."""

    node: str
    state: State
    after_number: int | None = None
    first_number: int | None = None

    def covers(self, number: int) -> bool:
        """Whether this seal was lost with a restore that the node has put in order since."""
        return (
            self.state == "rejoined"
            and self.after_number is not None
            and self.first_number is not None
            and self.after_number < number < self.first_number
        )


@dataclass
class Partner:
    """What this process knows of one partner's journal. `claim` and `seen` are the last ones that were looked at."""

    highest: Proven | None = None
    recent: "OrderedDict[int, str]" = field(default_factory=OrderedDict)
    claim: str = ""
    seen: str = ""
    kept_at: float = float("-inf")
    countersigned_at: float = float("-inf")
    asked_at: float = float("-inf")

    def remember(self, proven: Proven) -> None:
        self.recent[proven.head.number] = proven.head.chain
        if len(self.recent) > REMEMBERED:
            self.recent.popitem(last=False)
        if self.highest is None or proven.head.number > self.highest.head.number:
            self.highest = proven


class Heads:
    """One process's view, for all its threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._own, self._read_at = "", float("-inf")
        self._standings: Mapping[str, Standing] = {}
        self._partners: dict[str, Partner] = {}
        self._lock = Lock()

    # ------------------------------------------------------------------ ourselves

    def own(self) -> str:
        """Our head, at most a second old; empty before the first seal."""
        self.look()
        return self._own

    def look(self, *, now: bool = False) -> None:
        """Read our head and everybody's standing, if that was not done within the last second. One thread reads at a
        time, the others go on with what is known; so does everybody while the database is away."""
        if (not now and time.monotonic() - self._read_at < READ_EVERY) or not self._lock.acquire(blocking=now):
            return
        try:
            row = self._database.one(_LOOK)
            self._own = row.head or ""
            known = msgspec.json.decode(row.standings or "[]", type=list[Standing])
            self._standings = {standing.node: standing for standing in known}
        except (psycopg.OperationalError, PoolTimeout):
            if now:
                raise
        finally:
            self._read_at = time.monotonic()
            self._lock.release()

    def standing(self, node: str) -> Standing | None:
        return self._standings.get(node)

    def is_restored(self, own: str) -> bool:
        """Whether this node was restored from a backup and has not rejoined since."""
        self.look()
        standing = self._standings.get(own)
        return standing is not None and standing.state == "restored"

    def ours(self, number: int) -> str:
        """The chain of one of our own seals; empty when our journal has none of that number."""
        row = self._database.one(_OURS, (number,))
        return row.chain if row else ""

    # ------------------------------------------------------------------ partners

    def partner(self, name: str) -> Partner:
        """What we know of a partner; the first time in this process, what the database holds."""
        known = self._partners.get(name)
        if known is None:
            known = Partner()
            if row := self._database.one(_HIGHEST, (name,)):
                known.remember(Proven(Head(row.number, row.chain), row.at, row.header, row.signature))
            known = self._partners.setdefault(name, known)
        return known

    def seen(self, name: str) -> str:
        """The highest head that we hold of a partner's journal: what we countersign."""
        highest = self.partner(name).highest
        return str(highest.head) if highest else ""

    def known(self, name: str, number: int) -> str:
        """The chain that a partner once claimed for a seal; empty when we never heard of that one."""
        recent = self.partner(name).recent.get(number)
        if recent is None:
            row = self._database.one(_KNOWN, (name, number))
            recent = row.chain if row else ""
        return recent

    def latest(self, name: str) -> list[Head]:
        """The highest head we know of a partner's journal, and the last few that were kept: which it must all have."""
        highest = self.partner(name).highest
        with self._database.transaction() as tx:
            rows = tx.all(_LATEST, (name, CHECKED))
        kept = {Head(row.number, row.chain) for row in rows} | ({highest.head} if highest else set())
        standing = self.standing(name)
        return sorted(head for head in kept if standing is None or not standing.covers(head.number))

    def hold(self, name: str, proven: Proven) -> None:
        """Remember a partner's head; in the database too when the last one there is old enough."""
        partner, now = self.partner(name), time.monotonic()
        partner.remember(proven)
        if now - partner.kept_at >= KEEP_EVERY:
            partner.kept_at = now
            self._keep("partner_head", name, proven)

    def countersign(self, name: str, proven: Proven) -> None:
        """Keep a partner's word on our own head, now and then."""
        partner, now = self.partner(name), time.monotonic()
        if now - partner.countersigned_at >= KEEP_EVERY:
            partner.countersigned_at = now
            self._keep("countersigned", name, proven)

    def _keep(self, table: str, name: str, proven: Proven) -> None:
        values = (name, proven.head.number, proven.head.chain, clock.now(), proven.header, proven.signature)
        self._database.one(_KEEP.format(table=table), values)


def record(tx: Tx, standing: Standing, proof: str) -> None:
    """Write down how a node stands from now on, with what proves it."""
    tx.run(
        "INSERT INTO standing (node, state, at, after_number, first_number, proof) VALUES (%s, %s, %s, %s, %s, %s)",
        (standing.node, standing.state, clock.now(), standing.after_number, standing.first_number, proof),
    )
