"""What the desk's pages share: the frame, who may see and act, how a dossier is called."""

from contextlib import suppress
from typing import Any, Final

from django.http import HttpRequest
from django.utils.translation import get_language

from lienthong.casework import words
from lienthong.casework.dossiers import Dossier
from lienthong.catalogue.shapes import Service, Step
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer

HEADS: Final = ("chair",)
COUNTER_ROLES: Final = ("reception_officer", "civil_status_officer")


def node_of(request: HttpRequest) -> Node:
    return request.node  # type: ignore[attr-defined, no-any-return]


def officer_of(request: HttpRequest) -> Officer:
    return request.officer  # type: ignore[attr-defined, no-any-return]


def frame(request: HttpRequest, here: str = "") -> dict[str, Any]:
    """What desk/page.html reads: role_line, here, with_notices, with_queue, with_tasks, with_load, with_counter."""
    officer: Officer | None = request.officer  # type: ignore[attr-defined]
    node = node_of(request)
    posts = officer.posts if officer else ()
    lines = [f"{words.role_name(post.role)}, {place(node, post.unit)}" for post in posts[:2]]
    return {
        "role_line": "; ".join(lines),
        "here": here,
        "with_notices": "notices" in node.catalogue.card.faces,
        "with_queue": officer is not None and bool(my_services(node, officer)),
        "with_tasks": officer is not None,
        "with_load": officer is not None and bool(officer.roles & set(HEADS)),
        "with_counter": officer is not None and bool(officer.roles & set(COUNTER_ROLES)),
    }


def my_services(node: Node, officer: Officer) -> list[str]:
    """The services in whose process the officer has a role."""
    handled = node.catalogue.services.items()
    return [slug for slug, service in handled if not service.branches and roles_in(service) & officer.roles]


def step_of(service: Service, dossier: Dossier) -> Step | None:
    return next((step for step in service.process.steps if step.step == dossier.state.step), None)


def step_name(node: Node, step: str) -> str:
    """A step by its own name, from whichever process has it."""
    steps = (one for service in node.catalogue.services.values() for one in service.process.steps if one.step == step)
    return next((one.name.in_language(language()) for one in steps), step)


def holds(officer: Officer, dossier: Dossier, role: str) -> bool:
    """Whether the officer has a role where the dossier is decided."""
    unit = dossier.identity.unit
    return officer.holds(role, unit) if unit else role in officer.roles


def may_act(officer: Officer, dossier: Dossier, step: Step) -> bool:
    """Whether the dossier waits for just this officer's role in its unit."""
    return dossier.state.waiting == "open" and holds(officer, dossier, step.role)


def may_see(officer: Officer, dossier: Dossier, service: Service) -> bool:
    """Whether the dossier is this officer's to know: a role in its process, held in its unit."""
    unit, roles = dossier.identity.unit, roles_in(service)
    return any(post.role in roles and unit in (None, post.unit) for post in officer.posts)


def roles_in(service: Service) -> frozenset[str]:
    """The roles that act somewhere in a service's process."""
    return frozenset(step.role for step in service.process.steps if step.role)


def title(dossier: Dossier) -> str:
    return dossier.identity.subject or dossier.identity.code


def place(node: Node, unit: str) -> str:
    """A commune's or a facility's name; the node's own where the unit is neither."""
    with suppress(KeyError):
        return node.territory.unit(unit).title
    with suppress(KeyError):
        return node.territory.facility(unit).name
    return node.catalogue.card.name.in_language(language())


def language() -> str:
    return get_language() or "vi"
