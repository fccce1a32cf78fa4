"""`lienthong node NAME`: one node against its own PostgreSQL, as an agency would run it."""

import os
from pathlib import Path

from lienthong.config import supervisor
from lienthong.config.children import Child
from lienthong.config.environment import SETTINGS
from lienthong.config.state import State, read_json
from lienthong.config.supervisor import Door, Supervisor
from lienthong.config.trouble import Trouble

# given by the command line or made here; and the clock, which nobody moves in production
OWN = {"LIENTHONG_NODE", "LIENTHONG_RUN", "LIENTHONG_BIND", "LIENTHONG_CLOCK"}


def run(name: str, host: str, port: int) -> None:
    """Web and worker of one node until SIGTERM. Trouble for what is missing, and for a demo directory."""
    told = _environment(name)
    state = State.open()
    doors = [Door(name, host, port)]
    supervisor.demand_free(doors)
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
        print(f"{name} answers on {host}:{port}", flush=True)
        watcher.watch()
    finally:
        watcher.stop()


def _environment(name: str) -> dict[str, str]:
    asked = [setting for setting in SETTINGS if setting.name not in OWN]
    missing = [s for s in asked if s.default is None and not os.environ.get(s.name)]
    if missing:
        raise Trouble(
            "not set: " + "; ".join(f"{setting.name} ({setting.help})" for setting in missing),
            "set them in the environment of this command; keys come from `lienthong key generate FILE`",
        )
    file = os.environ["LIENTHONG_DIRECTORY"]
    directory = read_json(Path(file))
    if directory.get("demo"):
        raise Trouble(
            f"{file} is a demo directory: anybody could speak as anybody",
            "publish a directory with your agencies' own keys; for a look around use ./lienthong up",
        )
    if name not in directory.get("nodes", {}):
        raise Trouble(
            f"{file} knows no node {name}", f"use one of: {', '.join(directory.get('nodes', {})) or '(none)'}"
        )
    return {setting.name: os.environ[setting.name] for setting in asked if setting.name in os.environ}


def _web(host: str, port: int) -> None:
    from lienthong.config import web_process

    web_process.serve(host, port)


def _work() -> None:
    from lienthong.config import worker_process

    worker_process.run()
