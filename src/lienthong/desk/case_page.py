"""What desk/dossier.html is given: what must be judged, what can be done, the clock, and what has happened."""

from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.casework import handoff, place, words
from lienthong.casework.acts import Opinion
from lienthong.casework.consents import OTHER_PARENT
from lienthong.casework.notes import Note
from lienthong.casework.place import ProcessView
from lienthong.casework.states import MACHINE, Act
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Consent
from lienthong.desk import act_forms, acts, pages, papers
from lienthong.desk.act_forms import Attempt
from lienthong.desk.acts import SINGLE
from lienthong.desk.case_clock import clock_of
from lienthong.desk.cautions import doubted, warnings
from lienthong.desk.changed import Changed, since_filing
from lienthong.desk.comparison import Caution, Condition, Evidence, Group, conditions, disputable, groups
from lienthong.desk.deeds import Case
from lienthong.desk.inside_deeds import SILENCE
from lienthong.desk.moving_on import Trail
from lienthong.desk.papers import PaperLink
from lienthong.desk.task_words import KINDS
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.web.templatetags.vietnam import moment
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

_OPINION: Final[dict[str, tuple[str, str | Promise]]] = {
    "asked": ("pending", gettext_lazy("Chờ trả lời")),
    "agrees": ("done", gettext_lazy("Trả lời: đồng ý")),
    "disagrees": ("refused", gettext_lazy("Trả lời: không đồng ý")),
    "conditions": ("supplement", gettext_lazy("Trả lời: có điều kiện")),
    "silent-agreed": ("done", gettext_lazy("Không trả lời: coi như đồng ý")),
    "silent-without": ("waiting", gettext_lazy("Không trả lời: giải quyết tiếp")),
    "silent-escalate": ("supplement", gettext_lazy("Không trả lời: đã lên người đứng đầu")),
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
    changed: Changed | None
    consents: list[dict[str, Any]]
    opinions: list[dict[str, Any]]
    asked: dict[str, Any]
    files: list[dict[str, Any]]
    papers: list[PaperLink]
    process: ProcessView
    clock: dict[str, Any]
    step: str
    version: int
    trail: Trail
    holding: dict[str, Any]
    notes: list[dict[str, Any]]
    offered: list[dict[str, Any]]
    handoff: str = ""
    next: dict[str, Any] | None = None
    acts: list[dict[str, Any]] = field(default_factory=list)
    inside: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)


def case(evidence: Evidence, officer: Officer, attempt: Attempt, trail: Trail) -> CasePage:
    """The dossier as one officer sees it; `trail` is the list they came from."""
    node, dossier, service = evidence.node, evidence.dossier, evidence.service
    case_at_hand = at_hand(evidence)
    step = case_at_hand.step
    offered = [act_forms.shown(case_at_hand, offer, attempt) for offer in acts.offers(case_at_hand, officer)]
    first, others = _next_of([one for one in offered if one["part"] == "act"])
    compared = groups(evidence)
    return CasePage(
        title=pages.title(dossier),
        code=dossier.identity.code,
        service=service.card.name.in_language(pages.language()),
        filed=_filed(evidence),
        state=words.state_sign(dossier.state),
        state_label=words.standing(dossier.state),
        notices=notices(evidence, compared),
        conditions=sorted(conditions(evidence.history), key=lambda condition: condition.met),
        groups=compared,
        changed=since_filing(evidence),
        consents=_consents(evidence),
        opinions=_opinions(evidence),
        asked=_asked(evidence),
        files=evidence.files,
        papers=papers.links(node, dossier, evidence.history),
        process=place.of_dossier(node, service, dossier.state, evidence.history),
        clock=clock_of(evidence, step),
        step=step.name.in_language(pages.language()) if step else words.state_name(dossier.state.status),
        version=dossier.acts,
        trail=trail,
        holding=_holding(evidence, officer),
        notes=[_note(note) for note in evidence.notes],
        offered=offered,
        handoff=_handoff(case_at_hand, officer),
        next=first,
        acts=others,
        inside={part: [one for one in offered if one["part"] == part] for part in ("desk", "notes", "opinions")},
        entries=[_entry(act) for act in reversed(evidence.history)],
    )


def _handoff(at_hand: Case, officer: Officer) -> str:
    """The ministry's system in which the step is done, for who may do it; empty where it is done here."""
    told = handoff.of(at_hand.service, at_hand.dossier)
    mine = at_hand.step is not None and pages.may_act(officer, at_hand.dossier, at_hand.step)
    return told.name.in_language(pages.language()) if told and mine else ""


def at_hand(evidence: Evidence) -> Case:
    """The dossier as deeds see it."""
    return Case(
        evidence.node,
        evidence.dossier,
        evidence.service,
        evidence.content.declared,
        disputable(evidence),
        bool(doubted(evidence)),
        colleagues=evidence.colleagues,
        phrases=evidence.phrases,
        posts=evidence.posts,
        missing=missing(evidence),
    )


def missing(evidence: Evidence) -> list[str]:
    """Papers that were handed in and have not arrived, each with since when."""
    given = [act.at for act in evidence.history if act.verb == "supply"] or [evidence.dossier.identity.received_at]
    told, since = _("%(paper)s (nộp lúc %(at)s)"), moment(given[-1])
    return [told % {"paper": file["kind"], "at": since} for file in evidence.files if file["state"] == "waiting"]


def _opinions(evidence: Evidence) -> list[dict[str, Any]]:
    """Each opinion that was asked: of whom, how it stands, and what silence means."""
    return [
        {
            "whom": _whom(evidence, one),
            "question": one.question,
            "asked_at": one.asked_at,
            "due": one.due,
            "silence": str(SILENCE[one.silence]),
            "state": _OPINION[_said(one)][0],
            "state_label": str(_OPINION[_said(one)][1]),
            "answer": one.answer,
            "by": one.by,
        }
        for one in evidence.dossier.state.opinions.values()
    ]


def _whom(evidence: Evidence, one: Opinion) -> str:
    role = words.role_name(one.role)
    return f"{role}, {pages.place(evidence.node, one.unit)}" if one.unit else role


def _said(one: Opinion) -> str:
    """How an opinion stands, as a key of _OPINION."""
    if one.state == "given":
        return {True: "agrees", False: "disagrees", None: "conditions"}[one.agrees]
    return f"silent-{one.silence}" if one.state == "silent" else "asked"


def _holding(evidence: Evidence, officer: Officer) -> dict[str, Any]:
    """Who has taken it, since when and until when; empty while nobody has."""
    state = evidence.dossier.state
    if not state.holder or state.held_until is None or state.held_until <= clock.now():
        return {}
    laid = [act for act in evidence.history if act.verb in ("take", "hand_over")]
    note = str(laid[-1].detail.get("note", "")) if laid and laid[-1].verb == "hand_over" else ""
    return {
        "name": state.holder_name,
        "mine": state.holder == officer.number,
        "since": laid[-1].at if laid else None,
        "until": state.held_until,
        "by": laid[-1].actor if note else "",
        "note": note,
    }


def _note(note: Note) -> dict[str, Any]:
    return {
        "at": note.at,
        "name": note.name,
        "role": words.role_name(note.role) if note.role else "",
        "text": note.text,
    }


def notices(evidence: Evidence, compared: list[Group]) -> list[Caution]:
    """What an officer must not overlook, said before anything is compared."""
    return [*warnings(evidence), *_under_way(evidence), *_differences(compared)]


def _under_way(evidence: Evidence) -> list[Caution]:
    """Corrections and other inside work about this case that nobody has answered yet."""
    kinds = [str(KINDS[kind]) for kind in dict.fromkeys(evidence.tasks) if kind in KINDS and kind != "opinion"]
    text = _("Đang có việc nội bộ chưa xong về hồ sơ này: %(what)s.")
    return [Caution(text % {"what": "; ".join(kinds)})] if kinds else []


def _differences(compared: list[Group]) -> list[Caution]:
    """What is not one with the registers, named before the tables."""
    labels = [f"{group.title} – {row.label}" for group in compared for row in group.rows if row.differs]
    if not labels:
        return []
    text = _("Khác với dữ liệu gốc: %(what)s.") % {"what": "; ".join(labels)}
    return [Caution(text, sign="differs")]


def _next_of(offered: list[dict[str, Any]]) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """The one next act, and the others."""
    if offered and offered[0]["name"] in SINGLE:
        return offered[0], offered[1:]
    return None, offered


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


def _entry(act: Act) -> dict[str, Any]:
    actor = "" if act.actor == MACHINE else act.actor
    if away := act.detail.get("instead_of"):
        actor = _("%(who)s thay %(away)s") % {"who": actor, "away": away}
    text = words.act_text(act.verb, role=act.role, reason=act.reason)
    return {"at": act.at, "text": text, "actor": actor, "rule": words.cited(act.rule)}
