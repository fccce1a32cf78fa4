"""What a hand-over of dossiers between two nodes holds: a unit's, open and ended, with their acts and contents."""

from collections.abc import Mapping

from lienthong.casework import dossiers
from lienthong.exchange.node import Node
from lienthong.exchange.packages import Kind, Part

NAME = "dossiers"
_OF_UNIT = "code IN (SELECT code FROM dossier WHERE unit = %(unit)s)"
_STREAM = dossiers.stream_of("")
_ACTS = f"stream IN (SELECT '{_STREAM}' || code FROM dossier WHERE unit = %(unit)s)"
_ENTRY = ("stream", "number", "kind", "subject", "at", "payload", "digest", "chain")


def kind(node: Node, about: Mapping[str, str]) -> Kind:
    """About a unit."""
    return Kind(
        (
            Part("dossier", ("code",), "unit = %(unit)s", columns=dossiers.COLUMNS, stream=_STREAM),
            Part("dossier_content", ("code",), _OF_UNIT),
            Part("dossier_result", ("code", "branch", "version"), _OF_UNIT),
            Part("journal_entry", ("stream", "number"), _ACTS, columns=_ENTRY),
        )
    )
