"""An intake as it stands: what registers already hold, what is still asked, what is wrong, which unit decides.

fill    ask every register that the form draws on about who was identified; kept signed with the intake
judge   what the machine finds wrong, by field, before anything is taken in
place   the unit that decides: the one that the form names (where the person lives, where the house stands), else ours
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import msgspec

from lienthong.casework import filling, prefill
from lienthong.casework.filling import Filled
from lienthong.catalogue import forms
from lienthong.catalogue.shapes import Service
from lienthong.desk import intake_drafts as drafts
from lienthong.desk.intake_drafts import Intake
from lienthong.documents import attachments
from lienthong.exchange.node import Node
from lienthong.identity.types import Account, Officer
from lienthong.kit import clock
from lienthong.kit.text import fold

FRESH: Final = timedelta(minutes=10)
ORIGINAL: Final = "original"  # stands for a paper of which only the original is here
AUTHORISATION: Final = "authorisation"  # the paper that lets somebody hand in for another
OLDEST: Final = timedelta(days=30)  # an envelope, or a slip: what is older is no slip of the pen
_TAX_CODE: Final = re.compile(r"[0-9]{10}(-?[0-9]{3})?")
_NOBODY: Final = date(1900, 1, 1)


@dataclass(frozen=True)
class Reading:
    """An intake with what its answers say. `unit` decides; `errors` are codes by field, empty when it can be taken."""

    intake: Intake
    service: Service
    filled: Filled
    unit: str
    errors: dict[str, str]
    silent: list[str]

    @property
    def declared(self) -> dict[str, Any]:
        return self.filled.declaration.declared

    @property
    def to_verify(self) -> list[str]:
        """Fields that the officer typed because their register was silent."""
        return sorted(self.filled.declaration.silent & self.declared.keys())


# what may be taken in


def offered(node: Node, channel: str, asked: str = "") -> list[Service]:
    """Services of this node that may be handed in by this channel on their own, found by every word of `asked`."""
    words = fold(asked).split()
    found = [service for service in node.catalogue.services.values() if _stands_alone(node, service, channel)]
    found = [service for service in found if all(word in _said_of(service) for word in words)]
    return sorted(found, key=lambda service: fold(service.card.name.vi))


def _stands_alone(node: Node, service: Service, channel: str) -> bool:
    """Handled here, by this channel, and needing no result of another service first."""
    card = service.card
    return card.handled_by == node.name and not service.branches and not card.takes and channel in card.channels


def _said_of(service: Service) -> str:
    card = service.card
    return fold(" ".join((card.name.vi, card.short.vi, card.name.en, card.short.en, card.code, *card.words)))


# reading


def read(node: Node, intake: Intake, service: Service) -> Reading:
    """The intake with the answers it has. Raises envelopes.Refused when one was altered."""

    def papers() -> list[dict[str, Any]]:
        with node.database.transaction() as tx:
            scans = [msgspec.structs.asdict(entry) for entry in attachments.of(tx, intake.case)]
        return [*scans, *({"kind": kind, "id": ORIGINAL, "name": ""} for kind, pages in intake.papers.items() if pages)]

    account = account_of(intake)
    it = filling.read(
        node, service, account, intake.answers, intake.typed, received=intake.asked_at, papers=papers
    )  # fmt: skip
    unit, problem = place(node, intake, service, it)
    errors = {**it.declaration.errors, **_around(node, intake)}
    if problem:
        errors.setdefault(service.card.unit or "unit", problem)
    return Reading(intake, service, it, unit, errors, prefill.silent_nodes(node, service.form, it.found))


def fill(node: Node, officer: Officer, intake: Intake, service: Service) -> Reading:
    """The intake read with answers from the registers: kept ones while they are fresh and whole, else asked anew."""
    reading = read(node, intake, service)
    fresh = intake.asked_at is not None and clock.now() - intake.asked_at < FRESH
    if intake.applicant.kind == "organisation" or not service.form.look_ups:
        return reading
    if fresh and not reading.silent and not prefill.named(service.form, reading.filled.found):
        return reading
    answers = prefill.ask_registers(
        node, service.form, account_of(intake), purpose=service.slug, case=intake.case, typed=intake.typed,
        answers=intake.answers if fresh else (), officer=officer.as_asker,
    )  # fmt: skip
    with node.database.transaction() as tx:
        asked_at = drafts.keep_answers(tx, intake.id, answers)
    return read(node, msgspec.structs.replace(intake, answers=answers, asked_at=asked_at), service)


def account_of(intake: Intake) -> Account:
    """The applicant as forms know people: without a session, so nothing proves to others that they are here."""
    who = intake.applicant
    return Account(who.number, who.name, forms.as_day(who.birth_date) or _NOBODY, who.gender, 0)


def rows(filled: Filled) -> Iterable[Mapping[str, Any]]:
    """Every single record that was found about this case."""
    return (row for row in filled.found.rows.values() if isinstance(row, Mapping))


# the unit that decides


def place(node: Node, intake: Intake, service: Service, filled: Filled) -> tuple[str, str]:
    """The unit that decides on the day it came in, and what is wrong with it: not-in-list, not-here."""
    named = _named_unit(service, filled) or intake.unit
    on = (intake.came_at or clock.now()).date()
    if named not in {unit.code for unit in node.territory.units(on)}:
        return intake.unit, "not-in-list" if node.catalogue.card.units else ""
    if named != intake.unit and not service.card.placeless:
        return named, "not-here"
    return named, ""


def _named_unit(service: Service, filled: Filled) -> str:
    return str(filled.declaration.declared.get(service.card.unit) or "") if service.card.unit else ""


# what is wrong beside the form


def _around(node: Node, intake: Intake) -> dict[str, str]:
    """What is wrong with who hands it in, how they are reached, and when it came."""
    wrong = {**_contact(node, intake), **_helper(intake)}
    who = intake.applicant
    if who.kind == "organisation" and not _TAX_CODE.fullmatch(who.number):
        wrong["tax_code"] = "not-a-number"
    if intake.came_at is not None and not clock.now() - OLDEST <= intake.came_at <= clock.now():
        wrong["came_at"] = "in-the-future" if intake.came_at > clock.now() else "too-long-ago"
    with node.database.transaction() as tx:
        wrong |= dict.fromkeys(drafts.unfinished(tx, intake.case), "file-unfinished")
    return wrong


def _contact(node: Node, intake: Intake) -> dict[str, str]:
    terms, contact, wrong = node.catalogue.terms, intake.contact, {}
    for name, value in (("phone", contact.phone), ("email", contact.email)):
        problem = forms.problem_of(terms[name], value, clock.today()) if value else None
        if problem:
            wrong[f"contact_{name}"] = problem
    if not (contact.phone or contact.email or contact.address):
        wrong["contact_phone"] = "no-contact"
    return wrong


def _helper(intake: Intake) -> dict[str, str]:
    """Whoever hands in for another is known by number and name, and shows the paper that lets them."""
    helper = intake.helper
    if not (helper.number or helper.name or helper.paper):
        return {}
    wrong = {name: "required" for name in ("number", "name", "paper") if not getattr(helper, name)}
    if helper.number and not re.fullmatch(r"[0-9]{12}", helper.number):
        wrong["number"] = "not-a-number"
    if helper.number and helper.number == intake.applicant.number:
        wrong["number"] = "own-mandate"
    return {f"helper_{name}": problem for name, problem in wrong.items()}
