"""Accounts of e-identity, and the people a demo offers to sign in as."""

import re
from typing import Any

from lienthong.identity import tokens
from lienthong.identity.types import Account
from lienthong.kit.storage import Tx
from lienthong.kit.text import fold


def active(tx: Tx, number: str) -> Account | None:
    """The account with this number while it may be used; a locked one, or a dead person's, is none."""
    row = tx.one(
        "SELECT number, full_name, birth_date, gender, level, status FROM accounts WHERE number = %s", (number,)
    )
    if row is None or row.status != "active":
        return None
    return Account(row.number, row.full_name, row.birth_date, row.gender, row.level)


def matching(tx: Tx, number: str, name: str) -> Account | None:
    """The active account with this number and this name, typed with or without accents.

    A wrong name, an unknown number and a locked account are answered alike.
    """
    if not re.fullmatch("[0-9]{12}", number):
        return None
    account = active(tx, number)
    agrees = tokens.same(fold(account.name if account else ""), fold(name))
    return account if agrees else None


def demo_people(tx: Tx) -> list[Any]:
    """Rows of number, name, why_vi, why_en, role, in the order they are to be shown."""
    return tx.all(
        "SELECT number, name, why_vi, why_en, role FROM demo_person ORDER BY min(position) OVER (PARTITION BY role), "
        "role, position"
    )


def is_demo_person(tx: Tx, number: str) -> bool:
    return tx.one("SELECT 1 FROM demo_person WHERE number = %s", (number,)) is not None
