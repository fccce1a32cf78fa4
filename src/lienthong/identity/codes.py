"""Authorization codes and access tokens: their only writers.

issue      the person agreed: a code for the browser to carry
exchange   the client brings the code back with its proof: a token; a second use takes the token away
holder     whose data an access token opens
"""

from dataclasses import dataclass
from datetime import datetime

from lienthong.identity import accounts, tokens, validity
from lienthong.identity.authorization import Asked
from lienthong.identity.clients import Client
from lienthong.identity.types import Account
from lienthong.kit import clock
from lienthong.kit.storage import Tx


@dataclass(frozen=True)
class Grant:
    """What one code was good for."""

    account: Account
    nonce: str
    authenticated_at: datetime
    access_token: str


def issue(tx: Tx, asked: Asked, number: str, authenticated_at: int) -> str:
    """A fresh code, good for one minute and one use."""
    code = tokens.random_text()
    tx.run(
        "INSERT INTO authorization_code"
        " (code, client, redirect_uri, challenge, nonce, number, authenticated_at, expires)"
        " VALUES (%s, %s, %s, %s, %s, %s, to_timestamp(%s), %s)",
        (
            tokens.digest(code),
            asked.client.id,
            asked.client.redirect_uri,
            asked.challenge,
            asked.nonce,
            number,
            authenticated_at,
            validity.moment(validity.CODE),
        ),
    )
    return code


def exchange(tx: Tx, *, code: str, client: Client, redirect_uri: str, verifier: str, assertion: str) -> Grant | None:
    """The grant behind a code, or None. Never raises after writing: a refusal's traces must be committed too.

    Whoever brings a code spends it, even with a wrong verifier; whoever brings it again also ends the token it bought
    (RFC 6749 §4.1.2).
    """
    row = tx.one(
        "SELECT * FROM authorization_code WHERE code = %s AND client = %s FOR UPDATE", (tokens.digest(code), client.id)
    )
    if row is None or tx.one("SELECT 1 FROM authorization_code WHERE assertion = %s", (assertion,)):
        return None
    if row.used_at is not None:
        tx.run("UPDATE authorization_code SET access = NULL WHERE code = %s", (row.code,))
        return None
    fits = (
        row.expires > validity.moment()
        and row.redirect_uri == redirect_uri
        and tokens.same(row.challenge, tokens.challenge_of(verifier))
    )
    account = accounts.active(tx, row.number) if fits else None
    access = tokens.random_text()
    tx.run(
        "UPDATE authorization_code SET used_at = %s, assertion = %s, access = %s, access_expires = %s WHERE code = %s",
        (
            validity.moment(),
            assertion,
            tokens.digest(access) if account else None,
            validity.moment(validity.ACCESS_TOKEN),
            row.code,
        ),
    )
    if account is None:
        return None
    tx.run(
        "INSERT INTO sign_in (number, client, level, at) VALUES (%s, %s, %s, %s)",
        (account.number, client.id, account.level, clock.now()),
    )
    return Grant(account, row.nonce, row.authenticated_at, access)


def holder(tx: Tx, access_token: str) -> tuple[Account, str] | None:
    """The account an access token opens, and the client it was given to."""
    row = tx.one(
        "SELECT number, client FROM authorization_code WHERE access = %s AND access_expires > %s",
        (tokens.digest(access_token), validity.moment()),
    )
    account = accounts.active(tx, row.number) if row else None
    return (account, row.client) if account else None


def forget_expired(tx: Tx) -> int:
    """Drop codes no proof or token hangs on any more; for a worker's timer. The log of sign-ins stays."""
    return tx.touch("DELETE FROM authorization_code WHERE expires < %s", (validity.moment(-3600),))
