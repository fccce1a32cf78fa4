"""`lienthong feeds`: who follows which register, how far, and how fresh, as publishers and subscribers each see it."""

import argparse
from collections.abc import Iterator

import msgspec

from lienthong.config.asking import ask_everybody
from lienthong.registers import state
from lienthong.registers.state import Followed, Kept, Reader, State


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lienthong feeds", description=__doc__)
    parser.add_argument("--json", action="store_true", help="what every node says, as JSON")
    parser.add_argument("--late", action="store_true", help="only what is later than promised; exit code 1 if any is")
    told = parser.parse_args(arguments)
    answers = ask_everybody(state.SERVICE, {}, "feeds")
    states = {name: msgspec.convert(found.body, State) if found else None for name, found in answers.items()}
    if told.json:
        print(msgspec.json.format(msgspec.json.encode(states)).decode())
        return 0
    lines = list(_lines(states, only_late=told.late))
    print("\n".join(lines) if lines else "every feed is as fresh as promised" if told.late else "no register here")
    return 1 if told.late and lines else 0


def _lines(states: dict[str, State | None], *, only_late: bool) -> Iterator[str]:
    for name, found in states.items():
        if found is None:
            yield f"{name:<8} does not answer"
            continue
        kept = [] if only_late else [one for one in found.registers if one.last or one.readers]
        for one in kept:
            yield from _published(name, one)
        for follow in found.followed:
            if not only_late or is_late(follow):
                yield _followed(name, follow)


def _published(name: str, kept: Kept) -> Iterator[str]:
    yield f"{name:<8} {kept.register}: {kept.last:,} events sealed, {len(kept.readers)} followers"
    for reader in kept.readers:
        yield f"{'':<10}→ {reader.node} for {reader.purpose}: {_lag(reader)}, asked {reader.asked:.0f} s ago"


def _lag(reader: Reader) -> str:
    if not reader.lag:
        return f"at {reader.position:,}, nothing behind"
    return f"at {reader.position:,}, {reader.lag:,} events and {reader.seconds:.0f} s behind"


def _followed(name: str, follow: Followed) -> str:
    where = f"{name:<8} ← {follow.feed} of {follow.publisher} for {follow.purpose}"
    if follow.seconds is None:
        return f"{where}: {follow.state}, promised within {follow.promised} s{_problems(follow)}"
    fresh = f"{follow.lag:,} events behind, as of {follow.seconds:.1f} s ago, promised {follow.promised} s"
    return f"{where}: at {follow.position:,}, {fresh}{' – LATE' if is_late(follow) else ''}{_problems(follow)}"


def is_late(follow: Followed) -> bool:
    return follow.seconds is None or follow.seconds > follow.promised or follow.parked > 0


def _problems(follow: Followed) -> str:
    parked = f", {follow.parked} parked" if follow.parked else ""
    return parked + (f" ({follow.problem})" if follow.problem else "")
