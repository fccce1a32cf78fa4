"""Drafts: a form being filled in. A draft is the case under which registers are read for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg.errors import UniqueViolation

from lienthong.casework import codes, filling, parents, prefill
from lienthong.casework.dossiers import Content
from lienthong.casework.filling import Filled
from lienthong.catalogue.shapes import Service
from lienthong.exchange import envelopes, evidence
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.series import Block
from lienthong.kit.storage import Tx
from lienthong.portal import acting as acting_for
from lienthong.portal import uploads
from lienthong.portal.acting import Acting

FRESH = timedelta(minutes=10)
_OPEN = """
SELECT id FROM draft WHERE account = %s AND filed_by = %s AND service = %s AND revision = %s AND submitted IS NULL
ORDER BY created_at DESC LIMIT 1
"""
_NEW = """
INSERT INTO draft (id, account, filed_by, acting, service, revision, typed, created_at, updated_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


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
    acting: Acting | None = None

    @property
    def case(self) -> str:
        return f"draft/{self.id}"

    @property
    def binding(self) -> str:
        """Names the answers this page was made from: a submission is compared with what its author saw."""
        return envelopes.digest("\n".join(self.answers).encode())


@dataclass(frozen=True, kw_only=True)
class Reading(Filled):
    """A draft with what its answers say, and the papers attached to it."""

    draft: Draft


class AlreadyDeclared(Exception):
    """Another open dossier is about the same birth notice."""


def open_draft(
    tx: Tx, account: Account, service: Service, typed: dict[str, Any] | None = None, acting: Acting | None = None
) -> str:
    """The account's open draft of a service, or a new one; its id. With `typed` always a new one that begins so.

    `acting`: somebody else fills it in for the account.
    """
    at, helper = clock.now(), acting.helper if acting else ""
    kept = None if typed else tx.value(_OPEN, (account.number, helper, service.slug, service.revision))
    if kept and acting:
        tx.run("UPDATE draft SET acting = %s WHERE id = %s", (acting_for.written(acting), kept))
    if kept:
        return str(kept)
    draft = new_id()
    text = msgspec.json.encode(typed or {}).decode()
    whose = (account.number, helper, acting_for.written(acting))
    tx.run(_NEW, (draft, *whose, service.slug, service.revision, text, at, at))
    return draft


def load(tx: Tx, draft: str, account: Account, *, lock: bool = False) -> Draft | None:
    """A draft that this account fills in, for itself or for another; a stranger's is not there."""
    row = tx.one(
        "SELECT id, account, service, revision, typed, answers, asked_at, submitted, acting FROM draft WHERE id = %s"
        f" AND (account = %s AND filed_by = '' OR filed_by = %s){' FOR UPDATE' if lock else ''}",
        (draft, account.number, account.number),
    )
    if row is None:
        return None
    acting = acting_for.kept(row.acting)
    typed, answers = msgspec.json.decode(row.typed), msgspec.json.decode(row.answers, type=list[str])
    return Draft(row.id, row.account, row.service, row.revision, typed, answers, row.asked_at, row.submitted, acting)


def typed_for(tx: Tx, code: str) -> dict[str, Any]:
    """What was typed in the draft that became this dossier."""
    typed = tx.value("SELECT typed FROM draft WHERE submitted = %s", (code,))
    return msgspec.json.decode(typed) if typed else {}


def keep_typed(tx: Tx, draft: Draft, typed: dict[str, Any]) -> None:
    """Nothing typed is lost, whatever is wrong with it."""
    tx.run(
        "UPDATE draft SET typed = %s, updated_at = %s WHERE id = %s AND submitted IS NULL",
        (msgspec.json.encode(typed).decode(), clock.now(), draft.id),
    )


def read(node: Node, draft: Draft, account: Account, service: Service, typed: dict[str, Any]) -> Reading:
    """What the draft amounts to with these typed values. Raises envelopes.Refused when an answer was altered."""

    def papers() -> list[dict[str, Any]]:
        with node.database.transaction() as tx:
            return uploads.of_draft(tx, draft.id)

    it = filling.read(node, service, account, draft.answers, typed, received=draft.asked_at, papers=papers)
    return Reading(it.found, it.declaration, it.papers, draft=draft)


def fill(
    node: Node,
    draft: Draft,
    account: Account,
    service: Service,
    typed: dict[str, Any],
    *,
    named_only: bool = False,
) -> Reading:
    """The draft read with answers from the registers: kept ones while they are fresh and whole, else asked for anew.

    With `named_only` nobody is asked but for people whom the person has named since.
    """
    reading = read(node, draft, account, service, typed)
    fresh = named_only or (draft.asked_at and clock.now() - draft.asked_at < FRESH)
    missing = prefill.named(service.form, reading.found) if named_only else None
    if fresh and not (missing or (missing is None and prefill.silent_nodes(node, service.form, reading.found))):
        return reading
    meant = {name: value for name, value in typed.items() if name not in reading.declaration.skipped}
    answers = prefill.ask_registers(
        node, service.form, account, purpose=service.slug, case=draft.case, typed=meant,
        answers=draft.answers if fresh else (), only=missing,
    )  # fmt: skip
    at = clock.now() if not named_only else draft.asked_at
    with node.database.transaction() as tx:
        tx.run(
            "UPDATE draft SET answers = %s, asked_at = %s, updated_at = %s WHERE id = %s AND submitted IS NULL",
            (msgspec.json.encode(answers).decode(), at, clock.now(), draft.id),
        )
    draft = Draft(**{**draft.__dict__, "answers": answers, "asked_at": at})
    return read(node, draft, account, service, typed)


def submit(
    node: Node,
    block: Block,
    reading: Reading,
    account: Account,
    service: Service,
    *,
    corrections: Sequence[dict[str, Any]] = (),
) -> str:
    """Turn a faultless draft into a dossier; its code. A draft submitted before gives the dossier it became.

    `corrections` are what registers' owners are asked to put right (portal.corrections). Raises AlreadyDeclared when
    another open dossier is about the same notice.
    """
    draft = reading.draft
    code = codes.central_code(node.catalogue.card, block, clock.now())
    declared = reading.declaration.declared
    try:
        with node.database.transaction() as tx:
            earlier = tx.value("SELECT submitted FROM draft WHERE id = %s FOR UPDATE", (draft.id,))
            if earlier:
                return str(earlier)
            filed = any(service.form.fields[name].term == "paper" for name in declared)
            papers = uploads.filed(tx, draft.case, code) if filed else []
            proofs = evidence.of_submission(
                node, code, account.number, _people(node, service, declared), account.proofs
            )
            contact = {"name": account.name, "phone": str(declared.get("requester_phone") or "")}
            content = Content(declared, draft.answers, attachments=papers, evidence=proofs, contact=contact)
            parents.submit(
                node, tx, service, code=code, applicant=account.number, content=content, corrections=list(corrections),
                filed_by=draft.acting.helper if draft.acting else "",
                channel=draft.acting.channel if draft.acting else "online",
            )  # fmt: skip
            tx.run("UPDATE draft SET submitted = %s, updated_at = %s WHERE id = %s", (code, clock.now(), draft.id))
    except UniqueViolation as error:
        if error.diag.constraint_name != "dossier_about":
            raise
        raise AlreadyDeclared from error
    return code


def _people(node: Node, service: Service, declared: Mapping[str, Any]) -> list[str]:
    """Whom a declaration names by their number."""
    terms, fields = node.catalogue.terms, service.form.fields
    return [str(value) for name, value in declared.items() if value and terms[fields[name].term].type == "person"]
