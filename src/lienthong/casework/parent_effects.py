"""What acts do to the parent of an interlinked service: its branches, and its own status from theirs."""

import msgspec

from lienthong.casework.acts import (
    ANNULLED,
    ENDED,
    NEW,
    PAYMENT,
    PROCESSED,
    PROCESSING,
    RECEIVED,
    REJECTED,
    RETURNED,
    STOPPED,
    SUPPLEMENT,
    WITHDRAWN,
    Act,
    BranchState,
    State,
)  # fmt: skip
from lienthong.catalogue.shapes import Process


def withdrawn(process: Process, state: State, act: Act) -> State:
    """A parent takes with it the branches that never began; the others say themselves how they end."""
    branches = {
        name: msgspec.structs.replace(branch, state="withdrawn") if branch.state == "waiting" else branch
        for name, branch in state.branches.items()
    }
    return _gathered(process, state, branches, act)


def corrected(process: Process, state: State, act: Act) -> State:
    """At a parent: a value was corrected, what it held up is filed. At a branch: its result was replaced."""
    correction = act.detail.get("correction")
    branches = {
        name: msgspec.structs.replace(branch, held=[one for one in branch.held if one != correction])
        for name, branch in state.branches.items()
    }
    return msgspec.structs.replace(state, branches=filed(branches, act), reason=act.reason)


def filed(branches: dict[str, BranchState], act: Act) -> dict[str, BranchState]:
    """The branches with those that this act sends on their way."""
    return {
        name: msgspec.structs.replace(branch, state="filed", since=act.at) if name in act.files else branch
        for name, branch in branches.items()
    }


def moved(process: Process, state: State, act: Act) -> State:
    before = state.branches[act.branch]
    kept = {**msgspec.to_builtins(before), "reason": "", "asks": {}, "due": None}
    after = msgspec.convert({**kept, **act.outlook}, BranchState)
    branches = filed({**state.branches, act.branch: after}, act)
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
        status = next(code for name, code in _ENDS.items() if name in states)
        if status == RETURNED and PROCESSED in {branch.status for branch in branches.values()}:
            status = PROCESSED  # a paper still waits to be collected
        ended = {"step": "", "waiting": "", "role": "", "since": act.at, "due": None, "reason": ""}
        reason = ANNULLED if status == STOPPED and ANNULLED in states else ""
        return msgspec.structs.replace(state, **{**ended, "reason": reason}, status=status, branches=branches)
    codes = {branch.status for branch in branches.values()}
    if codes & {SUPPLEMENT, PAYMENT}:
        status = SUPPLEMENT if SUPPLEMENT in codes else PAYMENT
    elif codes & {PROCESSING, PROCESSED, RETURNED} or states & {"pending", "done"}:
        status = PROCESSING
    else:
        status = RECEIVED if RECEIVED in codes else NEW
    first = process.steps[0].step
    return msgspec.structs.replace(state, status=status, step=first, waiting="pending", branches=branches)


# When every branch has ended, the first of these that one of them ended with decides.
_ENDS = {
    "done": RETURNED, "refused": REJECTED, ANNULLED: STOPPED, "withdrawn": WITHDRAWN, "stopped": STOPPED,
}  # fmt: skip
