"""Where a dossier goes from a step: the first line below that applies, in which unit, until when."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lienthong.casework import dossiers, limits
from lienthong.casework.dossiers import Dossier
from lienthong.catalogue import forms
from lienthong.catalogue.shapes import Process, Service, Step
from lienthong.exchange.node import Node
from lienthong.kit.storage import Tx


def way(node: Node, tx: Tx, service: Service, dossier: Dossier, step: Step, at: datetime) -> dict[str, Any]:
    """What an act that ends `step` says about the next: `to`, `desk` where it moves, `due`. Empty after the last."""
    declared = _declared(tx, service, dossier)
    following = after(service.process, step, declared)
    if following is None:
        return {}
    below = service.process.after(step.step)
    desk = str((declared.get(following.unit) if following.unit else None) or dossier.desk)
    due = limits.step_due(node, following, at, dossier.state.deadline, desk)
    told: dict[str, Any] = {"due": due, "to": "" if following is below else following.step}
    return {**told, "desk": desk} if desk != dossier.desk else told


def after(process: Process, step: Step, declared: Mapping[str, Any]) -> Step | None:
    """The first step below one whose condition holds; None after the last."""
    following = process.after(step.step)
    while following is not None and following.when and not forms.holds(following.when, declared):
        following = process.after(following.step)
    return following


def _declared(tx: Tx, service: Service, dossier: Dossier) -> Mapping[str, Any]:
    """What was declared, where a step depends on it."""
    if dossier.begun is not None:
        return dossier.begun.declared
    if any(step.when or step.unit for step in service.process.steps):
        return dossiers.content(tx, dossier.identity.code).declared
    return {}
