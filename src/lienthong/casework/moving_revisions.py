"""Running dossiers under an older revision of their service, moved to the one in force: by a decision, a run at a time.

    dry_run      a verdict for every dossier; nothing is written
    keep         the same, kept as a run: what the administrator saw is what is done
    begin        the worker goes through the run (work): each dossier its own transaction and its own act
    take_back    so does taking a run back, where nobody has acted since

A dossier that changed after it was judged is told apart, not moved. It says in its own history by which decision it
came under another revision; what was promised is never put off.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from lienthong.casework import consents, dossiers, limits
from lienthong.casework.dossiers import Dossier
from lienthong.casework.facts import Facts
from lienthong.casework.moving_verdicts import MOVES, Judge, Plan, Verdict
from lienthong.casework.states import Act, NotPossible
from lienthong.casework.telling import save_and_tell
from lienthong.catalogue.shapes import Service, Step
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.journal import entries
from lienthong.kit import clock
from lienthong.kit.identifiers import new_id
from lienthong.kit.storage import Tx

ROLE: Final = "process_admin"
MOVED, TIME, BACK = "process-moved", "time-moved", "process-moved-back"  # reasons, in catalogue/messages.py
BATCH: Final = 200
_FIELDS = (
    "id, service, from_revision, to_revision, kind, steps, new_time, decision, officer, officer_name, at, state, acts, "
    "chain"
)
_OLDER = """
SELECT service, revision, count(*) AS dossiers FROM dossier WHERE waiting <> '' AND branches = '{}'
GROUP BY service, revision ORDER BY service, count(*) DESC
"""
_RUNNING = """
SELECT d.*, c.declared AS said FROM dossier d JOIN dossier_content c USING (code)
WHERE d.service = %s AND d.revision = %s AND d.waiting <> '' AND d.branches = '{}' AND d.code > %s
ORDER BY d.code LIMIT 500
"""
_OPEN = """
INSERT INTO revision_run (id, service, from_revision, to_revision, kind, steps, new_time, decision, officer,
    officer_name, at, chain) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_LINE = """
INSERT INTO revision_run_dossier (run, code, acts, step, verdict, about, to_step, deadline)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_LEFT = "SELECT code FROM revision_run_dossier WHERE run = %s AND result = %s ORDER BY code LIMIT %s"
_TAKE_LINE = "SELECT * FROM revision_run_dossier WHERE run = %s AND code = %s AND result = %s FOR UPDATE"
_DONE = "UPDATE revision_run_dossier SET result = %s, moved_at = %s, before = %s WHERE run = %s AND code = %s"
_STAYS = "UPDATE revision_run_dossier SET result = 'stays' WHERE run = %s AND verdict <> ALL (%s)"
_COUNTS = """
SELECT verdict, result, count(*) AS dossiers FROM revision_run_dossier WHERE run = %s GROUP BY 1, 2 ORDER BY 1, 2
"""
_LINES = """
SELECT * FROM revision_run_dossier WHERE run = %s AND (%s = '' OR verdict = %s) AND code > %s ORDER BY code LIMIT %s
"""

State = Literal["planned", "moving", "moved", "taking_back", "taken_back", "dropped"]


class Run(msgspec.Struct, frozen=True):
    """A run as stored: its plan, who decided it by which decision, and how far it is."""

    id: str
    plan: Plan
    decision: str
    officer: str
    officer_name: str
    at: datetime
    state: State
    acts: int
    chain: bytes


class Before(msgspec.Struct, frozen=True):
    """What a move changed of a dossier."""

    revision: str
    step: str
    due: datetime | None
    deadline: datetime | None
    moved_to: str


class Older(msgspec.Struct, frozen=True):
    """How many dossiers run under a revision that is not in force."""

    service: str
    revision: str
    dossiers: int


# looking


def older(node: Node, tx: Tx) -> list[Older]:
    """The older revisions under which dossiers of this node run."""
    rows = [Older(*row) for row in tx.all(_OLDER)]
    return [row for row in rows if (now := node.catalogue.services.get(row.service)) and now.revision != row.revision]


def dry_run(node: Node, tx: Tx, plan: Plan) -> Iterator[Verdict]:
    """A verdict for every dossier that runs under the older revision. Raises LookupError for an unknown service."""
    judge, after = Judge(node, tx, plan, _old(node, plan), node.catalogue.service(plan.service, plan.to_revision)), ""
    while rows := tx.all(_RUNNING, (plan.service, plan.from_revision, after)):
        for row in rows:
            yield judge.of(dossiers.from_row(row), msgspec.json.decode(row.said))
        after = rows[-1].code


def _old(node: Node, plan: Plan) -> Service | None:
    try:
        return node.catalogue.service(plan.service, plan.from_revision)
    except LookupError:
        return None


def load(tx: Tx, run: str, *, lock: bool = False) -> Run | None:
    row = tx.one(f"SELECT {_FIELDS} FROM revision_run WHERE id = %s{' FOR UPDATE' if lock else ''}", (run,))
    return None if row is None else _from_row(row)


def runs(tx: Tx, most: int = 50) -> list[Run]:
    return [_from_row(row) for row in tx.all(f"SELECT {_FIELDS} FROM revision_run ORDER BY at DESC LIMIT %s", (most,))]


def _from_row(row: Any) -> Run:
    plan = Plan(row.service, row.from_revision, row.to_revision, row.kind, msgspec.json.decode(row.steps), row.new_time)
    return Run(row.id, plan, row.decision, row.officer, row.officer_name, row.at, row.state, row.acts, bytes(row.chain))


def counts(tx: Tx, run: str) -> Sequence[Any]:
    """How many dossiers of a run have each verdict and each result."""
    return tx.all(_COUNTS, (run,))


def lines(tx: Tx, run: str, *, verdict: str = "", after: str = "", most: int = 100) -> Sequence[Any]:
    """The dossiers of a run in the order of their codes, those of one verdict or all."""
    return tx.all(_LINES, (run, verdict, verdict, after, most))


# deciding


def keep(node: Node, tx: Tx, officer: Officer, plan: Plan, decision: str) -> Run:
    """Keep a dry run, so that what was seen can be done. Raises PermissionError; ValueError without a decision."""
    _demand(officer)
    if not decision.strip():
        raise ValueError("required")
    run, at = new_id(), clock.now()
    told = {"plan": msgspec.to_builtins(plan), "decision": decision}
    chain = entries.append(tx, _stream(run), "act", _told("plan", officer, told), at=at)
    steps = msgspec.json.encode(plan.steps).decode()
    tx.run(_OPEN, (run, plan.service, plan.from_revision, plan.to_revision, plan.kind, steps, plan.new_time,
                   decision.strip(), officer.number, officer.name, at, chain))  # fmt: skip
    for one in dry_run(node, tx, plan):
        tx.run(_LINE, (run, one.code, one.acts, one.step, one.verdict, one.about, one.to_step, one.deadline))
    tx.run(_STAYS, (run, list(MOVES)))
    return Run(run, plan, decision.strip(), officer.number, officer.name, at, "planned", 1, chain)


def begin(tx: Tx, run: str, officer: Officer) -> Run:
    """Let the worker move what the run says. Raises LookupError, PermissionError, NotPossible."""
    return _on(tx, run, officer, "planned", "moving")


def drop(tx: Tx, run: str, officer: Officer) -> Run:
    """Do not move them after all. Raises as `begin`."""
    return _on(tx, run, officer, "planned", "dropped")


def take_back(tx: Tx, run: str, officer: Officer) -> Run:
    """Let the worker undo a run, as far as nobody has acted since. Raises as `begin`."""
    return _on(tx, run, officer, "moved", "taking_back")


def _on(tx: Tx, run: str, officer: Officer, before: State, after: State) -> Run:
    _demand(officer)
    found = load(tx, run, lock=True)
    if found is None:
        raise LookupError(run)
    if found.state != before:
        raise NotPossible(f"the run is {found.state}")
    return _now(tx, found, after, _told(after, officer, {}))


def _now(tx: Tx, run: Run, state: State, act: dict[str, Any]) -> Run:
    number = run.acts + 1
    chain = entries.append(tx, _stream(run.id), "act", act, at=clock.now(), number=number, previous=run.chain)
    tx.run("UPDATE revision_run SET state = %s, acts = %s, chain = %s WHERE id = %s", (state, number, chain, run.id))
    return msgspec.structs.replace(run, state=state, acts=number, chain=chain)


def _demand(officer: Officer) -> None:
    if ROLE not in officer.roles:
        raise PermissionError(f"{ROLE} moves dossiers to another revision")


def _told(verb: str, officer: Officer, more: dict[str, Any]) -> dict[str, Any]:
    return {"verb": verb, "by": officer.name, "officer": officer.number, **more}


def _stream(run: str) -> str:
    return f"revision-run/{run}"


# doing, in the worker


def work(node: Node, most: int = BATCH) -> int:
    """Go on with a run that has begun; how many dossiers were dealt with."""
    with node.database.transaction() as tx:
        found = tx.value("SELECT id FROM revision_run WHERE state IN ('moving', 'taking_back') ORDER BY at LIMIT 1")
        run = load(tx, str(found)) if found else None
        if run is None:
            return 0
        moving = run.state == "moving"
        codes = [row.code for row in tx.all(_LEFT, (run.id, "" if moving else "moved", most))]
    for code in codes:
        with node.database.transaction() as tx:
            _moved(node, tx, run, code) if moving else _put_back(node, tx, run, code)
    if len(codes) < most:
        _end(node, run.id, "moved" if moving else "taken_back")
    return len(codes)


def _end(node: Node, run: str, state: State) -> None:
    with node.database.transaction() as tx:
        found = load(tx, run, lock=True)
        if found is not None and found.state in ("moving", "taking_back"):
            results = tx.all("SELECT result, count(*) FROM revision_run_dossier WHERE run = %s GROUP BY result", (run,))
            _now(tx, found, state, {"verb": state, "results": dict(tuple(row) for row in results)})


def _moved(node: Node, tx: Tx, run: Run, code: str) -> None:
    line = tx.one(_TAKE_LINE, (run.id, code, ""))
    dossier = dossiers.load(tx, code, lock=True) if line else None
    if line is None or dossier is None:
        return
    if dossier.acts != line.acts or dossier.identity.revision != run.plan.from_revision:
        tx.run(_DONE, ("changed", 0, "", run.id, code))
        return
    state = dossier.state
    before = Before(run.plan.from_revision, state.step, state.due, state.deadline, state.moved_to)
    only_time = run.plan.kind == "deadline"
    under = run.plan.from_revision if only_time else run.plan.to_revision
    service = node.catalogue.service(run.plan.service, under)
    content = dossiers.content(tx, code)
    step = service.process.step(line.to_step or state.step)
    told = _onward(node, dossier, step, line.deadline, content.declared)
    act = _act(run, dossier, run.plan.from_revision, under, TIME if only_time else MOVED, **told)
    dossiers.add(service, dossier, act)
    moved_at = dossier.acts
    if dossier.state.waiting == "open" and step.verb != "receive" and service.process.consents and not only_time:
        consents.ask(Facts.of(node, tx, service, dossier, content))
    save_and_tell(node, tx, service, dossier)
    tx.run(_DONE, ("moved", moved_at, msgspec.json.encode(before).decode(), run.id, code))


def _onward(
    node: Node, dossier: Dossier, step: Step, deadline: datetime | None, declared: dict[str, Any]
) -> dict[str, Any]:
    """Where a dossier lies from now on, and until when its step lasts."""
    state, at = dossier.state, clock.now()
    promised, desk = deadline or state.deadline, str(declared.get(step.unit) or "") if step.unit else ""
    due = state.due
    if step.step != state.step and state.waiting == "open":
        due = limits.step_due(node, step, at, promised, desk or dossier.desk or None)
    elif due and promised and state.waiting == "open":
        due = min(due, promised)
    moved_to = desk if desk and desk != dossier.desk else state.moved_to
    return {"to": step.step if step.step != state.step else "", "due": due, "deadline": deadline, "desk": moved_to}


def _put_back(node: Node, tx: Tx, run: Run, code: str) -> None:
    line = tx.one(_TAKE_LINE, (run.id, code, "moved"))
    dossier = dossiers.load(tx, code, lock=True) if line else None
    if line is None or dossier is None:
        return
    if dossier.acts != line.moved_at:
        tx.run(_DONE, ("acted-since", line.moved_at, line.before, run.id, code))
        return
    before = msgspec.json.decode(line.before, type=Before)
    service = node.catalogue.service(run.plan.service, before.revision)
    to = before.step if before.step != dossier.state.step else ""
    act = _act(run, dossier, dossier.identity.revision, before.revision, BACK, to=to, due=before.due,
               deadline=before.deadline, desk=before.moved_to)  # fmt: skip
    dossiers.add(service, dossier, act)
    save_and_tell(node, tx, service, dossier)
    tx.run(_DONE, ("back", line.moved_at, line.before, run.id, code))


def _act(run: Run, dossier: Dossier, from_: str, to_revision: str, reason: str, **more: Any) -> Act:
    detail = {"officer": run.officer, "run": run.id, "from_revision": from_, "to_revision": to_revision}
    return Act(
        "move", clock.now(), run.officer_name, ROLE, dossier.identity.agency, dossier.state.step, run.decision, reason,
        detail=detail, **more,
    )  # fmt: skip
