"""What the desk's pages share: the frame, who may see and act, how a dossier is called."""

from contextlib import suppress
from typing import Any, Final

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lienthong.casework import delivering, words
from lienthong.casework.desks import holds
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import held_by_another
from lienthong.catalogue.shapes import Service, Step
from lienthong.desk.queries import Looking
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer, Post
from lienthong.kit import clock

HEADS: Final = ("chair",)
STEERED: Final = frozenset({"chair", "process_admin", "operator", "steering_office"})  # who sees the steering pages
PROCESS_ADMIN: Final = "process_admin"  # orders the agency's work and decides no case
COUNTER_ROLES: Final = ("reception_officer", "civil_status_officer")
# Every role of an officer: what of a desk is whose is asked where it is read.
OFFICERS: Final = tuple(role for role in words.ROLES if role != "applicant")


def node_of(request: HttpRequest) -> Node:
    return request.node  # type: ignore[attr-defined, no-any-return]


def officer_of(request: HttpRequest) -> Officer:
    return request.officer  # type: ignore[attr-defined, no-any-return]


def frame(request: HttpRequest, here: str = "") -> dict[str, Any]:
    """What desk/page.html reads: role_line, here, with_notices, with_queue, with_tasks, with_load, with_counter."""
    officer: Officer | None = request.officer  # type: ignore[attr-defined]
    node = node_of(request)
    posts = officer.posts if officer else ()
    lines = [role_line(node, post) for post in posts[:2]]
    return {
        "role_line": "; ".join(lines),
        "here": here,
        "with_notices": "notices" in node.catalogue.card.faces,
        "with_processes": officer is not None and PROCESS_ADMIN in officer.roles,
        "with_queue": bool(officer and officer.roles - {PROCESS_ADMIN}) and "notices" not in node.catalogue.card.faces,
        "with_sign": officer is not None and bool(officer.roles & signing_roles(node)),
        "with_tasks": officer is not None and "notices" in node.catalogue.card.faces,
        "with_register": bool(officer and scope(node, officer)),
        "with_load": officer is not None and bool(officer.roles & set(HEADS)),
        "with_index": officer is not None and bool(officer.roles & STEERED),
        "with_counter": officer is not None and bool(officer.roles & set(COUNTER_ROLES)),
        "with_results": officer is not None and gives_results(node, officer),
    }


def signing_roles(node: Node) -> set[str]:
    """Who decides something here."""
    steps = (step for service in node.catalogue.services.values() for step in service.process.steps)
    return {step.role for step in steps if step.verb == "decide" and step.role}


def role_line(node: Node, post: Post) -> str:
    """«Chủ tịch Ủy ban nhân dân, Xã Di Linh», and for whom, where the post is somebody else's."""
    said = f"{words.role_name(post.role)}, {place(node, post.unit)}"
    return _("%(post)s, thay %(who)s") % {"post": said, "who": post.instead_of} if post.instead_of else said


def scope(node: Node, officer: Officer) -> frozenset[tuple[str, str]]:
    """What an officer may know of, as (unit, service): where a post of theirs has a step in the service's process.

    A dossier of an agency without units lies nowhere: ("", service).
    """
    roles = {slug: roles_in(service) for slug, service in node.catalogue.services.items() if not service.branches}
    known = [(post.unit, slug) for post in officer.posts for slug, of in roles.items() if post.role in of]
    return frozenset(known) | {("", slug) for _unit, slug in known}


def looking(node: Node, officer: Officer) -> Looking:
    """The officer at this moment, as the queue's queries know them."""
    return Looking(officer, scope(node, officer), clock.now())


def gives_results(node: Node, officer: Officer) -> bool:
    """Whether the officer gives out results of some service of this node."""
    handled = (one for one in node.catalogue.services.values() if one.card.handled_by == node.name and not one.branches)
    return any(delivering.givers(service) & officer.roles for service in handled)


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


def may_act(officer: Officer, dossier: Dossier, step: Step) -> bool:
    """Whether the dossier waits for just this officer's role where it lies, and nobody else has taken it."""
    state = dossier.state
    free = not held_by_another(state, officer.number, clock.now())
    return state.waiting == "open" and free and holds(officer, step.role, dossier)


def may_see(officer: Officer, dossier: Dossier, service: Service) -> bool:
    """Whether the dossier is this officer's to know: a role in its process, held where it lies, was taken in or is
    decided; or an opinion that is asked of them."""
    roles, identity = roles_in(service), dossier.identity
    units = {dossier.desk, identity.unit or "", identity.intake}
    asked = {(opinion.role, opinion.unit) for opinion in dossier.state.opinions.values()}
    return any(
        (post.role in roles and (not dossier.desk or post.unit in units))
        or {(post.role, post.unit), (post.role, "")} & asked
        for post in officer.posts
    )


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
