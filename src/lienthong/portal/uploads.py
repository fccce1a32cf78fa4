"""Files that people hand in with a form or with an answer to a supplement.

For the other pages of the portal:

    draft_case(draft)           what uploads of a draft belong to; those of an answer belong to the dossier's code
    of(tx, case)                manifest of what is kept and not filed yet: id, kind, name, type, size, sha256
    filed(tx, case, code)       in the submission's transaction: part of the dossier, nobody changes it now; manifest
    take_form(request, …)       in every POST of a page with `portal/parts/upload.html`, before it is judged
    who(account)                names a person on their own device without saying who it is

`portal/parts/upload.html` (field, draft or case, files) stands inside the page's form. Its script sends files in pieces
to `upload_views`, which go on after a lost line; without it the form brings them, and nothing typed is lost.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from lienthong.casework import dossiers
from lienthong.documents import attachments, receiving
from lienthong.documents.attachments import Entry
from lienthong.documents.refusing import NotTaken
from lienthong.exchange.node import Node
from lienthong.identity.types import Account
from lienthong.kit.storage import Tx
from lienthong.portal import asked_papers

_DRAFT = "draft/"
_PLACE = """
SELECT account, service, submitted FROM draft WHERE id = %s AND (account = %s AND filed_by = '' OR filed_by = %s)
"""


@dataclass(frozen=True)
class Opening:
    """Where files may be handed in now: of which kinds, and whose they are."""

    case: str
    holder: str
    kinds: frozenset[str]


@dataclass
class Taken:
    """What a posted form brought. `only`: the person asked for nothing but that; `errors`: codes by kind."""

    only: bool = False
    errors: dict[str, str] = field(default_factory=dict)


def draft_case(draft: str) -> str:
    return f"{_DRAFT}{draft}"


def of(tx: Tx, case: str) -> list[dict[str, Any]]:
    """The manifest of what is kept for a draft or an answer."""
    return _manifest(attachments.of(tx, case))


def of_draft(tx: Tx, draft: str) -> list[dict[str, Any]]:
    return of(tx, draft_case(draft))


def filed(tx: Tx, case: str, code: str) -> list[dict[str, Any]]:
    """What was prepared becomes part of the dossier, in the transaction that submits it; its manifest."""
    return _manifest(attachments.filed(tx, case, code))


def _manifest(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(entry) for entry in entries]


def who(account: Account) -> str:
    """The same text for the same person at this node, and nothing else of them."""
    return salted_hmac("lienthong.portal.device", account.number).hexdigest()[:16]


def is_draft(case: str) -> bool:
    return case.startswith(_DRAFT)


def opening(node: Node, tx: Tx, account: Account, case: str) -> Opening:
    """Where files are handed in: of a draft by who fills it in, of a dossier by its applicant.

    Raises LookupError: not theirs, or not there; NotTaken: file-closed.
    """
    if is_draft(case):
        return _of_draft(node, tx, account, case)
    dossier = dossiers.load(tx, case)
    if dossier is None or dossier.identity.applicant != account.number:
        raise LookupError(case)
    catalogue = node.catalogue
    asking = [branch for branch in dossier.state.branches.values() if branch.state == "applicant"]
    if not asking:
        raise NotTaken("file-closed")
    asked = [asked_papers.of_branch(catalogue.shown(b.service, b.revision), catalogue.terms, b) for b in asking]
    return Opening(case, account.number, frozenset(kind for kinds in asked for kind in kinds))


def may_see(tx: Tx, account: Account, case: str) -> bool:
    """Whether the files of a case are this person's to look at."""
    if is_draft(case):
        return tx.one(_PLACE, (case.removeprefix(_DRAFT), account.number, account.number)) is not None
    return bool(tx.value("SELECT applicant = %s FROM dossier WHERE code = %s", (account.number, case)))


def _of_draft(node: Node, tx: Tx, account: Account, case: str) -> Opening:
    draft = tx.one(_PLACE, (case.removeprefix(_DRAFT), account.number, account.number))
    service = node.catalogue.services.get(draft.service) if draft else None
    if service is None:
        raise LookupError(case)
    if draft.submitted:
        raise NotTaken("file-closed")
    fields, terms = service.form.fields, node.catalogue.terms
    papers = (name for name, spec in fields.items() if terms[spec.term].type == "paper")
    return Opening(case, draft.account, frozenset(papers))


def take_form(request: HttpRequest, node: Node, account: Account, case: str, kinds: Iterable[str]) -> Taken:
    """Take the files that a posted page brought, and forget the one whose removal was asked for.

    Raises LookupError when nothing of this person's is there to add to.
    """
    pressed, unwanted = request.POST.get("upload"), request.POST.get("remove")
    taken = Taken(only=bool(pressed or unwanted))
    known = frozenset(kinds)
    brought = [(name, f) for name, files in request.FILES.lists() for f in files if name.removeprefix("file-") in known]
    if pressed in known and not brought:
        taken.errors[str(pressed)] = "file-missing"
    if not brought and not unwanted:
        return taken
    with node.database.transaction() as tx:
        place = opening(node, tx, account, case)
        if unwanted:
            receiving.drop(tx, unwanted, place.case)
    for name, file in brought:
        kind = name.removeprefix("file-")
        try:
            receiving.take(node.database, place.case, place.holder, kind, file.name or "", file.read(), file.size or 0)
        except NotTaken as refused:
            taken.errors[kind] = refused.code
    return taken
