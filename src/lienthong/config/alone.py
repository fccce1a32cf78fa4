"""`lienthong node NAME`: one node against its own PostgreSQL, as an agency would run it."""

import os

from lienthong.config import directories, supervisor
from lienthong.config.children import Child
from lienthong.config.environment import SETTINGS
from lienthong.config.state import State
from lienthong.config.supervisor import Door, Supervisor
from lienthong.config.trouble import Trouble
from lienthong.exchange.directory import Directory

# given by the command line or made here; and the clock, which nobody moves in production
OWN = {"LIENTHONG_NODE", "LIENTHONG_RUN", "LIENTHONG_BIND", "LIENTHONG_CLOCK", "LIENTHONG_EXCHANGE"}


def run(name: str, host: str, port: int, exchange: str = "") -> None:
    """Web and worker of one node until SIGTERM; `exchange` is where partners come in over TLS ("host:port").

    Trouble for what is missing, and for a demo directory.
    """
    told = _environment(name, exchange)
    state = State.open()
    doors = [Door(name, host, port, secure=bool(exchange))]
    partners = exchange.rpartition(":")
    supervisor.demand_free([*doors, *([Door(name, partners[0], int(partners[2]))] if exchange else [])])
    state.make_short()
    told |= {"LIENTHONG_NODE": name, "LIENTHONG_RUN": str(state.run), "LIENTHONG_BIND": host}
    supervisor.import_rooms()
    children = [
        Child(f"{name}-web", state.rotate(f"{name}-web"), lambda: told, lambda: _web(host, port)),
        Child(f"{name}-worker", state.rotate(f"{name}-worker"), lambda: told, _work),
    ]
    watcher = Supervisor(children, doors)
    try:
        watcher.start()
        print(f"{name} answers on {host}:{port}" + (f", partners on {exchange}" if exchange else ""), flush=True)
        watcher.watch()
    finally:
        watcher.stop()


def _environment(name: str, exchange: str) -> dict[str, str]:
    asked = [setting for setting in SETTINGS if setting.name not in OWN]
    missing = [s for s in asked if s.default is None and not os.environ.get(s.name)]
    if missing:
        raise Trouble(
            "not set: " + "; ".join(f"{setting.name} ({setting.help})" for setting in missing),
            "set them in the environment of this command; keys come from `lienthong key generate FILE`",
        )
    file = os.environ["LIENTHONG_DIRECTORY"]
    directory = _directory()
    if directory.demo:
        raise Trouble(
            f"{file} is a demo directory: anybody could speak as anybody",
            "publish a directory with your agencies' own keys; for a look around use ./lienthong up",
        )
    if name not in directory.nodes:
        raise Trouble(f"{file} knows no node {name}", f"use one of: {', '.join(directory.nodes) or '(none)'}")
    _demand_tls(directory.entry(name).address, exchange)
    told = {setting.name: os.environ[setting.name] for setting in asked if setting.name in os.environ}
    return told | {"LIENTHONG_EXCHANGE": exchange}


def _demand_tls(address: str, exchange: str) -> None:
    """Trouble where the directory sends partners over TLS and we have no door for them, or the other way about."""
    has_key = bool(os.environ.get("LIENTHONG_TLS_KEY") and os.environ.get("LIENTHONG_TLS_CERT"))
    if (address.startswith("https:"), has_key, bool(exchange)) not in ((True, True, True), (False, False, False)):
        raise Trouble(
            f"the directory says that partners come to {address}",
            "over https set LIENTHONG_TLS_KEY and LIENTHONG_TLS_CERT and give --exchange HOST:PORT; over http none",
        )


def _directory() -> Directory:
    try:
        return directories.at_start()
    except (OSError, ValueError) as bad:
        remedy = "take the directory from its authority, and LIENTHONG_DIRECTORY_KEY from its publication"
        raise Trouble(f"the directory is not to be believed: {bad}", remedy) from bad


def _web(host: str, port: int) -> None:
    from lienthong.config import web_process

    web_process.serve(host, port)


def _work() -> None:
    from lienthong.config import worker_process

    worker_process.run()
