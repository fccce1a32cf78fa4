"""The doors of the exchange: machine routes without session, CSRF or language."""

from collections.abc import Callable

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from lienthong.exchange.answering import answer
from lienthong.exchange.envelopes import Refused
from lienthong.exchange.inbox import receive
from lienthong.exchange.node import Node

_STATUS = {"too-large": 413, "malformed": 400, "unknown-service": 404, "replayed": 409}


@csrf_exempt
@require_POST
def send(request: HttpRequest) -> HttpResponse:
    return _respond(request, receive)


@csrf_exempt
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    return _respond(request, answer)


def _respond(request: HttpRequest, work: Callable[[Node, bytes], bytes]) -> HttpResponse:
    try:
        return HttpResponse(work(request.node, request.body), content_type="application/json")  # type: ignore[attr-defined]
    except Refused as refused:
        body = msgspec.json.encode({"code": refused.code, "reason": refused.reason})
        return HttpResponse(body, status=_STATUS.get(refused.code, 403), content_type="application/json")
