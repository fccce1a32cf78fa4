"""Who can be a child's parent, by what the population register says."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

AFTER_THE_FATHERS_DEATH = timedelta(days=300)


def why_no_parent(role: str, person: Mapping[str, Any] | None, birth_date: str) -> str | None:
    """'unknown-parent', 'dead-parent', 'wrong-gender', 'too-young', or None when nothing speaks against it.

    A mother lives at the birth; a father may have died up to 300 days before it (Law on Marriage and Family
    52/2014/QH13, Art. 88). `birth_date` is an ISO date.
    """
    if person is None:
        return "unknown-parent"
    born = date.fromisoformat(birth_date)
    if died := person.get("died_on"):
        grace = AFTER_THE_FATHERS_DEATH if role == "father" else timedelta()
        if date.fromisoformat(died) + grace < born:
            return "dead-parent"
    if person.get("gender") not in (None, {"mother": "female", "father": "male"}[role]):
        return "wrong-gender"
    if (own := person.get("birth_date")) and born.year - date.fromisoformat(own).year < 12:
        return "too-young"
    return None
