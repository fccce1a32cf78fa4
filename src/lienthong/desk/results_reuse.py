"""Reused papers at the moment of an act: whoever keeps them is asked, and what they say is kept beside the act."""

from typing import Final

from lienthong.casework import digitisation, dossiers, reusing
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer

CHECKED: Final = ("receive", "check", "decide")
_ANY = "SELECT true FROM component WHERE dossier = %s AND reused <> '' LIMIT 1"


def refusal(node: Node, officer: Officer, code: str, verb: str) -> str:
    """Why an act cannot stand on the papers that the dossier reuses, as a code; empty where it can.

    Asked with no transaction open. A keeper that is silent does not hold the dossier up: its silence is kept.
    """
    if verb not in CHECKED or node.database.one(_ANY, (code,)) is None:
        return ""
    with node.database.transaction() as tx:
        dossier, components = dossiers.load(tx, code), digitisation.of(tx, code)
        proofs = dossiers.content(tx, code).evidence
    assert dossier is not None, "a component is of a dossier"
    said = reusing.ask(node, dossier, proofs, components)
    with node.database.transaction() as tx:
        digitisation.noted(tx, code, {live.component.kind: live.state for live in said}, verb, officer)
    return "reused-no-longer-valid" if any(live.stands_in_the_way for live in said) else ""
