"""Fixtures for every test: one PostgreSQL cluster a session, a fresh database of a node where one is asked for."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from lienthong.config import databases, schema
from lienthong.config.postgres import Cluster
from lienthong.config.state import State
from lienthong.demo import legacy_tax


@dataclass(frozen=True)
class NodeDatabase:
    """Connection texts of one node's database, by role."""

    name: str
    owner: str
    run: str
    read: str


@pytest.fixture(scope="session")
def state() -> Iterator[State]:
    """A state folder of this session, reachable by the database's account, removed at the end."""
    root = Path(tempfile.mkdtemp(prefix="lienthong-tests-"))
    root.chmod(0o711)
    made = State(root)
    for folder in (made.keys, made.log):
        folder.mkdir()
    yield made
    shutil.rmtree(root)
    shutil.rmtree(made.short, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(state: State) -> Iterator[Cluster]:
    """A running PostgreSQL with the settings of the country in a box, and no node in it. Nothing here outlives a crash:
    copying and dropping databases for each module would else wait for the disk most of the time."""
    made = Cluster(state)
    made.ensure()
    made.start()
    made.wait()
    with psycopg.connect(made.superuser(), autocommit=True) as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(name)))
        connection.execute("SELECT pg_reload_conf()")
    yield made
    made.stop()


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> Callable[[str], databases.Credentials]:
    """A node's database with its definitions, made once a session and only copied."""
    ready: dict[str, databases.Credentials] = {}

    def make(name: str) -> databases.Credentials:
        if name not in ready:
            node = databases.ensure_databases(cluster, [name])[name]
            if name == legacy_tax.NODE:
                legacy_tax.prepare(node.conninfo(cluster, "owner"))
            schema.migrate(name, node.conninfo(cluster, "owner"))
            databases.grant_runtime(node.conninfo(cluster, "owner"))
            ready[name] = node
        return ready[name]

    return make


@pytest.fixture(scope="module")
def node_database(
    cluster: Cluster, template: Callable[[str], databases.Credentials]
) -> Iterator[Callable[[str], NodeDatabase]]:
    """`node_database("G01")`: an empty database of that node for this module, with its three roles."""
    made: dict[str, NodeDatabase] = {}

    def make(name: str) -> NodeDatabase:
        if name not in made:
            made[name] = _copy(cluster, template(name))
        return made[name]

    yield make
    with psycopg.connect(cluster.superuser(), autocommit=True) as connection:
        for node in made.values():
            copy = psycopg.conninfo.conninfo_to_dict(node.run)["dbname"]
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(str(copy))))


def _copy(cluster: Cluster, node: databases.Credentials) -> NodeDatabase:
    copy = f"{node.database}_copy"
    name = sql.Identifier(copy)
    with psycopg.connect(cluster.superuser(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                name, sql.Identifier(node.database), sql.Identifier(node.role("owner"))
            )
        )
        connection.execute(sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(name))
        roles = sql.SQL(", ").join(sql.Identifier(node.role(kind)) for kind in databases.ROLES)
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, roles))
    texts = {kind: cluster.conninfo(copy, node.role(kind), node.passwords[kind]) for kind in databases.ROLES}
    return NodeDatabase(node.node, **texts)
