"""What desk/dossier.html is given: what must be judged, what can be done, the clock, and what has happened."""

from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.casework import place, words
from lienthong.casework.consents import OTHER_PARENT
from lienthong.casework.dossiers import Dossier
from lienthong.casework.place import ProcessView
from lienthong.casework.states import MACHINE, Act
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Consent, Step
from lienthong.desk import act_forms, acts, pages, papers
from lienthong.desk.act_forms import Attempt
from lienthong.desk.acts import SINGLE, Case, Offer
from lienthong.desk.cautions import doubted, warnings
from lienthong.desk.comparison import Caution, Condition, Evidence, Group, conditions, disputable, groups
from lienthong.desk.papers import PaperLink
from lienthong.desk.task_page import KINDS
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.registers.wording import shown

_CHANNELS: Final[dict[str, str | Promise]] = {
    "counter": gettext_lazy("nộp tại quầy, cán bộ nhập hộ"),
    "helper": gettext_lazy("người được ủy quyền nộp thay"),
}
_CONSENTED: Final[dict[str, tuple[str, str | Promise]]] = {
    "asked": ("supplement", gettext_lazy("Đang chờ trả lời trên định danh điện tử")),
    "given": ("done", gettext_lazy("Đã đồng ý trên định danh điện tử")),
    "paper": ("supplement", gettext_lazy("Không có tài khoản định danh: phải có văn bản đồng ý")),
}


@dataclass(frozen=True)
class CasePage:
    title: str
    code: str
    service: str
    filed: dict[str, Any]
    state: str
    state_label: str
    notices: list[Caution]
    conditions: list[Condition]
    groups: list[Group]
    consents: list[dict[str, Any]]
    asked: dict[str, Any]
    files: list[dict[str, Any]]
    papers: list[PaperLink]
    process: ProcessView
    clock: dict[str, Any]
    step: str
    version: int
    next: dict[str, Any] | None = None
    acts: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)


def case(evidence: Evidence, officer: Officer, attempt: Attempt) -> CasePage:
    """The dossier as one officer sees it."""
    node, dossier, service = evidence.node, evidence.dossier, evidence.service
    case_at_hand = at_hand(evidence)
    step = case_at_hand.step
    first, others = _offered(case_at_hand, acts.offers(case_at_hand, officer), attempt)
    compared = groups(evidence)
    return CasePage(
        title=pages.title(dossier),
        code=dossier.identity.code,
        service=service.card.name.in_language(pages.language()),
        filed=_filed(evidence),
        state=words.state_sign(dossier.state),
        state_label=words.standing(dossier.state),
        notices=[*warnings(evidence), *_under_way(evidence), *_differences(compared)],
        conditions=sorted(conditions(evidence.history), key=lambda condition: condition.met),
        groups=compared,
        consents=_consents(evidence),
        asked=_asked(evidence),
        files=evidence.files,
        papers=papers.links(node, dossier, evidence.history),
        process=place.of_dossier(node, service, dossier.state, evidence.history),
        clock=_clock(node, dossier, step),
        step=step.name.in_language(pages.language()) if step else words.state_name(dossier.state.status),
        version=dossier.acts,
        next=first,
        acts=others,
        entries=[_entry(act) for act in reversed(evidence.history)],
    )


def at_hand(evidence: Evidence) -> Case:
    """The dossier as deeds see it."""
    declared, handed_on = evidence.content.declared, disputable(evidence)
    return Case(evidence.node, evidence.dossier, evidence.service, declared, handed_on, bool(doubted(evidence)))


def _under_way(evidence: Evidence) -> list[Caution]:
    """Corrections and other inside work about this case that nobody has answered yet."""
    kinds = [str(KINDS[kind]) for kind in dict.fromkeys(evidence.tasks) if kind in KINDS]
    text = _("Đang có việc nội bộ chưa xong về hồ sơ này: %(what)s.")
    return [Caution(text % {"what": "; ".join(kinds)})] if kinds else []


def _differences(compared: list[Group]) -> list[Caution]:
    """What is not one with the registers, named before the tables."""
    labels = [f"{group.title} – {row.label}" for group in compared for row in group.rows if row.differs]
    if not labels:
        return []
    text = _("Khác với dữ liệu gốc: %(what)s.") % {"what": "; ".join(labels)}
    return [Caution(text, sign="differs")]


def _offered(case: Case, offers: list[Offer], attempt: Attempt) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """The one next act, and the others."""
    shown_offers = [act_forms.shown(case, offer, attempt) for offer in offers]
    if shown_offers and shown_offers[0]["name"] in SINGLE:
        return shown_offers[0], shown_offers[1:]
    return None, shown_offers


def _filed(evidence: Evidence) -> dict[str, Any]:
    """Who filed it, when, and on whose behalf."""
    node, identity, declared = evidence.node, evidence.dossier.identity, evidence.content.declared
    number = node.catalogue.terms["personal_number"]
    applicant = shown(node, number, identity.applicant, pages.language())
    by = shown(node, number, identity.filed_by, pages.language()) if identity.filed_by else ""
    return {
        "applicant": declared.get("requester_name") or applicant,
        "at": identity.received_at,
        "by": by,
        "how": str(_CHANNELS.get(identity.channel, "")),
    }


def _consents(evidence: Evidence) -> list[dict[str, Any]]:
    """Who must agree: what they are asked, and how it stands."""
    state, found = evidence.dossier.state, []
    number = evidence.node.catalogue.terms["personal_number"]
    for consent in evidence.service.process.consents:
        how = state.consents.get(consent.consent)
        if how is None:
            continue
        sign, label = _CONSENTED[how]
        waits = how == "asked" and state.waiting == "consent"
        found.append(
            {
                "says": consent.says.in_language(pages.language()),
                "who": shown(evidence.node, number, _whose(evidence, consent), pages.language()),
                "rule": words.cited(consent.rule),
                "state": sign,
                "state_label": str(label),
                "until": state.due if waits else None,
            }
        )
    return found


def _whose(evidence: Evidence, consent: Consent) -> str:
    """The number of who is asked; of the parent who does not declare, where the process says so."""
    declared = evidence.content.declared
    if consent.of != OTHER_PARENT:
        return str(declared.get(consent.of) or "")
    parents = {declared.get("mother_number"), declared.get("father_number")} - {None, ""}
    return str(next(iter(parents - {declared.get("requester_number")}), ""))


def _asked(evidence: Evidence) -> dict[str, Any]:
    """The supplement that was asked for: its items, until when, and whether it has come."""
    request = next((act for act in reversed(evidence.history) if act.verb == "supplement"), None)
    if request is None:
        return {}
    fields, terms, language = evidence.form.fields, evidence.node.catalogue.terms, pages.language()
    items = []
    for item in request.asks.get("items", []):
        spec = fields.get(item.get("field") or "")
        label = (spec.label or terms[spec.term].words).in_language(language) if spec else item.get("paper", "")
        items.append(f"{label}: {item['text']}" if item.get("text") else label)
    answer = next((act for act in evidence.history if act.verb == "supply" and act.at >= request.at), None)
    return {
        "items": items,
        "at": request.at,
        "reason": message(request.reason),
        "until": None if answer else request.due,
        "answered": answer.at if answer else None,
    }


def _clock(node: Node, dossier: Dossier, step: Step | None) -> dict[str, Any]:
    """The limit of the step, what is promised for the whole, and why the clock stands where it does."""
    state, due = dossier.state, dossier.state.due
    if step is None or (due is None and state.paused_at is None):
        return {}
    told: dict[str, Any] = {"due": due, "promised": state.deadline, "rule": words.cited(step.rule)}
    if state.paused_at is not None:
        return {**told, "paused_at": state.paused_at, "because": words.standing(dossier.state)}
    hours = node.catalogue.calendar.hours_between(clock.now(), due) if due else 0.0
    left = _("còn %(hours)s giờ làm việc") if hours >= 0 else _("quá %(hours)s giờ làm việc")
    return {**told, "working_left": left % {"hours": f"{abs(hours):.0f}"}}


def _entry(act: Act) -> dict[str, Any]:
    actor = "" if act.actor == MACHINE else act.actor
    text = words.act_text(act.verb, role=act.role, reason=act.reason)
    return {"at": act.at, "text": text, "actor": actor, "rule": words.cited(act.rule)}
