"""Dossiers as stored. `save` is the one function that stores acts: journal entries and projection together."""

from datetime import datetime
from typing import Any

import msgspec

from lienthong.casework.states import Act, BranchState, State, apply
from lienthong.catalogue.shapes import Service
from lienthong.journal import entries
from lienthong.journal.entries import first_link
from lienthong.kit.storage import Tx

_OPEN = """
INSERT INTO dossier (code, service, revision, agency, unit, applicant, subject, about, parent, parent_node, branch,
    received_at, deadline, status, step, waiting, role, since, due, reason, branches, acts, chain)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_MOVE = """
UPDATE dossier SET status = %s, step = %s, waiting = %s, role = %s, since = %s, due = %s, reason = %s, branches = %s,
    acts = %s, chain = %s
WHERE code = %s
"""
_CONTENT = "INSERT INTO dossier_content (code, declared, sources, results) VALUES (%s, %s, %s, %s)"
_READ_CONTENT = "SELECT declared, sources, results FROM dossier_content WHERE code = %s"
_RESULT = "INSERT INTO dossier_result (code, branch, result) VALUES (%s, %s, %s)"


class Identity(msgspec.Struct, frozen=True):
    """What a dossier is from its first act to its last."""

    code: str
    service: str
    revision: str
    agency: str
    applicant: str
    received_at: datetime
    deadline: datetime
    unit: str | None = None
    subject: str = ""
    about: str | None = None
    parent: str | None = None
    parent_node: str | None = None
    branch: str | None = None

    @property
    def case(self) -> str:
        """The code under which every message about it travels: the parent's, where there is one."""
        return self.parent or self.code

    @property
    def stream(self) -> str:
        return stream_of(self.code)


class Content(msgspec.Struct, frozen=True):
    """What a dossier was opened with: declared values by field; registers' signed answers and the sealed results of
    earlier branches, as the text that was signed."""

    declared: dict[str, Any]
    sources: list[str] = []
    results: dict[str, str] = {}


class Dossier(msgspec.Struct):
    """A dossier at hand. `fresh` are the acts added to it here, `begun` what a new one holds until it is stored,
    `result` the sealed result issued here."""

    identity: Identity
    state: State
    acts: int
    chain: bytes
    fresh: list[Act] = []
    begun: Content | None = None
    result: str = ""


def stream_of(code: str) -> str:
    return f"dossier/{code}"


def begin(service: Service, identity: Identity, content: Content, act: Act) -> Dossier:
    """A new dossier with its first act, not yet stored."""
    return Dossier(identity, apply(service, None, act), 1, first_link(identity.stream), [act], content)


def add(service: Service, dossier: Dossier, act: Act) -> None:
    """Add an act to a dossier at hand. Raises states.NotPossible when it does not fit."""
    dossier.state = apply(service, dossier.state, act)
    dossier.acts += 1
    dossier.fresh.append(act)


def save(tx: Tx, dossier: Dossier) -> None:
    """Store what was begun or added: the acts in the journal and the dossier as they leave it, together.

    A new one raises psycopg.errors.UniqueViolation when another open dossier is `about` the same.
    """
    i, state = dossier.identity, dossier.state
    acts = [(act.at, msgspec.to_builtins(act)) for act in dossier.fresh]
    first = dossier.acts - len(acts) + 1
    dossier.chain = entries.append_all(tx, i.stream, "act", acts, first=first, previous=dossier.chain)
    projection = (state.status, state.step, state.waiting, state.role, state.since, state.due, state.reason)
    moving = (*projection, msgspec.json.encode(state.branches).decode(), dossier.acts, dossier.chain)
    if dossier.begun is None:
        tx.run(_MOVE, (*moving, i.code))
        return
    fixed = (i.code, i.service, i.revision, i.agency, i.unit, i.applicant, i.subject, i.about)
    tx.run(_OPEN, (*fixed, i.parent, i.parent_node, i.branch, i.received_at, i.deadline, *moving))
    parts = (msgspec.json.encode(part).decode() for part in msgspec.structs.astuple(dossier.begun))
    tx.run(_CONTENT, (i.code, *parts))
    dossier.begun = None


def load(tx: Tx, code: str, *, lock: bool = False) -> Dossier | None:
    """The dossier; with `lock` nobody else moves it until this transaction ends."""
    row = tx.one(f"SELECT * FROM dossier WHERE code = %s{' FOR UPDATE' if lock else ''}", (code,))
    return None if row is None else from_row(row)


def from_row(row: Any) -> Dossier:
    values = row._asdict()
    identity = Identity(**{name: values[name] for name in Identity.__struct_fields__})
    values["branches"] = msgspec.json.decode(row.branches, type=dict[str, BranchState])
    state = State(**{name: values[name] for name in State.__struct_fields__})
    return Dossier(identity, state, row.acts, bytes(row.chain))


def content(tx: Tx, code: str) -> Content:
    """Raises LookupError when there is no such dossier."""
    row = tx.one(_READ_CONTENT, (code,))
    if row is None:
        raise LookupError(code)
    return Content(*(msgspec.json.decode(part) for part in row))


def keep_result(tx: Tx, code: str, branch: str, result: str) -> None:
    """Lay a sealed result beside the dossier, byte for byte: its own, or a branch's that the parent gathers."""
    tx.run(_RESULT, (code, branch, result))


def kept_results(tx: Tx, code: str) -> dict[str, str]:
    """Sealed results that lie beside a dossier, by branch."""
    rows = tx.all("SELECT branch, result FROM dossier_result WHERE code = %s", (code,))
    return {row.branch: row.result for row in rows}


def acts(tx: Tx, code: str) -> list[Act]:
    """The dossier's acts in order; erased payloads are left out."""
    rows = tx.all("SELECT payload FROM journal_entry WHERE stream = %s ORDER BY number", (stream_of(code),))
    return [msgspec.json.decode(row.payload, type=Act) for row in rows if row.payload]
