"""Results given out, over the counter or by post, to the owner or whom they sent (Decree 118/2025/NĐ-CP, Art. 22)."""

from typing import Literal

from lienthong.casework import dossiers
from lienthong.casework.desks import holds, locked, signed_by
from lienthong.casework.dossiers import Content, Dossier
from lienthong.casework.states import Act
from lienthong.casework.telling import save_and_tell
from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx

RULE = "Nghị định 118/2025/NĐ-CP, Điều 22"
_TERM, _ELECTRONIC = "delivery", "electronic"
_AT_COUNTER = {"here": "one_stop", "there": "one_stop", "post": "post"}

Way = Literal["counter", "post"]


def wished(service: Service, content: Content) -> str:
    """How the applicant wants the paper: one_stop or post; empty where the electronic result is all. Who came to the
    counter was asked there, where the form does not ask."""
    declared = content.declared
    named = (str(declared.get(name) or "") for name, field in service.form.fields.items() if field.term == _TERM)
    asked = next((way for way in named if way not in ("", _ELECTRONIC)), "")
    return asked or _AT_COUNTER.get(str(content.contact.get("wish") or ""), "")


def givers(service: Service) -> frozenset[str]:
    """The roles that give out a service's results: who receives its dossiers; where nobody does, who works on them."""
    steps = [step for step in service.process.steps if step.role]
    return frozenset(step.role for step in steps if step.verb == "receive") or frozenset(step.role for step in steps)


def giver(officer: Officer, service: Service, dossier: Dossier) -> str:
    """The role in which this officer gives out this result. Raises PermissionError."""
    role = next((role for role in sorted(givers(service)) if holds(officer, role, dossier)), "")
    if not role:
        raise PermissionError(f"{' or '.join(sorted(givers(service)))} of {dossier.desk or 'this agency'} acts here")
    return role


def deliver(node: Node, tx: Tx, code: str, officer: Officer, way: Way, *, to: str, note: str = "") -> Dossier:
    """The result is given out: national code 10. `to` is who took it, or the post's number.

    Raises LookupError, PermissionError, NotPossible; ValueError when nobody is named.
    """
    if not to.strip():
        raise ValueError("required")
    dossier, service = locked(node, tx, code)
    role = giver(officer, service, dossier)
    detail = {**signed_by(officer, role, dossier), "way": way, "receiver": to, "note": note}
    agency = dossier.identity.agency
    act = Act("deliver", clock.now(), officer.name, role, agency, rule=RULE, detail=detail)
    dossiers.add(service, dossier, act)
    save_and_tell(node, tx, service, dossier)
    return dossier
