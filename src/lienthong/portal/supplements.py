"""What a branch asks the citizen for: fields to give anew and papers to add, each with its reason; and the answer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from lienthong.casework import dossiers, parents
from lienthong.casework.controls import choices_of
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import Act, BranchState, NotPossible
from lienthong.catalogue import forms
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.portal import asked_papers, uploads
from lienthong.portal.pages import FieldView, label_of
from lienthong.registers.wording import shown

_KINDS = {"date": "date", "moment": "date", "number": "number", "person": "number"}


@dataclass(frozen=True)
class Asked:
    """One branch's question: `fields` of the branch's form, `papers` by kind, and `items` as the officer put them."""

    dossier: Dossier
    branch: str
    service: Service
    items: list[dict[str, str]]
    until: datetime
    reason: str
    papers: dict[str, str]

    @property
    def fields(self) -> list[str]:
        names = [item["field"] for item in self.items if item.get("field") and item["field"] not in self.papers]
        return list(dict.fromkeys(names))


def asked(node: Node, dossier: Dossier, branch: str, acts: list[Act]) -> Asked:
    """What a branch asks for now. Raises KeyError without such a branch, NotPossible when it asks for nothing."""
    state = dossier.state.branches[branch]
    if state.state != "applicant" or state.asks.get("kind") != "supplement" or is_answered(branch, state, acts):
        raise NotPossible("nothing is asked for")
    service = node.catalogue.shown(state.service, state.revision)
    papers = asked_papers.of_branch(service, node.catalogue.terms, state)
    until = datetime.fromisoformat(state.asks["until"])
    return Asked(dossier, branch, service, state.asks["items"], until, state.reason, papers)


def is_answered(name: str, branch: BranchState, acts: list[Act]) -> bool:
    """Whether the answer is on its way: given here, not yet heard of from the agency."""
    return any(a.verb == "supply" and a.branch == name and (not branch.since or a.at > branch.since) for a in acts)


def problems(
    node: Node, tx: Tx, asked: Asked, values: Mapping[str, Any], manifest: list[dict[str, Any]]
) -> dict[str, str]:
    """What is wrong with an answer, as codes by field or paper: everything asked for must be there, and the whole must
    be what the branch's form takes."""
    declared = dossiers.content(tx, asked.dossier.identity.code).declared
    fields = asked.service.form.fields
    whole = {name: value for name, value in {**declared, **values}.items() if name in fields}
    errors = forms.check(asked.service.form, asked.service.terms, whole, clock.today())
    errors |= {name: "required" for name in asked.fields if values.get(name) in (None, "", False)}
    kinds = {entry["kind"] for entry in manifest}
    return errors | {name: "file-missing" for name in asked.papers if name not in kinds}


def give(
    node: Node, asked: Asked, account: Account, values: Mapping[str, Any], *, filed_by: str = ""
) -> dict[str, str]:
    """Send the answer with the files handed in for it; what is wrong with it, by name, and then nothing was sent.
    `filed_by` is who answers for the applicant.

    Raises NotPossible when somebody was there first, or the time has run out.
    """
    code = asked.dossier.identity.code
    clean = {name: forms.clean(value) if isinstance(value, str) else value for name, value in values.items()}
    with node.database.transaction() as tx:
        errors = problems(node, tx, asked, clean, uploads.of(tx, code))
        if errors:
            return errors
        manifest = uploads.filed(tx, code, code)
        parents.supply(node, tx, code, asked.branch, account.number, clean, manifest, filed_by=filed_by)
    return {}


def field_views(
    node: Node,
    asked: Asked,
    declared: Mapping[str, Any],
    values: Mapping[str, Any],
    errors: Mapping[str, str],
    language: str,
) -> list[FieldView]:
    """The fields asked for as the form's own widgets show them, with what was declared before."""
    return [_field(node, asked, name, declared, values.get(name), errors.get(name), language) for name in asked.fields]


def _field(
    node: Node, asked: Asked, name: str, declared: Mapping[str, Any], value: Any, error: str | None, language: str
) -> FieldView:
    spec = _of(node, asked, name).form.fields[name]
    term = node.catalogue.terms[spec.term]
    choices = choices_of(node, term, spec, language)
    before = shown(node, term, str(declared[name]), language) if declared.get(name) else ""
    said = [_("Bạn đã khai: %(value)s.") % {"value": before}] if before else []
    kind = "choice" if choices else _KINDS.get(term.type, "text")
    return FieldView(
        id=name,
        label=label_of(_of(node, asked, name), node, name, language),
        help=" ".join([*said, _reason(asked, "field", name)]).strip(),
        kind=kind,
        state="ask",
        value=_parts(value) if kind == "date" else value or "",
        choices=choices,
        error=message(error) if error else "",
    )


def _of(node: Node, asked: Asked, name: str) -> Service:
    """The service whose form the person knows a field from: the parent's, else the branch's own."""
    identity = asked.dossier.identity
    parent = node.catalogue.shown(identity.service, identity.revision)
    return parent if name in parent.form.fields else asked.service


def paper_views(
    node: Node, asked: Asked, manifest: list[dict[str, Any]], errors: Mapping[str, str], language: str
) -> list[FieldView]:
    """The papers asked for, as `portal/parts/upload.html` takes them."""
    fields = asked.service.form.fields
    return [
        FieldView(
            id=kind,
            label=label_of(_of(node, asked, name), node, name, language) if name in fields else name,
            help=_reason(asked, "paper", name),
            kind="paper",
            state="ask",
            error=message(errors[kind]) if kind in errors else "",
            files=[entry for entry in manifest if entry["kind"] == kind],
        )
        for kind, name in asked.papers.items()
    ]


def told(
    node: Node, asked: Asked, views: Iterable[FieldView], errors: Mapping[str, str], language: str
) -> list[dict[str, str]]:
    """The summary of errors. What is wrong in a field that was not asked for stands at the first one that was."""
    shown = list(views)
    listed = [{"id": one.id, "message": f"{one.label}: {one.error}"} for one in shown if one.error]
    for name in sorted(set(errors) - {one.id for one in shown}):
        label = label_of(_of(node, asked, name), node, name, language)
        listed.append({"id": shown[0].id if shown else "", "message": f"{label}: {message(errors[name])}"})
    return listed


def _reason(asked: Asked, part: str, name: str) -> str:
    return " ".join(item["text"] for item in asked.items if item.get(part) == name and item.get("text"))


def _parts(value: Any) -> dict[str, str]:
    year, month, day = [*str(value or "").split("-"), "", "", ""][:3]
    return {"day": day, "month": month, "year": year}
