"""One timeline: who holds what, since when, by which rule, until when, and what happens next by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import msgspec
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lienthong.casework import consents, place, words
from lienthong.casework.counting import Line
from lienthong.casework.dossiers import Dossier
from lienthong.casework.place import ProcessView
from lienthong.casework.states import ENDED, FINAL, Act, BranchState
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Service
from lienthong.documents.wording import masked
from lienthong.exchange.envelopes import Envelope
from lienthong.exchange.node import Node
from lienthong.kit.web.templatetags.vietnam import moment
from lienthong.portal import papers, supplements
from lienthong.portal.papers import PaperLink
from lienthong.portal.story_corrections import Correction, corrections_of
from lienthong.portal.story_counting import counted

APPEAL_RULE = "Luật Khiếu nại 02/2011/QH13, Điều 7 và 9"
_HELD = ("filed", "open", "pending", "applicant", "consent", "correction")


@dataclass(frozen=True)
class Entry:
    at: datetime
    text: str
    actor: str = ""
    rule: str = ""


@dataclass(frozen=True)
class Way:
    """Something to do, and where."""

    text: str
    url: str


@dataclass(frozen=True)
class Lane:
    """An agency's part. `paused` says why the clock stands; `asked` what is wanted of whom, `way` where to give it;
    `counted` how the promised time comes about."""

    agency: str
    name: str
    state: str
    state_label: str
    holder: str
    since: datetime | None
    due: datetime | None
    rule: str
    next: str
    entries: list[Entry]
    sign: str = ""
    paused: str = ""
    asked: list[str] = field(default_factory=list)
    way: Way | None = None
    counted: list[Line] = field(default_factory=list)


@dataclass(frozen=True)
class Result:
    title: str
    number: str
    issued_on: date
    agency: str
    url: str = ""


@dataclass(frozen=True)
class Story:
    """`todo` is what the citizen must do first; `withdraw_url` empty once nothing can be taken back."""

    code: str
    status_label: str
    due: datetime | None
    rule: str
    lanes: list[Lane]
    results: list[Result]
    finished: bool
    todo: list[Lane] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    papers: list[PaperLink] = field(default_factory=list)
    process: ProcessView | None = None
    withdraw_url: str = ""


def tell(
    node: Node,
    service: Service,
    dossier: Dossier,
    acts: list[Act],
    results: dict[str, str],
    declared: Mapping[str, Any] | None = None,
) -> Story:
    """The parent dossier's story from its own acts: everything branches said is in them."""
    state = dossier.state
    branches = [_lane(node, dossier, name, branch, acts, declared or {}) for name, branch in state.branches.items()]
    finished = state.status in FINAL
    return Story(
        code=dossier.identity.code,
        status_label=words.standing(state),
        due=state.deadline,
        rule=words.cited(service.card.limit.rule),
        lanes=[_portal_lane(node, dossier, acts), *branches],
        results=[_result(node, state.branches[name], text) for name, text in results.items()],
        finished=finished,
        todo=[lane for lane in branches if lane.way and lane.state == "supplement"],
        corrections=corrections_of(node, service, dossier, acts),
        papers=papers.links(node, dossier, acts, results),
        process=place.of_dossier(node, service, state, acts),
        withdraw_url="" if finished else reverse("withdraw", args=[dossier.identity.code]),
    )


def _portal_lane(node: Node, dossier: Dossier, acts: list[Act]) -> Lane:
    finished = dossier.state.status in FINAL
    entries = [_told(act) for act in acts if _own(act)]
    entries += [
        Entry(act.at, _("Gửi nhánh: %(name)s") % {"name": branch_name(node, dossier.state.branches[name])})
        for act in acts
        for name in act.files
    ]
    return Lane(
        agency=node.catalogue.card.name.in_language(_language()),
        name=_("Nhận và chuyển hồ sơ"),
        state="done" if finished else "working",
        sign="done" if finished else "working",
        state_label=_("Đã xong") if finished else _("Đang điều phối"),
        holder="",
        since=None,
        due=None,
        rule="",
        next=""
        if finished
        else _("Có kết quả nào, chúng tôi chuyển ngay kết quả đó cho cơ quan tiếp theo và cho bạn."),
        entries=sorted(entries, key=lambda entry: entry.at),
    )


def _told(act: Act) -> Entry:
    by = _("nộp thay") if act.detail.get("filed_by") else ""
    return Entry(act.at, words.act_text(act.verb, reason=act.reason), by, words.cited(act.rule))


def _own(act: Act) -> bool:
    """Whether the portal tells an act itself; corrections are told apart, branches tell theirs."""
    return act.verb in ("submit", "supply", "withdraw")


def _lane(
    node: Node, dossier: Dossier, name: str, branch: BranchState, acts: list[Act], declared: Mapping[str, Any]
) -> Lane:
    told = [entry for act in acts if act.branch == name and act.verb == "progress" for entry in act.detail["acts"]]
    held = branch.state in _HELD
    sign = words.branch_sign(branch.state)
    answered = branch.state == "applicant" and supplements.is_answered(name, branch, acts)
    is_held_back = branch.state == "waiting" and bool(branch.held)
    return Lane(
        agency=agency_name(node, branch),
        name=branch_name(node, branch),
        state="working" if sign == "pending" and branch.state != "pending" else sign,
        sign="pending" if is_held_back else sign,
        state_label=words.branch_state_name("correction" if is_held_back else branch.state),
        holder=_holder(node, branch) if held else "",
        since=branch.since if held else None,
        due=(branch.due or branch.deadline) if held else None,
        rule=words.cited(_rule(branch, told)) if held else "",
        next=_("Phần bổ sung đã gửi, đang chờ cơ quan nhận.") if answered else _next(node, branch),
        entries=[_entry(entry) for entry in told],
        paused=_paused(branch),
        asked=_asked(node, dossier, branch, declared),
        way=None if answered else _way(node, dossier, name, branch),
        counted=counted(node, dossier, name, branch, told, declared) if held else [],
    )


def branch_name(node: Node, branch: BranchState) -> str:
    return node.catalogue.shown(branch.service, branch.revision).card.short.in_language(_language())


def agency_name(node: Node, branch: BranchState) -> str:
    return node.catalogue.nodes[branch.node].name.in_language(_language())


def _holder(node: Node, branch: BranchState) -> str:
    match branch.state:
        case "open":
            return words.role_name(branch.role)
        case "pending":
            step = node.catalogue.shown(branch.service, branch.revision).process.step(branch.step)
            return step.name.in_language(_language())
        case "applicant":
            return _("Bạn")
        case "consent":
            return _("Người phải đồng ý")
        case "correction":
            return _("Cơ quan đã cấp kết quả trước")
    return agency_name(node, branch)


def _rule(branch: BranchState, told: list[dict[str, Any]]) -> str:
    """The rule behind the term that runs now: of what paused the dossier, else of the step."""
    verbs = {"applicant": "supplement", "consent": "ask_consent", "correction": "dispute"}
    paused = [entry["rule"] for entry in told if entry["verb"] == verbs.get(branch.state)]
    return paused[-1] if paused and paused[-1] else branch.rule


def _paused(branch: BranchState) -> str:
    since = {"since": moment(branch.since)}
    match branch.state:
        case "applicant":
            return _("Thời hạn dừng tính từ %(since)s, và chạy tiếp ngay khi bạn bổ sung.") % since
        case "consent":
            return _("Thời hạn dừng tính từ %(since)s, và chạy tiếp khi mọi người được hỏi đã trả lời.") % since
        case "correction":
            return _("Thời hạn dừng tính từ %(since)s, và chạy tiếp khi nơi cấp trả lời.") % since
    return ""


def _asked(node: Node, dossier: Dossier, branch: BranchState, declared: Mapping[str, Any]) -> list[str]:
    """What is asked of somebody now: of the citizen each item with its reason, of others who and what."""
    asks, service = branch.asks, node.catalogue.shown(branch.service, branch.revision)
    if branch.state == "applicant":
        said = [message(branch.reason)] if branch.reason else []
        return [*said, *(_item(node, dossier, service, item) for item in asks.get("items", []))]
    if branch.state == "consent":
        known = {one.consent: one for one in service.process.consents}
        wanted = [known[name] for name in asks.get("ids", []) if name in known]
        return [
            _("%(who)s: “%(says)s”") % {"who": _whose(one.of, declared), "says": one.says.in_language(_language())}
            for one in wanted
        ]
    if branch.state == "correction" and asks.get("says"):
        return [_("Điều được cho là sai: %(says)s") % {"says": asks.get("note") or asks["says"]}]
    return []


def _item(node: Node, dossier: Dossier, service: Service, item: Mapping[str, str]) -> str:
    """One thing asked for, by its name in the form the person filled in, with the officer's words."""
    name, identity = item.get("field", ""), dossier.identity
    parent = node.catalogue.shown(identity.service, identity.revision)
    field = parent.form.fields.get(name) or service.form.fields.get(name)
    label = (field.label or node.catalogue.terms[field.term].words).in_language(_language()) if field else ""
    return ": ".join(text for text in (label or item.get("paper", ""), item.get("text", "")) if text)


def _whose(number_field: str, declared: Mapping[str, Any]) -> str:
    """Who must agree, masked: the person declared beside the number."""
    if number_field == consents.OTHER_PARENT:
        own = declared.get("requester_number")
        names = [declared.get(f"{who}_name") for who in ("mother", "father") if declared.get(f"{who}_number") != own]
    else:
        names = [declared.get(number_field.replace("_number", "_name"))]
    known = [str(name) for name in names if name]
    return masked(known[0]) if len(known) == 1 else _("Người phải đồng ý")


def _way(node: Node, dossier: Dossier, name: str, branch: BranchState) -> Way | None:
    if branch.state == "applicant":
        return Way(_("Bổ sung"), reverse("supplement", args=[dossier.identity.code, name]))
    if branch.state == "consent":
        party = node.directory.nodes.get(consents.EID)
        return Way(_("Người ấy trả lời tại trang định danh điện tử"), f"{party.site}/consents") if party else None
    return None


def _next(node: Node, branch: BranchState) -> str:
    match branch.state:
        case "waiting" if branch.held:
            return _("Bắt đầu khi cơ quan giữ dữ liệu trả lời về điều bạn báo sai.")
        case "waiting":
            return _("Tự bắt đầu khi có kết quả của nhánh trước.")
        case "filed":
            return _("Đang chuyển. Cơ quan nhận chưa trả lời; chúng tôi tự gửi lại cho đến khi họ nhận.")
        case "pending":
            return _("Tự tiếp tục khi cơ quan giữ sổ gốc xác nhận.")
        case "open":
            said = message(branch.reason) if branch.reason else ""
            return f"{said} {_following(node, branch)}".strip()
        case "refused":
            appeal = _("Không đồng ý, bạn có quyền khiếu nại tới cơ quan này trong 90 ngày, hoặc khởi kiện tại tòa án.")
            said = message(branch.reason) if branch.reason else ""
            return f"{said} {appeal} ({words.cited(APPEAL_RULE)})".strip()
        case state if state in ENDED and branch.reason and state != "done":
            return message(branch.reason)
    return ""


def _following(node: Node, branch: BranchState) -> str:
    """What comes by itself after the open step."""
    process = node.catalogue.shown(branch.service, branch.revision).process
    following = process.after(branch.step) if branch.step else None
    if following is None:
        return ""
    return _("Sau đó: %(step)s.") % {"step": following.name.in_language(_language())}


def _entry(told: dict[str, Any]) -> Entry:
    reason = told["reason"] if told["verb"] != "examine" else ""
    text = words.act_text(told["verb"], role=told["role"], reason=reason)
    until = told.get("due") if told["verb"] in ("supplement", "ask_consent", "verify") else None
    if until:
        text = _("%(text)s; hạn: %(until)s") % {"text": text.rstrip("."), "until": moment(_moment(until))}
    actor = "" if told["actor"] == words.MACHINE else f"{told['actor']}, {words.role_name(told['role'])}"
    return Entry(_moment(told["at"]), text, actor, words.cited(told["rule"]))


def _moment(value: str | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _result(node: Node, branch: BranchState, text: str) -> Result:
    envelope = msgspec.json.decode(text, type=Envelope)
    header, body = msgspec.json.decode(envelope.header), msgspec.json.decode(envelope.body)
    issued = datetime.fromisoformat(header["issued"]).date()
    number = body["record"].get("child_number") or body["key"]
    card = node.catalogue.shown(branch.service, branch.revision).card
    return Result(card.results[0].in_language(_language()), number, issued, agency_name(node, branch))


def _language() -> str:
    return get_language() or "vi"
