"""`lienthong key …`: make a key, and look after the keys of the country in a box."""

import argparse
import base64
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.config import certificates, directories, keys
from lienthong.config.state import State, write_bytes
from lienthong.config.trouble import Trouble
from lienthong.exchange import validity
from lienthong.exchange.directory import TLS, PublishedKey
from lienthong.exchange.validity import Standing
from lienthong.kit import clock
from lienthong.kit.signatures import SigningKey, VerifyKey


def main(arguments: Sequence[str]) -> int:
    told = _parser().parse_args(arguments)
    told.run(told)
    return 0


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="lienthong key", description="Keys of nodes: make, rotate, revoke, list.")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    generate = verbs.add_parser("generate", help="make a signing key and print its public half")
    generate.set_defaults(run=_generate)
    generate.add_argument("path", type=Path)
    certify = verbs.add_parser("certificate", help="make a certificate for a node's TLS key; print how to publish it")
    certify.set_defaults(run=_certificate)
    certify.add_argument("key", type=Path)
    certify.add_argument("out", type=Path)
    certify.add_argument("--node", required=True)
    certify.add_argument("--host", required=True, help="the name in the directory's address")
    certify.add_argument("--days", type=int, default=397)
    rotate = verbs.add_parser("rotate", help="give a node a new key while it runs")
    rotate.set_defaults(run=_rotate)
    rotate.add_argument("node")
    rotate.add_argument("--purpose", choices=keys.PURPOSES, default="transport")
    rotate.add_argument("--overlap", type=_hours, default=keys.OVERLAP, metavar="HOURS",
                        help="how long the old key counts beside the new one (default 24)")  # fmt: skip
    revoke = verbs.add_parser("revoke", help="refuse a key from now on, or from a moment in the past")
    revoke.set_defaults(run=_revoke)
    revoke.add_argument("node")
    revoke.add_argument("key", help="its public half, or the beginning of its fingerprint")
    revoke.add_argument("--at", type=_moment, help="since when others may have had it, like 2026-11-20T08:00")
    listed = verbs.add_parser("list", help="every key that is published, what for, and until when")
    listed.set_defaults(run=_list)
    listed.add_argument("node", nargs="?")
    return top


def _hours(text: str) -> timedelta:
    hours = float(text)
    if not 0 <= hours <= 24 * 366:
        raise argparse.ArgumentTypeError("between 0 and 8784 hours")
    return timedelta(hours=hours)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.ZONE)


def _generate(told: argparse.Namespace) -> None:
    key = SigningKey.generate()
    try:
        key.save(told.path)
    except FileExistsError as present:
        raise Trouble(f"{told.path} exists already", "choose another name: a key is never overwritten") from present
    print(key.public.text)


def _certificate(told: argparse.Namespace) -> None:
    key = SigningKey.load(told.key)
    certificate = certificates.self_signed(key, told.node, told.host, told.days)
    if told.out.exists():
        raise Trouble(f"{told.out} exists already", "choose another name: partners may still ask for the old one")
    write_bytes(told.out, certificate.public_bytes(Encoding.PEM), mode=0o644)
    der = base64.urlsafe_b64encode(certificate.public_bytes(Encoding.DER)).rstrip(b"=").decode()
    published = PublishedKey(TLS, key.public.text, clock.now().replace(microsecond=0), certificate=der)
    print(msgspec.json.encode(published).decode())


def _rotate(told: argparse.Namespace) -> None:
    _say(told.node, told.purpose, keys.rotate(_state(), told.node, told.purpose, told.overlap))


def _revoke(told: argparse.Namespace) -> None:
    key, rotated = keys.revoke(_state(), told.node, told.key, told.at)
    if rotated:
        _say(told.node, key.purpose, rotated)
    print(f"{told.node} {key.purpose} {VerifyKey.parse(key.public).fingerprint} is refused since {_shown(key.revoked)}")


def _say(node: str, purpose: str, rotated: keys.Rotated) -> None:
    print(f"{node} {purpose} signs with {rotated.new.fingerprint} now")
    print(f"{node} {purpose} {rotated.old.fingerprint} counts until {_shown(rotated.until)}")


def _list(told: argparse.Namespace) -> None:
    try:
        directory = directories.published(_state())
    except FileNotFoundError as missing:
        raise Trouble("there is no country here yet", "./lienthong up") from missing
    print(f"directory version {directory.version}")
    for one in validity.standings(directory, clock.now()):
        if told.node in (None, one.node):
            left = "" if one.days_left is None else f"{one.days_left} days left"
            known = f"{one.node:<8} {one.purpose:<10} {one.fingerprint}  {one.state:<8}"
            print(f"  {known} from {_shown(one.since)}  {_ends(one)}  {left}".rstrip())


def _ends(key: Standing) -> str:
    if key.revoked:
        return f"revoked {_shown(key.revoked)}"
    return f"until {_shown(key.until)}" if key.until else ""


def _shown(moment: datetime | None) -> str:
    return moment.astimezone(clock.ZONE).strftime("%Y-%m-%d %H:%M") if moment else "the beginning"


def _state() -> State:
    """The country's state, in the country's time."""
    state = State.open()
    os.environ.setdefault("LIENTHONG_CLOCK", str(state.clock))
    return state
