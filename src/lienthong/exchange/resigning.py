"""What waits in the outbox stays deliverable, whatever became of the key that signed it.

Before a message goes out it is signed with the key in use today, and put into the words of the wire that the partner
reads today. The header keeps its id and its times; what was signed with the same key in the same wire goes as it is.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from lienthong.exchange.envelopes import WIRE, Envelope, Header
from lienthong.exchange.node import Node
from lienthong.kit.signatures import SigningKey

_AGAIN = "UPDATE outbox SET header = %s, signature = %s, signer = %s WHERE id = %s AND state = 'waiting'"


def renewed(node: Node, rows: Sequence[Any]) -> list[Any]:
    """Rows of the outbox for one recipient as they should go out now; what was changed is kept so before it does."""
    key = node.key.current()
    own = key.public.fingerprint
    stale = {row.id: _fit(node, row, key) for row in rows if row.signer != own or _too_new(node, row)}
    if stale:
        with node.database.transaction() as tx:
            for row in stale.values():
                tx.run(_AGAIN, (row.header, row.signature, row.signer, row.id))
    return [stale.get(row.id, row) for row in rows]


def _too_new(node: Node, row: Any) -> bool:
    entry = node.directory.nodes.get(row.recipient)
    return entry is not None and entry.wire < WIRE and '"wire":' in row.header


def _fit(node: Node, row: Any, key: SigningKey) -> Any:
    """The bytes of a header that the partner reads are not touched: earlier receipts are about them."""
    text = row.header
    if _too_new(node, row):
        header = msgspec.json.decode(text, type=Header)
        text = msgspec.json.encode(msgspec.structs.replace(header, wire=1, head="", seen="")).decode()
    return row._replace(header=text, signature=key.sign(text.encode()), signer=key.public.fingerprint)


def receipt(node: Node, kept: Envelope) -> Envelope:
    """A receipt given before, as a partner believes it today."""
    key = node.key.current()
    if key.public.verify(bytes(kept.header), kept.signature):
        return kept
    return msgspec.structs.replace(kept, signature=key.sign(bytes(kept.header)))
