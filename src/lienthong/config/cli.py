"""The command line: `./lienthong COMMAND …`. Each command imports only what it needs."""

import argparse
import importlib
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import NoReturn
from urllib.parse import urlsplit

from lienthong.config.state import State, running
from lienthong.config.trouble import Trouble, disk_troubles_named

BASE_PORT = 8600
LONGEST_STOP_SECONDS = 150.0
# commands of other modules, which read their own arguments: `main(arguments) -> exit code`
ELSEWHERE = {
    "trace": ("lienthong.config.trace", "tell one dossier's story across the nodes"),
    "stuck": ("lienthong.config.stuck", "list what waits, with whom, since when, and why"),
    "package": ("lienthong.config.packaging", "rows in bulk between nodes, signed: export, import, countersign"),
    "resend": ("lienthong.config.resending", "send parked messages again, singly or in bulk, or give one up"),
    "key": ("lienthong.config.key_command", "make a key; rotate, revoke or list the keys of nodes"),
    "directory": ("lienthong.config.directory_command", "show a directory, or sign a new version of it"),
    "feeds": ("lienthong.config.feeds", "show who follows which register, how far and how fresh"),
    "gateway": ("lienthong.config.gateway_command", "list the systems outside that may ask; show a secret of one"),
    "reconcile": ("lienthong.config.reconcile", "compare registers with those they follow, now, and say what differs"),
    "join": ("lienthong.config.join_command", "check databases that are joined as registers: what does not convert"),
    "evidence": ("lienthong.config.evidence", "one file with all that proves a message, a dossier or a read"),
    "verify": ("lienthong.config.verify", "check evidence files and journals; without a file, the whole country's"),
    "journal": ("lienthong.config.journal", "export a node's whole journal"),
    "rejoin": ("lienthong.config.rejoin", "bring a node back in step that was restored from a backup"),
    "drill": ("lienthong.bench.drill", "rehearse a loss: `drill restore`"),
    "publish": ("lienthong.config.publish_command", "publish what changed in the catalogue's folder, signed"),
    "calendar": ("lienthong.config.calendar_command", "show the working days known, compare them with a library's"),
    "publications": ("lienthong.config.publications", "show which catalogue each node holds; export or import one"),
    "bench": ("lienthong.bench.command", "measure, one JSON line each (--list names the measures)"),
}


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="lienthong", description="Public services that cross agencies, on one machine.")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int | None], about: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=about, description=about)
        added.set_defaults(run=run)
        return added

    up = command("up", _up, "start the country in a box")
    up.add_argument("--people", type=_count, help="size of the demo population (default 20,000); first start only")
    up.add_argument("--seed", type=int, help="same seed, same people (default 6); first start only")
    up.add_argument("--port", type=_port, default=BASE_PORT, help=f"port of the first node (default {BASE_PORT})")
    up.add_argument("--detach", action="store_true", help="return when it answers, and leave it running")
    up.add_argument("--report", choices=["json"], help="tell the start's figures in one JSON line")
    command("down", _down, "stop the country, leaving its state")
    command("status", _status, "say whether the country runs")
    node = command("node", _node, "run one node alone against DATABASE_URL")
    node.add_argument("name")
    node.add_argument("--listen", default="127.0.0.1:8600", metavar="HOST:PORT")
    node.add_argument("--exchange", default="", metavar="HOST:PORT", help="where partners come in over mutual TLS")
    migrate = command("migrate", _migrate, "apply a node's definitions as the owner named by DATABASE_OWNER_URL")
    migrate.add_argument("name")
    moved = command("clock", _clock, "show or move the demo country's time: +2d, -3h, +30m, reset")
    moved.add_argument("by", nargs="?", default="show", type=_duration)
    test = command("test", _test, "every check, with titles and seconds")
    test.add_argument("--long", action="store_true", help="also what takes minutes")
    for name, (_, about) in ELSEWHERE.items():
        commands.add_parser(name, help=about)
    return top


def _count(text: str) -> int:
    number = int(text.replace("_", "").replace(",", ""))
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _port(text: str) -> int:
    if not 1024 <= int(text) <= 65_000:
        raise argparse.ArgumentTypeError("between 1024 and 65000")
    return int(text)


def _duration(text: str) -> timedelta | str:
    if text in ("show", "reset"):
        return text
    parts = re.fullmatch(r"([+-])(\d{1,6})([dhms])", text)
    if not parts:
        raise argparse.ArgumentTypeError("like +2d, -3h, +30m, or reset")
    seconds = int(parts[2]) * {"d": 86_400, "h": 3_600, "m": 60, "s": 1}[parts[3]]
    return timedelta(seconds=seconds if parts[1] == "+" else -seconds)


def _up(told: argparse.Namespace) -> None:
    from lienthong.config import country, detached

    wishes = country.Wishes(told.port, told.people, told.seed)
    if told.detach:
        with disk_troubles_named():
            log = State.open().log / "up.log"
        detached.run(lambda ready: country.up(wishes, bool(told.report), ready), log)
    else:
        country.up(wishes, bool(told.report))


def _down(_: argparse.Namespace) -> None:
    state = State.open()
    pid = running(state)
    if pid is None:
        print("no country runs here")
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + LONGEST_STOP_SECONDS
    while running(state) == pid:
        if time.monotonic() > deadline:
            raise Trouble(f"process {pid} does not stop", f"kill -9 {pid}; the next start recovers")
        time.sleep(0.02)
    print("stopped")


def _status(_: argparse.Namespace) -> int:
    from lienthong.config import bootstrap, directories, memory
    from lienthong.config.supervisor import Door
    from lienthong.exchange import validity
    from lienthong.kit import clock

    state = State.open()
    pid = running(state)
    if pid is None:
        print("no country runs here; start it with ./lienthong up")
        return 3
    print(f"running: process {pid}, {memory.megabytes(memory.family(pid)):.0f} MB, state in {state.root}")
    sick = 0
    os.environ.setdefault("LIENTHONG_CLOCK", str(state.clock))
    directory = directories.published(state)
    for name, entry in directory.nodes.items():
        site = urlsplit(entry.site)
        healthy = Door(name, bootstrap.HOST, site.port or 0).is_healthy()
        sick += not healthy
        print(f"  {name:<8} {'answers' if healthy else 'does not answer':<16} {entry.site}")
    for key in validity.ending(directory, clock.now()):
        print(f"  {key.node:<8} its {key.purpose} key ends in {key.days_left} days: lienthong key rotate {key.node}")
    return 1 if sick else 0


def _node(told: argparse.Namespace) -> None:
    from lienthong.config import alone

    host, _, port = told.listen.rpartition(":")
    alone.run(told.name, host or "127.0.0.1", _port(port), told.exchange)


def _migrate(told: argparse.Namespace) -> None:
    from lienthong.config import databases, schema

    owner = os.environ.get("DATABASE_OWNER_URL")
    if not owner:
        raise Trouble("DATABASE_OWNER_URL is not set", "set it to a connection text of the database's owner")
    schema.migrate(told.name, owner)
    databases.grant_runtime(owner)


def _clock(told: argparse.Namespace) -> None:
    from lienthong.kit import clock

    os.environ.setdefault("LIENTHONG_CLOCK", str(State.open().clock))
    if told.by != "show":
        clock.shift(None if told.by == "reset" else told.by)
    ahead = clock.offset()
    print(f"{clock.now():%Y-%m-%d %H:%M:%S %z}" + (f"  (moved by {ahead})" if ahead else "  (real time)"))


def _test(told: argparse.Namespace) -> int:
    from lienthong.config import checks

    return checks.run(with_long=told.long)


def _dispatch(arguments: list[str]) -> int | None:
    if arguments[:1] and arguments[0] in ELSEWHERE:
        outcome: int | None = importlib.import_module(ELSEWHERE[arguments[0]][0]).main(arguments[1:])
        return outcome
    if arguments[:1] == ["clock"] and re.fullmatch(r"-\d+\w", arguments[-1]):
        arguments = ["clock", "--", arguments[-1]]  # backwards in time, not an option
    told = parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int | None] = told.run
    return run(told)


def main() -> NoReturn:
    try:
        with disk_troubles_named():
            sys.exit(_dispatch(sys.argv[1:]) or 0)
    except Trouble as trouble:
        trouble.show()
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader has seen enough, as with `| head`
        sys.exit(0)


if __name__ == "__main__":
    main()
