"""What the register of mandates demands of one that an office took down for somebody (Civil Code 91/2015/QH13, Art. 138
and 140: a mandate names who acts for whom, in what, and until when)."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from lienthong.identity import accounts
from lienthong.kit.storage import Tx

LONGEST = {"counter": timedelta(), "helper": timedelta(days=31), "parent": timedelta(days=365)}
ANY = timedelta(days=365)


def why_no_mandate(tx: Tx, row: Mapping[str, Any], today: date) -> str | None:
    """'own-mandate', 'wrong-period', 'no-such-account', or None when nothing speaks against it.

    It begins today; at a counter it ends today, for a community helper within a month, else within a year. Who acts
    must be known to e-identity by number and name. `since` and `until` are ISO dates.
    """
    if row["grantor"] == row["grantee"]:
        return "own-mandate"
    since, until = date.fromisoformat(row["since"]), date.fromisoformat(row["until"])
    if since != today or not timedelta() <= until - since <= LONGEST.get(row["kind"], ANY):
        return "wrong-period"
    if accounts.matching(tx, row["grantee"], row["grantee_name"]) is None:
        return "no-such-account"
    return None
