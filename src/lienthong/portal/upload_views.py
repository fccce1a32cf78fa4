"""Where the upload script talks to: announce a file, ask how much is here, add a piece, take it back, look at it.

The shape is tus.io's core protocol: POST announces, HEAD tells `Upload-Offset`, PATCH adds from there (409 elsewhere).
Errors are JSON with a code and its sentence in the reader's language.
"""

from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.catalogue.messages import message
from lienthong.documents import attachments, receiving
from lienthong.documents.attachments import Entry
from lienthong.documents.receiving import WrongOffset
from lienthong.documents.refusing import NotTaken
from lienthong.identity.guards import citizen_required
from lienthong.identity.types import Account
from lienthong.kit.web.files import download
from lienthong.portal import acting, uploads
from lienthong.portal.request import node_of, signed_in

_STATUS = {"file-too-large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "file-type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE}


@citizen_required
@require_POST
def announce(request: HttpRequest) -> HttpResponse:
    """`case`, `kind`, `name`, `size` and, from browsers that can tell, `sha256`: where to send the pieces."""
    node, told = node_of(request), request.POST
    case, kind, size = (told.get(name, "") for name in ("case", "kind", "size"))
    account = _account(request, case)
    try:
        with node.database.transaction() as tx:
            place = uploads.opening(node, tx, account, case)
            if kind not in place.kinds:
                raise NotTaken("file-not-asked")
            announced = (kind, told.get("name", ""), int(size) if size.isdecimal() and len(size) < 12 else 0)
            upload = receiving.begin(tx, place.case, place.holder, *announced, told.get("sha256", ""))
    except LookupError as error:
        raise Http404 from error
    except NotTaken as refused:
        return _refused(refused)
    address = reverse("upload", args=[upload.id])
    answer = _standing(upload.received, upload.size, {"id": upload.id, "url": address}, HTTPStatus.CREATED)
    answer.headers["Location"] = address
    return answer


@citizen_required
@require_http_methods(["GET", "HEAD", "PATCH", "DELETE"])
def upload(request: HttpRequest, upload: UUID) -> HttpResponse:
    """One file on its way. A PATCH that completes it answers with what was kept, or why it was not."""
    work = {"PATCH": _add, "DELETE": _drop}.get(request.method or "", _tell)
    try:
        return work(request, str(upload))
    except LookupError as error:
        raise Http404 from error
    except NotTaken as refused:
        return _refused(refused)


def _tell(request: HttpRequest, upload: str) -> HttpResponse:
    _open_case(request, upload)
    with node_of(request).database.transaction() as tx:
        kept, found = attachments.known(tx, upload), receiving.find(tx, upload)
    if kept is not None:
        return _kept(kept.entry)
    if found is None:
        raise LookupError(upload)
    if found.problem:
        raise NotTaken(found.problem)
    return _standing(found.received, found.size, {"id": found.id})


def _add(request: HttpRequest, upload: str) -> HttpResponse:
    node = node_of(request)
    _open_case(request, upload)
    try:
        piece = request.body
    except RequestDataTooBig as error:
        raise NotTaken("file-too-large") from error
    except UnreadablePostError:
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)  # the line broke; nobody is there to read this
    offset = request.headers.get("Upload-Offset", "")
    with node.database.transaction() as tx:
        found = receiving.find(tx, upload, lock=True)
        kept = None if found else attachments.known(tx, upload)
        if kept is not None:
            return _kept(kept.entry)
        if found is None:
            raise LookupError(upload)
        if found.problem:
            raise NotTaken(found.problem)
        try:
            received = receiving.append(tx, found, int(offset) if offset.isdecimal() else -1, piece)
        except WrongOffset as wrong:
            return _standing(wrong.received, found.size, _error("file-offset"), HTTPStatus.CONFLICT)
    if received < found.size:
        return _standing(received, found.size, {"id": upload})
    return _kept(receiving.finish(node.database, upload))


def _drop(request: HttpRequest, upload: str) -> HttpResponse:
    case = _open_case(request, upload)
    with node_of(request).database.transaction() as tx:
        receiving.drop(tx, upload, case)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


@citizen_required
@require_safe
def uploaded(request: HttpRequest, upload: UUID) -> HttpResponse:
    """A file that the person handed in, as it is kept."""
    database = node_of(request).database
    with database.transaction() as tx:
        kept = attachments.known(tx, str(upload))
    account = _account(request, kept.case) if kept else None
    with database.transaction() as tx:
        if kept is None or account is None or not uploads.may_see(tx, account, kept.case):
            raise Http404
        data = attachments.content(tx, str(upload))
    if data is None:
        raise Http404
    return download(data, kept.entry.name, kept.entry.type)


def _account(request: HttpRequest, case: str) -> Account:
    """Who hands in: for a draft the signed-in person, for a dossier the one who may act for its applicant."""
    return signed_in(request) if uploads.is_draft(case) else acting.account_for(request, case)


def _open_case(request: HttpRequest, upload: str) -> str:
    """The case of a file that this person may still change. Raises LookupError, NotTaken."""
    node = node_of(request)
    with node.database.transaction() as tx:
        found, kept = receiving.find(tx, upload), attachments.known(tx, upload)
    case = found.case_code if found else kept.case if kept else ""
    if not case:
        raise LookupError(upload)
    account = _account(request, case)
    with node.database.transaction() as tx:
        return uploads.opening(node, tx, account, case).case


def _kept(entry: Entry) -> HttpResponse:
    told = {**msgspec.to_builtins(entry), "url": reverse("uploaded", args=[entry.id])}
    return _standing(entry.size, entry.size, {"id": entry.id, "file": told})


def _standing(offset: int, size: int, told: dict[str, Any], status: int = HTTPStatus.OK) -> HttpResponse:
    headers = {"Upload-Offset": str(offset), "Upload-Length": str(size), "Cache-Control": "no-store"}
    return JsonResponse({**told, "offset": offset, "length": size}, status=status, headers=headers)


def _error(code: str) -> dict[str, str]:
    return {"code": code, "message": message(code)}


def _refused(refused: NotTaken) -> HttpResponse:
    return JsonResponse(_error(refused.code), status=_STATUS.get(refused.code, HTTPStatus.UNPROCESSABLE_ENTITY))
