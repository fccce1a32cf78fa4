"""How an agency counted the time it promised, from what it told the portal of its acts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lienthong.casework import counting
from lienthong.casework.counting import Line
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import Act, BranchState
from lienthong.exchange.node import Node


def counted(
    node: Node,
    dossier: Dossier,
    name: str,
    branch: BranchState,
    told: Sequence[Mapping[str, Any]],
    declared: Mapping[str, Any],
) -> list[Line]:
    """Line by line, by the calendar of the unit that decides the branch; empty while nothing is promised."""
    if branch.deadline is None or not told:
        return []
    identity = dossier.identity
    parent = node.catalogue.shown(identity.service, identity.revision)
    field = next((one.unit for one in parent.branches if one.branch == name), "")
    calendar = node.catalogue.calendar_of(declared.get(field), branch.node)
    limit = node.catalogue.shown(branch.service, branch.revision).card.limit
    return counting.lines(calendar, limit, [_act(one) for one in told], branch.deadline)


def _act(told: Mapping[str, Any]) -> Act:
    """An act as far as its agency tells of it."""
    deadline = told.get("deadline")
    return Act(
        told["verb"], _moment(told["at"]), told["actor"], rule=told["rule"], reason=told["reason"],
        deadline=_moment(deadline) if deadline else None, asks=told.get("asks", {}),
    )  # fmt: skip


def _moment(value: str | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
