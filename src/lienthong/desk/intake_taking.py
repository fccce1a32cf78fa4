"""Taking an intake in: it becomes a dossier with form 01 at once; or form 02 or 03 is given at once, and says why.

What was taken in for another unit goes on its way there in the same moment: papers by courier, else by machine.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from django.http import QueryDict
from psycopg.errors import UniqueViolation

from lienthong.casework import intake as opening
from lienthong.casework import journey, pauses
from lienthong.casework.dossiers import Content, Dossier
from lienthong.casework.form_fields import label_of
from lienthong.casework.pauses import Item
from lienthong.catalogue import forms
from lienthong.catalogue.messages import message
from lienthong.desk import intake_drafts as drafts
from lienthong.desk import offline_slips, pages
from lienthong.desk.acts import DEEDS
from lienthong.desk.intake_drafts import Intake
from lienthong.desk.intake_form import Reading
from lienthong.documents import attachments
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit.storage import Tx

MOST_PAPERS: Final = 12
_LONGEST: Final = 300


def take(node: Node, officer: Officer, reading: Reading) -> str | dict[str, str]:
    """Take a faultless intake in; the dossier's code, or what is wrong by field. Sent again, the same code."""
    try:
        with node.database.transaction() as tx:
            return take_here(node, tx, officer, reading)
    except opening.Invalid as invalid:
        return invalid.errors
    except UniqueViolation as error:
        if error.diag.constraint_name != "dossier_about":
            raise
        return {reading.service.card.about: "already-declared"}


def take_here(node: Node, tx: Tx, officer: Officer, reading: Reading) -> str:
    """The same in the caller's transaction, for an intake in which nothing is wrong."""
    if code := _ended(tx, reading.intake):
        return code
    intake, dossier = reading.intake, _opened(node, tx, officer, reading, complete=True)
    code = dossier.identity.code
    if dossier.state.waiting == "open" and reading.service.process.step(dossier.state.step).verb == "receive":
        originals = any(intake.papers.values())
        journey.receive_dossier(node, tx, code, officer, originals=originals, at=intake.came_at)
    _end(tx, officer, intake, "taken", code)
    return code


def _end(tx: Tx, officer: Officer, intake: Intake, how: drafts.Ended, code: str) -> None:
    """The intake became a dossier, and so did the slip it came from."""
    drafts.end(tx, intake.id, how, code)
    if intake.slip and (slip := offline_slips.of_intake(tx, intake.id)):
        offline_slips.end(tx, slip, "opened", officer, dossier=code, problems=slip.problems)


def _ended(tx: Tx, intake: Intake) -> str:
    """The dossier that somebody else, or the same click twice, has made of it."""
    row = tx.one("SELECT dossier, ended FROM intake WHERE id = %s FOR UPDATE", (intake.id,))
    return str(row.dossier) if row and row.ended else ""


def _opened(node: Node, tx: Tx, officer: Officer, reading: Reading, *, complete: bool) -> Dossier:
    intake = reading.intake
    papers = [msgspec.structs.asdict(entry) for entry in attachments.of(tx, intake.case)]
    content = Content(reading.declared, intake.answers, attachments=papers, contact=_contact(reading))
    dossier = opening.open_here(
        node, tx, officer, reading.service, content, applicant=intake.applicant.number, channel=intake.channel,
        unit=reading.unit, point=intake.unit, came_at=intake.came_at, complete=complete,
        subject=str(reading.declared.get(reading.service.card.subject) or intake.applicant.name),
    )  # fmt: skip
    attachments.filed(tx, intake.case, dossier.identity.case)
    return dossier


def _contact(reading: Reading) -> dict[str, Any]:
    """What the dossier keeps about who applies beside the form: how to reach them, who came, what is to be verified."""
    intake = reading.intake
    kept = msgspec.structs.asdict(intake.contact)
    told: dict[str, Any] = {
        name: kept[name] for name in ("phone", "email", "address", "tracking", "note") if kept[name]
    }
    told["name"] = intake.applicant.name
    if reading.unit != intake.unit:
        told["result_at"] = intake.unit if intake.contact.result == "here" else reading.unit
    if intake.applicant.kind == "organisation":
        told["tax_code"] = intake.applicant.number
    if intake.helper.number:
        told["helper"] = {"number": intake.helper.number, "name": intake.helper.name, "paper": intake.helper.paper}
    unverified = [*reading.to_verify, *([] if intake.applicant.verified else ["applicant"])]
    if unverified:
        told["to_verify"] = unverified
    if originals := {kind: pages for kind, pages in intake.papers.items() if pages}:
        told["originals"] = originals
    return told


# incomplete, or not to be taken in


def ask_or_refuse(node: Node, officer: Officer, reading: Reading, sent: QueryDict) -> str | dict[str, str]:
    """Give form 02 or form 03 at once; the dossier's code, or what is wrong with the request."""
    do = sent.get("do", "")
    reason = sent.get(f"reason-{do}", "")
    note = forms.clean(sent.get(f"note-{do}", ""))[:_LONGEST]
    if reason not in DEEDS[do].reasons:
        return {f"reason-{do}": "required"}
    items = list(_items(node, reading, sent)) if do == "supplement" else []
    if do == "supplement" and not items:
        return {"items": "nothing-asked"}
    with node.database.transaction() as tx:
        if code := _ended(tx, reading.intake):
            return code
        dossier = _opened(node, tx, officer, reading, complete=False)
        code, why = dossier.identity.code, f"{reason}: {note}" if note else reason
        if do == "supplement":
            pauses.supplement(node, tx, code, officer, items, why)
        else:
            journey.refuse(node, tx, code, officer, why)
        _end(tx, officer, reading.intake, "incomplete" if do == "supplement" else "refused", code)
    return code


def _items(node: Node, reading: Reading, sent: QueryDict) -> Iterable[Item]:
    """What is asked for: the fields that were ticked, and papers in the officer's words."""
    terms, fields = node.catalogue.terms, reading.service.form.fields
    for name in dict.fromkeys(sent.getlist("items")):
        if name in fields:
            yield Item(paper=name) if terms[fields[name].term].type == "paper" else Item(field=name)
    lines = (forms.clean(line)[:_LONGEST] for line in sent.get("papers", "").splitlines())
    yield from (Item(paper=line) for line in list(filter(None, lines))[:MOST_PAPERS])


def choices(node: Node, reading: Reading, sent: QueryDict, doing: str) -> dict[str, Any]:
    """What the page offers beside taking it in: what could be missing, and the closed lists of reasons."""
    it, language = reading.filled.declaration, pages.language()
    ticked = {*sent.getlist("items"), *it.errors}
    fields = [name for name in reading.service.form.fields if name not in it.skipped | it.held]
    return {
        "doing": doing,
        "items": [(name, label_of(reading.service, node, name, language), name in ticked) for name in fields],
        "note": sent.get(f"note-{doing}", ""),
        "more_papers": sent.get("papers", ""),
        "supplement_reasons": [(code, message(code)) for code in DEEDS["supplement"].reasons],
        "refuse_reasons": [(code, message(code)) for code in DEEDS["refuse"].reasons],
    }
