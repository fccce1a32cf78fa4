"""The inbox's page."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lienthong.identity.guards import citizen_required
from lienthong.portal import inbox
from lienthong.portal.request import language, node_of, signed_in


@citizen_required
@require_safe
def messages(request: HttpRequest) -> HttpResponse:
    """A page of messages; seeing them marks them as read."""
    node = node_of(request)
    with node.database.transaction() as tx:
        entries, more = inbox.page(node, tx, signed_in(request).number, moment_in(request, "before"), language())
    older = entries[-1].at.isoformat() if more else ""
    return render(request, "portal/inbox.html", {"here": "inbox", "entries": entries, "older": older})


def moment_in(request: HttpRequest, name: str) -> datetime | None:
    """A moment named in the address, with its zone; None where there is none, or it reads as none."""
    try:
        found = datetime.fromisoformat(request.GET.get(name, "").replace(" ", "+"))
    except ValueError:
        return None
    return found if found.tzinfo else None
