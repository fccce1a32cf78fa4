"""Papers that a dossier reuses, asked of who keeps them: does each hold now?

Asked with no transaction open, when an officer opens the dossier and when a dossier is received, checked or decided.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from lienthong.casework import store
from lienthong.casework.digitisation import Component
from lienthong.casework.dossiers import Dossier
from lienthong.documents.attachments import OPEN_PURPOSE
from lienthong.documents.papers import VALID
from lienthong.exchange.asking import Question
from lienthong.exchange.node import Node

WITHIN: Final = 2.0


@dataclass(frozen=True)
class Live:
    """What the keeper says of a component: valid, expired, superseded, revoked, silent; since when it holds no more."""

    component: Component
    state: str
    since: datetime | None = None

    @property
    def stands_in_the_way(self) -> bool:
        """Silence does not: the copy that was fetched holds, and the log says that nobody answered."""
        return self.state not in (VALID, store.SILENT)


def ask(node: Node, dossier: Dossier, evidence: Iterable[str], components: Iterable[Component]) -> list[Live]:
    """What the keepers say now about those components that are reused."""
    reused = [found for found in components if found.reused]
    keepers = sorted({found.reused.node for found in reused if found.reused} - {node.name})
    questions = [_question(node, keeper, dossier, evidence, reused) for keeper in keepers]
    answers = dict(zip(keepers, node.asker.ask_all(questions, within=WITHIN), strict=True)) if questions else {}
    said = {keeper: answer.body["papers"] if answer else {} for keeper, answer in answers.items()}
    if any(found.reused and found.reused.node == node.name for found in reused):
        said[node.name] = _own(node, reused)
    return [_live(found, said) for found in reused]


def _question(
    node: Node, keeper: str, dossier: Dossier, evidence: Iterable[str], reused: Iterable[Component]
) -> Question:
    papers = [
        {"paper": found.reused.paper, "part": found.reused.part, "sha256": found.files[0].sha256 if found.files else ""}
        for found in reused
        if found.reused and found.reused.node == keeper
    ]
    case = dossier.identity.case
    return Question(keeper, store.CHECK, {"papers": papers}, OPEN_PURPOSE, case, evidence=tuple(evidence))


def _own(node: Node, reused: Iterable[Component]) -> dict[str, Any]:
    said = {}
    with node.database.transaction() as tx:
        for found in reused:
            if found.reused and found.reused.node == node.name and (kept := store.find(tx, found.reused.paper)):
                sha256 = found.files[0].sha256 if found.files else ""
                state, since = store.standing(tx, kept, sha256, found.reused.part)
                said[f"{kept.id}/{found.reused.part}"] = {"state": state, "since": since and since.isoformat()}
    return said


def _live(found: Component, said: dict[str, dict[str, Any]]) -> Live:
    assert found.reused is not None, "only what is reused is asked about"
    told = said.get(found.reused.node, {}).get(f"{found.reused.paper}/{found.reused.part}")
    if told is None:
        return Live(found, store.SILENT)
    since = told["since"]
    return Live(found, told["state"], datetime.fromisoformat(str(since)) if since else None)
