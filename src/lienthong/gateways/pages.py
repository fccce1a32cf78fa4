"""The gateway's one page for people: which systems outside may ask, for what, how often, until when."""

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lienthong.casework.words import purpose_name
from lienthong.catalogue.citations import in_language
from lienthong.catalogue.holdings import Right
from lienthong.catalogue.outside import OutsideSystem
from lienthong.exchange.node import Node
from lienthong.kit import clock
from lienthong.kit.web.access import public


@dataclass(frozen=True)
class Use:
    """A purpose of a system, with the right behind it."""

    purpose: str
    of: str
    basis: str
    fields: str


@dataclass(frozen=True)
class Shown:
    name: str
    languages: str
    uses: list[Use]
    per_minute: int
    since: date
    until: date | None


@require_safe
@public("who may ask from outside, and why, is open to everybody")
def home(request: HttpRequest) -> HttpResponse:
    node: Node = request.node  # type: ignore[attr-defined]
    language = get_language() or "vi"
    systems = [_shown(node, system, language) for system in node.catalogue.outside.values()]
    return render(request, "gateways/home.html", {"systems": systems, "no_sign_in": True})


def _shown(node: Node, system: OutsideSystem, language: str) -> Shown:
    today, wanted = clock.today(), dict.fromkeys(system.purposes.values())
    rights = [right for right in node.catalogue.rights if right.grantee == node.name and right.since <= today]
    uses = [_use(node, right, language) for purpose in wanted for right in rights if right.purpose == purpose]
    names = {"population": "TraCuuThongTinCongDan", "national": "NGSP", "x-road": "X-Road REST"}
    spoken = ", ".join(names.get(one, one) for one in system.speaks)
    return Shown(system.name.in_language(language), spoken, uses, system.per_minute, system.since, system.until)


def _use(node: Node, right: Right, language: str) -> Use:
    purpose, basis = purpose_name(node.catalogue, right.purpose, language), in_language(right.legal_basis, language)
    if not right.register:  # a message, which opens no record
        return Use(purpose, _("Gửi đến"), basis, "")
    register, terms = node.catalogue.registers[right.register], node.catalogue.terms
    columns = [register.fields[name] for name in right.fields]
    fields = ", ".join((column.label or terms[column.term].words).in_language(language) for column in columns)
    return Use(purpose, register.name.in_language(language), basis, fields)


gateway_patterns = [path("", home, name="home")]
