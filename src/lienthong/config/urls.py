"""Pages of this process's node: the health check everywhere, then the faces it shows. Machines use `exchange.door`."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from lienthong.config import settings
from lienthong.desk.urls import desk_patterns, notice_patterns
from lienthong.identity.urls import provider_patterns, relying_patterns
from lienthong.kit.web.urls import urlpatterns as web_patterns
from lienthong.portal.urls import urlpatterns as portal_patterns

FACES: dict[str, list[URLPattern]] = {
    "portal": [*portal_patterns, *relying_patterns],
    "desk": [*desk_patterns, *relying_patterns],
    "notices": [*notice_patterns, *relying_patterns],
    "eid": provider_patterns,
}


def health(request: HttpRequest) -> HttpResponse:
    """200 when the node answers and its database too."""
    with request.node.database.transaction() as tx:  # type: ignore[attr-defined]
        tx.value("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("health", health, name="health"),
    *web_patterns,
    *(pattern for face in settings.CARD.faces for pattern in FACES[face]),
]
handler400 = "lienthong.kit.web.views.bad_request"
handler403 = "lienthong.kit.web.views.permission_denied"
handler404 = "lienthong.kit.web.views.page_not_found"
handler500 = "lienthong.kit.web.views.server_error"
