"""Drafts: a form being filled in. A draft is the case under which registers are read for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg.errors import UniqueViolation

from lienthong.casework import codes, journey
from lienthong.casework.dossiers import Content
from lienthong.catalogue.shapes import Service
from lienthong.exchange import envelopes
from lienthong.exchange.asking import Question
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.series import Block
from lienthong.kit.storage import Tx
from lienthong.portal import prefill
from lienthong.portal.declaration import Declaration, put_together
from lienthong.portal.prefill import Found
from lienthong.registers.parents import why_no_parent
from lienthong.registers.reading import SERVICE as READ

FRESH = timedelta(minutes=10)


@dataclass(frozen=True)
class Draft:
    id: str
    account: str
    service: str
    revision: str
    typed: dict[str, Any]
    answers: list[str]
    asked_at: datetime | None
    submitted: str | None

    @property
    def case(self) -> str:
        return f"draft/{self.id}"

    @property
    def binding(self) -> str:
        """Names the answers this page was made from: a submission is compared with what its author saw."""
        return envelopes.digest("\n".join(self.answers).encode())


@dataclass(frozen=True)
class Reading:
    """A draft with what its answers say."""

    draft: Draft
    found: Found
    declaration: Declaration


class AlreadyDeclared(Exception):
    """Another open dossier is about the same birth notice."""


def open_draft(tx: Tx, account: Account, service: Service) -> str:
    """The account's open draft of a service, or a new one; its id."""
    at = clock.now()
    kept = tx.value(
        "SELECT id FROM draft WHERE account = %s AND service = %s AND revision = %s AND submitted IS NULL"
        " ORDER BY created_at DESC LIMIT 1",
        (account.number, service.slug, service.revision),
    )
    if kept:
        return str(kept)
    draft = new_id()
    tx.run(
        "INSERT INTO draft (id, account, service, revision, created_at, updated_at) VALUES (%s, %s, %s, %s, %s, %s)",
        (draft, account.number, service.slug, service.revision, at, at),
    )
    return draft


def load(tx: Tx, draft: str, account: Account, *, lock: bool = False) -> Draft | None:
    """A draft of this account; a stranger's is not there."""
    row = tx.one(
        "SELECT id, account, service, revision, typed, answers, asked_at, submitted FROM draft"
        f" WHERE id = %s AND account = %s{' FOR UPDATE' if lock else ''}",
        (draft, account.number),
    )
    if row is None:
        return None
    typed, answers = msgspec.json.decode(row.typed), msgspec.json.decode(row.answers, type=list[str])
    return Draft(row.id, row.account, row.service, row.revision, typed, answers, row.asked_at, row.submitted)


def keep_typed(tx: Tx, draft: Draft, typed: dict[str, Any]) -> None:
    """Nothing typed is lost, whatever is wrong with it."""
    tx.run(
        "UPDATE draft SET typed = %s, updated_at = %s WHERE id = %s AND submitted IS NULL",
        (msgspec.json.encode(typed).decode(), clock.now(), draft.id),
    )


def fill(node: Node, draft: Draft, account: Account, service: Service) -> Draft:
    """The draft with answers from the registers: kept ones while they are fresh and whole, else asked for anew."""
    found = prefill.read_answers(node, service.form, account, draft.answers)
    whole = not prefill.silent_nodes(node, service.form, found)
    if whole and draft.asked_at and clock.now() - draft.asked_at < FRESH:
        return draft
    answers = prefill.ask_registers(node, service.form, account, purpose=service.slug, case=draft.case)
    at = clock.now()
    with node.database.transaction() as tx:
        tx.run(
            "UPDATE draft SET answers = %s, asked_at = %s, updated_at = %s WHERE id = %s AND submitted IS NULL",
            (msgspec.json.encode(answers).decode(), at, at, draft.id),
        )
    return Draft(**{**draft.__dict__, "answers": answers, "asked_at": at})


def read(node: Node, draft: Draft, account: Account, service: Service, typed: dict[str, Any]) -> Reading:
    """What the draft amounts to with these typed values. Raises envelopes.Refused when an answer was altered."""
    found = prefill.read_answers(node, service.form, account, draft.answers)
    declaration = put_together(service.form, node.catalogue.terms, found, typed, clock.today())
    return Reading(draft, found, declaration)


def verify_typed(node: Node, reading: Reading, service: Service) -> dict[str, str]:
    """Look up persons whose number was typed because a source was silent; errors by field. Still silent: none."""
    declared, errors = reading.declaration.declared, {}
    for name, spec in service.form.fields.items():
        number = declared.get(name)
        if not (spec.verify and number) or name in reading.declaration.held:
            continue
        owner = node.catalogue.registers[spec.verify].owner
        item = {"register": spec.verify, "by": "number", "value": {"is": number}}
        question = Question(owner, READ, {"items": {"it": item}}, service.slug, reading.draft.case)
        answer = node.asker.ask(question)
        if answer is not None and "birth_date" in declared:
            problem = why_no_parent(name.partition("_")[0], answer.body["items"]["it"], declared["birth_date"])
            if problem:
                errors[name] = problem
    return errors


def submit(node: Node, block: Block, reading: Reading, account: Account, service: Service) -> str:
    """Turn a faultless draft into a dossier; its code. A draft submitted before gives the dossier it became.

    Raises AlreadyDeclared when another open dossier is about the same notice.
    """
    code = codes.central_code(node.catalogue.card, block, clock.now())
    content = Content(reading.declaration.declared, reading.draft.answers)
    try:
        with node.database.transaction() as tx:
            earlier = tx.value("SELECT submitted FROM draft WHERE id = %s FOR UPDATE", (reading.draft.id,))
            if earlier:
                return str(earlier)
            journey.submit(node, tx, service, code=code, applicant=account.number, content=content)
            tx.run(
                "UPDATE draft SET submitted = %s, updated_at = %s WHERE id = %s", (code, clock.now(), reading.draft.id)
            )
    except UniqueViolation as error:
        if error.diag.constraint_name != "dossier_about":
            raise
        raise AlreadyDeclared from error
    return code
