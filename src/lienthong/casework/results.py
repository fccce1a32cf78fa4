"""Signed data results: what an agency decided, under its own seal, readable by every agency that comes after.

A result is an envelope to everybody (no recipient), sealed with the issuing node's seal key. It is stored and handed
on byte for byte.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lienthong.casework.dossiers import Dossier
from lienthong.catalogue.shapes import Service
from lienthong.exchange import envelopes
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.node import Node

OWN = "own"
SERVICE = "dossier.result"


def issue(node: Node, dossier: Dossier, recorded: Mapping[str, Any], at: datetime) -> str:
    """Seal the result of a dossier; `recorded` is the register's record as its owner described it."""
    identity = dossier.identity
    body = {"code": identity.code, "branch": identity.branch, "agency": identity.agency, **recorded}
    return envelopes.sealed(node.name, SERVICE, identity.service, identity.case, body, node.seal, at)


def sealers(node: Node, service: Service) -> dict[str, str]:
    """Who must have sealed the results that a service is handed: by branch, the node that handles its service."""
    return {branch: node.catalogue.service(slug).card.handled_by for branch, slug in service.card.takes.items()}


def opened(
    node: Node, sealed: Mapping[str, str], case: str, by: Mapping[str, str], received: datetime | None = None
) -> dict[str, dict[str, Any]]:
    """The bodies of results by branch, once each is certain to be what its agency sealed for this case.

    `by` names the node that must have sealed each; `received` is since when we have them, not said: now.
    Raises Refused when a seal, the case or the branch does not fit.
    """
    bodies = {}
    for branch, text in sealed.items():
        envelope = envelopes.decode(text.encode())
        message = envelopes.open_envelope(
            envelope, node.directory, recipient="", at=None, purpose="seal", received=received
        )
        elsewhere = message.header.case != case or branch != message.body.get("branch")
        if elsewhere or message.header.sender != by.get(branch):
            raise Refused("wrong-result", f"the result under {branch!r} belongs elsewhere")
        bodies[branch] = message.body
    return bodies
