"""What every act of an officer begins with: the dossier, locked, at a step that is this officer's."""

from datetime import datetime
from typing import Any

from lienthong.casework import dossiers
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import RETURNED, Act, NotPossible
from lienthong.catalogue.shapes import Service, Step
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit.storage import Tx


def at_desk(node: Node, tx: Tx, code: str, officer: Officer, verb: str = "") -> tuple[Dossier, Service, Step]:
    """The dossier, locked, at a step this officer may act in; with `verb`, at one that asks for just that.

    Raises LookupError, PermissionError, NotPossible.
    """
    dossier, service = locked(node, tx, code)
    if dossier.state.waiting != "open":
        raise NotPossible("the dossier does not wait for an officer")
    step = service.process.step(dossier.state.step)
    demand_role(officer, step, dossier)
    if verb and step.verb != verb:
        raise NotPossible(f"this step is there to {step.verb}, not to {verb}")
    return dossier, service, step


def with_result(node: Node, tx: Tx, code: str, officer: Officer) -> tuple[Dossier, Service, Step]:
    """A dossier whose result stands, locked, with the step in which this officer's role decided it. Raises as above."""
    dossier, service = locked(node, tx, code)
    if dossier.state.status != RETURNED or dossier.state.waiting:
        raise NotPossible("the dossier has no result that stands")
    step = next(step for step in service.process.steps if step.verb == "decide")
    demand_role(officer, step, dossier)
    return dossier, service, step


def locked(node: Node, tx: Tx, code: str) -> tuple[Dossier, Service]:
    """Raises LookupError."""
    dossier = dossiers.load(tx, code, lock=True)
    if dossier is None:
        raise LookupError(code)
    return dossier, node.catalogue.service(dossier.identity.service, dossier.identity.revision)


def demand_role(officer: Officer, step: Step, dossier: Dossier) -> None:
    """Raises PermissionError unless the officer holds the step's role in the dossier's unit."""
    unit = dossier.identity.unit
    if not (officer.holds(step.role, unit) if unit else step.role in officer.roles):
        raise PermissionError(f"{step.role} of {unit} acts here")


def act_of(
    verb: Any, officer: Officer, dossier: Dossier, step: Step, at: datetime, *, rule: str = "", **more: Any
) -> Act:
    """An officer's act, with the law behind the step unless the act has its own."""
    detail = {"officer": officer.number, **more.pop("detail", {})}
    return Act(
        verb, at, officer.name, step.role, dossier.identity.agency, step.step, rule or step.rule, detail=detail, **more
    )
