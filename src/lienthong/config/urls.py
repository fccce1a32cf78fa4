"""Pages of this process's node: the health check everywhere, then the faces it shows. Machines use `exchange.door`."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from lienthong.agreements.urls import agreement_patterns
from lienthong.casework.process_views import process_patterns
from lienthong.config import openapi, settings
from lienthong.demo.letters import letter_patterns
from lienthong.desk.urls import desk_patterns, notice_patterns
from lienthong.gateways.ministries import ministry_patterns
from lienthong.gateways.pages import gateway_patterns
from lienthong.identity.urls import provider_patterns, relying_patterns
from lienthong.kit.web.access import machine
from lienthong.kit.web.urls import urlpatterns as web_patterns
from lienthong.portal.urls import urlpatterns as portal_patterns
from lienthong.steering.urls import index_patterns, steering_patterns

FACES: dict[str, list[URLPattern]] = {
    "portal": [*portal_patterns, *steering_patterns, *process_patterns, *relying_patterns],
    "desk": [*ministry_patterns, *desk_patterns, *index_patterns, *process_patterns, *relying_patterns],
    "notices": [*notice_patterns, *relying_patterns],
    "eid": [*provider_patterns, *agreement_patterns],
    "gateway": [*gateway_patterns],
}


@require_safe
@machine("nothing: it tells whether the node answers, and no more")
def health(request: HttpRequest) -> HttpResponse:
    """200 when the node answers and its database too."""
    with request.node.database.transaction() as tx:  # type: ignore[attr-defined]
        tx.value("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("health", health, name="health"),
    path("openapi.json", openapi.document, name="openapi"),
    *web_patterns,
    *(pattern for face in settings.CARD.faces for pattern in FACES[face]),
    *(letter_patterns if settings.DIRECTORY.demo and "portal" in settings.CARD.faces else ()),
]
handler400 = "lienthong.kit.web.views.bad_request"
handler403 = "lienthong.kit.web.views.permission_denied"
handler404 = "lienthong.kit.web.views.page_not_found"
handler500 = "lienthong.kit.web.views.server_error"
