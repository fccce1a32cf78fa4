"""What crosses this room's door, and what it needs of the node it runs in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Protocol, cast

from django.http import HttpRequest, HttpResponse

from lienthong.kit.signatures import SigningKey, VerifyKey
from lienthong.kit.storage import Database

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Account:
    """A person as e-identity vouches for them. `level` is the account's level, 1 or 2 (Decree 69/2024, Art 8, 9).

    `proofs` are e-identity's sealed words that they are here, for those who hold data about them.
    """

    number: str
    name: str
    birth_date: date
    gender: str
    level: int
    proofs: tuple[str, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True)
class Post:
    """A role held in one unit; a right is always both. `instead_of` is the name of who is away, where it is theirs."""

    role: str
    unit: str
    instead_of: str = field(default="", compare=False)


@dataclass(frozen=True)
class Officer:
    """A person with the posts they hold today at this node."""

    number: str
    name: str
    posts: tuple[Post, ...]

    @cached_property
    def roles(self) -> frozenset[str]:
        return frozenset(post.role for post in self.posts)

    @cached_property
    def units(self) -> frozenset[str]:
        return frozenset(post.unit for post in self.posts)

    def units_as(self, *roles: str) -> frozenset[str]:
        """The units in which one of these roles is held: a chair in one commune is not a chair in the next."""
        return frozenset(post.unit for post in self.posts if post.role in roles)

    @property
    def as_asker(self) -> str:
        """Who asks, as other nodes' logs keep it: the number, then the roles, which alone the citizen is told."""
        return " ".join((self.number, *sorted(self.roles)))

    @cached_property
    def _held(self) -> frozenset[tuple[str, str]]:
        return frozenset((post.role, post.unit) for post in self.posts)

    def holds(self, role: str, unit: str) -> bool:
        """Asked dozens of times a page: as quick for somebody with hundreds of posts as for one."""
        return (role, unit) in self._held

    def instead_of(self, role: str, unit: str = "") -> str:
        """For whom a role is held in a unit (in any, where none is said); empty for a post of their own."""
        held = [post for post in self.posts if post.role == role and unit in ("", post.unit)]
        return held[0].instead_of if held and all(post.instead_of for post in held) else ""


class Words(Protocol):
    """A text in both languages."""

    @property
    def vi(self) -> str: ...
    @property
    def en(self) -> str: ...


class Card(Protocol):
    """A node in the catalogue: what it is called and which pages it shows."""

    @property
    def name(self) -> Words: ...
    @property
    def faces(self) -> Sequence[str]: ...


class Catalogue(Protocol):
    @property
    def nodes(self) -> Mapping[str, Card]: ...


class Party(Protocol):
    """A node in the directory: `address` for machines, `site` for people's browsers."""

    @property
    def address(self) -> str: ...
    @property
    def site(self) -> str: ...


class Directory(Protocol):
    @property
    def nodes(self) -> Mapping[str, Party]: ...
    @property
    def demo(self) -> bool: ...
    def keys(self, node: str, purpose: str) -> Sequence[VerifyKey]: ...


class Node(Protocol):
    """The part of a node this room uses; `key` is its transport key."""

    @property
    def name(self) -> str: ...
    @property
    def database(self) -> Database: ...
    @property
    def key(self) -> SigningKey: ...
    @property
    def directory(self) -> Directory: ...
    @property
    def catalogue(self) -> Catalogue: ...
    def vouch(self, person: str, client: str) -> str:
        """Our sealed word that a person signed in at a node; empty where we give none."""
        ...


def node_of(request: HttpRequest) -> Node:
    """The node that serves this request."""
    return cast(Node, request.node)  # type: ignore[attr-defined]
