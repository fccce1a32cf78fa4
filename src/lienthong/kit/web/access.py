"""Who may open an address. Every view says it, and a test walks all addresses of every face to see that it does.

`public` and `machine` stand here; `identity.guards` marks what it guards. The mark survives decorators that wrap.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from django.http import HttpResponse

View = Callable[..., HttpResponse]
Rule = Literal["public", "person", "officer", "machine"]

_MARK: Final = "lienthong_access"


@dataclass(frozen=True)
class Access:
    """`public`: anybody, for the reason `why`. `person`: somebody signed in. `officer`: who holds one of the roles that
    `why` names. `machine`: a program that proves itself by the means that `why` names; no session and no CSRF token."""

    rule: Rule
    why: str


def mark(view: Any, access: Access) -> Any:
    """The view, with its rule."""
    setattr(view, _MARK, access)
    return view


def access_of(view: Any) -> Access | None:
    """A view's rule; None for one that has none yet, which no address may lead to."""
    found: Access | None = getattr(view, _MARK, None)
    return found


def public(why: str) -> Callable[[View], View]:
    """Anybody may open this page, because …"""
    return lambda view: mark(view, Access("public", why))


def machine(why: str) -> Callable[[View], View]:
    """Only programs come here; each request proves itself by …"""
    return lambda view: mark(view, Access("machine", why))
