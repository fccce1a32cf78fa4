"""What a portal's view takes from its request: the node, who is signed in, the language, the service that is meant."""

from django.http import Http404, HttpRequest
from django.utils.translation import get_language

from lienthong.catalogue.shapes import Service
from lienthong.exchange.node import Node
from lienthong.identity.types import Account


def node_of(request: HttpRequest) -> Node:
    return request.node  # type: ignore[attr-defined, no-any-return]


def account_of(request: HttpRequest) -> Account | None:
    """Who is signed in, if anybody is."""
    return request.account  # type: ignore[attr-defined, no-any-return]


def signed_in(request: HttpRequest) -> Account:
    """Who is signed in, in a view behind `citizen_required`."""
    account = account_of(request)
    assert account is not None, "only behind citizen_required"
    return account


def language() -> str:
    return get_language() or "vi"


def offered(node: Node) -> list[Service]:
    """Services a citizen applies for here: those with branches, themselves alone or others."""
    return [service for service in node.catalogue.services.values() if service.branches]


def service_of(node: Node, slug: str) -> Service:
    """A service offered here. Raises Http404."""
    service = node.catalogue.services.get(slug)
    if service is None or service not in offered(node):
        raise Http404
    return service
