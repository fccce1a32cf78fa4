"""Proving who one is at e-identity. Until identity cards are read here, the only way is the demo's: to choose somebody,
or to type a number and a name; it opens on loopback only.
"""

import ipaddress
from itertools import groupby
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.utils.translation import gettext_lazy

from lienthong.identity import accounts, validity
from lienthong.identity.types import Account, node_of

MISSES = 5
MISSES_WITHIN = 600

ROLES = {
    "citizen": gettext_lazy("Người dân"),
    "parent": gettext_lazy("Cha, mẹ"),
    "helper": gettext_lazy("Người giúp ở thôn, tổ dân phố"),
    "civil_status_officer": gettext_lazy("Công chức tư pháp – hộ tịch"),
    "chair": gettext_lazy("Chủ tịch Ủy ban nhân dân xã"),
    "residence_officer": gettext_lazy("Cán bộ đăng ký cư trú"),
    "insurance_officer": gettext_lazy("Cán bộ bảo hiểm xã hội"),
    "hospital_clerk": gettext_lazy("Nhân viên bệnh viện"),
    "officer": gettext_lazy("Cán bộ, công chức"),
    "operator": gettext_lazy("Người vận hành hệ thống"),
}
NOT_FOUND = gettext_lazy("Không có tài khoản dùng được với số định danh và họ tên này.")
TOO_MANY = gettext_lazy("Bạn đã thử quá nhiều lần. Hãy đợi mười phút rồi thử lại.")


class TooMany(Exception):
    """This browser has guessed too often; its message is for the person."""


def demo_sign_in(request: HttpRequest) -> bool:
    """Whether anybody may sign in as anybody here: a demo country, reachable from this machine only."""
    bound = getattr(settings, "LIENTHONG_BIND", "")
    try:
        return node_of(request).directory.demo and ipaddress.ip_address(bound).is_loopback
    except ValueError:
        return False


def page(request: HttpRequest, error: str = "") -> dict[str, Any]:
    """What identity/sign_in.html shows of the demo's people, and of what was typed before."""
    with node_of(request).database.transaction() as tx:
        people = accounts.demo_people(tx)
    groups = [(ROLES.get(role, role), list(members)) for role, members in groupby(people, lambda person: person.role)]
    return {"groups": groups, "typed": request.POST, "errors": [{"id": "number", "message": error}] if error else []}


def picked(request: HttpRequest) -> Account | None:
    """Who was chosen from the demo's list."""
    number = request.POST.get("number", "")
    with node_of(request).database.transaction() as tx:
        return accounts.active(tx, number) if accounts.is_demo_person(tx, number) else None


def looked_up(request: HttpRequest) -> Account | None:
    """Whose number and name were typed. Raises TooMany."""
    misses = [at for at in request.session.get("misses", []) if at > validity.seconds() - MISSES_WITHIN]
    if len(misses) >= MISSES:
        raise TooMany(str(TOO_MANY))
    number = "".join(request.POST.get("number", "").split())
    with node_of(request).database.transaction() as tx:
        found = accounts.matching(tx, number, request.POST.get("name", ""))
    if found is None:
        request.session["misses"] = [*misses, validity.seconds()]
    return found


def enter(request: HttpRequest, account: Account) -> None:
    """Signed in at e-identity from now on: under a new session key, so that pages opened before are void."""
    request.session.cycle_key()
    rotate_token(request)
    request.session["person"] = {"number": account.number, "at": validity.seconds()}


def present(request: HttpRequest, within: int = validity.AT_PROVIDER) -> Account | None:
    """Who signed in here at most so many seconds ago; none once locked since."""
    person = request.session.get("person")
    if person is None:
        return None
    if validity.seconds() - person["at"] > within:
        del request.session["person"]
        return None
    with node_of(request).database.transaction() as tx:
        return accounts.active(tx, person["number"])
