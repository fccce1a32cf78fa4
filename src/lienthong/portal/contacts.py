"""Where a dossier's applicant can be reached: as declared in it, else by the phone of their e-identity account."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from lienthong.exchange.asking import Question
from lienthong.exchange.node import Node
from lienthong.kit.storage import Tx
from lienthong.registers.reading import SERVICE as READ

WITHIN = 2.0
PURPOSE = "notice"  # of the right by which e-identity tells us a phone number
_PHONE = re.compile(r"0\d{9}")
_MAIL = re.compile(r"[^\s@<>,;\"']{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}")

_DECLARED = """
SELECT d.code, d.applicant, c.declared::jsonb ->> 'requester_phone' AS phone,
    c.declared::jsonb ->> 'requester_email' AS email, c.evidence
FROM dossier d JOIN dossier_content c ON c.code = d.code
WHERE d.code = ANY(%s) AND d.parent IS NULL
"""
_TOLD = """
SELECT code, owner, content::jsonb ->> 'SoDienThoai' AS phone, content::jsonb ->> 'Email' AS email
FROM synced_dossier WHERE code = ANY(%s)
"""


class Contact(msgspec.Struct, frozen=True):
    """What is usable; empty where nothing is. `known` is False while e-identity is silent about the phone."""

    applicant: str = ""
    phone: str = ""
    email: str = ""
    known: bool = True
    evidence: tuple[str, ...] = ()  # that they submitted the dossier


def of(node: Node, tx: Tx, dossiers: Iterable[str]) -> dict[str, Contact]:
    """What is declared, by dossier, or told by the system that holds it; an unknown dossier is missing."""
    codes = sorted(set(dossiers))
    rows, told = tx.all(_DECLARED, (codes,)), tx.all(_TOLD, (codes,))
    return {one.code: Contact(one.owner, usable_phone(one.phone), usable_mail(one.email)) for one in told} | {
        row.code: Contact(
            row.applicant, usable_phone(row.phone), usable_mail(row.email),
            evidence=msgspec.json.decode(row.evidence, type=tuple[str, ...]),
        )
        for row in rows
    }  # fmt: skip


def completed(node: Node, code: str, contact: Contact) -> Contact:
    """With the phone of the applicant's e-identity account, where none was declared."""
    if contact.phone:
        return contact
    accounts = node.catalogue.registers.get("accounts")
    if accounts is None:
        return contact
    items = {"it": {"register": accounts.register, "by": "number", "value": {"is": contact.applicant}}}
    question = Question(accounts.owner, READ, {"items": items}, PURPOSE, code, evidence=contact.evidence)
    answer = node.asker.ask(question, within=WITHIN)
    if answer is None:
        return msgspec.structs.replace(contact, known=False)
    row: dict[str, Any] = answer.body["items"]["it"] or {}
    return msgspec.structs.replace(contact, phone=usable_phone(row.get("phone")))


def usable_phone(text: Any) -> str:
    """A Vietnamese mobile number as ten digits, from any way of writing it; empty when it is none."""
    digits = re.sub(r"[\s.()-]", "", str(text or ""))
    digits = re.sub(r"^(\+84|0084|84(?=\d{9}$))", "0", digits)
    return digits if _PHONE.fullmatch(digits) else ""


def usable_mail(text: Any) -> str:
    """An e-mail address that can stand in a message's header; empty when it is none."""
    address = str(text or "").strip()
    return address if _MAIL.fullmatch(address) else ""
