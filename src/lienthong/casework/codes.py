"""Dossier codes. One dossier, one code; never reused."""

from datetime import datetime

from lienthong.catalogue.holdings import NodeCard
from lienthong.exchange.node import Node
from lienthong.kit.series import Block, next_number
from lienthong.kit.storage import Tx


def central_code(card: NodeCard, block: Block, at: datetime) -> str:
    """A code of a nationwide system, variant C: `MX1X2.Y1Y2Y3.Z1Z2-YYMMDD-AAXXXX` (Circular 04/2025/TT-VPCP)."""
    day = f"{at:%y%m%d}"
    return f"{card.agency}-{day}-{card.system_owner}{block.take(f'dossier/{card.agency}/{day}'):04d}"


def agency_code(tx: Tx, agency: str, at: datetime) -> str:
    """A code of an agency's own, variant B: `<agency>-YYMMDD-XXXX`, counted for each agency and day."""
    day = f"{at:%y%m%d}"
    return f"{agency}-{day}-{next_number(tx, f'dossier/{agency}/{day}'):04d}"


def agency_for(node: Node, unit: str | None) -> str:
    """The agency that handles a unit's dossiers at a node: a commune's own code under the province's, or the node's.

    Communes are numbered below their province's code in the order of the units' codes (their official third-level
    codes are issued by each province).
    """
    card = node.catalogue.card
    if not (unit and card.units):
        return card.agency
    ordinal = [u.code for u in node.territory.units()].index(unit) + 1
    return f"{card.agency}.{ordinal:03d}"
