"""Dossiers as stored. `write` is the one function that adds an act: journal entry and projection together."""

from datetime import datetime
from typing import Any

import msgspec

from lienthong.casework.states import Act, BranchState, State, apply
from lienthong.catalogue.shapes import Service
from lienthong.journal import entries
from lienthong.kit.storage import Tx

_OPEN = """
INSERT INTO dossier (code, service, revision, agency, unit, applicant, subject, about, parent, parent_node, branch,
    received_at, deadline, status, step, waiting, role, since, due, reason, branches, acts, chain)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, %s)
"""
_CONTENT = "INSERT INTO dossier_content (code, declared, sources) VALUES (%s, %s, %s)"
_READ_CONTENT = """
SELECT declared, sources,
    (SELECT json_object_agg(branch, result) FROM dossier_result r WHERE r.code = c.code) AS results
FROM dossier_content c WHERE code = %s
"""
_RESULT = "INSERT INTO dossier_result (code, branch, result) VALUES (%s, %s, %s)"
_MOVE = """
UPDATE dossier SET status = %s, step = %s, waiting = %s, role = %s, since = %s, due = %s, reason = %s, branches = %s,
    acts = %s, chain = %s
WHERE code = %s
"""


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
        return f"dossier/{self.code}"


class Content(msgspec.Struct, frozen=True):
    """Declared values by field; registers' signed answers and sealed results by branch, as the text that was signed."""

    declared: dict[str, Any]
    sources: list[str] = []
    results: dict[str, str] = {}


class Dossier(msgspec.Struct):
    """A dossier at hand. `fresh` are the acts written through this object, `result` the sealed result issued by it."""

    identity: Identity
    state: State
    acts: int
    chain: bytes
    fresh: list[Act] = []
    result: str = ""


def stream_of(code: str) -> str:
    return f"dossier/{code}"


def open_dossier(tx: Tx, service: Service, identity: Identity, content: Content, act: Act) -> Dossier:
    """Write a new dossier with its first act. Raises psycopg.errors.UniqueViolation when one is open `about` it."""
    state = apply(service, None, act)
    chain = entries.append(tx, identity.stream, "act", _payload(act), at=act.at)
    i = identity
    fixed = (i.code, i.service, i.revision, i.agency, i.unit, i.applicant, i.subject, i.about)
    branch = (i.parent, i.parent_node, i.branch, i.received_at, i.deadline)
    tx.run(_OPEN, (*fixed, *branch, *_projection(state), chain))
    declared, sources = msgspec.json.encode(content.declared), msgspec.json.encode(content.sources)
    tx.run(_CONTENT, (i.code, declared.decode(), sources.decode()))
    for name, result in content.results.items():
        keep_result(tx, i.code, name, result)
    return Dossier(identity, state, 1, chain, [act])


def write(tx: Tx, service: Service, dossier: Dossier, act: Act) -> None:
    """Add an act to a dossier that was loaded for it. Raises states.NotPossible when it does not fit."""
    state = apply(service, dossier.state, act)
    number, code = dossier.acts + 1, dossier.identity.code
    stream = dossier.identity.stream
    chain = entries.append(tx, stream, "act", _payload(act), at=act.at, number=number, previous=dossier.chain)
    tx.run(_MOVE, (*_projection(state), number, chain, code))
    dossier.state, dossier.acts, dossier.chain = state, number, chain
    dossier.fresh.append(act)


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
    declared, sources = msgspec.json.decode(row.declared), msgspec.json.decode(row.sources, type=list[str])
    return Content(declared, sources, row.results or {})


def keep_result(tx: Tx, code: str, branch: str, result: str) -> None:
    """Lay a sealed result beside the dossier, byte for byte."""
    tx.run(_RESULT, (code, branch, result))


def acts(tx: Tx, code: str) -> list[Act]:
    """The dossier's acts in order; erased payloads are left out."""
    rows = tx.all("SELECT payload FROM journal_entry WHERE stream = %s ORDER BY number", (stream_of(code),))
    return [msgspec.json.decode(row.payload, type=Act) for row in rows if row.payload]


def _payload(act: Act) -> dict[str, Any]:
    return msgspec.to_builtins(act)  # type: ignore[no-any-return]


def _projection(state: State) -> tuple[Any, ...]:
    branches = msgspec.json.encode(state.branches).decode()
    head = (state.status, state.step, state.waiting, state.role, state.since, state.due, state.reason)
    return (*head, branches)
