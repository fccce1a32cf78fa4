"""How long an identity card holds, and whom it is for."""

from datetime import date
from typing import Any

from lienthong.catalogue.holdings import Register
from lienthong.exchange.envelopes import Refused
from lienthong.kit.storage import Tx
from lienthong.registers import records

RENEWALS = (14, 25, 40, 60)


def complete(tx: Tx, persons: Register, row: dict[str, Any], today: date) -> None:
    """Fill in the day of issue, the day of renewal and the state of a new card. Raises Refused: unknown-person."""
    found = records.find(tx, persons, "number", str(row["person"] or ""))
    if not found:
        raise Refused("unknown-person", "nobody has this personal number")
    issued = date.fromisoformat(row["issued_on"]) if row.get("issued_on") else today
    until = valid_until(date.fromisoformat(found[0]["birth_date"]), issued)
    row["issued_on"] = issued.isoformat()
    row["valid_until"] = until.isoformat() if until else None
    row["state"] = row.get("state") or "valid"


def valid_until(born: date, issued: date) -> date | None:
    """The birthday by which a card must be renewed; None for one that holds for life.

    Law on Identification 26/2023/QH15, Art. 21: at 14, 25, 40 and 60; one issued within the two years before such a
    birthday holds until the next.
    """
    for age in RENEWALS:
        if birthday(born, age - 2) > issued:
            return birthday(born, age)
    return None


def birthday(born: date, age: int) -> date:
    """The day somebody turns so many years; 28 February for those born on the 29th, where a year has none."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return born.replace(year=born.year + age, day=28)
