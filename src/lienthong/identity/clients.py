"""Relying parties, as catalogue and directory make them: every node with pages for people is a client of e-identity.

There are no shared secrets. A client proves itself with its transport key (RFC 7523 §2.2, `private_key_jwt`), whose
public half the directory holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from lienthong.identity import tokens, validity
from lienthong.identity.types import Node, Party, Words

FACES = frozenset({"portal", "desk", "notices"})
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class ClientRefused(Exception):
    """The client did not prove who it is."""


@dataclass(frozen=True)
class Client:
    id: str
    site: str
    name: Words

    @property
    def redirect_uri(self) -> str:
        """The only place a code may go to."""
        return f"{self.site}/signed-in"

    @property
    def host(self) -> str:
        """The name people see in the address bar."""
        return urlsplit(self.site).hostname or self.site


def find(node: Node, name: str) -> Client | None:
    """The client of this name, as a node sees it."""
    card, party = node.catalogue.nodes.get(name), node.directory.nodes.get(name)
    if card is None or party is None or not FACES.intersection(card.faces):
        return None
    return Client(name, party.site, card.name)


def provider_of(node: Node) -> Party:
    """The node with the face `eid`; its site is the issuer. Raises StopIteration when the country has none."""
    name = next(name for name, card in node.catalogue.nodes.items() if "eid" in card.faces)
    return node.directory.nodes[name]


def assertion(node: Node, issuer: str) -> str:
    """A node's proof of itself towards e-identity, good for one minute and one use."""
    now = validity.seconds()
    claims = {"iss": node.name, "sub": node.name, "aud": issuer, "jti": tokens.random_text(), "iat": now}
    return tokens.sign({**claims, "exp": now + validity.ASSERTION}, node.key)


def authenticate(node: Node, issuer: str, form: Mapping[str, str]) -> tuple[Client, str]:
    """The client that makes a token request, and its assertion's `jti`, which the caller must let pass only once.

    Raises ClientRefused.
    """
    client = find(node, form.get("client_id", ""))
    if client is None or form.get("client_assertion_type") != ASSERTION_TYPE:
        raise ClientRefused("unknown client, or no private_key_jwt")
    keys = tokens.key_set(list(node.directory.keys(client.id, "transport")))
    try:
        claims = tokens.read(form.get("client_assertion", ""), keys, issuer=client.id, audience=issuer)
    except tokens.TokenRefused as refused:
        raise ClientRefused(str(refused)) from refused
    jti = claims.get("jti")
    if claims["sub"] != client.id or not isinstance(jti, str) or not jti:
        raise ClientRefused("the assertion names somebody else, or has no jti")
    if claims["exp"] > validity.seconds() + validity.ASSERTION + validity.LEEWAY:
        raise ClientRefused("the assertion is valid for too long")
    return client, f"{client.id} {jti}"
