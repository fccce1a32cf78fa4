"""Taking a deed on a dossier: one transaction, and what came of it when somebody else was there first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from lienthong.casework import dossiers, words
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import MACHINE, Act, NotPossible
from lienthong.desk import pages
from lienthong.desk.acts import Deed
from lienthong.exchange.node import Node
from lienthong.identity.types import Officer
from lienthong.kit.storage import Tx
from lienthong.kit.web.templatetags.vietnam import moment


@dataclass(frozen=True)
class Outcome:
    """done: taken, now or the first time it was sent; late: `by` was there first; absent: not this officer's to know;
    forbidden: not this officer's step, or not possible as the dossier stands; old: filed under another revision."""

    kind: Literal["done", "late", "absent", "forbidden", "old"]
    dossier: Dossier | None = None
    by: Act | None = None


def seen(node: Node, tx: Tx, code: str, officer: Officer) -> Dossier | None:
    """A dossier of this officer's units; a stranger's is not there."""
    found = dossiers.load(tx, code) if code else None
    service = node.catalogue.services.get(found.identity.service) if found else None
    return found if found and service and pages.may_see(officer, found, service) else None


def perform(node: Node, officer: Officer, code: str, version: str, deed: Deed, typed: Mapping[str, Any]) -> Outcome:
    """Do it on the dossier as the officer saw it: `version` counts the acts on the page it was sent from."""
    try:
        with node.database.transaction() as tx:
            moved = deed.perform(node, tx, code, officer, typed)
            if version.isdecimal() and moved.acts - len(moved.fresh) != int(version):
                raise NotPossible("the page is older than the dossier")
    except (NotPossible, PermissionError, LookupError) as why:
        return _not_done(node, officer, code, version, deed, why)
    return Outcome("done", moved)


def _not_done(node: Node, officer: Officer, code: str, version: str, deed: Deed, why: Exception) -> Outcome:
    """The same act again is answered like the first time; another officer's, with who was there before and when."""
    with node.database.transaction() as tx:
        found = seen(node, tx, code, officer)
        acts = dossiers.acts(tx, code) if found else []
    if found is None:
        return Outcome("absent")
    if isinstance(why, LookupError):
        return Outcome("old", found)
    if not _ever_theirs(node, officer, found, deed):
        return Outcome("forbidden", found)
    since = acts[int(version) :] if version.isdecimal() else acts
    by_people = [act for act in since if act.detail.get("officer")]
    own = [act for act in by_people if act.detail["officer"] == officer.number]
    if own and own[-1].verb == deed.verb:
        return Outcome("done", found)
    moved = by_people or (since if version.isdecimal() else [])
    return Outcome("late", found, moved[-1]) if moved else Outcome("forbidden", found)


def _ever_theirs(node: Node, officer: Officer, dossier: Dossier, deed: Deed) -> bool:
    """Whether the officer holds a role that takes this deed at some step of the process."""
    steps = node.catalogue.shown(dossier.identity.service, dossier.identity.revision).process.steps
    verb = "decide" if deed.verb == "annul" else deed.verb
    roles = {step.role for step in steps if step.verb == verb} or {step.role for step in steps}
    return any(pages.holds(officer, dossier, role) for role in roles - {""})


def who_was_first(by: Act) -> str:
    """Who did what, and when."""
    done = words.act_text(by.verb, role=by.role)
    who = _("Hệ thống") if by.actor == MACHINE else by.actor
    told = _("%(who)s: %(what)s, lúc %(at)s.")
    return told % {"who": who, "what": f"{done[:1].lower()}{done[1:]}", "at": moment(by.at)}


OUTCOMES = {
    "done": lambda: _("Đã xong"),
    "late": lambda: _("Hồ sơ đã đi tiếp trước bạn"),
    "absent": lambda: _("Không có hồ sơ này ở đơn vị của bạn"),
    "forbidden": lambda: _("Hồ sơ đang ở bước khác hoặc chờ người khác"),
    "old": lambda: _("Hồ sơ nộp theo bản thủ tục khác, không giải quyết được ở đây"),
}
