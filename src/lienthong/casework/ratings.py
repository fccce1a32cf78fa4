"""How a person rates a dossier of ours that has ended: overall, and the indicators of Circular 01/2018/TT-VPCP that are
asked of one dossier. They may change it for a week; every version is kept, the last one counts."""

from collections.abc import Mapping
from typing import Final

import msgspec

from lienthong.casework import dossiers
from lienthong.casework.states import FINAL, PROCESSED
from lienthong.exchange.envelopes import Message, Refused
from lienthong.exchange.node import Done, Node, Outcome
from lienthong.kit import clock
from lienthong.kit.storage import Tx

SERVICE: Final = "rating.given"
INDICATORS: Final = ("1", "2", "3", "4", "6", "7")  # of nine: 5, 8 and 9 are the agency's, not a dossier's
MOST: Final = 2
LONGEST: Final = 1_000
RULE: Final = "Thông tư 01/2018/TT-VPCP, Điều 13"
DISLIKED: Final = 2  # an overall rating up to this counts as a dislike

_PUT = """
INSERT INTO dossier_rating (dossier, unit, service, at, overall, scores, note) VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (dossier, at) DO NOTHING
"""
_LATEST = "SELECT at, overall, scores, note FROM dossier_rating WHERE dossier = %s ORDER BY at DESC LIMIT 1"


def are_whole(overall: int, scores: Mapping[str, int]) -> bool:
    """Whether a rating says all that is asked, each in its bounds."""
    return 1 <= overall <= 5 and set(scores) == set(INDICATORS) and all(0 <= one <= MOST for one in scores.values())


def given(node: Node, tx: Tx, message: Message) -> Outcome:
    """Handle `rating.given` of the portal where the dossier was filed. Raises Refused: malformed, unknown-dossier,
    not-ended."""
    body, header = message.body, message.header
    dossier = dossiers.load(tx, str(body.get("dossier")))
    if dossier is None or (dossier.identity.parent_node, dossier.identity.case) != (header.sender, header.case):
        raise Refused("unknown-dossier", "no such dossier of theirs")
    if dossier.state.status not in (*FINAL, PROCESSED):
        raise Refused("not-ended", "what is under way is not rated")
    try:
        overall = msgspec.convert(body.get("overall"), int)
        scores = msgspec.convert(body.get("scores"), dict[str, int])
    except msgspec.ValidationError as error:
        raise Refused("malformed", "a rating is numbers") from error
    if not are_whole(overall, scores):
        raise Refused("malformed", "a rating says all that is asked, in its bounds")
    identity, note = dossier.identity, str(body.get("note") or "")[:LONGEST]
    told = msgspec.json.encode(scores).decode()
    tx.touch(_PUT, (identity.code, identity.unit or "", identity.service, clock.now(), overall, told, note))
    return Done()


def latest(tx: Tx, dossier: str) -> tuple[int, dict[str, int], str] | None:
    """The rating that counts: overall, by indicator, in words."""
    row = tx.one(_LATEST, (dossier,))
    return None if row is None else (row.overall, msgspec.json.decode(row.scores), row.note)
