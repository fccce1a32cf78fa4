"""What every act of an officer begins with: the dossier, locked, at a step that is this officer's."""

from datetime import datetime
from typing import Any

from lienthong.casework import dossiers
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import PROCESSED, RETURNED, Act, NotPossible, held_by_another
from lienthong.catalogue.shapes import Service, Step
from lienthong.documents import attachments
from lienthong.exchange.node import Node
from lienthong.identity import officers
from lienthong.identity.types import Officer
from lienthong.kit import clock
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
    demand_free(tx, officer, step, dossier)
    if verb and step.verb != verb:
        raise NotPossible(f"this step is there to {step.verb}, not to {verb}")
    return dossier, service, step


def with_result(node: Node, tx: Tx, code: str, officer: Officer) -> tuple[Dossier, Service, Step]:
    """A dossier whose result stands, locked, with the step in which this officer's role decided it. Raises as above."""
    dossier, service = locked(node, tx, code)
    if dossier.state.status not in (PROCESSED, RETURNED) or dossier.state.waiting not in ("", "collect"):
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
    """Raises PermissionError unless the officer holds the step's role in the unit where the dossier lies."""
    if not holds(officer, step.role, dossier):
        raise PermissionError(f"{step.role} of {dossier.desk or 'this agency'} acts here")


def holds(officer: Officer, role: str, dossier: Dossier) -> bool:
    """Whether an officer has a role where the dossier lies."""
    return officer.holds(role, dossier.desk) if dossier.desk else role in officer.roles


class Taken(NotPossible):
    """A colleague has taken the dossier, and may still act on it."""

    def __init__(self, holder: str, until: datetime | None) -> None:
        super().__init__("a colleague has taken it")
        self.holder, self.until = holder, until


def demand_free(tx: Tx, officer: Officer, step: Step, dossier: Dossier) -> None:
    """Raises Taken while a colleague who still has the post holds it."""
    state, at = dossier.state, clock.now()
    if held_by_another(state, officer.number, at):
        colleague = officers.find(tx, state.holder, clock.today())
        if colleague and holds(colleague, step.role, dossier):
            raise Taken(state.holder_name, state.held_until)


class NotArrived(NotPossible):
    """A paper that was filed with the dossier is still on its way."""


def demand_arrived(tx: Tx, dossier: Dossier) -> None:
    """Raises NotArrived while a paper that was filed with it has not come."""
    code = dossier.identity.code
    papers = [str(paper["id"]) for paper in dossiers.content(tx, code).attachments if paper.get("id")]
    if papers and set(papers) - attachments.arrived(tx, papers):
        raise NotArrived("a paper that was filed has not arrived yet")


def demand_done_here(service: Service, step: Step) -> None:
    """Raises NotPossible where the step is done in a ministry's system: it ends with what that one gave (handoff)."""
    if service.card.handoff and service.card.handoff.step == step.step:
        raise NotPossible("this step ends with what the ministry's system gave")


def demand_reason(reason: str) -> None:
    """Raises ValueError: who is turned away is told why."""
    if not reason.strip():
        raise ValueError("required")


def signed_by(officer: Officer, role: str, dossier: Dossier) -> dict[str, str]:
    """Whose act it is, as its detail keeps it; who stands in for somebody away says for whom."""
    away = officer.instead_of(role, dossier.desk)
    return {"officer": officer.number, **({"instead_of": away} if away else {})}


def act_of(
    verb: Any, officer: Officer, dossier: Dossier, step: Step, at: datetime, *, rule: str = "", **more: Any
) -> Act:
    """An officer's act, with the law behind the step unless the act has its own."""
    detail = {**signed_by(officer, step.role, dossier), **more.pop("detail", {})}
    return Act(
        verb, at, officer.name, step.role, dossier.identity.agency, step.step, rule or step.rule, detail=detail, **more
    )
