"""What the registers hold about a person, and each read of it (Law 91/2025/QH15 on personal data, Art. 4).

Every owner is asked at once, within one deadline: for its records about the person, and for its log of who read them.
Nothing is kept here. An owner that does not answer is named as silent, and the page is there without it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lienthong.casework.words import cited
from lienthong.catalogue.holdings import Register
from lienthong.exchange.asking import Question
from lienthong.exchange.envelopes import Message
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.kit.identifiers import new_id
from lienthong.registers import reads
from lienthong.registers.reading import SERVICE as READ
from lienthong.registers.wording import shown

WITHIN = 2.0
PURPOSE = reads.OWN


@dataclass(frozen=True)
class Look:
    """A look-up by the person's number, or by a column of an earlier look; `whose` says what the record is to them."""

    register: str
    by: str
    of: str = ""
    whose: str | Promise = ""

    @property
    def name(self) -> str:
        return f"{self.register}-{self.by}"


LOOKS: Final = (
    Look("persons", "number"),
    Look("identity_cards", "person"),
    Look("residences", "person"),
    Look("households", "code", "residences-person.household", _("Hộ gia đình bạn ở")),
    Look("marriages", "spouse"),
    Look("births", "child", whose=_("Khai sinh của bạn")),
    Look("births", "mother", whose=_("Khai sinh của con (bạn là mẹ)")),
    Look("births", "father", whose=_("Khai sinh của con (bạn là cha)")),
    Look("birth_notices", "mother"),
    Look("insurance_cards", "person"),
    Look("accounts", "number"),
    Look("taxpayers", "person"),
    Look("mandates", "grantor", whose=_("Bạn nhờ người khác làm thay")),
    Look("mandates", "grantee", whose=_("Bạn làm thay người khác")),
    Look("consents", "person"),
)

STATES: Final[dict[str, str | Promise]] = {
    "active": _("Đang hoạt động"),
    "asked": _("Chờ trả lời"),
    "cancelled": _("Đã thôi hỏi"),
    "declined": _("Đã từ chối"),
    "expired": _("Hết hạn trả lời"),
    "given": _("Đã đồng ý"),
    "locked": _("Bị khóa"),
    "pending": _("Chờ ghi sổ"),
    "registered": _("Đã đăng ký"),
    "valid": _("Có giá trị"),
}


@dataclass(frozen=True)
class Record:
    whose: str
    fields: list[tuple[str, str]]


@dataclass(frozen=True)
class Holding:
    """A register and what it holds; `at` is as of when, None while its owner is silent."""

    register: str
    name: str
    owner: str
    basis: str
    at: datetime | None
    records: list[Record] = field(default_factory=list)


@dataclass(frozen=True)
class Log:
    """Reads of several owners, the newest first; `silent` are the owners that did not answer."""

    reads: list[dict[str, Any]]
    silent: list[str]
    older: str


def ask_holdings(node: Node, account: Account, language: str) -> list[Holding]:
    """One question to each owner of a register that may be shown to the person it is about."""
    wanted = _wanted(node)
    by_owner: dict[str, dict[str, Any]] = {}
    for look in wanted:
        value = {"of": look.of} if look.of else {"is": account.number}
        item = {"register": look.register, "by": look.by, "value": value, "many": look.name != "residences-person"}
        by_owner.setdefault(node.catalogue.registers[look.register].owner, {})[look.name] = item
    case = f"{PURPOSE}/{new_id()}"
    questions = [
        Question(owner, READ, {"items": items}, PURPOSE, case, evidence=account.proofs)
        for owner, items in by_owner.items()
    ]
    answers = dict(zip(by_owner, node.asker.ask_all(questions, within=WITHIN), strict=True))
    names = dict.fromkeys(look.register for look in wanted)
    return [_holding(node, node.catalogue.registers[name], wanted, answers, language) for name in names]


def ask_reads(node: Node, account: Account, before: datetime | None, own: bool) -> Log:
    """A page of the reads of all owners. Each gives its newest before a moment; the oldest of them ends the page."""
    body = {"of": account.number, "before": before.isoformat() if before else None, "own": own}
    owners, case = owners_of(node), f"{PURPOSE}/{new_id()}"
    questions = [Question(owner, reads.SERVICE, body, PURPOSE, case, evidence=account.proofs) for owner in owners]
    answers = dict(zip(owners, node.asker.ask_all(questions, within=WITHIN), strict=True))
    found = [{**read, "owner": owner} for owner, answer in answers.items() if answer for read in answer.body["reads"]]
    found.sort(key=lambda read: datetime.fromisoformat(read["at"]), reverse=True)
    more = len(found) > reads.PAGE or any(answer.body["more"] for answer in answers.values() if answer)
    page = found[: reads.PAGE]
    older = page[-1]["at"] if more and page else ""
    return Log(page, [owner for owner, answer in answers.items() if answer is None], older)


def ask_read(node: Node, account: Account, owner: str, read: str) -> dict[str, Any] | None:
    """One read of this person's data at an owner. None when there is none; raises Silent when it does not answer."""
    body = {"of": account.number, "read": read}
    case = f"{PURPOSE}/{new_id()}"
    question = Question(owner, reads.SERVICE, body, PURPOSE, case, evidence=account.proofs)
    answer = node.asker.ask(question, within=WITHIN)
    if answer is None:
        raise Silent(owner)
    found = answer.body["reads"]
    return {**found[0], "owner": owner} if found else None


class Silent(Exception):
    """An owner did not answer in time."""


def owners_of(node: Node) -> list[str]:
    """Whoever may have opened data of a person: every node, whether it keeps a register or papers and files only."""
    return sorted(set(node.catalogue.nodes) & set(node.directory.nodes))


def _wanted(node: Node) -> list[Look]:
    opened = {r.register for r in node.catalogue.rights if (r.service, r.purpose) == (READ, PURPOSE)}
    registers = node.catalogue.registers
    return [
        look
        for look in LOOKS
        if look.register in opened and look.by in registers[look.register].lookups
        if registers[look.register].owner in node.directory.nodes
    ]


def _holding(
    node: Node, register: Register, looks: Iterable[Look], answers: Mapping[str, Message | None], language: str
) -> Holding:
    answer = answers[register.owner]
    records = []
    for look in looks:
        if answer is not None and look.register == register.register:
            found = answer.body["items"][look.name]
            rows = found if isinstance(found, list) else [found] if found else []
            records += [Record(str(look.whose), _fields(node, register, row, language)) for row in rows]
    return Holding(
        register=register.register,
        name=register.name.in_language(language),
        owner=node.catalogue.nodes[register.owner].name.in_language(language),
        basis=cited(register.legal_basis),
        at=datetime.fromisoformat(answer.body["at"]) if answer is not None else None,
        records=records,
    )


def _fields(node: Node, register: Register, row: Mapping[str, Any], language: str) -> list[tuple[str, str]]:
    return [
        ((column.label or term.words).in_language(language), _shown(node, column.term, str(row[name]), language))
        for name, column in register.fields.items()
        if row.get(name) not in (None, "")
        for term in (node.catalogue.terms[column.term],)
    ]


def _shown(node: Node, term: str, value: str, language: str) -> str:
    return (
        str(STATES.get(value, value)) if term == "state" else shown(node, node.catalogue.terms[term], value, language)
    )
