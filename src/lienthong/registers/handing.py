"""What a package of a register holds: its records and their past, with their changes in the journal."""

from collections.abc import Mapping

from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node
from lienthong.exchange.packages import Kind, Part
from lienthong.registers.records import stream
from lienthong.registers.tables import KEPT

NAME = "register"
_ENTRY = ("stream", "number", "kind", "subject", "at", "payload", "digest", "chain")


def kind(node: Node, about: Mapping[str, str]) -> Kind:
    """About a register that is declared here as ours, with tables of its own. Raises Refused("unknown-register").

    Records that a bulk load brought in have no first entry, so a stream may begin at 2.
    """
    register = node.catalogue.owned.get(about["register"])
    if register is None or register.joined:
        raise Refused("unknown-register", f"{node.name} keeps no {about['register']!r}")
    fields, prefix = (*register.fields, *KEPT), stream(register, "")
    return Kind(
        (
            Part(register.register, (register.key,), "true", columns=fields, stream=prefix),
            Part(f"{register.register}_past", (register.key, "version"), "true", columns=(*fields, "superseded_at")),
            Part("journal_entry", ("stream", "number"), f"starts_with(stream, '{prefix}')", columns=_ENTRY),
        ),
        starts_at_one=False,
    )
