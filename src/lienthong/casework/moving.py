"""Dossiers on their way: from a reception point to the competent unit, and work that another unit does.

Any reception point of the province takes in a `placeless` service. Two clocks: the point passes it on the same working
day, at the start of the next after 15:00; the time of the decision begins when the competent unit has it (Decree
118/2025/NĐ-CP, Art. 17 and 18, as amended by 309/2026/NĐ-CP).
"""

from datetime import datetime
from typing import Any

from lienthong.casework import dossiers, limits
from lienthong.casework.desks import act_of, demand_reason, holds, locked, signed_by
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import MACHINE, Act
from lienthong.casework.telling import save_and_tell
from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx

RECEPTION, HEAD = "reception_officer", "chair"
RULE = "Nghị định 118/2025/NĐ-CP, Điều 18; Nghị định 309/2026/NĐ-CP"
WORK_RULE = "Luật Tổ chức chính quyền địa phương 72/2025/QH15"


def is_elsewhere(dossier: Dossier) -> bool:
    """Whether it lies at a reception point that is not the competent unit's."""
    unit = dossier.identity.unit
    return bool(unit and dossier.identity.intake) and dossier.desk != unit


def pass_on(node: Node, service: Service, dossier: Dossier, officer: Officer, *, originals: bool) -> None:
    """On its way to the competent unit, which has at once what needs no carrying."""
    at, step = dossier.fresh[-1].at, service.process.step(dossier.state.step)
    due = limits.transfer_due(node, dossier, at)
    detail = {"to_unit": dossier.identity.unit, "originals": originals}
    act = act_of("forward", officer, dossier, step, at, due=due, rule=RULE, detail=detail)
    dossiers.add(service, dossier, act)
    if not originals:
        dossiers.add(service, dossier, arrival(node, service, dossier, at, MACHINE, {}))


def arrival(node: Node, service: Service, dossier: Dossier, at: datetime, actor: str, detail: dict[str, Any]) -> Act:
    """The competent unit has it: the time of the decision begins."""
    step, identity = service.process.step(dossier.state.step), dossier.identity
    deadline = limits.promised(node, service, at, identity.unit)
    due = limits.step_due(node, step, at, deadline, identity.unit)
    return Act(
        "arrive", at, actor, "" if actor == MACHINE else RECEPTION, identity.agency, step.step, RULE, due=due,
        deadline=deadline, desk=identity.unit or "", detail=detail,
    )  # fmt: skip


def transfer(node: Node, tx: Tx, code: str, officer: Officer, unit: str, reason: str) -> Dossier:
    """Another unit of the agency does the work from now on; who is competent stays, and so does the promised time.

    The unit's head gives it away. Raises ValueError without a reason, for the unit where it lies or an unknown one;
    else as every act.
    """
    demand_reason(reason)
    dossier, service = locked(node, tx, code)
    if not holds(officer, HEAD, dossier):
        raise PermissionError(f"the head of {dossier.desk} moves its work")
    if unit == dossier.desk or unit not in {one.code for one in node.territory.units()}:
        raise ValueError("it lies there already, or there is no such unit")
    step = service.process.step(dossier.state.step)
    detail = {**signed_by(officer, HEAD, dossier), "to_unit": unit}
    act = Act(
        "transfer", clock.now(), officer.name, HEAD, dossier.identity.agency, step.step, WORK_RULE, reason, desk=unit,
        detail=detail,
    )  # fmt: skip
    dossiers.add(service, dossier, act)
    save_and_tell(node, tx, service, dossier)
    return dossier
