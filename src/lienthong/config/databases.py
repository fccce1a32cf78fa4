"""One database per node, with three roles: owner (definitions), run (the node at work), read (looking only).

Nobody but a database's own roles may connect to it: not to its neighbours, not to PostgreSQL's own databases. The
superuser's connection is opened here, used, and closed before any node starts.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from lienthong.config.postgres import Cluster
from lienthong.config.state import State, read_json, write_json

ROLES = ("owner", "run", "read")
APPEND_ONLY = (
    "journal_entry", "seal", "seal_feed", "branch", "inbox", "partner_head", "countersigned", "standing",
    "exchange_day", "directory_version", "publication", "catalogue_set", "service_revision", "outside_call",
    "dossier_note",
    "component", "component_asked", "reminder",
)  # fmt: skip
READ_ONLY = ("migration",)


@dataclass(frozen=True)
class Credentials:
    """The passwords of one node's roles."""

    node: str
    passwords: dict[str, str]

    @property
    def database(self) -> str:
        return database_name(self.node)

    def role(self, kind: str) -> str:
        return f"{self.database}_{kind}"

    def conninfo(self, cluster: Cluster, kind: str) -> str:
        """Connection text for one of `owner`, `run`, `read`."""
        return cluster.conninfo(self.database, self.role(kind), self.passwords[kind])


def database_name(node: str) -> str:
    return "lt_" + node.lower().replace("-", "_")


def credentials(state: State, node: str) -> Credentials:
    """The passwords kept for a node. KeyError when the node was never set up."""
    return Credentials(node, read_json(state.keys / "database.json")[node])


def ensure_databases(cluster: Cluster, nodes: Iterable[str]) -> dict[str, Credentials]:
    """Makes what is missing of every node's database and roles; what exists is left as it is."""
    file = cluster.state.keys / "database.json"
    kept = read_json(file)
    names = list(nodes)
    missing = [name for name in names if name not in kept]
    for name in missing:
        kept[name] = {role: secrets.token_hex(24) for role in ROLES}
    if missing:
        write_json(file, kept)
    known = {name: Credentials(name, kept[name]) for name in names}
    with psycopg.connect(cluster.superuser(), autocommit=True) as connection:
        present = {row[0] for row in connection.execute("SELECT datname FROM pg_database").fetchall()}
        absent = [node for node in known.values() if node.database not in present]
        if absent:
            connection.execute("REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC")
        for node in absent:
            _create(cluster, connection, node)
    return known


def _create(cluster: Cluster, connection: psycopg.Connection, node: Credentials) -> None:
    _ensure_roles(connection, node)
    owner, run, read = (sql.Identifier(node.role(kind)) for kind in ROLES)
    # under another name until nobody else may connect to it: a crash between leaves no open door
    making = node.database + "_making"
    draft = sql.Identifier(making)
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(draft))
    connection.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(draft, owner))
    connection.execute(sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(draft))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}, {}, {}").format(draft, owner, run, read))
    with psycopg.connect(cluster.superuser(making)) as inside:
        for rights, role in (
            (sql.SQL("SELECT, INSERT, UPDATE, DELETE ON TABLES"), run),
            (sql.SQL("USAGE, SELECT ON SEQUENCES"), run),
            (sql.SQL("SELECT ON TABLES"), read),
        ):
            inside.execute(
                sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public GRANT {} TO {}").format(
                    owner, rights, role
                )
            )
    connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(draft, sql.Identifier(node.database)))


def _ensure_roles(connection: psycopg.Connection, node: Credentials) -> None:
    present = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
    for kind in ROLES:
        connection.execute(
            sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                sql.SQL("ALTER" if node.role(kind) in present else "CREATE"),
                sql.Identifier(node.role(kind)),
                sql.Literal(node.passwords[kind]),
            )
        )


def grant_runtime(owner_conninfo: str) -> None:
    """After migrations: the runtime role may only add to the journal, the seals and the inbox, partitions included."""
    with psycopg.connect(owner_conninfo) as connection:
        database = connection.info.dbname
        for kind, rights, names in (("run", "UPDATE, DELETE, TRUNCATE", APPEND_ONLY),
                                    ("run", "INSERT, UPDATE, DELETE, TRUNCATE", READ_ONLY)):  # fmt: skip
            tables = connection.execute(
                "SELECT t.relid::regclass::text FROM pg_class c, LATERAL (SELECT relid FROM pg_partition_tree(c.oid)"
                " UNION SELECT c.oid) t WHERE c.relname = ANY(%s) AND c.relnamespace = 'public'::regnamespace",
                (list(names),),
            ).fetchall()
            for (table,) in tables:
                statement = f"REVOKE {rights} ON {table} FROM {database}_{kind}"
                connection.execute(statement.encode())  # regclass has quoted the name already
