"""Puts the process's node on every request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from lienthong.config import wiring


def node_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    node = wiring.current()

    def answer(request: HttpRequest) -> HttpResponse:
        request.node = node.at_hand()  # type: ignore[attr-defined]
        return get_response(request)

    return answer
