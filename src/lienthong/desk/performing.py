"""Taking a deed on a dossier: one transaction, and what came of it when somebody else was there first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from lienthong.casework import dossiers, uncounted, words
from lienthong.casework.desks import NotArrived, Taken, holds
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import MACHINE, Act, NotPossible
from lienthong.catalogue.messages import MESSAGES, message
from lienthong.desk import pages, queries, results_reuse
from lienthong.desk.deeds import Deed
from lienthong.exchange.node import Node
from lienthong.identity import officers
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.kit.web.templatetags.vietnam import moment
from lienthong.kit.worktime import NoCalendar


@dataclass(frozen=True)
class Outcome:
    """done: taken, now or the first time it was sent; late: `by` was there first; held: a colleague has it until then;
    absent: not this officer's to know; forbidden: not this officer's step, or not possible as the dossier stands; old:
    filed under another revision; invalid: what was said does not do, `why` is the code of it."""

    kind: Literal["done", "late", "held", "absent", "forbidden", "old", "invalid"]
    dossier: Dossier | None = None
    by: Act | None = None
    why: str = ""

    @property
    def said(self) -> str:
        """What came of it, in words."""
        if self.kind == "late" and self.by:
            return who_was_first(self.by)
        if self.kind == "held" and self.dossier:
            return who_holds_it(self.dossier)
        if self.kind == "invalid":
            return message(self.why)
        return OUTCOMES[self.kind]()


def seen(node: Node, tx: Tx, code: str, officer: Officer) -> Dossier | None:
    """A dossier of this officer's units; a stranger's is not there. What somebody held who has left the post since is
    nobody's."""
    found = dossiers.load(tx, code) if code else None
    service = node.catalogue.services.get(found.identity.service) if found else None
    if found is None or service is None or not pages.may_see(officer, found, service):
        return None
    state = found.state
    stays = not state.holder or officers.in_post(tx, state.holder, state.role, found.desk, clock.today())
    return found if stays else queries.freed(found)


def perform(node: Node, officer: Officer, code: str, version: str, deed: Deed, typed: Mapping[str, Any]) -> Outcome:
    """Do it on the dossier as the officer saw it: `version` counts the acts on the page it was sent from."""
    if refused := results_reuse.refusal(node, officer, code, deed.verb):
        return Outcome("invalid", why=refused)
    try:
        with node.database.transaction() as tx:
            moved = deed.perform(node, tx, code, officer, typed)
            if moved.fresh and version.isdecimal() and moved.acts - len(moved.fresh) != int(version):
                raise NotPossible("the page is older than the dossier")
    except (NotPossible, PermissionError, LookupError, ValueError) as why:
        return _not_done(node, officer, code, version, deed, why)
    except NoCalendar as missing:
        with node.database.transaction() as tx:
            uncounted.alarm(node, tx, missing.year)
        return Outcome("invalid", why="no-calendar")
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
    if isinstance(why, ValueError):
        if str(why) not in MESSAGES:
            raise why
        return Outcome("invalid", found, why=str(why))
    if not _ever_theirs(node, officer, found, deed):
        return Outcome("forbidden", found)
    if isinstance(why, Taken):
        return Outcome("held", found)
    if isinstance(why, NotArrived):
        return Outcome("invalid", found, why="not-arrived")
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
    return any(holds(officer, role, dossier) for role in roles - {""})


def who_was_first(by: Act) -> str:
    """Who did what, and when."""
    done = words.act_text(by.verb, role=by.role)
    who = _("Hệ thống") if by.actor == MACHINE else by.actor
    told = _("%(who)s: %(what)s, lúc %(at)s.")
    return told % {"who": who, "what": f"{done[:1].lower()}{done[1:]}", "at": moment(by.at)}


def who_holds_it(dossier: Dossier) -> str:
    """Which colleague has taken it, until when."""
    told = _("%(who)s đang giữ hồ sơ này, đến %(until)s.")
    return told % {"who": dossier.state.holder_name, "until": moment(dossier.state.held_until)}


OUTCOMES = {
    "done": lambda: _("Đã xong"),
    "late": lambda: _("Hồ sơ đã đi tiếp trước bạn"),
    "absent": lambda: _("Không có hồ sơ này ở đơn vị của bạn"),
    "forbidden": lambda: _("Hồ sơ đang ở bước khác hoặc chờ người khác"),
    "old": lambda: _("Hồ sơ nộp theo bản thủ tục khác, không giải quyết được ở đây"),
}
