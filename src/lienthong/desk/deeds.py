"""The shape of a deed: a verb of casework as a button, what its form asks, when it is offered, and what it calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from lienthong.casework.dossiers import Dossier
from lienthong.catalogue import forms
from lienthong.catalogue.shapes import Field, Service, Step
from lienthong.desk import pages
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit.storage import Tx

Text = str | Promise
Typed = Mapping[str, Any]
Perform = Callable[[Node, Tx, str, Officer, Typed], Dossier]
Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class Case:
    """A dossier at hand: what was declared, and what earlier branches handed on (`results` maps `branch.field` to its
    label and value). `doubted`: the register takes it for one it has, unless the decision says on which grounds not.
    `colleagues` hold the same post today, `posts` are all that somebody holds here (role, unit), `phrases` the unit's
    own words by deed, `missing` papers that were named and have not arrived, each with why not."""

    node: Node
    dossier: Dossier
    service: Service
    declared: Mapping[str, Any]
    results: Mapping[str, tuple[str, str]]
    doubted: bool = False
    colleagues: Choices = field(default_factory=list)
    phrases: Mapping[str, list[str]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    posts: list[tuple[str, str]] = field(default_factory=list)

    @property
    def fields(self) -> dict[str, Field]:
        """The form's fields that what was declared asks for."""
        return {name: spec for name, spec in self.service.form.fields.items() if forms.applies(spec, self.declared)}

    @property
    def step(self) -> Step | None:
        return pages.step_of(self.service, self.dossier)


@dataclass(frozen=True)
class Control:
    """One question of a deed's form. kind: reason, line, number, lines, note, day, fields (several of the form's),
    result (a value of an earlier result), choice (one of `options`), answer (the same, all to be seen)."""

    name: str
    kind: str
    label: Text
    help: Text = ""
    required: bool = False
    most: int = 500
    options: Callable[[Case], Choices] | None = None


@dataclass(frozen=True)
class Deed:
    """`fits` is when it is offered beside the step's own verb; `adds` what its text says about just this dossier,
    `forbids` why it stands there and cannot be taken. `confirms` says what follows, and the officer is asked once
    more; `many`: it can be taken on several dossiers at once; `stays`: the officer stays with the dossier. `part` is
    where on its page it stands: act, desk (who holds it), notes, opinions."""

    verb: str
    label: Text
    text: Text
    perform: Perform
    controls: tuple[Control, ...] = ()
    reasons: tuple[str, ...] = ()
    fits: Callable[[Case, Officer], bool] = lambda case, officer: False
    adds: Callable[[Case], str] = lambda case: ""
    forbids: Callable[[Case], str] = lambda case: ""
    confirms: Callable[[Case], list[str]] | None = None
    many: bool = False
    stays: bool = False
    part: str = "act"


@dataclass(frozen=True)
class Offer:
    """A deed as offered to one officer; `why_not` says why one that exists cannot be taken."""

    deed: Deed
    text: str
    why_not: str = ""


REASON: Final = Control("reason", "reason", gettext_lazy("Lý do"), required=True)
NOTE: Final = Control("note", "note", gettext_lazy("Nói rõ cho người dân"))


def reasoned(typed: Typed) -> str:
    """The code of the reason, and what the officer added."""
    added = "; ".join(part for part in (typed.get("phrase"), typed.get("note"), typed.get("phone")) if part)
    return f"{typed['reason']}: {added}" if added else str(typed["reason"])
