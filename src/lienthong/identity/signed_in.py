"""The signed-in person in a relying node's session."""

from datetime import date

from django.contrib.sessions.backends.base import SessionBase

from lienthong.identity import validity
from lienthong.identity.types import Account


def remember(session: SessionBase, account: Account) -> None:
    """Sign a person in: under a new session key, with nothing left of whoever was signed in before."""
    before = recall(session)
    if before is not None and before.number != account.number:
        session.flush()
    else:
        session.cycle_key()
    session["account"] = {
        "number": account.number,
        "name": account.name,
        "birth_date": account.birth_date.isoformat(),
        "gender": account.gender,
        "level": account.level,
        "proofs": list(account.proofs),
        "until": validity.seconds() + validity.AT_RELYING_PARTY,
    }
    session.pop("officer", None)


def recall(session: SessionBase) -> Account | None:
    """Who is signed in, for at most a working day after signing in."""
    kept = session.get("account")
    if kept is None or kept["until"] <= validity.seconds():
        return None
    birth_date = date.fromisoformat(kept["birth_date"])
    proofs = tuple(kept.get("proofs", ()))
    return Account(kept["number"], kept["name"], birth_date, kept["gender"], kept["level"], proofs)
