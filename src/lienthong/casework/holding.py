"""On whose desk a dossier lies. What is taken is held until the end of the next working day, and never longer than the
holder has the post (desks.demand_free)."""

from lienthong.casework import dossiers
from lienthong.casework.desks import act_of, at_desk, holds
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import held_by_another
from lienthong.casework.telling import save_and_tell
from lienthong.exchange.node import Node
from lienthong.identity import officers
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx

HELD_DAYS = 1  # working days after the one on which it was taken


def take(node: Node, tx: Tx, code: str, officer: Officer) -> Dossier:
    """Raises desks.Taken while a colleague holds it; NotPossible, PermissionError, LookupError as every act."""
    return _lay(node, tx, code, officer, "take", {})


def hand_over(node: Node, tx: Tx, code: str, officer: Officer, to: str, note: str = "") -> Dossier:
    """Lay it on a colleague's desk. Raises ValueError for somebody who may not do this step; else as `take`."""
    colleague = officers.find(tx, to, clock.today())
    if colleague is None or to == officer.number:
        raise ValueError("no-such-colleague")
    found = dossiers.load(tx, code, lock=True)
    if found is None:
        raise LookupError(code)
    if not holds(colleague, found.state.role, found):
        raise ValueError("no-such-colleague")
    return _lay(node, tx, code, officer, "hand_over", {"to_officer": to, "to_name": colleague.name, "note": note})


def release(node: Node, tx: Tx, code: str, officer: Officer) -> Dossier:
    """Anybody of the role may take it again."""
    dossier, service, step = at_desk(node, tx, code, officer)
    dossiers.add(service, dossier, act_of("release", officer, dossier, step, clock.now()))
    save_and_tell(node, tx, service, dossier)
    return dossier


def _lay(node: Node, tx: Tx, code: str, officer: Officer, verb: str, detail: dict[str, str]) -> Dossier:
    dossier, service, step = at_desk(node, tx, code, officer)
    at = clock.now()
    until = node.catalogue.calendar_of(dossier.desk).due(at, HELD_DAYS)
    if held_by_another(dossier.state, officer.number, at):  # by somebody who has left the post: a lock ends with it
        dossiers.add(service, dossier, act_of("release", officer, dossier, step, at, reason="holder-left"))
    act = act_of(verb, officer, dossier, step, at, detail={**detail, "until": until.isoformat()})
    dossiers.add(service, dossier, act)
    save_and_tell(node, tx, service, dossier)
    return dossier
