"""When a key counts.

*Live*, a message that arrives now: the key must count now, by our clock. What it says about its own time helps nobody:
a thief dates a message back. So a revoked key is refused from its revocation on, and one that ended from its end on.

*Evidence*, an envelope that is read later (a result under a seal, an answer in a file): the signature was made between
`issued` and the moment we received it, so the key must have counted somewhere in between. A key that ended in good
order keeps its evidence for good. A revoked key keeps what we had `received` before it was revoked, which our journal
proves; where nobody says when it was received, that is now. A revocation may lie in the past (since when others may
have had the key): what came after that moment counts for nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lienthong.exchange.directory import Directory, PublishedKey
from lienthong.kit.signatures import VerifyKey

CLOCK_SKEW = timedelta(minutes=2)
SOON = timedelta(days=30)
REVOKED, ENDED, EARLY = OUT_OF_TIME = ("revoked-key", "ended-key", "early-key")
# refusals that say nothing of the message: signed with another key, or read by a newer directory, it may be taken in
OF_KEYS = (*OUT_OF_TIME, "bad-signature", "unknown-sender")


def problem(key: PublishedKey, issued: datetime, received: datetime, *, live: bool) -> str:
    """Why a signature of this key does not count; empty when it does."""
    if key.revoked is not None and key.revoked <= max(received, issued):
        return REVOKED
    if key.until is not None and key.until + CLOCK_SKEW < (received if live else issued):
        return ENDED
    if key.since is not None and (received if live else max(received, issued)) < key.since - CLOCK_SKEW:
        return EARLY  # evidence may stand in a file that counts from earlier: when an envelope came by post
    return ""


@dataclass(frozen=True)
class Standing:
    """One published key as an operator looks at it. `state`: coming, in use, ending (in 30 days), ended, revoked."""

    node: str
    purpose: str
    fingerprint: str
    since: datetime | None
    until: datetime | None
    revoked: datetime | None
    state: str
    days_left: int | None


def standings(directory: Directory, at: datetime) -> list[Standing]:
    """Every key of the directory, by node and purpose, the newest last."""
    return [_standing(name, key, at) for name, entry in directory.nodes.items() for key in entry.keys]


def ending(directory: Directory, at: datetime) -> list[Standing]:
    """Keys that end soon while no other of the same node and purpose goes on: somebody must rotate them."""
    known = standings(directory, at)
    going_on = {(one.node, one.purpose) for one in known if one.state in ("in use", "coming")}
    return [one for one in known if one.state == "ending" and (one.node, one.purpose) not in going_on]


def _standing(node: str, key: PublishedKey, at: datetime) -> Standing:
    left = None if key.until is None else max(0, (key.until - at).days)
    fingerprint = VerifyKey.parse(key.public).fingerprint
    return Standing(node, key.purpose, fingerprint, key.since, key.until, key.revoked, _state(key, at), left)


def _state(key: PublishedKey, at: datetime) -> str:
    if key.revoked is not None and key.revoked <= at:
        return "revoked"
    if key.until is not None and key.until <= at:
        return "ended"
    if key.since is not None and at < key.since:
        return "coming"
    ends = [end for end in (key.until, key.revoked) if end is not None]
    return "ending" if ends and min(ends) - at <= SOON else "in use"
