"""The electronic store of persons and organisations: papers that this node issued or holds, each kept once.

    keep     a result was issued: its papers, and what its dossier's components were found to be, go to their owners
    mine     answers `store.mine`: what a person has here, for their own portal
    open     answers `store.open`: a piece of one paper, for its owner and for who is to decide on it
    check    answers `store.check`: whether papers still hold, for who reuses them

Others hold references (attachments.Reused), no copies of the truth: whether a paper holds is asked here, at the moment.
A result is as valid as its dossier; a component as long as nobody takes it back.
(Decree 118/2025/NĐ-CP, Art. 17: the store of electronic data of organisations and individuals.)
"""

import base64
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, TypeVar
from uuid import UUID, uuid5

import msgspec

from lienthong.casework import digitisation, dossiers, paper_facts, papers
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import PROCESSED, RETURNED, Act
from lienthong.catalogue.shapes import Service
from lienthong.documents import attachments, contents
from lienthong.documents import papers as made
from lienthong.documents.attachments import PIECE, Reused
from lienthong.documents.papers import REVOKED, SUPERSEDED, VALID, BeingMade
from lienthong.documents.sealing import NoCertificate
from lienthong.exchange import envelopes, evidence
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Answer, Node, Read
from lienthong.kit import clock
from lienthong.kit.storage import Tx

MINE, OPEN, CHECK = "store.mine", attachments.OPEN, "store.check"
REGISTER: Final = "store"  # as reads of it are logged; no declared register
EXPIRED, SILENT = "expired", "silent"
_SPACE: Final = UUID("6d1c5c0a-7f0e-4b6e-9a39-2f4a3c1d5e70")
_COLUMNS = (
    "id, origin, code, dossier, name, title_vi, title_en, number, issuer, issued_on, valid_until, kept_at, ended_at,"
    " ended"
)
_KEEP = f"""
INSERT INTO store_paper ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, NULL, '')
ON CONFLICT DO NOTHING
"""
_OWN = "INSERT INTO store_owner (owner, paper) SELECT unnest(%s::text[]), %s ON CONFLICT DO NOTHING"
_MINE = f"""
SELECT {_COLUMNS} FROM store_paper JOIN store_owner ON paper = id WHERE owner = %s
ORDER BY issued_on DESC, kept_at DESC LIMIT %s
"""
_ONE = f"SELECT {_COLUMNS} FROM store_paper WHERE id = %s"
_OWNERS = "SELECT owner FROM store_owner WHERE paper = %s"
_END = "UPDATE store_paper SET ended = %s, ended_at = %s WHERE id = %s AND ended = ''"
MOST = 200
_Shape = TypeVar("_Shape")


class Kept(msgspec.Struct, frozen=True):
    """A paper as it lies here."""

    id: str
    origin: str
    code: str
    dossier: str
    name: str
    title_vi: str
    title_en: str
    number: str
    issuer: str
    issued_on: date
    valid_until: date | None
    kept_at: datetime
    ended_at: datetime | None
    ended: str


# ---------------------------------------------------------------------- what goes in


def keep(node: Node, tx: Tx, service: Service, dossier: Dossier, act: Act) -> None:
    """Lay a result that `act` issued, and the components it rests on, into their owners' store; again: as it was."""
    body = _result(dossier.result)
    record, register = body.get("record", {}), node.catalogue.registers.get(body.get("register", ""))
    owners = {dossier.identity.applicant, *(register.whom([record]) if register else [])} - {""}
    code = service.process.step(act.step).result or service.card.result
    number = str(record.get("number") or body.get("key") or "")
    issuer = _issuer(node, tx, service, dossier, act)
    until = _valid_until(service, act.at.date())
    for name in papers.result_names(node, service.slug):
        template = node.catalogue.papers.find(service.slug, name)
        assert template is not None, "result_names() names only what has a template"
        title = (template.title.vi, template.title.en)
        what = ("result", code, dossier.identity.code, name, *title, number, issuer, act.at.date(), until)
        _put(tx, what, sorted(owners), act.at)
    _keep_components(tx, service, dossier, act)


def _keep_components(tx: Tx, service: Service, dossier: Dossier, act: Act) -> None:
    """What was scanned or handed in once and found good: kept under the code of the paper that the form accepts."""
    identity = dossier.identity
    for found in digitisation.of(tx, identity.code):
        spec = service.form.fields.get(found.kind)
        if found.state != digitisation.DIGITISED or spec is None or not spec.accepts:
            continue
        words = spec.label or service.terms[spec.term].words
        about = found.about
        issued, until = _day(about.issued_on) or act.at.date(), _day(about.valid_until)
        title = (words.vi, words.en, about.number, about.issuer)
        what = ("component", spec.accepts[0], identity.code, found.kind, *title, issued, until)
        _put(tx, what, [identity.applicant], act.at)


def _put(tx: Tx, what: tuple[Any, ...], owners: list[str], at: datetime) -> None:
    origin, _code, dossier, name = what[:4]
    paper = _id(dossier, origin, name)
    tx.run(_KEEP, (paper, *what, at))
    tx.run(_OWN, (owners, paper))


def _id(dossier: str, origin: str, name: str) -> str:
    return str(uuid5(_SPACE, f"{dossier}/{origin}/{name}"))


def _result(sealed: str) -> dict[str, Any]:
    """What our own seal says was issued."""
    if not sealed:
        return {}
    found: dict[str, Any] = msgspec.json.decode(envelopes.decode(sealed.encode()).body)
    return found


def _issuer(node: Node, tx: Tx, service: Service, dossier: Dossier, act: Act) -> str:
    content = dossier.begun or dossiers.content(tx, dossier.identity.code)
    return paper_facts.issuer(paper_facts.Case(node, service, dossier, content, [], act, {}), at_desk=False)["name"]


def _valid_until(service: Service, day: date) -> date | None:
    """So many months later; the last day of a month that is too short."""
    if not service.card.valid_months:
        return None
    years, month = divmod(day.month - 1 + service.card.valid_months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(day.year + years, month + 1, last)
        except ValueError:
            continue
    return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def take_back(tx: Tx, dossier: str, kind: str, at: datetime) -> bool:
    """A component proved wrong: whoever reuses it hears so from now on. False where nothing holds here."""
    return bool(tx.touch(_END, (REVOKED, at, _id(dossier, "component", kind))))


# ---------------------------------------------------------------------- how it stands


def standing(tx: Tx, kept: Kept, sha256: str = "", part: int = 0) -> tuple[str, datetime | date | None]:
    """Whether a paper holds now, and since when not; `sha256` is what the asker has of it."""
    if kept.ended:
        return kept.ended, kept.ended_at
    if kept.origin == "result":
        dossier = dossiers.load(tx, kept.dossier)
        if dossier is None or dossier.state.status not in (PROCESSED, RETURNED):
            return REVOKED, dossier.state.since if dossier else None
    if kept.valid_until and kept.valid_until < clock.today():
        return EXPIRED, kept.valid_until
    newest = _newest(tx, kept, part) if sha256 else ""
    return (SUPERSEDED, None) if newest and newest != sha256 else (VALID, None)


def _newest(tx: Tx, kept: Kept, part: int) -> str:
    """The hash of what is handed out now; empty where nothing was made yet."""
    if kept.origin == "result":
        latest = made.latest(tx, kept.dossier, kept.name)
        return latest.sha256 if latest else ""
    files = _files(tx, kept)
    return files[part].sha256 if part < len(files) else "-"


def _files(tx: Tx, kept: Kept) -> list[digitisation.File]:
    found = next((one for one in digitisation.of(tx, kept.dossier) if one.kind == kept.name), None)
    return found.files if found else []


class Content(msgspec.Struct, frozen=True):
    """One file of a paper, of so many."""

    data: bytes
    name: str
    type: str
    sha256: str
    parts: int = 1


def content(node: Node, tx: Tx, kept: Kept, part: int = 0) -> Content | None:
    """What a paper is handed out as; a result is made now where it was not. None where it cannot be had."""
    if kept.origin == "component":
        files = _files(tx, kept)
        data = attachments.content(tx, files[part].id) if part < len(files) else None
        return Content(data, files[part].name, files[part].type, files[part].sha256, len(files)) if data else None
    try:
        paper = papers.paper(node, tx, kept.dossier, kept.name)
    except (LookupError, NoCertificate, BeingMade):
        return None
    return Content(paper.pdf, contents.name_for(kept.title_vi, contents.PDF), contents.PDF, paper.sha256)


def find(tx: Tx, paper: str) -> Kept | None:
    row = tx.one(_ONE, (paper,))
    return Kept(*row) if row else None


# ---------------------------------------------------------------------- what other nodes ask


class _Mine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    of: str
    evidence: list[str] = []


class _Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    paper: str
    part: int = 0
    offset: int = 0
    sha256: str = ""
    evidence: list[str] = []


class _Checked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    papers: list[_Wanted]
    evidence: list[str] = []


def mine(node: Node, tx: Tx, message: Message) -> Answer:
    """What a person has here. Raises Refused: malformed, no-evidence, bad-evidence."""
    question = _read(message, _Mine)
    proof = evidence.about(node, message, question.of)
    told = [_told(tx, Kept(*row)) for row in tx.all(_MINE, (question.of, MOST))]
    reads = (Read(question.of, REGISTER, ("code", "number", "title", "issuer", "issued_on")),)
    return Answer({"papers": told, "at": clock.now().isoformat()}, reads, proof.ids)


def open_paper(node: Node, tx: Tx, message: Message) -> Answer:
    """A piece of a paper, for its owner and for the agency at which the owner applies with it.

    Raises Refused: malformed, unknown-paper (also where it is nobody's here), no-evidence, bad-evidence.
    """
    wanted = _read(message, _Wanted)
    kept, owner, proof = _owned(node, tx, message, wanted.paper)
    state, since = standing(tx, kept)
    found = content(node, tx, kept, wanted.part) if _may_open(message, state) else None
    body = {**_told(tx, kept), "state": state, "since": since, "part": wanted.part, "found": found is not None}
    if found is None or not 0 <= wanted.offset < len(found.data):
        return Answer({**body, "found": False}, (), proof.ids)
    piece = found.data[wanted.offset : wanted.offset + PIECE]
    file = {"file": found.name, "type": found.type, "sha256": found.sha256, "parts": found.parts}
    body |= {**file, "size": len(found.data), "offset": wanted.offset, "data": base64.b64encode(piece).decode()}
    return Answer(body, (Read(owner, REGISTER, (kept.code or kept.name,)),) if wanted.offset == 0 else (), proof.ids)


def _may_open(message: Message, state: str) -> bool:
    """An owner may see what no longer holds; an agency must not decide on it."""
    return state == VALID or message.header.purpose != attachments.OPEN_PURPOSE


def check(node: Node, tx: Tx, message: Message) -> Answer:
    """Whether papers hold now. Raises Refused as above."""
    asked = _read(message, _Checked).papers[: attachments.MOST_FILES]
    said, reads = {}, []
    for wanted in asked:
        kept, owner, _proof = _owned(node, tx, message, wanted.paper)
        state, since = standing(tx, kept, wanted.sha256, wanted.part)
        said[f"{wanted.paper}/{wanted.part}"] = {"state": state, "since": since}
        reads.append(Read(owner, REGISTER, ("state",)))
    return Answer({"papers": said, "at": clock.now().isoformat()}, tuple(reads))


def _owned(node: Node, tx: Tx, message: Message, paper: str) -> tuple[Kept, str, evidence.Proof]:
    """A paper, with the owner of it who stands behind the question."""
    kept, proof = find(tx, paper), evidence.prove(node, message)
    owners = {row.owner for row in tx.all(_OWNERS, (paper,))} & proof.people
    if kept is None or not owners:
        raise Refused("unknown-paper", "no such paper of theirs")
    owner = min(owners)
    return kept, owner, evidence.about(node, message, owner)


def _told(tx: Tx, kept: Kept) -> dict[str, Any]:
    """A reference: all that others get of a paper, but its content."""
    state, since = standing(tx, kept)
    return {
        "paper": kept.id,
        "origin": kept.origin,
        "code": kept.code,
        "title": {"vi": kept.title_vi, "en": kept.title_en},
        "number": kept.number,
        "issuer": kept.issuer,
        "issued_on": kept.issued_on,
        "valid_until": kept.valid_until,
        "dossier": kept.dossier,
        "state": state,
        "since": since,
    }


def _read(message: Message, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.convert(message.body, shape)
    except msgspec.ValidationError as error:
        raise Refused("malformed", str(error)) from error


def reference(node: str, told: Mapping[str, Any], part: int = 0) -> Reused:
    """A paper as an answer told of it, to stand in a manifest."""
    return Reused(
        node, told["paper"], told["origin"], told["code"], told["title"]["vi"], told["number"], told["issuer"],
        str(told["issued_on"]), part,
    )  # fmt: skip
