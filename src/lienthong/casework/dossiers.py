"""Dossiers as stored. `save` is the one function that stores acts: journal entries and projection together."""

from datetime import datetime
from typing import Any

import msgspec

from lienthong.casework import finding
from lienthong.casework.states import FINAL, PROCESSED, RETURNED, Act, BranchState, Opinion, State, apply
from lienthong.catalogue.shapes import Service
from lienthong.journal import entries
from lienthong.journal.entries import first_link
from lienthong.kit.storage import Tx

_FIXED = (
    "code", "service", "revision", "agency", "unit", "applicant", "subject", "about", "parent", "parent_node", "branch",
    "received_at", "channel", "filed_by", "intake",
)  # fmt: skip
_MOVING = (
    "status", "step", "waiting", "role", "since", "due", "reason", "deadline", "paused_at", "paused_hours",
    "supplements", "verified", "extended", "moved_to", "holder", "holder_name", "held_until", "branches", "consents",
    "asks", "opinions", "acts", "chain", "accepted_at", "finished_at", "returned_at",
)  # fmt: skip
COLUMNS = (*_FIXED, *_MOVING)  # what is written; where it lies now follows from them
_OPEN = f"INSERT INTO dossier ({', '.join(COLUMNS)}) VALUES ({', '.join(['%s'] * len(COLUMNS))})"
_MOVE = f"UPDATE dossier SET {', '.join(f'{name} = %s' for name in _MOVING)}, revision = %s WHERE code = %s"
_CONTENT = """
INSERT INTO dossier_content (code, declared, sources, results, attachments, evidence, contact)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_NAME = "INSERT INTO dossier_name (code, words, came) VALUES (%s, %s, %s)"
_READ_CONTENT = "SELECT declared, sources, results, attachments, evidence, contact FROM dossier_content WHERE code = %s"
_CHANGE_CONTENT = """
UPDATE dossier_content SET declared = %s, sources = %s, results = %s, attachments = %s, evidence = %s, contact = %s
WHERE code = %s
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
    """What a dossier is from its first act to its last; only the `revision` changes, by an act of its own.
    `unit` is the competent one, `intake` the reception point that took it in for another unit."""

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
    intake: str = ""

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
    proves the case to registers' owners (exchange.evidence); how to reach who applies (name, phone, email, address)."""

    declared: dict[str, Any]
    sources: list[str] = []
    results: dict[str, str] = {}
    attachments: list[dict[str, Any]] = []
    evidence: list[str] = []
    contact: dict[str, Any] = {}


class Times(msgspec.Struct, frozen=True):
    """When form 01 was issued, when the result was first there or it ended otherwise, when it was returned."""

    accepted_at: datetime | None = None
    finished_at: datetime | None = None
    returned_at: datetime | None = None


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
    times: Times = Times()

    @property
    def desk(self) -> str:
        """The unit where it lies now; empty at an agency without units."""
        return self.state.moved_to or self.identity.intake or self.identity.unit or ""


def stream_of(code: str) -> str:
    return f"dossier/{code}"


def begin(service: Service, identity: Identity, content: Content, act: Act) -> Dossier:
    """A new dossier with its first act, not yet stored."""
    state = apply(service, None, act)
    return Dossier(identity, state, 1, first_link(identity.stream), [act], content, times=_timed(Times(), act, state))


def add(service: Service, dossier: Dossier, act: Act) -> None:
    """Add an act to a dossier at hand; for one that moves it to another revision, `service` is that one. Raises
    states.NotPossible when it does not fit."""
    dossier.state = apply(service, dossier.state, act)
    if act.verb == "move":
        dossier.identity = msgspec.structs.replace(dossier.identity, revision=act.detail["to_revision"])
    dossier.acts += 1
    dossier.fresh.append(act)
    dossier.times = _timed(dossier.times, act, dossier.state)


def _timed(times: Times, act: Act, state: State) -> Times:
    """The times that an act sets: each the first time only, as the national indicators count them."""
    accepted, ended = act.verb == "receive", state.status in (PROCESSED, *FINAL)
    return Times(
        times.accepted_at or (act.at if accepted else None),
        times.finished_at or (act.at if ended else None),
        times.returned_at or (act.at if state.status == RETURNED else None),
    )


def save(tx: Tx, dossier: Dossier) -> None:
    """Store what was begun or added: the acts in the journal and the dossier as they leave it, together.

    A new one raises psycopg.errors.UniqueViolation when another open dossier is `about` the same.
    """
    i = dossier.identity
    acts = [(act.at, msgspec.to_builtins(act)) for act in dossier.fresh]
    first = dossier.acts - len(acts) + 1
    dossier.chain = entries.append_all(tx, i.stream, "act", acts, first=first, previous=dossier.chain)
    moving = (*_projection(dossier), dossier.acts, dossier.chain, *msgspec.structs.astuple(dossier.times))
    if dossier.begun is None:
        tx.run(_MOVE, (*moving, i.revision, i.code))
        return
    tx.run(_OPEN, (*(getattr(i, name) for name in _FIXED), *moving))
    tx.run(_CONTENT, (i.code, *_texts(*msgspec.structs.astuple(dossier.begun))))
    if i.subject and not dossier.state.branches:
        tx.run(_NAME, (i.code, finding.words(i.subject, (i.unit, i.intake), i.received_at), i.received_at))
    dossier.begun = None


def _projection(dossier: Dossier) -> tuple[Any, ...]:
    state = dossier.state
    where = (state.status, state.step, state.waiting, state.role, state.since, state.due, state.reason, state.deadline)
    pauses = (state.paused_at, state.paused_hours, state.supplements, state.verified, state.extended)
    held = (state.moved_to, state.holder, state.holder_name, state.held_until)
    return (*where, *pauses, *held, *_texts(state.branches, state.consents, state.asks, state.opinions))


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
    values["opinions"] = msgspec.json.decode(row.opinions, type=dict[str, Opinion])
    values |= {name: msgspec.json.decode(values[name]) for name in ("consents", "asks")}
    state = State(**{name: values[name] for name in State.__struct_fields__})
    times = Times(row.accepted_at, row.finished_at, row.returned_at)
    return Dossier(identity, state, row.acts, bytes(row.chain), times=times)


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
