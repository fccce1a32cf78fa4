"""Results of past dossiers: entered in a register or numbered, sealed where the node's seal is at hand, given out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from lienthong.casework import delivering, results, values
from lienthong.casework.states import Act
from lienthong.catalogue.shapes import Step

if TYPE_CHECKING:
    from lienthong.demo.history_life import Life

_RECEPTION: Final = "reception_officer"


@dataclass(frozen=True)
class Results:
    """`records` are what registers hold of dossiers, by code; with `are_sealed` the node seals every result."""

    records: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    are_sealed: bool = False


def issue(life: "Life") -> None:
    """The register's owner answers within seconds; what no register holds is numbered at once."""
    step, dossier, node = life.step, life.dossier, life.office.node
    at = life.last
    if step.register:
        at += timedelta(seconds=0.4 + life.rng.expovariate(0.4))
    recorded = _recorded(life, step)
    detail: dict[str, Any] = {name: recorded[name] for name in ("register", "key", "result") if name in recorded}
    if dossier.begun and (wished := delivering.wished(life.service, dossier.begun)):
        detail["collect"] = wished
    if life.office.results.are_sealed and at <= life.office.until:
        dossier.result = results.issue(node, dossier, recorded, at)
    life.add(life.by_machine("issue", at, rule=step.rule, detail=detail))


def _recorded(life: "Life", step: Step) -> dict[str, Any]:
    """What the register, or the agency's book, says. A book's number tells the day and the dossier's own number."""
    code, agency = life.identity.code, life.identity.agency
    if step.register:
        known = life.office.results.records.get(code, {"number": code})
        return {"register": step.register, "key": str(known["number"]), "record": dict(known)}
    came, today = life.identity.received_at, life.last.date()
    number = f"{came:%j}{code.rpartition('-')[2][-3:]}"
    fields = {name: _value(life, told) for name, told in step.fields.items()}
    record = {"number": f"{int(number)}/{came.year}", "issued_on": today.isoformat(), **fields}
    key = f"{agency}/{step.result}/{came.year}/{int(number):06d}"
    return {"register": "", "key": key, "result": step.result, "record": record}


def _value(life: "Life", told: str) -> Any:
    """What a result says; None where that came from another system, which has no past here."""
    try:
        return values.value(told, life.dossier, life.declared, {}, life.last.date())
    except LookupError:
        return None


def series(key: str) -> tuple[str, int]:
    """The book that a result's key was numbered in, and its number there."""
    book, _, number = key.rpartition("/")
    return f"result/{book}", int(number)


def deliver(life: "Life") -> None:
    """Fetched at the one-stop some days later, or sent."""
    worker = life.worker(_RECEPTION, life.dossier.desk)
    issued = next(act for act in reversed(life.dossier.fresh) if act.verb == "issue")
    by_post = issued.detail.get("collect") == "post"
    at = life.later(1.0 + life.rng.expovariate(1 / 8.0))
    receiver = f"EV{int(life.rng.random() * 10**9):09d}VN" if by_post else life.identity.subject
    way = "post" if by_post else "counter"
    detail = {"officer": worker.officer.number, "way": way, "receiver": receiver, "note": ""}
    name, agency = worker.officer.name, life.identity.agency
    life.add(Act("deliver", at, name, _RECEPTION, agency, rule=delivering.RULE, detail=detail))
