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
    received_at, channel, filed_by, status, step, waiting, role, since, due, reason, deadline, paused_at, paused_hours,
    supplements, verified, branches, consents, asks, acts, chain)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
    %s, %s, %s)
"""
_MOVE = """
UPDATE dossier SET status = %s, step = %s, waiting = %s, role = %s, since = %s, due = %s, reason = %s, deadline = %s,
    paused_at = %s, paused_hours = %s, supplements = %s, verified = %s, branches = %s, consents = %s, asks = %s,
    acts = %s, chain = %s
WHERE code = %s
"""
_CONTENT = """
INSERT INTO dossier_content (code, declared, sources, results, attachments, evidence) VALUES (%s, %s, %s, %s, %s, %s)
"""
_READ_CONTENT = "SELECT declared, sources, results, attachments, evidence FROM dossier_content WHERE code = %s"
_CHANGE_CONTENT = """
UPDATE dossier_content SET declared = %s, sources = %s, results = %s, attachments = %s, evidence = %s WHERE code = %s
"""
_RESULT = "INSERT INTO dossier_result (code, branch, result) VALUES (%s, %s, %s)"
_CORRECTED_RESULT = """
INSERT INTO dossier_result (code, branch, result, version)
SELECT %s, %s, %s, 1 + max(version) FROM dossier_result WHERE code = %s AND branch = %s
"""
_LATEST_RESULTS = """
SELECT DISTINCT ON (branch) branch, result FROM dossier_result WHERE code = %s ORDER BY branch, version DESC
"""


class Identity(msgspec.Struct, frozen=True):
    """What a dossier is from its first act to its last."""

    code: str
    service: str
    revision: str
    agency: str
    applicant: str
    received_at: datetime
    unit: str | None = None
    subject: str = ""
    about: str | None = None
    parent: str | None = None
    parent_node: str | None = None
    branch: str | None = None
    channel: str = "online"
    filed_by: str = ""

    @property
    def case(self) -> str:
        """The code under which every message about it travels: the parent's, where there is one."""
        return self.parent or self.code

    @property
    def stream(self) -> str:
        return stream_of(self.code)


class Content(msgspec.Struct, frozen=True):
    """What a dossier holds: declared values by field; registers' signed answers and the sealed results of earlier
    branches, as the text that was signed; a manifest of attached papers (id, kind, name, type, size, sha256); what
    proves the case to registers' owners (exchange.evidence)."""

    declared: dict[str, Any]
    sources: list[str] = []
    results: dict[str, str] = {}
    attachments: list[dict[str, Any]] = []
    evidence: list[str] = []


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
    moving = (*_projection(state), dossier.acts, dossier.chain)
    if dossier.begun is None:
        tx.run(_MOVE, (*moving, i.code))
        return
    fixed = (i.code, i.service, i.revision, i.agency, i.unit, i.applicant, i.subject, i.about)
    tx.run(_OPEN, (*fixed, i.parent, i.parent_node, i.branch, i.received_at, i.channel, i.filed_by, *moving))
    tx.run(_CONTENT, (i.code, *_texts(*msgspec.structs.astuple(dossier.begun))))
    dossier.begun = None


def _projection(state: State) -> tuple[Any, ...]:
    where = (state.status, state.step, state.waiting, state.role, state.since, state.due, state.reason, state.deadline)
    pauses = (state.paused_at, state.paused_hours, state.supplements, state.verified)
    return (*where, *pauses, *_texts(state.branches, state.consents, state.asks))


def _texts(*parts: Any) -> tuple[str, ...]:
    return tuple(msgspec.json.encode(part).decode() for part in parts)


def load(tx: Tx, code: str, *, lock: bool = False) -> Dossier | None:
    """The dossier; with `lock` nobody else moves it until this transaction ends."""
    row = tx.one(f"SELECT * FROM dossier WHERE code = %s{' FOR UPDATE' if lock else ''}", (code,))
    return None if row is None else from_row(row)


def from_row(row: Any) -> Dossier:
    values = row._asdict()
    identity = Identity(**{name: values[name] for name in Identity.__struct_fields__})
    values["branches"] = msgspec.json.decode(row.branches, type=dict[str, BranchState])
    values |= {name: msgspec.json.decode(values[name]) for name in ("consents", "asks")}
    state = State(**{name: values[name] for name in State.__struct_fields__})
    return Dossier(identity, state, row.acts, bytes(row.chain))


def content(tx: Tx, code: str) -> Content:
    """Raises LookupError when there is no such dossier."""
    row = tx.one(_READ_CONTENT, (code,))
    if row is None:
        raise LookupError(code)
    return Content(*(msgspec.json.decode(part) for part in row))


def change_content(tx: Tx, code: str, content: Content) -> None:
    """What a dossier holds from now on; the act stored with it says what changed."""
    tx.run(_CHANGE_CONTENT, (*_texts(*msgspec.structs.astuple(content)), code))


def keep_result(tx: Tx, code: str, branch: str, result: str, *, corrected: bool = False) -> None:
    """Lay a sealed result beside the dossier, byte for byte: its own, or a branch's that the parent gathers.

    A corrected one takes the place of the one before, which stays readable.
    """
    if corrected:
        tx.run(_CORRECTED_RESULT, (code, branch, result, code, branch))
    else:
        tx.run(_RESULT, (code, branch, result))


def kept_results(tx: Tx, code: str) -> dict[str, str]:
    """Sealed results that lie beside a dossier, by branch: the latest of each."""
    rows = tx.all(_LATEST_RESULTS, (code,))
    return {row.branch: row.result for row in rows}


def acts(tx: Tx, code: str) -> list[Act]:
    """The dossier's acts in order; erased payloads are left out."""
    rows = tx.all("SELECT payload FROM journal_entry WHERE stream = %s ORDER BY number", (stream_of(code),))
    return [msgspec.json.decode(row.payload, type=Act) for row in rows if row.payload]
