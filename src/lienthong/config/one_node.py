"""A node opened by a command beside its processes: of the country in a box, or the one that the environment names."""

import os
from pathlib import Path

from lienthong.config import bootstrap, databases
from lienthong.config.postgres import Cluster
from lienthong.config.state import State, read_json
from lienthong.config.trouble import Trouble
from lienthong.exchange.node import Node
from lienthong.kit.signatures import SigningKey
from lienthong.kit.storage import Database


def names() -> list[str]:
    """The nodes that commands here can open."""
    if alone := os.environ.get("LIENTHONG_NODE"):
        return [alone]
    return list(read_json(State.open().keys / "database.json"))


def opened(name: str) -> Node:
    """The node as its own worker has it. Trouble when there is none."""
    _demand(name)
    if "LIENTHONG_NODE" not in os.environ:
        place = next(place for place in bootstrap.places(0) if place.name == name)
        os.environ.update(bootstrap.environment(Cluster(State.open()), place))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.config.settings")
    import django

    django.setup()
    from lienthong.config import wiring

    return wiring.node(name)


def storage(name: str) -> tuple[Database, str, SigningKey]:
    """A node's database to look into, the directory's document, and its seal. Trouble when there is none."""
    _demand(name)
    if os.environ.get("LIENTHONG_NODE"):
        file, seal, conninfo = (
            os.environ[key] for key in ("LIENTHONG_DIRECTORY", "LIENTHONG_SEAL_KEY", "DATABASE_URL")
        )
        return Database(conninfo, size=2), Path(file).read_text(), SigningKey.load(Path(seal))
    state = State.open()
    conninfo = databases.credentials(state, name).conninfo(Cluster(state), "read")
    return Database(conninfo, size=2), state.directory.read_text(), SigningKey.load(state.keys / name / "seal.pem")


def _demand(name: str) -> None:
    if name not in names():
        raise Trouble(
            f"there is no node {name!r} here", f"use one of: {', '.join(names()) or '(none: ./lienthong up)'}"
        )


def holding(sql: str, value: str) -> str:
    """The first node whose database answers a question with a row; empty when none does."""
    import psycopg

    if alone := os.environ.get("LIENTHONG_NODE"):
        return alone
    cluster = Cluster(State.open())
    for name in names():
        with psycopg.connect(databases.credentials(cluster.state, name).conninfo(cluster, "read")) as connection:
            if connection.execute(sql.encode(), {"about": value}).fetchone():
                return name
    return ""
