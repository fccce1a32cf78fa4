"""A dossier's papers at the desk: which there are, and one of them to print or hand over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lienthong.casework import dossiers, papers
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import Act
from lienthong.casework.words import ROLES
from lienthong.desk import performing
from lienthong.documents.papers import BeingMade
from lienthong.documents.sealing import NoCertificate
from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required
from lienthong.identity.types import Officer
from lienthong.kit.storage import Tx
from lienthong.kit.web.files import download
from lienthong.kit.web.views import trouble

DESK_ROLES = tuple(role for role in ROLES if role not in ("applicant", "operator"))


@dataclass(frozen=True)
class PaperLink:
    """A paper of a dossier: its title in the reader's language, where it is, since when there is one."""

    title: str
    url: str
    at: datetime


def links(node: Node, dossier: Dossier, acts: Sequence[Act]) -> list[PaperLink]:
    """The papers of a dossier of this node, results first."""
    found = []
    for name, act in papers.available(node, dossier, acts).items():
        template = node.catalogue.papers.find(dossier.identity.service, name)
        assert template is not None, "there is a template for what is available"
        title = template.title.in_language(get_language() or "vi")
        found.append(PaperLink(title, reverse("case_paper", args=[dossier.identity.code, name]), act.at))
    return found


def of(node: Node, tx: Tx, dossier: Dossier) -> list[PaperLink]:
    """The same, with the dossier's acts read here."""
    return links(node, dossier, dossiers.acts(tx, dossier.identity.code))


@require_safe
@officer_required(*DESK_ROLES)
def paper(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """The PDF, for an officer who may see the dossier."""
    node: Node = request.node  # type: ignore[attr-defined]
    officer: Officer = request.officer  # type: ignore[attr-defined]
    try:
        with node.database.transaction() as tx:
            if performing.seen(node, tx, code, officer) is None:
                raise Http404
            made = papers.paper(node, tx, code, name)
    except LookupError as error:
        raise Http404 from error
    except BeingMade:
        text = _("Giấy đang được làm ở nơi khác. Hãy tải lại sau ít giây.")
        return trouble(request, HTTPStatus.SERVICE_UNAVAILABLE, _("Giấy chưa tải được"), text)
    except NoCertificate:
        text = _("Nơi này chưa có chứng thư số cho con dấu, nên chưa làm được giấy. Hãy báo người vận hành.")
        return trouble(request, HTTPStatus.SERVICE_UNAVAILABLE, _("Chưa làm được giấy"), text)
    return download(made.pdf, f"{name}-{code}.pdf", "application/pdf")
