"""What a new revision would mean for a dossier that runs under an older one: pure judgement, nothing is done.

as-is, elsewhere, time     it goes on at the same step, at the step that was chosen, only its promised time moves
everything else            it cannot, and why: the other codes of VERDICTS
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lienthong.casework import counting, dossiers, limits
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import State
from lienthong.catalogue import forms
from lienthong.catalogue.shapes import Service, Step
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.storage import Tx

BY_PEOPLE: Final = ("receive", "check", "decide")
MOVES: Final = ("as-is", "elsewhere", "time")
VERDICTS: Final[dict[str, str | Promise]] = {
    "as-is": _("Chuyển được, vẫn ở bước này"),
    "elsewhere": _("Chuyển được, sang bước đã chọn"),
    "time": _("Chỉ đổi thời hạn"),
    "step-gone": _("Quy trình mới không có bước này; hãy chọn bước thay"),
    "step-changed": _("Bước này ở quy trình mới do người khác làm hoặc làm việc khác; hãy chọn bước thay"),
    "not-by-people": _("Bước được chọn không do người làm"),
    "reception": _("Chưa tiếp nhận thì chỉ chuyển về bước tiếp nhận; đã tiếp nhận thì không tiếp nhận lại"),
    "passed-over": _("Hồ sơ này bỏ qua bước được chọn, theo điều kiện của bước"),
    "form": _("Tờ khai mới hỏi hoặc cấm điều mà hồ sơ khai khác"),
    "asked-for": _("Đang chờ bổ sung mục mà tờ khai mới không còn"),
    "pending": _("Đã quyết định, đang chờ ghi sổ"),
    "collect": _("Đã có kết quả, chỉ còn trả"),
    "payment": _("Đang chờ nộp tiền"),
    "opinion": _("Đang chờ ý kiến"),
    "transit": _("Đang trên đường chuyển"),
    "not-earlier": _("Thời hạn mới không sớm hơn ngày đã hẹn với người nộp"),
    "extended": _("Đã xin lỗi và hẹn lại; giữ ngày hẹn đó"),
    "not-received": _("Chưa tiếp nhận nên chưa hẹn; sẽ hẹn theo quy trình đang giữ"),
    "rule-missing": _("Bản cũ dùng quy tắc mà chương trình này không còn"),
}


class Plan(msgspec.Struct, frozen=True):
    """What is to be done with the dossiers of an older revision: moved, with the step in whose place each old one comes
    and their promised times counted anew or kept; or given the new limit only."""

    service: str
    from_revision: str
    to_revision: str
    kind: Literal["move", "deadline"] = "move"
    steps: dict[str, str] = {}
    new_time: bool = False


@dataclass(frozen=True)
class Verdict:
    code: str
    acts: int
    step: str
    verdict: str
    about: str = ""
    to_step: str = ""
    deadline: datetime | None = None

    @property
    def moves(self) -> bool:
        return self.verdict in MOVES


@dataclass(frozen=True)
class Judge:
    """Says it for one dossier after another. `old` is None where that revision does not load here."""

    node: Node
    tx: Tx
    plan: Plan
    old: Service | None
    new: Service

    def of(self, dossier: Dossier, declared: Mapping[str, Any]) -> Verdict:
        code, about, to_step = self._judged(dossier, declared)
        deadline = self.deadline(dossier) if code in MOVES and (self.plan.new_time or code == "time") else None
        if code == "time" and deadline is None:
            code = "not-earlier"
        return Verdict(dossier.identity.code, dossier.acts, dossier.state.step, code, about, to_step, deadline)

    def _judged(self, dossier: Dossier, declared: Mapping[str, Any]) -> tuple[str, str, str]:
        state = dossier.state
        if self.old is None:
            return "rule-missing", "", ""
        if state.waiting in ("pending", "collect", "transit"):
            return state.waiting, "", ""
        if self.plan.kind == "deadline":
            return self._time_only(state), "", ""
        if state.waiting in ("payment", "opinion"):
            return state.waiting, "", ""
        return self._to_step(self.old.process.step(state.step), state, declared)

    def _time_only(self, state: State) -> str:
        assert self.old is not None
        if self.old.process.step(state.step).verb == "receive":
            return "not-received"
        return "extended" if state.extended else "time"

    def _to_step(self, here: Step, state: State, declared: Mapping[str, Any]) -> tuple[str, str, str]:
        chosen = self.plan.steps.get(here.step)
        there = next((step for step in self.new.process.steps if step.step == (chosen or here.step)), None)
        if there is None:
            return "step-gone", "", ""
        same = (there.step, there.verb, there.role) == (here.step, here.verb, here.role)
        if not same and not chosen:
            return "step-changed", "", ""
        if there.verb not in BY_PEOPLE:
            return "not-by-people", "", ""
        if (here.verb == "receive") != (there.verb == "receive"):
            return "reception", "", ""
        if not forms.holds(there.when, declared):
            return "passed-over", there.when, ""
        if wrong := self._unfit(state, declared):
            return (*wrong, "")
        return "as-is" if same else "elsewhere", "", there.step

    def _unfit(self, state: State, declared: Mapping[str, Any]) -> tuple[str, str] | None:
        """What was declared, or asked for, does not go with the new form."""
        assert self.old is not None
        if self.old.form == self.new.form:
            return None
        asked = [item.get("field", "") for item in state.asks.get("items", [])] if state.waiting == "applicant" else []
        if gone := [name for name in asked if name and name not in self.new.form.fields]:
            return "asked-for", ", ".join(gone)
        today = clock.today()
        before = forms.check(self.old.form, self.old.terms, declared, today)
        after = forms.check(self.new.form, self.new.terms, declared, today)
        wrong = sorted(name for name in after if name not in before)
        return ("form", ", ".join(wrong)) if wrong else None

    def deadline(self, dossier: Dossier) -> datetime | None:
        """The promised time by the new revision's limit, where that is earlier: what was promised is never put off by
        a change of process. None where it stays."""
        state = dossier.state
        if state.deadline is None or state.extended or (self.old and self._is_new(state)):
            return None
        acts, calendar = dossiers.acts(self.tx, dossier.identity.code), limits.competent(self.node, dossier)
        found = limits.counted(counting.deadline, calendar, self.new, acts, verified=state.verified)
        return found if found and found < state.deadline else None

    def _is_new(self, state: State) -> bool:
        assert self.old is not None
        return bool(state.step) and self.old.process.step(state.step).verb == "receive"
