"""Officers of the test country and their browsers; desks told apart by the host asked for."""

from collections.abc import Callable
from datetime import date
from types import ModuleType
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.test import Client

from lienthong.casework.tests.country import CHAIR, CHECKER, DI_LINH, Country
from lienthong.desk.urls import desk_patterns, notice_patterns
from lienthong.exchange.node import Node
from lienthong.identity import sessions
from lienthong.identity.signed_in import remember
from lienthong.identity.types import Account, Officer, Post
from lienthong.identity.urls import relying_patterns
from lienthong.kit.web.urls import urlpatterns as frame_patterns

COLLEAGUE = Officer("068080000003", "Hoàng Thị Cùng", (Post("civil_status_officer", DI_LINH),))
STRANGER = Officer("068080000004", "Phạm Văn Xa", (Post("civil_status_officer", "24848"),))
POLICE = Officer("068080000005", "Trần Văn Hộ", (Post("residence_officer", DI_LINH),))
CLERK = Officer("068080000006", "Ngô Thị Sinh", (Post("hospital_clerk", "68009"),))
RECEIVER = Officer("068080000007", "Ka Hiếu", (Post("reception_officer", DI_LINH),))
INSURER = Officer("068080000008", "Lý Văn Bảo", (Post("insurance_officer", "68"),))
STEWARD = Officer("068080000009", "Đỗ Thị Chuẩn", (Post("data_steward", "G01"),))
INSURANCE_STEWARD = Officer("068080000010", "Vũ Thị Quy", (Post("data_steward", "BHXH"),))
ONE_STOP_STEWARD = Officer("068080000011", "Mai Văn Lệ", (Post("data_steward", "68"),))
FARAWAY = Officer("068080000031", "Rơ Chăm Điểm", (Post("reception_officer", "24829"),))
OPERATOR = Officer("068080000021", "Nguyễn Văn Trực", (Post("operator", "68"),))
STAFF = {
    "H36": [CHECKER, CHAIR, COLLEAGUE, STRANGER, RECEIVER, FARAWAY, ONE_STOP_STEWARD],
    "G01": [POLICE, STEWARD, OPERATOR],
    "G18": [CLERK],
    "BHXH": [INSURER, INSURANCE_STEWARD],
}


def _routes(name: str, patterns: list[Any]) -> ModuleType:
    module = ModuleType(name)
    module.__dict__["urlpatterns"] = [*patterns, *relying_patterns, *frame_patterns]
    module.__dict__["handler403"] = "lienthong.kit.web.views.permission_denied"
    module.__dict__["handler404"] = "lienthong.kit.web.views.page_not_found"
    return module


DESK = _routes("desk_routes", desk_patterns)
NOTICES = _routes("notice_routes", notice_patterns)
SERVED: dict[str, Node] = {}


def choose_node(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: the node, its routes and its session table, by host."""

    def answer(request: HttpRequest) -> HttpResponse:
        request.node = SERVED[request.META["HTTP_HOST"]]  # type: ignore[attr-defined]
        request.urlconf = NOTICES if request.node.name == "G18" else DESK
        sessions.use(request.node.database)
        return get_response(request)

    return answer


class Desks:
    """Gives an officer a signed-in browser at a node; nobody gets one that is not signed in."""

    def __init__(self, country: Country) -> None:
        SERVED.update({f"{name.lower()}.localhost": node for name, node in country.nodes.items()})

    def __call__(self, node: str, officer: Officer | None = None) -> Client:
        host = f"{node.lower()}.localhost"
        client = Client(HTTP_HOST=host)
        if officer is not None:
            sessions.use(SERVED[host].database)
            session = sessions.SessionStore()
            remember(session, Account(officer.number, officer.name, date(1980, 1, 1), "female", 2))
            session.save()
            client.cookies["sessionid"] = str(session.session_key)
        return client
