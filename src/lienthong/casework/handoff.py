"""A step that is done in a ministry's own system, so that nobody types it there and here.

    values      what goes there, in the order of its screen
    enlist      dossiers that have come to such a step
    sent        its system took it; it will call back
    reported    it says how it stands; with the result the dossier goes on by itself
    copied      an officer carried the values over and brought back number, day and proof

A service says so in its service.yaml (`handoff`). What comes back stands in the act: system, number, day, and the
digest of the stored proof. A check at such a step is possible in no other way.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final, Literal

import msgspec

from lienthong.casework import dossiers, journey
from lienthong.casework import values as named
from lienthong.casework.desks import act_of, at_desk, locked
from lienthong.casework.dossiers import Dossier
from lienthong.casework.onward import way
from lienthong.casework.states import MACHINE, Act, NotPossible
from lienthong.casework.telling import save_and_tell
from lienthong.catalogue.shapes import HandOff, HandOffField, Service
from lienthong.documents import attachments
from lienthong.documents.contents import Content
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx
from lienthong.registers.wording import shown

# What a system reports (domain.md §5.5).
TAKEN, SUPPLEMENT, ACCEPTED, RESULT, RETURNED, REFUSED = 1, 2, 3, 4, 5, 6
KIND: Final = "handoff"  # of the attachment that proves what came back
LONGEST_COPY: Final = timedelta(hours=2)  # a screen left open is not work
_IN_WORDS: Final = ("code", "unit", "facility", "place", "date", "moment")
_FIRST_PAUSE, _LONGEST_PAUSE = 5, 600
_COLUMNS = (
    "dossier, step, system, unit, state, way, opened_at, attempts, problem, theirs, status, said, number, issued_on,"
    " proof, sha256, copied, seconds, by_name, ended_at"
)
_ENLIST = """
INSERT INTO handoff (dossier, step, system, unit, opened_at, next_at)
SELECT code, %(step)s, %(system)s, desk, %(at)s, %(at)s FROM dossier
WHERE service = %(service)s AND step = %(step)s AND waiting = 'open'
ON CONFLICT DO NOTHING
"""
_DUE = f"""
SELECT {_COLUMNS} FROM handoff WHERE state = 'waiting' AND next_at <= %s AND system = ANY (%s)
AND EXISTS (SELECT FROM dossier WHERE code = handoff.dossier AND step = handoff.step AND waiting = 'open')
ORDER BY next_at LIMIT 20
"""
_SENT = "UPDATE handoff SET state = 'sent', theirs = %s, status = %s, problem = '' WHERE dossier = %s AND step = %s"
_LATER = "UPDATE handoff SET attempts = attempts + 1, next_at = %s, problem = %s WHERE dossier = %s AND step = %s"
_SAID = "UPDATE handoff SET state = %s, status = %s, said = %s WHERE dossier = %s AND step = %s"
_DONE = """
UPDATE handoff SET state = 'done', way = %s, status = %s, number = %s, issued_on = %s, proof = %s, sha256 = %s,
    copied = %s, seconds = %s, by_number = %s, by_name = %s, ended_at = %s WHERE dossier = %s AND step = %s
"""
_OF = f"SELECT {_COLUMNS} FROM handoff WHERE dossier = %s AND step = %s"
_COST = """
SELECT system, count(*) FILTER (WHERE way = 'adapter') AS by_adapter, count(*) FILTER (WHERE way = 'copy') AS by_hand,
    coalesce(sum(copied), 0)::integer AS copied, coalesce(sum(seconds), 0)::integer AS seconds,
    coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE way = 'copy'), 0)::integer AS median
FROM handoff WHERE ended_at >= %s AND unit = ANY (%s) GROUP BY system ORDER BY system
"""


class Row(msgspec.Struct, frozen=True):
    """One hand-over as it stands."""

    dossier: str
    step: str
    system: str
    unit: str
    state: Literal["waiting", "sent", "done", "refused"]
    way: str
    opened_at: datetime
    attempts: int
    problem: str
    theirs: str
    status: int
    said: str
    number: str
    issued_on: date | None
    proof: str
    sha256: str
    copied: int
    seconds: int
    by_name: str
    ended_at: datetime | None


class Back(msgspec.Struct, frozen=True):
    """What a system gave: its number and day, the stored proof and its digest."""

    number: str
    issued_on: date
    proof: str = ""
    sha256: str = ""


def of(service: Service, dossier: Dossier) -> HandOff | None:
    """The hand-off at which a dossier stands now, if it stands at one."""
    told = service.card.handoff
    return told if told and dossier.state.waiting == "open" and dossier.state.step == told.step else None


def values(node: Node, tx: Tx, service: Service, dossier: Dossier) -> dict[str, str]:
    """What each field of the system's screen gets, in its order, as people write it; what has no value is left out."""
    told = service.card.handoff
    assert told is not None, "the service says which system it is"
    declared = dossiers.content(tx, dossier.identity.code).declared
    found = {field: named.value(field.value, dossier, declared, {}, clock.today()) for field in told.fields}
    return {f.name: _written(node, service, f, str(value)) for f, value in found.items() if value not in (None, "")}


def _written(node: Node, service: Service, field: HandOffField, value: str) -> str:
    """Codes, places and days in words; numbers and texts as they are."""
    spec = service.form.fields.get(field.value)
    term = service.terms[spec.term] if spec else None
    return shown(node, term, value, "vi") if term and term.type in _IN_WORDS else value


# ---------------------------------------------------------------------- by adapter


def enlist(node: Node, tx: Tx) -> None:
    """Write down the dossiers that have come to a step of a ministry's system since."""
    for service in node.catalogue.services.values():
        if service.card.handoff and service.card.handled_by == node.name:
            told = service.card.handoff
            tx.touch(_ENLIST, {"service": service.slug, "step": told.step, "system": told.system, "at": clock.now()})


def due(tx: Tx, systems: list[str]) -> list[Row]:
    """What is to be sent now to these systems."""
    return [Row(*row) for row in tx.all(_DUE, (clock.now(), systems))]


def sent(tx: Tx, row: Row, theirs: str, status: int) -> None:
    tx.run(_SENT, (theirs, status, row.dossier, row.step))


def not_sent(tx: Tx, row: Row, problem: str) -> None:
    """It is tried again, half as often each time."""
    pause = timedelta(seconds=min(_FIRST_PAUSE << min(row.attempts, 10), _LONGEST_PAUSE))
    tx.run(_LATER, (clock.now() + pause, problem, row.dossier, row.step))


def token(secret: str, dossier: str, step: str) -> str:
    """What the system must show when it calls back about this dossier: it hangs on our secret, no table holds it."""
    return hmac.new(secret.encode(), f"handoff {dossier} {step}".encode(), hashlib.sha256).hexdigest()


def reported(node: Node, tx: Tx, code: str, step: str, status: int, said: str, back: Back | None) -> Dossier | None:
    """The system says how it stands. With its result the dossier goes on; the same report again changes nothing.

    Raises LookupError for a dossier that was never handed over, ValueError for a result without number.
    """
    dossier, service = locked(node, tx, code)
    row = row_of(tx, code, step)
    if row is None:
        raise LookupError(code)
    if row.state == "done":
        return None
    if status == RESULT:
        if back is None or not back.number:
            raise ValueError("a result has its number and its day")
        return _done(node, tx, service, dossier, back, officer=None)
    tx.run(_SAID, ("refused" if status in (REFUSED, RETURNED) else "sent", status, said[:500], code, step))
    return None


# ---------------------------------------------------------------------- by hand


def copied(node: Node, tx: Tx, code: str, officer: Officer, back: Back, *, fields: int, began: datetime) -> Dossier:
    """An officer carried the values over and brings back what the system gave. `fields` is how many, since `began`.

    Raises LookupError, PermissionError, NotPossible; ValueError: number, proof.
    """
    dossier, service, _step = at_desk(node, tx, code, officer, "check")
    if not back.number:
        raise ValueError("number")
    if not back.sha256:
        raise ValueError("proof")
    enlist(node, tx)
    took = min(max(clock.now() - began, timedelta()), LONGEST_COPY)
    return _done(node, tx, service, dossier, back, officer=officer, fields=fields, seconds=int(took.total_seconds()))


def _done(
    node: Node,
    tx: Tx,
    service: Service,
    dossier: Dossier,
    back: Back,
    *,
    officer: Officer | None,
    fields: int = 0,
    seconds: int = 0,
) -> Dossier:
    """The step is done; the dossier goes on from it."""
    told = of(service, dossier)
    if told is None:
        raise NotPossible("the dossier does not stand at the ministry's system")
    at, code, step = clock.now(), dossier.identity.code, service.process.step(told.step)
    detail = {"handoff": {"system": told.system, "number": back.number, "issued_on": back.issued_on.isoformat(),
                          "sha256": back.sha256, "copied": fields}}  # fmt: skip
    onward = way(node, tx, service, dossier, step, at)
    if officer:
        act = act_of("check", officer, dossier, step, at, detail=detail, **onward)
    else:
        act = Act("check", at, MACHINE, "", dossier.identity.agency, step.step, step.rule, detail=detail, **onward)
    who = (officer.number, officer.name) if officer else ("", "")
    done = ("copy" if officer else "adapter", RESULT, back.number, back.issued_on, back.proof, back.sha256)
    tx.touch(_DONE, (*done, fields, seconds, *who, at, code, told.step))
    dossiers.add(service, dossier, act)
    journey.go_on(node, tx, service, dossier, dossiers.content(tx, code))
    save_and_tell(node, tx, service, dossier)
    return dossier


def keep_proof(tx: Tx, file: Content, case: str) -> tuple[str, str]:
    """Keep what proves the result with the dossier; its identifier and digest."""
    place = f"{KIND}/{new_id()}"
    entry = attachments.keep(tx, new_id(), place, "", KIND, "ket-qua", file)
    attachments.filed(tx, place, case)
    return entry.id, entry.sha256


# ---------------------------------------------------------------------- looked at


def row_of(tx: Tx, code: str, step: str) -> Row | None:
    row = tx.one(_OF, (code, step))
    return Row(*row) if row else None


class Cost(msgspec.Struct, frozen=True):
    """What a system cost a unit since a day: dossiers by adapter and by hand, values and seconds of copying."""

    system: str
    by_adapter: int
    by_hand: int
    copied: int
    seconds: int
    median: int


def cost(tx: Tx, units: list[str], since: datetime) -> list[Cost]:
    return [Cost(*row) for row in tx.all(_COST, (since, units))]


def place(tx: Tx, system: str) -> str:
    """Where people find the system; empty where nobody said."""
    return str(tx.value("SELECT site FROM handoff_site WHERE system = %s", (system,)) or "")


def at_places(tx: Tx, sites: Mapping[str, str]) -> None:
    """Write down where people find the systems."""
    for system, site in sites.items():
        tx.touch(
            "INSERT INTO handoff_site (system, site) VALUES (%s, %s)"
            " ON CONFLICT (system) DO UPDATE SET site = excluded.site",
            (system, site),
        )
