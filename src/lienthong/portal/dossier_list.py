"""A person's dossiers: read, and as lines of a list."""

from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from lienthong.casework import dossiers, words
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import FINAL
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.kit.storage import Tx
from lienthong.portal.request import language

_MINE = "SELECT * FROM dossier WHERE applicant = %s AND parent IS NULL ORDER BY received_at DESC LIMIT 50"


def of(node: Node, account: Account) -> list[Dossier]:
    with node.database.transaction() as tx:
        return [dossiers.from_row(row) for row in tx.all(_MINE, (account.number,))]


def own(tx: Tx, code: str, account: Account) -> Dossier:
    """A dossier of this person's; a stranger's is not there. Raises Http404."""
    dossier = dossiers.load(tx, code)
    if dossier is None or dossier.identity.applicant != account.number:
        raise Http404
    return dossier


def _todo(node: Node, dossier: Dossier) -> dict[str, Any] | None:
    """What the citizen must do first: the supplement with the nearest end."""
    asking = [(b.due, name, b) for name, b in dossier.state.branches.items() if b.state == "applicant" and b.due]
    if not asking:
        return None
    until, name, branch = min(asking, key=lambda one: one[0])
    part = node.catalogue.shown(branch.service, branch.revision).card.short.in_language(language())
    return {
        "text": _("Bổ sung cho phần %(part)s") % {"part": part},
        "url": reverse("supplement", args=[dossier.identity.code, name]),
        "until": until,
    }


def row(node: Node, dossier: Dossier) -> dict[str, Any]:
    identity, state = dossier.identity, dossier.state
    service = node.catalogue.services.get(identity.service)
    return {
        "url": reverse("dossier", args=[identity.code]),
        "code": identity.code,
        "title": service.card.short.in_language(language()) if service else identity.service,
        "subject": identity.subject,
        "state": words.state_sign(state),
        "state_label": words.standing(state),
        "due": None if state.status in FINAL else state.deadline,
        "todo": _todo(node, dossier),
    }
