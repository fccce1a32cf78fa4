"""A person's rating of their dossier once it has ended: what the system knows is filled in, the rest they say."""

from datetime import timedelta
from typing import Any, Final

import msgspec

from lienthong.casework import ratings
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import FINAL, PROCESSED, Act, BranchState, NotPossible
from lienthong.exchange import outbox
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.kit import clock
from lienthong.kit.storage import Tx

CHANGEABLE: Final = timedelta(days=7)
_PUT = """
INSERT INTO my_rating (dossier, rated_by, given_at, changed_at, overall, scores, note)
VALUES (%(dossier)s, %(by)s, %(at)s, %(at)s, %(overall)s, %(scores)s, %(note)s)
ON CONFLICT (dossier) DO UPDATE SET changed_at = excluded.changed_at, overall = excluded.overall,
    scores = excluded.scores, note = excluded.note
"""


def of_dossier(tx: Tx, code: str) -> Any:
    """The rating given, with `values` by indicator; None where there is none."""
    return tx.one("SELECT * FROM my_rating WHERE dossier = %s", (code,))


def scores_of(row: Any) -> dict[str, int]:
    return dict(msgspec.json.decode(row.scores))


def may_rate(dossier: Dossier, account: Account, before: Any) -> bool:
    """Whether this person may say it now: the applicant alone, of what an agency ended, with a week to change it."""
    identity, state = dossier.identity, dossier.state
    if identity.applicant != account.number or state.status not in FINAL or not _held(dossier):
        return False
    return before is None or clock.now() < before.given_at + CHANGEABLE


def known(dossier: Dossier, acts: list[Act]) -> dict[str, int]:
    """What the system knows of the indicators: 1 the time of the whole, 2 of each agency, 3 how often the person was
    asked again, 4 how many places they had to go to (filed here, it is none)."""
    told = [one for act in acts if act.verb == "progress" for one in act.detail["acts"]]
    contacts = sum(one["verb"] == "supplement" for one in told)
    ended, due = dossier.times.finished_at or dossier.state.since, dossier.state.deadline
    on_time = due is None or (ended is not None and ended <= due)
    each = all(_in_time(one) for one in _held(dossier))
    return {"1": 2 if on_time else 0, "2": 2 if each else 0, "3": max(ratings.MOST - contacts, 0), "4": ratings.MOST}


def give(
    node: Node, tx: Tx, account: Account, dossier: Dossier, overall: int, scores: dict[str, int], note: str
) -> None:
    """Keep it and tell every agency that held a part. Raises NotPossible, ValueError for what is not whole."""
    code = dossier.identity.code
    tx.one("SELECT 1 FROM dossier WHERE code = %s FOR UPDATE", (code,))
    if not may_rate(dossier, account, of_dossier(tx, code)):
        raise NotPossible("not theirs, not ended, or too late to change")
    if not ratings.are_whole(overall, scores):
        raise ValueError("required")
    told, at = msgspec.json.encode(scores).decode(), clock.now()
    tx.run(_PUT, {"dossier": code, "by": account.number, "at": at, "overall": overall, "scores": told, "note": note})
    for branch in _held(dossier):
        body = {"dossier": branch.code, "overall": overall, "scores": scores, "note": note}
        key = f"rating/{code}"
        outbox.send(node, tx, branch.node, ratings.SERVICE, body, case=code, purpose=branch.service, key=key)


def _held(dossier: Dossier) -> list[BranchState]:
    """Parts that came to an agency and were ended there."""
    return [one for one in dossier.state.branches.values() if one.code and one.status in (*FINAL, PROCESSED)]


def _in_time(branch: BranchState) -> bool:
    return branch.deadline is None or branch.since is None or branch.since <= branch.deadline
