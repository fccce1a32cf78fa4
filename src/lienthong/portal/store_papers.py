"""A person's papers, wherever they were issued: asked of every agency's store at once, and opened there. Nothing of
them is kept here; a form that reuses one names it, and the agency opens it where it lies."""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from lienthong.casework import store
from lienthong.documents import attachments
from lienthong.documents.attachments import Entry
from lienthong.documents.papers import VALID
from lienthong.documents.refusing import NotTaken
from lienthong.exchange.asking import Question
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.kit.identifiers import new_id
from lienthong.registers.reads import OWN

WITHIN: Final = 3.0


@dataclass(frozen=True)
class Paper:
    """A paper in a store: what is written on it, who keeps it, whether it holds."""

    keeper: str
    paper: str
    origin: str
    code: str
    title: str
    number: str
    issuer: str
    issued_on: date
    valid_until: date | None
    state: str
    since: date | None
    told: Mapping[str, Any]

    @property
    def holds(self) -> bool:
        return self.state == VALID


@dataclass(frozen=True)
class Store:
    """What was found, the newest first, and who did not answer."""

    papers: list[Paper]
    silent: list[str]


@dataclass(frozen=True)
class File:
    """A paper as it was handed out."""

    name: str
    type: str
    data: bytes


def keepers(node: Node) -> list[str]:
    """Whoever may have papers of a person: the agencies that decide something."""
    handlers = {name for name, card in node.catalogue.nodes.items() if "desk" in card.faces}
    return sorted(handlers & set(node.directory.nodes) - {node.name})


def mine(node: Node, account: Account, language: str, *, purpose: str = OWN, case: str = "") -> Store:
    """Everything that lies in the person's store, of all agencies."""
    asked, case = keepers(node), case or f"{OWN}/{new_id()}"
    questions = [
        Question(keeper, store.MINE, {"of": account.number}, purpose, case, evidence=account.proofs) for keeper in asked
    ]
    answers = dict(zip(asked, node.asker.ask_all(questions, within=WITHIN), strict=True))
    papers = [
        _paper(keeper, told, language) for keeper, answer in answers.items() if answer for told in answer.body["papers"]
    ]
    papers.sort(key=lambda paper: paper.issued_on, reverse=True)
    return Store(papers, [keeper for keeper, answer in answers.items() if answer is None])


def fitting(found: Store, accepts: Iterable[str]) -> list[Paper]:
    """Those that a form takes and that hold now."""
    codes = set(accepts)
    return [paper for paper in found.papers if paper.holds and paper.code in codes]


def _paper(keeper: str, told: Mapping[str, Any], language: str) -> Paper:
    until, since = told["valid_until"], told["since"]
    return Paper(
        keeper=keeper,
        paper=told["paper"],
        origin=told["origin"],
        code=told["code"],
        title=told["title"]["en" if language.startswith("en") else "vi"],
        number=told["number"],
        issuer=told["issuer"],
        issued_on=date.fromisoformat(told["issued_on"]),
        valid_until=date.fromisoformat(until) if until else None,
        state=told["state"],
        since=datetime.fromisoformat(since).date() if since else None,
        told=told,
    )


def opened(node: Node, account: Account, keeper: str, paper: str, part: int = 0) -> File | None:
    """The paper itself, piece by piece, for its owner. None where it is not theirs, or its keeper did not answer."""
    case, data, size, first = f"{OWN}/{new_id()}", b"", 1, None
    while len(data) < size:
        body = {"paper": paper, "part": part, "offset": len(data)}
        answer = node.asker.ask(Question(keeper, store.OPEN, body, OWN, case, evidence=account.proofs), WITHIN)
        piece = _piece(answer.body) if answer else b""
        if answer is None or not piece:
            return None
        first, data, size = first or answer.body, data + piece, answer.body["size"]
    whole = first is not None and hashlib.sha256(data).hexdigest() == first["sha256"]
    return File(first["file"], first["type"], data) if first and whole else None


def _piece(body: Mapping[str, Any]) -> bytes:
    if not body.get("found"):
        return b""
    try:
        return base64.b64decode(body["data"], validate=True)
    except (KeyError, TypeError, binascii.Error):
        return b""


def take(node: Node, account: Account, case: str, kind: str, accepts: Iterable[str], keeper: str, paper: str) -> None:
    """Name a paper of the person's in a draft instead of a file: every part of it, as its keeper has it now.

    Raises NotTaken: paper-not-there (not theirs, of another kind, or it holds no more), paper-silent, file-too-many.
    """
    entries: list[Entry] = []
    parts = 1
    while len(entries) < parts:
        body = {"paper": paper, "part": len(entries)}
        question = Question(keeper, store.OPEN, body, attachments.OPEN_PURPOSE, case, evidence=account.proofs)
        answer = node.asker.ask(question, WITHIN)
        if answer is None:
            raise NotTaken("paper-silent")
        told = answer.body
        if not told.get("found") or told["code"] not in set(accepts):
            raise NotTaken("paper-not-there")
        parts = min(told["parts"], attachments.MOST_FILES)
        reused = store.reference(keeper, told, len(entries))
        entries.append(Entry(new_id(), kind, told["file"], told["type"], told["size"], told["sha256"], reused))
    with node.database.transaction() as tx:
        for entry in entries:
            attachments.refer(tx, case, account.number, entry)
