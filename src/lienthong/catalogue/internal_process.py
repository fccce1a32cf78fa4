"""An agency's own process (quy trình nội bộ) of a service that it handles.

The ministry publishes the procedure with a process as its model; the agency replaces that by a decision of its own,
with a symbol (QTTP-20), and by another decision later. A file `processes/<node>/<sector>/<name>.yaml` of the catalogue
is one: the part's publication says from which day it holds.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final, Literal

import msgspec

from lienthong.catalogue.shapes import Process

FOLDER: Final = "processes"
Transition = Literal["stay", "move", "deadline"]


class InternalProcess(Process, frozen=True, kw_only=True):
    """Steps as in process.yaml, and the decision that approved them.

    `transition` is what the decision says of dossiers that run: they stay under the table before, move to this one, or
    get a new promised time only.
    """

    symbol: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    decision: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    decided_on: date
    transition: Transition = "stay"
    note: str = ""


def part_of(node: str, slug: str) -> str:
    """The part of the catalogue that is an agency's own process for a service."""
    return f"{FOLDER}/{node}/{slug}"


def path_of(node: str, slug: str) -> str:
    return f"{part_of(node, slug)}.yaml"


def is_for(part: str, slug: str) -> bool:
    """Whether a part is somebody's own process for a service."""
    return part.startswith(f"{FOLDER}/") and part.split("/", 2)[2:] == [slug]


def as_file(process: InternalProcess) -> Mapping[str, object]:
    """What the file says: what is only a default is left out."""
    steps = [_lean(step) for step in process.steps]
    consents = [_lean(consent) for consent in process.consents]
    head = {"symbol": process.symbol, "decision": process.decision, "decided_on": process.decided_on}
    more = {"transition": process.transition, **({"note": process.note} if process.note else {})}
    return {**head, **more, **({"consents": consents} if consents else {}), "steps": steps}


def _lean(line: msgspec.Struct) -> dict[str, object]:
    """A line without what it does not say."""
    told = {name: getattr(line, name) for name in line.__struct_fields__}
    return {name: msgspec.to_builtins(value) for name, value in told.items() if value not in ("", 0, [], {})}
