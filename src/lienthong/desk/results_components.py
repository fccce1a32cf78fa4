"""A dossier's papers at the desk: which are on paper, scanned or reused, and scanning one.

A scan takes the place of what was there, with its reason; every version stays. What a register holds is not scanned:
the form does not ask for it. Of reused papers, whoever keeps them is asked whether they still hold.
"""

from http import HTTPStatus
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST
from psycopg.errors import UniqueViolation

from lienthong.casework import digitisation, dossiers, reusing, store
from lienthong.casework.digitisation import About, Component
from lienthong.casework.dossiers import Dossier
from lienthong.casework.reusing import Live
from lienthong.catalogue import forms
from lienthong.catalogue.messages import message
from lienthong.catalogue.shapes import Service
from lienthong.desk import pages, performing
from lienthong.documents import attachments, receiving, scanning
from lienthong.documents.attachments import Entry
from lienthong.documents.refusing import NotTaken
from lienthong.documents.scanning import Scan
from lienthong.exchange.node import Node
from lienthong.identity.guards import officer_required
from lienthong.identity.types import Officer
from lienthong.kit.web.files import download

LONGEST: Final = 200
_TYPED: Final = (
    "kind", "version", "stays", "originals", "number", "issuer", "issued_on", "valid_until", "reason",
)  # fmt: skip
MOST_PAGES: Final = 500
STATES: Final[dict[int, tuple[str, str | Promise]]] = {
    digitisation.ON_PAPER: ("waiting", gettext_lazy("Bản giấy, chưa số hóa")),
    digitisation.DIGITISED: ("done", gettext_lazy("Đã số hóa")),
    digitisation.OF_COMPONENT: ("done", gettext_lazy("Dùng lại từ hồ sơ trước")),
    digitisation.OF_RESULT: ("done", gettext_lazy("Dùng lại kết quả đã cấp")),
}
_CAME: Final[dict[str, str | Promise]] = {
    "online": gettext_lazy("người dân gửi trực tuyến"),
    "scan": gettext_lazy("quét tại quầy"),
    "paper": gettext_lazy("nộp bản giấy"),
    "shown": gettext_lazy("xuất trình rồi trả lại"),
    "store": gettext_lazy("từ kho dữ liệu điện tử của chủ hồ sơ"),
}
_LIVE: Final[dict[str, tuple[str, str | Promise]]] = {
    "valid": ("done", gettext_lazy("Còn giá trị, nơi giữ vừa trả lời")),
    store.EXPIRED: ("refused", gettext_lazy("Đã hết hạn")),
    "superseded": ("refused", gettext_lazy("Đã được thay bằng bản mới")),
    "revoked": ("refused", gettext_lazy("Đã bị thu hồi")),
    store.SILENT: ("pending", gettext_lazy("Nơi giữ chưa trả lời")),
}
_FLAWS: Final[dict[str, str | Promise]] = {
    "pages": gettext_lazy("Số ảnh khác số trang giấy"),
    "coarse": gettext_lazy("Độ nét dưới 200 dpi, khó đọc khi tra cứu"),
}
REASONS: Final = ("scan-unreadable", "scan-incomplete", "scan-wrong-paper", "scan-better")


@require_http_methods(["GET", "HEAD"])
@officer_required(*pages.OFFICERS)
def panel(request: HttpRequest, code: str) -> HttpResponse:
    """The components of a dossier that the officer may see, with what keepers say now."""
    return _show(request, code)


@require_POST
@officer_required(*pages.OFFICERS)
def scan(request: HttpRequest, code: str) -> HttpResponse:
    """Keep an officer's scan of one paper, or note that it stays on paper."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    dossier, _service, components = _at_hand(request, code)
    sent = {name: forms.clean(request.POST.get(name, ""))[:LONGEST] for name in _TYPED}
    found = next((one for one in components if one.kind == sent.get("kind")), None)
    if found is None or str(found.version) != sent.get("version"):
        return _show(
            request, code, {"kind": sent.get("kind", ""), "error": _("Có người vừa thay giấy này. Hãy xem lại.")}
        )
    try:
        if sent.get("stays") in ("paper", "shown"):
            with node.database.transaction() as tx:
                digitisation.kept_as_paper(tx, found, officer, sent["stays"], sent.get("reason", ""))  # type: ignore[arg-type]
        else:
            _scan(request, node, officer, dossier, found, sent)
    except (NotTaken, ValueError, UniqueViolation) as wrong:
        return _show(request, code, {**sent, "error": _wrong(wrong)})
    return HttpResponseRedirect(f"{reverse('components', args=[code])}#c-{found.kind}", status=HTTPStatus.SEE_OTHER)


def _scan(
    request: HttpRequest, node: Node, officer: Officer, dossier: Dossier, found: Component, sent: dict[str, str]
) -> None:
    """Take the files, count what can be counted, keep them with the dossier. Raises NotTaken, ValueError."""
    files = request.FILES.getlist("file")
    if not files:
        raise NotTaken("file-missing")
    case = f"scan/{dossier.identity.code}/{officer.number}/{found.kind}"
    with node.database.transaction() as tx:
        for stale in attachments.of(tx, case):
            attachments.remove(tx, stale.id, case)
    taken: list[tuple[Entry, Scan]] = []
    for file in files:
        data = file.read()
        entry = receiving.take(
            node.database, case, dossier.identity.applicant, found.kind, file.name or "", data, file.size or 0
        )
        with node.database.transaction() as tx:
            taken.append((entry, scanning.measured(attachments.content(tx, entry.id) or b"", entry.type)))
    originals = int(sent.get("originals") or 0) if sent.get("originals", "").isdecimal() else 0
    about = About(*(sent.get(name, "") for name in ("number", "issuer", "issued_on", "valid_until")))
    with node.database.transaction() as tx:
        digitisation.scanned(
            tx, found, officer, taken, originals=min(originals, MOST_PAGES), about=about, reason=sent.get("reason", "")
        )
        attachments.filed(tx, case, dossier.identity.case)


def _wrong(wrong: Exception) -> str:
    """What was not right, in words."""
    if isinstance(wrong, NotTaken):
        return message(wrong.code)
    if isinstance(wrong, UniqueViolation):
        return _("Có người vừa thay giấy này. Hãy xem lại.")
    if str(wrong) == "pages":
        return _("Số ảnh quét phải bằng số trang giấy: quét đủ mọi trang; trang có giấy nhớ tính thêm một.")
    return _("Hãy chọn lý do thay bản đang có.")


@require_http_methods(["GET", "HEAD"])
@officer_required(*pages.OFFICERS)
def reused(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """A reused paper that lies in this node's own store."""
    node = pages.node_of(request)
    _dossier, _service, components = _at_hand(request, code)
    found = next((one for one in components if one.kind == kind and one.reused), None)
    if found is None or found.reused is None or found.reused.node != node.name:
        raise Http404
    with node.database.transaction() as tx:
        kept = store.find(tx, found.reused.paper)
        content = store.content(node, tx, kept, found.reused.part) if kept else None
    if content is None:
        raise Http404
    return download(content.data, content.name, content.type)


def _at_hand(request: HttpRequest, code: str) -> tuple[Dossier, Service, list[Component]]:
    """Raises Http404 for a dossier that is not this officer's to know."""
    node, officer = pages.node_of(request), pages.officer_of(request)
    with node.database.transaction() as tx:
        dossier = performing.seen(node, tx, code, officer)
        components = digitisation.of(tx, code) if dossier else []
    if dossier is None:
        raise Http404
    return dossier, node.catalogue.shown(dossier.identity.service, dossier.identity.revision), components


def _show(request: HttpRequest, code: str, sent: dict[str, str] | None = None) -> HttpResponse:
    node = pages.node_of(request)
    dossier, service, components = _at_hand(request, code)
    live = live_of(node, dossier, components)
    with node.database.transaction() as tx:
        past = {one.kind: digitisation.history(tx, code, one.kind)[1:] for one in components}
    typed = sent or {}
    rows = [_row(node, service, one, live.get(one.kind), past[one.kind], typed) for one in components]
    context = {
        "title": pages.title(dossier),
        "code": code,
        "rows": rows,
        "reasons": [{"value": reason, "label": message(reason)} for reason in REASONS],
        "may_scan": dossier.state.waiting not in ("", "collect"),
        "errors": [{"id": f"file-{typed['kind']}", "message": typed["error"]}] if typed.get("error") else [],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.get("error") else HTTPStatus.OK
    return render(request, "desk/components.html", {**pages.frame(request, "queue"), **context}, status=status)


def live_of(node: Node, dossier: Dossier, components: list[Component]) -> dict[str, Live]:
    """What keepers say now about the reused components of a dossier, by kind; asked with no transaction open."""
    if not any(one.reused for one in components):
        return {}
    with node.database.transaction() as tx:
        proofs = dossiers.content(tx, dossier.identity.code).evidence
    return {one.component.kind: one for one in reusing.ask(node, dossier, proofs, components)}


def _row(
    node: Node, service: Service, one: Component, live: Live | None, past: list[Component], sent: dict[str, str]
) -> dict[str, Any]:
    sign, label = STATES[one.state]
    mine = sent if sent.get("kind") == one.kind else {}
    return {
        "kind": one.kind,
        "name": _name(service, one),
        "version": one.version,
        "digitised": one.state != digitisation.ON_PAPER,
        "state": sign,
        "state_label": label,
        "came": _CAME[one.came],
        "files": [_file(node, one, file) for file in one.files],
        "originals": one.originals,
        "pages": one.pages,
        "flaws": [_FLAWS[flaw] for flaw in one.flaws],
        "about": one.about,
        "by": one.by_name,
        "at": one.at,
        "live": {"state": _LIVE[live.state][0], "label": _LIVE[live.state][1], "since": live.since} if live else None,
        "keeper": node.catalogue.nodes[one.reused.node].name.in_language(pages.language()) if one.reused else "",
        "past": [_past(old) for old in past],
        "sent": mine,
        "error": mine.get("error", ""),
    }


def _name(service: Service, one: Component) -> str:
    spec = service.form.fields.get(one.kind)
    return (spec.label or service.terms[spec.term].words).in_language(pages.language()) if spec else one.name


def _file(node: Node, one: Component, file: digitisation.File) -> dict[str, Any]:
    """Where it is looked at: with the dossier, or in this node's own store."""
    own = one.reused is not None and one.reused.node == node.name
    where = ("component_reused", one.kind) if own else ("attachment", file.id)
    url = reverse(where[0], args=[one.dossier, where[1]])
    return {"name": file.name, "size": file.size, "pages": file.pages, "dpi": file.dpi, "url": url}


def _past(old: Component) -> dict[str, Any]:
    return {
        "state_label": STATES[old.state][1],
        "came": _CAME[old.came],
        "at": old.at,
        "by": old.by_name,
        "reason": message(old.reason) if old.reason else "",
        "files": [{"name": file.name, "url": reverse("attachment", args=[old.dossier, file.id])} for file in old.files],
    }
