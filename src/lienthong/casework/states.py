"""What a dossier's acts amount to. `apply` is the only place where a status comes from."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

import msgspec

from lienthong.catalogue.shapes import Process, Service

Verb = Literal["submit", "receive", "check", "decide", "return", "refuse", "issue", "reopen", "progress"]

# National dossier status codes (portal synchronisation codes; domain.md §3.5 names them in both languages).
NEW, RECEIVED, REJECTED, PROCESSING, STOPPED, PROCESSED, RETURNED = 1, 2, 3, 4, 8, 9, 10
FINAL = frozenset({REJECTED, 7, STOPPED, RETURNED})
ENDED = frozenset({"done", "refused", "stopped"})  # of a branch


class Act(msgspec.Struct, frozen=True, omit_defaults=True):
    """One administrative act: who did what in which role, when, by which rule, why.

    `step` is the step it was done in; `due` the limit of the step it opens. In a parent dossier `branch` and `outlook`
    are what a branch's holder says about it, and `files` the branches that are sent to their agencies with this act.
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
    branch: str = ""
    outlook: dict[str, Any] = {}
    files: list[str] = []
    detail: dict[str, Any] = {}


class BranchState(msgspec.Struct, frozen=True, omit_defaults=True):
    """A branch as its parent knows it."""

    service: str
    node: str
    after: str = ""
    state: Literal["waiting", "filed", "open", "pending", "done", "refused", "stopped"] = "waiting"
    code: str = ""
    agency: str = ""
    step: str = ""
    role: str = ""
    rule: str = ""
    since: datetime | None = None
    due: datetime | None = None
    reason: str = ""


class State(msgspec.Struct, frozen=True):
    status: int
    step: str
    waiting: Literal["open", "pending", ""]
    role: str
    since: datetime
    due: datetime | None = None
    reason: str = ""
    branches: dict[str, BranchState] = {}


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
    match act.verb:
        case "progress":
            return _branch_moved(state, act)
        case "check" | "decide":
            return _at(service.process, _next(service.process, act.step), act, PROCESSING)
        case "return":
            return _at(service.process, service.process.steps[0].step, act, PROCESSING)
        case "reopen":
            return _at(service.process, service.process.step(state.step).refused_to, act, PROCESSING)
        case "refuse":
            return State(REJECTED, "", "", "", act.at, reason=act.reason)
        case "issue":
            return State(RETURNED, "", "", "", act.at)
    raise NotPossible(f"{act.verb} opens a dossier")


def _check_possible(process: Process, state: State, act: Act) -> None:
    if state.status in FINAL:
        raise NotPossible("the dossier has ended")
    if act.verb in ("check", "decide", "return", "refuse") and (state.waiting != "open" or state.step != act.step):
        raise NotPossible(f"the dossier waits at step {state.step!r}, not {act.step!r}")
    if act.verb in ("issue", "reopen") and process.step(state.step).verb != "record":
        raise NotPossible("no effect is pending")
    if act.verb == "progress" and (act.branch not in state.branches or state.branches[act.branch].state in ENDED):
        raise NotPossible(f"no branch {act.branch!r} is under way")


def _opened(service: Service, act: Act) -> State:
    if act.verb not in ("submit", "receive"):
        raise NotPossible("a dossier begins with its submission or reception")
    first = service.process.steps[0].step
    if act.verb == "receive":
        return _at(service.process, first, act, RECEIVED)
    branches = {b.branch: BranchState(b.service, act.detail["nodes"][b.branch], b.after) for b in service.branches}
    return State(NEW, first, "pending", "", act.at, branches=_filed(branches, act))


def _filed(branches: dict[str, BranchState], act: Act) -> dict[str, BranchState]:
    """The branches with those that this act sends on their way."""
    return {
        name: msgspec.structs.replace(branch, state="filed", since=act.at) if name in act.files else branch
        for name, branch in branches.items()
    }


def _next(process: Process, step: str) -> str:
    following = process.after(step)
    return following.step if following else ""


def _at(process: Process, name: str, act: Act, status: int) -> State:
    """At a step: a person's step is open for its role, a record step pending until its receipt."""
    step = process.step(name)
    waiting: Literal["open", "pending"] = "pending" if step.verb == "record" else "open"
    return State(status, name, waiting, step.role, act.at, act.due, act.reason)


def _branch_moved(state: State, act: Act) -> State:
    before = state.branches[act.branch]
    after = msgspec.convert({**msgspec.to_builtins(before), **act.outlook}, BranchState)
    branches = _filed({**state.branches, act.branch: after}, act)
    if after.state in ("refused", "stopped"):
        branches = _stop_followers(branches, act.branch)
    return _gathered(state, branches, act)


def _stop_followers(branches: dict[str, BranchState], failed: str) -> dict[str, BranchState]:
    """What was to follow a branch that failed does not begin."""
    for name, branch in branches.items():
        if branch.after == failed and branch.state == "waiting":
            branches = {**branches, name: msgspec.structs.replace(branch, state="stopped", reason="before-refused")}
    return branches


def _gathered(state: State, branches: dict[str, BranchState], act: Act) -> State:
    """The parent's status from its branches: new until one is received, ended when all have."""
    states = {branch.state for branch in branches.values()}
    if not states & {"waiting", "filed", "open", "pending"}:
        status = RETURNED if "done" in states else REJECTED
        return State(status, "", "", "", act.at, branches=branches)
    received = states & {"open", "pending", "done"}
    status = max(state.status, PROCESSING if states & {"pending", "done"} else RECEIVED) if received else state.status
    return msgspec.structs.replace(state, status=status, branches=branches)
