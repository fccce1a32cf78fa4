"""«Why can I not see this?»: a code, and what of it this officer may be told.

Somebody whose roles have no part in the procedure hears the same as for a code that there is not; nobody learns from
an answer that a dossier exists which is not theirs to know of.
"""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from lienthong.casework import dossiers, words
from lienthong.casework.desks import holds
from lienthong.casework.dossiers import Dossier
from lienthong.casework.states import held_by_another
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Service
from lienthong.desk import pages, performing
from lienthong.exchange.node import Node
from lienthong.identity import officers
from lienthong.identity.guards import officer_required
from lienthong.identity.types import Officer
from lienthong.kit import clock
from lienthong.kit.storage import Tx
from lienthong.kit.web.templatetags.vietnam import moment

_BY_CODE = "SELECT code FROM dossier WHERE code = %s OR parent = %s ORDER BY (code = %s) DESC, received_at LIMIT 20"


@dataclass(frozen=True)
class Answer:
    """`text` says why; `ask` whom; `url` leads to the dossier where it can be opened after all."""

    title: str
    text: str
    ask: str = ""
    url: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@officer_required(*pages.OFFICERS)
def why(request: HttpRequest) -> HttpResponse:
    """The question; posted, its answer."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    code = request.POST.get("code", "").strip().upper()[:60]
    answers: list[Answer] = []
    if code:
        with node.database.transaction() as tx:
            answers = answer(node, tx, officer, code)
    context = {**pages.frame(request, "queue"), "code": code, "answers": answers}
    return render(request, "desk/why.html", context)


def answer(node: Node, tx: Tx, officer: Officer, code: str) -> list[Answer]:
    """What this officer may be told of a dossier's code, or of a parent's with branches here."""
    rows = tx.all(_BY_CODE, (code, code, code))
    told = [said for row in rows if (said := _of_one(node, tx, officer, row.code))]
    return told or [_unknown(node)]


def _unknown(node: Node) -> Answer:
    text = _(
        "Ở %(node)s không có hồ sơ với mã này, hoặc đó không phải việc của vai trò nào của bạn."
        " Hãy xem lại mã: ba chữ số đầu sau chữ cái cho biết nơi cấp mã."
    )
    name = node.catalogue.card.name.in_language(pages.language())
    return Answer(_("Không có gì để nói về mã này"), text % {"node": name})


def _of_one(node: Node, tx: Tx, officer: Officer, code: str) -> Answer | None:
    """None where this officer may not even know that there is one."""
    dossier = dossiers.load(tx, code)
    service = node.catalogue.services.get(dossier.identity.service) if dossier else None
    if dossier is None or service is None or service.branches:
        return None
    shown = performing.seen(node, tx, code, officer)
    if shown is not None:
        service = node.catalogue.shown(dossier.identity.service, dossier.identity.revision)
        return _visible(node, officer, shown, service)
    if officer.roles & pages.roles_in(service):
        return _elsewhere(node, tx, dossier)
    if dossier.desk in officer.units:
        return _no_part(node, service)
    return None


def _elsewhere(node: Node, tx: Tx, dossier: Dossier) -> Answer:
    place = pages.place(node, dossier.desk)
    text = _("Hồ sơ này do %(place)s giải quyết; bạn không giữ việc ở đó.") % {"place": place}
    return Answer(_("Hồ sơ ở đơn vị khác"), text, _whom(tx, dossier, place))


def _whom(tx: Tx, dossier: Dossier, place: str) -> str:
    """Whom to ask: who holds the post whose turn it is there."""
    role = dossier.state.role
    if not role:
        return _("Hỏi bộ phận Một cửa của %(place)s.") % {"place": place}
    people = ", ".join(name for _number, name in officers.colleagues(tx, role, dossier.desk, clock.today()))
    asked = _("Hỏi %(role)s của %(place)s: %(people)s.") if people else _("Hỏi %(role)s của %(place)s.")
    return asked % {"role": words.role_name(role), "place": place, "people": people}


def _no_part(node: Node, service: Service) -> Answer:
    roles = dict.fromkeys(words.role_name(step.role) for step in service.process.steps if step.role)
    text = _("Thủ tục «%(service)s» không có bước nào của vai trò của bạn. Các bước thuộc về: %(roles)s.")
    name = service.card.name.in_language(pages.language())
    return Answer(_("Không có việc của vai trò bạn"), text % {"service": name, "roles": "; ".join(roles)})


def _visible(node: Node, officer: Officer, dossier: Dossier, service: Service) -> Answer:
    """It can be opened; why nothing can be done there now."""
    url = reverse("dossier", args=[dossier.identity.code])
    title, text = _why_idle(node, officer, dossier, service)
    return Answer(title, text, url=url)


def _why_idle(node: Node, officer: Officer, dossier: Dossier, service: Service) -> tuple[str, str]:
    state, since = dossier.state, moment(dossier.state.since)
    if service.revision != dossier.identity.revision:
        return _("Nộp theo bản thủ tục khác"), performing.OUTCOMES["old"]()
    if state.waiting == "":
        said = f"{words.standing(state)}: {message(state.reason)}" if state.reason else words.standing(state)
        return _("Hồ sơ đã kết thúc"), _("%(how)s, lúc %(at)s.") % {"how": said, "at": since}
    if state.waiting != "open":
        told = _("%(what)s, từ %(at)s. Khi có, hồ sơ tự trở lại hàng chờ.")
        return _("Đang chờ bên ngoài"), told % {"what": words.standing(state), "at": since}
    if held_by_another(state, officer.number, clock.now()):
        return _("Đồng nghiệp đang giữ"), performing.who_holds_it(dossier)
    if not holds(officer, state.role, dossier):
        step = pages.step_of(service, dossier)
        told = _("Đang ở bước «%(step)s», việc của %(role)s.")
        name = step.name.in_language(pages.language()) if step else ""
        return _("Đang ở bước của người khác"), told % {"step": name, "role": words.role_name(state.role)}
    return _("Bạn mở được hồ sơ này"), _("Hồ sơ đang chờ chính bạn, từ %(at)s.") % {"at": since}
