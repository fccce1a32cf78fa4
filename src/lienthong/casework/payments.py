"""A dossier that waits for money: the clock stands until the payment is shown (Decree 118/2025/NĐ-CP, Art. 24; national
status code 6). Who collects and how is not decided here: a receipt's number ends the wait."""

from lienthong.casework import dossiers, pauses
from lienthong.casework.desks import act_of, at_desk, holds, locked, signed_by
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import MACHINE, Act
from lienthong.casework.telling import save_and_tell
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx

RULE = "Nghị định 118/2025/NĐ-CP, Điều 24"


def ask_payment(node: Node, tx: Tx, code: str, officer: Officer, amount: int, what: str) -> Dossier:
    """Ask the applicant for `amount` (đồng). Raises ValueError for nothing; else as every act."""
    if amount <= 0 or not what.strip():
        raise ValueError("required")
    dossier, service, step = at_desk(node, tx, code, officer)
    asks = {"kind": "payment", "amount": amount, "what": what}
    act = act_of("ask_payment", officer, dossier, step, clock.now(), asks=asks, reason="payment", rule=RULE)
    dossiers.add(service, dossier, act)
    save_and_tell(node, tx, service, dossier)
    return dossier


def paid(node: Node, tx: Tx, code: str, receipt: str, officer: Officer | None = None) -> Dossier:
    """The money is there: the clock goes on. An officer who says so has a role in the process where the dossier lies.

    Raises ValueError without a receipt's number, PermissionError, NotPossible, LookupError.
    """
    if not receipt.strip():
        raise ValueError("required")
    dossier, service = locked(node, tx, code)
    roles = [step.role for step in service.process.steps if step.role]
    role = next((one for one in roles if officer and holds(officer, one, dossier)), "")
    if officer and not role:
        raise PermissionError(f"who works on it in {dossier.desk or 'this agency'} says so")
    who = signed_by(officer, role, dossier) if officer else {}
    actor = officer.name if officer else MACHINE
    act = Act("paid", clock.now(), actor, role, detail={**who, "receipt": receipt})
    pauses.wake(node, tx, service, dossier, dossiers.content(tx, code), act)
    save_and_tell(node, tx, service, dossier)
    return dossier
