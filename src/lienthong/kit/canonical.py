"""One byte sequence for one set of facts, so that two parties sign and check the same thing."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any


def canonical(facts: Mapping[str, Any]) -> bytes:
    """JSON in UTF-8, keys sorted, no spaces; dates as ISO 8601, instants in UTC to the second with a Z, null kept.

    An instant read back from a database in another time zone gives the same bytes. Raises TypeError for a value that
    has no one form (a float, an instant without zone).
    """
    plain = {name: _plain(value) for name, value in facts.items()}
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("an instant without a time zone has no canonical form")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        raise TypeError("a float has no canonical form")
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
