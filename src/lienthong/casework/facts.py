"""What a decision rule may look at: the case, the registers of this node, and what others have signed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from lienthong.casework import results
from lienthong.casework.dossiers import Content, Dossier
from lienthong.catalogue.shapes import Service
from lienthong.exchange import envelopes
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.registers.records import find


@dataclass(frozen=True)
class Facts:
    """One dossier's facts. `results` are the bodies of earlier branches' sealed results."""

    node: Node
    tx: Tx
    service: Service
    dossier: Dossier
    declared: Mapping[str, Any]
    results: Mapping[str, Any]
    sources: list[str] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, node: Node, tx: Tx, service: Service, dossier: Dossier, content: Content) -> "Facts":
        """Raises envelopes.Refused when a handed-on result is not what it claims to be."""
        identity, by = dossier.identity, results.sealers(node, service)
        handed_on = results.opened(node, content.results, identity.case, by, identity.received_at)
        return cls(node, tx, service, dossier, content.declared, handed_on, content.sources, content.attachments)

    @property
    def today(self) -> date:
        return clock.today()

    def own(self, register: str, lookup: str, value: str | None) -> dict[str, Any]:
        """The first row of a look-up in a register of this node, or an empty one."""
        rows = find(self.tx, self.node.catalogue.owned[register], lookup, value) if value else []
        return rows[0] if rows else {}

    def answered(self, *look_ups: str) -> list[dict[str, Any]]:
        """Rows that registers' owners gave, signed, for these look-ups of the declaration."""
        rows = [self._answers.get(name) for name in look_ups]
        return [row for found in rows for row in (found if isinstance(found, list) else [found]) if row]

    @cached_property
    def _answers(self) -> dict[str, Any]:
        """Rows by look-up. Each answer was addressed to the parent's node and is opened as it was."""
        identity, directory = self.dossier.identity, self.node.directory
        asked_by = identity.parent_node or self.node.name
        found: dict[str, Any] = {}
        for text in self.sources:
            envelope = envelopes.decode(text.encode())
            message = envelopes.open_envelope(
                envelope, directory, recipient=asked_by, at=None, received=identity.received_at
            )
            found |= message.body["items"]
        return found
