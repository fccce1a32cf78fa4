"""Dossiers put back after a restore from a backup, from what this node told their parents: its own signed words.

A branch that was filed is opened again from the filing and from the receipt that was given for it: the same code, the
same acts. Later acts stand in the news that the parent received. What officers did without anybody being told is gone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from lienthong.agreements import consents
from lienthong.casework import dossiers, journey, results
from lienthong.casework.dossiers import Dossier
from lienthong.casework.parents import FOLLOW_UP
from lienthong.casework.states import Act
from lienthong.casework.telling import PROGRESS
from lienthong.exchange import envelopes
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.held import Piece
from lienthong.exchange.node import Done, Node
from lienthong.exchange.rejoining import Gathered
from lienthong.kit.series import reached
from lienthong.kit.storage import Tx
from lienthong.registers import numbers, records

_TOLD_LATER = (FOLLOW_UP, consents.ANSWER)  # their effects are acts, which the parent heard of
_ABOUT = ("verb", "at", "actor", "role", "agency", "step", "rule", "reason", "due", "deadline", "asks", "to", "desk")
SOON = 5.0  # seconds around a receipt within which the news of the same act was signed


class Restoring:
    """What casework puts back; `rejoining.Restorer`."""

    def __init__(self, node: Node, gathered: Gathered) -> None:
        self._node, self._news = node, [one for one in gathered.all_sent if one.header.service == PROGRESS]

    def received(self, tx: Tx, piece: Piece) -> bool:
        """A filing is opened as its receipt says; what followed from other messages stands in news sent after them."""
        if piece.header.service == journey.FILE:
            if isinstance(piece.outcome, Done):
                _opened(self._node, tx, piece, piece.outcome.body)
            return True
        return piece.header.service in _TOLD_LATER and self._was_told(piece)

    def sent(self, tx: Tx, piece: Piece) -> None:
        """News of a branch: the acts that it tells and we lack, and its result."""
        if piece.header.service == PROGRESS:
            _went_on(self._node, tx, piece.body)

    def _was_told(self, piece: Piece) -> bool:
        return any(
            news.header.case == piece.header.case and (news.at - piece.at).total_seconds() > -SOON
            for news in self._news
        )


def _opened(node: Node, tx: Tx, piece: Piece, told: Mapping[str, Any]) -> None:
    body, header, code = piece.body, piece.header, str(told["code"])
    if dossiers.load(tx, code) is not None:
        return
    service = node.catalogue.service(header.purpose, str(body["revision"]))
    first, *further = _acts(told["acts"], header.id)
    identity, content = journey.filed(node, tx, service, header, body, code, str(told["agency"]), first.at)
    dossier = dossiers.begin(service, identity, content, first)
    _add(node, dossier, further, told)
    dossiers.save(tx, dossier)
    _remember_code(tx, code)
    _put_back_result(node, tx, dossier, str(told.get("result", "")))


def _went_on(node: Node, tx: Tx, told: Mapping[str, Any]) -> None:
    dossier = dossiers.load(tx, str(told["code"]), lock=True)
    if dossier is None:
        raise Refused("unknown-dossier", f"{told['code']} was opened by a message that no partner holds")
    have = {(act.verb, act.at) for act in dossiers.acts(tx, dossier.identity.code)}
    new = [act for act in _acts(told["acts"], "") if (act.verb, act.at) not in have]
    _add(node, dossier, new, told)
    dossiers.save(tx, dossier)
    _put_back_result(node, tx, dossier, str(told.get("result", "")))


def _acts(told: Sequence[Mapping[str, Any]], message: str) -> list[Act]:
    """Acts as others were told of them; an officer's number is not among that."""
    return [
        msgspec.convert(
            {
                **{name: one[name] for name in _ABOUT if one.get(name) is not None},
                "detail": {**one.get("said", {}), "verified": one.get("verified", []), "restored": message or True},
            },
            Act,
        )
        for one in told
    ]


def _add(node: Node, dossier: Dossier, acts: Sequence[Act], told: Mapping[str, Any]) -> None:
    """Add acts in their order. What an act kept to itself follows from how the branch stood afterwards."""
    for act in acts:
        paused = float(told.get("paused_hours") or 0.0) - dossier.state.paused_hours
        detail = dict(act.detail)
        if act.verb in ("supply", "resume", "consent"):
            detail["paused_hours"] = max(0.0, paused)
        if act.verb == "consent":
            asked = [name for name, state in dossier.state.consents.items() if state == "asked"]
            detail["consent"] = asked[0]
        revision = str(detail.get("to_revision") or dossier.identity.revision)
        service = node.catalogue.service(dossier.identity.service, revision)
        dossiers.add(service, dossier, msgspec.structs.replace(act, detail=detail))


def _remember_code(tx: Tx, code: str) -> None:
    """`<agency>-YYMMDD-XXXX`: the day's series goes on above it."""
    agency, day, number = code.rsplit("-", 2)
    reached(tx, f"dossier/{agency}/{day}", int(number))


def _put_back_result(node: Node, tx: Tx, dossier: Dossier, sealed: str) -> None:
    """The sealed result, and the record that it describes where the register is our own."""
    code = dossier.identity.code
    if not sealed or dossiers.kept_results(tx, code).get(results.OWN) == sealed:
        return
    corrected = results.OWN in dossiers.kept_results(tx, code)
    dossiers.keep_result(tx, code, results.OWN, sealed, corrected=corrected)
    message = envelopes.open_envelope(
        envelopes.decode(sealed.encode()), node.directory, recipient="", at=None, purpose="seal"
    )
    register = node.catalogue.owned.get(str(message.body.get("register")))
    if register is None:
        return
    key, row, at = str(message.body["key"]), dict(message.body["record"]), message.header.issued
    standing = records.one(tx, register, key)
    if standing is None:
        records.enter(tx, register, row, at=at, valid_from=at.date(), by=code)
        if register.rule:
            numbers.remember(tx, register.rule, key)
    elif changes := {name: value for name, value in row.items() if standing.get(name) != value}:
        records.amend(tx, register, key, changes, at=at, valid_from=at.date(), by=code)
