"""What a citizen said to be wrong, as the timeline tells it: at whom, since when, how it ended, what waits for it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import Act
from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node
from lienthong.registers.wording import shown


@dataclass(frozen=True)
class Correction:
    """`state` open, done or declined; `waits` names the branches that begin only then."""

    label: str
    held: str
    says: str
    at_whom: str
    since: datetime
    state: str
    state_label: str
    answer: str
    answered_at: datetime | None
    waits: list[str]


def corrections_of(node: Node, service: Service, dossier: Dossier, acts: list[Act]) -> list[Correction]:
    """The corrections asked for with the submission; answers are acts of the dossier."""
    answers = {str(act.detail.get("correction")): act for act in acts if act.verb == "correct"}
    submitted = next((act for act in acts if act.verb == "submit"), None)
    if submitted is None:
        return []
    wrong: dict[str, dict[str, Any]] = submitted.detail.get("corrections", {})
    return [_told(node, service, dossier, submitted, task, one, answers.get(task)) for task, one in wrong.items()]


def _told(
    node: Node, service: Service, dossier: Dossier, submitted: Act, task: str, one: dict[str, Any], answer: Act | None
) -> Correction:
    language = get_language() or "vi"
    spec = service.form.fields[one["field"]]
    term = node.catalogue.terms[spec.term]
    register = node.catalogue.registers.get(one["register"])
    state = "open" if answer is None else "done" if answer.detail.get("accepted") else "declined"
    labels = {"open": _("Đang xem xét"), "done": _("Đã sửa"), "declined": _("Giữ nguyên")}
    return Correction(
        label=(spec.label or term.words).in_language(language),
        held=shown(node, term, str(one["held"]), language),
        says=shown(node, term, str(one["says"]), language),
        at_whom=register.name.in_language(language) if register else one["register"],
        since=submitted.at,
        state={"open": "pending", "done": "done", "declined": "refused"}[state],
        state_label=labels[state],
        answer=str(answer.detail.get("note", "")) if answer else "",
        answered_at=answer.at if answer else None,
        waits=_waiting(node, dossier, task, language),
    )


def _waiting(node: Node, dossier: Dossier, task: str, language: str) -> list[str]:
    return [
        node.catalogue.shown(branch.service, branch.revision).card.short.in_language(language)
        for branch in dossier.state.branches.values()
        if branch.state == "waiting" and task in branch.held
    ]
