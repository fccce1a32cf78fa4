"""Keys of the country in a box, changed while it runs: a new one published and put in place, a lost one revoked.

The new half is published before it signs, and the old one counts for a while longer, so nobody has to stop: processes
re-read their key's file, partners the directory. The old private half is gone once the new one stands in its place.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from lienthong.config import certificates, directories
from lienthong.config.state import State, write_bytes
from lienthong.config.trouble import Trouble
from lienthong.exchange.directory import SEAL, TRANSPORT, Entry, PublishedKey
from lienthong.kit import clock
from lienthong.kit.signatures import SigningKey, VerifyKey

OVERLAP = timedelta(days=1)
PURPOSES = (TRANSPORT, SEAL)  # nodes of one machine need no TLS


@dataclass(frozen=True)
class Rotated:
    old: VerifyKey
    new: VerifyKey
    until: datetime


def rotate(state: State, name: str, purpose: str, overlap: timedelta = OVERLAP) -> Rotated:
    """A new key for a node of this country, in use at once; the old one counts for `overlap` longer. Raises Trouble."""
    folder = _folder(state, name, purpose)
    finish(state, folder)
    old, new = SigningKey.load(folder / f"{purpose}.pem").public, SigningKey.generate()
    write_bytes(folder / f"{purpose}.new.pem", new.pem())
    if purpose == SEAL:
        certificates.add_seal(state, folder, new)
    until = clock.now().replace(microsecond=0) + overlap
    with directories.changing(state) as nodes:
        keys = [_ended(key, until) if key.purpose == purpose and not key.revoked else key for key in nodes[name].keys]
        keys.append(PublishedKey(purpose, new.public.text, begins()))
        nodes[name] = msgspec.structs.replace(nodes[name], keys=keys)
    finish(state, folder)
    return Rotated(old, new.public, until)


def revoke(state: State, name: str, which: str, at: datetime | None = None) -> tuple[PublishedKey, Rotated | None]:
    """Revoke a key, named by its public half or the beginning of its fingerprint, from a moment on (not said: now).

    A node that signs with it gets a new one first. Raises Trouble.
    """
    key = _named(_entry(state, name), which)
    folder, public = _folder(state, name, key.purpose), VerifyKey.parse(key.public)
    in_use = SigningKey.load(folder / f"{key.purpose}.pem").public.der == public.der
    rotated = rotate(state, name, key.purpose) if in_use else None
    revoked = at or clock.now().replace(microsecond=0)
    with directories.changing(state) as nodes:
        keys = nodes[name].keys
        place = [one.public for one in keys].index(key.public)
        key = msgspec.structs.replace(keys[place], revoked=min(revoked, key.revoked or revoked))
        nodes[name] = msgspec.structs.replace(nodes[name], keys=[*keys[:place], key, *keys[place + 1 :]])
    return key, rotated


def finish(state: State, folder: Path) -> None:
    """Complete a rotation that was interrupted: what is published takes its place, what is not is dropped."""
    waiting = [file for purpose in PURPOSES if (file := folder / f"{purpose}.new.pem").exists()]
    if not waiting:
        return
    known = {key.public for key in _entry(state, folder.name).keys}
    for file in waiting:
        if SigningKey.load(file).public.text in known:
            file.replace(folder / file.name.replace(".new", ""))
        else:
            file.unlink()


def begins() -> datetime:
    """Since when a key made now counts: not after real time, so that a demo clock set back does not lose it."""
    return min(clock.now(), clock.now() - clock.offset()).replace(microsecond=0)


def _ended(key: PublishedKey, until: datetime) -> PublishedKey:
    return msgspec.structs.replace(key, until=min(until, key.until or until))


def _entry(state: State, name: str) -> Entry:
    try:
        nodes = directories.published(state).nodes
    except FileNotFoundError as missing:
        raise Trouble("there is no country here yet", "./lienthong up") from missing
    if name not in nodes:
        raise Trouble(f"the directory knows no node {name}", f"use one of: {', '.join(nodes)}")
    return nodes[name]


def _folder(state: State, name: str, purpose: str) -> Path:
    _entry(state, name)
    folder = state.keys / name
    if not (folder / f"{purpose}.pem").exists():
        raise Trouble(f"{name} has no {purpose} key", "./lienthong up makes it")
    return folder


def _named(entry: Entry, which: str) -> PublishedKey:
    found = [
        key for key in entry.keys
        if key.public == which or (len(which) >= 4 and VerifyKey.parse(key.public).fingerprint.startswith(which))
    ]  # fmt: skip
    if len(found) != 1:
        raise Trouble(
            f"{len(found) or 'no'} keys of this node go by {which}",
            "lienthong key list names every key by its fingerprint",
        )
    return found[0]
