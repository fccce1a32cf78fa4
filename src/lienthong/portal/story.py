"""One timeline: who holds what, since when, by which rule, until when, and what happens next by itself."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lienthong.casework import words
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import FINAL, Act, BranchState
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Service
from lienthong.exchange.envelopes import Envelope
from lienthong.exchange.node import Node

_LANE_STATES = {"filed": "waiting", "open": "working", "stopped": "refused"}


@dataclass(frozen=True)
class Entry:
    at: datetime
    text: str
    actor: str = ""
    rule: str = ""


@dataclass(frozen=True)
class Lane:
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


@dataclass(frozen=True)
class Result:
    title: str
    number: str
    issued_on: date
    agency: str
    url: str = ""


@dataclass(frozen=True)
class Story:
    code: str
    status_label: str
    due: datetime
    rule: str
    lanes: list[Lane]
    results: list[Result]
    finished: bool


def tell(node: Node, service: Service, dossier: Dossier, acts: list[Act], results: dict[str, str]) -> Story:
    """The parent dossier's story from its own acts: everything branches said is in them."""
    state = dossier.state
    lanes = [_portal_lane(node, dossier, acts)]
    lanes += [_lane(node, name, branch, acts) for name, branch in state.branches.items()]
    return Story(
        code=dossier.identity.code,
        status_label=words.state_name(state.status),
        due=dossier.identity.deadline,
        rule=words.cited(service.card.limit.rule),
        lanes=lanes,
        results=[_result(node, state.branches[name], text) for name, text in results.items()],
        finished=state.status in FINAL,
    )


def _portal_lane(node: Node, dossier: Dossier, acts: list[Act]) -> Lane:
    language = get_language() or "vi"
    entries = [
        Entry(act.at, words.act_text(act.verb), rule=words.cited(act.rule)) for act in acts if act.verb == "submit"
    ]
    entries += [
        Entry(act.at, _("Gửi nhánh: %(name)s") % {"name": branch_name(node, dossier.state.branches[name])})
        for act in acts
        for name in act.files
    ]
    finished = dossier.state.status in FINAL
    return Lane(
        agency=node.catalogue.card.name.in_language(language),
        name=_("Nhận và chuyển hồ sơ"),
        state="done" if finished else "working",
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


def _lane(node: Node, name: str, branch: BranchState, acts: list[Act]) -> Lane:
    told = [entry for act in acts if act.branch == name and act.verb == "progress" for entry in act.detail["acts"]]
    held = branch.state in ("filed", "open", "pending")
    return Lane(
        agency=agency_name(node, branch),
        name=branch_name(node, branch),
        state=_LANE_STATES.get(branch.state, branch.state),
        state_label=words.branch_state_name(branch.state),
        holder=_holder(node, branch) if held else "",
        since=branch.since if held else None,
        due=branch.due if held else None,
        rule=words.cited(branch.rule) if held else "",
        next=_next(node, branch),
        entries=[_entry(entry) for entry in told],
    )


def branch_name(node: Node, branch: BranchState) -> str:
    return node.catalogue.services[branch.service].card.short.in_language(get_language() or "vi")


def agency_name(node: Node, branch: BranchState) -> str:
    return node.catalogue.nodes[branch.node].name.in_language(get_language() or "vi")


def _holder(node: Node, branch: BranchState) -> str:
    if branch.state == "open":
        return words.role_name(branch.role)
    if branch.state == "pending":
        step = node.catalogue.services[branch.service].process.step(branch.step)
        return step.name.in_language(get_language() or "vi")
    return agency_name(node, branch)


def _next(node: Node, branch: BranchState) -> str:
    match branch.state:
        case "waiting":
            return _("Tự bắt đầu khi có kết quả của nhánh trước.")
        case "filed":
            return _("Đang chuyển. Cơ quan nhận chưa trả lời; chúng tôi tự gửi lại cho đến khi họ nhận.")
        case "pending":
            return _("Tự tiếp tục khi cơ quan giữ sổ gốc xác nhận.")
        case "open" if branch.reason:
            return message(branch.reason)
        case "refused" | "stopped":
            return message(branch.reason) if branch.reason else ""
    return ""


def _entry(told: dict[str, Any]) -> Entry:
    text = words.act_text(told["verb"], role=told["role"])
    if told["reason"] and told["verb"] in ("return", "refuse", "reopen"):
        text = f"{text}: {message(told['reason'])}"
    actor = "" if told["actor"] == words.MACHINE else f"{told['actor']}, {words.role_name(told['role'])}"
    return Entry(datetime.fromisoformat(told["at"]), text, actor, words.cited(told["rule"]))


def _result(node: Node, branch: BranchState, text: str) -> Result:
    envelope = msgspec.json.decode(text, type=Envelope)
    header, body = msgspec.json.decode(envelope.header), msgspec.json.decode(envelope.body)
    issued = datetime.fromisoformat(header["issued"]).date()
    number = body["record"].get("child_number") or body["key"]
    card = node.catalogue.services[branch.service].card
    return Result(card.results[0].in_language(get_language() or "vi"), number, issued, agency_name(node, branch))
