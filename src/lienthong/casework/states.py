"""What a dossier's acts amount to. `apply` is the only place where a status comes from."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from lienthong.catalogue.shapes import Process, Service

Verb = Literal[
    # the straight way
    "submit", "acknowledge", "receive", "check", "decide", "issue", "progress",
    # back a step
    "return", "reopen", "examine", "verify",
    # waiting for somebody outside
    "supplement", "supply", "ask_consent", "consent", "dispute", "resume",
    # ends that are not the result
    "refuse", "stop", "withdraw",
    # after the end
    "correct", "annul", "annulled", "upheld",
]  # fmt: skip
Waiting = Literal["open", "pending", "applicant", "consent", "correction", ""]
BranchWaits = Literal[
    "waiting", "filed", "open", "pending", "applicant", "consent", "correction",
    "done", "refused", "stopped", "withdrawn", "annulled",
]  # fmt: skip

# National dossier status codes (portal synchronisation codes; domain.md §3.5 names them in both languages).
NEW, RECEIVED, REJECTED, PROCESSING, SUPPLEMENT, WITHDRAWN, STOPPED, PROCESSED, RETURNED = 1, 2, 3, 4, 5, 7, 8, 9, 10
FINAL = frozenset({REJECTED, WITHDRAWN, STOPPED, RETURNED})
ENDED = frozenset({"done", "refused", "stopped", "withdrawn", "annulled"})  # of a branch
BY_PEOPLE = frozenset({"check", "decide", "return", "refuse", "supplement", "verify", "dispute"})
ANNULLED = "annulled"
MACHINE = "máy"  # who acts where no person does


class Act(msgspec.Struct, frozen=True, omit_defaults=True):
    """One administrative act: who did what in which role, when, by which rule, why.

    `step` is the step it was done in; `due` the limit of what it opens; `deadline` the promised time where the act sets
    it; `asks` what it asks of somebody outside. In a parent dossier `branch` and `outlook` are what a branch's
    holder says about it, and `files` the branches that are sent to their agencies with this act.
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


class State(msgspec.Struct, frozen=True):
    """`paused_at` is since when the clock stands still, `paused_hours` the working hours it stood before."""

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


class NotPossible(Exception):
    """The act does not fit the dossier's state: somebody else was there first, or it has ended."""


def derive(service: Service, acts: Iterable[Act]) -> State:
    """The state that a whole history amounts to. Raises ValueError for an empty one."""
    state: State | None = None
    for act in acts:
        state = apply(service, state, act)
    if state is None:
        raise ValueError("a dossier has at least one act")
    return state


def apply(service: Service, state: State | None, act: Act) -> State:
    """The state after one more act. Raises NotPossible when the act does not fit."""
    if state is None:
        return _opened(service, act)
    _check_possible(service.process, state, act)
    after = _EFFECTS[act.verb](service.process, state, act)
    return after if act.deadline is None else msgspec.structs.replace(after, deadline=act.deadline)


def _check_possible(process: Process, state: State, act: Act) -> None:
    if act.verb not in _EFFECTS:
        raise NotPossible(f"{act.verb} opens a dossier")
    if state.branches:
        _check_parent(state, act)
        return
    if act.verb == "progress":
        raise NotPossible("it has no branches")
    _check_waits(state, act)
    if act.verb in BY_PEOPLE and (state.waiting != "open" or state.step != act.step):
        raise NotPossible(f"the dossier waits at step {state.step!r}, not {act.step!r}")
    if act.verb == "receive" and state.status not in (NEW, SUPPLEMENT):
        raise NotPossible("it was received before")
    if act.verb == "supplement" and state.supplements:
        raise NotPossible("a supplement is asked for once")
    if act.verb in ("issue", "reopen", "annulled", "upheld") and process.step(state.step).verb != "record":
        raise NotPossible("no effect is pending")


def _check_waits(state: State, act: Act) -> None:
    needs = _NEEDS.get(act.verb)
    if needs is None:
        if state.status in FINAL:
            raise NotPossible("the dossier has ended")
    elif state.waiting != needs or (not needs and state.status != RETURNED):
        raise NotPossible(f"{act.verb} does not fit a dossier that is {state.waiting or 'ended'}")


def _check_parent(state: State, act: Act) -> None:
    if act.verb not in _OF_PARENTS:
        raise NotPossible(f"{act.verb} is done where a branch is, not at its parent")
    if act.verb in ("progress", "supply") and act.branch not in state.branches:
        raise NotPossible(f"no branch {act.branch!r}")
    if act.verb in ("supply", "withdraw") and state.status in FINAL:
        raise NotPossible("the dossier has ended")
    if act.verb == "supply" and state.branches[act.branch].state != "applicant":
        raise NotPossible("nothing is asked for")


# How the dossier must stand for an act: what it waits for, "" for one whose result stands. Others: not ended.
_NEEDS: Mapping[str, Waiting] = {
    "supply": "applicant", "consent": "consent", "resume": "correction", "issue": "pending", "reopen": "pending",
    "correct": "", "annul": "", "annulled": "pending", "upheld": "pending",
    "receive": "open", "examine": "open", "ask_consent": "open",
}  # fmt: skip


def _opened(service: Service, act: Act) -> State:
    if act.verb not in ("submit", "acknowledge"):
        raise NotPossible("a dossier begins with its submission or its acknowledgement")
    first = service.process.steps[0].step
    if act.verb == "acknowledge":
        state = _at(service.process, None, first, act, NEW)
        return msgspec.structs.replace(state, deadline=act.deadline)
    nodes, held, of = act.detail["nodes"], act.detail.get("held", {}), act.detail.get("revisions", {})
    branches = {
        name: BranchState(b.service, nodes[name], b.after, held=held.get(name, []), revision=of.get(name, ""))
        for name, b in {b.branch: b for b in service.branches if b.branch in nodes}.items()
    }
    return State(NEW, first, "pending", "", act.at, branches=_filed(branches, act), deadline=act.deadline)


def _at(process: Process, state: State | None, name: str, act: Act, status: int) -> State:
    """At a step, nothing paused: a person's step is open for its role, a record step pending until its receipt."""
    step = process.step(name)
    moved: dict[str, Any] = {
        "status": status,
        "step": name,
        "waiting": "pending" if step.verb == "record" else "open",
        "role": step.role,
        "since": act.at,
        "due": act.due,
        "reason": act.reason,
        "paused_at": None,
        "asks": {},
    }
    return State(**moved) if state is None else msgspec.structs.replace(state, **moved)


def _received(process: Process, state: State, act: Act) -> State:
    """Form 01 is issued. A process that begins with another step is received on arrival and stays there."""
    step = process.step(state.step)
    following = process.after(step.step) if step.verb == "receive" else step
    assert following is not None, "the loader refuses a process that ends with its reception"
    return _at(process, state, following.step, act, RECEIVED)


def _onward(process: Process, state: State, act: Act) -> State:
    following = process.after(act.step)
    return _at(process, state, following.step if following else "", act, PROCESSING)


def _back(process: Process, state: State, act: Act) -> State:
    """To the first step after reception."""
    steps = process.steps
    first = steps[1] if steps[0].verb == "receive" and len(steps) > 1 else steps[0]
    return _at(process, state, first.step, act, PROCESSING)


def _reopened(process: Process, state: State, act: Act) -> State:
    return _at(process, state, process.step(state.step).refused_to, act, PROCESSING)


def _same_step(process: Process, state: State, act: Act) -> State:
    """Still here, with what is known now."""
    return msgspec.structs.replace(
        state, reason=act.reason, due=act.due or state.due, verified=state.verified or act.verb == "verify"
    )


def _paused(waiting: Waiting, status: int | None = None) -> Callable[[Process, State, Act], State]:
    """Somebody outside must do something; the clock stands still."""

    def pause(process: Process, state: State, act: Act) -> State:
        consents = dict(state.consents)
        if waiting == "consent":
            consents |= dict.fromkeys(act.asks["ids"], "asked")
        return msgspec.structs.replace(
            state,
            status=status or state.status,
            waiting=waiting,
            since=act.at,
            due=act.due,
            reason=act.reason,
            paused_at=act.at,
            supplements=state.supplements + (act.verb == "supplement"),
            consents=consents,
            asks=act.asks,
        )

    return pause


def _resumed(process: Process, state: State, act: Act) -> State:
    """What was waited for is there. What was asked before reception is judged under the same national code."""
    if state.branches:
        return state  # the branch will say how it stands
    before = process.step(state.step).verb == "receive"
    after = _at(process, state, state.step, act, state.status if before else PROCESSING)
    return msgspec.structs.replace(after, paused_hours=state.paused_hours + act.detail.get("paused_hours", 0.0))


def _consented(process: Process, state: State, act: Act) -> State:
    """One of those asked has answered; when none is left the dossier goes on."""
    consents = {**state.consents, act.detail["consent"]: act.detail.get("by", "given")}
    if "asked" in consents.values():
        return msgspec.structs.replace(state, consents=consents)
    after = _resumed(process, state, act)
    return msgspec.structs.replace(after, consents=consents, status=state.status)


def _ended(status: int) -> Callable[[Process, State, Act], State]:
    def end(process: Process, state: State, act: Act) -> State:
        moved: dict[str, Any] = {
            "status": status,
            "step": "",
            "waiting": "",
            "role": "",
            "since": act.at,
            "due": None,
            "asks": {},
        }
        return msgspec.structs.replace(state, **moved, reason=act.reason, paused_at=None)

    return end


def _withdrawn(process: Process, state: State, act: Act) -> State:
    """A parent takes with it the branches that never began; the others say themselves how they end."""
    if not state.branches:
        return _ended(WITHDRAWN)(process, state, act)
    branches = {
        name: msgspec.structs.replace(branch, state="withdrawn") if branch.state == "waiting" else branch
        for name, branch in state.branches.items()
    }
    return _gathered(process, state, branches, act)


def _corrected(process: Process, state: State, act: Act) -> State:
    """At a parent: a value was corrected, what it held up is filed. At a branch: its result was replaced."""
    correction = act.detail.get("correction")
    branches = {
        name: msgspec.structs.replace(branch, held=[one for one in branch.held if one != correction])
        for name, branch in state.branches.items()
    }
    return msgspec.structs.replace(state, branches=_filed(branches, act), reason=act.reason)


def _annul(process: Process, state: State, act: Act) -> State:
    """The record is to be withdrawn: pending at the step that made it."""
    record = next(step.step for step in process.steps if step.verb == "record")
    return msgspec.structs.replace(state, step=record, waiting="pending", since=act.at, reason=act.reason)


def _filed(branches: dict[str, BranchState], act: Act) -> dict[str, BranchState]:
    """The branches with those that this act sends on their way."""
    return {
        name: msgspec.structs.replace(branch, state="filed", since=act.at) if name in act.files else branch
        for name, branch in branches.items()
    }


def _branch_moved(process: Process, state: State, act: Act) -> State:
    before = state.branches[act.branch]
    kept = {**msgspec.to_builtins(before), "reason": "", "asks": {}, "due": None}
    after = msgspec.convert({**kept, **act.outlook}, BranchState)
    branches = _filed({**state.branches, act.branch: after}, act)
    if after.state in ENDED and after.state != "done":
        branches = _stop_followers(branches, act.branch)
    return _gathered(process, state, branches, act)


def _stop_followers(branches: dict[str, BranchState], failed: str) -> dict[str, BranchState]:
    """What was to follow a branch that failed does not begin."""
    for name, branch in branches.items():
        if branch.after == failed and branch.state == "waiting":
            branches = {**branches, name: msgspec.structs.replace(branch, state="stopped", reason="before-refused")}
            branches = _stop_followers(branches, name)
    return branches


def _gathered(process: Process, state: State, branches: dict[str, BranchState], act: Act) -> State:
    """The parent's status from its branches: new until one is received, ended when all have."""
    states = {branch.state for branch in branches.values()}
    if states <= ENDED:
        status = next(code for name, code in _PARENT_ENDS.items() if name in states)
        ended = {"step": "", "waiting": "", "role": "", "since": act.at, "due": None, "reason": ""}
        reason = ANNULLED if status == STOPPED and ANNULLED in states else ""
        return msgspec.structs.replace(state, **{**ended, "reason": reason}, status=status, branches=branches)
    codes = {branch.status for branch in branches.values()}
    if SUPPLEMENT in codes:
        status = SUPPLEMENT
    elif codes & {PROCESSING, RETURNED} or states & {"pending", "done"}:
        status = PROCESSING
    else:
        status = RECEIVED if RECEIVED in codes else NEW
    first = process.steps[0].step
    return msgspec.structs.replace(state, status=status, step=first, waiting="pending", branches=branches)


# When every branch has ended, the first of these that one of them ended with decides.
_PARENT_ENDS = {
    "done": RETURNED, "refused": REJECTED, ANNULLED: STOPPED, "withdrawn": WITHDRAWN, "stopped": STOPPED,
}  # fmt: skip

_OF_PARENTS = frozenset({"progress", "supply", "withdraw", "correct"})
_EFFECTS: Mapping[str, Callable[[Process, State, Act], State]] = {
    "receive": _received,
    "check": _onward,
    "decide": _onward,
    "return": _back,
    "reopen": _reopened,
    "examine": _same_step,
    "verify": _same_step,
    "supplement": _paused("applicant", SUPPLEMENT),
    "supply": _resumed,
    "ask_consent": _paused("consent"),
    "consent": _consented,
    "dispute": _paused("correction"),
    "resume": _resumed,
    "refuse": _ended(REJECTED),
    "stop": _ended(STOPPED),
    "withdraw": _withdrawn,
    "issue": _ended(RETURNED),
    "correct": _corrected,
    "annul": _annul,
    "annulled": _ended(STOPPED),
    "upheld": _ended(RETURNED),
    "progress": _branch_moved,
}
