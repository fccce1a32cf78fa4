"""Acts, and the state they amount to, as data: what `states.apply` reads and gives."""

from datetime import datetime
from typing import Any, Literal

import msgspec

Verb = Literal[
    # the straight way
    "submit", "acknowledge", "receive", "check", "decide", "issue", "progress",
    # back a step
    "return", "reopen", "examine", "verify",
    # waiting for somebody outside
    "supplement", "supply", "ask_consent", "consent", "dispute", "resume", "ask_payment", "paid",
    # inside the agency: opinions, whose desk it lies on, in which unit
    "consult", "opinion", "take", "hand_over", "release", "forward", "arrive", "transfer",
    # under another revision of its service from now on, or only its promised time
    "move",
    # another promised time; the result given out
    "extend", "count", "deliver",
    # ends that are not the result
    "refuse", "stop", "withdraw",
    # after the end
    "correct", "annul", "annulled", "upheld",
]  # fmt: skip
Waiting = Literal[
    "open", "pending", "applicant", "consent", "correction", "payment", "opinion", "transit", "collect", "",
]  # fmt: skip
BranchWaits = Literal[
    "waiting", "filed", "open", "pending", "applicant", "consent", "correction", "payment", "opinion", "transit",
    "done", "refused", "stopped", "withdrawn", "annulled",
]  # fmt: skip

# National dossier status codes (portal synchronisation codes; domain.md §3.5 names them in both languages).
NEW, RECEIVED, REJECTED, PROCESSING, SUPPLEMENT, PAYMENT, WITHDRAWN, STOPPED, PROCESSED, RETURNED = range(1, 11)
FINAL = frozenset({REJECTED, WITHDRAWN, STOPPED, RETURNED})
ENDED = frozenset({"done", "refused", "stopped", "withdrawn", "annulled"})  # of a branch
BY_PEOPLE = frozenset(
    {"check", "decide", "return", "refuse", "supplement", "verify", "dispute", "ask_payment", "consult"}
)
MOST_SUPPLEMENTS = 2  # the law knows one; a second counts as late (Decision 766/QĐ-TTg, how progress is counted)
ANNULLED = "annulled"
UNCOUNTED = "uncounted"  # in an act's detail: no calendar reaches as far as its promised time
MACHINE = "máy"  # who acts where no person does


class Act(msgspec.Struct, frozen=True, omit_defaults=True):
    """One administrative act: who did what in which role, when, by which rule, why.

    `step` is the step it was done in; `to` the one that follows where that is not the line below; `desk` the unit where
    the dossier lies from then on, where it moves; `due` the limit of what it opens; `deadline` the promised time where
    the act sets it; `asks` what it asks of somebody outside. In a parent dossier `branch` and `outlook` are what a
    branch's holder says about it, and `files` the branches that are sent to their agencies with this act.
    """

    verb: Verb
    at: datetime
    actor: str
    role: str = ""
    agency: str = ""
    step: str = ""
    rule: str = ""
    reason: str = ""
    due: datetime | None = None
    deadline: datetime | None = None
    branch: str = ""
    outlook: dict[str, Any] = {}
    files: list[str] = []
    asks: dict[str, Any] = {}
    detail: dict[str, Any] = {}
    to: str = ""
    desk: str = ""


class Opinion(msgspec.Struct, frozen=True, omit_defaults=True):
    """An opinion asked of a role in a unit (none: any holder of the role). `silence` is what no answer until `due`
    means: agreed, without (it goes on without), escalate (the unit's head is told, it goes on waiting)."""

    role: str
    asked_at: datetime
    due: datetime
    unit: str = ""
    silence: Literal["agreed", "without", "escalate"] = "without"
    question: str = ""
    state: Literal["asked", "given", "silent"] = "asked"
    agrees: bool | None = None
    answer: str = ""
    by: str = ""


class BranchState(msgspec.Struct, frozen=True, omit_defaults=True):
    """A branch as its parent knows it, filed under the `revision` of the day on which that was submitted. `held` are
    the corrections it waits for first."""

    service: str
    node: str
    after: str = ""
    state: BranchWaits = "waiting"
    status: int = 0
    code: str = ""
    agency: str = ""
    step: str = ""
    role: str = ""
    rule: str = ""
    since: datetime | None = None
    due: datetime | None = None
    deadline: datetime | None = None
    reason: str = ""
    asks: dict[str, Any] = {}
    held: list[str] = []
    revision: str = ""
    paused_hours: float = 0.0
    verified: bool = False
    extended_hours: float = 0.0


class State(msgspec.Struct, frozen=True):
    """`paused_at` is since when the clock stands still, `paused_hours` the working hours it stood before. `moved_to`
    is the unit where it lies, once it was moved; `holder` who has taken it, until `held_until`."""

    status: int
    step: str
    waiting: Waiting
    role: str
    since: datetime
    due: datetime | None = None
    reason: str = ""
    branches: dict[str, BranchState] = {}
    deadline: datetime | None = None
    paused_at: datetime | None = None
    paused_hours: float = 0.0
    supplements: int = 0
    verified: bool = False
    consents: dict[str, Literal["asked", "given", "paper"]] = {}
    asks: dict[str, Any] = {}
    opinions: dict[str, Opinion] = {}
    extended: bool = False
    moved_to: str = ""
    holder: str = ""
    holder_name: str = ""
    held_until: datetime | None = None


class NotPossible(Exception):
    """The act does not fit the dossier's state: somebody else was there first, or it has ended."""
