"""What registers say about a dossier: at filing, from the signed answers it came with, and now, asked afresh.

The form's look-ups go by declared values, by the applicant's number, or by what an earlier one found. Several owners
are asked at once within one deadline; one that is silent is simply missing from the rows. What this node owns itself is
read here, and logged like any other read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lienthong.casework.dossiers import Content, Dossier
from lienthong.catalogue.holdings import Register
from lienthong.catalogue.shapes import Form, LookUp, Service
from lienthong.exchange import envelopes
from lienthong.exchange.asking import Question
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.registers import reading, records

WITHIN = 2.0
_DECLARED, _APPLICANT = "declared.", "applicant.number"

Rows = dict[str, Any]


@dataclass
class Filed:
    """Rows by look-up as they filled in the citizen's declaration, and when their source signed each; `altered` counts
    answers that do not verify."""

    rows: Rows = field(default_factory=dict)
    at: dict[str, datetime] = field(default_factory=dict)
    altered: int = 0


def wanted(form: Form, declared: Mapping[str, Any], applicant: str = "") -> dict[str, str]:
    """The look-ups that have something to go by, with their values."""
    values = {name: _goes_by(look_up, declared, applicant, {}) for name, look_up in form.look_ups.items()}
    return {name: value for name, value in values.items() if value}


def _goes_by(look_up: LookUp, declared: Mapping[str, Any], applicant: str, rows: Rows) -> str:
    """A declared value, the applicant's number, or a column of what an earlier look-up found."""
    if look_up.value.startswith(_DECLARED):
        return str(declared.get(look_up.value.removeprefix(_DECLARED)) or "")
    if look_up.value == _APPLICANT:
        return applicant
    earlier, _dot, column = look_up.value.partition(".")
    return str((rows.get(earlier) or {}).get(column) or "")


def at_filing(node: Node, dossier: Dossier, service: Service, content: Content) -> Filed:
    """What the signed answers said of what we may ask today; each counts only when its source made it for the portal
    that sent the dossier."""
    filed, answers = Filed(), []
    for text in content.sources:
        try:
            envelope = envelopes.decode(text.encode())
            recipient, since = dossier.identity.parent_node or node.name, dossier.identity.received_at
            answer = envelopes.open_envelope(envelope, node.directory, recipient=recipient, at=None, received=since)
        except Refused:
            filed.altered += 1
            continue
        answers.append(answer)
    for name, look_up in service.form.look_ups.items():
        register = node.catalogue.registers.get(look_up.register)
        value = _goes_by(look_up, content.declared, dossier.identity.applicant, filed.rows)
        if register is None or not value or not _may_ask(node, look_up.register, service):
            continue  # what cannot be asked again is not held against anything
        for answer in answers:
            row = _answered(answer, register, look_up, value)
            if row is not None and name not in filed.rows:
                filed.rows[name], filed.at[name] = row, answer.header.issued
    return filed


def _answered(answer: Message, register: Register, look_up: LookUp, value: str) -> dict[str, Any] | None:
    """The row of this register that fits a look-up: the portal asked under names of its own, so it is known by its
    owner, its fields and its key."""
    if answer.header.sender != register.owner:
        return None
    for item in answer.body["items"].values():
        for row in item if isinstance(item, list) else [item]:
            if row and set(row) <= set(register.fields) and value in map(row.get, register.lookups[look_up.by]):
                return dict(row)
    return None


def now(node: Node, dossier: Dossier, service: Service, content: Content, officer: Officer) -> Rows:
    """Rows by look-up as registers hold them at this moment; a look-up without an answer is missing.

    The citizen's submission is shown to the owners; of a dossier that came without one they are told what was declared.
    """
    declared = content.declared
    by_owner: dict[str, dict[str, Any]] = {}
    for name, value in wanted(service.form, declared, dossier.identity.applicant).items():
        look_up = service.form.look_ups[name]
        if not _may_ask(node, look_up.register, service):
            continue
        item = {"register": look_up.register, "by": look_up.by, "value": {"is": value}, "many": look_up.many}
        if not content.evidence and (said := _said_of(node, service.form, name, declared)):
            item["match"] = said
        by_owner.setdefault(node.catalogue.registers[look_up.register].owner, {})[name] = item
    here = by_owner.pop(node.name, {})
    case = dossier.identity.case
    proofs = tuple(content.evidence)
    questions = [
        Question(owner, reading.SERVICE, reading.body(node, owner, items), service.slug, case, officer.as_asker, proofs)
        for owner, items in by_owner.items()
    ]
    found = _read_here(node, here, service, case, officer)
    for answer in node.asker.ask_all(questions, within=WITHIN):
        if answer is not None:
            found |= answer.body["items"]
    return found


def _may_ask(node: Node, register: str, service: Service) -> bool:
    """Whether we own a register, or its owner lets us read it for this service."""
    rights = node.catalogue.rights
    asked = any(
        (r.register, r.grantee) == (register, node.name) and r.is_for(reading.SERVICE, service.slug) for r in rights
    )
    return asked or register in node.catalogue.owned


def _said_of(node: Node, form: Form, look_up: str, declared: Mapping[str, Any]) -> dict[str, str]:
    """What was declared of a look-up's person besides the number: their name and day of birth."""
    terms = node.catalogue.terms
    columns = {
        spec.source.partition(".")[2]: str(declared[name])
        for name, spec in form.fields.items()
        if spec.source.startswith(f"{look_up}.") and declared.get(name) and terms[spec.term].type in ("text", "date")
    }
    return columns if form.look_ups[look_up].register == "persons" else {}


def _read_here(node: Node, items: Mapping[str, Any], service: Service, case: str, officer: Officer) -> Rows:
    found: Rows = {}
    reads: list[tuple[str, dict[str, Any]]] = []
    if not items:
        return found
    about = {"asker": node.name, "purpose": service.slug, "case": case, "officer": officer.as_asker}
    with node.database.transaction() as tx:
        for name, item in items.items():
            register = node.catalogue.owned[item["register"]]
            rows = records.find(tx, register, item["by"], item["value"]["is"])
            found[name] = rows if item["many"] else (rows[0] if rows else None)
            reads += [(subject, {**about, "register": register.register}) for subject in register.whom(rows)]
        if reads:
            entries.append_reads(tx, f"read/{new_id()}", reads, clock.now())
    return found
