"""Looking up a person for a system outside: number, name and date of birth must all name the same one.

Who is unknown, who is somebody else and whose data may not be told look alike from outside.
"""

from typing import Any

from lienthong.exchange.node import Node
from lienthong.gateways import callers
from lienthong.gateways.callers import Caller
from lienthong.kit.text import fold


def find(node: Node, caller: Caller, number: str, name: str, birth: str) -> dict[str, Any] | None:
    """The person, with the fields of the caller's right; None when the three do not name one.

    `birth` is a day (ISO) or a year. Raises Problem as `callers.ask`.
    """
    match = {"full_name": name} | ({"birth_date": birth} if len(birth) == 10 else {})
    item = {"register": "persons", "by": "number", "value": {"is": number}, "match": match}
    row = callers.ask(node, caller, "persons", {"person": item}).body["items"]["person"]
    if row is None or not _same(row, name, birth):
        return None
    found: dict[str, Any] = row
    return found


def _same(row: dict[str, Any], name: str, birth: str) -> bool:
    """Once more here: an owner of an earlier wire reads no second attribute, and none looks at a year alone."""
    born = str(row.get("birth_date", ""))
    return fold(str(row.get("full_name", ""))) == fold(name) and bool(birth) and born[: len(birth)] == birth
