"""What may come of a step beside its own verb, and those outside who are waited for: applicants, other units."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from lienthong.casework import consulting, extending, limits, payments
from lienthong.casework.consulting import Question
from lienthong.casework.effects import outstanding
from lienthong.casework.moving import HEAD
from lienthong.casework.states import MACHINE, Act
from lienthong.catalogue.shapes import Step
from lienthong.demo.history_pace import Worker

if TYPE_CHECKING:
    from lienthong.demo.history_life import Life

WORTH_ASKING: Final = 10_000  # đồng: smaller fees are paid at the counter
_MISSING: Final = (
    "Bản chụp giấy tờ bị mờ, đề nghị chụp lại",
    "Thiếu chữ ký của người yêu cầu",
    "Thiếu trang 2 của tờ khai",
)
_LATE_BECAUSE: Final = ("Nhiều hồ sơ nộp cùng lúc.", "Phải xác minh thêm với cơ quan khác.")
_SILENT: Final = 0.15
_ANSWERS: Final = ("Đồng ý.", "Phù hợp quy hoạch.", "Không có yêu cầu thêm.")


def _pick(life: "Life", *choices: str) -> str:
    return choices[int(life.rng.random() * len(choices))]


def supplement(life: "Life", worker: Worker, step: Step, at: datetime) -> None:
    until = life.calendar.due(at, limits.SUPPLEMENT_DAYS)
    items = [{"field": "", "paper": _pick(life, *_MISSING), "text": ""}]
    asks = {"kind": "supplement", "items": items, "until": until.isoformat()}
    rule = limits.SUPPLEMENT_RULE
    reason = _pick(life, "missing-paper", "unreadable-paper", "unclear-value")
    life.add(life.by("supplement", worker, step, at, due=until, reason=reason, asks=asks, rule=rule))


def supplied(life: "Life") -> None:
    """Most answer in time; of the others the timer ends it."""
    asked, rng = life.dossier.fresh[-1], life.rng
    assert asked.due is not None, "a supplement has a limit"
    at = asked.at + timedelta(hours=2 + rng.expovariate(1 / 50.0))
    if at >= asked.due or rng.random() < 0.05:
        late = asked.due + timedelta(seconds=20 + 40 * rng.random())
        life.add(life.by_machine("stop", late, reason="not-supplemented", rule=limits.SUPPLEMENT_RULE))
        return
    _wake(life, Act("supply", at, MACHINE, "applicant", detail={"fields": [], "papers": ["scan"]}))


def _wake(life: "Life", act: Act) -> None:
    """The clock goes on from where it stood."""
    deadline, told = limits.resumed(life.office.node, life.service, life.dossier, act.at)
    told = {**act.detail, **told}
    due, step = life.due(life.step, act.at), life.step.step
    agency, role = life.identity.agency, act.role
    life.add(Act(act.verb, act.at, act.actor, role, agency, step, due=due, deadline=deadline, detail=told))


def refuse(life: "Life", worker: Worker, step: Step, at: datetime) -> None:
    life.add(life.by("refuse", worker, step, at, reason=_pick(life, "not-entitled", "mismatch", "not-competent")))


def send_back(life: "Life", worker: Worker, step: Step, at: datetime) -> None:
    due = life.due(life.service.process.steps[0], at)
    reason = _pick(life, "look-again", "mismatch", "unclear-evidence")
    life.add(life.by("return", worker, step, at, due=due, reason=reason))


def withdraw(life: "Life", worker: Worker, step: Step, at: datetime) -> None:
    life.add(life.by_machine("withdraw", at, reason="withdrawn"))


def verify(life: "Life", worker: Worker, step: Step, at: datetime) -> None:
    """The longer limit holds."""
    received = next((act.at for act in life.dossier.fresh if act.verb == "receive"), life.identity.received_at)
    unit = life.identity.unit
    deadline = limits.promised(life.office.node, life.service, received, unit, verified=True)
    reason = _pick(life, "verify-residence", "verify-paper", "verify-statement")
    life.add(life.by("verify", worker, step, at, due=deadline, deadline=deadline, reason=reason))


def extend(life: "Life", at: datetime) -> None:
    """The head apologises and promises another time."""
    state, step, head = life.dossier.state, life.step, life.worker(HEAD, life.dossier.desk)
    assert state.deadline is not None, "something was promised"
    until = life.calendar.due(state.deadline, 3)
    detail = {"officer": head.officer.number, "before": state.deadline.isoformat()}
    due = limits.step_due(life.office.node, step, at, until)
    agency, rule = life.identity.agency, extending.RULE
    why, name = _pick(life, *_LATE_BECAUSE), head.officer.name
    life.add(Act("extend", at, name, HEAD, agency, step.step, rule, why, due, until, detail=detail))


# ---------------------------------------------------------------------- payment


def ask_payment(life: "Life", worker: Worker, step: Step, at: datetime) -> None:
    asks = {"kind": "payment", "amount": life.service.card.fee, "what": "Lệ phí"}
    rule = payments.RULE
    life.add(life.by("ask_payment", worker, step, at, asks=asks, reason="payment", rule=rule))


def paid(life: "Life") -> None:
    at = life.last + timedelta(hours=1 + life.rng.expovariate(1 / 20.0))
    _wake(life, Act("paid", at, MACHINE, detail={"receipt": f"BL{int(life.rng.random() * 10**9):09d}"}))


# ---------------------------------------------------------------------- opinions


def ask(life: "Life", step: Step) -> None:
    """A step that asks others, by itself."""
    desk = life.dossier.desk
    questions = [
        Question(one.role, one.says.vi, one.days, _unit(life, one.unit) or desk, one.silence) for one in step.asks
    ]
    asks = consulting.asked(life.office.node, questions, life.last)
    names = (str(UUID(int=life.rng.getrandbits(128), version=4)) for _ in questions)
    asks["opinions"] = dict(zip(names, asks["opinions"].values(), strict=True))
    life.add(life.by_machine("consult", life.last, rule=step.rule or consulting.RULE, asks=asks))


def _unit(life: "Life", unit: str) -> str:
    return str(life.declared.get(unit[1:]) or "") if unit.startswith("$") else unit


def heard(life: "Life") -> None:
    """The next answer, or the end of the time for one."""
    state, rng = life.dossier.state, life.rng
    name = outstanding(state)[0]
    one = state.opinions[name]
    worker = life.worker(one.role, one.unit)
    hours = 3.0 + rng.expovariate(1 / 14.0) * worker.pace
    at = max(life.last, life.calendar.after_hours(one.asked_at, hours))
    said: dict[str, Any] = {"state": "silent"}
    actor, more = MACHINE, {}
    if rng.random() < _SILENT or at >= one.due:
        at = max(life.last, one.due + timedelta(seconds=30))
    else:
        answer = _pick(life, *_ANSWERS)
        actor, more = worker.officer.name, {"officer": worker.officer.number}
        said = {"state": "given", "agrees": True, "answer": answer, "by": actor}
    step = life.step
    detail, rule, agency = {"opinion": name, **said, **more}, step.rule or consulting.RULE, life.identity.agency
    life.add(Act("opinion", at, actor, one.role, agency, step.step, rule, detail=detail, **life.way(step, at)))
