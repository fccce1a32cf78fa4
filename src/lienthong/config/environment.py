"""The environment of a node's process: every variable it reads, and nothing it does not.

SETTINGS is the whole list; `lienthong node` names what is missing of it.
"""

import os
from dataclasses import dataclass

from lienthong.config.state import HOME


@dataclass(frozen=True)
class Setting:
    """`default` None: must be set."""

    name: str
    default: str | None
    help: str


SETTINGS = (
    Setting("LIENTHONG_NODE", None, "which node of the directory this process is"),
    Setting("DATABASE_URL", None, "the node's own database, through its runtime role"),
    Setting("LIENTHONG_KEY", None, "file of the transport key (PEM, P-256)"),
    Setting("LIENTHONG_SEAL_KEY", None, "file of the agency's seal key (PEM, P-256)"),
    Setting("LIENTHONG_SEAL_CERT", "", "file of the seal's certificate and its issuers (PEM); papers need it"),
    Setting("LIENTHONG_TIME_STAMPS", "", "address of the time-stamp authority (RFC 3161) for papers; none: no stamp"),
    Setting("LIENTHONG_TIME_STAMP_KEY", "", "file of the demo authority's RSA key and certificates; refused elsewhere"),
    Setting("LIENTHONG_TOKEN_KEY", "", "file of e-identity's token key; made at first use (only at the face `eid`)"),
    Setting("LIENTHONG_DIRECTORY", None, "file of the directory: nodes, addresses, public keys, signed"),
    Setting("LIENTHONG_DIRECTORY_KEY", None, "public key of the directory's authority; two, while it changes, spaced"),
    Setting("LIENTHONG_TLS_KEY", "", "file of the TLS key (PEM, P-256), where the directory's address is https"),
    Setting("LIENTHONG_TLS_CERT", "", "file of the TLS key's certificate (PEM), as the directory publishes it"),
    Setting("LIENTHONG_EXCHANGE", "", "HOST:PORT at which partners come in over mutual TLS"),
    Setting("LIENTHONG_CATALOGUE", str(HOME / "catalogue"), "folder of the catalogue"),
    Setting("LIENTHONG_RUN", None, "folder for the doorbell's socket"),
    Setting("LIENTHONG_SECRET", None, "secret of the pages' forms (CSRF)"),
    Setting("LIENTHONG_BIND", "", "address the web process listens on; demo sign-in works on loopback only"),
    Setting("LIENTHONG_SMTP", "", "mail server of the portal: smtp://host:port, smtp(s)://user:password@host:port"),
    Setting("LIENTHONG_MAIL_FROM", "", "address that the portal's mail comes from"),
    Setting("LIENTHONG_SMS", "", "SMS gateway of the portal: https://key:secret@host/path?brand=NAME"),
    Setting("LIENTHONG_HANDOFF", "", "ministries' systems that take steps over: system=https://host/path, spaced"),
    Setting("LIENTHONG_OUTSIDE", "", "file with the secrets of systems that speak at this gateway (JSON, by id)"),
    Setting("LIENTHONG_POPULATION", "", "population database outside: https://user:secret@host/path?MaDVC=…&MaDonVi=…"),
    Setting("LIENTHONG_NATIONAL_PORTAL", "", "a national portal outside: https://user:secret@host/path?MaDinhDanhDV=…"),
    Setting("LIENTHONG_XROAD", "", "X-Road security server to ask through: https://user:secret@host:port?client=…"),
    Setting("LIENTHONG_FAILPOINTS", "", "folder of traps for proofs by `kill -9`; none in production"),
    Setting("LIENTHONG_CLOCK", "", "file with the demo country's offset in seconds; none in production"),
)


def value(name: str) -> str:
    """A setting of this process. Raises KeyError when it has neither value nor default."""
    setting = next(s for s in SETTINGS if s.name == name)
    found = os.environ.get(name, setting.default)
    if found is None:
        raise KeyError(f"{name} is not set: {setting.help}")
    return found
