"""What a paper says: a dossier's facts in the words of Vietnamese papers, whatever language the reader chose.

A template finds here: who issues and who signed, the dossier and the person it is for; of a result, the register's
record (`record` in words, `raw` as kept, `words` dates read aloud), what was declared, earlier branches' results; of a
form of Circular 03/2025/TT-VPCP, what that form asks for (`form`, see paper_forms). Nothing in it depends on when the
paper is made: the same facts are the same paper.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import msgspec

from lienthong.casework import results
from lienthong.casework.dossiers import Content, Dossier
from lienthong.casework.states import MACHINE, Act
from lienthong.catalogue.papers import Issuer
from lienthong.catalogue.shapes import Service, Term
from lienthong.documents.wording import date_in_words
from lienthong.exchange import envelopes
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node
from lienthong.kit.clock import ZONE
from lienthong.registers.wording import shown

_PLAIN = Term("text", "", "")
_TAKEN_IN = ("counter", "post")


@dataclass(frozen=True)
class Case:
    """One dossier as a paper needs it: `act` is the act that the paper is about, `own` its sealed result's body."""

    node: Node
    service: Service
    dossier: Dossier
    content: Content
    acts: list[Act]
    act: Act
    own: Mapping[str, Any]

    @cached_property
    def earlier(self) -> dict[str, dict[str, Any]]:
        """Records of the results that were handed on, by branch."""
        identity, by = self.dossier.identity, results.sealers(self.node, self.service)
        opened = results.opened(self.node, self.content.results, identity.case, by, identity.received_at)
        return {branch: body["record"] for branch, body in opened.items()}

    @property
    def declared(self) -> Mapping[str, Any]:
        return self.content.declared


def of_result(case: Case) -> dict[str, Any]:
    """The facts of a result's paper."""
    record = case.own["record"]
    return {
        **common(case, at_desk=False),
        "record": _in_words(case.node, case.own["register"], record),
        "raw": {name: str(value) for name, value in record.items() if value not in (None, "")},
        "words": {name: date_in_words(day) for name, day in _days(record)},
        "years": {name: f"{day:%Y}" for name, day in _days(case.declared) if name.endswith("_birth_date")},
        "declared": dict(_declared(case)),
        "earlier": {branch: _in_words(case.node, "", earlier) for branch, earlier in case.earlier.items()},
        "home": _homes(case),
        "signer": _signer(next(act for act in reversed(case.acts) if act.verb == "decide")),
    }


def common(case: Case, *, at_desk: bool) -> dict[str, Any]:
    """What every paper says. `at_desk`: the one-stop speaks, else who decides."""
    identity, at = case.dossier.identity, case.act.at.astimezone(ZONE)
    sequence = identity.code.rpartition("-")[2]
    return {
        "code": identity.code,
        "case": identity.case,
        "number": f"{sequence}/{at:%Y}",
        "sequence": sequence,
        "subject": identity.subject,
        "service": {"name": case.service.card.name.vi, "code": case.service.card.code},
        "issuer": issuer(case, at_desk=at_desk),
        "day": {"d": f"{at:%d}", "m": f"{at:%m}", "y": f"{at:%Y}"},
        "applicant": applicant(case),
        "signer": _signer(case.act),
    }


def issuer(case: Case, *, at_desk: bool) -> dict[str, str]:
    """Who stands at the paper's head, by the catalogue's issuers."""
    known = case.node.catalogue.papers.issuers
    names = known.get(case.node.name) or Issuer("", case.node.catalogue.card.name.vi)
    identity = case.dossier.identity
    unit = (identity.intake if at_desk else "") or identity.unit or case.declared.get("residence_unit") or ""
    try:
        found = case.node.territory.unit(unit)
        words, title = {"unit": found.name, "province": found.province}, found.title
    except KeyError:
        words, title = {"unit": "", "province": ""}, ""
    above, name, desk = (part.format(**words).strip() for part in (names.above, names.name, names.desk))
    province = words["province"].removeprefix("tỉnh ").removeprefix("thành phố ")
    place = title if case.dossier.identity.unit else province
    if at_desk and desk:
        above, name = name, desk
    return {"above": above, "name": name, "place": place, "province-name": province}


def applicant(case: Case) -> dict[str, Any]:
    """The person or organisation the dossier is of; what this agency does not know is left blank."""
    identity, home, contact = case.dossier.identity, _homes(case), case.content.contact
    address = home.get(_parent_of(case, identity.applicant)) or home["address"]
    tax_code = contact.get("tax_code")
    return {
        "name": _applicant_name(case),
        "label": "Mã số thuế" if tax_code else "Số định danh cá nhân",
        "number": tax_code or _value(case.node, _PLAIN, identity.applicant),
        "phone": contact.get("phone") or case.declared.get("requester_phone") or _phone(case, identity.applicant),
        "email": contact.get("email") or case.declared.get("requester_email") or "",
        "address": contact.get("address") or address,
        "helper": _helper(case),
    }


def _helper(case: Case) -> dict[str, str] | None:
    """Who handed it in for the applicant, and by which paper; an officer who took it in is nobody's helper."""
    identity, told = case.dossier.identity, case.content.contact.get("helper")
    if told:
        return {"name": told["name"], "number": _value(case.node, _PLAIN, told["number"]), "paper": told["paper"]}
    if identity.channel in _TAKEN_IN or identity.filed_by in ("", identity.applicant):
        return None
    number = _value(case.node, _PLAIN, identity.filed_by)
    return {"name": "", "number": number, "paper": "ủy quyền trên định danh điện tử"}


def _phone(case: Case, number: str) -> str:
    """As the population register signed it for this declaration."""
    rows = (row for row in _answered(case) if row.get("number") == number and row.get("phone"))
    return next((str(row["phone"]) for row in rows), "")


def _applicant_name(case: Case) -> str:
    """From the declaration or from who came, else from the birth that names them as a parent."""
    if name := case.declared.get("requester_name") or case.content.contact.get("name"):
        return str(name)
    role = _parent_of(case, case.dossier.identity.applicant)
    births = [*case.earlier.values(), *([case.own["record"]] if case.own else [])]
    return next((str(birth[f"{role}_name"]) for birth in births if birth.get(f"{role}_name")), "")


def _parent_of(case: Case, number: str) -> str:
    """Whether a person is the mother or the father here."""
    rows = [case.declared, *case.earlier.values()]
    for role in ("mother", "father"):
        if number in {row.get(name) for row in rows for name in (role, f"{role}_number")}:
            return role
    return ""


def _signer(act: Act) -> dict[str, Any]:
    automatic = act.actor == MACHINE
    name = "" if automatic else act.actor
    return {"name": name, "role": act.role, "automatic": automatic, "rule": act.rule.rpartition("; ")[2]}


# where people live: the declared household, and what the population register signed about the parents


def _homes(case: Case) -> dict[str, str]:
    declared, node = case.declared, case.node
    address = _address(node, declared.get("residence_address"), declared.get("residence_unit"))
    homes = {"address": address, "mother": "", "father": ""}
    rows = list(_answered(case))
    households = {row["code"]: _address(node, row.get("address"), row.get("unit")) for row in rows if "code" in row}
    lives = {row["person"]: row.get("household") for row in rows if "household" in row and "person" in row}
    for role in ("mother", "father"):
        homes[role] = households.get(str(lives.get(declared.get(f"{role}_number"))), "")
    return homes


def _address(node: Node, address: Any, unit: Any) -> str:
    parts = [str(address)] if address else []
    parts += [shown(node, node.catalogue.terms["unit"], str(unit), "vi")] if unit else []
    return ", ".join(parts)


def _answered(case: Case) -> Iterator[dict[str, Any]]:
    """Every row that registers' owners signed for this declaration; an answer that no longer opens counts as none."""
    identity, directory = case.dossier.identity, case.node.directory
    asked_by, since = identity.parent_node or case.node.name, identity.received_at
    for text in case.content.sources:
        try:
            envelope = envelopes.decode(text.encode())
            message = envelopes.open_envelope(envelope, directory, recipient=asked_by, at=None, received=since)
        except Refused:
            continue
        for found in message.body.get("items", {}).values():
            yield from (row for row in (found if isinstance(found, list) else [found]) if isinstance(row, dict))


# values in words


def _in_words(node: Node, register: str, record: Mapping[str, Any]) -> dict[str, str]:
    columns = node.catalogue.registers[register].fields if register in node.catalogue.registers else {}
    terms = node.catalogue.terms
    return {
        name: _value(node, terms.get(columns[name].term if name in columns else name, _PLAIN), value)
        for name, value in record.items()
        if value not in (None, "")
    }


def _declared(case: Case) -> Iterator[tuple[str, str]]:
    for name, field in case.service.form.fields.items():
        value = case.declared.get(name)
        if value not in (None, ""):
            yield name, _value(case.node, case.node.catalogue.terms[field.term], value)


def _value(node: Node, term: Term, value: Any) -> str:
    """In words; a person's number in groups, a facility's code by its name wherever it stands."""
    text = str(value)
    if term.type in ("text", "key") and text.isdigit():
        if len(text) == len("068195001234"):
            return f"{text[:3]} {text[3:6]} {text[6:]}"
        return shown(node, msgspec.structs.replace(term, type="facility"), text, "vi")
    return shown(node, term, text, "vi")


def _days(values: Mapping[str, Any]) -> Iterator[tuple[str, date]]:
    """The values that are days."""
    for name, value in values.items():
        if isinstance(value, str) and len(value) == len("2026-01-01"):
            try:
                yield name, date.fromisoformat(value)
            except ValueError:
                continue
