"""Slips taken in when the line is back: in order, each once, under the time at which it was written.

take       a slip comes: kept at once; then who it is and what registers hold is asked, as at the counter; then it opens
           as a dossier that came in at its own time, or waits for an officer with what stands against it
settle     an officer says what becomes of one in conflict: by another time, or dropped for a reason

Nothing is overwritten: the same slip again gets the answer it got; another one under a used number stands beside it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from lienthong.casework.acts import FINAL, PROCESSED
from lienthong.catalogue import forms
from lienthong.catalogue.shapes import Service
from lienthong.desk import counter, intake_form, intake_taking, offline_slips
from lienthong.desk import intake_drafts as drafts
from lienthong.desk.counter import Claim
from lienthong.desk.intake_drafts import Applicant, Contact, Intake
from lienthong.desk.intake_form import Reading
from lienthong.desk.offline_slips import Sealed, Slip, Unreadable, Written
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx

CLOCKS_DIFFER: Final = timedelta(minutes=2)
TOO_OLD: Final = timedelta(days=7)
_SAME_OPEN = "SELECT code FROM dossier WHERE applicant = %s AND service = %s AND NOT status = ANY(%s) LIMIT 1"
UNREADABLE, SILENT = "slip-unreadable", "not-answered"
_LONGEST: Final = 300


class Machine(msgspec.Struct, frozen=True):
    """The clock of the machine that sends: now, and when it last spoke with us (both clocks at that moment)."""

    now: datetime
    synced: datetime | None = None  # by its own clock
    server: datetime | None = None  # by ours

    def off_by(self, at: datetime) -> timedelta:
        """How far its clock is from ours now, or was when they last met: whichever is more."""
        offsets = [at - self.now]
        if self.synced and self.server:
            offsets.append(self.server - self.synced)
        return max(offsets, key=abs)


class OutOfOrder(Exception):
    """An earlier slip of the series has not come: `expected` is the place of the next."""

    def __init__(self, expected: int) -> None:
        super().__init__(str(expected))
        self.expected = expected


def take(node: Node, officer: Officer, units: Iterable[str], sealed: Sealed, machine: Machine) -> Slip:
    """A slip as it stands after this call. Sent again, the same answer.

    Raises LookupError for a series that is not of these units, Unreadable for a number that is none, OutOfOrder.
    """
    with node.database.transaction() as tx:
        slip = _keep(node, tx, officer, units, sealed, machine)
    return _go_on(node, officer, units, slip) if slip.state == "waiting" else slip


def _keep(node: Node, tx: Tx, officer: Officer, units: Iterable[str], sealed: Sealed, machine: Machine) -> Slip:
    """The slip, written down with the intake that it begins, or as it was written down before."""
    name, place = offline_slips.place(sealed.number)
    series = offline_slips.series(tx, name, units)
    if series is None:
        raise LookupError(name)
    if again := offline_slips.known(tx, sealed.number, sealed.digest):
        return again
    used = offline_slips.known(tx, sealed.number)
    if not used and (place != series.taken + 1 or place > series.last):
        raise OutOfOrder(series.taken + 1)
    try:
        written = offline_slips.open_sealed(series.private_key, sealed)
    except Unreadable:
        return _unreadable(tx, series, sealed)
    at = clock.now()
    off = machine.off_by(at)
    other = written.at + off if abs(off) > CLOCKS_DIFFER else None
    slip = Slip(
        sealed.number, sealed.digest, name, series.unit, written.officer[:_LONGEST], written.at, other, at, "waiting",
        [], "", "", "", "",
    )  # fmt: skip
    if written.void:
        offline_slips.keep(tx, slip)
        offline_slips.end(tx, slip, "dropped", officer, reason=written.void[:_LONGEST])
        return offline_slips.known(tx, slip.number, slip.digest) or slip
    intake = _begin(node, tx, officer, slip, written)
    slip = msgspec.structs.replace(slip, intake=intake)
    if used or not intake:
        slip = msgspec.structs.replace(
            slip, state="conflict", problems=["number-used" if used else "service-withdrawn"]
        )
    offline_slips.keep(tx, slip)
    return slip


def _unreadable(tx: Tx, series: Any, sealed: Sealed) -> Slip:
    """One that its key does not open holds up nothing: it stands in the list, and stays on its machine."""
    at = clock.now()
    slip = Slip(
        sealed.number, sealed.digest, series.name, series.unit, "", at, None, at, "conflict", [UNREADABLE],
        "", "", "", "",
    )  # fmt: skip
    offline_slips.keep(tx, slip)
    return slip


def _begin(node: Node, tx: Tx, officer: Officer, slip: Slip, written: Written) -> str:
    """The intake of a slip, or none where this node knows no such service."""
    service = node.catalogue.services.get(written.service)
    if service is None:
        return ""
    said = {name: forms.clean(text)[:_LONGEST] for name, text in (written.person | written.contact).items()}
    number, name, born, gender = (said.get(part, "") for part in ("number", "name", "birth_date", "gender"))
    shown = "card" if said.get("shown") == "card" else "slip"
    applicant = Applicant(number, name, born, gender, shown, verified=False)
    note = forms.clean(written.note)[:_LONGEST]
    contact = Contact(name, said.get("phone", ""), said.get("email", ""), said.get("address", ""), note=note)
    typed: dict[str, Any] = {name: value for name, value in written.values.items() if name in service.form.fields}
    typed |= {name: value == "yes" for name, value in typed.items() if _is_flag(service, name)}
    papers = {kind: pages for kind, pages in written.papers.items() if kind in service.form.fields}
    return drafts.open_for(
        tx, officer, slip.unit, service, applicant, "counter", contact=contact, typed=typed,
        papers=papers, came_at=slip.said_at, slip=slip.number,
    )  # fmt: skip


def _is_flag(service: Service, name: str) -> bool:
    return service.terms[service.form.fields[name].term].type == "flag"


# as at the counter


def _go_on(node: Node, officer: Officer, units: Iterable[str], slip: Slip) -> Slip:
    """Ask who it is and what registers hold, with no transaction open; then open it, or say what stands against it."""
    with node.database.transaction() as tx:
        intake = drafts.load(tx, slip.intake, units)
    assert intake is not None, "a slip that waits has its intake"
    reading, problems = _judged(node, officer, slip, intake)
    with node.database.transaction() as tx:
        now = offline_slips.known(tx, slip.number, slip.digest)
        assert now is not None
        if now.state != "waiting":
            return now  # sent twice at once: the other one was first
        if problems == [SILENT]:
            return now  # it waits, and is asked about again when it is sent again
        if not problems and reading is not None:
            problems = _already_open(tx, intake)
        if problems or reading is None:
            offline_slips.end(tx, now, "conflict", officer, problems=problems)
        else:
            intake_taking.take_here(node, tx, officer, reading)
        return offline_slips.known(tx, slip.number, slip.digest) or now


def _judged(node: Node, officer: Officer, slip: Slip, intake: Intake) -> tuple[Reading | None, list[str]]:
    problems = _of_time(slip)
    service = next((one for one in intake_form.offered(node, "counter") if one.slug == intake.service), None)
    if service is None:
        return None, [*problems, "service-withdrawn"]
    who = intake.applicant
    found, why = counter.identify(node, Claim(who.number, who.name, who.birth_date, who.gender), officer)
    if found is None:
        return None, [*problems, why]
    applicant = Applicant(found.number, found.name, found.birth_date.isoformat(), found.gender, who.shown)
    with node.database.transaction() as tx:
        drafts.keep_applicant(tx, intake.id, applicant)
    known = msgspec.structs.replace(intake, applicant=applicant, answers=[], asked_at=None)
    reading = intake_form.fill(node, officer, known, service)
    wrong = ["slip-incomplete"] if reading.errors else []
    return reading, [*problems, *wrong]


def _of_time(slip: Slip) -> list[str]:
    """A machine whose clock was wrong, a slip from too long ago or from tomorrow."""
    problems = ["clock-off"] if slip.other_at else []
    if slip.said_at > slip.came_at + CLOCKS_DIFFER:
        problems = ["clock-off"]
    if slip.said_at < slip.came_at - TOO_OLD:
        problems.append("slip-too-old")
    return problems


def _already_open(tx: Tx, intake: Intake) -> list[str]:
    """Another dossier of the same person about the same, not decided yet."""
    done = [*FINAL, PROCESSED]
    same = tx.value(_SAME_OPEN, (intake.applicant.number, intake.service, done))
    return ["already-open"] if same else []


# what an officer says


def settle_time(tx: Tx, slip: Slip, at: datetime) -> None:
    """Which of the two times counts."""
    tx.run("UPDATE intake SET came_at = %s WHERE id = %s AND ended = ''", (at, slip.intake))


def drop(tx: Tx, officer: Officer, slip: Slip, reason: str) -> None:
    """It becomes no dossier, and this is why. Raises ValueError without a reason."""
    if not reason:
        raise ValueError("required")
    if slip.intake:
        drafts.end(tx, slip.intake, "dropped")
    offline_slips.end(tx, slip, "dropped", officer, reason=reason)
